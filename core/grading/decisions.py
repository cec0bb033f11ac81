"""From a network's logits to a grade of corrosion: calibrated probabilities, costs of mistakes, when to stop.

Arrays in, arrays out. Truth is an int array, -1 where nobody has said a grade.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import scipy

from core import metrics
from core.errors import ConfigError

CLASSES: Final = ("0", "1", "2", "3")
N: Final = len(CLASSES)
MAY_BE_SEVERE = 0.25
"""ours: a lighter grade is not passed alone when the severe one is this likely."""


def probabilities(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """(n, 4) float32 that sum to 1, of the logits of either head divided by the temperature.

    Four logits are those of `plain` (softmax). Three are those of `corn`: the k-th says whether a photo
    that is at least grade k is worse, so P(grade > k) is the product of the first k + 1 sigmoids.
    """
    z = np.asarray(logits, np.float64) / temperature
    if z.shape[1] == N:
        p = np.exp(z - z.max(1, keepdims=True))
        return (p / p.sum(1, keepdims=True)).astype(np.float32)
    worse = np.cumprod(1 / (1 + np.exp(-np.clip(z, -500, 500))), axis=1)  # P(grade > 0), > 1, > 2
    n = len(z)
    steps = np.concatenate([np.ones((n, 1)), worse, np.zeros((n, 1))], axis=1)
    return (steps[:, :-1] - steps[:, 1:]).astype(np.float32)


def log_loss(p: np.ndarray, truth: np.ndarray) -> float:
    """Mean of -log P(true grade), in nats; nan without photos."""
    p = np.asarray(p, np.float64)[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(p, 1e-12)).mean()) if len(p) else math.nan


def temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """The number between 0.1 and 10 that divides the logits for the least log loss (Guo et al. 2017).

    `logits` (n, 4) or (n, 3) of photos that the model had not learned from. 1.0 with fewer than 20 of
    them, or of one grade only: that says nothing about confidence.
    """
    truth = np.asarray(truth)
    if len(truth) < 20 or len(np.unique(truth)) < 2:
        return 1.0
    best = scipy.optimize.minimize_scalar(
        lambda log_t: log_loss(probabilities(logits, math.exp(log_t)), truth),
        bounds=(math.log(0.1), math.log(10)),
        method="bounded",
    )
    return float(math.exp(best.x))


def decide(p: np.ndarray, costs: np.ndarray | None = None) -> np.ndarray:
    """(n,) int64: the likeliest grade, or the one of least expected cost; a tie goes to the worse grade.

    `p` is (n, 4). `costs[truth, said]` (4, 4), any unit, e.g. missing a 3 dearer than crying wolf;
    with 1 everywhere but 0 on the diagonal it is the likeliest grade again.
    """
    p = np.asarray(p, np.float64)
    worth = p if costs is None else -(p @ np.asarray(costs, np.float64))
    # Rounded, so that two grades whose costs differ by the last bit of a sum are a tie.
    return N - 1 - np.argmax(np.round(worth, 12)[:, ::-1], axis=1)


EQUAL_COSTS: tuple[tuple[float, ...], ...] = tuple(tuple(float(i != j) for j in range(N)) for i in range(N))
"""Every mistake costs the same: the likeliest grade is said."""


def costs_of(worse: float, is_square: bool) -> np.ndarray:
    """A table from two numbers: a step too light costs `worse` times a step too severe, which costs 1.

    `is_square`: two steps off cost four times one step, three nine times; else two and three times.
    """
    off = np.subtract.outer(np.arange(N), np.arange(N)).astype(np.float64)
    table = np.abs(off) ** (2 if is_square else 1)
    return checked_costs(np.where(off > 0, worse * table, table))


def checked_costs(costs: Any) -> np.ndarray:
    """`costs[truth, said]` as (4, 4) float64; `ConfigError` says what is wrong with any other table."""
    try:
        table = np.asarray(costs, np.float64)
    except (TypeError, ValueError):
        table = np.zeros(0)
    if table.shape != (N, N):
        raise ConfigError("Costs are a table of 4 rows (true grade) and 4 columns (grade said) of numbers.")
    if not np.isfinite(table).all() or (table < 0).any():
        raise ConfigError("A cost must be a number of 0 or more; correct the table.")
    if np.diag(table).any():
        raise ConfigError("A right grade costs nothing; set the diagonal of the table to 0.")
    if not table.any():
        raise ConfigError(
            "All costs are 0, so no grade is better than another; give at least one mistake a cost."
        )
    return table


@dataclass(frozen=True)
class Decided:
    """What a table of costs makes of stored probabilities."""

    said: np.ndarray
    """(n,) grades."""
    confusion: np.ndarray
    """(4, 4) of the photos whose grade is known, rows truth."""
    off_by_two: int
    missed_3: int
    """True grade 3, said to be 0, 1 or 2."""
    cried_3: int
    """Said to be 3 without being it."""
    to_a_person: int
    """Of all n photos: less sure than the threshold, or with a fair chance of grade 3."""
    cost: float
    """Mean cost a photo whose grade is known; nan without any."""


def decided(p: np.ndarray, truth: np.ndarray, costs: np.ndarray, threshold: float) -> Decided:
    """Grades by least expected cost for n photos, counted; `p` (n, 4), `truth` (n,) with -1 for unknown."""
    p, truth = np.asarray(p, np.float64), np.asarray(truth, np.int64)
    said = decide(p, costs)
    known = truth >= 0
    table = metrics.confusion(truth[known], said[known], N)
    apart = np.abs(np.subtract.outer(np.arange(N), np.arange(N)))
    sure = p[np.arange(len(p)), said] >= threshold
    asks = ~sure | ((said < 3) & (p[:, 3] >= MAY_BE_SEVERE))
    return Decided(
        said=said,
        confusion=table,
        off_by_two=int(table[apart >= 2].sum()),
        missed_3=int(table[3, :3].sum()),
        cried_3=int(table[:3, 3].sum()),
        to_a_person=int(asks.sum()),
        cost=float((table * costs).sum() / table.sum()) if table.sum() else math.nan,
    )


def best_epoch(f1: Any) -> int:
    """The epoch (from 1) with the highest validation F1, (epochs,) or (folds, epochs), folds averaged.

    ours: each epoch counts with its neighbours, since the highest of 150 single figures is luck. The
    first of ties.
    """
    curve = np.atleast_2d(np.asarray(f1, np.float64)).mean(0)
    padded = np.pad(curve, 1, mode="edge")
    smooth = (padded[:-2] + padded[1:-1] + padded[2:]) / 3
    return int(np.argmax(np.round(smooth, 12))) + 1


def least_confidence(p: np.ndarray, truth: np.ndarray, wanted: float = 0.8, at_least: int = 20) -> float:
    """The lowest confidence from which answers are right in a `wanted` share of cases; below, a person looks.

    On validation photos, in steps of 0.01 from 0.25 (four grades: never lower). 1.0 when no such cut
    leaves `at_least` photos: then a person looks at all of them.
    """
    p, truth = np.asarray(p, np.float64), np.asarray(truth)
    right, top = decide(p) == truth, p.max(1)
    for cut in np.arange(25, 100) / 100:
        kept = top >= cut
        if kept.sum() < at_least:
            break
        if right[kept].mean() >= wanted:
            return float(cut)
    return 1.0
