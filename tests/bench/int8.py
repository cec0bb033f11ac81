"""What 8 bits gain and cost: `python -m tests.bench.int8 models_store/crack/starter-2 --data photos/walls`.

Each photo of a split is looked at in every arithmetic that the model may answer in, one after the other, so
that what else the machine does falls on all alike. One JSON: for each, milliseconds a megapixel (all photos
together), F1 at the card's threshold, and how many labels differ from those of the usual one.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from core import cards, datasets, sweep
from core.engine import crack as engine
from core.engine import loop, quickest
from core.engine.tiling import probabilities
from core.engine.walls import fitting
from core.measuring import certainty
from core.metrics import Counts


def main() -> None:
    """Print one JSON document."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("model", type=Path)
    words.add_argument("--data", type=Path, required=True)
    words.add_argument("--split", default="val")
    told = words.parse_args()
    loop.use_threads()
    card = cards.of_folder(told.model)
    model = engine.load(card, told.model)
    assert card.threshold is not None
    found, usual = quickest.ways(model), model.machine.arithmetic
    seconds = dict.fromkeys(found, 0.0)
    counts = dict.fromkeys(found, Counts.zero())
    labels: dict[str, list[bool]] = {name: [] for name in found}
    pixels = 0
    for photo in engine.split(datasets.read(told.data, "crack"), card.seed)[told.split]:
        picture, mask = fitting(photo)
        for name, way in found.items():
            if not pixels:
                probabilities(way, picture)  # the first look lays out the kernels
            since = time.perf_counter()
            p = sweep.store(probabilities(way, picture))
            seconds[name] += time.perf_counter() - since
            counts[name] = counts[name] + Counts.of(mask, sweep.mask(p, card.threshold))
            labels[name].append(certainty.holds_to(p, float(card.known["smallest_px"])) >= card.threshold)
        pixels += mask.size
    figures = {
        name: {
            "ms_per_megapixel": round(1e9 * seconds[name] / pixels),
            "f1": round(float(counts[name].f1), 4),
            "other_labels": int(np.sum(np.not_equal(labels[name], labels[usual]))),
        }
        for name in found
    }
    n = len(labels[usual])
    print(json.dumps({"machine": str(model.machine), "split": told.split, "n": n, **figures}, indent=1))


if __name__ == "__main__":
    main()
