"""Paper 3, corrosion of metal parts: how a model of four grades is trained, and what it says of a photo.

Grade 0 is light, 3 severe. Here probabilities become grades and verdicts, by arrays alone. In
`core/grading/`, `grades.py` has the figures, `folds.py` which photos validate, `ranges.py` what a search
tries; `core/engine/corrosion.py` learns. Truth is an int8 array, -1 where nobody has said a grade.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core import reasons
from core.config import param
from core.errors import ConfigError, DataError
from core.grading import coach, decisions
from core.grading.decisions import CLASSES, N
from core.grading.grades import score as score
from core.quality import Quality
from core.records import Card, Photo, Trim, Verdict

NETWORKS = ("cnn5", "resnet18", "alexnet", "mobilenet_v2", "resnet50")
OWN = ("cnn5", "alexnet")
"""Networks of the paper that nobody has trained on ImageNet: they start from random weights."""


@dataclass(frozen=True)
class Grade:
    """A grade in the inspectors' words; the states are those of the AASHTO bridge element manual."""

    state: str
    words: str
    next_step: str


GRADES = (
    Grade("CS1 good", "sound paint, at most specks of rust", "Nothing to do until the next inspection."),
    Grade("CS2 fair", "rust on the surface, or where paint has peeled", "Clean it and mend the paint."),
    Grade("CS3 poor", "pitting, layers or pack rust", "Plan a repair; have a person look at it close up."),
    # A photo cannot prove section loss, so the severe grade asks for hands on the part and claims no more.
    Grade("CS4 severe", "looks severely corroded", "Hands-on check advised; a photo cannot measure loss."),
)


@dataclass(frozen=True)
class Config:
    """How one corrosion model is trained. The defaults are the paper's ResNet-18."""

    network: str = param("resnet18", "network", choices=NETWORKS, source="paper 3")
    init: str | None = param(
        None,
        "weights at the start",
        choices=("imagenet", "imagenet_partial", "imagenet_any", "random"),
        help="Left open: ImageNet where the network has such weights, random for cnn5 and alexnet. partial: "
        "a file that lacks whole blocks; any: the whole file, else the partial one.",
        source="paper 3",
    )
    frozen: int = param(
        0,
        "first blocks that stay as they were",
        low=0,
        high=18,
        help="MobileNetV2 has 19 blocks, a ResNet 5; they keep their ImageNet weights and are not trained.",
    )
    keep_norm: bool = param(
        False,
        "keep ImageNet's batch-norm statistics",
        help="A few hundred photos say less about them than ImageNet did.",
    )
    fc1: int | None = param(
        None, "units of the 1st full layer", low=8, high=8192, help="cnn5, alexnet only.", source="paper 3"
    )
    fc2: int | None = param(
        None, "units of the 2nd full layer", low=8, high=8192, help="cnn5, alexnet only.", source="paper 3"
    )
    dropout1: float | None = param(
        None, "dropout, 1st full layer", low=0.0, high=0.9, help="cnn5, alexnet only.", source="paper 3"
    )
    dropout2: float | None = param(
        None, "dropout, 2nd full layer", low=0.0, high=0.9, help="cnn5, alexnet only.", source="paper 3"
    )
    trimmed: bool = param(
        True, "trimmed to the metal part", help="Otherwise the whole photo.", source="paper 3"
    )
    margin: float = param(
        1.0, "size of the trim box", low=1.0, high=2.4, help="1.1: a tenth wider and higher than drawn."
    )
    image_size: int = param(224, "side of a photo in the network, px", low=64, high=512, source="paper 3")
    angle: float = param(
        15.0, "turned by at most, degrees", low=0.0, high=180.0, source="paper 3 is silent; ours"
    )
    scale: float = param(
        0.2, "scaled by at most", low=0.0, high=0.5, help="0.2: 80 % to 120 %.", source="paper 3"
    )
    colour: float = param(0.0, "change of light and colour, at most", low=0.0, high=0.8)
    erase: float = param(0.0, "chance that a square is painted over", low=0.0, high=1.0)
    mixup: float = param(
        0.0,
        "mixing of pairs of photos",
        low=0.0,
        high=2.0,
        help="Both shares of Beta(mixup, mixup); 0: no photo is mixed with another (Zhang et al. 2018).",
    )
    head: str = param(
        "plain",
        "what the last layer says",
        choices=("plain", "corn"),
        help="plain: one logit a grade; corn: is it worse than 0, than 1, than 2 (Shi et al. 2021).",
        source="paper 3: plain",
    )
    soft: float = param(
        0.0,
        "share of a label that spills to the next grade",
        low=0.0,
        high=0.5,
        help="A miss by one then costs less than a miss by two (Diaz and Marathe 2019). 0: none.",
    )
    focus: float = param(
        1.0,
        "weight of grade 2 in the loss",
        low=1.0,
        high=5.0,
        help="Grade 2 is the one that every network of paper 3 knows least. 1: like the others.",
    )
    optimizer: str = param("sgd", "optimiser", choices=("adam", "adamw", "rmsprop", "sgd"), source="paper 3")
    learning_rate: float = param(8.53e-5, "learning rate", low=1e-6, high=1e-1, log=True, source="paper 3")
    head_rate: float = param(
        1.0, "learning rate of the last layer, times the others'", low=0.1, high=100.0, log=True
    )
    momentum: float = param(
        0.82299, "momentum", low=0.0, high=0.99, help="sgd and rmsprop only.", source="paper 3"
    )
    weight_decay: float = param(5.31e-5, "weight decay", low=0.0, high=0.5, source="paper 3")
    schedule: str = param(
        "constant",
        "learning rate over a training",
        choices=("constant", "cosine"),
        source="paper 3 is silent; ours",
    )
    ema: float = param(
        0.0,
        "averaging of the weights",
        low=0.0,
        high=0.9999,
        help="Share of the running average kept at each step; the average is judged and filed. 0: none.",
    )
    batch_size: int = param(32, "photos a step", low=2, high=1024, source="paper 3")
    epochs: int = param(150, "epochs of a training", low=1, high=2000, source="paper 3")
    folds: int = param(
        5,
        "parts for cross validation, by group",
        low=0,
        high=20,
        help="0: one training with one sixth of the groups set aside for validation.",
        source="paper 3",
    )
    choose_epoch: bool = param(
        True,
        "stop the last training where validation was best",
        help="Otherwise it runs for all epochs.",
        source="paper 3 is silent; ours",
    )
    views: int = param(
        1, "views of a photo when it is judged", choices=(1, 2), help="2: as it is, and mirrored."
    )
    half: bool = param(
        False,
        "file the weights in half precision",
        help="Only done when it changes no grade of the photos it learned from.",
    )
    seed: int = param(0, "seed", low=0, high=2**31 - 1)

    def also(self) -> None:
        """Rules that bind several settings; raises `ConfigError`."""
        if self.network in OWN and self.init not in (None, "random"):
            raise ConfigError(f"There are no ImageNet weights for {self.network}; leave init out.")
        full = [n for n in ("fc1", "fc2", "dropout1", "dropout2") if getattr(self, n) is not None]
        if self.network not in OWN and full:
            raise ConfigError(
                f"{self.network} has no {full[0]}; only cnn5 and alexnet have it. Leave it out."
            )
        if self.start == "random" and (self.frozen or self.keep_norm):
            raise ConfigError("Random weights cannot be kept; set frozen=0 and keep_norm=no.")
        if self.network in ("resnet18", "resnet50") and self.frozen > 4:
            raise ConfigError(f"frozen is {self.frozen}, but {self.network} has 5 blocks; take at most 4.")
        if self.folds == 1:
            raise ConfigError("folds is 1; choose 0 (one validation part) or at least 2.")
        if self.head == "corn" and self.soft:
            raise ConfigError("head=corn knows the order of the grades already; set soft=0.")

    @property
    def start(self) -> str:
        """`init`, else what the network can have."""
        return self.init or ("random" if self.network in OWN else "imagenet")

    @property
    def sizes(self) -> dict[str, float]:
        """The full layers' units and dropouts, as the paper chose them where they are left open."""
        chosen = {
            k: v for k, v in CHOSEN[self.network].items() if k in ("fc1", "fc2", "dropout1", "dropout2")
        }
        return {
            name: value if getattr(self, name) is None else getattr(self, name)
            for name, value in chosen.items()
        }


CHOSEN: dict[str, dict[str, Any]] = {
    "cnn5": {
        "fc1": 384,
        "fc2": 231,
        "dropout1": 0.151026,
        "dropout2": 0.156857,
        "learning_rate": 0.000086,
        "optimizer": "rmsprop",
        "batch_size": 32,
        "momentum": 0.79802,
        "weight_decay": 0.0,
    },
    "resnet18": {
        "learning_rate": 0.0000853,
        "optimizer": "sgd",
        "batch_size": 32,
        "momentum": 0.82299,
        "weight_decay": 0.0000531,
    },
    "alexnet": {
        "fc1": 2048,
        "fc2": 844,
        "dropout1": 0.35,
        "dropout2": 0.5,
        "learning_rate": 0.000085,
        "optimizer": "adam",
        "batch_size": 32,
        "weight_decay": 0.0,
    },
    "mobilenet_v2": {},
    "resnet50": {},
}
"""What the paper's search chose, by network."""

_FEW_PHOTOS = {
    # Chosen by cross validation on the 480 photos that the starter learned from: with all of MobileNetV2
    # trained F1 was 0.63 in validation, with its first 14 blocks and all statistics kept 0.70.
    "network": "mobilenet_v2",
    "frozen": 14,
    "keep_norm": True,
    "image_size": 288,
    "soft": 0.1,
    "optimizer": "adamw",
    "learning_rate": 3e-4,
    "head_rate": 5.0,
    "weight_decay": 0.05,
    "schedule": "cosine",
    "ema": 0.97,
}

PRESETS: dict[str, dict[str, Any]] = {
    "quick": _FEW_PHOTOS | {"epochs": 8, "folds": 0},
    "starter": _FEW_PHOTOS | {"epochs": 12, "folds": 5, "half": True},
    "paper": {"network": "resnet18", "epochs": 150, "folds": 5} | CHOSEN["resnet18"],
    "paper_cnn5": {"network": "cnn5", "epochs": 150, "folds": 5} | CHOSEN["cnn5"],
    "paper_alexnet": {"network": "alexnet", "epochs": 150, "folds": 5} | CHOSEN["alexnet"],
}
"""`paper` is its best network, ResNet-18; `starter` made the model that is shipped."""


# Truth -------------------------------------------------------------------------------------------------


def truths(photos: Sequence[Photo]) -> np.ndarray:
    """(n,) int8: the expert's grade, -1 where there is none; `DataError` for a fifth grade."""
    strange = [p for p in photos if p.grade is not None and p.grade not in range(N)]
    if strange:
        raise DataError(
            f"{strange[0].title} has grade {strange[0].grade}; grades are 0 (light) to 3 (severe). "
            "Mend it in the table."
        )
    return np.asarray([-1 if p.grade is None else p.grade for p in photos], np.int8)


# Verdicts and figures ---------------------------------------------------------------------------------


def judge(
    arrays: Mapping[str, np.ndarray],
    threshold: float | None,
    card: Card,
    *,
    quality: Quality | None = None,
    trim: Trim | None = None,
    scale_mm_per_px: float | None = None,
    costs: np.ndarray | None = None,
) -> Verdict:
    """The verdict on one photo from its stored probabilities.

    `arrays` holds `p` (4,) and perhaps `unlike` (), 0 to 1; `beside` (4,), what was said of the photo's other
    view (whole, where a box was drawn), and `box` (4,), the proposed one where none was. The grade is the
    likeliest one, or that of least expected cost (`decide`). `threshold` is the confidence below which a
    person should look (None: the card's); it never changes the grade, nor does the other view. With costs
    the figures name the `likeliest` grade too. Severe grades ask for a hands-on check and claim no loss.
    """
    cut = reasons.threshold(threshold, card)
    p = np.asarray(arrays["p"], np.float64)
    unlike = reasons.unlike(arrays)
    grade = int(decisions.decide(p[None], costs)[0])
    confidence = float(p[grade])
    other = int(np.argsort(-np.where(np.arange(N) == grade, -1.0, p), kind="stable")[0])
    doubts = reasons.of_photo(quality, unlike)
    if confidence < cut:
        doubts.append(f"it may be grade {min(grade, other)} or {max(grade, other)}")
    elif grade < 3 and p[3] >= decisions.MAY_BE_SEVERE:
        doubts.append("it may be grade 3")
    beside, seen = _beside(arrays, costs)
    if beside is not None and beside != grade:
        doubts.append(
            f"the part in the box looks like grade {beside}"
            if trim is None
            else f"the whole photo looks like grade {beside}"
        )
    told = f"{GRADES[grade].state}: {GRADES[grade].words}"
    return Verdict(
        domain="corrosion",
        label=CLASSES[grade],
        confidence=confidence,
        threshold=cut,
        needs_person=bool(doubts),
        reason=reasons.sentence(doubts) if doubts else f"{told}.",
        next_step=GRADES[grade].next_step if not doubts else _doubtful(grade, other, confidence < cut),
        model=card.id,
        figures={f"p_{g}": float(p[g]) for g in range(N)}
        | {"unlike": unlike, "state": GRADES[grade].state}
        | seen
        | ({} if costs is None else {"likeliest": CLASSES[int(decisions.decide(p[None])[0])]}),
        trim=trim,
        scale_mm_per_px=scale_mm_per_px,
    )


def _beside(
    arrays: Mapping[str, np.ndarray], costs: np.ndarray | None
) -> tuple[int | None, dict[str, float | int | str | None]]:
    """The grade of the other view of the photo, None where it was not looked at; what figures tell of it."""
    if "beside" not in arrays:
        return None, {}
    p = np.asarray(arrays["beside"], np.float64)
    grade = int(decisions.decide(p[None], costs)[0])
    told: dict[str, float | int | str | None] = {"beside": CLASSES[grade], "p_beside": float(p[grade])}
    if "box" in arrays:
        told |= {name: round(float(v), 4) for name, v in zip(coach.CORNERS, arrays["box"], strict=True)}
    return grade, told


def _doubtful(grade: int, other: int, is_between: bool) -> str:
    """What to do with a photo that the model is unsure of."""
    if grade == 3 or (is_between and other == 3):
        return GRADES[3].next_step
    return "Have a person grade it; take the photo again, closer to the part, where it is poor."


def evaluation(photos: Sequence[Photo], arrays: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """What a whole set needs to be scored again, one row a photo, for an .npz without pickle.

    `name sha256 group` text, `truth` (n,) int8, `p` (n, 4) float32, `unlike` (n,) float32 (nan: unknown);
    where all answers have it `looked` (n, h, w) uint8, what spoke for the likeliest grade.
    """
    seen = [np.asarray(a["looked"], np.uint8) for a in arrays if "looked" in a]
    more = {"looked": np.stack(seen)} if seen and len(seen) == len(arrays) else {}
    return more | {
        "name": np.asarray([p.title for p in photos], np.str_),
        "sha256": np.asarray([p.sha256 for p in photos], np.str_),
        "group": np.asarray([p.group for p in photos], np.str_),
        "truth": truths(photos),
        "p": np.asarray([a["p"] for a in arrays], np.float32).reshape(-1, N),
        "unlike": np.asarray([a.get("unlike", np.nan) for a in arrays], np.float32),
    }


def in_words(photos: Sequence[Photo]) -> str:
    """How many photos of each grade: "480 photos, 120 of grade 0, …"."""
    counts = Counter(truths(photos).tolist())
    return f"{len(photos)} photos, " + ", ".join(f"{counts[g]} of grade {g}" for g in range(N))
