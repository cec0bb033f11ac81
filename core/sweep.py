"""Counts at every threshold, from one pass over the pixels.

A probability map is stored in 8 bits, v = round(255 p). A pixel is crack at threshold t when v / 255 >= t,
computed in float64; that is the same as v >= `level(t)`, so one 256-bin histogram of (v, truth) a photo holds
the counts at every threshold there is. `mask` (what is shown) and the counts (what is reported) cut alike.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from core.metrics import Counts

THRESHOLDS: np.ndarray = np.arange(1, 1000) / 1000
"""The 999 thresholds of a sweep, 0.001 to 0.999, float64."""

LEVELS: np.ndarray = np.arange(256) / 255
"""The probability each stored value stands for, float64."""


def at(threshold: float) -> int:
    """The place of a threshold among `THRESHOLDS`, the nearest one: at(0.5) is 499."""
    return int(np.clip(round(threshold * 1000), 1, 999)) - 1


def level(threshold: float | np.ndarray) -> np.ndarray:
    """The smallest stored value that is crack at this threshold, 0 to 256 (256: none is)."""
    # Widened first: float32 0.9 >= 0.9 is true in numpy 2, but false once the left side is float64.
    return np.searchsorted(LEVELS, np.asarray(threshold, np.float64), side="left")


def store(p: np.ndarray) -> np.ndarray:
    """Probabilities 0 to 1 as they are stored: uint8, round(255 p), same shape."""
    return np.rint(np.clip(p, 0, 1) * 255).astype(np.uint8)


def mask(stored: np.ndarray, threshold: float) -> np.ndarray:
    """Where a stored map says crack: bools of the same shape. Threshold 0 calls everything."""
    cut = int(level(threshold))
    return np.zeros(stored.shape, bool) if cut > 255 else stored >= np.uint8(cut)


def histogram(stored: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """How often each (value, truth) occurs: (256, 2) int64, column 1 where truth is crack."""
    if stored.dtype != np.uint8:
        raise ValueError(f"a stored map is uint8, not {stored.dtype}")
    if stored.shape != truth.shape:
        raise ValueError(f"map has shape {stored.shape}, truth {truth.shape}")
    if not stored.size:
        return np.zeros((256, 2), np.int64)
    # Pillow counts bytes as they are; numpy's bincount makes eight-byte integers of them first.
    row = np.ascontiguousarray(stored).reshape(stored.shape[0] if stored.ndim else 1, -1)
    all_of_them = np.asarray(Image.fromarray(row).histogram(), np.int64)
    cracked = row.ravel().compress(np.asarray(truth, bool).ravel())
    of_crack = np.bincount(cracked, minlength=256)  # few pixels are crack: cheaper than both at once
    return np.stack([all_of_them - of_crack, of_crack], axis=-1)


def at_levels(histograms: np.ndarray) -> Counts:
    """Counts when values >= 0, 1, … 256 are called: (…, 256, 2) in, arrays (…, 257) out."""
    h = np.asarray(histograms, np.int64)
    # From above: how many have this value or a higher one; nothing lies above 255.
    called = np.zeros((*h.shape[:-2], 257, 2), np.int64)
    called[..., :256, :] = np.cumsum(h[..., ::-1, :], axis=-2)[..., ::-1, :]
    fp, tp = called[..., 0], called[..., 1]
    return Counts(tp=tp, fp=fp, fn=tp[..., :1] - tp, tn=fp[..., :1] - fp)


def query(histograms: np.ndarray, threshold: float) -> Counts:
    """Counts at one threshold: (…, 256, 2) in, arrays (…) out; one count a photo for (n, 256, 2)."""
    h, cut = np.asarray(histograms), int(level(threshold))
    called, passed = h[..., cut:, :].sum(-2, np.int64), h[..., :cut, :].sum(-2, np.int64)
    return Counts(tp=called[..., 1], fp=called[..., 0], fn=passed[..., 1], tn=passed[..., 0])


def sweep(p: np.ndarray, truth: np.ndarray) -> Counts:
    """Counts at each of the 999 thresholds for one map, stored (uint8) or as probabilities (float).

    Arrays (999,) int64. A pixel exactly at a threshold is crack.
    """
    if p.dtype == np.uint8:
        return of_histogram(histogram(p, truth))
    if p.shape != truth.shape:
        raise ValueError(f"map has shape {p.shape}, truth {truth.shape}")
    reached = _reached(np.asarray(p, np.float64).ravel())
    truth = np.asarray(truth, bool).ravel()
    of_all = np.bincount(reached, minlength=1000)
    of_crack = np.bincount(reached[truth], minlength=1000)
    tp, called = (np.cumsum(n[::-1])[::-1] for n in (of_crack, of_all))
    fp = called - tp
    return Counts(tp=tp[1:], fp=fp[1:], fn=tp[0] - tp[1:], tn=fp[0] - fp[1:])


def _reached(p: np.ndarray) -> np.ndarray:
    """How many of the thresholds each probability reaches, 0 to 999: ten times as fast as a binary search."""
    k = np.clip(p * 1000, 0, 999).astype(np.int32)  # right but for rounding: 0.29 * 1000 is below 290
    k += p >= _MARKS[k + 1]
    k -= p < _MARKS[k]
    return k


_MARKS = np.concatenate([[-np.inf], THRESHOLDS, [np.inf]])
"""Between _MARKS[k] and _MARKS[k + 1] lie the probabilities that reach k thresholds."""


def of_histogram(histograms: np.ndarray) -> Counts:
    """Counts at the 999 thresholds from histograms (…, 256, 2): arrays (…, 999)."""
    return at_levels(histograms)[..., level(THRESHOLDS)]


def best(counts: Counts, figure: str = "f1") -> float:
    """The threshold with the best F1 (or other figure) of a sweep; the middle where several are equal.

    0.5 when the figure is known at no threshold (nothing is crack and nothing was called).
    """
    values = np.nan_to_num(getattr(counts, figure), nan=-1.0)
    first = int(values.argmax())
    if values[first] < 0:
        return 0.5
    same = values[first:] == values[first]
    last = first + (int(same.argmin()) if not same.all() else len(same)) - 1
    return float(THRESHOLDS[(first + last) // 2])
