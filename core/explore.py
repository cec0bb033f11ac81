"""What the laboratories ask of stored answers: which photos, in which order, how sure and how right.

Arrays in, positions and counts out; no model, no store. Every call is cheap enough for a slider.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core import sweep
from core.metrics import Counts, ratio


@dataclass(frozen=True)
class YesNo:
    """The known photos of a yes-or-no test set: probabilities, truths, and the counts at every threshold."""

    position: np.ndarray
    """(n,) int, where each known photo stands in the evaluation."""
    p: np.ndarray
    """(n,) float64, probability of yes."""
    truth: np.ndarray
    """(n,) bool."""
    counts: Counts
    """Arrays (999,), at `sweep.THRESHOLDS`."""

    @classmethod
    def of(cls, evaluation: Mapping[str, np.ndarray]) -> YesNo:
        """From what `rail.evaluation` stacked; photos of unknown truth are left out."""
        truth = np.asarray(evaluation["truth"])
        position = np.flatnonzero(truth >= 0)
        p = np.asarray(evaluation["p"], np.float64)[position, 1]
        is_yes = truth[position] == 1
        return cls(position, p, is_yes, sweep.sweep(p, is_yes))

    def at(self, threshold: float) -> Counts:
        """The counts at any threshold, by the rule of the verdict: p >= threshold is yes."""
        return Counts.of(self.truth, self.p >= threshold)

    def by_verdict(self, threshold: float) -> dict[str, np.ndarray]:
        """Positions in the evaluation of `miss false_alarm hit passed`, the most embarrassing first.

        A miss and a false alarm are the worse the farther they lie beyond the threshold; a hit and a
        rightly passed photo come first where they were close.
        """
        said = self.p >= threshold
        kinds = {
            "miss": (self.truth & ~said, self.p),
            "false_alarm": (~self.truth & said, -self.p),
            "hit": (self.truth & said, self.p),
            "passed": (~self.truth & ~said, -self.p),
        }
        found = {}
        for name, (which, order) in kinds.items():
            own = np.flatnonzero(which)
            found[name] = self.position[own[np.argsort(order[own], kind="stable")]]
        return found


def balanced_accuracy(counts: Counts) -> np.ndarray:
    """Mean of recall and specificity; nan where one class is missing."""
    return (counts.recall + counts.specificity) / 2


@dataclass(frozen=True)
class Masks:
    """A set of crack maps as histograms, with running sums: any threshold is one look-up."""

    per_photo: Counts
    """Arrays (n, 257): counts when values >= 0, 1, … 256 are called crack."""
    pooled: Counts
    """Arrays (257,), summed over photos."""

    @classmethod
    def of(cls, histograms: np.ndarray) -> Masks:
        """From (n, 256, 2) histograms of (value, truth)."""
        per_photo = sweep.at_levels(histograms)
        return cls(per_photo, Counts(*(getattr(per_photo, k).sum(0) for k in ("tp", "fp", "fn", "tn"))))

    def curve(self) -> Counts:
        """The pooled counts at the 999 thresholds of `sweep.THRESHOLDS`."""
        return self.pooled[sweep.level(sweep.THRESHOLDS)]

    def at(self, threshold: float) -> Counts:
        """The pooled counts at one threshold."""
        return self.pooled[int(sweep.level(threshold))]

    def each(self, threshold: float) -> Counts:
        """The counts of every photo at one threshold, arrays (n,)."""
        return self.per_photo[:, int(sweep.level(threshold))]

    def worst(self, threshold: float) -> np.ndarray:
        """All photos, (n,) positions, lowest F1 first; among equals the one with more wrong pixels.

        A photo without crack and without alarm has nothing wrong and comes last.
        """
        each = self.each(threshold)
        f1 = np.nan_to_num(each.f1, nan=2.0)
        return np.lexsort((-(each.fp + each.fn), f1))


@dataclass(frozen=True)
class Found:
    """How a crack model does, counted in photos."""

    n_cracked: int
    n_clean: int
    found: int
    """Cracked photos of which at least a tenth of the crack is found."""
    overlooked: int
    """Cracked photos of which less than a tenth of the crack is found."""


def in_photos(each: Counts, least: float = 0.1) -> Found:
    """Counts of photos from the counts of their pixels; `least` of a crack must be found for it to count.

    # ours: a tenth of the pixels, because one lucky pixel does not lead anybody to a crack.
    """
    cracked = each.tp + each.fn > 0
    seen = np.nan_to_num(each.recall) >= least
    return Found(
        n_cracked=int(cracked.sum()),
        n_clean=int((~cracked).sum()),
        found=int((cracked & seen).sum()),
        overlooked=int((cracked & ~seen).sum()),
    )


def cell(truth: np.ndarray, p: np.ndarray, true: int, said: int) -> np.ndarray:
    """Positions of the photos of one cell of a confusion matrix, the surest mistake (or answer) first.

    `truth` (n,) grades, -1 unknown; `p` (n, classes).
    """
    answers = np.asarray(p).argmax(1)
    own = np.flatnonzero((np.asarray(truth) == true) & (answers == said))
    sure = np.asarray(p, np.float64)[own, said]
    return own[np.argsort(-sure if true != said else sure, kind="stable")]


@dataclass(frozen=True)
class Calibration:
    """How often answers were right, by how sure they were. Arrays are (bins,); nan where a bin is empty."""

    said: np.ndarray
    """Mean confidence of the answers in the bin."""
    right: np.ndarray
    """Share of them that was right."""
    n: np.ndarray
    error: float
    """Expected calibration error: the mean gap between the two, weighted by n; nan without answers."""


def calibration(confidence: np.ndarray, is_right: np.ndarray, bins: int = 10) -> Calibration:
    """Answers sorted into `bins` equal steps of confidence (Guo et al. 2017)."""
    confidence, is_right = np.asarray(confidence, np.float64), np.asarray(is_right, bool)
    which = np.clip((confidence * bins).astype(np.int64), 0, bins - 1)
    n = np.bincount(which, minlength=bins)
    said = ratio(np.bincount(which, confidence, bins), n)
    right = ratio(np.bincount(which, is_right.astype(np.float64), bins), n)
    gap = np.nansum(np.abs(said - right) * n)
    return Calibration(said, right, n, float(ratio(gap, n.sum())))
