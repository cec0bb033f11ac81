"""What a search for settings left in its folder, as far as it can be told without Optuna: names and counts.

`core/engine/search.py` writes the study; the page reads it with Optuna's own figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.corrosion import CHOSEN
from core.grading.ranges import RANGES

DATABASE: Final = "study.db"
STUDY: Final = "corrosion"


@dataclass(frozen=True)
class Saved:
    """What pruning saved: trials that were stopped early, and their epochs, of all there would have been."""

    pruned: int
    epochs: int
    of: int


def saved(states: Sequence[str], epochs: Sequence[int], whole: int) -> Saved:
    """Counted over the trials that ended; `epochs` are those each one ran, `whole` those of a whole trial.

    Trials that failed or were taken up again count as nothing: their epochs were not saved.
    """
    ended = [(s, n) for s, n in zip(states, epochs, strict=True) if s in ("complete", "pruned")]
    pruned = [n for s, n in ended if s == "pruned"]
    return Saved(len(pruned), sum(max(0, whole - n) for n in pruned), whole * len(ended))


def compared(network: str, best: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """(setting, what paper 3 chose, what we found) for each searched setting; None where there is none."""
    return [(name, CHOSEN[network].get(name), best.get(name)) for name in RANGES[network]]
