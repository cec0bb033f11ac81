"""By whose limits this house grades cracks: the standard that somebody chose last, else the setting's."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database

from core import store
from core.errors import ConfigError
from core.measuring import standards
from core.measuring.standards import Standard
from core.records import Person
from core.settings import Settings
from core.store import note_event, row, writing


@dataclass(frozen=True)
class Choice:
    """A standard that was chosen, by whom and when."""

    key: str
    who: str
    at: float


def standard(settings: Settings) -> Standard:
    """The standard that cracks are graded by: chosen in the store, or `PATINA_STANDARD` where none was.

    `ConfigError` for one that no table here has any more, or for a table that cannot be read.
    """
    db = store.if_there(settings.database)
    choice = chosen(db) if db is not None else None
    if choice is None:
        return standards.chosen(settings)
    tables = standards.known(settings)
    if choice.key not in tables:
        raise ConfigError(
            f"The standard {choice.key!r} was chosen, and no table here has it any more; choose one of "
            f"{', '.join(tables)} on Admin, or name the file that has it in PATINA_STANDARDS."
        )
    return tables[choice.key]


def chosen(db: Database) -> Choice | None:
    """What was chosen last; None where nobody ever did."""
    found = row(db, "select key, who, at from standards_chosen order by id desc limit 1")
    return Choice(found["key"], found["who"], found["at"]) if found else None


def choose_standard(db: Database, by: Person, settings: Settings, key: str, *, now: float) -> None:
    """Grade cracks by this standard from now on; verdicts that stand keep theirs until they are told anew.

    `Forbidden` below engineer, `ConfigError` for a key that no table here has.
    """
    by.require("engineer")
    tables = standards.known(settings)
    if key not in tables:
        raise ConfigError(f"There is no standard {key!r} here; choose one of {', '.join(tables)}.")
    with writing(db):
        before = chosen(db)
        db.conn.execute(
            "insert into standards_chosen (key, who, at) values (:key, :who, :now)",
            {"key": key, "who": by.name, "now": now},
        )
        note_event(
            db, by.name, "chose the standard", f"standard/{key}", now, before=before.key if before else None
        )
