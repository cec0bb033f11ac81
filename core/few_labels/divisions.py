"""How the pool of few-label photos is divided: the start set that a person labels, then the groups.

Paper 1 draws both at random and contradicts itself on their sizes; `DIVISIONS` has each reading by name.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from core.errors import ConfigError

STARTS = ("random", "stratified", "typical")


@dataclass(frozen=True)
class Division:
    """How large the start set and the groups are, in one reading of the paper."""

    n0: int | None
    """Labels at the start; None: every label there is."""
    sizes: tuple[int, ...] | None
    """Photos of each group; None: five equal parts of all that is left."""
    n_columns: int
    """Trainings that the paper's table shows; a further one is reported apart."""


DIVISIONS = {
    "table1": Division(3, (32, 30, 20, 35, 30), 5),
    "table2": Division(13, (22, 30, 20, 35, 30), 5),
    # ours: four groups; a fifth one would grow L to 141, which table 3 never trains on.
    "table3": Division(21, (24, 24, 24, 24), 5),
    "text": Division(21, None, 6),
    "full": Division(None, (), 1),
}
"""Paper 1 contradicts itself: its text divides all unlabelled photos into fifths, its tables do not."""


def sizes(division: str, n0: int | None, n_pool: int, n_labelled: int) -> tuple[int, tuple[int, ...]]:
    """The start set's size and the groups' sizes for a pool of `n_pool` photos, some of them labelled.

    `ConfigError` when the pool is too small. Five equal parts that do not divide evenly: the first
    groups have one photo more.
    """
    asked = DIVISIONS[division].n0 if n0 is None else n0
    first = n_labelled if asked is None else asked
    if first > n_labelled:
        raise ConfigError(f"n0 is {first}, but the pool has {n_labelled} labelled photos; lower n0.")
    groups = DIVISIONS[division].sizes
    if groups is None:
        rest = n_pool - first
        groups = tuple(rest // 5 + (i < rest % 5) for i in range(5))
    if first + sum(groups) > n_pool:
        raise ConfigError(
            f"{division} needs a pool of {first + sum(groups)} photos, this one has {n_pool}; "
            "import more photos, or set division=text, which divides what there is."
        )
    return first, groups


def columns(first: int, groups: Sequence[int]) -> tuple[int, ...]:
    """The size of the labelled set in each training, e.g. (21, 45, 69, 93, 117): a table's heads."""
    return tuple(int(n) for n in np.cumsum([first, *groups]))


@dataclass(frozen=True)
class Draw:
    """One repeat's division of the pool: positions in the pool, drawn once and then fixed."""

    start: np.ndarray
    groups: tuple[np.ndarray, ...]
    note: str = ""
    """What a person should know of this draw, e.g. that the start set holds no defect."""


def draw(
    truth: np.ndarray,
    first: int,
    groups: Sequence[int],
    start: str,
    rng: np.random.Generator,
    features: np.ndarray | None = None,
) -> Draw:
    """Draw the start set, then the groups from what is left, both in random order.

    Only photos with a known label can start. `random` may hold one class only, which the note then
    says; `stratified` draws one of each class first and the others at random; `typical` needs the photos'
    `features` (n, d), takes those of `typical`, and may hold one class only as well. `ConfigError` when there
    are too few labels, or one class is missing altogether and `stratified` needs both.
    """
    truth = np.asarray(truth)
    known = rng.permutation(np.flatnonzero(truth >= 0))
    if first > len(known):
        raise ConfigError(f"n0 is {first}, but the pool has {len(known)} labelled photos; lower n0.")
    if start == "stratified":
        if len(np.unique(truth[known])) < 2:
            raise ConfigError(
                "The pool has labels of one class only, so a stratified start is impossible; label at "
                "least one photo of the other class, or set start=random, which trains on one class as "
                "the paper's draw does."
            )
        one_each = [known[np.argmax(truth[known] == label)] for label in (1, 0)]
        known = np.concatenate([one_each, known[~np.isin(known, one_each)]])
    if start == "typical" and features is not None:
        known = known[typical(features[known], first, rng)]
    chosen = known[:first]
    rest = rng.permutation(np.setdiff1d(np.arange(len(truth)), chosen))
    cuts = np.cumsum([0, *groups])
    parts = tuple(rest[a:b] for a, b in itertools.pairwise(cuts))
    return Draw(chosen, parts, _one_class_note(truth, chosen, start))


def typical(features: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """(n,) positions of the most typical photo of each of n clusters, the largest cluster first.

    TypiClust (Hacohen, Dekel, Weinshall 2022): k-means on features (rows of length 1 about their mean);
    typical is who has the least mean distance to its 20 nearest within the cluster. Clusters that came out
    empty are made up for by photos drawn at random. ours: ties go to the photo that comes first.
    """
    level = np.asarray(features, np.float64)
    level = level - level.mean(0)
    level = level / np.maximum(np.linalg.norm(level, axis=1, keepdims=True), 1e-12)
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        warnings.simplefilter("ignore", UserWarning)  # an empty cluster, which is seen to below
        _, own = scipy.cluster.vq.kmeans2(level, n, minit="++", seed=rng)
    found: list[int] = []
    for name in np.argsort(-np.bincount(own, minlength=n), kind="stable"):
        members = np.flatnonzero(own == name)
        if len(members):
            far = np.sort(1 - level[members] @ level[members].T, axis=1)[:, :20].mean(1)
            found.append(int(members[np.argmin(np.round(far, 12))]))
    others = rng.permutation(np.setdiff1d(np.arange(len(level)), found))
    return np.concatenate([np.asarray(found, np.int64), others])[:n]


def chance_of_one_class(n_defect: int, n_normal: int, first: int) -> float:
    """How likely a random start set of `first` photos holds one class only (hypergeometric)."""
    draws = math.comb(n_defect + n_normal, first)
    return (math.comb(n_defect, first) + math.comb(n_normal, first)) / draws if draws else math.nan


def _one_class_note(truth: np.ndarray, chosen: np.ndarray, start: str) -> str:
    n_defect, n_normal = int((truth == 1).sum()), int((truth == 0).sum())
    held = np.unique(truth[chosen])
    if len(held) != 1 or not (n_defect and n_normal):
        return ""
    said = "defect" if held[0] else "normal"
    chance = chance_of_one_class(n_defect, n_normal, len(chosen))
    often = f"; a random draw does that in {chance:.0%} of cases" if start == "random" else ""
    return (
        f"The {len(chosen)} photos of the start set are all {said}{often}. It trains on, as in the paper; "
        "start=stratified would hold both classes."
    )
