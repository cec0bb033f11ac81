"""Which model and which threshold serve each domain. Promoting is an event with an author and a reason."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database

from core.errors import ConfigError
from core.records import Card, Domain
from core.store import note_event, row, rows, writing


@dataclass(frozen=True)
class Service:
    """The model in service for a domain, since when, by whom, why."""

    domain: Domain
    model: str
    threshold: float | None
    """None: the card's own."""
    who: str
    why: str
    at: float


def current(db: Database, domain: Domain) -> Service | None:
    """What serves this domain now, or None when nothing was ever promoted."""
    found = row(
        db,
        """select domain, model, threshold, who, why, at from services
           where domain = :domain order by id desc limit 1""",
        {"domain": domain},
    )
    return Service(**dict(found)) if found else None


def history(db: Database, domain: Domain) -> list[Service]:
    """All that ever served this domain, newest first."""
    found = rows(
        db,
        """select domain, model, threshold, who, why, at from services
           where domain = :domain order by id desc""",
        {"domain": domain},
    )
    return [Service(**dict(r)) for r in found]


def promote(
    db: Database, card: Card, *, who: str, now: float, why: str = "", threshold: float | None = None
) -> Service:
    """Put a model (with this threshold, else its card's) into service from now on.

    Earlier verdicts keep the model and threshold they were given with.
    """
    if threshold is not None and not 0 < threshold < 1:
        raise ConfigError(f"The threshold is {threshold:g}; it must lie between 0 and 1, ends excluded.")
    told = {
        "domain": card.domain,
        "model": card.id,
        "threshold": threshold,
        "who": who,
        "why": why,
        "at": now,
    }
    with writing(db):
        db.conn.execute(
            """insert into services (domain, model, threshold, who, why, at)
               values (:domain, :model, :threshold, :who, :why, :at)""",
            told,
        )
        note_event(db, who, "promoted", f"{card.domain}/{card.id}", now, threshold=threshold, why=why)
    return Service(**told)  # type: ignore[arg-type]
