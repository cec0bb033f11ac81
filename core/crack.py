"""Paper 2, fine cracks in concrete: how a crack model is trained, and what its probability maps say.

J.-M. Sohn, D.-S. Kim, H.-B. Hwang, "Improvement of learning concrete crack detection model by weighted
loss function", JKSCI 25(10), 2020. Here maps become verdicts and figures. In `core/measuring/`,
`certainty.py` says how sure they are, `measures.py` how wide and long a crack is;
the network learns in `core/engine/crack.py`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core import disk, losses, metrics, photos, reasons, sweep
from core.config import param
from core.errors import ConfigError, DataError
from core.measuring import certainty, fine, measures, widths
from core.measuring.measures import NEAR
from core.measuring.standards import Standard
from core.metrics import Counts
from core.quality import Quality
from core.records import Card, Photo, Trim, Verdict


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

MUCH = 0.25
"""ours: a person should look when more than this share of a photo is called crack."""


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
    is_surface: bool = False,
    focal_px: float | None = None,
) -> Verdict:
    """The verdict on one photo from its stored probability map; at the threshold a pixel is crack.

    `arrays` holds `p` (H, W) uint8 and perhaps `unlike` (), 0 to 1. With the photo itself, `grey` (H, W)
    uint8, widths are read from its grey values (`core.measuring.profiles`), else from the mask; with a scale,
    right within the share `scale_error` of it, and a `standard` the verdict names the grade, or the grades
    between which it cannot decide. `is_surface`: a person said how large a surface the photo shows, so that
    the share of it that is cracked is graded too. `focal_px`, the lens, turns "stand closer" into metres.

    `threshold` None means the card's. The label is `crack` when one piece of the mask reaches at least
    `card.known["smallest_px"]` pixels, the diagonal of its box; smaller ones are specks, which count in
    `crack_fraction` (every pixel of the mask) but are not measured. `holds_to` is the highest threshold at
    which the label would still be `crack`.
    `confidence` is the calibrated probability of the label that is said, so below one half when the
    threshold is moved past it. Without a scale the figures in mm are None and `scale` says "no scale".
    """
    cut = reasons.threshold(threshold, card)
    stored = np.asarray(arrays["p"])
    unlike = reasons.unlike(arrays)
    smallest_px = certainty.smallest_of(card)
    mask = sweep.mask(stored, cut)
    cracks = widths.without_specks(mask, smallest_px)
    is_crack, holds = bool(cracks.any()), certainty.holds_to(stored, smallest_px)
    p = certainty.confidence(holds, card)
    share = float(mask.mean())
    measured = measures.of_mask(cracks, grey, stored, cut) | measures.share(stored, cut, smallest_px)
    measured |= {"crack_fraction": share}
    doubts = reasons.of_photo(quality, unlike)
    doubts += _doubts(share, abs(holds - cut) < NEAR, is_crack, p)
    measured |= {} if focal_px is None else {"focal_px": round(focal_px, 1)}
    verdict = Verdict(
        domain="crack",
        label=CLASSES[is_crack],
        confidence=p if is_crack else 1 - p,
        threshold=cut,
        needs_person=bool(doubts),
        reason=reasons.sentence(doubts) if doubts else _CLEAR[is_crack],
        next_step=(quality.remedy if quality is not None else None) or _NEXT[is_crack, bool(doubts)],
        model=card.id,
        figures={"holds_to": holds, "unlike": unlike}
        | ({} if quality is None else {k: round(v, 4) for k, v in dataclasses.asdict(quality).items()})
        | measured,
        trim=trim,
    )
    return scaled(verdict, scale_mm_per_px, scale_error, standard, is_surface=is_surface)


def _doubts(share: float, is_near: bool, is_crack: bool, p: float) -> list[str]:
    """What the map gives to doubt: too much of it marked, near the threshold, or against its probability."""
    doubts = ["more of it is marked than a crack can cover"] if share > MUCH else []
    if is_near:
        doubts.append("what looks like a crack is faint" if is_crack else "there may be a faint crack")
    elif is_crack and p < 0.5:
        doubts.append("the mark may as well be a joint, an edge or a stain")
    elif not is_crack and p > 0.5:
        doubts.append("there may be a crack after all")
    return doubts


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
_TOO_FINE = "the crack may be finer than the photo can show"
_CLOSER = "Take the photo again from closer by, something of known length beside it."


def scaled(
    verdict: Verdict,
    scale_mm_per_px: float | None,
    scale_error: float = 0.0,
    standard: Standard | None = None,
    *,
    is_surface: bool = False,
    focal_px: float | None = None,
) -> Verdict:
    """The same verdict with another scale, or none: what it measured in pixels stays, the rest follows.

    A person is sent for where the crack may be finer than a photo of this scale can show. `focal_px` is a
    lens that came with the scale; the photo's own, which the verdict knows, goes before it.
    """
    old = ("standard", "grade", "finest_mm", "finer_than_mm", "closer")
    figures = {k: v for k, v in verdict.figures.items() if not k.startswith(old)}
    lens = figures.get("focal_px") or focal_px
    figures |= measures.in_mm(figures, scale_mm_per_px, scale_error)
    figures |= measures.shown(figures, scale_mm_per_px, standard, float(lens) if lens else None)
    figures |= measures.graded(figures, standard, is_surface=is_surface)
    told = dataclasses.replace(verdict, figures=figures, scale_mm_per_px=scale_mm_per_px)
    return _doubted(told, "finer_than_mm" in figures) if verdict.label == "crack" else told


def _doubted(verdict: Verdict, is_too_fine: bool) -> Verdict:
    """A crack's verdict with the doubt that it is too fine for the photo, or without it."""
    before = reasons.of_sentence(verdict.reason)
    if is_too_fine == (_TOO_FINE in before):
        return verdict
    doubts = [*before, _TOO_FINE] if is_too_fine else [doubt for doubt in before if doubt != _TOO_FINE]
    step = verdict.next_step
    if step in (*_NEXT.values(), _CLOSER):  # what to do about a poor photo comes first
        step = _CLOSER if is_too_fine else _NEXT[True, bool(doubts)]
    reason = reasons.sentence(doubts) if doubts else _CLEAR[True]
    return dataclasses.replace(verdict, needs_person=bool(doubts), reason=reason, next_step=step)


def evaluation(
    photos: Sequence[Photo], arrays: Sequence[Mapping[str, np.ndarray]], card: Card | None = None
) -> dict[str, np.ndarray]:
    """What a whole set needs to be scored again, one row a photo, for an .npz without pickle.

    `name sha256 group` text, `histogram` (n, 256, 2) uint32 of (stored value, truth), `size` (n, 2) int32
    height and width, `unlike` (n,) float32 (nan: unknown), and what `fine.count` gives of each. `clean` is
    counted by the rule of the card's verdicts: a mark that reaches less than theirs is a speck, no alarm. The
    truth is read from each photo's mask; `DataError` when one is missing or does not fit.
    """
    smallest_px = certainty.smallest_of(card)
    stacked, counted = [], []
    for photo, one in zip(photos, arrays, strict=True):
        mask, stored = truth(photo), np.asarray(one["p"])
        check_size(photo, mask, stored)
        stacked.append(sweep.histogram(stored, mask))
        counted.append(fine.count(stored, mask) | {"clean": certainty.clean(stored, mask, smallest_px)})
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

    `precision recall accuracy f1 iou` at `threshold` (None: the best one), each with `…_low` and `…_high`,
    the 95 % interval when whole groups are drawn again `draws` times (0: none), `n` photos, and `best`: the
    figures at the threshold where F1 on this very set is highest, which nobody could have known before. How
    fine cracks fare is in `by_width by_tolerance found missed_px cldice` (`fine.score`). None where a figure
    does not exist.
    """
    histograms = np.asarray(evaluation["histogram"], np.int64)
    pooled = sweep.of_histogram(histograms.sum(0))
    top = sweep.best(pooled)
    cut = top if threshold is None else float(threshold)
    cells = sweep.query(histograms, cut).cells
    figures = _at(histograms, cut) | {"n": len(histograms)}
    figures |= metrics.intervals(
        cells, evaluation["group"], lambda drawn: _figures(Counts.of_cells(drawn)), draws=draws
    )
    figures |= fine.score(evaluation, cut, scale_mm_per_px)
    told: dict[str, Any] = metrics.plain(figures | {"best": _at(histograms, top)})
    return told


def is_clearly_better(one: np.ndarray, other: np.ndarray) -> bool:
    """True when F1 at the best threshold of `one` beats that of `other` by more than one standard error.

    Both are histograms (n, 256, 2) of the same photos; the 68 % interval of the difference, photos drawn
    again in pairs, must lie above 0. ours: a few validation photos cannot tell states of one training
    apart by a hundredth, and taking the best of many looks picks the luckiest (Breiman's rule, 1984).
    """
    cuts = [sweep.best(sweep.of_histogram(h.sum(0, dtype=np.int64))) for h in (one, other)]
    each = [sweep.query(h, cut).cells for h, cut in zip((one, other), cuts, strict=True)]

    def gain(drawn: np.ndarray) -> dict[str, np.ndarray]:
        f1 = Counts.of_cells(drawn).f1
        return {"f1": f1[:, 0] - f1[:, 1]}

    return bool(metrics.intervals(np.stack(each, 1), None, gain, level=0.68).get("f1_low", 0.0) > 0)


def check_size(photo: Photo, mask: np.ndarray, picture: np.ndarray) -> None:
    """`DataError` unless mask and picture (or map) have the same height and width."""
    if mask.shape != picture.shape[:2]:
        raise DataError(
            f"The mask of {photo.title} has {mask.shape[1]} × {mask.shape[0]} pixels, the photo "
            f"{picture.shape[1]} × {picture.shape[0]}; both must be of one size."
        )


def sha256(photo: Photo) -> str:
    """The hash of a photo's file, read where the set did not bring it."""
    return photo.sha256 or disk.sha256(photo.path)


def _at(histograms: np.ndarray, threshold: float) -> dict[str, Any]:
    return _figures(sweep.query(histograms.sum(0), threshold)) | {"threshold": threshold}


def _figures(counts: Counts) -> dict[str, Any]:
    return {name: getattr(counts, name) for name in ("precision", "recall", "accuracy", "f1", "iou")}
