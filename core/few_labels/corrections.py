"""What people say of the pseudo-labels of an experiment: who confirmed or overturned which of them, when.

Nothing is ever changed or deleted: a later line about the same photo counts, and taking a word back is a line
too. The experiment itself stays as it was run; `core.orders.retrain` begins another one from these labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from sqlite_utils import Database

from core import queue
from core.errors import DataError
from core.few_labels.cycles import Entry
from core.rail import CLASSES
from core.records import Person, Run
from core.store import note_event, rows, writing

Act = Literal["confirmed", "overturned", "labelled", "withdrawn", "undone", "restored"]
WHOLE: Final = ""
"""In place of a photo: the line is about a cycle as a whole."""


@dataclass(frozen=True)
class Correction:
    """One line: what somebody said of a photo's pseudo-label, or of a whole cycle."""

    photo: str
    """sha256; empty where a whole cycle is meant."""
    cycle: int
    act: Act
    label: str
    """What the photo is, in this person's word; empty where a word is taken back or a cycle is meant."""
    p_defect: float | None
    """What the model had thought."""
    who: str
    at: float


def confirm(db: Database, by: Person, run_id: int, repeat: int, entries: Sequence[Entry], now: float) -> int:
    """Write down that the pseudo-labels of these lines of the ledger are right; how many were written.

    As all writing functions here: `Forbidden` below engineer, `NotFound` for an unknown run, `DataError`
    for a run that is no rail training or a label that is a person's already.
    """
    return _say(db, by, run_id, repeat, "confirmed", [(e, e.label) for e in _given(entries)], now)


def overturn(db: Database, by: Person, run_id: int, repeat: int, entries: Sequence[Entry], now: float) -> int:
    """Write down that the pseudo-labels of these lines are wrong: each photo is of the other class."""
    other = {CLASSES[0]: CLASSES[1], CLASSES[1]: CLASSES[0]}
    return _say(db, by, run_id, repeat, "overturned", [(e, other[e.label]) for e in _given(entries)], now)


def withdraw(db: Database, by: Person, run_id: int, repeat: int, entries: Sequence[Entry], now: float) -> int:
    """Take back what was said of these photos: the pseudo-label, or none, stands again.

    Photos of which nobody has said anything are left out.
    """
    said = of(db, run_id, repeat)
    told = [(e, "") for e in entries if e.sha256 in said]
    return _say(db, by, run_id, repeat, "withdrawn", told, now)


def label(
    db: Database,
    by: Person,
    run_id: int,
    repeat: int,
    cycle: int,
    labels: Mapping[str, bool],
    now: float,
) -> int:
    """Say of photos without any label (sha256) whether they are a defect; `cycle` is when they were asked."""
    lines = [Line(cycle, photo, CLASSES[is_defect], None) for photo, is_defect in labels.items()]
    return _write(db, by, run_id, repeat, "labelled", lines, now)


def undo_cycle(db: Database, by: Person, run_id: int, repeat: int, cycle: int, now: float) -> None:
    """Throw away the pseudo-labels of a whole cycle, and so of those after it, which were learned from it.

    What people said of single photos stays.
    """
    _whole(db, by, run_id, repeat, cycle, "undone", now)


def restore_cycle(db: Database, by: Person, run_id: int, repeat: int, cycle: int, now: float) -> None:
    """Take `undo_cycle` back."""
    _whole(db, by, run_id, repeat, cycle, "restored", now)


def of(db: Database, run_id: int, repeat: int) -> dict[str, Correction]:
    """What stands for each photo (by sha256) of which somebody has said something and not taken it back."""
    found = {c.photo: c for c in reversed(history(db, run_id, repeat)) if c.photo != WHOLE}
    return {photo: c for photo, c in found.items() if c.act != "withdrawn"}


def undone(db: Database, run_id: int, repeat: int) -> dict[int, Correction]:
    """The cycles that are thrown away as a whole, with the line that says so."""
    found = {c.cycle: c for c in reversed(history(db, run_id, repeat)) if c.photo == WHOLE}
    return {cycle: c for cycle, c in found.items() if c.act == "undone"}


def history(db: Database, run_id: int, repeat: int | None = None) -> list[Correction]:
    """Every line about a run, or about one repeat of it, newest first."""
    found = rows(
        db,
        """select photo, cycle, act, label, p_defect, who, at from corrections
           where run_id = :run and (:repeat is null or repeat = :repeat) order by id desc""",
        {"run": run_id, "repeat": repeat},
    )
    return [Correction(**dict(r)) for r in found]


def _given(entries: Sequence[Entry]) -> Sequence[Entry]:
    """The lines, when each is a pseudo-label, or was one before a person spoke."""
    own = [e.photo for e in entries if e.by != "model" and not e.said]
    if own:
        raise DataError(f"{own[0]} was labelled by a person already; choose photos that the model labelled.")
    return entries


def _say(
    db: Database,
    by: Person,
    run_id: int,
    repeat: int,
    act: Act,
    told: Iterable[tuple[Entry, str]],
    now: float,
) -> int:
    lines = [Line(e.cycle, e.sha256, label, e.p_defect) for e, label in told]
    return _write(db, by, run_id, repeat, act, lines, now)


class Line(NamedTuple):
    """What is said of one photo."""

    cycle: int
    photo: str
    label: str
    p_defect: float | None


def _write(
    db: Database, by: Person, run_id: int, repeat: int, act: Act, lines: Sequence[Line], now: float
) -> int:
    by.require("engineer")
    experiment(db, run_id)
    if not lines:
        return 0
    with writing(db):
        db.conn.executemany(
            """insert into corrections (run_id, repeat, cycle, photo, act, label, p_defect, who, at)
               values (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            [(run_id, repeat, cycle, sha, act, label, p, by.name, now) for cycle, sha, label, p in lines],
        )
        note_event(db, by.name, act, f"run/{run_id}", now, repeat=repeat, photos=len(lines))
    return len(lines)


def _whole(db: Database, by: Person, run_id: int, repeat: int, cycle: int, act: Act, now: float) -> None:
    by.require("engineer")
    experiment(db, run_id)
    with writing(db):
        if (cycle in undone(db, run_id, repeat)) == (act == "undone"):
            return  # it stands so already
        db.conn.execute(
            """insert into corrections (run_id, repeat, cycle, photo, act, label, who, at)
               values (?, ?, ?, ?, ?, '', ?, ?)""",
            (run_id, repeat, cycle, WHOLE, act, by.name, now),
        )
        note_event(db, by.name, f"{act} a cycle", f"run/{run_id}", now, repeat=repeat, cycle=cycle)


def experiment(db: Database, run_id: int) -> Run:
    """The run of this id when it is a rail training, the only kind with pseudo-labels; else `DataError`."""
    run = queue.get(db, run_id)
    if run.kind != "train" or run.domain != "rail":
        raise DataError(
            f"Run {run_id} is a {run.domain} {run.kind}; only rail trainings have pseudo-labels to correct."
        )
    return run
