"""How fast crack learns, sweeps and answers: `PATINA_THREADS=2 python tests/bench/crack.py`, one JSON.

Times are medians in milliseconds, taken warm and in this process. `step` compares one training step with the
plain fp32 loop, alternating in the same run; `sweep` our 999 thresholds with a loop of 99 comparisons and
with scikit-learn's precision_recall_curve on the same maps, and says whether the counts are equal; `large`
takes a 24-megapixel photo from file to verdict in a process of its own and tells its peak memory.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import psutil
import torch
from PIL import Image
from sklearn.metrics import precision_recall_curve

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from core import config, crack, losses, sweep
from core import photos as files
from core.crack import Config
from core.engine import crack as engine
from core.engine import loop, tiling, work
from core.engine.loop import Machine
from core.engine.tiling import Model
from core.engine.unet import UNet
from core.explore import Masks
from core.measuring import fine
from core.metrics import Counts
from core.records import Card, Photo
from core.settings import Settings
from tests.bench.clock import ms

ROOT = Path(__file__).resolve().parents[2]


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
        for name, one in steps.items():
            since = time.perf_counter()
            one()
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


def walls(n: int, size: tuple[int, int] = (384, 544)) -> list[tuple[np.ndarray, np.ndarray]]:
    """Stored maps and truths as a trained network gives them: mostly sure, 3 % crack."""
    rng = np.random.default_rng(0)
    told = []
    for _ in range(n):
        truth = rng.random(size) < 0.03
        p = 1 / (1 + np.exp(-(rng.normal(-5, 2, size) + 7 * truth)))
        told.append((sweep.store(p), truth))
    return told


def sweeping(n: int = 8) -> dict[str, object]:
    """Counts at every threshold of the same maps, ours and others'; a query over 237 photos."""
    maps = walls(n)
    p = [stored / 255 for stored, _ in maps]

    def ours() -> Counts:
        return sweep.of_histogram(np.sum([sweep.histogram(*one) for one in maps], axis=0))

    def naive() -> list[tuple[int, int, int, int]]:
        """What a script does: compare, count, next threshold."""
        rows = []
        for t in np.arange(1, 100) / 100:
            counted = np.zeros(4, np.int64)
            for one, (_, truth) in zip(p, maps, strict=True):
                said = one >= t
                counted += (
                    (said & truth).sum(),
                    (said & ~truth).sum(),
                    (~said & truth).sum(),
                    (~said & ~truth).sum(),
                )
            rows.append(tuple(counted.tolist()))
        return rows

    def peer() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        truth = np.concatenate([truth.ravel() for _, truth in maps])
        return precision_recall_curve(truth, np.concatenate([one.ravel() for one in p]))

    found, rows = ours(), naive()
    at = [sweep.at(t / 100) for t in range(1, 100)]
    equal = [tuple(int(getattr(found, k)[i]) for k in ("tp", "fp", "fn", "tn")) for i in at] == rows
    precision, recall, thresholds = peer()
    exact = sweep.at_levels(sum(sweep.histogram(*one) for one in maps))[sweep.level(thresholds)]
    same = np.array_equal(exact.precision, precision[:-1]) and np.array_equal(exact.recall, recall[:-1])
    mine, loop_ms, peer_ms = ms(ours, 15), ms(naive, 1), ms(peer, 3)
    test = Masks.of(np.stack([sweep.histogram(*maps[i % n]) for i in range(237)]))
    counted = [fine.count(*one) for one in maps]
    evaluation = {k: np.stack([c[k] for c in counted]).sum(0, keepdims=True) for k in counted[0]}
    evaluation["histogram"] = np.stack([sweep.histogram(*one) for one in maps]).sum(0, keepdims=True)
    return {
        "maps": f"{n} of 544 x 384",
        "ours_999_thresholds_ms": mine,
        "naive_99_thresholds_ms": loop_ms,
        "scikit_learn_ms": peer_ms,
        "times_naive": round(loop_ms / mine, 1),
        "times_scikit_learn": round(peer_ms / mine, 1),
        "equal_to_naive": equal,
        "equal_to_scikit_learn": bool(same),
        "query_237_photos_pooled_ms": ms(lambda: test.at(0.42), 99),
        "query_237_photos_each_ms": ms(lambda: test.each(0.42), 99),
        "query_by_width_ms": ms(lambda: fine.score(evaluation, 0.42), 99),
    }


def large(megapixels: int = 24) -> dict[str, object]:
    """A photo of 3:2 from file to verdict, as the worker does it; in its own process, for its own peak."""
    code = f"import tests.bench.crack as b; b._large({megapixels})"
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, check=True
    )
    told: dict[str, object] = json.loads(done.stdout)
    return told


def _large(megapixels: int) -> None:
    loop.use_threads()
    config = Config()
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wall.jpg"
        grain = rng.integers(90, 160, (height // 4, height * 3 // 8, 3), np.uint8)
        Image.fromarray(grain).resize((height * 3 // 2, height)).save(path, quality=88)
        before = psutil.Process().memory_info().rss
        machine = Machine.here()
        model = Model(machine.put(UNet(config.levels, config.kernel, config.filters)), machine)
        card = Card("bench", "crack", "unet", crack.CLASSES, {}, {}, (), 0.5, "", known={"smallest_px": 20})
        since = time.perf_counter()
        [answer] = work.answers("crack", model, [Photo(path)], lambda photo: files.open(photo.path)[0])
        predicted = time.perf_counter()
        # An untaught network marks noise; its map gives way to one of cracks that widen.
        answer = dataclasses.replace(answer, arrays={"p": _cracked(*answer.arrays["p"].shape)})
        verdict = work.verdict(answer, card, 0.5, Settings.of({}), scale_mm_per_px=0.2)
    told = {
        "megapixels": megapixels,
        "predict_s": round(predicted - since, 1),
        "judge_s": round(time.perf_counter() - predicted, 1),
        "before_mb": round(before / 1e6),
        "peak_mb": round(_peak() / 1e6),
        "marked": verdict.figures["crack_fraction"],
    }
    print(json.dumps(told))


def _peak() -> int:
    """The most memory this process has had, bytes; `getrusage` tells a child of its parent's peak."""
    told = Path("/proc/self/status").read_text().split("VmHWM:")[1]
    return int(told.split()[0]) * 1024


def _cracked(height: int, width: int) -> np.ndarray:
    """A stored map with a crack every 250 px, each widening from 4 to 12 px."""
    stored = np.random.default_rng(0).integers(0, 60, (height, width), np.uint8)
    x = np.arange(width)
    for y in range(0, height, 250):  # row by row: the map itself is all the memory this takes
        rows = np.arange(y, min(height, y + 250))[:, None]
        lines = np.abs((rows + 40 * np.sin(x / 60)) % 250 - 125) < 2 + x / width * 4
        stored[rows[:, 0]] = np.where(lines, 220, stored[rows[:, 0]])
    return stored


def judging(config: Config, side: int = 1000) -> dict[str, object]:
    """A 1-megapixel photo from pixels to verdict, and the same in tiles; its peak is a large photo's too."""
    machine = Machine.here()
    model = Model(machine.put(UNet(config.levels, config.kernel, config.filters)), machine)
    card = Card("bench", "crack", "unet", crack.CLASSES, {}, {}, (), 0.5, "", known={"smallest_px": 20})
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (side, side, 3), np.uint8)
    arrays = {"p": _cracked(side, side)}

    def tiled(core: int) -> None:
        for _ in tiling.tiles(model, picture, core=core, whole=0):
            pass

    predict_ms = ms(lambda: list(tiling.predict(model, [picture])), 3)
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
        "sweep": sweeping(),
        "one_megapixel": judging(chosen),
        "large": large(),
    }
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
