"""Synthetic pictures of a rail, a concrete wall and a steel part, drawn at random with known truth."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from core.errors import ConfigError
from core.records import Trim
from core.synthetic.brushes import blob, cloud, drawn, finished, shade, spots, step, walk

RAIL_KINDS = ("damage", "dent", "spalling", "ripple", "cut")
"""Defects of a rail head: torn metal, a pressed dent, flaked running band, corrugation, slanting cuts."""


RAIL_TRAPS = ("dirt", "joint", "plain")
"""What a sound rail may show: dirt, a rail joint, nothing."""


def rail(
    rng: np.random.Generator, kind: str = "plain", size: int = 256, place: int | None = None
) -> np.ndarray:
    """A rail head from above, (size, size, 3) uint8 grey, with one of `RAIL_KINDS` or `RAIL_TRAPS`.

    `place` fixes profile, running band and light, so that photos of one place look alike. `ConfigError` for
    an unknown kind.
    """
    if kind not in RAIL_KINDS + RAIL_TRAPS:
        raise ConfigError(f"There is no rail {kind!r}; choose one of {', '.join(RAIL_KINDS + RAIL_TRAPS)}.")
    look = rng if place is None else np.random.default_rng([place, 1])
    y, x = np.mgrid[:size, :size] / size
    left, right = look.uniform(0.0, 0.18), look.uniform(0.82, 0.98)
    middle, half = look.uniform(0.4, 0.62), look.uniform(0.07, 0.2)
    wave = 0.012 * cloud(rng, (size, 1), 1.6) if look.random() < 0.5 else np.zeros((size, 1))
    band = step(
        (half - np.abs(x - middle + wave)) / look.uniform(0.008, 0.05)
        + look.uniform(0, 0.6) * cloud(rng, (size, size), 0.7)
    )
    head = step((x - left) / 0.015) * step((right - x) / 0.03)
    stripes = cloud(look, (1, size), 0.9)[0]  # worn lines run along the rail
    grain = cloud(rng, (size, size), 0.35)
    pits = spots(rng, (size, size), look.uniform(0.002, 0.01), (0.6, 2.0))
    light = look.uniform(70, 120) + 14 * stripes + look.uniform(8, 17) * grain
    light += band * (look.uniform(35, 85) + look.uniform(4, 16) * cloud(rng, (size, size), 0.8))
    light -= (55 + 25 * band) * pits + look.uniform(0, 45) * (1 - band) * spots(
        rng, (size, size), 0.03, (0.7, 1.2)
    )
    light *= 1 - 0.25 * ((x - middle) / 0.6) ** 2
    if kind in ("damage", "dent"):
        light = _hole(rng, light, x, y, middle, half, deep=kind == "damage")
    elif kind == "spalling":
        light = _flakes(rng, light, x, y, middle, half)
    elif kind == "ripple":
        light = _ripples(rng, light, x, y, middle, half)
    elif kind == "cut":
        light = _cuts(rng, light, x, y)
    elif kind == "dirt":
        blot = step((blob(rng, x, y, rng.uniform(0.3, 0.7), rng.uniform(0.15, 0.85), 0.1, 0.13)) / 0.05)
        light *= 1 - rng.uniform(0.35, 0.6) * blot
    elif kind == "joint":
        at = rng.uniform(0.2, 0.8) + 0.004 * cloud(rng, (1, size), 1.0)
        light *= 1 - 0.9 * step((rng.uniform(0.012, 0.03) - np.abs(y - at)) / 0.004)
    light = 8 + head * np.clip(light, 0, None)
    return finished(
        rng, np.repeat(light[..., None], 3, 2), blur=look.uniform(0.35, 0.7), noise=2.5, grey=True
    )


def _hole(
    rng: np.random.Generator,
    light: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    middle: float,
    half: float,
    deep: bool,
) -> np.ndarray:
    """A dark hole wider than long with a bright rim (damage), or a shallow rough one (dent)."""
    cx, cy = middle + rng.uniform(-1, 1) * half, rng.uniform(0.2, 0.8)
    rx = rng.uniform(0.09, 0.2) if deep else rng.uniform(0.045, 0.09)
    ragged = blob(rng, x, y, cx, cy, rx, rx * (rng.uniform(0.3, 0.6) if deep else rng.uniform(0.6, 1.1)))
    rim = step((ragged + 0.45) / 0.5) * (1 - step(ragged / 0.15))
    inside = step(ragged / 0.15)
    light = light + rim * rng.uniform(15, 60) * (0.6 + 0.4 * np.sign(y - cy))
    dark = 0.85 if deep else rng.uniform(0.45, 0.65)
    return light * (1 - dark * inside) + inside * 9 * cloud(rng, light.shape, 0.3)


def _flakes(
    rng: np.random.Generator, light: np.ndarray, x: np.ndarray, y: np.ndarray, middle: float, half: float
) -> np.ndarray:
    """Dark flakes close together along the running band."""
    cy, long = rng.uniform(0.3, 0.7), rng.uniform(0.2, 0.45)
    cx, wide = middle + rng.uniform(-0.5, 0.5) * half, rng.uniform(0.4, 0.9) * max(half, 0.08)
    where = step((1 - np.hypot((x - cx) / wide, (y - cy) / long)) / 0.35)
    rough = ndimage.zoom(cloud(rng, (light.shape[0] // 2, light.shape[1]), 0.9), (2, 1), order=1)
    flakes = step((rough - rng.uniform(0.1, 0.6)) / 0.35) * where
    return light * (1 - 0.8 * flakes) + 18 * where * (1 - flakes)


def _ripples(
    rng: np.random.Generator, light: np.ndarray, x: np.ndarray, y: np.ndarray, middle: float, half: float
) -> np.ndarray:
    """Corrugation: dark and bright lines across the running band, close and uneven."""
    wide = max(half, 0.09) * rng.uniform(0.9, 1.4)
    where = step((1 - np.abs(x - middle) / wide) / 0.3) * step(
        (rng.uniform(0.25, 0.5) - np.abs(y - 0.5)) / 0.1
    )
    phase = y * rng.uniform(22, 45) + 0.35 * cloud(rng, light.shape, 1.4)
    lines = np.sin(2 * np.pi * phase)
    return light + where * (lines * rng.uniform(22, 42) - 10) + where * 10 * cloud(rng, light.shape, 0.4)


def _cuts(rng: np.random.Generator, light: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """One to three dark lines across the head, slanting, with a bright lip."""
    slant = rng.uniform(-0.6, 0.6)
    n_cuts = rng.integers(1, 4)
    for k in range(n_cuts):
        at = (k + rng.uniform(0.25, 0.75)) / n_cuts
        off = y - at - slant * (x - 0.5) - 0.02 * cloud(rng, (1, light.shape[1]), 1.6)
        thick = rng.uniform(0.006, 0.014)
        ends = step((x - rng.uniform(0.05, 0.35)) / 0.04) * step((rng.uniform(0.65, 0.95) - x) / 0.04)
        light = light * (1 - 0.6 * ends * np.exp(-((off / thick) ** 2)))
        light = light + rng.uniform(12, 40) * ends * np.exp(-(((off - 2.2 * thick) / thick) ** 2))
    return light


def concrete(
    rng: np.random.Generator,
    size: int | tuple[int, int] = 256,
    cracked: bool = True,
    place: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """A concrete wall and its mask: (H, W, 3) uint8 and (H, W) bool, True on crack; `size` is H, W or both.

    With stains, pores, shadows, formwork lines and light scratches, none of which is in the mask. Cracks
    wander, branch and end, 1 to 6 px wide along their way.
    """
    height, width = (size, size) if isinstance(size, int) else size
    shape = (height, width)
    look = rng if place is None else np.random.default_rng([place, 2])
    y, x = np.mgrid[:height, :width].astype(np.float64)
    base = look.uniform(85, 175) * np.array([1.0, look.uniform(0.95, 1.0), look.uniform(0.84, 0.99)])
    tone = look.uniform(6, 14) * cloud(rng, shape, 1.5) + look.uniform(3, 8) * cloud(rng, shape, 0.9)
    tone += look.uniform(3, 9) * cloud(rng, shape, 0.25)
    tone += 10 * (spots(rng, shape, look.uniform(0, 0.03), (0.8, 2.0)) - spots(rng, shape, 0.006, (0.8, 1.6)))
    wall = base + tone[..., None]
    for _ in range(rng.integers(0, 4)):  # rust, moss and lime come as stains
        hue = np.array([(12, -4, -18), (-13, -5, -14), (15, 15, 14), (-24, -23, -21)][rng.integers(4)])
        stain = step((cloud(rng, shape, 1.4) - rng.uniform(0.4, 1.6)) / 1.5) * rng.uniform(0.4, 1.2)
        wall += stain[..., None] * hue
    if look.random() < 0.45:  # water runs down
        runs = step((cloud(rng, (1, width), 0.8) - rng.uniform(0.6, 1.4)) / 0.3)
        wall -= (runs * (0.5 + 0.5 * cloud(rng, shape, 1.4)).clip(0, 1.5) * rng.uniform(8, 30))[..., None]
    pores = spots(rng, shape, look.uniform(0, 0.0014), (0.8, 2.6))
    wall -= (pores * rng.uniform(25, 70) - np.roll(pores, (2, 1), (0, 1)) * 14)[..., None]
    if look.random() < 0.35:
        wall -= _board_lines(rng, x, y)[..., None]
    if rng.random() < 0.3:
        wall += _scratches(rng, shape)[..., None]
    mask = np.zeros(shape, bool)
    if cracked:
        while mask.sum() < max(shape) // 2:  # a crack that only touches the corner is drawn again
            cover, depth = _crack(rng, shape)
            mask = cover >= 0.4
        chipped = ndimage.gaussian_filter(cover, 1.2) - ndimage.gaussian_filter(
            np.roll(cover, (1, 1), (0, 1)), 1.2
        )
        wall += (rng.uniform(0, 45) * chipped)[..., None]
        wall *= 1 - (depth * cover)[..., None] * np.array([0.95, 1.0, 1.0])
    wall *= shade(rng, x, y)[..., None]
    return finished(rng, wall, blur=rng.uniform(0.3, 0.8), noise=rng.uniform(1.5, 5)), mask


def _board_lines(rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Joints of the formwork: straight lines, how much darker."""
    along, length = (x, x.shape[1]) if rng.random() < 0.5 else (y, y.shape[0])
    at = rng.uniform(0.1, 0.9) * length
    tilt = rng.uniform(-0.02, 0.02) * (y if along is x else x)
    line = np.exp(-(((along + tilt - at) / rng.uniform(0.8, 2.5)) ** 2)) * rng.uniform(10, 45)
    return line + step(along + tilt - at) * rng.uniform(-8, 8)


def _scratches(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Light scratches and threads: thin curves, how much lighter."""
    found = np.zeros(shape)
    for _ in range(rng.integers(1, 4)):
        points = walk(rng, shape, rng.uniform(0.15, 0.5) * min(shape), wander=0.4)
        found = np.maximum(found, drawn(shape, points, np.full(len(points), rng.uniform(0.8, 1.8))))
    return found * rng.uniform(12, 35)


def _crack(rng: np.random.Generator, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Cover and depth of one to three cracks with branches, each (H, W), 0 to 1."""
    cover, depth = np.zeros(shape), np.zeros(shape)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        widest = rng.choice([1.4, 2.2, 3.0, 4.0, 5.0, 6.0]) * rng.uniform(0.85, 1.0)
        from_edge = rng.random() < 0.7
        start = rng.uniform(0, 1, 2) * shape
        angle = rng.uniform(0, 2 * np.pi)
        if from_edge:
            side = rng.integers(4)
            start[side % 2] = 0 if side < 2 else shape[side % 2]
            angle = (np.pi / 2, 0, -np.pi / 2, np.pi)[side] + rng.uniform(-0.5, 0.5)
        way = walk(rng, shape, rng.uniform(0.5, 1.6) * max(shape), rng.uniform(0.35, 0.75), start, angle)
        tips = [(way, widest, angle, 0)]
        while tips:
            points, wide, direction, level = tips.pop()
            line, dark = _one_crack(rng, shape, points, wide, tapers_at_start=level == 0 and not from_edge)
            cover, depth = np.maximum(cover, line), np.where(line > 0.02, np.maximum(depth, dark), depth)
            for _ in range(rng.poisson((1.3, 0.5, 0.0)[level])):
                at = rng.integers(len(points) // 8, len(points))
                turn = direction + rng.choice([-1, 1]) * rng.uniform(0.35, 1.1)
                length = rng.uniform(0.12, 0.45) * max(shape) / (level + 1)
                branch = walk(rng, shape, length, rng.uniform(0.4, 0.8), points[at], turn)
                tips.append((branch, max(1.2, wide * rng.uniform(0.4, 0.8)), turn, level + 1))
    return cover, depth


def _one_crack(
    rng: np.random.Generator, shape: tuple[int, int], points: np.ndarray, widest: float, tapers_at_start: bool
) -> tuple[np.ndarray, np.ndarray]:
    n = len(points)
    along = np.linspace(0, 1, n)
    uneven = ndimage.gaussian_filter1d(rng.standard_normal(n + 120), 12)[60:-60]
    width = widest * (0.75 + 0.22 * uneven / (uneven.std() or 1))
    width *= np.clip((1 - along) * 4, 0.25, 1) * (np.clip(along * 4, 0.25, 1) if tapers_at_start else 1)
    width = np.clip(width + rng.normal(0, 0.12, n), 0.9, 6.0)
    line = drawn(shape, points, width)
    dark = np.clip(rng.uniform(0.35, 0.6) + 0.06 * widest + 0.08 * cloud(rng, shape, 1.2), 0.25, 0.92)
    return line, dark


def steel(
    rng: np.random.Generator, grade: int, size: tuple[int, int] = (255, 340), place: int | None = None
) -> tuple[np.ndarray, Trim]:
    """A painted steel part of a grade (0 light to 3 severe) in its surroundings, and the box of the part.

    (H, W, 3) uint8. Inside the box: 0 sound paint, at most specks; 1 thin rust through the paint; 2 thick
    rust in layers; 3 the same with holes and lost edges. Around it less of the same, and other things.
    `ConfigError` for another grade.
    """
    if grade not in (0, 1, 2, 3):
        raise ConfigError(f"There is no grade {grade}; choose 0, 1, 2 or 3.")
    height, width = size
    look = rng if place is None else np.random.default_rng([place, 3])
    y, x = np.mgrid[:height, :width].astype(np.float64)
    side_y, side_x = rng.uniform(0.48, 0.62), rng.uniform(0.45, 0.6)
    top, left = rng.uniform(0.05, 0.95 - side_y), rng.uniform(0.05, 0.95 - side_x)
    trim = (round(left, 4), round(top, 4), round(left + side_x, 4), round(top + side_y, 4))
    paint = np.array(
        [(196, 199, 196), (126, 154, 124), (58, 98, 82), (168, 196, 196), (186, 172, 146)][look.integers(5)]
    )
    low, high = (top - 0.04) * height, (top + side_y) * height
    near, far = (left - 0.12) * width, (left + side_x + 0.12) * width
    part = step((y - low) / 1.2) * step((high - y) / 1.2) * step((x - near) / 1.2) * step((far - x) / 1.2)
    metal = (
        paint * look.uniform(0.8, 1.05) + (5 * cloud(rng, size, 1.5) + 2.5 * cloud(rng, size, 0.4))[..., None]
    )
    metal = _formed(rng, metal, x, y, low, high, near, far)
    inside = (
        step((y - low) / 8)
        * step((high - y) / 8)
        * step((x - left * width) / 8)
        * step((trim[2] * width - x) / 8)
    )
    metal = _rusted(rng, metal, grade, inside, y, (low + high) / 2, high)
    scene = _surroundings(rng, look, size, x, y)
    scene = scene * (1 - part[..., None]) + metal * part[..., None]
    cast = ndimage.gaussian_filter(part, 6)
    scene *= (1 - 0.35 * (np.roll(cast, (8, 8), (0, 1)) * (1 - part)))[..., None]
    scene *= shade(rng, x, y, soft=True)[..., None]
    return finished(rng, scene, blur=rng.uniform(0.4, 0.8), noise=rng.uniform(1.5, 4)), trim


def _formed(
    rng: np.random.Generator,
    metal: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    low: float,
    high: float,
    near: float,
    far: float,
) -> np.ndarray:
    """Flange, stiffener and bolts: light and shadow of the part's form."""
    flange = high - rng.uniform(0.12, 0.25) * (high - low)
    metal = metal * (1 - 0.3 * np.exp(-(((y - flange) / 3) ** 2)) + 0.1 * step((y - flange) / 2))[..., None]
    if rng.random() < 0.5:
        rib = rng.uniform(0.3, 0.7) * (far - near) + near
        metal = (
            metal
            * (1 - 0.28 * np.exp(-(((x - rib - 5) / 4) ** 2)) + 0.1 * np.exp(-(((x - rib) / 2.5) ** 2)))[
                ..., None
            ]
        )
    if rng.random() < 0.5:
        rows, radius = rng.integers(2, 4), rng.uniform(3.5, 5.5)
        for k in range(rows * 2):
            cy = low + (0.2 + 0.5 * (k // 2) / rows) * (high - low)
            cx = near + (0.3 + 0.16 * (k % 2)) * (far - near)
            r = np.hypot(x - cx, y - cy) / radius
            lit = np.clip((cx - x + cy - y) / radius / 2, -1, 1)
            metal = (
                metal
                * (1 + step((1 - r) / 0.2) * 0.3 * lit - 0.35 * np.exp(-(((r - 1.15) / 0.25) ** 2)))[
                    ..., None
                ]
            )
    return metal


def _rusted(
    rng: np.random.Generator,
    metal: np.ndarray,
    grade: int,
    inside: np.ndarray,
    y: np.ndarray,
    middle: float,
    high: float,
) -> np.ndarray:
    """The part with the rust of its grade, heavier below, where water stands."""
    shape = (metal.shape[0], metal.shape[1])
    sink = (y - middle) / (high - middle + 1e-9)
    fine = cloud(rng, shape, 0.5)
    field = 0.9 * cloud(rng, shape, 1.5) + 0.4 * cloud(rng, shape, 0.9) + rng.uniform(0.2, 1.1) * sink
    tint = cloud(rng, shape, 1.2)[..., None]
    orange = np.array([150, 96, 58]) + 11 * fine[..., None] + tint * np.array([16, 15, 12])
    brown = np.array([88, 58, 43]) + 12 * fine[..., None] + tint * np.array([26, 15, 8])
    reach = 0.3 + 0.7 * inside

    def spread(share: float, sharp: float, rough: float) -> np.ndarray:
        """Cover of the worst `share` of the part, 0 to 1."""
        ragged = field + rough * fine
        return step((ragged - np.quantile(ragged[inside > 0.5], 1 - share)) / sharp) * reach

    def over(below: np.ndarray, above: np.ndarray, cover: np.ndarray) -> np.ndarray:
        return below * (1 - cover[..., None]) + above * cover[..., None]

    dirt = step((field - 0.6) / 1.2) * rng.uniform(0, 0.22)
    metal = metal * (1 - dirt[..., None] * np.array([0.6, 0.75, 1.0]))
    thin = (rng.uniform(0.0, 0.025), rng.uniform(0.16, 0.4), rng.uniform(0.4, 0.7), rng.uniform(0.4, 0.7))[
        grade
    ]
    if thin:
        film = spread(thin, 0.5, 0.25) * np.clip(0.75 + 0.25 * cloud(rng, shape, 0.7), 0, 1)
        runs = ndimage.uniform_filter1d(film, 45, axis=0, origin=-20) * (1 - film)
        metal = metal * (1 - 0.4 * runs[..., None] * np.array([0.3, 0.65, 1.0]))
        metal = over(metal, orange, film)
    if grade >= 2:
        thick = spread(rng.uniform(0.26, 0.45), 0.1, 0.12)
        height = 1.2 * cloud(rng, shape, 1.0) + 0.25 * fine
        relief = height - np.roll(height, (2, 2), (0, 1))
        metal = over(metal, brown * (1 + 0.3 * relief[..., None]).clip(0.4, 1.45), thick)
        lip = np.clip(np.roll(thick, (-2, -1), (0, 1)) - thick, 0, 1)
        metal = metal * (1 - 0.55 * lip[..., None])
    if grade == 3:
        lost = field + 0.25 * cloud(rng, shape, 1.1) + 0.06 * fine
        hole = step((lost - np.quantile(lost[inside > 0.5], 1 - rng.uniform(0.1, 0.2))) / 0.04) * inside
        rim = np.clip(ndimage.gaussian_filter(hole, 2.0) - hole, 0, 1)
        metal = metal * (1 + 0.6 * rim[..., None] * np.array([1.0, 0.75, 0.5]))
        metal = over(metal, np.array([22, 19, 17]) + 4 * cloud(rng, shape, 1.3)[..., None], hole)
    return metal


def _surroundings(
    rng: np.random.Generator, look: np.random.Generator, size: tuple[int, int], x: np.ndarray, y: np.ndarray
) -> np.ndarray:
    """What lies behind and beside a part: concrete, sky, leaves or the dark under a deck."""
    shape = (size[0], size[1])
    horizon = rng.uniform(0.25, 0.75) * shape[0] + rng.uniform(-0.3, 0.3) * (x - shape[1] / 2)
    colours = np.array([(150, 146, 136), (214, 224, 232), (74, 92, 52), (46, 44, 44), (120, 104, 84)])
    upper, lower = colours[look.integers(5)], colours[look.integers(5)]
    below = step((y - horizon) / 3)[..., None]
    scene = upper * (1 - below) + lower * below
    scene = scene + (11 * cloud(rng, shape, 1.2) + 6 * cloud(rng, shape, 0.5))[..., None]
    at = rng.uniform(0, 1) * shape[1]
    slant = rng.uniform(-0.4, 0.4)
    beam = step((rng.uniform(10, 28) - np.abs(x - at - slant * (y - shape[0] / 2))) / 1.5)[..., None]
    behind = scene * (1 - beam) + beam * (
        np.array([112, 112, 108]) * rng.uniform(0.6, 1.4) + 5 * cloud(rng, shape, 1.0)[..., None]
    )
    return ndimage.gaussian_filter(behind, (1.2, 1.2, 0))  # out of focus
