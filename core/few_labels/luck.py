"""How much of a few-label result is the luck of the draw, told from many cheap restarts on stored features.

A restart is what the configured method would do, as far as that is cheap. Method `head` is a closed form, so
its restarts are the experiment itself, its cycles included, on the descriptions that the run has kept. A
method that trains a network is stood in for by a linear answer on the features of its first training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import DataError
from core.few_labels import head, selection
from core.few_labels.advice import cosines
from core.few_labels.divisions import chance_of_one_class
from core.metrics import Counts
from core.rail import Config

Restart = Callable[[np.ndarray], tuple[float, float]]
"""F1 with the labels alone and at the end, from an order (n,) of the photos: the start set, then the rest."""


@dataclass(frozen=True)
class Luck:
    """What random start sets of one size, and of larger ones, are worth: arrays are (sizes,)."""

    sizes: tuple[int, ...]
    """Labels at the start; the first is the size that was asked about."""
    mean: np.ndarray
    """F1 of `defect` over the draws; beside it the deviation, and the 5 % and 95 % quantiles."""
    std: np.ndarray
    low: np.ndarray
    high: np.ndarray
    one_class: float
    """How likely a draw of the first size holds one class only, 0 to 1."""
    enough: int | None
    """The smallest size tried whose deviation is within the bound; None where none is."""
    alone: Luck | None = None
    """The same with the labels alone, where all else is told after the cycles."""


def of_features(
    features: np.ndarray, truth: np.ndarray, n0: int, *, bound: float = 0.05, draws: int = 100, seed: int = 0
) -> Luck:
    """How far the result would spread between random start sets of `n0` photos, and how many are enough.

    `truth` (n,) are labels, 1 or 0, or what a model says in their place; -1 is left out. For each size a
    linear answer is fitted to `draws` random start sets on fixed features (n, d), of which only directions
    count (ridge in closed form, both classes weighing the same), and asked about all other photos. It tells
    the spread, not the level: a network that learns its features may be better or worse.
    """
    kept = np.flatnonzero(np.asarray(truth) >= 0)
    told = np.asarray(truth)[kept] == 1
    level = np.asarray(features, np.float32)[kept]
    kernel = cosines(level - level.mean(0), level - level.mean(0)).astype(np.float64) + 1.0

    def restart(m: int) -> Restart:
        def one(order: np.ndarray) -> tuple[float, float]:
            f1 = _ridge(kernel, told, order[:m])
            return f1, f1

        return one

    return _drawn(told, n0, restart, bound, draws, seed, has_cycles=False)


def of_head(
    described: np.ndarray,
    truth: np.ndarray,
    n0: int,
    config: Config,
    groups: Sequence[int],
    *,
    bound: float = 0.05,
    draws: int = 40,
    seed: int = 0,
) -> Luck:
    """The same for method `head`: oddness known beforehand, then the cycles that `config` asks for.

    `described` (n, 3 d + 1) are descriptions as the head sees them, oddness last; `groups` the sizes of the
    run's groups, cut evenly from what a larger start set leaves over. Asked are all photos outside the start
    set, also those that had a pseudo-label meanwhile.
    ours: cycles cut by the assumed share and ask one view, also where the run estimates or has views agree.
    """
    kept = np.flatnonzero(np.asarray(truth) >= 0)
    told = np.asarray(truth)[kept] == 1
    phi, odd = np.asarray(described[kept, :-1], np.float32), np.asarray(described[kept, -1], np.float64)
    kernel = (phi @ phi.T).astype(np.float64) + 1.0

    def restart(m: int) -> Restart:
        left_over = len(told) - m
        n_groups = min(sum(groups), left_over)
        sizes = list(groups) if sum(groups) <= left_over else _even(n_groups, len(groups))
        return lambda order: _experiment(kernel, odd, told, config, order, m, sizes)

    return _drawn(told, n0, restart, bound, draws, seed, has_cycles=len(groups) > 0)


def _drawn(
    told: np.ndarray,
    n0: int,
    restart: Callable[[int], Restart],
    bound: float,
    draws: int,
    seed: int,
    *,
    has_cycles: bool,
) -> Luck:
    """Restarts from `draws` start sets of each size: `n0`, then twice as many, to half of the photos."""
    n, n_defect = len(told), int(told.sum())
    if not 0 < n_defect < n or n0 >= n:
        raise DataError(
            f"Luck cannot be told for {n0} of {n} photos with {n_defect} defects; both classes and more "
            "photos than the start set are needed."
        )
    sizes = [n0]
    while 2 * sizes[-1] <= n // 2:
        sizes.append(2 * sizes[-1])
    rng = np.random.default_rng(seed)
    found = np.asarray([[one(rng.permutation(n)) for _ in range(draws)] for one in map(restart, sizes)])
    chance = chance_of_one_class(n_defect, n - n_defect, n0)
    alone = _told(sizes, found[..., 0], chance, bound)
    return _told(sizes, found[..., 1], chance, bound, alone) if has_cycles else alone


def _told(
    sizes: Sequence[int], f1: np.ndarray, chance: float, bound: float, alone: Luck | None = None
) -> Luck:
    std = f1.std(1, ddof=1)
    low, high = np.quantile(f1, [0.05, 0.95], axis=1)
    enough = next((m for m, s in zip(sizes, std, strict=True) if s <= bound), None)
    return Luck(tuple(sizes), f1.mean(1), std, low, high, chance, enough, alone)


def _even(n: int, parts: int) -> list[int]:
    return [n // parts + (i < n % parts) for i in range(parts)]


def _f1(told: np.ndarray, said: np.ndarray, start: np.ndarray) -> float:
    """F1 on all photos but the start set; 0 where there is nothing to find nor was found."""
    others = np.ones(len(told), bool)
    others[start] = False
    return float(np.nan_to_num(Counts.of(told[others], said[others]).f1))


def _ridge(kernel: np.ndarray, told: np.ndarray, start: np.ndarray) -> float:
    """F1 after ridge on a start set; 0 where it holds one class only."""
    own = told[start]
    if own.all() or not own.any():
        return 0.0
    count = len(own) / (2 * np.where(own, own.sum(), (~own).sum()))
    pull = np.linalg.solve(kernel[np.ix_(start, start)] + np.diag(1 / count), np.where(own, 1.0, -1.0))
    return _f1(told, pull @ kernel[start] > 0, start)


def _experiment(
    kernel: np.ndarray,
    odd: np.ndarray,
    told: np.ndarray,
    config: Config,
    order: np.ndarray,
    m: int,
    groups: Sequence[int],
) -> tuple[float, float]:
    """F1 with the first `m` photos of an order as labels, and after cycles over the groups that follow.

    The way of `core/engine/cycles.py`, step for step.
    """
    start = order[:m]
    learned, labels, weight = start, told[start], np.ones(m)
    answer = head.answers(kernel, odd, learned, labels, weight)
    alone = _f1(told, answer > 0, start)
    rules: dict[str, Any] = {"sure": config.sure, "portion": config.portion}
    left, at = np.zeros(0, np.int64), m
    for size in groups:
        group = np.concatenate([left, order[at : at + size]])
        at += size
        p = 1 / (1 + np.exp(-head.SLOPE * answer[group]))
        chosen = selection.select(p, config.threshold, config.share, config.rule, **rules)
        waits = selection.leave(p, config.share, config.rule, **rules)
        left = group[waits]
        learned = np.concatenate([learned, group[~waits]])
        labels = np.concatenate([labels, chosen[~waits]])
        weight = np.concatenate([weight, np.full(int((~waits).sum()), config.trust)])
        answer = head.answers(kernel, odd, learned, labels, weight)
    return alone, _f1(told, answer > 0, start)
