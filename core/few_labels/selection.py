"""Which photos of a group get the pseudo-label `defect`, how often wrongly, and what other rules would do.

Step 4 of paper 1 as pure functions over stored probabilities: the engine calls them in a cycle, the page
under a slider. Truth is an int8 array: 1 `defect`, 0 `normal`, -1 unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.errors import ConfigError

RULES = ("both", "threshold", "share", "sure", "balanced")
"""The first three are the paper's and label every photo of a group; the others leave some for later."""


def select(
    p_defect: np.ndarray,
    threshold: float = 0.5,
    share: float = 0.3,
    rule: str = "both",
    *,
    sure: float = 0.9,
    portion: float = 0.5,
) -> np.ndarray:
    """Which photos of a group get the pseudo-label `defect`: (n,) floats in, (n,) bools out.

    Rule `both` of paper 1, step 4: above the threshold and among the first share of the group. Rules
    `threshold` and `share` take one of the two alone. `sure`: P(defect) is at least `sure`. `balanced`:
    among the first `portion` of that share. A share that is no whole number of photos is rounded down (0.3
    of 24 is 7); ties keep the group's order; nothing is taken of an empty group.
    """
    p = np.asarray(p_defect, np.float64)  # float32 0.9 > 0.9 must not depend on numpy's promotion
    match rule:
        case "both":
            return (ranks(p) <= _room(share, len(p))) & (p > threshold)
        case "threshold":
            return p > threshold
        case "share":
            return ranks(p) <= _room(share, len(p))
        case "sure":
            return p >= sure
        case "balanced":
            return ranks(p) <= _room(portion * share, len(p))
    raise ConfigError(f"rule is {rule!r}; choose one of {', '.join(RULES)}.")


def leave(
    p_defect: np.ndarray,
    share: float = 0.3,
    rule: str = "both",
    *,
    sure: float = 0.9,
    portion: float = 0.5,
    sides: np.ndarray | None = None,
) -> np.ndarray:
    """Which photos of a group get no pseudo-label now and wait for a later cycle: (n,) bools.

    None by the paper's rules. By `sure` those that are likelier than 1 - `sure` to be of either class; by
    `balanced` those between the first `portion` of the share and the last `portion` of the rest, so that both
    classes are learned in the ratio of the share (class-balanced self-training, Zou et al. 2018).
    `sides` (views, n) are probabilities of several views of each photo: by any rule, those whose views fall
    on both sides of 0.5 wait too.
    """
    p = np.asarray(p_defect, np.float64)
    left = np.zeros(len(p), bool)
    if rule == "sure":
        left = (p < sure) & (1 - p < sure)
    elif rule == "balanced":
        last = len(p) - _room(portion * (1 - share), len(p))
        left = (ranks(p) > _room(portion * share, len(p))) & (ranks(p) <= last)
    if sides is not None and len(p):
        above = np.asarray(sides) > 0.5
        left = left | (above.any(0) & ~above.all(0))
    return left


def _room(share: float, n: int) -> int:
    return int(share * n + 1e-9)  # 0.29 * 100 is 28.999


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
    """Of the photos that would get a pseudo-label."""
    left: np.ndarray
    """True where no pseudo-label would be given yet."""


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
    sure: float = 0.9,
    portion: float = 0.5,
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
    chosen, left, rank = np.zeros(n, bool), np.zeros(n, bool), np.zeros(n, np.int64)
    for name in np.unique(group):
        own = np.flatnonzero(group == name)
        chosen[own] = select(p[own], threshold, share, rule, sure=sure, portion=portion)
        left[own] = leave(p[own], share, rule, sure=sure, portion=portion)
        rank[own] = ranks(p[own])
    was = chosen if given is None else np.asarray(given, bool)
    known = np.full(n, -1, np.int8) if truth is None else np.asarray(truth)
    return WhatIf(chosen, rank, chosen != was, mistakes(chosen[~left], known[~left]), left)


@dataclass(frozen=True)
class Ratio:
    """An estimated share of defects with its 95 % interval, all 0 to 1."""

    share: float
    low: float
    high: float

    @property
    def tells(self) -> bool:
        """False where the interval touches 0 or 1: the estimate has run into its bound, as with few labels.

        ours: within a hundredth. Of 70 trainings with 13 to 61 labels that came near the true 25 %, none
        reached below 0.07 or above 0.42; all that said 0 or 100 % touched a bound.
        """
        return self.low > 0.01 and self.high < 0.99


def class_ratio(
    p_defect: np.ndarray,
    taught: float,
    *,
    place: np.ndarray | None = None,
    labels: tuple[int, int] = (0, 0),
    draws: int = 200,
    seed: int = 0,
) -> Ratio | None:
    """The share of defects among photos that a model judged, from its probabilities (n,).

    `taught` is the share of defects among the photos it learned from. Photos to judge may hold another one:
    expectation maximisation after Saerens, Latinne and Decaestecker (2002) finds the share that explains the
    probabilities. ours: a place (`place`) counts once, however many photos show it, for they are alike and a
    model errs on all of them; so `labels` (defects, normals) that a person gave to photos drawn at random,
    whose class is certain, weigh as much as a place each. The interval draws places and labels again. None
    without photos, when only one class was taught, and where the interval touches 0 or 1 (`Ratio.tells`):
    then the probabilities say nothing.

    Measured on halves of the pool by place with 25 % defects: 0.23 ± 0.07 with 21 labels, 0.24 ± 0.05 with
    61; the interval held the truth in four of five cases. With 3 labels it is of no use.
    """
    p = np.clip(np.asarray(p_defect, np.float64), 1e-6, 1 - 1e-6)
    if not len(p) or not 0 < taught < 1:
        return None
    names = np.arange(len(p)) if place is None else np.unique(np.asarray(place), return_inverse=True)[1]
    n_places = int(names.max()) + 1
    rng = np.random.default_rng(seed)
    times = rng.multinomial(n_places, np.full(n_places, 1 / n_places), size=draws)[:, names]
    weight = np.concatenate([np.ones((1, len(p))), times])  # the photos as they are, then drawn again
    weight *= n_places / weight.sum(1, keepdims=True)
    known = rng.binomial(max(1, sum(labels)), labels[0] / max(1, sum(labels)), draws)
    defects = np.concatenate([[labels[0]], known]) if sum(labels) else np.zeros(draws + 1)
    share = np.full(draws + 1, taught)
    for _ in range(200):
        likely = p * (share / taught)[:, None]
        unlikely = (1 - p) * ((1 - share) / (1 - taught))[:, None]
        sure = (weight * likely / (likely + unlikely)).sum(1) + defects
        share = np.clip(sure / (weight.sum(1) + sum(labels)), 1e-6, 1 - 1e-6)
    low, high = np.quantile(share[1:], [0.025, 0.975])
    found = Ratio(float(share[0]), float(low), float(high))
    return found if found.tells else None
