"""Few labels on the rail photos: a preset with 3, 13 and 21 labels, then 40 more that it asks for.

    python -m tests.bench.few_labels --data photos/rail --weights-dir weights --out runs/few

With `--half 0` no test photo is asked: the pool is cut in two by place, one half is learned from, the other
asked. Settings were chosen so. Each run can be stopped and started again. Printed is one JSON line a size:
mean, deviation, least and most F1 of `defect` over the repeats, with the labels alone and after the last
cycle; and on stderr the table in the paper's form, one column a training.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from core import config as settings_of
from core import datasets, rail, validation
from core.engine import loop
from core.engine import rail as engine
from core.few_labels import cycles
from core.few_labels.cycles import Begin
from core.records import PhotoSet
from core.settings import Settings


def run(
    told: dict[str, Any], photos: PhotoSet, folder: Path, weights: Path, begin: Begin | None = None
) -> None:
    """Train to the end, or go on with it."""
    settings = Settings(folder, folder / "models", weights)
    config = settings_of.preset(rail.Config, rail.PRESETS, told.pop("preset"), told)
    for _ in engine.train(config, photos, folder, settings, "", begin):
        pass


def halved(photos: PhotoSet, seed: int) -> PhotoSet:
    """The pool alone, cut in two by place: one half as the pool, the other as the test photos."""
    pool = rail.pool(photos)
    part = validation.fold_of(rail.truths(pool), [p.group for p in pool], 2, seed)
    cut = [dataclasses.replace(p, split="test" if k else "pool") for p, k in zip(pool, part, strict=True)]
    return dataclasses.replace(photos, photos=tuple(cut))


def spread(values: list[float]) -> dict[str, float]:
    """Mean, deviation (of a sample), least and most, rounded."""
    found = np.asarray(values, np.float64)
    std = float(found.std(ddof=1)) if len(found) > 1 else 0.0
    told = {"mean": found.mean(), "std": std, "min": found.min(), "max": found.max()}
    return {key: round(float(value), 4) for key, value in told.items()}


def told_of(folder: Path) -> dict[str, Any]:
    """F1 and accuracy after the first and the last training of each repeat."""
    rows = cycles.experiment(folder)["rows"]
    last = max(row["training"] for row in rows)
    return {
        f"{name}_{when}": [row[name] or 0.0 for row in rows if row["training"] == number]
        for when, number in (("alone", 1), ("after", last))
        for name in ("f1", "accuracy", "balanced_accuracy")
    }


def lines(folder: Path) -> list[str]:
    """The table of tables 1 to 3 in Markdown: mean ± deviation (least to most) of each training's figures."""
    told = cycles.experiment(folder)["table"]
    found = ["| labels | " + " | ".join(str(column["labels"]) for column in told) + " |"]
    found.append("|---|" + "---|" * len(told))
    for name in ("accuracy", "balanced_accuracy", "f1"):
        cells = []
        for column in told:
            mean, std, low, high = (column[name][key] or 0.0 for key in ("mean", "std", "min", "max"))
            cells.append(f"{mean:.3f} ± {std:.3f} ({low:.3f} to {high:.3f})")
        found.append(f"| {name.replace('_', ' ')} | " + " | ".join(cells) + " |")
    return found


def main() -> None:
    """Run what was asked for and print it."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--data", type=Path, required=True)
    asked.add_argument("--weights-dir", type=Path, required=True)
    asked.add_argument("--out", type=Path, required=True)
    asked.add_argument("--preset", default="recommended")
    asked.add_argument("--sizes", default="3,13,21")
    asked.add_argument("--more", type=int, default=40)
    asked.add_argument("--repeats", type=int, default=5)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--half", type=int, help="seed of a cut of the pool by place")
    asked.add_argument("--set", nargs="*", default=[], help="settings over the preset, key=value")
    given = asked.parse_args()
    loop.use_threads()
    photos = datasets.read(given.data, "rail")
    if given.half is not None:
        photos = halved(photos, given.half)
    usual = {"preset": given.preset, "repeats": given.repeats, "seed": given.seed}
    usual |= settings_of.words(given.set)
    for n0 in (int(word) for word in given.sizes.split(",")):
        folder = given.out / f"{given.preset}-{n0}"
        run(usual | {"n0": n0}, photos, folder, given.weights_dir)
        figures = {key: spread(values) for key, values in told_of(folder).items()}
        print(json.dumps({"labels": n0, **figures}), flush=True)
        print("\n".join(lines(folder)), file=sys.stderr, flush=True)
    if not given.more:
        return
    found: dict[str, list[float]] = {}
    for repeat in range(1, given.repeats + 1):
        last = max(row["training"] for row in cycles.experiment(folder)["rows"])
        who = cycles.photos(folder)
        truth = dict(zip(who["pool_sha256"].tolist(), who["pool_truth"].tolist(), strict=True))
        labels = {sha: int(truth[sha]) for sha in cycles.ask(folder, repeat, last, given.more)}
        begin = Begin(folder, repeat, 1, labels, dict.fromkeys(labels, "expert"))
        again = given.out / f"{given.preset}-{n0}-{given.more}-{repeat}"
        run(usual | {"n0": n0}, photos, again, given.weights_dir, begin)
        for key, values in told_of(again).items():
            found.setdefault(key, []).extend(values)
    figures = {key: spread(values) for key, values in found.items()}
    print(json.dumps({"labels": f"{n0} + {given.more} asked for", **figures}), flush=True)


if __name__ == "__main__":
    main()
