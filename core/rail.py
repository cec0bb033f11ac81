"""Rail, paper 1: a surface defect or not, learned from few labels. Arrays in, verdicts out.

S. Han, "An Efficient Detection Method for Rail Surface Defect Using Limited Label Data". Here are its
decisions as pure functions: which photos start, how the rest is divided into groups, which photos of a
group get the pseudo-label `defect`, and what the ledger says of it. `core/engine/rail.py` learns.

Truth is an int8 array: 1 `defect`, 0 `normal`, -1 unknown (nobody has said).
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit

from core.config import param
from core.errors import ConfigError, DataError
from core.metrics import Counts, plain
from core.photos import Quality
from core.records import Card, Photo, PhotoSet, Trim, Verdict

CLASSES = ("normal", "defect")
NETWORKS = ("resnet50", "resnet18", "mobilenet_v2")
RULES = ("both", "threshold", "share")
STARTS = ("random", "stratified")
RESTARTS = ("imagenet", "continue")
INITS = ("imagenet", "imagenet_partial", "random")
AUGMENTS = ("none", "flips", "strong")


# The division of the pool -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Division:
    """How large the start set and the groups are, in one reading of the paper."""

    n0: int | None
    """Labels at the start; None: every label there is."""
    sizes: tuple[int, ...] | None
    """Photos of each group; None: five equal parts of all that is left."""
    n_columns: int
    """Trainings that the paper's table shows; a further one is reported apart."""


DIVISIONS = {
    "table1": Division(3, (32, 30, 20, 35, 30), 5),
    "table2": Division(13, (22, 30, 20, 35, 30), 5),
    # ours: four groups; a fifth one would grow L to 141, which table 3 never trains on.
    "table3": Division(21, (24, 24, 24, 24), 5),
    "text": Division(21, None, 6),
    "full": Division(None, (), 1),
}
"""Paper 1 contradicts itself: its text divides all unlabelled photos into fifths, its tables do not."""


@dataclass(frozen=True)
class Config:
    """How one rail model is trained, or one few-label experiment is run."""

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
        help="`random` may hold one class only, as in the paper; `stratified` holds one of each at least.",
        source="paper 1: random",
    )
    rule: str = param("both", "selection rule", choices=RULES, source="paper 1, step 4")
    threshold: float = param(
        0.5, "P(defect) above which a photo may become a defect", low=0.0, high=1.0, source="paper 1, step 4"
    )
    share: float = param(
        0.3, "share of a group that may become a defect", low=0.0, high=1.0, source="paper 1, step 4"
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


def sizes(division: str, n0: int | None, n_pool: int, n_labelled: int) -> tuple[int, tuple[int, ...]]:
    """The start set's size and the groups' sizes for a pool of `n_pool` photos, some of them labelled.

    `ConfigError` when the pool is too small. Five equal parts that do not divide evenly: the first
    groups have one photo more.
    """
    asked = DIVISIONS[division].n0 if n0 is None else n0
    first = n_labelled if asked is None else asked
    if first > n_labelled:
        raise ConfigError(f"n0 is {first}, but the pool has {n_labelled} labelled photos; lower n0.")
    groups = DIVISIONS[division].sizes
    if groups is None:
        rest = n_pool - first
        groups = tuple(rest // 5 + (i < rest % 5) for i in range(5))
    if first + sum(groups) > n_pool:
        raise ConfigError(
            f"{division} needs a pool of {first + sum(groups)} photos, this one has {n_pool}; "
            "import more photos, or set division=text, which divides what there is."
        )
    return first, groups


def columns(first: int, groups: Sequence[int]) -> tuple[int, ...]:
    """The size of the labelled set in each training, e.g. (21, 45, 69, 93, 117): a table's heads."""
    return tuple(int(n) for n in np.cumsum([first, *groups]))


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


@dataclass(frozen=True)
class Draw:
    """One repeat's division of the pool: positions in the pool, drawn once and then fixed."""

    start: np.ndarray
    groups: tuple[np.ndarray, ...]
    note: str = ""
    """What a person should know of this draw, e.g. that the start set holds no defect."""


def draw(truth: np.ndarray, first: int, groups: Sequence[int], start: str, rng: np.random.Generator) -> Draw:
    """Draw the start set, then the groups from what is left, both in random order.

    Only photos with a known label can start. `random` may hold one class only, which the note then
    says; `stratified` draws one of each class first and the others at random. `ConfigError` when there
    are too few labels, or one class is missing altogether and `stratified` needs both.
    """
    truth = np.asarray(truth)
    known = rng.permutation(np.flatnonzero(truth >= 0))
    if first > len(known):
        raise ConfigError(f"n0 is {first}, but the pool has {len(known)} labelled photos; lower n0.")
    if start == "stratified":
        if len(np.unique(truth[known])) < 2:
            raise ConfigError(
                "The pool has labels of one class only, so a stratified start is impossible; label at "
                "least one photo of the other class, or set start=random, which trains on one class as "
                "the paper's draw does."
            )
        one_each = [known[np.argmax(truth[known] == label)] for label in (1, 0)]
        known = np.concatenate([one_each, known[~np.isin(known, one_each)]])
    chosen = known[:first]
    rest = rng.permutation(np.setdiff1d(np.arange(len(truth)), chosen))
    cuts = np.cumsum([0, *groups])
    parts = tuple(rest[a:b] for a, b in itertools.pairwise(cuts))
    return Draw(chosen, parts, _one_class_note(truth, chosen))


def chance_of_one_class(n_defect: int, n_normal: int, first: int) -> float:
    """How likely a random start set of `first` photos holds one class only (hypergeometric)."""
    draws = math.comb(n_defect + n_normal, first)
    return (math.comb(n_defect, first) + math.comb(n_normal, first)) / draws if draws else math.nan


def _one_class_note(truth: np.ndarray, chosen: np.ndarray) -> str:
    n_defect, n_normal = int((truth == 1).sum()), int((truth == 0).sum())
    held = np.unique(truth[chosen])
    if len(held) != 1 or not (n_defect and n_normal):
        return ""
    chance = chance_of_one_class(n_defect, n_normal, len(chosen))
    return (
        f"The {len(chosen)} photos of the start set are all {CLASSES[int(held[0])]}; a random draw does that "
        f"in {chance:.0%} of cases. It trains on, as in the paper; start=stratified would hold both classes."
    )


# Selection --------------------------------------------------------------------------------------------


def select(
    p_defect: np.ndarray, threshold: float = 0.5, share: float = 0.3, rule: str = "both"
) -> np.ndarray:
    """Which photos of a group get the pseudo-label `defect`: (n,) floats in, (n,) bools out.

    Rule `both` of paper 1, step 4: above the threshold and among the first share of the group. Rules
    `threshold` and `share` take one of the two alone. A share that is no whole number of photos is
    rounded down (0.3 of 24 is 7); ties keep the group's order; nothing is taken of an empty group.
    """
    p = np.asarray(p_defect, np.float64)  # float32 0.9 > 0.9 must not depend on numpy's promotion
    first = ranks(p) <= int(share * len(p) + 1e-9)  # 0.29 * 100 is 28.999
    above = p > threshold
    match rule:
        case "both":
            return first & above
        case "threshold":
            return above
        case "share":
            return first
    raise ConfigError(f"rule is {rule!r}; choose one of {', '.join(RULES)}.")


def ranks(p_defect: np.ndarray) -> np.ndarray:
    """(n,) int64, 1 for the highest P(defect) of a group; ties keep the group's order."""
    order = np.argsort(-np.asarray(p_defect, np.float64), kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(1, len(order) + 1)
    return rank


def mistakes(is_defect: np.ndarray, truth: np.ndarray) -> dict[str, int]:
    """How many pseudo-labels are wrong, of which kind: `n known defect wrong false_defects missed_defects`.

    Only photos whose truth is known can be wrong.
    """
    said, truth = np.asarray(is_defect, bool), np.asarray(truth)
    false, missed = int((said & (truth == 0)).sum()), int((~said & (truth == 1)).sum())
    return {
        "n": len(said),
        "known": int((truth >= 0).sum()),
        "defect": int(said.sum()),
        "wrong": false + missed,
        "false_defects": false,
        "missed_defects": missed,
    }


@dataclass(frozen=True)
class WhatIf:
    """What another threshold, share, rule or group size would have chosen. Arrays are (n,)."""

    is_defect: np.ndarray
    rank: np.ndarray
    """Place in its own group, 1 for the highest P(defect)."""
    changed: np.ndarray
    """True where the pseudo-label differs from the one that was given."""
    mistakes: Mapping[str, int]


def what_if(
    p_defect: np.ndarray,
    threshold: float = 0.5,
    share: float = 0.3,
    rule: str = "both",
    *,
    group: np.ndarray | None = None,
    group_size: int | None = None,
    given: np.ndarray | None = None,
    truth: np.ndarray | None = None,
) -> WhatIf:
    """Select again from stored probabilities, without a model.

    `group` names the group of each photo (all one group where it is left out); `group_size` cuts the
    photos into groups of that many instead, in their order. `given` are the pseudo-labels of the run
    (bools), `truth` what is known of the photos. The probabilities stay what they were: a run with other
    pseudo-labels would have trained other networks.
    """
    p = np.asarray(p_defect, np.float64)
    n = len(p)
    if group_size is not None:
        if group_size < 1:
            raise ConfigError(f"The group size is {group_size}; it must be at least 1.")
        group = np.arange(n) // group_size
    group = np.zeros(n, np.int64) if group is None else np.asarray(group)
    chosen, rank = np.zeros(n, bool), np.zeros(n, np.int64)
    for name in np.unique(group):
        own = np.flatnonzero(group == name)
        chosen[own], rank[own] = select(p[own], threshold, share, rule), ranks(p[own])
    was = chosen if given is None else np.asarray(given, bool)
    known = np.full(n, -1, np.int8) if truth is None else np.asarray(truth)
    return WhatIf(chosen, rank, chosen != was, mistakes(chosen, known))


# The ledger -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """One line of the ledger: who labelled which photo what, when and why."""

    photo: str
    sha256: str
    cycle: int
    """0 for the start set, then 1 for the first group."""
    by: str
    """`person` or `model`."""
    rule: str
    """How it came about: `random` or `stratified` in the start set, else the selection rule."""
    label: str
    p_defect: float | None
    rank: int | None
    wrong: bool | None
    """None where nobody knows the truth; a person's label is never wrong."""
    at: float
    """Seconds since 1970, UTC."""


def first_entries(photos: Sequence[Photo], chosen: np.ndarray, start: str, at: float) -> list[Entry]:
    """The start set's lines: labels that a person gave."""
    return [
        Entry(p.title, p.sha256, 0, "person", start, str(p.label), None, None, False, at)
        for p in (photos[i] for i in chosen)
    ]


def cycle_entries(
    photos: Sequence[Photo],
    group: np.ndarray,
    p_defect: np.ndarray,
    is_defect: np.ndarray,
    rule: str,
    cycle: int,
    at: float,
) -> list[Entry]:
    """A group's lines in the group's order; `wrong` is said where the truth is known."""
    truth = truths(photos[i] for i in group)
    lines = []
    for i, p, rank, said, true in zip(group, p_defect, ranks(p_defect), is_defect, truth, strict=True):
        photo, wrong = photos[i], None if true < 0 else bool(said) != bool(true)
        label = CLASSES[int(said)]
        lines.append(
            Entry(photo.title, photo.sha256, cycle, "model", rule, label, float(p), int(rank), wrong, at)
        )
    return lines


def ledger_json(entries: Sequence[Entry], **told: Any) -> str:
    """The ledger of one repeat as JSON; `told` stands above the entries (repeat, seed, note, cycles …)."""
    lines = [dataclasses.asdict(entry) for entry in entries]
    return json.dumps(plain(told) | {"entries": lines}, indent=1, ensure_ascii=False, allow_nan=False)


def ledger(folder: Path, repeat: int) -> tuple[dict[str, Any], list[Entry]]:
    """What `ledger_json` wrote for one repeat (from 1 on) of the experiment in `folder`: head and lines.

    An experiment that has not come so far gives an empty head and no lines.
    """
    path = folder / f"repeat-{repeat}" / "ledger.json"
    if not path.is_file():
        return {}, []
    told = json.loads(path.read_text(encoding="utf-8"))
    return told, [Entry(**line) for line in told.pop("entries")]


EXPERIMENT = "experiment.json"


def experiment(folder: Path) -> dict[str, Any]:
    """How far the experiment in `folder` is; {} before its first training is over.

    `config columns n_table_columns rows table notes`, and the names of the photos in `pool` and `test`,
    to which the positions in the arrays of `cycle` refer.
    """
    path = folder / EXPERIMENT
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def cycle_file(folder: Path, repeat: int, training: int) -> Path:
    """Where the arrays of one training of one repeat lie, both counted from 1."""
    return folder / f"repeat-{repeat}" / f"training-{training}.npz"


def cycle(folder: Path, repeat: int, training: int) -> dict[str, np.ndarray] | None:
    """The stored arrays of one training of one repeat (both from 1 on); None when it was not reached.

    `learned` (L,) positions in the pool and `labels` (L,) bool that it was trained with; `group` (g,)
    positions that it then judged, `group_p` (g,) their P(defect), `selected` (g,) bool; `test_p` (t,)
    P(defect) of the test photos. Empty arrays after the last training, which has no group to judge.
    """
    path = cycle_file(folder, repeat, training)
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as stored:
        return {key: stored[key] for key in stored.files}


FIGURES = ("accuracy", "balanced_accuracy", "f1")


def table(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The form of tables 1–3: mean, std, min, max over the repeats, one entry a column.

    `rows` are the results of single trainings, each with `repeat`, `labels` (the size of L) and the
    figures. The deviation is that of a sample (n - 1; ours, the paper does not say), None for one repeat.
    """
    found = []
    for labels in sorted({int(row["labels"]) for row in rows}):
        own = [row for row in rows if row["labels"] == labels]
        column: dict[str, Any] = {"labels": labels, "repeats": len(own)}
        for name in FIGURES:
            values = np.asarray([np.nan if row[name] is None else row[name] for row in own], np.float64)
            values = values[~np.isnan(values)]
            column[name] = {
                "mean": values.mean() if values.size else None,
                "std": values.std(ddof=1) if values.size > 1 else None,
                "min": values.min() if values.size else None,
                "max": values.max() if values.size else None,
            }
        found.append(plain(column))
    return found


# Validation -------------------------------------------------------------------------------------------


def fold_of(truth: np.ndarray, place: Sequence[str] | np.ndarray, n: int, seed: int = 0) -> np.ndarray:
    """(n_photos,) int64, which of `n` parts each photo validates; a place is never cut.

    The largest places are dealt first, each to the part that then comes nearest to an equal share of
    both classes. A photo without a place ("") is a place of its own. `ConfigError` with fewer places
    than parts.
    """
    truth = np.asarray(truth)
    place = np.asarray([p if p != "" else f"\0{i}" for i, p in enumerate(np.asarray(place).tolist())])
    names, own = np.unique(place, return_inverse=True)
    if len(names) < n:
        raise ConfigError(f"folds is {n}, but the photos are of {len(names)} places; lower folds.")
    counts = np.zeros((len(names), 2))
    np.add.at(counts, (own, (truth == 1).astype(int)), 1)
    fair = np.maximum(counts.sum(0) / n, 1e-9)
    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(-counts[order].sum(1), kind="stable")]
    held, part = np.zeros((n, 2)), np.zeros(len(names), np.int64)
    for name in order:
        grown = held[None] + np.eye(n)[:, :, None] * counts[name]  # (part that gets it, part, class)
        part[name] = int((((grown / fair) - 1) ** 2).sum((1, 2)).argmin())
        held[part[name]] += counts[name]
    return part[own]


def margins(logits: np.ndarray) -> np.ndarray:
    """(…,) float64, the logit of defect minus that of normal, from (…, 2): above 0 means P(defect) > 0.5."""
    z = np.asarray(logits, np.float64)
    return z[..., 1] - z[..., 0]


def probabilities(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """(n, 2) float32 [normal, defect] that sum to 1, of (n, 2) logits divided by the temperature."""
    p = expit(margins(logits) / temperature)
    return np.stack([1 - p, p], -1).astype(np.float32)


def log_loss(margin: np.ndarray, truth: np.ndarray) -> float:
    """Mean of -log P(truth) in nats, for margins (n,) and truth 0 or 1; nan without photos."""
    wrongly = np.where(np.asarray(truth) == 1, -1.0, 1.0) * np.asarray(margin, np.float64)
    return float(np.logaddexp(0, wrongly).mean()) if wrongly.size else math.nan


def temperature(margin: np.ndarray, truth: np.ndarray) -> float:
    """The number between 0.1 and 10 that divides logits for the least log loss (Guo et al. 2017).

    `margin` (n,) of photos that the model had not learned from. 1.0 with fewer than 20 of them, or of one
    class only: that says nothing about confidence.
    """
    margin, truth = np.asarray(margin, np.float64), np.asarray(truth)
    if len(truth) < 20 or len(np.unique(truth)) < 2:
        return 1.0
    best = minimize_scalar(
        lambda log_t: log_loss(margin / math.exp(log_t), truth),
        bounds=(math.log(0.1), math.log(10)),
        method="bounded",
    )
    return float(math.exp(best.x))


def best_epoch(margin: np.ndarray, truth: np.ndarray) -> int:
    """The epoch (from 1) whose calibrated answers have the least log loss; `margin` is (epochs, n).

    The first of ties. Log loss rather than F1: it hears every photo, not only those near the cut.
    """
    losses = [log_loss(m / temperature(m, truth), truth) for m in np.asarray(margin, np.float64)]
    return int(np.argmin(np.round(losses, 12))) + 1


def best_threshold(p_defect: np.ndarray) -> float:
    """The cut of highest expected F1 of `defect` over photos with calibrated probabilities, 0.05 to 0.95.

    It is half of that F1 (Lipton, Elkan, Narayanaswamy 2014). # ours: rather than the maximum of the
    counted F1, which hangs on the few photos near it. On two halves of the pool by place, chosen on one
    and asked on the other, the counted one spread by 0.11 and lost 0.01 to 0.03 of F1 against this one.
    0.5 without photos.
    """
    p = np.sort(np.asarray(p_defect, np.float64))[::-1]
    if not p.sum():
        return 0.5
    expected = 2 * np.cumsum(p) / (np.arange(1, len(p) + 1) + p.sum())
    return float(np.clip(expected.max() / 2, 0.05, 0.95))


# Verdicts and figures ---------------------------------------------------------------------------------

# ours: when a person should look. Chosen on the validation photos of the starter model, where the photos
# below hold most of its mistakes.
NEAR = 0.15
UNLIKE = 0.99


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
    cut = card.threshold if threshold is None else threshold
    cut = 0.5 if cut is None else float(cut)
    p = float(np.asarray(arrays["p"], np.float64)[1])
    unlike = float(arrays["unlike"]) if "unlike" in arrays else None
    is_defect = p >= cut
    doubts = []
    if quality is not None and quality.fault:
        doubts.append(f"the photo is {quality.fault}")
    if unlike is not None and unlike >= UNLIKE:
        doubts.append("the photo is unlike anything the model has learned from")
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
    truth = np.asarray(evaluation["truth"])[known]
    cut = 0.5 if threshold is None else float(threshold)
    said = np.asarray(evaluation["p"], np.float64)[known, 1] >= cut
    cells = _cells(truth, said[None], np.asarray(evaluation["group"])[known])  # (places, 1, 4)
    counts = Counts(*cells.sum(0)[0].astype(np.int64))
    figures: dict[str, Any] = _figures(counts)
    if draws and len(cells) > 1:
        drawn = _figures(Counts(*np.moveaxis(_drawn(cells, draws, 0)[:, 0], -1, 0)))
        for name, values in drawn.items():
            values = values[~np.isnan(values)]
            low, high = np.quantile(values, [0.025, 0.975]) if values.size else (np.nan, np.nan)
            figures |= {f"{name}_low": low, f"{name}_high": high}
    confusion = [[int(counts.tn), int(counts.fp)], [int(counts.fn), int(counts.tp)]]
    n_defect = int(counts.tp + counts.fn)
    told = {"n": len(truth), "n_defect": n_defect, "n_places": len(cells)}
    always = Counts.of(truth == 1, np.zeros(len(truth), bool)).accuracy
    return plain(figures | {"confusion": confusion, "threshold": cut, "always_normal": always} | told)


def _figures(counts: Counts) -> dict[str, np.ndarray]:
    return {
        "accuracy": counts.accuracy,
        "precision": counts.precision,
        "recall": counts.recall,
        "f1": counts.f1,
        "balanced_accuracy": (counts.recall + counts.specificity) / 2,
    }


def _cells(truth: np.ndarray, said: np.ndarray, place: Sequence[str] | np.ndarray) -> np.ndarray:
    """(places, cuts, 4) counts tp, fp, fn, tn of each place at each cut; `said` is (cuts, n) bool."""
    place = np.asarray([p if p != "" else f"\0{i}" for i, p in enumerate(np.asarray(place).tolist())])
    names, own = np.unique(place, return_inverse=True) if len(place) else (place, np.zeros(0, int))
    true = (truth == 1)[None]
    kinds = np.stack([said & true, said & ~true, ~said & true, ~said & ~true], -1)  # (cuts, n, 4)
    cells = np.zeros((len(names), len(said), 4))
    np.add.at(cells, own, np.moveaxis(kinds, 0, 1))
    return cells


def _drawn(cells: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """(draws, cuts, 4): the counts when as many places are drawn with replacement.

    Photos of one place are alike, so drawing photos one by one would promise too much.
    """
    n = len(cells)
    times = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=draws)
    return np.tensordot(times, cells, 1)


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
    "augment": "strong",
    "label_smoothing": 0.05,
    "ema": 0.98,
    "views": 4,
    "half": True,
}

PRESETS: dict[str, dict[str, Any]] = {
    # Minutes on two CPU cores; chosen on validation parts of the pool, by place.
    "quick": _QUICK,
    # The model that is shipped: the same, its threshold from five parts.
    "starter": _QUICK | {"folds": 5},
    # The best column of the paper; the defaults are its numbers.
    "paper": {"division": "table3"},
    "table1": {"division": "table1"},
    "table2": {"division": "table2"},
    "table3": {"division": "table3"},
    "text": {"division": "text"},
    "full": {"division": "full"},
}
