"""How well fine cracks are found: by the width of the crack, with a tolerance, in length, at any threshold.

What a set needs for that is counted once, per photo, as histograms over the 256 stored values (`count`); any
threshold is then a sum (`score`). Widths are those of the truth, an expert's mask, in its pixels.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import scipy

from core import sweep
from core.measuring import widths
from core.metrics import ratio

EDGES: Final = (2.5, 4.5, 8.5, 16.5)
"""ours: the classes part between whole pixels and double: 1 to 2, 3 to 4, 5 to 8, 9 to 16, 17 and more."""
TOLERANCES: Final = (0, 2, 4)
"""Pixels by which a mask may lie beside the truth: hand-drawn outlines are right within 1 to 2."""
FOUND: Final = 1
"""The place in `TOLERANCES` within which a length of crack counts as found: a 3-px line beside a 3-px crack
leads the inspector there all the same."""
CUTS: Final = np.arange(1, 10) / 10
"""ours: the thresholds for which the middle line of the said mask is thinned, for clDice: it costs most."""


def count(stored: np.ndarray, truth: np.ndarray) -> dict[str, np.ndarray]:
    """What one photo adds: its stored map (H, W) uint8 against its truth (H, W) bool.

    `reached` (tolerances, classes, 256) uint32: crack pixels by the highest value within the tolerance;
    `middle` the same of the pixels of the truth's middle line;
    `near` (tolerances, 256) uint32: pixels that lie within the tolerance of true crack, by their value;
    `length_px` (classes,) float32: length of true crack;
    `thin` (cuts, 2) uint32: pixels of the said mask's middle line at each of `CUTS`, and those on true crack;
    `raised` (cuts, 4, 256) uint32: of the map `raised` from each of `CUTS`, by its values: pixels of the
    truth's middle line within 2 px; pixels farther than 2 px from true crack, nearer, and on it.
    """
    truth = np.asarray(truth, bool)
    told = _told(np.packbits(truth).tobytes(), truth.shape)
    crack = np.argwhere(truth).astype(np.int32)
    reached, middle = [], []
    for tolerance in TOLERANCES:
        reached.append(_by_class(told.crack_class, _highest(stored, crack, tolerance)))
        middle.append(_by_class(told.place_class, _highest(stored, told.places, tolerance)))
    near = [np.bincount(stored[_around(crack, truth.shape, k)], minlength=256) for k in TOLERANCES]
    thin, higher, beside = [], [], _around(crack, truth.shape, TOLERANCES[FOUND])
    for cut in CUTS:
        said = sweep.mask(stored, float(cut))
        line = _line(said)
        thin.append((np.count_nonzero(line), np.count_nonzero(line & truth)))
        grown = raised(stored, float(cut))
        seen = _highest(grown, told.places, TOLERANCES[FOUND])
        parts = seen, grown[~beside], grown[beside & ~truth], grown[truth]
        higher.append([np.bincount(values, minlength=256) for values in parts])
    return {
        "reached": np.asarray(reached, np.uint32),
        "middle": np.asarray(middle, np.uint32),
        "near": np.asarray(near, np.uint32),
        "length_px": told.length_px,
        "thin": np.asarray(thin, np.uint32),
        "raised": np.asarray(higher, np.uint32),
    }


def raised(stored: np.ndarray, low: float) -> np.ndarray:
    """The map (H, W) uint8 with every pixel from `low` on at the highest value of its piece, the others 0.

    Cut at a threshold it is the mask of two thresholds (hysteresis, Canny 1986): every piece at `low` in
    which a pixel reaches the upper one.
    """
    said = sweep.mask(stored, low)
    labels, n = scipy.ndimage.label(said, widths.EIGHT)
    if not n:
        return np.zeros(stored.shape, np.uint8)
    # A pixel of value 0 is crack at threshold 0; it keeps 0, and the upper threshold decides.
    highest = np.concatenate([[0], scipy.ndimage.maximum(stored, labels, np.arange(1, n + 1))])
    return highest.astype(np.uint8)[labels]


def rescue(
    evaluation: Mapping[str, np.ndarray],
    threshold: float,
    twice: Mapping[str, np.ndarray] | None = None,
    scale_mm_per_px: float | None = None,
) -> list[dict[str, Any]]:
    """What a second threshold, or a second look at the photo enlarged, finds of fine cracks, and its cost.

    A row each: `how` ("plain", "two thresholds"; with `twice`, the same photos seen enlarged, "enlarged" and
    "both"), `low` the lower threshold, `found_px` length of true crack with said crack within 2 px,
    `false_px` area said farther than 2 px from any, `gained_px` and `added_px` of the two against plain,
    `precision recall f1`, and with a scale `gained_m`. [] for an evaluation made without `count`.

    ours: the lower threshold is the highest of `CUTS` up to half the upper one, so nothing is chosen on the
    photos that are reported on; below 0.2 there is none.
    """
    rows: list[dict[str, Any]] = []
    cut, lower = int(sweep.level(threshold)), np.flatnonzero(threshold / 2 >= CUTS)
    for told, names in ((evaluation, ("plain", "two thresholds")), (twice, ("enlarged", "both"))):
        if told is None or "raised" not in told:
            continue
        pooled, places = _pooled(told["histogram"]), _pooled(told["middle"])[FOUND].sum(0)
        false, on = pooled.sum(-1) - _pooled(told["near"])[FOUND], pooled[:, 1]
        px = np.asarray(told["length_px"], np.float64).sum() / max(1, places.sum())
        kinds: list[tuple[str, float | None, Any, Any, Any, Any]] = [
            (names[0], None, places, false, pooled.sum(-1), on)
        ]
        if len(lower):
            seen, far, beside, hit = _pooled(told["raised"])[lower[-1]]
            kinds.append((names[1], float(CUTS[lower[-1]]), seen, far, far + beside + hit, hit))
        for how, low, found, far, called, hit in kinds:
            row: dict[str, Any] = {"how": how, "low": low, "found_px": float(px * found[cut:].sum())}
            row["false_px"] = int(far[cut:].sum())
            n_called, n_hit = called[cut:].sum(), hit[cut:].sum()
            rows.append(row | _f1(ratio(n_hit, n_called), ratio(n_hit, on.sum())))
    for row in rows:
        row["gained_px"] = row["found_px"] - rows[0]["found_px"]
        row["added_px"] = row["false_px"] - rows[0]["false_px"]
        if scale_mm_per_px is not None:
            row["gained_m"] = row["gained_px"] * scale_mm_per_px / 1000
    return rows


def score(
    evaluation: Mapping[str, np.ndarray], threshold: float, scale_mm_per_px: float | None = None
) -> dict[str, Any]:
    """The figures of a set at a threshold; {} for an evaluation that was made without `count`.

    `by_width`, a row a class: `from_px to_px` (with a scale `from_mm to_mm` too), `recall` of its pixels,
    `length_px` of such crack, `found` the share of that length with said crack within 2 px;
    `by_tolerance`: `px precision recall f1` with so many pixels allowed; `found` and `missed_px` of all
    lengths; `cldice` (Shit et al. 2021) at `cldice_at`, the nearest of `CUTS`, both of its parts; `rescue` as
    that function gives it. nan where a figure does not exist.
    """
    if "reached" not in evaluation:
        return {}
    cut = int(sweep.level(threshold))
    reached, middle = _pooled(evaluation["reached"]), _pooled(evaluation["middle"])
    called = _pooled(evaluation["histogram"])[cut:].sum()
    near, length = _pooled(evaluation["near"]), np.asarray(evaluation["length_px"], np.float64).sum(0)
    recall, found = (ratio(h[..., cut:].sum(-1), h.sum(-1)) for h in (reached, middle))
    by_width = [
        _class_of(i, scale_mm_per_px)
        | {"recall": recall[0, i], "length_px": length[i], "found": found[FOUND, i]}
        for i in range(len(EDGES) + 1)
    ]
    by_tolerance = []
    for i, px in enumerate(TOLERANCES):
        right, hit = near[i, cut:].sum(), ratio(reached[i, :, cut:].sum(), reached[i].sum())
        by_tolerance.append({"px": px} | _f1(ratio(right, called), hit))
    missed = np.nansum(length * (1 - found[FOUND]))
    nearest = int(np.abs(threshold - CUTS).argmin())
    line, on_truth = _pooled(evaluation["thin"])[nearest]
    sensitivity = ratio(middle[0, :, int(sweep.level(CUTS[nearest])) :].sum(), middle[0].sum())
    return {
        "by_width": by_width,
        "by_tolerance": by_tolerance,
        "found": ratio(length.sum() - missed, length.sum()),
        "missed_px": float(missed),
        "cldice": _f1(ratio(on_truth, line), sensitivity)["f1"],
        "cldice_at": float(CUTS[nearest]),
        "rescue": rescue(evaluation, threshold, scale_mm_per_px=scale_mm_per_px),
    }


def at_precision(evaluation: Mapping[str, np.ndarray], precision: float) -> float | None:
    """The lowest threshold from which on pooled precision is at least this; None where it never is.

    Models are compared there: recall of fine cracks is cheap for whoever calls more.
    """
    values = sweep.of_histogram(_pooled(evaluation["histogram"])).precision
    short = np.flatnonzero(~(values >= precision) & ~np.isnan(values))
    first = int(short[-1]) + 1 if len(short) else 0
    if first >= len(values) or math.isnan(values[first]):
        return None
    return float(sweep.THRESHOLDS[first])


def classes(scale_mm_per_px: float | None = None) -> list[dict[str, float | None]]:
    """The classes of crack width, the finest first, as `score` and `words` name them."""
    return [_class_of(i, scale_mm_per_px) for i in range(len(EDGES) + 1)]


def words(row: Mapping[str, Any]) -> str:
    """The name of a class as `score` gives it: "1–2 px", "17 px and more", "0.3–0.5 mm"."""
    if "from_mm" in row:
        low, high = row["from_mm"], row["to_mm"]
        return f"{low:g} mm and more" if high is None else f"{low:g}–{high:g} mm"
    low, high = math.ceil(max(row["from_px"], 1)), row["to_px"]
    return f"{low} px and more" if high is None else f"{low}–{math.floor(high)} px"


@dataclass(frozen=True)
class _Truth:
    """What the truth of one photo alone decides."""

    places: np.ndarray
    place_class: np.ndarray
    crack_class: np.ndarray
    length_px: np.ndarray


@functools.lru_cache(maxsize=2048)
def _told(packed: bytes, shape: tuple[int, int]) -> _Truth:
    """Measured once in a process: the trials of a sweep are all scored on the same truths."""
    mask = np.unpackbits(np.frombuffer(packed, np.uint8), count=shape[0] * shape[1]).reshape(shape) > 0
    found, n = widths.measure(mask), len(EDGES) + 1
    if not len(found.places):
        nothing = np.zeros(0, np.int8)
        return _Truth(found.places, nothing, nothing, np.zeros(n, np.float32))
    # A mask without an edge has no width that is known: it counts as widest, where nan is sorted.
    classes = np.digitize(widths.evened(found, found.width_px), EDGES).astype(np.int8)
    nearest = scipy.spatial.cKDTree(found.places).query(np.argwhere(mask))[1]
    share = np.bincount(classes, minlength=n) / len(classes)
    return _Truth(found.places, classes, classes[nearest], (share * found.length_px).astype(np.float32))


def _offsets(tolerance: int) -> list[tuple[int, int]]:
    around = range(-tolerance, tolerance + 1)
    return [(y, x) for y in around for x in around if y * y + x * x <= tolerance * tolerance]


def _highest(stored: np.ndarray, places: np.ndarray, tolerance: int) -> np.ndarray:
    """(k,) uint8: the highest value within the tolerance of each place (k, 2)."""
    padded = np.pad(stored, tolerance)
    y, x = places.T + tolerance
    found = np.zeros(len(places), np.uint8)
    for dy, dx in _offsets(tolerance):
        np.maximum(found, padded[y + dy, x + dx], out=found)
    return found


def _around(places: np.ndarray, shape: tuple[int, ...], tolerance: int) -> np.ndarray:
    """(H, W) bool: what lies within the tolerance of any of these places (k, 2)."""
    padded = np.zeros((shape[0] + 2 * tolerance, shape[1] + 2 * tolerance), bool)
    y, x = places.T + tolerance
    for dy, dx in _offsets(tolerance):
        padded[y + dy, x + dx] = True
    return padded[tolerance : tolerance + shape[0], tolerance : tolerance + shape[1]]


def _by_class(classes: np.ndarray, values: np.ndarray) -> np.ndarray:
    n = len(EDGES) + 1
    flat = np.bincount(classes.astype(np.int64) * 256 + values, minlength=n * 256)
    return flat.reshape(n, 256)


def _line(mask: np.ndarray) -> np.ndarray:
    """The middle line of a said mask: Zhang's thinning, three times as fast as the one widths need."""
    from skimage.morphology import skeletonize  # only now, as in `widths`

    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    line = np.zeros(mask.shape, bool)
    if len(rows):
        part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        line[part] = skeletonize(mask[part])
    return line


def _pooled(counts: np.ndarray) -> np.ndarray:
    """Summed over photos; (n, …) in, (…) out."""
    return np.asarray(counts).sum(0, dtype=np.int64)


def _class_of(i: int, scale: float | None) -> dict[str, float | None]:
    low, high = (0.0, *EDGES)[i], (*EDGES, None)[i]
    told: dict[str, float | None] = {"from_px": low, "to_px": high}
    if scale is not None:
        told |= {"from_mm": round(low * scale, 3), "to_mm": None if high is None else round(high * scale, 3)}
    return told


def _f1(precision: Any, recall: Any) -> dict[str, float]:
    """F1 as `Counts` has it: 0 where only one of the two exists, or both are 0; nan where neither does."""
    p, r = np.nan_to_num([precision, recall])
    f1 = math.nan if np.isnan([precision, recall]).all() else 2 * p * r / (p + r) if p + r else 0.0
    return {"precision": float(precision), "recall": float(recall), "f1": float(f1)}
