"""What a few-label experiment advises: is it helping, which photos to label next. Its luck: `luck.py`.

Pure functions over stored arrays; `cycles.py` reads these from a run's folder. Features are (n, d) of any
type and scale: only the directions of their rows count.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core import dealing, metrics
from core.errors import DataError
from core.metrics import Counts


@dataclass(frozen=True)
class Helping:
    """How much better a state with pseudo-labels is than the one that learned from people's labels alone."""

    better: float
    """Difference of F1 of `defect`, above 0 where the pseudo-labels helped; `low` and `high`: 95 %."""
    low: float
    high: float
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    key: Literal["better", "worse", "unclear"]
    """What the interval of F1 says: all of it above 0, all of it below, or neither."""
    advice: Literal["go_on", "stop", "label"]
    """Go on; stop and keep the labels alone; or let a person label more, for nothing sure has changed."""
    n_photos: int
    n_places: int


def helping(
    truth: np.ndarray,
    place: Sequence[str] | np.ndarray,
    p_alone: np.ndarray,
    p_now: np.ndarray,
    *,
    threshold: float = 0.5,
    draws: int = 1000,
    seed: int = 0,
) -> Helping:
    """Whether pseudo-labels help, from photos that taught neither state; arrays (n,).

    Both states judge the same photos, and whole places are drawn again for both alike (a paired bootstrap),
    so what is hard for both cancels out. Photos of unknown truth (-1) are left out; `DataError` when none
    is left. A figure that does not exist counts as 0, e.g. F1 where nothing is a defect nor was called one.
    With one place there is nothing to draw: the intervals are nan, and the gain is unclear.
    """
    truth = np.asarray(truth)
    known = truth >= 0
    if not known.any():
        raise DataError("No photo that did not teach has a label, so nobody can say whether it is helping.")
    said = [np.asarray(p, np.float64)[known] >= threshold for p in (p_alone, p_now)]
    cells = np.stack([Counts.each(truth[known] == 1, s).cells for s in said], 1)  # (n, 2, 4)
    places = dealing.named(np.asarray(place)[known])
    gain = {name: float(value) for name, value in _gains(cells.sum(0)).items()}
    between = metrics.intervals(cells, places, _gains, draws=draws, seed=seed)
    f1_low, f1_high, low, high = (
        float(between.get(f"{name}_{end}", math.nan)) for name in gain for end in ("low", "high")
    )
    key: Literal["better", "worse", "unclear"]
    key = "better" if f1_low > 0 else "worse" if f1_high < 0 else "unclear"
    advice: dict[str, Literal["go_on", "stop", "label"]]
    advice = {"better": "go_on", "worse": "stop", "unclear": "label"}
    n, n_places = int(known.sum()), len(set(places))
    f1, accuracy = gain["f1"], gain["accuracy"]
    return Helping(f1, f1_low, f1_high, accuracy, low, high, key, advice[key], n, n_places)


def _gains(cells: np.ndarray) -> dict[str, np.ndarray]:
    """What the second of two states has more than the first, from (…, 2, 4): (…) each."""
    counts = Counts.of_cells(cells)
    found = {"f1": np.nan_to_num(counts.f1), "accuracy": np.nan_to_num(counts.accuracy)}
    return {name: figure[..., 1] - figure[..., 0] for name, figure in found.items()}


def cosines(rows: np.ndarray, to: np.ndarray) -> np.ndarray:
    """(n, m) float32, -1 to 1: how alike rows (n, d) are to rows (m, d); 0 for a row of zeros."""
    a, b = (np.asarray(x, np.float32) for x in (rows, to))
    a, b = (x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12) for x in (a, b))
    found: np.ndarray = a @ b.T
    return found


def ask(features: np.ndarray, p_defect: np.ndarray, known: np.ndarray, k: int) -> np.ndarray:
    """The positions of the `k` photos whose label would help most, best first; fewer where fewer are left.

    `known` are positions that a person has labelled. Of the 3 k others that the model is least sure of
    (P(defect) nearest to 0.5), k are taken, each the one least like those a person has labelled or that were
    taken before (farthest first), so that one place does not fill the list.
    """
    known = np.asarray(known, np.int64)
    open_ = np.setdiff1d(np.arange(len(p_defect)), known)
    unsure = np.abs(np.asarray(p_defect, np.float64)[open_] - 0.5)
    near = open_[np.argsort(unsure, kind="stable")[: 3 * k]]
    level = np.asarray(features, np.float32)
    level = level - level.mean(0)
    alike = cosines(level[near], level[near])
    closest = cosines(level[near], level[known]).max(1, initial=-1.0)
    taken: list[int] = []
    for _ in range(min(k, len(near))):
        closest[taken] = np.inf
        taken.append(int(np.argmin(closest)))
        closest = np.maximum(closest, alike[:, taken[-1]])
    return near[taken]
