"""Printed markers in a photo: how large a pixel is on the wall they lie on, and how slanted it is seen.

ArUco and AprilTag squares and checkerboards, found by OpenCV, which is loaded when one is looked for.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import scipy

from core import photos
from core.errors import PatinaError
from core.measuring.scales import LENGTH_ERROR, Scale, focal_px

FAMILIES: Final = ("APRILTAG_36h11", "ARUCO_MIP_36h12", "6X6_250", "5X5_100", "4X4_50")
"""ours: AprilTag's recommended family, and of ArUco's what its printing pages offer first."""
NAMES: Final = ("AprilTag 36h11", "ArUco MIP 36h12", "ArUco 6 × 6", "ArUco 5 × 5", "ArUco 4 × 4")
SMALLEST_PX: Final = 36.0
"""ours: below, the sides of drawn markers are fitted badly now and then, by three per cent."""
CORNER_PX: Final = 0.2
"""ours: how far a corner may be off once its sides are fitted, ten times what `tests/test_markers.py` finds
on drawn ones: paper bends, printers stretch."""
STRETCH: Final = 0.002
"""ours: by how much a printer may stretch a page one way."""
LENS_MM: Final = 26.0
"""ours: the main lens of most telephones, for 35 mm film, where the photo names none."""
BOARD_SIDE: Final = 1600
CHEQUERED: Final = 30.0
"""ours: fields of a board side by side differ by so many of 255 greys at least."""
MOST: Final = 0.4
"""ours: a scale that may be off by more is none."""


@dataclass(frozen=True)
class Marker:
    """One flat thing whose true shape is known, as it is seen in a photo."""

    name: str
    """ "AprilTag 36h11 no. 3", "checkerboard 8 × 5"."""
    plane: np.ndarray
    """(n, 2), known points of it, in sides of the square (of one field of a board)."""
    seen: np.ndarray
    """(n, 2), where they are seen: x, y in pixels."""

    @functools.cached_property
    def axes_px(self) -> tuple[float, float]:
        """How long one side is at its middle, the way it is seen longest and across, in pixels."""
        h = _homography(self.plane, self.seen)
        x, y, w = h @ (*self.plane.mean(0), 1.0)
        drawn = (h[:2, :2] - np.outer((x / w, y / w), h[2, :2])) / w  # the projection's derivative there
        long, short = np.linalg.svd(drawn, compute_uv=False)
        return float(long), float(short)

    @property
    def side_px(self) -> float:
        """The side of the square of the same area."""
        return math.sqrt(math.prod(self.axes_px))

    @property
    def span_px(self) -> float:
        """How far the marker reaches: what a corner's error is divided by."""
        return self.side_px * float(np.ptp(self.plane, axis=0).min())


def scale(grey: np.ndarray, mm: float, lens_px: float | None = None) -> Scale:
    """How large a pixel of a photo (H, W) uint8 is, from the markers in it, each `mm` wide.

    `mm` is the side of the black square with its border, or of one field of a checkerboard; `lens_px` the
    lens (`scales.focal_px`), else a telephone's is taken. The scale is that at the markers. Its error holds
    how well corners are seen, the ruler, how much a slanted look shortens one way against the other, and how
    much nearer some of the photo then is than the marker (root mean square over the photo).

    `PatinaError` when no marker is seen, or too slanted to tell. `told` holds mm, tilt (degrees), markers
    (how many), side_px, and where the largest lies: x, y.
    """
    if not (math.isfinite(mm) and mm > 0):
        raise PatinaError(f"A marker of {mm:g} mm cannot be; give the length of its black side.")
    found = find(grey)
    if not found:
        raise PatinaError(
            "No marker is seen in this photo: an ArUco or AprilTag square or a checkerboard, flat on the "
            f"wall, with white around it and at least {SMALLEST_PX:.0f} pixels wide. Draw a known length "
            "instead."
        )
    largest = max(found, key=lambda one: one.span_px)
    sizes = [one.side_px for one in found]
    long, short = largest.axes_px
    tilt, deep = slant(largest, grey.shape, lens_px or focal_px(LENS_MM, grey.shape[1], grey.shape[0]))
    errors = (LENGTH_ERROR, CORNER_PX / largest.span_px, (max(sizes) / min(sizes) - 1) / 2)
    error = math.hypot(*errors, (long / short - 1) / 2, deep)
    if error > MOST:
        raise PatinaError(
            f"The marker is seen {tilt:.0f}° from the side, or the markers are not all of one size; stand "
            "square-on to the wall and take the photo again."
        )
    x, y = largest.seen.mean(0)
    told = {"mm": mm, "tilt": tilt, "markers": len(found), "side_px": largest.side_px, "x": x, "y": y}
    told = {name: round(float(value), 3) for name, value in told.items()}
    return Scale(mm / float(np.mean(sizes)), error, "marker", told)


def of_photo(source: Path | bytes, name: str, mm: float) -> Scale:
    """The scale of a photo by the markers in it, each `mm` wide, with the lens that the photo names."""
    grey = photos.grey(photos.open(source, name)[0])
    lens = photos.focal_35mm(source, name)
    return scale(grey, mm, focal_px(lens, grey.shape[1], grey.shape[0]) if lens else None)


def slant(marker: Marker, shape: tuple[int, ...], lens_px: float) -> tuple[float, float]:
    """By how many degrees the camera looked at the wall from the side, and by how much depth then varies.

    The second is the root mean square over a photo of this shape (h, w) of how much farther a place is than
    the marker, as a share. Both are 0 where the marker's corners do not tell its picture from a square-on
    one.
    """
    if _unlike_square(marker) <= math.hypot(CORNER_PX, STRETCH * marker.span_px) / 2:
        return 0.0, 0.0
    cv2, (height, width) = _opencv(), shape
    camera = np.array([[lens_px, 0, width / 2], [0, lens_px, height / 2], [0, 0, 1]])
    flat = np.c_[marker.plane - marker.plane.mean(0), np.zeros(len(marker.plane))]
    # Two ways to lie look almost alike; the first fits better (Collins and Bartoli 2014).
    _, turns, ways, _ = cv2.solvePnPGeneric(flat, marker.seen, camera, None, flags=cv2.SOLVEPNP_IPPE)
    normal = cv2.Rodrigues(turns[0])[0][:, 2]
    tilt = math.degrees(math.acos(min(1.0, abs(float(normal[2])))))
    rows, columns = np.mgrid[0:1:9j, 0:1:9j]
    rays = np.stack([(columns - 0.5) * width / lens_px, (rows - 0.5) * height / lens_px, 0 * rows + 1], -1)
    depth = float(normal @ ways[0].ravel()) / (rays @ normal)
    off = np.where(depth > 0, depth / float(ways[0].ravel()[2]) - 1, 1.0)
    return tilt, float(np.sqrt(np.mean(np.clip(off, -1, 1) ** 2)))


def find(grey: np.ndarray) -> list[Marker]:
    """The markers in a photo (H, W) uint8: all squares that carry a code, else one checkerboard."""
    cv2 = _opencv()
    found = _squares(cv2, grey)
    return found or _board(cv2, grey)


def sheet(mm: float) -> bytes:
    """A page to print, SVG in true size: a marker `mm` wide with white around it, and a line to check by."""
    cv2 = _opencv()
    family = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, f"DICT_{FAMILIES[0]}"))
    cells = family.markerSize + 2
    bits = cv2.aruco.generateImageMarker(family, 0, cells) > 0
    cell, edge = mm / cells, mm / 4
    black = "".join(
        f'<rect x="{edge + x * cell:.4f}" y="{edge + y * cell:.4f}" width="{cell:.4f}" height="{cell:.4f}"/>'
        for y, x in np.argwhere(~bits)
    )
    wide, high = mm + 2 * edge, mm + 3 * edge
    base = mm + 1.75 * edge
    line = f'<path d="M{edge} {base}h{mm}m-{mm} -1v2m{mm} -2v2" stroke="#000" stroke-width=".2"/>'
    text = (
        f'<text x="{edge}" y="{base + edge:.3f}" font-family="sans-serif" font-size="{edge / 2:.3f}">'
        f"{mm:g} mm</text>"
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}mm" height="{high}mm"'
    page = f'{head} viewBox="0 0 {wide} {high}"><rect width="100%" height="100%" fill="#fff"/>'
    return f'{page}<g shape-rendering="crispEdges">{black}</g>{line}{text}</svg>\n'.encode()


def _opencv() -> Any:
    try:
        import cv2
    except ImportError as error:
        raise PatinaError(
            "Markers are read by OpenCV, which is not installed: pip install opencv-python-headless. "
            "Draw a known length instead."
        ) from error
    return cv2


def _squares(cv2: Any, grey: np.ndarray) -> list[Marker]:
    families = [cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, f"DICT_{name}")) for name in FAMILIES]
    asked = cv2.aruco.DetectorParameters()
    # Concrete is full of specks that nearly are squares: a code has to be read without a wrong bit.
    asked.errorCorrectionRate = 0.0
    asked.minMarkerPerimeterRate = 4 * SMALLEST_PX / max(grey.shape)
    asked.minMarkerDistanceRate = 0.02  # or the sheet it is printed on is taken for it
    asked.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_NONE  # their sides are fitted below
    detector = cv2.aruco.ArucoDetector(families, asked)
    corners, ids, _, which = detector.detectMarkersMultiDict(grey)
    found: list[Marker] = []
    for four, id, family in zip(
        corners, np.ravel([] if ids is None else ids), np.ravel([] if which is None else which), strict=True
    ):
        name = NAMES[int(family)]
        seen = _fitted(grey, four.reshape(4, 2).astype(np.float64))
        if seen is None:
            continue
        one = Marker(f"{name} no. {int(id)}", _UNIT, seen)
        if all(math.dist(seen.mean(0), other.seen.mean(0)) > one.side_px / 2 for other in found):
            found.append(one)
    return found


_UNIT: Final = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float64)


def _board(cv2: Any, grey: np.ndarray) -> list[Marker]:
    times = -(-max(grey.shape) // BOARD_SIDE)  # OpenCV takes minutes to look for a board in a large photo
    small = cv2.resize(grey, None, fx=1 / times, fy=1 / times, interpolation=cv2.INTER_AREA)
    how = cv2.CALIB_CB_LARGER | cv2.CALIB_CB_ACCURACY | cv2.CALIB_CB_NORMALIZE_IMAGE
    is_found, corners, meta = cv2.findChessboardCornersSBWithMeta(small, (3, 3), how)
    if not is_found:
        return []
    rows, columns = meta.shape[:2]
    plane = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1).reshape(-1, 2).astype(np.float64)
    seen = (corners.reshape(-1, 2).astype(np.float64) + 0.5) * times - 0.5
    if times > 1:
        until = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_COUNT, 40, 0.01)
        window = (2 * times, 2 * times)
        seen = cv2.cornerSubPix(grey, seen.astype(np.float32), window, (-1, -1), until).astype(np.float64)
    one = Marker(f"checkerboard {columns + 1} × {rows + 1}", plane, seen)
    return [one] if _is_chequered(grey, one, rows, columns) else []


def _is_chequered(grey: np.ndarray, board: Marker, rows: int, columns: int) -> bool:
    """Whether its corners lie on one plane and its fields are black and white in turn: specks are not."""
    h = _homography(board.plane, board.seen)
    x, y, w = h @ np.c_[board.plane, np.ones(len(board.plane))].T
    if np.abs(np.stack([x / w, y / w], 1) - board.seen).max() > max(1.0, board.side_px / 20):
        return False
    j, i = np.meshgrid(np.arange(columns - 1) + 0.5, np.arange(rows - 1) + 0.5)
    x, y, w = h @ np.stack([j.ravel(), i.ravel(), np.ones(i.size)])
    light = scipy.ndimage.map_coordinates(grey.astype(np.float32), [y / w, x / w], order=1).reshape(i.shape)
    turn = np.where((i + j) % 2 < 1, light, -light)
    steps = np.r_[(turn[:, 1:] + turn[:, :-1]).ravel(), (turn[1:] + turn[:-1]).ravel()]
    return bool(steps.min() >= CHEQUERED or steps.max() <= -CHEQUERED)


def _unlike_square(marker: Marker) -> float:
    """How far the points lie from the nearest square-on picture of it, root mean square, in pixels."""
    p, q = (np.asarray(x, float) - x.mean(0) for x in (marker.plane, marker.seen))
    a, b = p[:, 0] + 1j * p[:, 1], q[:, 0] + 1j * q[:, 1]
    turned = (a.conj() @ b) / (a.conj() @ a).real
    return float(np.sqrt(np.mean(np.abs(turned * a - b) ** 2)))


def _homography(plane: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """The projection (3, 3) of a plane that fits these points best (Hartley and Zisserman, algorithm 4.2)."""
    ends = []
    for points in (plane, seen):
        middle, size = points.mean(0), points.std() or 1.0
        ends.append(np.array([[1, 0, -middle[0]], [0, 1, -middle[1]], [0, 0, size]]) / size)
    (x, y, _), (u, v, _) = (
        (end @ np.c_[p, np.ones(len(p))].T) for end, p in zip(ends, (plane, seen), strict=True)
    )
    one, none = np.ones_like(x), np.zeros_like(x)
    rows = np.concatenate(
        [
            np.stack([x, y, one, none, none, none, -u * x, -u * y, -u], 1),
            np.stack([none, none, none, x, y, one, -v * x, -v * y, -v], 1),
        ]
    )
    h = np.linalg.svd(rows)[2][-1].reshape(3, 3)
    h = np.linalg.inv(ends[1]) @ h @ ends[0]
    return np.asarray(h / h[2, 2])


def _fitted(grey: np.ndarray, corners: np.ndarray) -> np.ndarray | None:
    """The corners (4, 2) where lines along a square's four sides meet, finer than a pixel; None where not.

    Each side is crossed at many places; where the light is halfway between black and white there, the side
    is. A corner itself is rounded by blur, the middle of a side is not moved by it.
    """
    side = float(np.linalg.norm(corners - np.roll(corners, -1, 0), axis=1).mean())
    reach = np.clip(side / 16, 2.0, 8.0)  # less than a cell of the code, which begins one cell within
    t = np.arange(-reach, reach + 0.125, 0.25)
    lines = []
    for a, b in zip(corners, np.roll(corners, -1, 0), strict=True):
        way = (b - a) / np.linalg.norm(b - a)
        normal = np.array([way[1], -way[0]])  # outwards: corners run clockwise
        places = a + np.linspace(0.12, 0.88, int(np.clip(side / 2, 12, 200)))[:, None] * (b - a)
        across = places[:, None] + t[None, :, None] * normal
        light = scipy.ndimage.map_coordinates(
            grey, [across[..., 1].ravel(), across[..., 0].ravel()], np.float32, order=1, mode="nearest"
        ).reshape(len(places), len(t))
        low, high = np.percentile(light, 5), np.percentile(light, 95)
        above = light >= (low + high) / 2
        first = above.argmax(1)
        is_side = (first > 0) & above[:, -1] & ((~above).sum(1) == first)  # dark, then light, once
        if is_side.sum() < 6:
            return None
        i = first[is_side]
        before, after = light[is_side, i - 1], light[is_side, i]
        at = t[i] - 0.25 * (after - (low + high) / 2) / np.maximum(after - before, 1e-6)
        hit = places[is_side] + at[:, None] * normal
        near = np.abs(at - np.median(at)) <= 1.5
        turned = np.linalg.svd(hit[near] - hit[near].mean(0), full_matrices=False)[2][1]
        lines.append((turned, float(turned @ hit[near].mean(0))))
    found = []
    for before, after in zip([lines[-1], *lines[:-1]], lines, strict=True):
        found.append(np.linalg.solve(np.stack([before[0], after[0]]), [before[1], after[1]]))
    told = np.asarray(found)
    return told if np.abs(told - corners).max() <= max(3.0, side / 16) else None
