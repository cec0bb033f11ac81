"""Whole groups dealt to parts: photos of one group (place, scene, campaign) are alike, no split cuts it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def named(groups: Iterable[str]) -> np.ndarray:
    """(n,) str, the group of each photo; a photo without one ("") is a group of its own."""
    return np.asarray([str(name) or f"\0{i}" for i, name in enumerate(groups)], np.str_)


def dealt(classes: np.ndarray, groups: np.ndarray, n: int, n_classes: int, seed: int = 0) -> np.ndarray:
    """(n_photos,) int64, the part of each photo, 0 to n - 1; `classes` (n_photos,) are 0 to n_classes - 1.

    The largest groups (`named`) are dealt first, each to the part that then comes nearest to an equal share
    of every class; `seed` orders groups of one size. With fewer groups than parts some parts stay empty.
    """
    names, own = np.unique(groups, return_inverse=True)
    counts = np.zeros((len(names), n_classes))
    np.add.at(counts, (own, classes), 1)
    fair = np.maximum(counts.sum(0) / n, 1e-9)
    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(-counts[order].sum(1), kind="stable")]
    held, part = np.zeros((n, n_classes)), np.zeros(len(names), np.int64)
    for name in order:
        grown = held[None] + np.eye(n)[:, :, None] * counts[name]  # (part that gets it, part, class)
        part[name] = int((((grown / fair) - 1) ** 2).sum((1, 2)).argmin())
        held[part[name]] += counts[name]
    return part[own]
