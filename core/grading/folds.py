"""Which photos of a corrosion set validate: folds and a set aside, never cutting through a group.

A group is a place, scene or campaign. Photos of one group look alike, so a model validated on photos of the
groups it learned from is flattered.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core import dealing
from core.corrosion import truths
from core.errors import DataError
from core.grading.decisions import N
from core.records import Photo


def graded(photos: Sequence[Photo], name: str = "The set") -> tuple[Photo, ...]:
    """The photos with a grade, in their order; `DataError` unless every grade is among them."""
    truth = truths(photos)
    missing = [g for g in range(N) if g not in truth]
    if missing:
        raise DataError(
            f"{name} has {int((truth >= 0).sum())} graded photos to learn from and none of grade "
            f"{' and '.join(map(str, missing))}; add some of each grade 0 to 3."
        )
    return tuple(p for p, grade in zip(photos, truth, strict=True) if grade >= 0)


def deal(photos: Sequence[Photo], n: int, seed: int = 0) -> tuple[np.ndarray, str]:
    """Which of `n` parts each photo validates, (n_photos,) int64 from 0, and a note on how.

    The set's own folds are taken when there are `n` of them; else whole groups are dealt, the largest
    first, each to the part that comes nearest to an equal share of every grade. A photo without a group
    is a group of its own. `DataError` when there are fewer groups than parts, or a part lacks a grade.
    """
    truth = truths(photos)
    own = [p.fold for p in photos]
    if None not in own and len(set(own)) == n:
        part = np.unique(np.asarray(own, np.int64), return_inverse=True)[1]
        note = f"{n} folds as the set has them"
        groups: dict[str, set[int]] = {}
        for photo, k in zip(photos, part.tolist(), strict=True):
            groups.setdefault(photo.group, set()).add(k)
        cut = sum(len(parts) > 1 for group, parts in groups.items() if group)
        if cut:
            note += ", which cut groups in two: validation flatters"
    else:
        part, note = _dealt(truth, [p.group for p in photos], n, seed), f"{n} folds dealt by group"
    for k in range(n):
        missing = [g for g in range(N) if g not in truth[part == k]]
        if missing:
            raise DataError(
                f"Fold {k} of {n} holds no photo of grade {missing[0]}, so nothing can be said of it there. "
                "Take fewer folds (folds=…), or add photos from more places."
            )
    return part, note


def aside(photos: Sequence[Photo], seed: int = 0) -> np.ndarray:
    """Which photos to set aside for one validation, (n,) bool: whole groups, about a sixth of the photos.

    With few groups more are set aside, at most half, until every grade is on both sides; `DataError`
    when no choice does that.
    """
    truth, groups = truths(photos), [p.group for p in photos]
    n_groups = len(np.unique(dealing.named(groups)))
    for n in range(min(6, n_groups), 1, -1):
        part = _dealt(truth, groups, n, seed)
        for k in range(n):
            if len(set(truth[part == k])) == len(set(truth[part != k])) == N:
                return part == k
    raise DataError(
        f"No choice of the {n_groups} groups has every grade both to learn from and to validate on. Add "
        "photos from more places, or name the split of some `val`."
    )


def _dealt(truth: np.ndarray, groups: Sequence[str], n: int, seed: int) -> np.ndarray:
    """The part of each photo, (n_photos,) int64 (`dealing.dealt`); `DataError` with too few groups."""
    own = dealing.named(groups)
    n_groups = len(np.unique(own))
    if n_groups < n:
        raise DataError(
            f"{n} folds need photos of at least {n} groups (places, campaigns); these are of {n_groups}. "
            "Take fewer folds (folds=…), or add photos from other places."
        )
    return dealing.dealt(truth, own, n, N, seed)
