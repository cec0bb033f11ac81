"""The cracks of a mask one by one: branches as lines with a width at every point, length, direction."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy

from core.measuring import profiles, widths

SHORTEST: int = 3
"""Points of a branch between two forks below which it is only a part of the fork."""


@dataclass(frozen=True)
class Line:
    """One branch, from end to end or fork."""

    points: np.ndarray
    """(k, 2) float64: x and y in pixels, the middle of a pixel at .5."""
    width_px: np.ndarray
    """(k,) float32, nan where the mask shows no edge."""
    along_px: np.ndarray
    """(k,) float64: the way from the branch's first point, in pixels."""


@dataclass(frozen=True)
class Crack:
    """One piece of a mask."""

    lines: tuple[Line, ...]
    """Its branches, the longest first."""
    length_px: float
    max_width_px: float
    mean_width_px: float
    angle: float
    """Its main direction in degrees, 0 (level) to 180, counted against the clock; 90 is upright."""
    forks: int
    widest: tuple[float, float]
    """x and y of the widest place."""


def cracks(mask: np.ndarray, grey: np.ndarray | None = None) -> list[Crack]:
    """All cracks of a mask without specks (H, W) bool, the longest first; [] for an empty mask.

    With the photo, `grey` (H, W), widths are those of its grey values, as in the verdict.
    """
    found = widths.measure(mask)
    if not len(found.places):
        return []
    width = np.asarray(found.width_px, np.float64)
    if np.isfinite(width).all():
        if grey is not None:
            width = np.asarray(profiles.measure(grey, found).width_px, np.float64)
        width = widths.evened(found, width)
    at = {(int(y), int(x)): i for i, (y, x) in enumerate(found.places)}
    told = []
    for number in np.unique(found.piece):
        own = np.flatnonzero(found.piece == number)
        lines, forks = _lines(found.places, at, set(own.tolist()), width)
        beyond = float(found.beyond_px[own].sum())
        wide = width[own]
        most = own[int(np.argmax(np.where(found.is_whole[own], np.nan_to_num(wide), -1.0)))]
        told.append(
            Crack(
                lines=tuple(sorted(lines, key=lambda line: -float(line.along_px[-1]))),
                length_px=widths.length(_alone(found.skeleton, found.places[own])) + beyond,
                max_width_px=float(width[most]),
                mean_width_px=float(wide.mean()),
                angle=_angle(found.places[own]),
                forks=forks,
                widest=(float(found.places[most, 1]) + 0.5, float(found.places[most, 0]) + 0.5),
            )
        )
    return sorted(told, key=lambda crack: -crack.length_px)


def _alone(skeleton: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The part of a skeleton with these places (k, 2) and nothing else, cut out."""
    low, high = places.min(0), places.max(0) + 1
    part = np.zeros(high - low, bool)
    part[tuple((places - low).T)] = True
    return part & skeleton[low[0] : high[0], low[1] : high[1]]


def _angle(places: np.ndarray) -> float:
    y, x = (places - places.mean(0)).T
    angle = 0.5 * math.atan2(2 * float((-y * x).sum()), float((x * x).sum() - (y * y).sum()))
    return math.degrees(angle) % 180


_STRAIGHT = ((0, 1), (1, 0), (0, -1), (-1, 0))
_DIAGONAL = ((1, 1), (1, -1), (-1, -1), (-1, 1))


def _lines(
    places: np.ndarray, at: dict[tuple[int, int], int], own: set[int], width: np.ndarray
) -> tuple[list[Line], int]:
    """The branches of one piece, and how many forks it has."""
    beside: dict[int, list[int]] = {}
    for i in own:
        y, x = (int(v) for v in places[i])
        near = [at[q] for dy, dx in _STRAIGHT if (q := (y + dy, x + dx)) in at]
        # A diagonal step counts only where no corner pixel joins the two already.
        near += [
            at[q]
            for dy, dx in _DIAGONAL
            if (q := (y + dy, x + dx)) in at and (y + dy, x) not in at and (y, x + dx) not in at
        ]
        beside[i] = near
    used: set[frozenset[int]] = set()
    found: list[list[int]] = []
    # Ends first, then forks, then rings, which have neither.
    for start in sorted(own, key=lambda i: (len(beside[i]) == 2, len(beside[i]), i)):
        for step in beside[start]:
            if frozenset((start, step)) in used or (len(beside[start]) == 2 and _is_on(start, beside, used)):
                continue
            way = [start, step]
            used.add(frozenset(way))
            while len(beside[way[-1]]) == 2:
                onwards = [q for q in beside[way[-1]] if frozenset((way[-1], q)) not in used]
                if not onwards:
                    break
                used.add(frozenset((way[-1], onwards[0])))
                way.append(onwards[0])
            found.append(way)
    forks = {i for i in own if len(beside[i]) > 2}
    lines = [
        _line(places, way, width)
        for way in found
        if len(way) >= SHORTEST or not (way[0] in forks and way[-1] in forks)
    ]
    if not found:  # a single pixel
        lines = [_line(places, [i], width) for i in own]
    fork_mask = {tuple(int(v) for v in places[i]) for i in forks}
    return lines, _clusters(fork_mask)


def _is_on(place: int, beside: dict[int, list[int]], used: set[frozenset[int]]) -> bool:
    return any(frozenset((place, q)) in used for q in beside[place])


def _clusters(left: set[tuple[int, ...]]) -> int:
    """How many forks there are: pixels of one crossing lie beside each other."""
    n = 0
    while left:
        n, open_ = n + 1, [left.pop()]
        while open_:
            y, x = open_.pop()
            for near in [q for q in left if abs(q[0] - y) <= 2 and abs(q[1] - x) <= 2]:
                left.remove(near)
                open_.append(near)
    return n


def _line(places: np.ndarray, way: list[int], width: np.ndarray) -> Line:
    points = places[way][:, ::-1] + 0.5
    if len(points) > 4:  # a row of steps becomes a line; its ends stay
        points = np.vstack([points[:1], scipy.ndimage.uniform_filter1d(points, 3, axis=0)[1:-1], points[-1:]])
    steps = np.hypot(*np.diff(points, axis=0).T) if len(points) > 1 else np.zeros(0)
    return Line(points, width[way].astype(np.float32), np.concatenate([[0.0], np.cumsum(steps)]))
