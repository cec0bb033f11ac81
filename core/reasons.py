"""Why a person should look at a verdict, as far as the reasons are those of every domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from core.quality import Quality
from core.records import Card

UNLIKE: Final = 0.99
"""ours: from this share on a photo counts as unlike what was learned: it is farther from the training photos
than 99 of 100 photos are by which that distance is measured (the training photos themselves, or validation
photos)."""


def threshold(asked: float | None, card: Card) -> float:
    """The threshold asked for, else the card's, else 0.5."""
    cut = card.threshold if asked is None else asked
    return 0.5 if cut is None else float(cut)


def unlike(arrays: Mapping[str, np.ndarray]) -> float | None:
    """The stored distance to the training photos, 0 to 1; None where the model knows none."""
    return float(arrays["unlike"]) if "unlike" in arrays else None


def of_photo(quality: Quality | None, unlike: float | None) -> list[str]:
    """What speaks against the photo itself, whatever was said of it: a fault, or nothing like it learned."""
    doubts = []
    if quality is not None and quality.fault:
        doubts.append(f"the photo is {quality.fault}")
    if unlike is not None and unlike >= UNLIKE:
        doubts.append("the photo is unlike anything the model has learned from")
    return doubts


def sentence(doubts: Sequence[str]) -> str:
    """All doubts as one sentence that sends for a person."""
    return f"{_SENDS}{_AND.join(doubts)}."


def of_sentence(reason: str) -> list[str]:
    """The doubts of which `sentence` made this reason; [] for one that sends for nobody."""
    return reason.removeprefix(_SENDS).removesuffix(".").split(_AND) if reason.startswith(_SENDS) else []


_SENDS, _AND = "A person should look: ", ", and "
