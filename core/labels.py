"""What people say of the photos that models learn from: another label, another trim, "learn it once more".

A word is about a photo in a domain, whatever sets hold it. Nothing is ever changed or deleted: the newest
line counts, and taking a word back is a line too. `core.sets.load` hands the photos out with what stands; a
run names the newest line of its day, so that it goes on with the labels it was begun with. (Pseudo-labels,
which belong to one experiment, are corrected in `core.few_labels.corrections`.)
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sqlite_utils import Database

from core.errors import DataError
from core.grading.decisions import CLASSES as GRADES
from core.rail import CLASSES as RAIL
from core.records import Domain, Person, Photo, Trim
from core.store import note_event, row, rows, to_json, writing

What = Literal["label", "mark", "trim"]
LABELS: Final[Mapping[Domain, tuple[str, ...]]] = {"rail": RAIL, "corrosion": GRADES, "crack": ()}
"""What a person can call a photo; cracks are drawn as masks, which no word replaces."""
LEAST: Final = 0.02
"""ours: a trim box is at least a fiftieth of the photo wide and high."""


@dataclass(frozen=True)
class Word:
    """One line: what somebody said of a photo."""

    id: int
    photo: str
    what: What
    value: str
    """The label, `yes` for a mark, a trim as JSON; empty where a word is taken back."""
    was: str
    """What had stood before, in the same form."""
    note: str
    who: str
    at: float

    @property
    def trim(self) -> Trim | None:
        """The box of a word about the trim."""
        return _box(self.value) if self.what == "trim" and self.value else None


Standing = Mapping[tuple[str, What], Word]
"""The word that counts for each photo (sha256) and matter; what was taken back is not among them."""


def relabel(
    db: Database, by: Person, domain: Domain, photo: str, label: str, now: float, note: str = ""
) -> None:
    """Write down that a photo (sha256) is of this label or grade.

    As all writing functions here: `Forbidden` below engineer, `DataError` for a photo that no set of the
    domain holds, and when just that stands already.
    """
    if label not in LABELS[domain]:
        known = ", ".join(LABELS[domain]) or "none: draw the mask anew and import the set again"
        raise DataError(f"{label!r} is no label of a {domain} photo; there is {known}.")
    _say(db, by, domain, photo, "label", label, now, note)


def mark(db: Database, by: Person, domain: Domain, photo: str, now: float, note: str = "") -> None:
    """Ask that the next trainings learn a photo twice in each epoch; `DataError` for a test photo."""
    found = original(db, domain, photo)
    if found.is_test:
        raise DataError(
            f"{found.name} is a test photo, and nothing is learned from those. Correct its label where "
            "it is wrong; mark photos of the training part."
        )
    _say(db, by, domain, photo, "mark", "yes", now, note)


def retrim(
    db: Database, by: Person, domain: Domain, photo: str, trim: Trim, now: float, note: str = ""
) -> None:
    """Write down where the metal part lies in a photo; the photo itself stays as it is."""
    _say(db, by, domain, photo, "trim", to_json([round(v, 4) for v in checked(trim)]), now, note)


def withdraw(db: Database, by: Person, domain: Domain, photo: str, what: What, now: float) -> None:
    """Take back what was last said: what the set itself says stands again."""
    _say(db, by, domain, photo, what, "", now, "")


def checked(trim: Trim) -> Trim:
    """A trim box inside the photo; `DataError` for any other."""
    x0, y0, x1, y1 = trim
    if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
        raise DataError(
            f"The trim box ({x0:g}, {y0:g}, {x1:g}, {y1:g}) does not lie in its photo; it must run from the "
            "upper left to the lower right between 0 and 1. Draw it again."
        )
    if x1 - x0 < LEAST or y1 - y0 < LEAST:
        raise DataError(
            f"The trim box ({x0:g}, {y0:g}, {x1:g}, {y1:g}) is too small to see anything in it; it must be "
            f"at least {LEAST:g} of the photo wide and high. Draw a larger one."
        )
    return trim


def standing(db: Database, domain: Domain, until: int | None = None) -> dict[tuple[str, What], Word]:
    """What stands for each photo and matter, newest first; `until`: as it was with that line the newest."""
    found = rows(
        db,
        """select * from words where domain = :domain and id <= :until and value <> '' and id in
             (select max(id) from words where domain = :domain and id <= :until group by photo, what)
           order by id desc""",
        {"domain": domain, "until": until if until is not None else 1 << 62},
    )
    return {(r["photo"], r["what"]): _word(r) for r in found}


def history(db: Database, domain: Domain, photo: str) -> list[Word]:
    """Every line about a photo, newest first."""
    found = rows(
        db,
        "select * from words where domain = :domain and photo = :photo order by id desc",
        {"domain": domain, "photo": photo},
    )
    return [_word(r) for r in found]


@dataclass(frozen=True)
class Original:
    """A photo as the newest set that holds it has it, before anybody spoke."""

    name: str
    label: str
    """The label or grade as a word; empty where the set has none."""
    trim: str
    """The box as JSON; empty where the set has none."""
    is_test: bool
    """Nothing is learned from it in any set."""


def original(db: Database, domain: Domain, photo: str) -> Original:
    """What the sets themselves say of a photo; `DataError` when no set of the domain holds it."""
    found = rows(
        db,
        """select p.name, p.label, p.grade, p.split, p.trim_json
           from set_photos p join sets s on s.id = p.set_id
           where p.photo = :photo and s.domain = :domain order by s.id desc""",
        {"photo": photo, "domain": domain},
    )
    if not found:
        raise DataError(f"No {domain} set here holds this photo; import the set on Data first.")
    first = found[0]
    label = first["label"] or ("" if first["grade"] is None else str(first["grade"]))
    is_test = all(r["split"] == "test" for r in found)
    return Original(first["name"], label, first["trim_json"] or "", is_test)


def newest(db: Database) -> int:
    """The number of the newest line; 0 before anybody has spoken."""
    found = row(db, "select coalesce(max(id), 0) as id from words")
    return int(found["id"]) if found else 0


def amended(photos: Sequence[Photo], said: Standing) -> tuple[Photo, ...]:
    """The photos with what people say of them, in their order; the others as they were."""
    return tuple(_amended(p, said) for p in photos)


def _amended(photo: Photo, said: Standing) -> Photo:
    label, trim, again = (said.get((photo.sha256, what)) for what in ("label", "trim", "mark"))
    told: dict[str, object] = {}
    if label is not None:
        told |= {"grade": int(label.value)} if label.value in GRADES else {"label": label.value}
    if trim is not None:
        told["trim"] = trim.trim
    if again is not None:
        told["is_marked"] = True
    return dataclasses.replace(photo, **told) if told else photo  # type: ignore[arg-type]


def _say(
    db: Database, by: Person, domain: Domain, photo: str, what: What, value: str, now: float, note: str
) -> None:
    by.require("engineer")
    held = original(db, domain, photo)
    with writing(db):
        stood = standing(db, domain).get((photo, what))
        own = {"label": held.label, "trim": held.trim, "mark": ""}[what]
        was = stood.value if stood is not None else own
        if value == was or (not value and stood is None):
            raise DataError(f"{held.name} stands so already; nothing was written.")
        db.conn.execute(
            """insert into words (domain, photo, what, value, was, note, who, at)
               values (:domain, :photo, :what, :value, :was, :note, :who, :now)""",
            {
                "domain": domain,
                "photo": photo,
                "what": what,
                "value": value,
                "was": was,
                "note": note.strip(),
                "who": by.name,
                "now": now,
            },
        )
        about = {"label": "relabelled", "trim": "trimmed", "mark": "marked"}[what] if value else "withdrew"
        note_event(db, by.name, about, f"photo/{photo}", now, domain=domain, matter=what, value=value)


def _box(text: str) -> Trim:
    x0, y0, x1, y1 = map(float, json.loads(text))
    return x0, y0, x1, y1


def _word(r: object) -> Word:
    told = dict(r)  # type: ignore[call-overload]
    told.pop("domain")
    return Word(**told)
