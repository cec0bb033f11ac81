"""What `evaluate` tells of a crack model beside pixels: cracks found, false alarms, length missed, price."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from core import explore, sweep
from core.errors import ConfigError, DataError
from core.measuring.stakes import LENGTH_PX, Stakes
from core.metrics import plain
from core.records import PhotoSet

CHOSEN_ON: Final = "val"
"""The split whose photos choose a threshold unless another one is asked for by name."""


def on_site(
    evaluation: Mapping[str, np.ndarray], threshold: float, scale_mm_per_px: float | None
) -> dict[str, Any]:
    """What a threshold means on the wall, in photos, alarms and length, as JSON takes it.

    `cracked found overlooked`: cracked photos, by `explore.in_photos`. `clean`: what has no crack, counted
    in `clean_of` (photos, or ninths of photos where few are clean), `false_alarms` among them and
    `alarms_per_100`. `length_px missed_px`, and `length_m missed_m` with a scale; without the lengths for an
    evaluation made before they were counted.
    """
    photos = explore.in_photos(sweep.query(evaluation["histogram"], threshold))
    told: dict[str, Any] = {"cracked": photos.n_cracked, "found": photos.found}
    told["overlooked"] = photos.overlooked
    stakes = Stakes.of_evaluation(evaluation)
    if stakes is None:
        return told
    missed, alarms = stakes.at(threshold)
    told |= {"clean": stakes.n_clean, "clean_of": stakes.of, "false_alarms": alarms}
    told["alarms_per_100"] = 100 * alarms / stakes.n_clean if stakes.n_clean else None
    told |= {"length_px": stakes.length_px, "missed_px": missed}
    if scale_mm_per_px:
        told |= {"length_m": stakes.length_px * scale_mm_per_px / 1000}
        told |= {"missed_m": missed * scale_mm_per_px / 1000}
    return dict(plain(told))


def split(told: Namespace, photos: PhotoSet) -> str:
    """The split whose photos choose the threshold of a price; `DataError` where it holds none.

    ours: never quietly the photos that are then scored, which would flatter their figures.
    """
    name = told.price_on or CHOSEN_ON
    if not photos.part(name):
        there = ", ".join(sorted({p.split for p in photos.photos if p.split})) or "none"
        raise DataError(
            f"{photos.name} has no photos in the split {name!r} to choose a threshold on; there is {there}: "
            "name one by --price-on."
        )
    return name


def checked(told: Namespace) -> None:
    """`ConfigError` for a price beside a threshold, and for a split without a price."""
    if told.price is None and told.price_on:
        raise ConfigError("--price-on says which photos choose the threshold of --price; give that, too.")
    if told.price is not None and told.threshold is not None:
        raise ConfigError("--price chooses the threshold; leave --threshold out.")


def cheapest(
    evaluation: Mapping[str, np.ndarray], price: float, on: str, scored: str, scale_mm_per_px: float | None
) -> dict[str, Any]:
    """The threshold of least cost on these photos, of the split `on`, and the words that say so.

    A missed metre, or 1000 px without a scale, costs as much as `price` false alarms. `ConfigError` where
    nothing is cracked or nothing is clean.
    """
    stakes = Stakes.of_evaluation(evaluation)
    n = len(evaluation["name"])
    if stakes is None or not stakes.can_weigh:
        raise ConfigError(
            f"The {n} photos of {on} hold nothing to miss or nothing clean; a price needs both to be weighed."
        )
    unit = "metre" if scale_mm_per_px else f"{LENGTH_PX:.0f} px"
    threshold = stakes.cheapest(price, 1000 / scale_mm_per_px if scale_mm_per_px else LENGTH_PX)
    words = (
        f"When a missed {unit} costs as much as {price:g} false alarms, {threshold:g} costs least on the {n} "
        f"photos of {on}"
    )
    words += (
        "; these figures are of the very photos that chose it."
        if on == scored or "all" in (on, scored)
        else "."
    )
    return {"price": price, "unit": unit, "threshold": threshold, "chosen_on": on, "n": n, "words": words}
