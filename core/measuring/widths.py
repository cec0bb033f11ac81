"""How wide and how long a crack is, from its mask: skeleton, direction, and the way across.

All in pixels of the mask. A pixel is a square of side 1, so a bar three pixels wide measures 3.0. What lies
beyond the photo's border is unknown and never counts as an edge of the crack.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import scipy

EIGHT = np.ones((3, 3), bool)
"""Pixels that touch at a corner belong to one crack."""

BENT_PX = 2.0
"""ours, measured: so much further than half a width from the border a crack's direction is right again."""

BESIDE = (-0.4, 0.0, 0.4)
"""Pixels aside at which a way is walked again: a step of the grid evens out."""

BEYOND = 32
"""Pixels by which a mask is continued over the photo's border before its middle line is sought."""


@dataclass(frozen=True)
class Widths:
    """What was measured on one mask. Numbers are nan where there is nothing to measure."""

    max_px: float
    """The widest place, averaged over five pixels along the crack, so that no single step decides."""
    mean_px: float
    """Mean over the length of all cracks."""
    length_px: float
    """Length of all middle lines together, ends and branches included; 0 without a crack."""
    n_cracks: int
    """Pieces that do not touch."""
    skeleton: np.ndarray
    """(H, W) bool: the middle lines, one pixel wide."""
    places: np.ndarray
    """(k, 2) int32: y and x of each skeleton pixel."""
    width_px: np.ndarray
    """(k,) float32: the width at each of them."""
    along: np.ndarray
    """(k, 2) float64: the unit vector (y, x) along the crack at each of them."""
    piece: np.ndarray
    """(k,) int32, from 1: which of the pieces that do not touch each of them lies on."""
    is_whole: np.ndarray
    """(k,) bool: the way across does not leave the photo; also all places of a piece that has none such.

    Only these are asked for the widest place. Where a crack runs off the photo it looks wider in its last
    half width: its edges are cut off, and its direction is bent by what is not seen.
    """
    beyond_px: np.ndarray
    """(k,) float32: how far the crack goes on where its skeleton ends; 0 at all other places."""


def measure(mask: np.ndarray) -> Widths:
    """Widths and length of the cracks in a mask (H, W) bool.

    An empty mask has length 0 and no widths. A mask without any background shows no edge: its widths are
    nan. The width at a skeleton pixel is the length of the way across the crack there, at right angles to its
    direction, the mask read between its pixels.
    """
    mask = np.asarray(mask, bool)
    skeleton, room = _middle(mask)
    places = np.argwhere(skeleton).astype(np.int32)
    labels, n_cracks = scipy.ndimage.label(mask, EIGHT)
    piece = labels[tuple(places.T)]
    if not len(places) or mask.all():
        unknown = np.full(len(places), np.nan, np.float32)
        known = np.zeros((len(places), 2))
        return Widths(
            math.nan,
            math.nan,
            length(skeleton),
            n_cracks,
            skeleton,
            places,
            unknown,
            known,
            piece,
            np.ones(len(places), bool),
            np.zeros(len(places), np.float32),
        )
    near = _neighbours(places, 11)
    along = _direction(places, near)
    width = _across(mask, places, along, room)
    is_whole = _whole(places, width, piece, mask.shape)
    beyond = _beyond(mask, skeleton, places, along, room)
    return Widths(
        max_px=float(width[near[:, :5]].mean(1)[is_whole].max()),
        mean_px=float(width.mean()),
        length_px=length(skeleton) + float(beyond.sum()),
        n_cracks=n_cracks,
        skeleton=skeleton,
        places=places,
        width_px=width.astype(np.float32),
        along=along,
        piece=piece,
        is_whole=is_whole,
        beyond_px=beyond.astype(np.float32),
    )


def widest(found: Widths, even_px: np.ndarray) -> int:
    """Which of the places of `found` is the widest by these widths (k,), averaged along the crack."""
    return int(np.argmax(np.where(found.is_whole, even_px, -np.inf)))


def evened(found: Widths, width_px: np.ndarray) -> np.ndarray:
    """Widths (k,) at the places of `found`, each averaged over five pixels along the crack."""
    return np.asarray(width_px, np.float64)[_neighbours(found.places, 5)].mean(1)


def length(skeleton: np.ndarray) -> float:
    """Length in pixels of lines one pixel wide, right within 0.5 % at every angle; 0 for none.

    A straight line on a grid is a row of steps, and their plain sum is up to 8 % too long. So a step counts
    by how far it leads along the line: by its part in the direction that the pixels around it lie in.
    """
    places = np.argwhere(skeleton)
    if len(places) < 2:
        return 0.0
    along = _direction(places, _neighbours(places, 11))
    width = skeleton.shape[1] + 2  # a margin: no step leads from one row's end to the next one's start
    key = places[:, 0] * width + places[:, 1]  # rising: `argwhere` goes row by row

    def at(y: int, x: int) -> np.ndarray:
        """(k,) the line's pixel at this step from each one of it, -1 where there is none."""
        wanted = key + y * width + x
        found = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
        return np.where(key[found] == wanted, found, -1)

    total = 0.0
    for step in ((0, 1), (1, 0), (1, 1), (1, -1)):
        there = at(*step)
        is_step = there >= 0
        if all(step):  # a diagonal step counts only where no corner pixel joins the two already
            is_step &= (at(0, step[1]) < 0) & (at(1, 0) < 0)
        way = np.asarray(step, np.float64)
        total += float(np.abs(along[is_step] @ way).sum() + np.abs(along[there[is_step]] @ way).sum()) / 2
    return total


def extents(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each piece of a mask and its reach: labels (H, W) int32 from 1, and the diagonals of their boxes.

    The diagonal of a piece's bounding box in pixels, (n,) float64: a cheap lower bound of a crack's length
    that never grows when the mask shrinks.
    """
    labels, n = scipy.ndimage.label(np.asarray(mask, bool), EIGHT)
    boxes = scipy.ndimage.find_objects(labels, n)
    return labels, np.asarray([math.hypot(*(side.stop - side.start for side in box)) for box in boxes])


def without_specks(mask: np.ndarray, smallest_px: float) -> np.ndarray:
    """The mask without the pieces whose reach is less than `smallest_px`."""
    labels, reach = extents(mask)
    return np.concatenate([[False], reach >= smallest_px])[labels]


def _middle(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The middle lines (H, W) bool without spurs, and for each pixel of them the room around it.

    Room is the distance to the middle of the nearest pixel outside. Beyond the border the crack is thought
    to go on, so that its middle line runs straight off the photo.
    """
    from skimage.morphology import skeletonize  # only now: the app starts without it

    if not mask.any():
        return np.zeros(mask.shape, bool), np.zeros(0)
    # Lee's thinning: Zhang's, the faster one, eats up diagonal lines of an even width.
    skeleton = skeletonize(np.pad(mask, BEYOND, mode="edge"), method="lee")[BEYOND:-BEYOND, BEYOND:-BEYOND]
    skeleton = skeleton.astype(bool)
    if mask.all():
        return skeleton, np.zeros(int(skeleton.sum()))
    # Only where the nearest pixel outside lies: the distances of all pixels would take 40 bytes each.
    outside = scipy.ndimage.distance_transform_edt(mask, return_distances=False, return_indices=True)
    places = np.argwhere(skeleton)
    room = np.zeros(mask.shape)
    room[skeleton] = np.sqrt(((outside[:, skeleton].T.astype(np.int64) - places) ** 2).sum(1))
    del outside
    for spur in _spurs(skeleton, room):
        skeleton[tuple(np.transpose(spur))] = False
    return skeleton, room[skeleton]


def _spurs(skeleton: np.ndarray, room: np.ndarray) -> list[list[tuple[int, int]]]:
    """The side branches that end inside the disc around their fork, or nearly: no cracks but corners.

    A thinned broad end is a fork towards its two corners; a rough edge has one at every bump.
    """
    left = {(y, x) for y, x in np.argwhere(skeleton).tolist()}

    def beside(place: tuple[int, int]) -> list[tuple[int, int]]:
        y, x = place
        return [q for dy, dx in _AROUND if (q := (y + dy, x + dx)) in left]

    spurs = []
    for end in [place for place in left if len(beside(place)) == 1]:
        branch, seen, place = [end], {end}, end
        while True:
            onwards = [q for q in beside(place) if q not in seen]
            if len(onwards) != 1:
                break
            place = onwards[0]
            if len(beside(place)) > 2:
                if math.dist(end, place) <= 1.5 * room[place]:
                    spurs.append(branch)
                break
            branch.append(place)
            seen.add(place)
            if len(branch) > 1.5 * room[place] + BEYOND:
                break
    return spurs


_AROUND = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx]


def _neighbours(places: np.ndarray, k: int) -> np.ndarray:
    """(n, k) positions of the nearest skeleton pixels, oneself first."""
    k = min(k, len(places))
    return scipy.spatial.cKDTree(places).query(places, k)[1].reshape(len(places), k)


def _direction(places: np.ndarray, near: np.ndarray) -> np.ndarray:
    """(n, 2) unit vectors along the crack: the main axis of the skeleton pixels around each."""
    around = places[near].astype(np.float64)
    around -= around.mean(1, keepdims=True)
    yy, xx = (around[..., 0] ** 2).sum(1), (around[..., 1] ** 2).sum(1)
    yx = (around[..., 0] * around[..., 1]).sum(1)
    angle = 0.5 * np.arctan2(2 * yx, xx - yy)
    return np.stack([np.sin(angle), np.cos(angle)], axis=1)


def _across(mask: np.ndarray, places: np.ndarray, along: np.ndarray, room: np.ndarray) -> np.ndarray:
    """(n,) float64: how much crack lies on the way across each place, at right angles to `along`.

    Never more than the largest disc around the place allows, with a pixel to spare: at forks the direction
    is uncertain, the disc is not.
    """
    soft = mask.astype(np.float32)
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1)
    found = np.zeros(len(places))
    order = np.argsort(room)  # places with like room are walked together, thin ones with few steps
    for some in np.array_split(order, max(1, math.ceil(len(order) / 2048))):
        far = float(room[some].max()) + 1.5
        for sign, beside in itertools.product((1, -1), BESIDE):
            found[some] += _reach(soft, places[some] + beside * along[some], sign * normal[some], far)
    return np.minimum(found / len(BESIDE), 2 * room + 1)


def _reach(soft: np.ndarray, start: np.ndarray, ways: np.ndarray, far: float) -> np.ndarray:
    """(n,) float64: how far a mask goes on from each start (n, 2) in these directions, at most `far`."""
    step = 0.25
    t = np.arange(0, far + step, step)
    way = start[:, :, None] + ways[:, :, None] * t  # (n, 2, steps)
    inside = scipy.ndimage.map_coordinates(soft, way.transpose(1, 0, 2), order=1, mode="nearest")
    inside *= np.logical_and.accumulate(inside > 0.02, axis=1)  # not into the next crack
    reached: np.ndarray = (inside[:, 0] / 2 + inside[:, 1:].sum(1)) * step
    return reached


def _whole(places: np.ndarray, width: np.ndarray, piece: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    from_border = np.minimum(places, np.asarray(shape) - 1 - places).min(1) + 0.5
    is_whole = from_border >= width / 2 + BENT_PX
    return is_whole | (np.bincount(piece, is_whole) == 0)[piece]


def _beyond(
    mask: np.ndarray, skeleton: np.ndarray, places: np.ndarray, along: np.ndarray, room: np.ndarray
) -> np.ndarray:
    """(k,) float64: how far the crack goes on beyond each free end of its skeleton, 0 at other places.

    A skeleton stops about half a width before the crack does; the rest is walked in the end's direction. An
    end at the photo's border lacks nothing, a single pixel lacks both ways.
    """
    touching = (
        scipy.ndimage.convolve(skeleton.astype(np.uint8), EIGHT.astype(np.uint8), mode="constant")[skeleton]
        - 1
    )
    height, width = skeleton.shape
    free = (touching <= 1) & (places > 0).all(1) & (places[:, 0] < height - 1) & (places[:, 1] < width - 1)
    found, soft = np.zeros(len(places)), mask.astype(np.float32)
    near = _neighbours(places, 11)
    for is_alone in (False, True):
        ends = np.flatnonzero(free & ((touching == 0) == is_alone))
        for some in np.array_split(ends[np.argsort(room[ends])], max(1, math.ceil(len(ends) / 512))):
            if not len(some):
                continue
            from_crack = places[some] - places[near[some]].mean(1)
            is_back = (from_crack * along[some]).sum(1) < 0
            outwards = along[some] * np.where(is_back, -1.0, 1.0)[:, None]
            for sign in (1, -1) if is_alone else (1,):
                far = 2 * float(room[some].max()) + 2
                found[some] += np.minimum(
                    _reach(soft, places[some], sign * outwards, far), 2 * room[some] + 1
                )
    return found
