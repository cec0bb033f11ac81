"""What a threshold of a crack model means on the wall, and which one costs least.

Two mistakes are weighed against each other: a length of crack that nobody hears of, and a clean wall that
somebody is sent to. Both are counted once, at every stored value, so that a slider only looks them up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from core import sweep
from core.measuring import fine
from core.metrics import ratio

LENGTH_PX: Final = 1000.0
"""Without a scale there are no metres: lengths are told in thousand pixels along the crack."""
ENOUGH_CLEAN: Final = 20
"""ours: with fewer photos without any crack, the clean ones among all ninths of photos are counted."""


def alarms(evaluation: Mapping[str, np.ndarray], threshold: float) -> tuple[int, int]:
    """(clean photos said to be cracked at this threshold, clean photos), by the rule of the verdict.

    (0, 0) for an evaluation made before they were counted.
    """
    whole = np.asarray(evaluation.get("clean", np.full((0, 1), math.nan)), np.float64)[:, 0]
    whole = whole[~np.isnan(whole)]
    return int(np.count_nonzero(whole >= sweep.LEVELS[int(sweep.level(threshold))] - 1e-6)), len(whole)


@dataclass(frozen=True)
class Stakes:
    """What is missed and what is called falsely when values >= 0, 1, … 256 are crack; arrays (257,)."""

    missed_px: np.ndarray
    """Length of true crack with no called crack within 2 px, in pixels."""
    length_px: float
    """Length of all true crack."""
    alarms: np.ndarray
    """How many of the clean ones are said to be cracked, by the rule of the verdict."""
    n_clean: int
    of: Literal["photos", "parts"]
    """What is counted as clean: whole photos, or ninths of photos."""

    @classmethod
    def of_evaluation(cls, evaluation: Mapping[str, np.ndarray]) -> Stakes | None:
        """From what `crack.evaluation` stacked; None for an evaluation made before lengths were counted."""
        if "middle" not in evaluation or "clean" not in evaluation:
            return None
        middle = np.asarray(evaluation["middle"])[:, fine.FOUND].sum(0, dtype=np.int64)  # (classes, 256)
        length = np.asarray(evaluation["length_px"], np.float64).sum(0)
        missed = np.concatenate([np.zeros((len(middle), 1), np.int64), np.cumsum(middle, axis=1)], axis=1)
        share = np.nan_to_num(ratio(missed, middle.sum(1, keepdims=True)))
        clean = np.asarray(evaluation["clean"], np.float64)
        whole, parts = clean[:, 0], clean[:, 1:].ravel()
        is_whole = np.count_nonzero(~np.isnan(whole)) >= ENOUGH_CLEAN
        holds = np.sort((whole if is_whole else parts)[~np.isnan(whole if is_whole else parts)])
        levels = np.append(sweep.LEVELS, math.inf)
        return cls(
            missed_px=(length[:, None] * share).sum(0),
            length_px=float(length.sum()),
            alarms=len(holds) - np.searchsorted(holds, levels - 1e-6, side="left"),
            n_clean=len(holds),
            of="photos" if is_whole else "parts",
        )

    def at(self, threshold: float) -> tuple[float, int]:
        """(length missed in pixels, false alarms) at a threshold."""
        level = int(sweep.level(threshold))
        return float(self.missed_px[level]), int(self.alarms[level])

    @property
    def can_weigh(self) -> bool:
        """False where there is no crack to miss or nothing clean to call: no price then means anything."""
        return self.length_px > 0 and self.n_clean > 0

    def cheapest(self, price: float, unit_px: float = LENGTH_PX) -> float:
        """The threshold of least cost when `unit_px` of missed crack cost as much as `price` false alarms.

        Of these photos as they are; where cracks are rarer on site, a false alarm weighs more there. The
        middle one where several are equal.
        """
        levels = sweep.level(sweep.THRESHOLDS)
        cost = price * self.missed_px[levels] / unit_px + self.alarms[levels]
        same = np.flatnonzero(np.round(cost, 9) == np.round(cost.min(), 9))
        run = same[: int(np.argmax(np.append(np.diff(same) > 1, True))) + 1]
        return float(sweep.THRESHOLDS[run[(len(run) - 1) // 2]])
