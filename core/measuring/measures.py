"""How wide and how long a crack is: in pixels by its mask, in millimetres by a scale; its grade."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy

from core import sweep
from core.measuring import profiles, scales, standards, widths
from core.measuring.standards import Standard

NEAR = 0.1
"""ours: how far a threshold may be moved before its verdict counts as another one."""


def of_mask(
    cracks: np.ndarray, grey: np.ndarray | None = None, stored: np.ndarray | None = None, cut: float = 0.5
) -> dict[str, float | int | str | None]:
    """What is measured on a mask without specks (H, W) bool, in pixels.

    `max_width_px mean_width_px length_px n_cracks` and the band `max_width_low_px max_width_high_px` in which
    the widest place lies. With the photo, `grey` (H, W), widths are those of its grey values, else those of
    the mask, half a pixel up and down. With the map, `stored` (H, W) cut at `cut`, the band of a crack too
    thin to show its darkness also holds what a threshold 0.1 lower or higher would say. Widths are 0 without
    a crack, and None where the mask shows no edge of it.
    """
    found = widths.measure(cracks)
    px = {"max_width": found.max_px, "mean_width": found.mean_px, "length": found.length_px}
    low, high, widest = 0.5, 0.5, None
    if found.n_cracks and not math.isnan(found.max_px):
        even = widths.evened(found, found.width_px)
        widest = widths.widest(found, even)
        if grey is not None:
            finer = profiles.measure(grey, found)
            even = widths.evened(found, finer.width_px)
            widest = widths.widest(found, even)
            px["max_width"], px["mean_width"] = float(even[widest]), float(finer.width_px.mean())
            low = px["max_width"] - float(widths.evened(found, finer.low_px)[widest])
            high = float(widths.evened(found, finer.high_px)[widest]) - px["max_width"]
        if stored is not None and (grey is None or px["max_width"] < profiles.OPEN):
            less, more = _sway(stored, found, widest, cut)
            low, high = math.hypot(low, less), math.hypot(high, more)
    px |= {"max_width_low": px["max_width"] - low, "max_width_high": px["max_width"] + high}
    told: dict[str, float | int | str | None] = {"n_cracks": found.n_cracks}
    for name, value in px.items():
        value = 0.0 if not found.n_cracks else max(value, 0.0)
        told[f"{name}_px"] = None if math.isnan(value) else round(value, 2)
    return told


def _sway(stored: np.ndarray, found: widths.Widths, widest: int, cut: float) -> tuple[float, float]:
    """By how much the crack is thinner at a threshold `NEAR` higher, and wider at one lower, in pixels."""
    reach = 1.5 * float(found.width_px[widest]) + 8
    t = np.arange(-reach, reach + 0.125, 0.25)
    along = found.along[widest]
    normal = np.array([-along[1], along[0]])
    way = found.places[widest][:, None] + normal[:, None] * t
    p = scipy.ndimage.map_coordinates(stored.astype(np.float32), way, order=1, mode="nearest") / 255
    middle = len(t) // 2

    def wide(threshold: float) -> float:
        labels, _ = scipy.ndimage.label(p >= threshold)
        return 0.25 * float((labels == labels[middle]).sum()) if labels[middle] else 0.0

    here = wide(cut)
    return max(0.0, here - wide(min(1.0, cut + NEAR))), max(0.0, wide(max(0.0, cut - NEAR)) - here)


def share(stored: np.ndarray, cut: float, smallest_px: float) -> dict[str, float | int | str | None]:
    """`crack_fraction_low crack_fraction_high`, 0 to 1: the band in which the cracked share of a photo lies.

    From a threshold `NEAR` higher, without specks, to one `NEAR` lower (at most by half, for at 0 all is
    crack), all pixels of the mask.
    """
    sure = widths.without_specks(sweep.mask(stored, min(1.0, cut + NEAR)), smallest_px)
    perhaps = sweep.mask(stored, max(cut / 2, cut - NEAR))
    return {"crack_fraction_low": float(sure.mean()), "crack_fraction_high": float(perhaps.mean())}


def in_mm(
    measured: Mapping[str, Any], scale_mm_per_px: float | None, scale_error: float = 0.0
) -> dict[str, float | int | str | None]:
    """What was measured in pixels in millimetres, and `scale` in words; None where no scale is known.

    `scale_error`, a share, widens the band of the widest place on both sides.
    """
    told: dict[str, float | int | str | None] = {}
    for name in ("max_width", "mean_width", "length", "max_width_low", "max_width_high"):
        value = measured.get(f"{name}_px")
        if scale_mm_per_px is None or not isinstance(value, int | float):
            told[f"{name}_mm"] = None
            continue
        sure = {"max_width_low": 1 - scale_error, "max_width_high": 1 + scale_error}.get(name, 1.0)
        told[f"{name}_mm"] = round(value * scale_mm_per_px * sure, 3)
    told["scale_error"] = None if scale_mm_per_px is None else round(scale_error, 4)
    return told | {"scale": "no scale" if scale_mm_per_px is None else f"{scale_mm_per_px:g} mm/px"}


def shown(
    measured: Mapping[str, Any],
    scale_mm_per_px: float | None,
    standard: Standard | None,
    focal_px: float | None = None,
) -> dict[str, float | int | str | None]:
    """What a photo of this scale cannot show of what the standard asks about; {} where it shows all.

    `finest_mm` is the finest width that it can show, `closer_times` how many times nearer the camera must
    be, `closer_m` the largest distance, where a lens is known. `finer_than_mm` is there for a crack that may
    be finer than that: its width is below this, and no more can be said. It takes measured millimetres.
    """
    wanted = standards.finest(standard) if standard is not None else None
    if scale_mm_per_px is None or wanted is None:
        return {}
    short = scales.closer(scales.given(scale_mm_per_px), wanted, focal_px)
    if short is None:
        return {}
    told: dict[str, float | int | str | None] = {"finest_mm": round(short.finest_mm, 4)}
    told["closer_times"] = round(short.times, 2)
    if short.m is not None:
        told["closer_m"] = round(short.m, 3)
    low, high = measured.get("max_width_low_mm"), measured.get("max_width_high_mm")
    if measured.get("n_cracks") and low is not None and high is not None and low < short.finest_mm:
        told["finer_than_mm"] = round(max(float(high), short.finest_mm), 3)
    return told


def graded(
    measured: Mapping[str, Any], standard: Standard | None, *, is_surface: bool = False
) -> dict[str, float | int | str | None]:
    """`standard`, `grade` ("c", or "b or c" where the band straddles a limit) and what the grade means.

    Nothing without a standard, without millimetres, or without a crack: no width, no grade. `grade_by` is
    `width`, `share` or `both`: what decided. Where the standard also has limits for the cracked share of a
    surface, `grade_share` is `judged` or `no surface`. ours: the share is judged only where a person said how
    large a surface the photo shows, `is_surface`; of any other photo it depends on where the camera stood.
    """
    low, high = measured.get("max_width_low_mm"), measured.get("max_width_high_mm")
    if measured.get("finer_than_mm") is not None:  # how much finer the photo cannot show
        low, high = 0.0, measured["finer_than_mm"]
    if standard is None or low is None or high is None or not measured.get("n_cracks"):
        return {}
    share = measured.get("crack_fraction")
    is_judged = is_surface and share is not None
    least, most = (float(measured.get(f"crack_fraction{end}", share or 0.0)) for end in ("_low", "_high"))
    found = standards.grade(standard, (float(low), float(high)), (least, most) if is_judged else None)
    told: dict[str, float | int | str | None] = {
        "standard": standard.key,
        "grade": " or ".join(found.grades),
        "grade_words": found.words,
        "grade_by": found.by,
    }
    if standards.knows_share(standard):
        told["grade_share"] = "judged" if is_judged else "no surface"
    return told
