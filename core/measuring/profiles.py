"""How wide a crack is by its grey values: finer than a pixel, with the band it may lie in.

A mask has whole pixels, a crack has not. Across the middle line, where the direction is known best and the
error is smallest (Cho, Yoon, Jung 2018), the photo's darkness is summed up: blur spreads a crack but takes
nothing of that sum, so the sum over the darkness of the open crack is its width. How dark the open crack is
can be seen where it is wide; of a crack that is thin all along only bounds are known: they are told, and
the mask's width is taken within them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy

from core.measuring.widths import Widths

STEP: Final = 0.25
"""Pixels between two readings on the way across."""
BESIDE: Final = (-2.0, -1.0, 0.0, 1.0, 2.0)
"""Pixels along the crack at which the way across is walked again, so that noise evens out."""
FAR: Final = 8.0
"""Pixels of wall that are looked at on each side."""
BLUR: Final = 2.0
"""Pixels beyond the mask's edge into which blur may spread a crack's darkness."""
OPEN: Final = 5.0
"""A crack at least this wide in pixels shows its whole darkness in its middle, or nearly."""


@dataclass(frozen=True)
class Profiles:
    """Widths from grey values at the places of a skeleton; nan where the wall beside it cannot be seen."""

    width_px: np.ndarray
    """(k,) float32."""
    low_px: np.ndarray
    """(k,) float32: if the crack is as dark as can be."""
    high_px: np.ndarray
    """(k,) float32: if it is no darker than it looks at this place; at least the width."""


def measure(grey: np.ndarray, found: Widths) -> Profiles:
    """Widths at the skeleton places of `found`, from the grey photo (H, W) uint8 or float, dark cracks.

    Where the profile says nothing – no wall beside it, no darkness – the mask's width stands, with the
    band of half a pixel that a mask has.
    """
    k = len(found.places)
    mask_width = found.width_px.astype(np.float64)
    width, low, high = mask_width.copy(), mask_width - 0.5, mask_width + 0.5
    if not k or not np.isfinite(mask_width).all():
        return Profiles(*(a.astype(np.float32) for a in (width, low, high)))
    seen = np.zeros((k, 4))
    order = np.argsort(mask_width)  # places of like width are walked together, thin ones with few steps
    for some in np.array_split(order, max(1, math.ceil(k / 2048))):
        seen[some] = _across(np.asarray(grey, np.float32), found, some)
    area, depth, wall, slope = seen.T
    is_seen = np.isfinite(area) & (area > 0) & (depth > 0.05 * wall)
    is_open = is_seen & (mask_width >= OPEN)
    at = np.flatnonzero(is_seen)
    if is_open.any():
        blur = _blur(slope[is_open] / depth[is_open])
        darkness = depth.copy()
        for _ in range(4):  # blur takes from the middle of a crack that is not much wider than it
            spread = np.maximum(area, 1e-6) / np.maximum(darkness, 1e-6)
            darkness = depth / scipy.special.erf(np.clip(spread / (math.sqrt(8) * blur), 0.2, None))
        share = float(np.median(darkness[is_open] / wall[is_open]))
        darkness = np.where(is_open, darkness, np.maximum(depth, share * wall))
        width[at] = area[at] / darkness[at]
    low[at] = np.where(is_open[at], width[at] - 0.25, area[at] / np.maximum(depth[at], wall[at]))
    high[at] = np.where(is_open[at], width[at] + 0.25, area[at] / depth[at])
    if not is_open.any():  # how dark it is inside is not to be seen: the mask's width, within the bounds
        width[at] = np.clip(width[at], low[at], high[at])
    low, high = np.minimum(low, width), np.maximum(high, width)
    return Profiles(*(np.maximum(a, 0).astype(np.float32) for a in (width, low, high)))


def _blur(steepness: np.ndarray) -> float:
    """Standard deviation in pixels of the blur at a crack's edges: `steepness` is a pixel's share of them."""
    share = float(np.clip(np.median(steepness), 0.05, 0.98))
    return float(0.5 / (math.sqrt(2) * scipy.special.erfinv(share)))


def _across(grey: np.ndarray, found: Widths, some: np.ndarray) -> np.ndarray:
    """(n, 4) of places of like width, in grey values: darkness summed over the pixels across, darkness in the
    middle, light of the wall, steepest change from one pixel to the next.
    """
    places, along = found.places[some].astype(np.float64), found.along[some]
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1)
    half = found.width_px[some].astype(np.float64) / 2
    reach = float(half.max()) + BLUR + FAR
    t = np.arange(-reach, reach + STEP / 2, STEP)
    seen = np.zeros((len(some), len(t)))
    for beside in BESIDE:
        way = (places + beside * along)[:, :, None] + normal[:, :, None] * t
        seen += scipy.ndimage.map_coordinates(grey, way.transpose(1, 0, 2), order=1, mode="nearest")
    seen /= len(BESIDE)
    height, width = grey.shape
    ends = places[:, :, None] + normal[:, :, None] * t
    is_inside = (ends[:, 0] >= 0) & (ends[:, 0] <= height - 1) & (ends[:, 1] >= 0) & (ends[:, 1] <= width - 1)
    edge = half[:, None] + BLUR
    is_wall = (np.abs(t) > edge) & (np.abs(t) <= edge + FAR) & is_inside
    sides = []
    for side in (is_wall & (t < 0), is_wall & (t > 0)):
        light = np.where(side, seen, np.nan)
        with np.errstate(all="ignore"):
            sides.append(_median(light))
    left, right = sides
    left, right = np.where(np.isnan(left), right, left), np.where(np.isnan(right), left, right)
    middle = edge + FAR / 2
    wall = left[:, None] + (right - left)[:, None] * (t + middle) / (2 * middle)
    dark = np.where(np.abs(t) <= edge, wall - seen, 0.0)
    is_middle = np.abs(t) <= np.maximum(half[:, None] / 3, STEP)
    depth = np.where(is_middle, dark, 0.0).sum(1) / is_middle.sum(1)
    depth = np.where(half * 2 >= OPEN, depth, dark.max(1))
    n = round(1 / STEP)
    change = np.abs(dark[:, n:] - dark[:, :-n])
    return np.stack([dark.sum(1) * STEP, depth, (left + right) / 2, change.max(1)], axis=1)


def _median(values: np.ndarray) -> np.ndarray:
    """Row medians without the nans; nan for a row of nans only."""
    has = np.isfinite(values).any(1)
    found = np.full(len(values), np.nan)
    if has.any():
        found[has] = np.nanmedian(values[has], axis=1)
    return found
