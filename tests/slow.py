"""Slow twins: what the product works out at once, one after the other, for tests to compare with."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np


def interval(
    groups: Sequence[str] | np.ndarray,
    figure: Callable[[np.ndarray], float],
    *,
    draws: int = 1000,
    level: float = 0.95,
) -> tuple[float, float]:
    """`metrics.intervals` of one figure, draw by draw; `figure` gets the positions of the photos drawn."""
    names = [str(name) or f"\0{i}" for i, name in enumerate(groups)]
    members = [[i for i, own in enumerate(names) if own == name] for name in sorted(set(names))]
    rng, found = np.random.default_rng(0), []
    for _ in range(draws):
        which = rng.integers(0, len(members), len(members))
        found.append(float(figure(np.asarray([i for g in which for i in members[g]]))))
    known = [value for value in found if value == value]
    low, high = np.quantile(known, [0.5 - level / 2, 0.5 + level / 2])
    return float(low), float(high)
