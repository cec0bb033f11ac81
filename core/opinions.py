"""What people say of verdicts: each word kept beside the verdict it was about, the newest one counts."""

from __future__ import annotations

from collections.abc import Mapping

from sqlite_utils import Database

from core import inspections
from core.errors import NotFound, PatinaError
from core.inspections import Opinion
from core.records import Domain
from core.store import note_event, row, rows, writing


def say(db: Database, inspection_id: int, label: str, *, who: str, now: float, note: str = "") -> Opinion:
    """A person confirms the newest verdict (same label) or corrects it (another one)."""
    with writing(db):
        found = inspections.get(db, inspection_id)
        if found.verdict is None or found.verdict_id is None:
            raise NotFound(
                f"Inspection {inspection_id} has no verdict yet; wait for it, then say what it is."
            )
        allowed = LABELS[found.domain]
        if label not in allowed:
            raise PatinaError(f"{label!r} is no answer here; choose one of {', '.join(allowed)}.")
        opinion = Opinion(who, label, label == found.verdict.label, note.strip(), now)
        db.conn.execute(
            """insert into opinions (inspection_id, verdict_id, who, label, agrees, note, at)
               values (:inspection_id, :verdict_id, :who, :label, :agrees, :note, :now)""",
            {
                "inspection_id": inspection_id,
                "verdict_id": found.verdict_id,
                "who": who,
                "label": label,
                "agrees": int(opinion.agrees),
                "note": opinion.note,
                "now": now,
            },
        )
        note_event(
            db,
            who,
            "confirmed" if opinion.agrees else "corrected",
            f"inspection/{inspection_id}",
            now,
            label=label,
        )
    return opinion


LABELS: Mapping[Domain, tuple[str, ...]] = {
    "rail": ("normal", "defect"),
    "crack": ("no crack", "crack"),
    "corrosion": ("0", "1", "2", "3"),
}


def of(db: Database, inspection_id: int) -> list[Opinion]:
    """What people said of an inspection's verdicts, newest first."""
    found = rows(
        db,
        "select who, label, agrees, note, at from opinions where inspection_id = :id order by id desc",
        {"id": inspection_id},
    )
    return [Opinion(r["who"], r["label"], bool(r["agrees"]), r["note"], r["at"]) for r in found]


def agreement(db: Database, domain: Domain, since: float = 0.0) -> tuple[int, int]:
    """How often people agreed with a verdict they looked at: (agreed, looked at), newest word counts."""
    found = row(
        db,
        """select coalesce(sum(o.agrees), 0) as agreed, count(*) as n from opinions o
           join inspections i on i.id = o.inspection_id
           where i.domain = :domain and i.instead is null and o.at >= :since
             and o.id = (select max(id) from opinions where inspection_id = i.id)""",
        {"domain": domain, "since": since},
    )
    assert found is not None
    return int(found["agreed"]), int(found["n"])
