"""Conformal prediction: sets of grades that hold the true one as often as was asked for.

Split conformal prediction, grade by grade (Vovk, Gammerman, Shafer 2005, Mondrian form): on photos that the
model has not learned from, how improbable did it find the true grade? A grade is in a new photo's set
unless it is found more improbable than that share of them. It promises coverage over photos that come as
those did, not for a single photo, and not for photos of another kind.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.errors import ConfigError


@dataclass(frozen=True)
class Promise:
    """What was learned from calibration photos for one coverage."""

    coverage: float
    most: np.ndarray
    """(k,) float64: the greatest improbability, 1 - p, at which a grade stays in the set; inf: always."""
    n: np.ndarray
    """(k,) int: calibration photos of each grade."""

    @property
    def needed(self) -> int:
        """Photos of a grade without which nothing can be promised: 19 for 95 %, 9 for 90 %."""
        return math.ceil(self.coverage / (1 - self.coverage) - 1e-9)

    @property
    def too_few(self) -> list[int]:
        """Grades with fewer photos than needed; they are in every set."""
        return [g for g in range(len(self.n)) if self.n[g] < self.needed]

    def sets(self, p: np.ndarray) -> np.ndarray:
        """(n, k) bool: which grades each photo may have; `p` (n, k). A set may be empty: unlike any grade."""
        return 1 - np.asarray(p, np.float64) <= self.most[None] + 1e-12

    def by_set(self, p: np.ndarray) -> list[tuple[tuple[int, ...], np.ndarray]]:
        """Each set of grades that some photo may have, with the rows of `p` of those photos; most first."""
        found: dict[tuple[int, ...], list[int]] = {}
        for i, may in enumerate(self.sets(p)):
            found.setdefault(tuple(np.flatnonzero(may).tolist()), []).append(i)
        return sorted(
            ((k, np.asarray(at)) for k, at in found.items()), key=lambda one: (-len(one[1]), one[0])
        )


def promise(p: np.ndarray, truth: np.ndarray, coverage: float) -> Promise:
    """From `p` (n, k) and `truth` (n,) of photos not learned from; unknown grades (-1) do not count.

    `ConfigError` unless 0.5 <= coverage < 1.
    """
    if not 0.5 <= coverage < 1:
        raise ConfigError(f"The coverage is {coverage:g}; choose one from 0.5 to below 1, such as 0.9.")
    p, truth = np.asarray(p, np.float64), np.asarray(truth)
    k = p.shape[1]
    most, n = np.full(k, math.inf), np.zeros(k, np.int64)
    for g in range(k):
        own = np.sort(1 - p[truth == g, g])
        n[g] = len(own)
        rank = math.ceil((len(own) + 1) * coverage - 1e-9)
        if rank <= len(own):
            most[g] = own[rank - 1]
    return Promise(coverage, most, n)


@dataclass(frozen=True)
class Kept:
    """How a promise was kept on other photos of known grade."""

    covered: np.ndarray
    """(k,) share of each grade's photos whose set holds it; nan without any."""
    n: np.ndarray
    """(k,) photos."""
    sizes: np.ndarray
    """(k + 1,) photos whose set has 0, 1, … k grades."""


def kept(promised: Promise, p: np.ndarray, truth: np.ndarray) -> Kept:
    """Coverage and sizes of the sets on photos with a known grade."""
    truth = np.asarray(truth)
    known = np.flatnonzero(truth >= 0)
    sets = promised.sets(np.asarray(p)[known])
    k = sets.shape[1]
    holds = sets[np.arange(len(known)), truth[known]]
    n = np.bincount(truth[known], minlength=k)
    hits = np.bincount(truth[known], holds.astype(np.float64), minlength=k)
    covered = np.divide(hits, n, out=np.full(k, np.nan), where=n > 0)
    return Kept(covered, n, np.bincount(sets.sum(1), minlength=k + 1))
