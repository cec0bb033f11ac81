"""A flat thing on a wall as a camera sees it: drawn into a real photo, slanted and turned as is told."""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage

from core.measuring import markers, scales
from core.measuring.scales import Scale

LENS_MM = markers.LENS_MM


def tag(number: int = 0, family: str = markers.FAMILIES[0]) -> np.ndarray:
    """A marker's picture (8 or so cells of 40 px with a white edge of two), black 25 and white 235."""
    import cv2

    known = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, f"DICT_{family}"))
    cells = known.markerSize + 2
    bits = cv2.aruco.generateImageMarker(known, number, cells)
    return _printed(np.pad(bits, 2, constant_values=255), 40)


def board(columns: int, rows: int) -> np.ndarray:
    """A checkerboard's picture, fields of 40 px with a white edge of one."""
    fields = (np.indices((rows, columns)).sum(0) % 2 * 255).astype(np.uint8)
    return _printed(np.pad(fields, 1, constant_values=255), 40)


def seen(
    wall: np.ndarray,
    page: np.ndarray,
    page_side_px: float,
    *,
    tilt: float = 0.0,
    towards: float = 0.0,
    turned: float = 0.0,
    at: tuple[float, float] = (0.5, 0.5),
    blur: float = 0.7,
    noise: float = 3.0,
    rays: int = 4,
    seed: int = 0,
) -> np.ndarray:
    """`wall` (H, W) uint8 with a page whose width is `page_side_px` at its middle, (H, W) uint8.

    The page lies on a plane slanted by `tilt` degrees `towards` a direction and turned in it; the lens is a
    telephone's. Each pixel is the mean of `rays`² rays.
    """
    height, width = wall.shape
    lens = scales.focal_px(LENS_MM, width, height)
    t, a, r = (math.radians(v) for v in (tilt, towards, turned))
    slant = np.array([[1, 0, 0], [0, math.cos(t), -math.sin(t)], [0, math.sin(t), math.cos(t)]])
    turn = _about(a) @ slant @ _about(-a) @ _about(r)
    middle = np.array([(at[0] - 0.5) * width / lens, (at[1] - 0.5) * height / lens, 1.0])
    camera = np.array([[lens, 0, width / 2], [0, lens, height / 2], [0, 0, 1]])
    h = np.linalg.inv(camera @ np.c_[turn[:, :2] * page_side_px / lens, middle])
    fine = (np.indices((rays * height, rays * width)) + 0.5) / rays
    x, y, w = np.einsum("ij,jhw->ihw", h, np.stack([fine[1], fine[0], np.ones_like(fine[0])]))
    j, i = (x / w + 0.5) * page.shape[1] - 0.5, (y / w) * page.shape[1] + page.shape[0] / 2 - 0.5
    light = ndimage.map_coordinates(page.astype(np.float32), [i, j], order=1, cval=-1.0)
    inside = (i > -0.5) & (j > -0.5) & (i < page.shape[0] - 0.5) & (j < page.shape[1] - 0.5)
    drawn = np.where(inside, np.clip(light, 0, 255), np.kron(wall, np.ones((rays, rays), np.float32)))
    drawn = ndimage.gaussian_filter(drawn.reshape(height, rays, width, rays).mean((1, 3)), blur)
    drawn = drawn + np.random.default_rng(seed).normal(0, noise, drawn.shape)
    return np.clip(np.rint(drawn), 0, 255).astype(np.uint8)


def is_within(found: Scale, true_mm_per_px: float) -> bool:
    """Whether the truth lies in the band that a scale gives itself."""
    return abs(found.mm_per_px / true_mm_per_px - 1) <= found.error


def _about(a: float) -> np.ndarray:
    return np.array([[math.cos(a), -math.sin(a), 0], [math.sin(a), math.cos(a), 0], [0, 0, 1]])


def _printed(page: np.ndarray, cell: int) -> np.ndarray:
    return np.clip(np.kron(page, np.ones((cell, cell), np.uint8)), 25, 235)
