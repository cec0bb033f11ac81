"""What a few-label experiment leaves behind: the ledger of labels, the arrays of each cycle, the table.

An experiment has repeats; a repeat has trainings, between which a cycle gives one group its pseudo-labels.
`core/engine/cycles.py` writes these files, here they are read.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from core import arrays
from core import config as settings_of
from core.errors import DataError
from core.few_labels import advice, head
from core.few_labels import luck as lucks
from core.few_labels.advice import Helping
from core.few_labels.divisions import Draw
from core.few_labels.luck import Luck
from core.few_labels.selection import ranks
from core.metrics import plain
from core.rail import CLASSES, Config, truths
from core.records import Photo

EXPERIMENT = "experiment.json"
FIGURES = ("accuracy", "balanced_accuracy", "f1")


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
    who: str = ""
    """The person, where one has said so in Patina; empty for the set's own labels and for the model."""
    said: str = ""
    """What the model had said before the person did; empty where it had not been asked."""


@dataclass(frozen=True)
class Begin:
    """Where a run takes up another run's experiment: one repeat, from one training on, with people's labels.

    What was found before that training is copied, not computed again. From it on these labels teach, whether
    their photos had a pseudo-label, were to get one later or were in no group at all.
    """

    run_folder: Path
    repeat: int
    cycle: int
    """The first training that is done anew, from 1 on."""
    labels: Mapping[str, int]
    """sha256 of a pool photo: 1 `defect`, 0 `normal`."""
    by: Mapping[str, str]
    """sha256 of a pool photo: the name of the person who said so."""


def begin_of(told: Mapping[str, Any], runs: Path) -> Begin:
    """The key `begin` of a run's config, `{"run": id, "repeat": r, "cycle": k, "labels": …, "by": …}`.

    `runs` is the folder of all runs. `DataError` for numbers that no experiment has.
    """
    labels = {str(sha): int(label) for sha, label in told["labels"].items()}
    begin = Begin(
        runs / str(told["run"]), int(told["repeat"]), int(told["cycle"]), labels, dict(told.get("by", {}))
    )
    if begin.repeat < 1 or begin.cycle < 1:
        raise DataError(
            f"Repeat {begin.repeat}, cycle {begin.cycle}: both count from 1; choose a cycle that was run."
        )
    if not set(labels.values()) <= {0, 1}:
        raise DataError("A person's label is 1 (defect) or 0 (normal); the run's config holds another.")
    return begin


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
    rank_of: np.ndarray | None = None,
) -> list[Entry]:
    """A group's lines in the group's order; `wrong` is said where the truth is known.

    `rank_of` (n,) are the ranks in the whole group, where a rule has left photos of it out.
    """
    truth = truths(photos[i] for i in group)
    rank_of = ranks(p_defect) if rank_of is None else rank_of
    lines = []
    for i, p, rank, said, true in zip(group, p_defect, rank_of, is_defect, truth, strict=True):
        photo, wrong = photos[i], None if true < 0 else bool(said) != bool(true)
        label = CLASSES[int(said)]
        lines.append(
            Entry(photo.title, photo.sha256, cycle, "model", rule, label, float(p), int(rank), wrong, at)
        )
    return lines


def begun_entries(begin: Begin, photos: Sequence[Photo], at: float) -> list[Entry]:
    """The ledger of the earlier run up to where `begin` takes it up, with the people's labels in it.

    A corrected line is a person's, keeps its cycle and what the model had said. A photo that was to come
    later, or never, is entered with the last cycle that is kept: from `begin.cycle` on it teaches too.
    """
    _, old = ledger(begin.run_folder, begin.repeat)
    before = {entry.sha256: entry for entry in old}
    kept = [entry for entry in old if entry.cycle < begin.cycle]
    there = {entry.sha256 for entry in kept}
    for photo in photos:
        if photo.sha256 in begin.labels and photo.sha256 not in there:
            blank = Entry(photo.title, photo.sha256, 0, "person", "asked", "", None, None, None, at)
            later = before.get(photo.sha256, blank)
            kept.append(dataclasses.replace(later, cycle=begin.cycle - 1))
    return [_corrected(entry, begin, at) if entry.sha256 in begin.labels else entry for entry in kept]


def _corrected(entry: Entry, begin: Begin, at: float) -> Entry:
    return dataclasses.replace(
        entry,
        by="person",
        label=CLASSES[begin.labels[entry.sha256]],
        wrong=False,
        at=at,
        who=begin.by.get(entry.sha256, ""),
        said=entry.label if entry.by == "model" else entry.said,
    )


def ledger_json(entries: Sequence[Entry], **told: Any) -> str:
    """The ledger of one repeat as JSON; `told` stands above the entries (repeat, seed, note, cycles …)."""
    lines = [dataclasses.asdict(entry) for entry in entries]
    return json.dumps(plain(told) | {"entries": lines}, indent=1, ensure_ascii=False, allow_nan=False)


def ledger_file(folder: Path, repeat: int) -> Path:
    """Where the ledger of one repeat (from 1 on) lies."""
    return folder / f"repeat-{repeat}" / "ledger.json"


def ledger(folder: Path, repeat: int) -> tuple[dict[str, Any], list[Entry]]:
    """What `ledger_json` wrote for one repeat (from 1 on) of the experiment in `folder`: head and lines.

    An experiment that has not come so far gives an empty head and no lines.
    """
    path = ledger_file(folder, repeat)
    if not path.is_file():
        return {}, []
    told = json.loads(path.read_text(encoding="utf-8"))
    return told, [Entry(**line) for line in told.pop("entries")]


def experiment(folder: Path) -> dict[str, Any]:
    """The state of the experiment in `folder`; {} before its first training is over.

    `config columns n_table_columns rows table notes`, and the names of the photos in `pool` and `test`,
    to which the positions in the arrays of `cycle` refer.
    """
    path = folder / EXPERIMENT
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


PHOTOS = "photos.npz"


def photos(folder: Path) -> dict[str, np.ndarray]:
    """The photos of the experiment in `folder`, in the order of its arrays; {} before it has begun.

    `pool_sha256 pool_group pool_truth` and the same of `test`: text, text, int8 (1 defect, 0 normal, -1).
    """
    return arrays.of_file(folder / PHOTOS) or {}


def draw_file(folder: Path, repeat: int) -> Path:
    """Where the draw of one repeat lies: `start` (n0,), `rest` (m,) positions, `sizes` (groups,), `note`."""
    return folder / f"repeat-{repeat}" / "draw.npz"


def draw_arrays(draw: Draw) -> dict[str, np.ndarray]:
    """A draw as the arrays of `draw_file`; `drawn` reads them back."""
    rest = np.concatenate([*draw.groups, np.zeros(0, np.int64)])
    sizes = np.asarray([len(group) for group in draw.groups], np.int64)
    return {"start": draw.start, "rest": rest, "sizes": sizes, "note": np.asarray(draw.note)}


def drawn(folder: Path, repeat: int) -> Draw | None:
    """The start set and the groups of one repeat (from 1 on); None before it has begun."""
    stored = arrays.of_file(draw_file(folder, repeat))
    if stored is None:
        return None
    cuts = np.cumsum([0, *stored["sizes"]])
    parts = tuple(stored["rest"][a:b] for a, b in itertools.pairwise(cuts))
    return Draw(stored["start"], parts, str(stored["note"]))


def features_file(folder: Path, repeat: int, training: int) -> Path:
    """Where the features after one training lie: a file of their own, because they are large."""
    return folder / f"repeat-{repeat}" / f"features-{training}.npz"


def features(folder: Path, repeat: int, training: int) -> dict[str, np.ndarray] | None:
    """`pool` (n, d) and `test` (t, d) int8, each row to its own scale: only directions count.

    None when the training was not reached, or is of a run that kept none. A training that left them as they
    were has no file of its own: then they are those of the one before it.
    """
    if not cycle_file(folder, repeat, training).is_file():
        return None
    for number in range(training, 0, -1):
        found = arrays.of_file(features_file(folder, repeat, number))
        if found is not None:
            return found
    return None


DESCRIBED = "described"
"""How the files begin in which method `head` keeps descriptions of photos, as they were made; the pool's end
in -0, the test photos' in -1."""


def described(folder: Path) -> np.ndarray | None:
    """(n, 3 d + 1) float32 descriptions of the pool as the head sees them; None for another method's run."""
    found = sorted(folder.glob(f"{DESCRIBED}-*-0.npz"))
    stored = arrays.of_file(found[0]) if found else None
    if stored is None:
        return None
    mean, factor = head.scale_of(stored["found"])
    scaled: np.ndarray = (stored["found"] - mean) * factor
    return scaled


def cycle_file(folder: Path, repeat: int, training: int) -> Path:
    """Where the arrays of one training of one repeat lie, both counted from 1."""
    return folder / f"repeat-{repeat}" / f"training-{training}.npz"


def cycle(folder: Path, repeat: int, training: int) -> dict[str, np.ndarray] | None:
    """The stored arrays of one training of one repeat (both from 1 on); None when it was not reached.

    `learned` (L,) positions in the pool and `labels` (L,) bool that it was trained with; `group` (g,)
    positions that it then judged, `group_p` (g,) their P(defect), `selected` (g,) bool, `left` (g,) bool
    (no pseudo-label yet, they come again with the next group); `test_p` (t,) P(defect) of the test photos,
    `pool_p` (n,) of the whole pool; `share` (3,) the estimated share of defects among the photos of the pool
    that nobody has labelled, with its interval (nan where it cannot be told), and `share_used` ().
    Empty group arrays after the last training, which has no group to judge.
    """
    return arrays.of_file(cycle_file(folder, repeat, training))


def table(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The form of tables 1–3: mean, std, min, max over the repeats, one entry a column.

    `rows` are the results of single trainings, each with `repeat`, `training`, `labels` (the size of L; where
    a rule leaves photos it differs between repeats, then their mean) and the figures. The deviation is that
    of a sample (n - 1; ours, the paper does not say), None for one repeat.
    """
    found = []
    for training in sorted({int(row["training"]) for row in rows}):
        own = [row for row in rows if row["training"] == training]
        labels = round(float(np.mean([row["labels"] for row in own])))
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


# What it advises --------------------------------------------------------------------------------------


class Near(NamedTuple):
    """A pseudo-labelled photo that taught a state, and how like another photo it is to that state."""

    sha256: str
    cosine: float
    label: str
    """The pseudo-label it taught."""
    truth: str | None
    """What it is, where that is known."""


def nearest(folder: Path, repeat: int, training: int, test_sha256: str, k: int) -> list[Near]:
    """The `k` pseudo-labelled photos most like a test photo that taught this training, the likest first.

    Empty where no pseudo-label taught it yet, or the run kept no features. `DataError` for a photo that was
    not tested.
    """
    kept, told = features(folder, repeat, training), photos(folder)
    if kept is None or not told:
        return []
    [at] = _positions(told["test_sha256"], [test_sha256], "is no test photo of this run")
    taught = [e for e in ledger(folder, repeat)[1] if e.by == "model" and e.cycle < training]
    if not taught:
        return []
    where = _positions(told["pool_sha256"], [e.sha256 for e in taught], "is no photo of this run's pool")
    alike = advice.cosines(kept["pool"][where], kept["test"][[at]])[:, 0]
    found = []
    for i in np.argsort(-alike, kind="stable")[:k]:
        entry = taught[i]
        truth = None if entry.wrong is None else CLASSES[(entry.label == CLASSES[1]) != entry.wrong]
        found.append(Near(entry.sha256, float(alike[i]), entry.label, truth))
    return found


def helping(folder: Path, repeat: int, training: int) -> Helping | None:
    """Whether this training's pseudo-labels help, against the first one, which had people's labels alone.

    From the labelled test photos: none of them taught. Who decides by them to stop or to go on has chosen on
    the test set, so the figure reached then flatters. None where the training was not reached, is the first,
    or the run did not keep who was tested.
    """
    told, alone, now = photos(folder), cycle(folder, repeat, 1), cycle(folder, repeat, training)
    if not told or alone is None or now is None or training == 1:
        return None
    return advice.helping(told["test_truth"], told["test_group"], alone["test_p"], now["test_p"])


def ask(folder: Path, repeat: int, training: int, k: int) -> list[str]:
    """The sha256 of the `k` pool photos whose label would help this state most, best first (`advice.ask`).

    Photos with a pseudo-label may be among them, those with a person's are not. Empty where the run kept no
    features of this training.
    """
    kept, told, now = features(folder, repeat, training), photos(folder), cycle(folder, repeat, training)
    if kept is None or now is None or "pool_p" not in now:
        return []
    persons = [e.sha256 for e in ledger(folder, repeat)[1] if e.by == "person"]
    known = _positions(told["pool_sha256"], persons, "is no photo of this run's pool")
    return [str(told["pool_sha256"][i]) for i in advice.ask(kept["pool"], now["pool_p"], known, k)]


def luck(folder: Path, repeat: int, n0: int | None = None, *, bound: float = 0.05) -> Luck | None:
    """How far random start sets of `n0` photos (None: as many as this run began with) would spread.

    By the run's own method where that is cheap (`luck.py`); with the labels of the pool where most are known,
    else with what the first training says in their place. None where the run kept no features.
    """
    kept, told, first = features(folder, repeat, 1), photos(folder), cycle(folder, repeat, 1)
    if kept is None or first is None:
        return None
    truth = told["pool_truth"]
    if (truth >= 0).mean() < 0.5:
        truth = np.where(truth >= 0, truth, first["pool_p"] > 0.5)
    n0 = n0 or len(first["learned"])
    own, draw = described(folder), drawn(folder, repeat)
    if own is None or draw is None:
        return lucks.of_features(kept["pool"], truth, n0, bound=bound)
    config = settings_of.of(Config, experiment(folder)["config"])
    return lucks.of_head(own, truth, n0, config, [len(group) for group in draw.groups], bound=bound)


def _positions(shas: np.ndarray, wanted: Sequence[str], fault: str) -> np.ndarray:
    where = {sha: i for i, sha in enumerate(shas.tolist())}
    lost = [sha for sha in wanted if sha not in where]
    if lost:
        raise DataError(f"{lost[0][:12]}… {fault}; choose one that took part.")
    return np.asarray([where[sha] for sha in wanted], np.int64)
