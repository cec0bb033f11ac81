"""Figures from counts: count first, divide last, and say how sure the figure is.

`Counts` holds the four numbers of a yes-or-no question, one set or one at each of many thresholds;
`confusion` and `scores` do the same for classes. A ratio without a denominator is nan (shown as "–").
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np


def ratio(part: Any, whole: Any) -> np.ndarray:
    """part / whole in float64, nan where whole is 0. Any shapes that broadcast."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    known = whole != 0
    return np.where(known, part / np.where(known, whole, 1.0), np.nan)


@dataclass(frozen=True)
class Counts:
    """Hits, false alarms, misses and rightly passed: int64, one number each or one per threshold.

    Counts add up: pool photos by adding, then ask for ratios. The mean of per-photo ratios would give
    a photo without a crack the weight of a full one.
    """

    tp: np.ndarray
    fp: np.ndarray
    fn: np.ndarray
    tn: np.ndarray

    @classmethod
    def of(cls, truth: np.ndarray, said: np.ndarray) -> Counts:
        """The counts of two bool arrays of one shape; the empty array counts nothing."""
        truth, said = np.asarray(truth, bool), np.asarray(said, bool)
        if truth.shape != said.shape:
            raise ValueError(f"truth has shape {truth.shape}, said {said.shape}")
        hits, called, true = (np.int64(np.count_nonzero(a)) for a in (truth & said, said, truth))
        return cls(
            *(np.asarray(n) for n in (hits, called - hits, true - hits, truth.size - called - true + hits))
        )

    @classmethod
    def zero(cls) -> Counts:
        """Nothing counted yet: the start of a sum."""
        nothing = np.zeros((), np.int64)
        return cls(nothing, nothing, nothing, nothing)

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn, self.tn + other.tn)

    def __getitem__(self, i: Any) -> Counts:
        """The counts at one threshold, or at some of them."""
        return Counts(self.tp[i], self.fp[i], self.fn[i], self.tn[i])

    @property
    def n(self) -> np.ndarray:
        """How many were counted."""
        return self.tp + self.fp + self.fn + self.tn

    @property
    def precision(self) -> np.ndarray:
        """Share of the called that is true; nan where nothing was called."""
        return ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> np.ndarray:
        """Share of the true that was called; nan where nothing is true."""
        return ratio(self.tp, self.tp + self.fn)

    @property
    def specificity(self) -> np.ndarray:
        """Share of the untrue that was passed; nan where all is true."""
        return ratio(self.tn, self.tn + self.fp)

    @property
    def accuracy(self) -> np.ndarray:
        """Share that was answered rightly; nan where nothing was counted."""
        return ratio(self.tp + self.tn, self.n)

    @property
    def f1(self) -> np.ndarray:
        """2 TP / (2 TP + FP + FN): 0 where nothing was called although something is true,
        nan where nothing is true and nothing was called.
        """
        return ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def iou(self) -> np.ndarray:
        """TP / (TP + FP + FN) of the positive class; F1 = 2 IoU / (1 + IoU)."""
        return ratio(self.tp, self.tp + self.fp + self.fn)


def confusion(truth: np.ndarray, said: np.ndarray, n: int) -> np.ndarray:
    """(n, n) int64, rows truth, columns said. Classes are 0 … n - 1; another number raises ValueError."""
    truth, said = np.asarray(truth, np.int64).ravel(), np.asarray(said, np.int64).ravel()
    if truth.shape != said.shape:
        raise ValueError(f"{truth.size} truths, {said.size} answers")
    if truth.size and (min(truth.min(), said.min()) < 0 or max(truth.max(), said.max()) >= n):
        raise ValueError(f"classes must be 0 to {n - 1}")
    return np.bincount(truth * n + said, minlength=n * n).reshape(n, n)


@dataclass(frozen=True)
class Scores:
    """What a confusion matrix is worth. Arrays hold one value a class; floats are over all of them."""

    n: int
    accuracy: float
    balanced_accuracy: float
    """Mean recall over the classes that occur in truth."""
    mean_f1: float
    """Mean F1 over the classes that occur in truth or were said."""
    support: np.ndarray
    """(classes,) int64: how many of each class there are in truth."""
    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray


def scores(matrix: np.ndarray) -> Scores:
    """The figures of a confusion matrix (rows truth, columns said). Empty matrix: all nan."""
    matrix = np.asarray(matrix, np.int64)
    hits, true, called = np.diag(matrix), matrix.sum(1), matrix.sum(0)
    recall, f1 = ratio(hits, true), ratio(2 * hits, true + called)
    return Scores(
        n=int(matrix.sum()),
        accuracy=float(ratio(hits.sum(), matrix.sum())),
        balanced_accuracy=_mean(recall),
        mean_f1=_mean(f1),
        support=true,
        precision=ratio(hits, called),
        recall=recall,
        f1=f1,
    )


def within(matrix: np.ndarray, steps: int = 1) -> float:
    """Share of ordered grades said at most `steps` away from truth; nan for an empty matrix."""
    matrix = np.asarray(matrix, np.int64)
    return float(ratio(matrix[_apart(len(matrix)) <= steps].sum(), matrix.sum()))


def kappa(matrix: np.ndarray) -> float:
    """Cohen's kappa with quadratic weights: 1 perfect, 0 as good as chance with the same totals.

    A grade missed by two counts four times one missed by one (Cohen 1968). nan where chance alone
    would already be perfect (one class only) or nothing was counted.
    """
    matrix = np.asarray(matrix, np.float64)
    far = _apart(len(matrix)) ** 2
    by_chance = np.outer(matrix.sum(1), matrix.sum(0)) / max(matrix.sum(), 1.0)
    return float(1 - ratio((far * matrix).sum(), (far * by_chance).sum()))


def wilson(hits: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of a share, e.g. of an accuracy over n independent photos; (nan, nan) for n = 0."""
    if n <= 0:
        return math.nan, math.nan
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share, grown = hits / n, 1 + z * z / n
    middle = (share + z * z / (2 * n)) / grown
    half = z / grown * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (middle - half if hits > 0 else 0.0), (middle + half if hits < n else 1.0)


def bootstrap(
    groups: Sequence[Any] | np.ndarray,
    statistic: Callable[[np.ndarray], Any],
    *,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile interval of a figure when whole groups are drawn again with replacement.

    `groups` names the group of each photo ("" is a group of its own); `statistic` gets the drawn photos
    as an int array of positions (a photo may come twice) and returns the figure. Photos of one scene are
    alike, so drawing photos one by one would promise too much. Draws that give nan are left out;
    (nan, nan) when there are fewer than two groups.
    """
    names = [name if name != "" else ("", i) for i, name in enumerate(np.asarray(groups).tolist())]
    members: dict[Any, list[int]] = {}
    for i, name in enumerate(names):
        members.setdefault(name, []).append(i)
    places = [np.asarray(m) for m in members.values()]
    if len(places) < 2:
        return math.nan, math.nan
    rng = np.random.default_rng(seed)
    figures = np.asarray(
        [
            float(statistic(np.concatenate([places[g] for g in rng.integers(0, len(places), len(places))])))
            for _ in range(draws)
        ]
    )
    figures = figures[~np.isnan(figures)]
    if not figures.size:
        return math.nan, math.nan
    low, high = np.quantile(figures, [0.5 - level / 2, 0.5 + level / 2])
    return float(low), float(high)


def plain(value: Any) -> Any:
    """The same figures as JSON takes them: arrays as lists, numpy numbers as Python's, nan as None."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _apart(n: int) -> np.ndarray:
    return np.abs(np.subtract.outer(np.arange(n), np.arange(n)))


def _mean(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else math.nan
