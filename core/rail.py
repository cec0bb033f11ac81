"""Rail, paper 1: a surface defect or not, learned from few labels. Arrays in, verdicts out.

S. Han, "An Efficient Detection Method for Rail Surface Defect Using Limited Label Data". Here are its
settings, which photos may teach, the verdict on a photo and the figures of a set. In `core/few_labels/`,
`divisions.py` has the draw, `selection.py` step 4, `cycles.py` the ledger; `core/engine/rail.py` learns.

Truth is an int8 array: 1 `defect`, 0 `normal`, -1 unknown (nobody has said).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core import dealing, metrics, reasons
from core.config import param
from core.errors import ConfigError, DataError
from core.few_labels.divisions import DIVISIONS, STARTS
from core.few_labels.selection import RULES
from core.metrics import Counts
from core.quality import Quality
from core.records import Card, Photo, PhotoSet, Trim, Verdict

CLASSES = ("normal", "defect")
NETWORKS = ("resnet50", "resnet18", "mobilenet_v2")
METHODS = ("finetune", "head", "softmatch")
STRIPES = ("keep", "removed", "beside")
RATIOS = ("assumed", "estimated")
RESTARTS = ("imagenet", "continue")
INITS = ("imagenet", "imagenet_partial", "random")
AUGMENTS = ("none", "flips", "strong")
PRETRAINS = ("none", "vicreg")


@dataclass(frozen=True)
class Config:
    """How one rail model is trained, or one few-label experiment is run."""

    method: str = param(
        "finetune",
        "method",
        choices=METHODS,
        help="`finetune`: all weights are trained, as in the paper. `head`: the network stays as ImageNet "
        "left it, a linear head is fitted in closed form, and oddness is known beforehand. `softmatch`: all "
        "weights are trained, and the unlabelled photos of the pool teach too, by agreeing with themselves.",
        source="paper 1: finetune",
    )
    network: str = param("resnet50", "network", choices=NETWORKS, source="paper 1")
    division: str = param(
        "table3",
        "division of the pool",
        choices=tuple(DIVISIONS),
        help="Group sizes as in a table or the text of the paper; `full` learns from every label at once.",
        source="paper 1, tables 1–3; the text differs",
    )
    n0: int | None = param(
        None,
        "labels at the start",
        low=1,
        help="Empty: as the division has it (3, 13, 21, or all of them).",
        source="paper 1: 3, 13, 21",
    )
    start: str = param(
        "random",
        "choice of the start set",
        choices=STARTS,
        help="`random` may hold one class only, as in the paper; `stratified` holds one of each at least; "
        "`typical` takes the most typical photo of each cluster of features (TypiClust).",
        source="paper 1: random",
    )
    rule: str = param("both", "selection rule", choices=RULES, source="paper 1, step 4")
    threshold: float = param(
        0.5, "P(defect) above which a photo may become a defect", low=0.0, high=1.0, source="paper 1, step 4"
    )
    share: float = param(
        0.3, "share of a group that may become a defect", low=0.0, high=1.0, source="paper 1, step 4"
    )
    sure: float = param(
        0.9,
        "probability from which rule `sure` takes a photo",
        low=0.5,
        high=1.0,
        help="Of either class; photos below it wait for a later cycle. Other rules do not use it.",
    )
    portion: float = param(
        0.5,
        "portion of each class that rule `balanced` takes",
        low=0.0,
        high=1.0,
        help="The likeliest defects and the likeliest normals of a group, in the ratio of the share; "
        "the others wait. Other rules do not use it.",
        source="ours, after Zou et al. 2018",
    )
    agreement: int = param(
        1,
        "mirror images that must agree",
        choices=(1, 2, 4),
        help="Above 1, a photo whose mirror images fall on both sides of 0.5 gets no pseudo-label yet.",
    )
    ratio: str = param(
        "assumed",
        "share of defects that a group is cut at",
        choices=RATIOS,
        help="`assumed`: the share above, as in the paper; `estimated`: from the model's own probabilities.",
        source="paper 1: assumed; estimated after Saerens et al. 2002",
    )
    trust: float = param(
        1.0,
        "weight of a pseudo-label beside a person's label",
        low=0.01,
        high=1.0,
        source="paper 1: the same",
    )
    unlabelled: int = param(
        2,
        "unlabelled photos a step, for each labelled one",
        low=1,
        high=16,
        help="Method `softmatch` learns from both; the others do not use it.",
        source="ours; SoftMatch has 1 to 7",
    )
    repeats: int = param(5, "repeats", low=1, high=100, source="paper 1")
    restart: str = param(
        "imagenet",
        "weights that a cycle starts from",
        choices=RESTARTS,
        help="`imagenet` begins anew in each cycle, `continue` goes on from the last one.",
        source="paper 1 is silent; ours",
    )
    epochs: int = param(20, "epochs of a training", low=1, high=1000, source="paper 1")
    optimizer: str = param("adam", "optimiser", choices=("adam", "adamw", "sgd"), source="paper 1: adam")
    learning_rate: float = param(1e-4, "learning rate", low=1e-6, high=1e-1, log=True, source="paper 1")
    schedule: str = param(
        "constant",
        "learning rate over a training",
        choices=("constant", "cosine"),
        source="paper 1 is silent; ours",
    )
    weight_decay: float = param(0.0, "weight decay", low=0.0, high=1.0, source="paper 1 is silent; ours")
    batch_size: int = param(16, "photos a step", low=1, high=1024, source="paper 1 is silent; ours")
    image_size: int = param(
        224, "side of a photo in the network, px", low=64, high=1024, source="paper 1 is silent; ours"
    )
    stripes: str = param(
        "keep",
        "vertical stripes of a photo",
        choices=STRIPES,
        help="`removed`: each column less its median, for what goes on along the rail is no defect. "
        "`beside`: the grey photo in one channel, the stripe-free one in two; `head` looks at both apart.",
        source="paper 1 is silent; ours",
    )
    augment: str = param(
        "none",
        "variation of the photos",
        choices=AUGMENTS,
        help="`flips`: mirrored both ways, a rail looks the same upside down. `strong`: brightness, "
        "contrast, place and size vary too.",
        source="paper 1 is silent; ours",
    )
    label_smoothing: float = param(0.0, "label smoothing", low=0.0, high=0.5)
    ema: float = param(
        0.0,
        "weight of the past in the averaged network",
        low=0.0,
        high=0.9999,
        help="0: the last state is used, as in the paper; 0.98 averages over some 50 steps.",
    )
    views: int = param(
        1,
        "views of a photo when it is judged",
        choices=(1, 2, 4),
        help="1: as it is; 2: also turned by 180°; 4: all mirror images. Their logits are averaged.",
    )
    folds: int = param(
        0,
        "parts of the pool, by place, that choose epoch, threshold and temperature",
        low=0,
        high=20,
        help="0: no validation photos, as in the paper.",
        source="paper 1: none",
    )
    half: bool = param(
        False,
        "file the weights in half precision",
        help="Only done when it changes no verdict on the photos of the pool.",
    )
    init: str = param("imagenet", "weights at the start", choices=INITS, source="paper 1")
    pretrain: str = param(
        "none",
        "pretraining without labels",
        choices=PRETRAINS,
        help="`vicreg`: before the first label the last blocks learn from all photos of the pool to describe "
        "views of one photo alike (mirrored, brighter, larger); test photos are not among them.",
        source="paper 1: its outlook; after Bardes et al. 2022",
    )
    pretrain_epochs: int = param(12, "epochs of the pretraining", low=1, high=1000, source="ours")
    seed: int = param(0, "seed", low=0, high=2**31 - 1)

    def also(self) -> None:
        """Rules that bind several settings; raises `ConfigError`."""
        n0 = self.labels_at_start
        own = DIVISIONS[self.division].n0
        if self.division.startswith("table") and n0 != own:
            raise ConfigError(
                f"n0 is {n0}, but {self.division} of the paper starts with {own} labels; "
                "leave n0 out, or set division=text, which takes any number."
            )
        if self.start == "stratified" and n0 is not None and n0 < 2:
            raise ConfigError(
                f"n0 is {n0}: a stratified start needs 2 labels, one of each class. Raise n0, or set "
                "start=random: it draws as the paper does and trains on, even when one class is missing."
            )
        if self.folds == 1:
            raise ConfigError("folds is 1; choose 0 (no validation photos) or at least 2 parts.")
        if self.folds and self.division != "full":
            raise ConfigError(
                f"folds is {self.folds}, but the cycles of {self.division} keep no validation photos; "
                "set folds=0, or division=full."
            )
        if self.folds and self.repeats != 1:
            raise ConfigError(f"repeats is {self.repeats}; with validation parts (folds) it must be 1.")

    @property
    def labels_at_start(self) -> int | None:
        """`n0`, else what the division has; None for every label there is."""
        return DIVISIONS[self.division].n0 if self.n0 is None else self.n0


def pool(photos: PhotoSet) -> tuple[Photo, ...]:
    """The photos to learn from: split `pool`, else `train` and `val`, else all where no split is named.

    `DataError` when there is none.
    """
    named = [p for p in photos.photos if p.split == "pool"]
    named = named or [p for p in photos.photos if p.split in ("train", "val")]
    if not named and not any(p.split for p in photos.photos):
        named = list(photos.photos)
    if not named:
        raise DataError(
            f"{photos.name} has no photo to learn from; name the split `pool` (or `train`) in its table."
        )
    return tuple(named)


def apart(learned: Sequence[Photo], tested: Sequence[Photo]) -> str:
    """A warning when photos of one place are both learned from and tested on, else an empty text.

    The same photo on both sides is a `DataError`: a test on it would be worth nothing.
    """
    same = {p.sha256 for p in learned if p.sha256} & {p.sha256 for p in tested}
    same |= {str(p.path) for p in learned} & {str(p.path) for p in tested}
    if same:
        names = [p.title for p in tested if p.sha256 in same or str(p.path) in same]
        raise DataError(
            f"{len(names)} photos are in the pool and in the test split, {names[0]} for one; "
            "take them out of one of the two."
        )
    both = {p.group for p in learned if p.group} & {p.group for p in tested}
    if not both:
        return ""
    return f"{len(both)} places are in the pool and in the test split: its figures flatter."


def truths(photos: Iterable[Photo]) -> np.ndarray:
    """(n,) int8: 1 where an expert said `defect`, 0 `normal`, -1 nothing. `DataError` for another word."""
    known = {"defect": 1, "normal": 0, None: -1, "": -1}
    found = []
    for photo in photos:
        if photo.label not in known:
            raise DataError(f"{photo.title} is labelled {photo.label!r}; a rail is `defect` or `normal`.")
        found.append(known[photo.label])
    return np.asarray(found, np.int8)


# Verdicts and figures ---------------------------------------------------------------------------------

NEAR = 0.15
"""ours: a person should look at a photo this close to the threshold. On the validation photos of the starter
model these photos, and those `unlike` the others, hold most of its mistakes."""


def judge(
    arrays: Mapping[str, np.ndarray],
    threshold: float | None,
    card: Card,
    *,
    quality: Quality | None = None,
    trim: Trim | None = None,
    scale_mm_per_px: float | None = None,
) -> Verdict:
    """The verdict on one photo from its stored probabilities; at the threshold it is a defect.

    `arrays` holds `p` (2,) [normal, defect] and perhaps `unlike` (), 0 to 1. `threshold` None means
    the card's. `confidence` is the calibrated probability of the label that is said, so below one half
    when the threshold is moved past it.
    """
    cut = reasons.threshold(threshold, card)
    p = float(np.asarray(arrays["p"], np.float64)[1])
    unlike = reasons.unlike(arrays)
    is_defect = p >= cut
    doubts = reasons.of_photo(quality, unlike)
    if abs(p - cut) < NEAR:
        doubts.append("it is close to the limit between normal and defect")
    return Verdict(
        domain="rail",
        label=CLASSES[int(is_defect)],
        confidence=p if is_defect else 1 - p,
        threshold=cut,
        needs_person=bool(doubts),
        reason=_sentence(doubts)
        if doubts
        else "Clear of the limit, and like the photos it has learned from.",
        next_step=_NEXT[is_defect, bool(doubts)],
        model=card.id,
        figures={"p_defect": p, "unlike": unlike},
        trim=trim,
        scale_mm_per_px=scale_mm_per_px,
    )


_NEXT = {
    (True, False): "Look at this spot on the track and note the kind of defect.",
    (True, True): "Have an expert look at the photo; take it again where it is poor.",
    (False, False): "Nothing to do until the next round.",
    (False, True): "Have an expert look at the photo before it is passed.",
}


def evaluation(photos: Sequence[Photo], arrays: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """What a whole set needs to be scored at any threshold, one row a photo, for an .npz without pickle.

    `name sha256 group` text, `truth` int8, `p` (n, 2) float32, `unlike` (n,) float32 (nan where unknown).
    """
    return {
        "name": np.asarray([p.title for p in photos], np.str_),
        "sha256": np.asarray([p.sha256 for p in photos], np.str_),
        "group": np.asarray([p.group for p in photos], np.str_),
        "truth": truths(photos),
        "p": np.asarray([a["p"] for a in arrays], np.float32).reshape(-1, 2),
        "unlike": np.asarray([a.get("unlike", np.nan) for a in arrays], np.float32),
    }


def score(
    evaluation: Mapping[str, np.ndarray], threshold: float | None = None, *, draws: int = 1000
) -> dict[str, Any]:
    """The figures of a set at a threshold (0.5 where none is given); only photos with a known truth count.

    `accuracy precision recall f1` (of `defect`) `balanced_accuracy`, each with `…_low` and `…_high`, the
    95 % interval when whole places are drawn again `draws` times (0: none, for a live threshold);
    `confusion` [[normal said normal, normal said defect], [defect said normal, defect said defect]];
    `always_normal`, the accuracy of saying `normal` to everything. None where a figure does not exist,
    e.g. precision when nothing was called a defect.
    """
    known = np.asarray(evaluation["truth"]) >= 0
    truth = np.asarray(evaluation["truth"])[known] == 1
    group = np.asarray(evaluation["group"])[known]
    cut = 0.5 if threshold is None else float(threshold)
    said = np.asarray(evaluation["p"], np.float64)[known, 1] >= cut
    counts = Counts.of(truth, said)
    figures: dict[str, Any] = _figures(counts)
    figures |= metrics.intervals(
        Counts.each(truth, said).cells, group, lambda drawn: _figures(Counts.of_cells(drawn)), draws=draws
    )
    confusion = [[int(counts.tn), int(counts.fp)], [int(counts.fn), int(counts.tp)]]
    told = {"n": len(truth), "n_defect": int(truth.sum()), "n_places": len(set(dealing.named(group)))}
    always = Counts.of(truth, np.zeros(len(truth), bool)).accuracy
    figures |= {"confusion": confusion, "threshold": cut, "always_normal": always}
    found: dict[str, Any] = metrics.plain(figures | told)
    return found


def _figures(counts: Counts) -> dict[str, np.ndarray]:
    return {
        "accuracy": counts.accuracy,
        "precision": counts.precision,
        "recall": counts.recall,
        "f1": counts.f1,
        "balanced_accuracy": (counts.recall + counts.specificity) / 2,
    }


def _sentence(doubts: Sequence[str]) -> str:
    text = ", and ".join(doubts)
    return text[0].upper() + text[1:] + "."


# Presets ----------------------------------------------------------------------------------------------

_QUICK = {
    "network": "mobilenet_v2",
    "division": "full",
    "repeats": 1,
    "folds": 3,
    "epochs": 10,
    "optimizer": "adamw",
    "learning_rate": 5e-4,
    "schedule": "cosine",
    "weight_decay": 0.02,
    # Dents of a few pixels: at 288 px instead of 224, AUC on a held-out third of the places rose by 0.01.
    "image_size": 288,
    "augment": "strong",
    "label_smoothing": 0.05,
    "ema": 0.98,
    "views": 4,
    "half": True,
}

PRESETS: dict[str, dict[str, Any]] = {
    # Half an hour on one CPU core; chosen on validation parts of the pool, by place. Made the shipped model.
    "quick": _QUICK,
    # The same, its threshold from five parts.
    "starter": _QUICK | {"folds": 5},
    # The best column of the paper; the defaults are its numbers.
    "paper": {"division": "table3"},
    "table1": {"division": "table1"},
    "table2": {"division": "table2"},
    "table3": {"division": "table3"},
    "text": {"division": "text"},
    # Best on halves of the pool, by place, with 3, 13 and 21 labels: tests/bench/rail.md.
    "recommended": {
        "method": "head",
        "network": "mobilenet_v2",
        "stripes": "beside",
        "division": "text",
        "rule": "balanced",
        "portion": 0.3,
        "share": 0.25,
        "trust": 0.1,
        "views": 2,
    },
    # What the modern methods of the family reach with the same labels, without any cycle.
    "reference": {
        "method": "softmatch",
        "network": "mobilenet_v2",
        "stripes": "removed",
        "division": "full",
        "n0": 21,
        "optimizer": "adamw",
        "learning_rate": 5e-4,
        "schedule": "cosine",
        "weight_decay": 0.02,
        "ema": 0.98,
        "share": 0.25,
        "views": 4,
    },
    "full": {"division": "full"},
}
