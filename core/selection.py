"""Which photos of a group get the pseudo-label `defect`, how often that is wrong, and what if.

Step 4 of paper 1 as pure functions over stored probabilities: the engine calls them in a cycle, the page
under a slider. Truth is an int8 array: 1 `defect`, 0 `normal`, -1 unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.errors import ConfigError

RULES = ("both", "threshold", "share")


def select(
    p_defect: np.ndarray, threshold: float = 0.5, share: float = 0.3, rule: str = "both"
) -> np.ndarray:
    """Which photos of a group get the pseudo-label `defect`: (n,) floats in, (n,) bools out.

    Rule `both` of paper 1, step 4: above the threshold and among the first share of the group. Rules
    `threshold` and `share` take one of the two alone. A share that is no whole number of photos is
    rounded down (0.3 of 24 is 7); ties keep the group's order; nothing is taken of an empty group.
    """
    p = np.asarray(p_defect, np.float64)  # float32 0.9 > 0.9 must not depend on numpy's promotion
    first = ranks(p) <= int(share * len(p) + 1e-9)  # 0.29 * 100 is 28.999
    above = p > threshold
    match rule:
        case "both":
            return first & above
        case "threshold":
            return above
        case "share":
            return first
    raise ConfigError(f"rule is {rule!r}; choose one of {', '.join(RULES)}.")


def ranks(p_defect: np.ndarray) -> np.ndarray:
    """(n,) int64, 1 for the highest P(defect) of a group; ties keep the group's order."""
    order = np.argsort(-np.asarray(p_defect, np.float64), kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(1, len(order) + 1)
    return rank


def mistakes(is_defect: np.ndarray, truth: np.ndarray) -> dict[str, int]:
    """How many pseudo-labels are wrong, of which kind: `n known defect wrong false_defects missed_defects`.

    Only photos whose truth is known can be wrong.
    """
    said, truth = np.asarray(is_defect, bool), np.asarray(truth)
    false, missed = int((said & (truth == 0)).sum()), int((~said & (truth == 1)).sum())
    return {
        "n": len(said),
        "known": int((truth >= 0).sum()),
        "defect": int(said.sum()),
        "wrong": false + missed,
        "false_defects": false,
        "missed_defects": missed,
    }


@dataclass(frozen=True)
class WhatIf:
    """What another threshold, share, rule or group size would have chosen. Arrays are (n,)."""

    is_defect: np.ndarray
    rank: np.ndarray
    """Place in its own group, 1 for the highest P(defect)."""
    changed: np.ndarray
    """True where the pseudo-label differs from the one that was given."""
    mistakes: Mapping[str, int]


def what_if(
    p_defect: np.ndarray,
    threshold: float = 0.5,
    share: float = 0.3,
    rule: str = "both",
    *,
    group: np.ndarray | None = None,
    group_size: int | None = None,
    given: np.ndarray | None = None,
    truth: np.ndarray | None = None,
) -> WhatIf:
    """Select again from stored probabilities, without a model.

    `group` names the group of each photo (all one group where it is left out); `group_size` cuts the
    photos into groups of that many instead, in their order. `given` are the pseudo-labels of the run
    (bools), `truth` what is known of the photos. The probabilities stay what they were: a run with other
    pseudo-labels would have trained other networks.
    """
    p = np.asarray(p_defect, np.float64)
    n = len(p)
    if group_size is not None:
        if group_size < 1:
            raise ConfigError(f"The group size is {group_size}; it must be at least 1.")
        group = np.arange(n) // group_size
    group = np.zeros(n, np.int64) if group is None else np.asarray(group)
    chosen, rank = np.zeros(n, bool), np.zeros(n, np.int64)
    for name in np.unique(group):
        own = np.flatnonzero(group == name)
        chosen[own], rank[own] = select(p[own], threshold, share, rule), ranks(p[own])
    was = chosen if given is None else np.asarray(given, bool)
    known = np.full(n, -1, np.int8) if truth is None else np.asarray(truth)
    return WhatIf(chosen, rank, chosen != was, mistakes(chosen, known))
