"""How fast crack learns, sweeps and answers: `PATINA_THREADS=2 python tests/bench/crack.py`, one JSON.

Times are medians in milliseconds, taken warm and in this process. `step` compares one training step with the
plain fp32 loop, alternating in the same run; `sweep` the 999 thresholds from one histogram with 999
comparisons on the same map, and says whether the counts are equal.
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

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from core import config, crack, losses, sweep
from core.crack import Config
from core.engine import crack as engine
from core.engine import loop
from core.engine.crack import Model
from core.engine.loop import Machine
from core.engine.unet import UNet
from core.metrics import Counts
from core.records import Card
from tests.bench.clock import ms


def step(config: Config, times: int = 7) -> dict[str, float]:
    """One optimiser step on a batch of crops: the loop a tutorial shows, against ours."""
    size, n = config.crop_px, config.batch
    rng = np.random.default_rng(0)
    pictures = torch.from_numpy(rng.integers(0, 256, (n, 3, size, size), dtype=np.uint8))
    masks = torch.from_numpy(rng.random((n, 1, size, size)) < 0.02)
    slow, fast = Machine.here(fast=False), Machine.here()
    nets = {
        name: m.put(UNet(config.levels, config.kernel, config.filters, 0.02))
        for name, m in (("plain", slow), ("ours", fast))
    }
    plain_optimizer = torch.optim.Adam(nets["plain"].parameters(), lr=1e-3, foreach=False)
    optimizer = loop.optimizer(nets["ours"], config.optimizer, config.learning_rate)

    def plain() -> None:
        x = pictures.to(slow.device).float() / 255
        e = masks.to(slow.device).float() - torch.sigmoid(nets["plain"](x))
        loss = losses.LOSSES[config.loss].formula(e, config.weight).mean()
        plain_optimizer.zero_grad()
        loss.backward()
        plain_optimizer.step()

    def ours() -> None:
        engine.step(nets["ours"], optimizer, pictures, masks, config, fast, rng)

    steps, took = {"plain": plain, "ours": ours}, {"plain": [], "ours": []}
    for i in range(times + 1):
        for name, work in steps.items():
            since = time.perf_counter()
            work()
            if fast.device.type == "cuda":
                torch.cuda.synchronize()
            if i:
                took[name].append(1000 * (time.perf_counter() - since))
    a, b = median(took["plain"]), median(took["ours"])
    return {
        "plain_ms": round(a, 1),
        "ours_ms": round(b, 1),
        "times": round(a / b, 2),
        "crops": n,
        "side": size,
    }


def sweeping(size: tuple[int, int] = (384, 544)) -> dict[str, object]:
    """999 thresholds of one map: from a histogram, and by comparing."""
    rng = np.random.default_rng(0)
    stored, truth = rng.integers(0, 256, size, dtype=np.uint8), rng.random(size) < 0.03
    p = rng.random(size).astype(np.float32)

    def naive(p: np.ndarray) -> list[Counts]:
        wide = p.astype(np.float64)
        return [Counts.of(truth, wide >= t) for t in sweep.THRESHOLDS]

    def same(one: Counts, each: list[Counts]) -> bool:
        return all(
            getattr(one, k).tolist() == [int(getattr(c, k)) for c in each] for k in ("tp", "fp", "fn", "tn")
        )

    histograms = rng.integers(0, 900, (237, 256, 2))
    figures: dict[str, object] = {
        "naive_ms": ms(lambda: naive(p), 1),
        "stored_map_ms": ms(lambda: sweep.sweep(stored, truth), 15),
        "float_map_ms": ms(lambda: sweep.sweep(p, truth), 9),
        "query_237_photos_ms": ms(lambda: sweep.query(histograms, 0.42), 99),
        "equal": same(sweep.sweep(p, truth), naive(p))
        and same(sweep.sweep(stored, truth), naive(stored / 255)),
    }
    for name in ("stored_map", "float_map"):
        figures[f"{name}_times"] = round(float(figures["naive_ms"]) / float(figures[f"{name}_ms"]), 1)  # type: ignore[arg-type]
    return figures


def judging(config: Config, side: int = 1000) -> dict[str, object]:
    """A 1-megapixel photo from pixels to verdict, and the same in tiles; its peak is a large photo's too."""
    machine = Machine.here()
    model = Model(machine.put(UNet(config.levels, config.kernel, config.filters)), machine)  # type: ignore[arg-type]
    card = Card("bench", "crack", "unet", crack.CLASSES, {}, {}, (), 0.5, "", known={"smallest_px": 20})
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (side, side, 3), np.uint8)
    y, x = np.mgrid[:side, :side]
    lines = np.abs((y + 40 * np.sin(x / 60)) % 250 - 125) < 2 + x / side * 4  # four cracks that widen
    arrays = {"p": np.where(lines, 220, rng.integers(0, 60, (side, side))).astype(np.uint8)}

    def tiled(core: int) -> None:
        for _ in engine.tiles(model, picture, core=core, whole=0):
            pass

    predict_ms = ms(lambda: list(engine.predict(model, [picture])), 3)
    judge_ms = ms(lambda: crack.judge(arrays, None, card), 3)
    return {
        "predict_ms": predict_ms,
        "judge_ms": judge_ms,
        "together_ms": round(predict_ms + judge_ms, 1),
        "in_tiles_of_448_ms": ms(lambda: tiled(448 - 2 * model.net.halo_px), 1),
        "in_tiles_of_992_ms": ms(lambda: tiled(992 - 2 * model.net.halo_px), 1),
    }


def main() -> None:
    """Print one JSON document."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--preset", default="quick", choices=crack.PRESETS)
    loop.use_threads()
    chosen = config.of(Config, crack.PRESETS[told.parse_args().preset])
    figures = {
        "machine": str(Machine.here()),
        "step": step(chosen),
        "sweep_544x384": sweeping(),
        "one_megapixel": judging(chosen),
    }
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
