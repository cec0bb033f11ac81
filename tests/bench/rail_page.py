"""How quickly the rail page answers for 600 photos: what if, the desk's data, advice.

    python -m tests.bench.rail_page [--photos N] [--times N]

Makes an experiment of its own, with answers by chance, and prints one JSON line of milliseconds (median and
95 %). What the browser itself takes is measured in tests/bench/gallery.py.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core import sets, store
from core.few_labels import corrections, cycles, groups, selection
from core.people.accounts import PATINA
from core.settings import Settings
from tests import experiments

TARGET_MS = 50.0
"""For one move of a line."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=600)
    parser.add_argument("--times", type=int, default=50)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        print(json.dumps(measured(told.photos, told.times, Settings(Path(folder), Path(folder), None))))


def measured(n: int, times: int, settings: Settings) -> dict:
    """The steps behind a look at all cycles of a repeat, each timed on its own."""
    pool, tested = experiments.photos(settings, settings.data / "scratch", n + 21, 200, name="tiles")
    run_id = experiments.run(settings, pool, tested, data="tiles", preset="text", repeats=1)
    folder, db = settings.runs / str(run_id), store.connect(settings.database)
    group = groups.read(folder, 1)
    corrections.confirm(db, PATINA, run_id, 1, group.lines[:100], time.time())
    is_defect = group.given == 1
    cuts = iter(np.linspace(0.3, 0.8, times).tolist())
    found = {
        "what_if": timed(
            lambda: selection.what_if(
                group.p, next(cuts), 0.3, group=group.part, given=is_defect, truth=group.truth
            ),
            times,
        ),
        "read_group": timed(lambda: groups.read(folder, 1), times),
        "later_flips": timed(lambda: groups.flips(folder, 1, group.lines, 0.5), times),
        "corrections": timed(lambda: corrections.of(db, run_id, 1), times),
        "photos_here": timed(lambda: sets.held(db, (line.sha256 for line in group.lines)), times),
        "helping": timed(lambda: cycles.helping(folder, 1, 5), 5),
    }
    return {"bench": "rail_page", "photos": len(group.lines), "target_what_if_ms": TARGET_MS, **found}


def timed(act: Callable[[], object], times: int) -> dict[str, float]:
    """Milliseconds of one call: median and 95 %."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        took.append(1000 * (time.perf_counter() - began))
    return {"median_ms": round(float(np.median(took)), 2), "p95_ms": round(float(np.quantile(took, 0.95)), 2)}


if __name__ == "__main__":
    main()
