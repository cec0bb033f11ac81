"""The trim coach: a box proposed for a photo that nobody has cut to the part, from what the model looked at.

Measured on five folds by campaign (`python -m tests.bench.coach`), by overlap (IoU) with boxes that people
could have drawn: this rule 0.397, the same box in the middle of the photo 0.395, a ridge regression from
the network's features to the box 0.390, the place where most was looked at 0.326. The boxes of that set are
windows on the metal laid by chance, which nothing finds much better; so what a proposal is worth is the
second verdict that it gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from core.records import Trim

SIDE: Final = 0.6
"""Width and height of a proposed box, as a share of the photo's; the best of 0.45 to 0.8 on the folds."""
PULL: Final = 0.2
"""How far its middle goes from the photo's middle to that of what was looked at; the best of 0 to 1."""

CORNERS: Final = ("box_x0", "box_y0", "box_x1", "box_y1")
"""How a verdict's figures name a proposed box."""


def proposed(looked: np.ndarray) -> Trim:
    """A box in the photo from where its model looked, (h, w) uint8 as `core.engine.looking` makes it.

    A map of nothing but zeros gives the box in the middle.
    """
    weight = np.asarray(looked, np.float64) + 1e-9  # an empty map counts everywhere alike
    middle = []
    for axis in (0, 1):
        along = weight.sum(axis)
        seen = float(along @ ((np.arange(len(along)) + 0.5) / len(along)) / along.sum())
        middle.append(min(max(0.5 + PULL * (seen - 0.5), SIDE / 2), 1 - SIDE / 2))
    (x, y), half = middle, SIDE / 2
    x0, y0, x1, y1 = (round(v, 4) for v in (x - half, y - half, x + half, y + half))
    return x0, y0, x1, y1


def of_figures(figures: Mapping[str, Any]) -> Trim | None:
    """The proposed box among a verdict's figures; None where there is none."""
    if "box_x0" not in figures:
        return None
    x0, y0, x1, y1 = (float(figures[name]) for name in CORNERS)
    return x0, y0, x1, y1
