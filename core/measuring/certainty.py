"""How sure a crack map is: the threshold up to which a crack is left, and what it promises, calibrated.

Validation photos settle from which reach on a mark is a crack and no speck (`smallest`), and the curve from
that threshold to a probability (`calibrate`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import scipy

from core import sweep
from core.measuring import widths
from core.records import Card

SMALLEST_PX = 20.0
"""ours: the reach below which a mark is a speck, where no validation photo tells (`smallest`)."""


def smallest_of(card: Card | None) -> float:
    """The reach in pixels from which on a model's marks are cracks; `SMALLEST_PX` without one."""
    return float(card.known.get("smallest_px", SMALLEST_PX)) if card is not None else SMALLEST_PX


def holds_to(stored: np.ndarray, smallest_px: float) -> float:
    """The highest threshold at which a piece of at least this reach is left, 0 to 1; 0 when there never is.

    The reach of the longest piece never grows with the threshold, so eight cuts find the level.
    """
    low, high = 0, 256  # a crack at `low` (everything is called at 0), none at `high`
    if math.hypot(*stored.shape) < smallest_px:
        return 0.0
    while high - low > 1:
        middle = (low + high) // 2
        if widths.extents(stored >= middle)[1].max(initial=0.0) >= smallest_px:
            low = middle
        else:
            high = middle
    return float(sweep.LEVELS[low])


def confidence(holds: float, card: Card) -> float:
    """The calibrated probability that there is a crack, from how high the map holds (`calibrate`)."""
    slope, offset = card.known.get("calibration", (1.0, 0.0))
    return float(1 / (1 + math.exp(-(slope * _logit(holds) + offset))))


def calibrate(holds: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Slope and offset of a logistic curve from `holds_to` to the probability of a crack (Platt 1999).

    `holds` (n,) 0 to 1, `truth` (n,) bool. The targets are drawn in from 0 and 1 as Platt does, so that a
    few clear photos do not promise certainty. (1, 0), no change, where one of the two kinds is missing.
    """
    truth = np.asarray(truth, bool)
    n_yes, n_no = int(truth.sum()), int((~truth).sum())
    if not n_yes or not n_no:
        return 1.0, 0.0
    x = _logit(np.asarray(holds, np.float64))
    target = np.where(truth, (n_yes + 1) / (n_yes + 2), 1 / (n_no + 2))

    def cost(line: np.ndarray) -> float:
        z = line[0] * x + line[1]
        return float((np.logaddexp(0, z) - target * z).mean())

    best = scipy.optimize.minimize(cost, np.array([1.0, 0.0]), bounds=[(0.0, 20.0), (-50.0, 50.0)])
    return round(float(best.x[0]), 4), round(float(best.x[1]), 4)


def smallest(photos: Iterable[tuple[np.ndarray, np.ndarray]], threshold: float) -> float:
    """The reach in pixels that best parts cracks from specks on validation photos: maps and truths.

    Each piece of the masks at this threshold is right when it touches true crack, 2 pixels allowed. Taken is
    the reach, 10 to 64, that keeps the largest share of the right pieces and drops the largest share of
    the wrong ones, the smaller of equals; `SMALLEST_PX` where all pieces are of one kind.
    """
    reach: list[float] = []
    right: list[bool] = []
    for stored, mask in photos:
        labels, found = widths.extents(sweep.mask(stored, threshold))
        near = scipy.ndimage.binary_dilation(mask, widths.EIGHT, iterations=2) if mask.any() else mask
        touched = np.bincount(labels[near], minlength=len(found) + 1)[1:] > 0
        reach += found.tolist()
        right += touched.tolist()
    lengths, good = np.asarray(reach), np.asarray(right, bool)
    if good.all() or not good.any():
        return SMALLEST_PX
    tried = np.arange(10.0, 65.0)
    value = [(lengths[good] >= at_least).mean() + (lengths[~good] < at_least).mean() for at_least in tried]
    return float(tried[int(np.argmax(value))])


def pieces(stored: np.ndarray, mask: np.ndarray, smallest_px: float) -> list[tuple[float, bool]]:
    """(`holds_to`, is there a crack) of a photo and of its nine parts, to calibrate on.

    ours: sets of cracks hold few walls without one, but most parts of a cracked wall are whole. A part on
    which the true crack reaches less than `smallest_px` is neither and is left out.
    """
    told = []
    for part in _parts(mask.shape):
        reach = widths.extents(mask[part])[1].max(initial=0.0)
        if reach == 0 or reach >= smallest_px:
            told.append((holds_to(stored[part], smallest_px), bool(reach)))
    return told


def clean(stored: np.ndarray, mask: np.ndarray, smallest_px: float = SMALLEST_PX) -> np.ndarray:
    """(10,) float32: `holds_to` of a photo and of its nine parts where nothing is truly cracked, else nan.

    At a threshold up to that value the clean photo, or part of one, is a false alarm.
    """
    told = [math.nan if mask[p].any() else holds_to(stored[p], smallest_px) for p in _parts(mask.shape)]
    return np.asarray(told, np.float32)


def _parts(shape: tuple[int, ...]) -> list[tuple[slice, slice]]:
    """A photo of this height and width, whole, and its nine parts row by row."""
    rows, columns = (np.linspace(0, n, 4).astype(int) for n in shape)
    return [(slice(0, shape[0]), slice(0, shape[1]))] + [
        (slice(rows[i], rows[i + 1]), slice(columns[j], columns[j + 1])) for i in range(3) for j in range(3)
    ]


def _logit(p: Any) -> Any:
    """log(p / (1 - p)), p kept half a stored step away from 0 and 1."""
    p = np.clip(p, 0.5 / 255, 1 - 0.5 / 255)
    return np.log(p / (1 - p))
