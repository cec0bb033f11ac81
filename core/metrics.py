"""Figures from counts: count first, divide last, and say how sure the figure is.

`Counts` holds the four numbers of a yes-or-no question, one set or one at each of many thresholds;
`confusion` and `scores` do the same for classes. A ratio without a denominator is nan (shown as "–").
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from core import dealing


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
    def each(cls, truth: np.ndarray, said: np.ndarray) -> Counts:
        """What each one of two bool arrays (n,) counts: arrays (n,), a single 1 among the four."""
        truth, said = np.asarray(truth, bool), np.asarray(said, bool)
        kinds = truth & said, ~truth & said, truth & ~said, ~truth & ~said
        return cls(*(kind.astype(np.int64) for kind in kinds))

    @classmethod
    def of_cells(cls, cells: np.ndarray) -> Counts:
        """From (…, 4), the last axis tp, fp, fn, tn: what `intervals` sums."""
        return cls(*np.moveaxis(cells, -1, 0))

    @property
    def cells(self) -> np.ndarray:
        """(…, 4): tp, fp, fn, tn."""
        return np.stack([self.tp, self.fp, self.fn, self.tn], -1)

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


def intervals(
    counts: np.ndarray,
    groups: Iterable[str] | None,
    figures: Callable[[np.ndarray], Mapping[str, np.ndarray]],
    *,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """`…_low` and `…_high` of each figure: the middle of what it is when whole groups are drawn again.

    `counts` (n, …) is what each photo counts; `groups` names its group ("" is a group of its own, None: each
    photo is). As many groups are drawn with replacement, `draws` times; `figures` gets the sums of all draws,
    (draws, …) float64, and divides: (draws, …) by name. Photos of one scene are alike, so drawing photos
    one by one would promise too much. Draws in which a figure does not exist are left out, nan where it never
    does; {} without draws and with fewer than two groups.
    """
    own = np.arange(len(counts))
    if groups is not None:
        own = np.unique(dealing.named(groups), return_inverse=True)[1]
    n = int(own.max(initial=-1)) + 1
    if n < 2 or not draws:
        return {}
    of_group = np.zeros((n, *counts.shape[1:]))  # float64 is exact here, and multiplies ten times as fast
    np.add.at(of_group, own, counts)
    which = np.random.default_rng(seed).integers(0, n, (draws, n)) + n * np.arange(draws)[:, None]
    times = np.bincount(which.ravel(), minlength=draws * n).reshape(draws, n).astype(np.float64)
    found = {}
    for name, values in figures(np.tensordot(times, of_group, 1)).items():
        found[f"{name}_low"], found[f"{name}_high"] = _middle(values, level)
    return found


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


def _middle(values: np.ndarray, level: float) -> np.ndarray:
    """The ends of the middle share of values along the first axis, (2, …); nan where all are."""
    known = ~np.isnan(values).all(0)
    ends = np.full((2, *values.shape[1:]), np.nan)
    if known.any():
        ends[:, known] = np.nanquantile(values[:, known], [0.5 - level / 2, 0.5 + level / 2], axis=0)
    return ends


def _apart(n: int) -> np.ndarray:
    return np.abs(np.subtract.outer(np.arange(n), np.arange(n)))


def _mean(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else math.nan
