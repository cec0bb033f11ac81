"""How long a person waits for a verdict: from the finished upload through the queue to the verdict's row.

    python -m tests.bench.judge [--models DIR] [--photos N] [--training]

Starts the two workers as the app does, on a store of its own, and asks one photo of a megapixel at a time
with every model in service. With `--training` a training runs meanwhile. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

from core import asking, children, inspections, queue, services, store, workers
from core.errors import NotFound
from core.records import DOMAINS
from core.settings import ROOT, Settings
from tests import stock, tiny

TARGETS_S = {"rail": 1.0, "crack": 3.0, "corrosion": 1.0}
SIDE = 1160
"""Pixels on the longer side of the photos, which are 4 : 3: a megapixel."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, default=ROOT / "models_store")
    parser.add_argument("--photos", type=int, default=10)
    parser.add_argument("--training", action="store_true")
    told = parser.parse_args()
    os.environ.pop("PATINA_THREADS", None)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        print(json.dumps(measured(told, Settings(Path(folder), told.models.resolve(), None))))


def measured(told: argparse.Namespace, settings: Settings) -> dict:
    """Seconds for each domain that a model serves, and what the idle workers cost."""
    db = store.connect(settings.database)
    found = children.start(settings)
    try:
        until(lambda: {s.state for s in workers.health(db, time.time())} == {"ready"})
        report = {"bench": "judge", "cores": psutil.cpu_count(logical=False), "pixels": SIDE * SIDE * 3 // 4}
        report["idle_cpu_percent"] = idle(found)
        if told.training:
            tiny.store_photos(settings, tiny.photos(settings.data / "photos"))
            config = {
                "data": "tiny",
                **tiny.PRESET,
                "set": tiny.SETTINGS | {"epochs": 2000, "image_size": 128},
            }
            run_id = queue.submit(
                db, "train", "corrosion", config, owner="bench", now=time.time(), wake=settings.wake
            )
            until(lambda: queue.reports(db, run_id))
        report["while_training"] = told.training
        for domain in DOMAINS:
            try:
                card = services.serving(db, settings.models, domain).card
            except NotFound:
                report[domain] = None
                continue
            times = [waited(db, settings, domain, seed) for seed in range(told.photos)]
            report[domain] = {
                "model": card.id,
                "network": card.network,
                "first_s": round(times[0], 3),
                "median_s": round(float(np.median(times)), 3),
                "worst_s": round(max(times), 3),
                "target_s": TARGETS_S[domain],
                "is_met": max(times) < TARGETS_S[domain],
            }
        return report
    finally:
        found.stop()


def waited(db, settings: Settings, domain, seed: int) -> float:
    """Seconds from the photo's last byte to its verdict."""
    content = stock.picture(seed, domain, side=SIDE)
    began = time.perf_counter()
    sha = stock.keep(db, settings, content, f"{seed}.jpg", now=time.time())
    asked = asking.ask(db, sha, domain, owner="bench", now=time.time(), batch="bench", wake=settings.wake)
    until(lambda: inspections.get(db, asked).state not in ("waiting", "running"))
    spent = time.perf_counter() - began
    assert inspections.get(db, asked).verdict is not None, inspections.get(db, asked).error
    return spent


def idle(found: children.Children, seconds: float = 5.0) -> float:
    """Percent of one core that both workers take while nothing waits."""
    processes = [psutil.Process(pid) for pid in found.pids.values()]

    def spent() -> float:
        return sum(sum(p.cpu_times()[:2]) for p in processes)

    before = spent()
    time.sleep(seconds)
    return round(100 * (spent() - before) / seconds, 2)


def until(what, seconds: float = 120.0) -> None:
    """Wait until it is so."""
    late = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < late, "it did not come about in time"
        time.sleep(0.002)


if __name__ == "__main__":
    main()
