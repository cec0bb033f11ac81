"""How fast corrosion learns and answers: `PATINA_THREADS=2 python tests/bench/corrosion.py`, as JSON.

Each ratio is taken in one run, the two ways alternating; times are medians, warm, in milliseconds a photo.
`step`: a training step of ResNet-50, a plain fp32 loop against ours (target 2.7 on two threads with bf16).
`feed`: a photo on its way to the network, JPEG decoded and changed by torchvision each epoch, against the
uint8 cache and batched warps.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from core import cards, corrosion
from core.engine import classifiers, loaders, loop
from core.engine import corrosion as engine
from core.errors import PatinaError
from core.records import Photo
from core.settings import ROOT, Settings
from tests.bench.clock import ms

MEAN, STD = classifiers.IMAGENET_MEAN, classifiers.IMAGENET_STD


def compared(plain: Callable[[], object], ours: Callable[[], object], n: int, times: int) -> dict[str, float]:
    """Both ways in turn, a photo of n, and how many times faster ours is."""
    taken: dict[str, list[float]] = {"plain": [], "ours": []}
    for i in range(times + 1):
        for name, work in (("plain", plain), ("ours", ours)):
            since = time.perf_counter()
            work()
            if i:  # the first warms up
                taken[name].append(1000 * (time.perf_counter() - since) / n)
    told = {f"{name}_ms": round(median(values), 2) for name, values in taken.items()}
    return told | {"times_faster": round(median(taken["plain"]) / median(taken["ours"]), 2)}


def step(network: str, n: int, times: int) -> dict[str, float]:
    """One optimiser step on a batch of 224 px, augmentation left out."""
    batch, grades = torch.randint(0, 256, (n, 3, 224, 224), dtype=torch.uint8), torch.arange(n) % 4

    def way(machine: loop.Machine, is_plain: bool) -> Callable[[], float]:
        net = machine.put(classifiers.build(network, 4, init="random"))
        weights = list(net.parameters())
        opt = (
            torch.optim.Adam(weights, 1e-4, foreach=False) if is_plain else loop.optimizer(net, "adam", 1e-4)
        )

        def one() -> float:
            x = loaders.normalise(loaders.floats(batch, None, machine), MEAN, STD, machine)
            with machine.autocast():
                logits = net(x)
            return loop.descend(opt, F.cross_entropy(logits, grades.to(x.device)))

        return one

    plain = way(loop.Machine(torch.device("cpu"), False), True)
    return compared(plain, way(loop.Machine.here(), False), n, times)


def feed(photos: list[Photo], times: int) -> dict[str, float]:
    """An epoch's way from file to normalised batches of 32, flipped, turned by 15°, scaled by 20 %."""
    from torchvision import transforms

    change = transforms.Compose(
        [
            transforms.Resize((224, 224)),
            transforms.RandomHorizontalFlip(),
            transforms.RandomAffine(
                15, scale=(0.8, 1.2), interpolation=transforms.InterpolationMode.BILINEAR
            ),
            transforms.ToTensor(),
            transforms.Normalize(MEAN, STD),
        ]
    )
    machine, rng = loop.Machine.here(), np.random.default_rng(0)
    how = loaders.Augment(flip=True, angle=15, scale=0.2)
    cache = loaders.decode(photos, 224)

    def plain() -> None:
        for index in loaders.batches(len(photos), 32, rng):
            torch.stack([change(Image.open(photos[i].path).convert("RGB")) for i in index])

    def ours() -> None:
        for index in loaders.batches(len(photos), 32, rng):
            x = loaders.augment(loaders.floats(cache, index, machine), how, rng)
            loaders.normalise(x, MEAN, STD, machine)

    return compared(plain, ours, len(photos), times)


def predicting(id: str) -> dict[str, float]:
    """The shipped model: a 1-megapixel photo alone, its share of 32 small ones, and its verdict."""
    models = Settings.of().models
    try:
        card = cards.read(models, "corrosion", id)
    except PatinaError as error:
        return {"skipped": str(error)}  # type: ignore[dict-item]
    model = engine.load(card, cards.place(models, "corrosion", id))
    rng = np.random.default_rng(0)
    large = rng.integers(0, 256, (1000, 1000, 3), np.uint8)
    small = [rng.integers(0, 256, (224, 224, 3), np.uint8) for _ in range(32)]
    answer = next(engine.predict(model, [large]))

    return {
        "predict_1_megapixel_ms": ms(lambda: list(engine.predict(model, [large]))),
        "predict_one_of_32_ms": ms(lambda: list(engine.predict(model, small)), n=32),
        "judge_ms": ms(lambda: corrosion.judge(answer, None, card), times=99),
    }


def scoring(n: int = 5000) -> float:
    """What moving a cost asks for: the figures of 5,000 photos with their intervals, in milliseconds."""
    rng = np.random.default_rng(0)
    found = {"truth": rng.integers(0, 4, n), "p": rng.dirichlet(np.ones(4), n)}
    found["group"] = np.array([f"g{i % 100}" for i in range(n)])
    since = time.perf_counter()
    for _ in range(5):
        corrosion.score(found, 0.5, costs=1.0 - np.eye(4))
    return round(1000 * (time.perf_counter() - since) / 5, 1)


def main() -> None:
    """Measure all of it and print one JSON document."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--photos", type=Path, default=ROOT / "data" / "samples" / "corrosion", metavar="DIR")
    words.add_argument("--model", default="starter-1")
    words.add_argument("--times", type=int, default=5, help="repeats of each measurement")
    told = words.parse_args()
    threads = loop.use_threads()
    files = sorted(p for p in told.photos.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
    photos = [Photo(files[i % len(files)]) for i in range(128)] if files else []
    found = {
        "machine": str(loop.Machine.here()),
        "threads": threads,
        "step_resnet50": step("resnet50", 16, told.times),
        "step_mobilenet_v2": step("mobilenet_v2", 16, told.times),
        "feed": feed(photos, told.times) if photos else f"no photos in {told.photos}",
        "predict": predicting(told.model),
        "score_5000_ms": scoring(),
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
