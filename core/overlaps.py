"""Photos that show the same ground, shifted or mirrored: twins that no hash of the whole photo finds.

found = overlaps.between([overlaps.small(picture) …], parts)

Phase correlation finds the shift: two spectra of equal strength in all frequencies, multiplied, peak where
the pictures meet (Kuglin and Hines 1975). Every pair is tried coarsely, the best of each photo closely. What
tells an overlap in the end is that both pictures have the same fine grain all over their common part.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Final, NamedTuple

import numpy as np
import scipy
from PIL import Image

SIDE: Final = 128
"""Longest side in pixels of the small pictures that are compared."""
_COARSE: Final = 48
"""Longest side for the look at every pair."""
_PARTNERS: Final = 4
"""The best of each photo by that look are compared closely."""
_BLOCK: Final = 16
"""Side in pixels of the blocks in which the grain is compared: one strong edge does not speak for all."""
_SAME: Final = 0.5
"""ours: correlation from which the grain of a block is the same."""
_ENOUGH: Final = 0.85
"""ours: share of the common part's blocks that must be the same. DeepCrack's leaks have 0.92 to 1 (one of 25
pairs 0.73), of its 82,000 other pairs none more than 0.29, metal parts of one shape up to 0.71."""
_LEAST: Final = 0.25
"""Share of a picture that both must show: less is too little ground to tell chance from sameness."""
MOST_PAIRS: Final = 500_000
"""ours: beyond that the look at every pair would hold an import up for minutes."""


class Overlap(NamedTuple):
    """Two photos, by their places in the list, that show the same ground."""

    first: int
    second: int
    share: float
    """Of the smaller picture, 0 to 1, that lies in the other too."""


def small(picture: np.ndarray) -> np.ndarray | None:
    """A picture (h, w, 3) uint8 as (h', w') uint8 of at most `SIDE`; None with too little to compare."""
    grey = Image.fromarray(picture).convert("L")
    grey.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    seen = np.asarray(grey)
    return seen if seen.std() >= 2 and min(seen.shape) >= SIDE // 8 else None


def between(pictures: Sequence[np.ndarray], parts: Sequence[Hashable]) -> list[Overlap]:
    """The pairs in different parts (splits, folds) that show the same ground, largest share first.

    `pictures` as `small` makes them. One may lie mirrored left to right, but neither turned nor enlarged.
    Nothing is found among more than `MOST_PAIRS` pairs: ask `n_pairs` first.
    """
    if n_pairs(parts) > MOST_PAIRS:
        return []
    found: dict[tuple[int, int], float] = {}
    for i, j, is_mirrored in _likely(pictures, parts):
        share = common(pictures[i][:, ::-1] if is_mirrored else pictures[i], pictures[j])
        if share is not None:
            found[i, j] = max(share, found.get((i, j), 0.0))
    return sorted((Overlap(*pair, share) for pair, share in found.items()), key=lambda one: -one.share)


def n_pairs(parts: Sequence[Hashable]) -> int:
    """How many pairs of photos lie in different parts."""
    _, sizes = np.unique(_numbers(parts), return_counts=True)
    return int(len(parts) ** 2 - (sizes**2).sum()) // 2


def common(one: np.ndarray, other: np.ndarray) -> float | None:
    """The share of the smaller picture that both show, 0 to 1; None where it is not the same ground."""
    sides = (2 * SIDE, 2 * SIDE)  # twice as large, so that a shift cannot wrap around
    met = scipy.fft.irfft2(_spectrum(one, sides) * _spectrum(other, sides).conj(), s=sides)
    # Modulo, a peak in the far half is a shift to the other side.
    down, right = ((int(at) + SIDE) % (2 * SIDE) - SIDE for at in np.unravel_index(int(met.argmax()), sides))
    high, wide = (min(one.shape[k], other.shape[k] + s) - max(s, 0) for k, s in ((0, down), (1, right)))
    share = high * wide / min(one.size, other.size)
    if min(high, wide) < _BLOCK or share < _LEAST:
        return None
    part = _grain(one)[max(down, 0) :, max(right, 0) :][:high, :wide]
    same = _grain(other)[max(-down, 0) :, max(-right, 0) :][:high, :wide]
    return float(share) if (_alike(part, same) >= _SAME).mean() >= _ENOUGH else None


def _alike(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The correlation, -1 to 1, in each block of two pictures of one size; 0 in a block without grain."""
    blocks = []
    for picture in (one, other):
        high, wide = (n // _BLOCK * _BLOCK for n in picture.shape)
        cut = picture[:high, :wide].reshape(high // _BLOCK, _BLOCK, wide // _BLOCK, _BLOCK)
        flat = cut.swapaxes(1, 2).reshape(-1, _BLOCK**2)
        blocks.append(flat - flat.mean(1, keepdims=True))
    strength = np.linalg.norm(blocks[0], axis=1) * np.linalg.norm(blocks[1], axis=1)
    told: np.ndarray = (blocks[0] * blocks[1]).sum(1) / np.maximum(strength, 1.0)
    return told


def _likely(pictures: Sequence[np.ndarray], parts: Sequence[Hashable]) -> list[tuple[int, int, bool]]:
    """The pairs (first, second, first one mirrored) whose coarse spectra meet best, a few of each photo."""
    where = _numbers(parts)
    sides = (_COARSE, _COARSE)
    against = np.asarray([_spectrum(_shrunk(p), sides) for p in pictures]).conj()
    chosen = []
    for is_mirrored in (False, True):
        peaks = np.zeros((len(pictures), len(pictures)), np.float32)
        for i, picture in enumerate(pictures):
            mine = _spectrum(_shrunk(picture[:, ::-1]), sides) if is_mirrored else against[i].conj()
            later = i + 1 + np.flatnonzero(where[i + 1 :] != where[i])
            for at in range(0, len(later), 128):  # few enough to stay in the cache
                some = later[at : at + 128]
                peaks[i, some] = scipy.fft.irfft2(mine * against[some], s=sides).max((1, 2))
        peaks = np.maximum(peaks, peaks.T)
        best = np.argsort(-peaks, axis=1)[:, :_PARTNERS]
        chosen += [
            (min(i, int(j)), max(i, int(j)), is_mirrored)
            for i, partners in enumerate(best)
            for j in partners
            if peaks[i, j] > 0
        ]
    return list(dict.fromkeys(chosen))


def _numbers(parts: Sequence[Hashable]) -> np.ndarray:
    """(n,) int, the same number for the same part."""
    known = {part: k for k, part in enumerate(dict.fromkeys(parts))}
    return np.asarray([known[part] for part in parts], int)


def _shrunk(picture: np.ndarray) -> np.ndarray:
    grey = Image.fromarray(np.ascontiguousarray(picture))
    grey.thumbnail((_COARSE, _COARSE), Image.Resampling.BOX)
    return np.asarray(grey)


def _spectrum(picture: np.ndarray, sides: tuple[int, int]) -> np.ndarray:
    """(h, w / 2 + 1) complex64: frequencies of equal strength, the finest ones, mostly noise, faded out."""
    grey = picture.astype(np.float32) - np.float32(picture.mean())
    # Faded towards the edges, which are straight lines to a Fourier transform.
    fade = [np.sqrt(np.hanning(n + 2)[1:-1]).astype(np.float32) for n in grey.shape]
    told = scipy.fft.rfft2(grey * fade[0][:, None] * fade[1][None, :], sides)
    strength = np.abs(told)
    far = np.hypot(np.fft.fftfreq(sides[0])[:, None], np.fft.rfftfreq(sides[1])[None, :])
    cycles = 0.25 if sides[0] == _COARSE else 0.18
    return (told / np.maximum(strength, 1e-3 * strength.max()) * np.exp(-((far / cycles) ** 2) / 2)).astype(
        np.complex64
    )


def _grain(picture: np.ndarray) -> np.ndarray:
    """A picture without its broad light and shade, float32."""
    grey = picture.astype(np.float32)
    return grey - scipy.ndimage.gaussian_filter(grey, 6.0)
