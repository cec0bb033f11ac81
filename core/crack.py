"""Paper 2, fine cracks in concrete: how a crack model is trained, and what its probability maps say.

J.-M. Sohn, D.-S. Kim, H.-B. Hwang, "Improvement of learning concrete crack detection model by weighted
loss function", JKSCI 25(10), 2020. The network learns in `core.engine.crack`; here maps become verdicts.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy

from core import fine, losses, metrics, photos, profiles, standards, sweep, widths
from core.config import param
from core.errors import ConfigError, DataError
from core.metrics import Counts
from core.quality import Quality
from core.records import Card, Photo, Trim, Verdict
from core.standards import Standard


@dataclass(frozen=True)
class Config:
    """How one crack model is trained. The defaults are what 10 to 15 minutes on a CPU are best spent on."""

    loss: str = param(
        "relu",
        "loss",
        choices=(*losses.LOSSES, *losses.PEERS),
        help="The first five are the paper's; the others are there to compare with.",
        source="paper 2, table 8",
    )
    weight: float = param(
        0.97, "weight w of a missed crack", low=0.0, high=2.0, source="paper 2, tables 4 to 7"
    )
    encoder: str = param(
        "none",
        "pretrained encoder",
        choices=("none", "mobilenet_v2"),
        help="A way down that learned from ImageNet; it needs those weights. Not in the paper.",
    )
    levels: int = param(5, "levels", choices=(4, 5), source="paper 2, section 3")
    kernel: int = param(
        3,
        "kernel",
        choices=(3, 5, 7),
        help="7 is the paper's best; 3 takes a fifth of its time",
        source="paper 2",
    )
    filters: int = param(16, "filters on the top level", low=4, high=64, source="paper 2, section 3")
    steps: int = param(600, "steps", low=1, high=200_000, help="The paper takes 10,000.")
    batch: int = param(8, "crops a step", low=1, high=256, help="The paper takes 40.")
    crop_px: int = param(256, "side of a crop in pixels", low=64, high=1024, help="The paper takes 512.")
    longest_px: int | None = param(
        None,
        "reduce photos to this longer side",
        low=64,
        high=8192,
        help="Left open, photos are taken as they are, and fine cracks stay.",
    )
    near_crack: float = param(
        0.7,
        "share of crops laid on a crack",
        low=0.0,
        high=1.0,
        help="The others lie anywhere, so that the model also learns what is no crack.",
    )
    zoom: float = param(
        1.25,
        "zoom of a crop, at most",
        low=1.0,
        high=2.0,
        help="1.25: cracks appear 0.8 to 1.25 times as wide.",
    )
    jitter: float = param(
        0.3, "change of light and colour, at most", low=0.0, high=0.8, help="0 leaves the colours alone."
    )
    optimizer: str = param("adamw", "optimiser", choices=("adam", "adamw", "sgd", "rmsprop"))
    learning_rate: float = param(2e-3, "learning rate", low=1e-5, high=1e-1, log=True)
    weight_decay: float = param(1e-2, "weight decay", low=0.0, high=0.5)
    warm_up: int = param(50, "steps of warm-up", low=0, high=10_000)
    smoothing: float = param(
        0.99,
        "averaging of the weights",
        low=0.0,
        high=0.9999,
        help="Share of the running average kept at each step; the average is judged and filed. 0: none.",
    )
    validate_every: int = param(100, "steps between looks at the validation photos", low=1, high=10_000)
    views: int = param(
        1,
        "views averaged in a prediction",
        choices=(1, 4, 8),
        help="Mirrored and turned; costs as many times.",
    )
    half: bool = param(
        True, "file in half precision", help="Only where it changes no verdict on a validation photo."
    )
    seed: int = param(0, "seed", low=0, high=2**31 - 1)

    def also(self) -> None:
        """The weight must be one the loss can take, and the encoder one of that shape."""
        losses.check(self.loss, self.weight)
        if self.encoder != "none" and (self.levels, self.kernel) != (5, 3):
            raise ConfigError(
                f"levels is {self.levels} and kernel {self.kernel}, but the encoder {self.encoder} has five "
                "levels of kernel 3; set levels=5 and kernel=3, or encoder=none."
            )


PRESETS: dict[str, dict[str, Any]] = {
    "quick": {},
    "starter": {"encoder": "mobilenet_v2"},
    "paper": {
        "levels": 5,
        "kernel": 7,
        "filters": 16,
        "loss": "relu",
        "weight": 0.97,
        "steps": 10_000,
        "batch": 40,
        "crop_px": 512,
        "longest_px": 512,
        "near_crack": 0.0,
        "zoom": 1.0,
        "jitter": 0.0,
        "optimizer": "adam",
        "learning_rate": 1e-3,
        "weight_decay": 0.0,
        "warm_up": 0,
        "smoothing": 0.0,
    },
}
"""`starter` needs ImageNet weights. `paper` is paper 2 as printed where it speaks, and the plain choice where
it is silent."""


def truth(photo: Photo) -> np.ndarray:
    """An expert's mask of a photo, (H, W) bool, True where the wall is cracked.

    Masks are pictures of the photo's size, white (128 or more of 255) on crack. A photo labelled
    `no crack` needs none. `DataError` when there is neither; its size is for the caller to check.
    """
    if photo.mask is not None:
        picture, _ = photos.open(photo.mask, f"the mask of {photo.title}")
        return picture[..., 0] >= 128
    if photo.label == "no crack":
        facts = photos.probe(photo.path, photo.title)
        return np.zeros((facts.height_px, facts.width_px), bool)
    raise DataError(f"{photo.title} has no mask; give one, or label it `no crack`.")


CLASSES = ("no crack", "crack")

NEAR, UNLIKE, MUCH = 0.1, 0.99, 0.25
"""ours: a person should look when the verdict hangs on less than 0.1 of the threshold, when the photo is
farther from what was learned than 99 % of that is from itself, or when a quarter of it is called crack."""

SMALLEST_PX = 20.0
"""ours: the reach below which a mark is a speck, where no validation photo tells (`smallest`)."""


def judge(
    arrays: Mapping[str, np.ndarray],
    threshold: float | None,
    card: Card,
    *,
    quality: Quality | None = None,
    trim: Trim | None = None,
    scale_mm_per_px: float | None = None,
    grey: np.ndarray | None = None,
    standard: Standard | None = None,
    scale_error: float = 0.0,
) -> Verdict:
    """The verdict on one photo from its stored probability map; at the threshold a pixel is crack.

    `arrays` holds `p` (H, W) uint8 and perhaps `unlike` (), 0 to 1. With the photo itself, `grey` (H, W)
    uint8, widths are read from its grey values (`core.profiles`), else from the mask; with a scale, right
    within the share `scale_error` of it, and a `standard` the verdict names the grade, or the grades between
    which it cannot decide.

    `threshold` None means the card's. The label is `crack` when one piece of the mask reaches at least
    `card.known["smallest_px"]` pixels, the diagonal of its box; smaller ones are specks, which count in
    `crack_fraction` (every pixel of the mask) but are not measured. `holds_to` is the highest threshold at
    which the label would still be `crack`.
    `confidence` is the calibrated probability of the label that is said, so below one half when the
    threshold is moved past it. Without a scale the figures in mm are None and `scale` says "no scale".
    """
    cut = card.threshold if threshold is None else threshold
    cut = 0.5 if cut is None else float(cut)
    stored = np.asarray(arrays["p"])
    unlike = float(arrays["unlike"]) if "unlike" in arrays else None
    smallest_px = float(card.known.get("smallest_px", SMALLEST_PX))
    mask = sweep.mask(stored, cut)
    cracks = widths.without_specks(mask, smallest_px)
    is_crack, holds = bool(cracks.any()), holds_to(stored, smallest_px)
    p = confidence(holds, card)
    share = float(mask.mean())
    measured = measures(cracks, grey, stored, cut)
    measured |= in_mm(measured, scale_mm_per_px, scale_error)
    doubts = []
    if quality is not None and quality.fault:
        doubts.append(f"the photo is {quality.fault}")
    if unlike is not None and unlike >= UNLIKE:
        doubts.append("the photo is unlike anything the model has learned from")
    if share > MUCH:
        doubts.append("more of it is marked than a crack can cover")
    if abs(holds - cut) < NEAR:
        doubts.append("what looks like a crack is faint" if is_crack else "there may be a faint crack")
    elif is_crack and p < 0.5:
        doubts.append("the mark may as well be a joint, an edge or a stain")
    elif not is_crack and p > 0.5:
        doubts.append("there may be a crack after all")
    return Verdict(
        domain="crack",
        label=CLASSES[is_crack],
        confidence=p if is_crack else 1 - p,
        threshold=cut,
        needs_person=bool(doubts),
        reason=f"A person should look: {', and '.join(doubts)}." if doubts else _CLEAR[is_crack],
        next_step=(quality.remedy if quality is not None else None) or _NEXT[is_crack, bool(doubts)],
        model=card.id,
        figures={"crack_fraction": share, "holds_to": holds, "unlike": unlike}
        | ({} if quality is None else {k: round(v, 4) for k, v in dataclasses.asdict(quality).items()})
        | measured
        | graded(measured, standard),
        trim=trim,
        scale_mm_per_px=scale_mm_per_px,
    )


_CLEAR = {
    True: "The crack stands out clearly from the wall.",
    False: "Nothing on the wall comes near to looking like a crack.",
}
_NEXT = {
    (True, False): "Measure the widest place on site, and photograph it with a ruler beside it.",
    (True, True): "Have an expert look at the marked places; take the photo again where it is poor.",
    (False, False): "Nothing to do until the next round.",
    (False, True): "Have an expert look at the photo before it is passed.",
}


def scaled(
    verdict: Verdict,
    scale_mm_per_px: float | None,
    scale_error: float = 0.0,
    standard: Standard | None = None,
) -> Verdict:
    """The same verdict with another scale, or none: what it measured in pixels stays, the rest follows."""
    old = ("standard", "grade", "grade_words")
    figures = {k: v for k, v in verdict.figures.items() if k not in old}
    figures |= in_mm(figures, scale_mm_per_px, scale_error)
    figures |= graded(figures, standard)
    return dataclasses.replace(verdict, figures=figures, scale_mm_per_px=scale_mm_per_px)


def measures(
    cracks: np.ndarray, grey: np.ndarray | None = None, stored: np.ndarray | None = None, cut: float = 0.5
) -> dict[str, float | int | str | None]:
    """What is measured on a mask without specks (H, W) bool, in pixels.

    `max_width_px mean_width_px length_px n_cracks` and the band `max_width_low_px max_width_high_px` in which
    the widest place lies. With the photo, `grey` (H, W), widths are those of its grey values, else those of
    the mask, half a pixel up and down. With the map, `stored` (H, W) cut at `cut`, the band of a crack too
    thin to show its darkness also holds what a threshold 0.1 lower or higher would say. Widths are 0 without
    a crack, and None where the mask shows no edge of it.
    """
    found = widths.measure(cracks)
    px = {"max_width": found.max_px, "mean_width": found.mean_px, "length": found.length_px}
    low, high, widest = 0.5, 0.5, None
    if found.n_cracks and not math.isnan(found.max_px):
        even = widths.evened(found, found.width_px)
        widest = int(np.argmax(even))
        if grey is not None:
            finer = profiles.measure(grey, found)
            even = widths.evened(found, finer.width_px)
            widest = int(np.argmax(even))
            px["max_width"], px["mean_width"] = float(even[widest]), float(finer.width_px.mean())
            low = px["max_width"] - float(widths.evened(found, finer.low_px)[widest])
            high = float(widths.evened(found, finer.high_px)[widest]) - px["max_width"]
        if stored is not None and (grey is None or px["max_width"] < profiles.OPEN):
            less, more = _sway(stored, found, widest, cut)
            low, high = math.hypot(low, less), math.hypot(high, more)
    px |= {"max_width_low": px["max_width"] - low, "max_width_high": px["max_width"] + high}
    told: dict[str, float | int | str | None] = {"n_cracks": found.n_cracks}
    for name, value in px.items():
        value = 0.0 if not found.n_cracks else max(value, 0.0)
        told[f"{name}_px"] = None if math.isnan(value) else round(value, 2)
    return told


def _sway(stored: np.ndarray, found: widths.Widths, widest: int, cut: float) -> tuple[float, float]:
    """By how much the crack is thinner at a threshold `NEAR` higher, and wider at one lower, in pixels."""
    reach = 1.5 * float(found.width_px[widest]) + 8
    t = np.arange(-reach, reach + 0.125, 0.25)
    along = found.along[widest]
    normal = np.array([-along[1], along[0]])
    way = found.places[widest][:, None] + normal[:, None] * t
    p = scipy.ndimage.map_coordinates(stored.astype(np.float32), way, order=1, mode="nearest") / 255
    middle = len(t) // 2

    def wide(threshold: float) -> float:
        labels, _ = scipy.ndimage.label(p >= threshold)
        return 0.25 * float((labels == labels[middle]).sum()) if labels[middle] else 0.0

    here = wide(cut)
    return max(0.0, here - wide(min(1.0, cut + NEAR))), max(0.0, wide(max(0.0, cut - NEAR)) - here)


def in_mm(
    measured: Mapping[str, Any], scale_mm_per_px: float | None, scale_error: float = 0.0
) -> dict[str, float | int | str | None]:
    """What was measured in pixels in millimetres, and `scale` in words; None where no scale is known.

    `scale_error`, a share, widens the band of the widest place on both sides.
    """
    told: dict[str, float | int | str | None] = {}
    for name in ("max_width", "mean_width", "length", "max_width_low", "max_width_high"):
        value = measured.get(f"{name}_px")
        if scale_mm_per_px is None or not isinstance(value, int | float):
            told[f"{name}_mm"] = None
            continue
        sure = {"max_width_low": 1 - scale_error, "max_width_high": 1 + scale_error}.get(name, 1.0)
        told[f"{name}_mm"] = round(value * scale_mm_per_px * sure, 3)
    told["scale_error"] = None if scale_mm_per_px is None else round(scale_error, 4)
    return told | {"scale": "no scale" if scale_mm_per_px is None else f"{scale_mm_per_px:g} mm/px"}


def graded(measured: Mapping[str, Any], standard: Standard | None) -> dict[str, float | int | str | None]:
    """`standard`, `grade` ("c", or "b or c" where the band straddles a limit) and what the grade means.

    Nothing without a standard, without millimetres, or without a crack: no width, no grade. ours: a
    standard's limits for the cracked share of a surface are not asked: a photo shows a part of it only.
    """
    low, high = measured.get("max_width_low_mm"), measured.get("max_width_high_mm")
    if standard is None or low is None or high is None or not measured.get("n_cracks"):
        return {}
    found = standards.grade(standard, (float(low), float(high)))
    return {"standard": standard.key, "grade": " or ".join(found.grades), "grade_words": found.words}


def holds_to(stored: np.ndarray, smallest_px: float) -> float:
    """The highest threshold at which a piece of at least this reach is left, 0 to 1; 0 when there never is.

    The reach of the longest piece never grows with the threshold, so eight cuts find the level.
    """
    low, high = 0, 256  # a crack at `low` (everything is called at 0), none at `high`
    if math.hypot(*stored.shape) < smallest_px:
        return 0.0
    while high - low > 1:
        middle = (low + high) // 2
        if widths.extents(stored >= middle)[1].max(initial=0.0) >= smallest_px:
            low = middle
        else:
            high = middle
    return float(sweep.LEVELS[low])


def confidence(holds: float, card: Card) -> float:
    """The calibrated probability that there is a crack, from how high the map holds (`calibrate`)."""
    slope, offset = card.known.get("calibration", (1.0, 0.0))
    return float(1 / (1 + math.exp(-(slope * _logit(holds) + offset))))


def calibrate(holds: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Slope and offset of a logistic curve from `holds_to` to the probability of a crack (Platt 1999).

    `holds` (n,) 0 to 1, `truth` (n,) bool. The targets are drawn in from 0 and 1 as Platt does, so that a
    few clear photos do not promise certainty. (1, 0), no change, where one of the two kinds is missing.
    """
    truth = np.asarray(truth, bool)
    n_yes, n_no = int(truth.sum()), int((~truth).sum())
    if not n_yes or not n_no:
        return 1.0, 0.0
    x = _logit(np.asarray(holds, np.float64))
    target = np.where(truth, (n_yes + 1) / (n_yes + 2), 1 / (n_no + 2))

    def cost(line: np.ndarray) -> float:
        z = line[0] * x + line[1]
        return float((np.logaddexp(0, z) - target * z).mean())

    best = scipy.optimize.minimize(cost, np.array([1.0, 0.0]), bounds=[(0.0, 20.0), (-50.0, 50.0)])
    return round(float(best.x[0]), 4), round(float(best.x[1]), 4)


def smallest(photos: Iterable[tuple[np.ndarray, np.ndarray]], threshold: float) -> float:
    """The reach in pixels that best parts cracks from specks on validation photos: maps and truths.

    Each piece of the masks at this threshold is right when it touches true crack, 2 pixels allowed. Taken is
    the reach, 10 to 64, that keeps the largest share of the right pieces and drops the largest share of
    the wrong ones, the smaller of equals; `SMALLEST_PX` where all pieces are of one kind.
    """
    reach: list[float] = []
    right: list[bool] = []
    for stored, mask in photos:
        labels, found = widths.extents(sweep.mask(stored, threshold))
        near = scipy.ndimage.binary_dilation(mask, widths.EIGHT, iterations=2) if mask.any() else mask
        touched = np.bincount(labels[near], minlength=len(found) + 1)[1:] > 0
        reach += found.tolist()
        right += touched.tolist()
    lengths, good = np.asarray(reach), np.asarray(right, bool)
    if good.all() or not good.any():
        return SMALLEST_PX
    tried = np.arange(10.0, 65.0)
    value = [(lengths[good] >= at_least).mean() + (lengths[~good] < at_least).mean() for at_least in tried]
    return float(tried[int(np.argmax(value))])


def pieces(stored: np.ndarray, mask: np.ndarray, smallest_px: float) -> list[tuple[float, bool]]:
    """(`holds_to`, is there a crack) of a photo and of its nine parts, to calibrate on.

    ours: sets of cracks hold few walls without one, but most parts of a cracked wall are whole. A part on
    which the true crack reaches less than `smallest_px` is neither and is left out.
    """
    told = []
    for part in _parts(mask.shape):
        reach = widths.extents(mask[part])[1].max(initial=0.0)
        if reach == 0 or reach >= smallest_px:
            told.append((holds_to(stored[part], smallest_px), bool(reach)))
    return told


def clean(stored: np.ndarray, mask: np.ndarray, smallest_px: float = SMALLEST_PX) -> np.ndarray:
    """(10,) float32: `holds_to` of a photo and of its nine parts where nothing is truly cracked, else nan.

    At a threshold up to that value the clean photo, or part of one, is a false alarm.
    """
    told = [math.nan if mask[p].any() else holds_to(stored[p], smallest_px) for p in _parts(mask.shape)]
    return np.asarray(told, np.float32)


def _parts(shape: tuple[int, ...]) -> list[tuple[slice, slice]]:
    """A photo of this height and width, whole, and its nine parts row by row."""
    rows, columns = (np.linspace(0, n, 4).astype(int) for n in shape)
    return [(slice(0, shape[0]), slice(0, shape[1]))] + [
        (slice(rows[i], rows[i + 1]), slice(columns[j], columns[j + 1])) for i in range(3) for j in range(3)
    ]


def evaluation(photos: Sequence[Photo], arrays: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """What a whole set needs to be scored again, one row a photo, for an .npz without pickle.

    `name sha256 group` text, `histogram` (n, 256, 2) uint32 of (stored value, truth), `size` (n, 2) int32
    height and width, `unlike` (n,) float32 (nan: unknown), and what `fine.count` gives of each. The truth is
    read from each photo's mask; `DataError` when one is missing or does not fit.
    """
    stacked, counted = [], []
    for photo, one in zip(photos, arrays, strict=True):
        mask, stored = truth(photo), np.asarray(one["p"])
        check_size(photo, mask, stored)
        stacked.append(sweep.histogram(stored, mask))
        counted.append(fine.count(stored, mask) | {"clean": clean(stored, mask)})
    finer = {key: np.stack([one[key] for one in counted]) for key in counted[0]} if counted else {}
    return finer | {
        "name": np.asarray([p.title for p in photos], np.str_),
        "sha256": np.asarray([sha256(p) for p in photos], np.str_),
        "group": np.asarray([p.group for p in photos], np.str_),
        "histogram": np.asarray(stacked, np.uint32).reshape(-1, 256, 2),
        "size": np.asarray([np.asarray(a["p"]).shape for a in arrays], np.int32).reshape(-1, 2),
        "unlike": np.asarray([a.get("unlike", np.nan) for a in arrays], np.float32),
    }


def score(
    evaluation: Mapping[str, np.ndarray],
    threshold: float | None = None,
    *,
    draws: int = 1000,
    scale_mm_per_px: float | None = None,
) -> dict[str, Any]:
    """The figures of a set, pooled over all pixels of all photos, as JSON takes them.

    `precision recall accuracy f1 iou` at `threshold` (None: the best one), `f1_low` and `f1_high`, the 95 %
    interval when whole groups are drawn again `draws` times (0: none), `n` photos, and `best`: the figures at
    the threshold where F1 on this very set is highest, which nobody could have known before. How fine
    cracks fare is in `by_width by_tolerance found missed_px cldice` (`fine.score`). None where a figure does
    not exist.
    """
    histograms = np.asarray(evaluation["histogram"], np.int64)
    pooled = sweep.of_histogram(histograms.sum(0))
    top = sweep.best(pooled)
    cut = top if threshold is None else float(threshold)
    figures = _at(histograms, cut) | {"n": len(histograms)} | fine.score(evaluation, cut, scale_mm_per_px)
    if draws:
        each = sweep.query(histograms, cut)
        groups = np.asarray(evaluation["group"])
        low, high = metrics.bootstrap(groups, lambda i: _summed(each[i]).f1, draws=draws)
        figures |= {"f1_low": low, "f1_high": high}
    told: dict[str, Any] = metrics.plain(figures | {"best": _at(histograms, top)})
    return told


def is_clearly_better(one: np.ndarray, other: np.ndarray) -> bool:
    """True when F1 at the best threshold of `one` beats that of `other` by more than one standard error.

    Both are histograms (n, 256, 2) of the same photos; the 68 % interval of the difference, photos drawn
    again in pairs, must lie above 0. ours: a few validation photos cannot tell states of one training
    apart by a hundredth, and taking the best of many looks picks the luckiest (Breiman's rule, 1984).
    """
    cuts = [sweep.best(sweep.of_histogram(h.sum(0, dtype=np.int64))) for h in (one, other)]
    counts = [sweep.query(h, cut) for h, cut in zip((one, other), cuts, strict=True)]
    low, _ = metrics.bootstrap(
        np.arange(len(one)), lambda i: _summed(counts[0][i]).f1 - _summed(counts[1][i]).f1, level=0.68
    )
    return low > 0


def check_size(photo: Photo, mask: np.ndarray, picture: np.ndarray) -> None:
    """`DataError` unless mask and picture (or map) have the same height and width."""
    if mask.shape != picture.shape[:2]:
        raise DataError(
            f"The mask of {photo.title} has {mask.shape[1]} × {mask.shape[0]} pixels, the photo "
            f"{picture.shape[1]} × {picture.shape[0]}; both must be of one size."
        )


def sha256(photo: Photo) -> str:
    """The hash of a photo's file, read where the set did not bring it."""
    return photo.sha256 or photos.sha256(photo.path)


def _at(histograms: np.ndarray, threshold: float) -> dict[str, Any]:
    counts = sweep.query(histograms.sum(0), threshold)
    named = {name: getattr(counts, name) for name in ("precision", "recall", "accuracy", "f1", "iou")}
    return named | {"threshold": threshold}


def _summed(counts: Counts) -> Counts:
    return Counts(counts.tp.sum(), counts.fp.sum(), counts.fn.sum(), counts.tn.sum())


def _logit(p: Any) -> Any:
    """log(p / (1 - p)), p kept half a stored step away from 0 and 1."""
    p = np.clip(p, 0.5 / 255, 1 - 0.5 / 255)
    return np.log(p / (1 - p))
