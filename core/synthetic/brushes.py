"""What synthetic photos are painted with: rough surfaces, spots, wandering lines, light and a camera.

Rough surfaces are noise whose spectrum falls as that of real ones does; no photo stands behind them.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import fft, ndimage


def cloud(rng: np.random.Generator, shape: tuple[int, int], slope: float) -> np.ndarray:
    """Noise whose amplitude falls with frequency to the power of `slope`: mean 0, standard deviation 1.

    0 is grain, 1 rough, 2 soft clouds. A shape with a 1 varies along the other axis only.
    """
    whole, fall = _spectrum(shape, slope)
    waves = rng.standard_normal((2, *fall.shape), np.float32)
    field = fft.irfft2((waves[0] + 1j * waves[1]) * fall, whole)[: shape[0], : shape[1]]
    return ((field - field.mean()) / (field.std() or 1.0)).astype(np.float64)


@lru_cache(maxsize=64)
def _spectrum(shape: tuple[int, int], slope: float) -> tuple[tuple[int, int], np.ndarray]:
    """The size to draw at, a quarter larger as opposite edges of a field meet, and each amplitude."""
    height, width = (fft.next_fast_len(n + n // 4, real=True) if n > 1 else 1 for n in shape)
    f = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    f[0, 0] = np.inf
    return (height, width), (f**-slope).astype(np.float32)


def spots(
    rng: np.random.Generator, shape: tuple[int, int], share: float, radius: tuple[float, float]
) -> np.ndarray:
    """Ragged spots at random places, 0 to 1, the small ones more; `share` of the pixels start one."""
    spots = np.zeros(shape)
    ragged = 0.35 * cloud(rng, shape, 0.5)
    for r, part in zip(np.linspace(*radius, 4), (0.5, 0.28, 0.15, 0.07), strict=True):
        seeds = (rng.random(shape) < share * part) * rng.uniform(0.3, 1, shape)
        bumps = ndimage.gaussian_filter(seeds, r) * 2 * np.pi * r * r
        spots = np.maximum(spots, np.clip((bumps * (1.4 + ragged) - 0.25) * 1.4, 0, 1))
    return spots


def step(v: np.ndarray) -> np.ndarray:
    """A soft step, 0 below -1 to 1 above 1."""
    t = np.clip((v + 1) / 2, 0, 1)
    return t * t * (3 - 2 * t)


def blob(
    rng: np.random.Generator, x: np.ndarray, y: np.ndarray, cx: float, cy: float, rx: float, ry: float
) -> np.ndarray:
    """Positive inside a ragged ellipse, about 1 at its middle."""
    return 1 - np.hypot((x - cx) / rx, (y - cy) / ry) + 0.28 * cloud(rng, (x.shape[0], x.shape[1]), 1.2)


def shade(rng: np.random.Generator, x: np.ndarray, y: np.ndarray, soft: bool = False) -> np.ndarray:
    """Light over a picture: a slope, dark corners, sometimes the edge of a shadow; about 1."""
    height, width = x.shape
    u, v = x / width - 0.5, y / height - 0.5
    light = (
        1 + rng.uniform(-0.3, 0.3) * u + rng.uniform(-0.3, 0.3) * v - rng.uniform(0, 0.35) * (u * u + v * v)
    )
    if rng.random() < (0.15 if soft else 0.3):
        angle = rng.uniform(0, 2 * np.pi)
        across = np.cos(angle) * u + np.sin(angle) * v - rng.uniform(-0.3, 0.3)
        light *= 1 - rng.uniform(0.2, 0.45) * step(across / rng.uniform(0.01, 0.08))
    return light


def finished(
    rng: np.random.Generator, picture: np.ndarray, blur: float, noise: float, grey: bool = False
) -> np.ndarray:
    """The picture with a camera's blur, noise and rounding: (H, W, 3) uint8."""
    seen = ndimage.gaussian_filter(picture, (blur, blur, 0))
    speckle = rng.normal(0, noise, (*picture.shape[:2], 1 if grey else 3))
    return np.rint(seen + speckle).clip(0, 255).astype(np.uint8)


def walk(
    rng: np.random.Generator,
    shape: tuple[int, int],
    length: float,
    wander: float,
    start: np.ndarray | None = None,
    angle: float | None = None,
) -> np.ndarray:
    """Points (n, 2) as (y, x), half a pixel apart along a line that wanders about its direction."""
    n = max(8, int(length / 0.5))
    start = rng.uniform(0.05, 0.95, 2) * shape if start is None else start
    angle = rng.uniform(0, 2 * np.pi) if angle is None else angle
    slow = ndimage.gaussian_filter1d(rng.standard_normal(n + 200), 40)[100:-100]
    fast = ndimage.gaussian_filter1d(rng.standard_normal(n + 40), 5)[20:-20]
    turn = angle + wander * (0.6 * slow / (slow.std() or 1) + 0.75 * fast / (fast.std() or 1))
    steps = 0.5 * np.stack([np.sin(turn), np.cos(turn)], 1)
    return start + np.cumsum(steps, axis=0)


def drawn(shape: tuple[int, int], points: np.ndarray, width_px: np.ndarray) -> np.ndarray:
    """How much of each pixel a line of these widths covers, 0 to 1, (H, W)."""
    reach = int(np.ceil(width_px.max() / 2 + 1))
    dy, dx = np.mgrid[-reach : reach + 1, -reach : reach + 1].reshape(2, -1)
    middle = np.rint(points).astype(int)
    yy, xx = middle[:, :1] + dy, middle[:, 1:] + dx
    far = np.hypot(yy - points[:, :1], xx - points[:, 1:])
    cover = np.clip(width_px[:, None] / 2 - far + 0.5, 0, 1)
    keep = (yy >= 0) & (yy < shape[0]) & (xx >= 0) & (xx < shape[1]) & (cover > 0)
    covered = np.zeros(shape)
    np.maximum.at(covered, (yy[keep], xx[keep]), cover[keep])
    return covered
