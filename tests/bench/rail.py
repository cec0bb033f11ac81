"""How fast rail answers: `PATINA_THREADS=2 python tests/bench/rail.py`, one JSON document.

Times are medians in milliseconds, taken warm and in this process; the shipped model unless another
models_store is named. `step` compares one training step with the plain fp32 loop in the same run.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np
import torch
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from core import cards, rail
from core.engine import classifiers, loaders, loop
from core.engine import rail as engine
from core.engine.lessons import CHANGES, ready
from core.few_labels import selection
from core.settings import ROOT
from tests.bench.clock import ms


def predicting(models: Path, id: str) -> dict[str, float]:
    """A 1-megapixel photo alone, its share of a stack of 32 tiles, and loading the model."""
    card = cards.read(models, "rail", id)
    folder = cards.place(models, "rail", id)
    model = engine.load(card, folder)
    rng = np.random.default_rng(0)
    large = rng.integers(0, 256, (1000, 1000, 3), np.uint8)
    tiles = [rng.integers(0, 256, (256, 256, 3), np.uint8) for _ in range(32)]
    answer = next(engine.predict(model, [large]))
    return {
        "load_ms": ms(lambda: engine.load(card, folder), 3),
        "predict_1_megapixel_ms": ms(lambda: list(engine.predict(model, [large]))),
        "predict_a_tile_of_32_ms": round(ms(lambda: list(engine.predict(model, tiles)), 3) / 32, 2),
        "judge_ms": ms(lambda: rail.judge(answer, None, card), 99),
    }


def looking(n: int = 600) -> dict[str, float]:
    """What a slider asks for: what-if over the pool, figures of the test split at another threshold."""
    rng = np.random.default_rng(0)
    p, truth = rng.random(n), rng.integers(0, 2, n).astype(np.int8)
    group, given = np.arange(n) // 24, p > 0.5
    place = np.asarray([f"g{i % 74}" for i in range(n)])
    found = {"truth": truth, "p": np.stack([1 - p, p], 1).astype(np.float32), "group": place}
    return {
        "what_if_600_ms": ms(
            lambda: selection.what_if(p, 0.4, 0.25, group=group, given=given, truth=truth), 99
        ),
        "score_600_ms": ms(lambda: rail.score(found, 0.4, draws=0), 99),
        "score_600_with_intervals_ms": ms(lambda: rail.score(found, 0.4)),
    }


def step(network: str, n: int = 16, size: int = 224, times: int = 7) -> dict[str, float]:
    """One optimiser step on a batch: the plain fp32 loop against ours, alternating, per photo."""
    batch, rng = torch.randint(0, 256, (n, 3, size, size), dtype=torch.uint8), np.random.default_rng(0)
    labels, steps = torch.arange(n) % 2, {}
    for name, machine in (("plain", loop.Machine(torch.device("cpu"), False)), ("ours", loop.Machine.here())):
        net = machine.put(classifiers.build(network, 2, init="random"))
        optimizer = (
            torch.optim.Adam(net.parameters(), lr=1e-4, foreach=False)
            if name == "plain"
            else loop.optimizer(net, "adam", 1e-4)
        )

        def one(machine=machine, net=net, optimizer=optimizer) -> float:
            x = loaders.floats(batch, None, machine)
            x = ready(loaders.augment(x, CHANGES["flips"], rng), machine)
            with machine.autocast():
                logits = net(x)
            return loop.descend(optimizer, F.cross_entropy(logits, labels.to(logits.device)))

        steps[name] = one
    taken: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(times + 1):
        for name, one in steps.items():
            since = time.perf_counter()
            one()
            if turn:
                taken[name].append(1000 * (time.perf_counter() - since) / n)
    plain, ours = (median(taken[name]) for name in ("plain", "ours"))
    return {
        "plain_ms_a_photo": round(plain, 1),
        "ours_ms_a_photo": round(ours, 1),
        "times_faster": round(plain / ours, 2),
    }


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--models", type=Path, default=ROOT / "models_store")
    asked.add_argument("--id", default="starter-2")
    asked.add_argument("--network", nargs="*", default=["mobilenet_v2", "resnet18", "resnet50"])
    told = asked.parse_args()
    threads = loop.use_threads()
    found = {"machine": str(loop.Machine.here()), "threads": threads} | looking()
    if (told.models / "rail" / told.id).is_dir():
        found |= predicting(told.models, told.id)
    found["step"] = {network: step(network) for network in told.network}
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
