"""What a few-label experiment leaves behind: the ledger of labels, the arrays of each cycle, the table.

An experiment has repeats; a repeat has trainings, between which a cycle gives one group its pseudo-labels.
`core/engine/cycles.py` writes these files, here they are read.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.metrics import plain
from core.rail import CLASSES, truths
from core.records import Photo
from core.selection import ranks

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
