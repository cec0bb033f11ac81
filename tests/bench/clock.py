"""The one stopwatch of the benchmarks."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median


def ms(work: Callable[[], object], times: int = 9, n: int = 1) -> float:
    """The median time of some calls in milliseconds, after one that warms up; `n` things are done in each."""
    work()
    taken = []
    for _ in range(times):
        since = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - since) / n)
    return round(median(taken), 3)
