"""What Home shows, in figures: what needs a decision, what changed, whether verdicts can be believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from sqlite_utils import Database

from core import cards, inspections, opinions, services
from core.errors import ModelError, NotFound
from core.inspections import Inspection
from core.metrics import wilson
from core.records import DOMAINS, Card, Domain
from core.store import row, rows

PARTS: Final = 14
"""Into so many equal parts a period is cut to show how it went."""

Kind = Literal["photos", "defects", "cracks", "grades", "people"]
KINDS: Mapping[Kind, str] = {
    "photos": "1",
    "defects": "coalesce(o.label, v.label) = 'defect'",
    "cracks": "coalesce(o.label, v.label) = 'crack'",
    "grades": "coalesce(o.label, v.label) in ('2', '3')",
    "people": "v.needs_person = 1",
}
"""What is counted: everything handed in, what stands as bad, and what was sent to a person."""


@dataclass(frozen=True)
class Change:
    """One count over a period, against the period of the same length before it."""

    kind: Kind
    n: int
    before: int
    parts: tuple[int, ...]
    """The count in each of `PARTS` equal parts of the period, oldest first."""


@dataclass(frozen=True)
class Trust:
    """Why, or how far, a domain's verdicts can be believed."""

    domain: Domain
    card: Card | None
    """The model in service, None when there is none (or its card cannot be read)."""
    since: float | None
    agreed: int
    looked_at: int
    agreement: tuple[float, float]
    """95 % interval of the share of verdicts that people agreed with; (0, 1) when nobody looked."""
    judged: int
    sent: int
    """How many of the judged were sent to a person."""


def pressing(db: Database, limit: int = 6) -> list[Inspection]:
    """What waits for a person's word, the worst first."""
    return inspections.find(db, needs_person=True, decided=False, order="worst", limit=limit)


def bad(db: Database, since: float, limit: int = 6) -> list[Inspection]:
    """What stands as bad since then and needs no further word, the worst first."""
    labels = ("defect", "crack", "2", "3")
    found = inspections.find(db, labels=labels, since=since, order="worst", limit=4 * limit)
    return [i for i in found if i.opinion or not (i.verdict and i.verdict.needs_person)][:limit]


def changes(db: Database, since: float, now: float) -> list[Change]:
    """Each count from `since` to `now`, part by part, and over as long a time before."""
    span = max(now - since, 1.0)
    sums = ", ".join(f"coalesce(sum({what}), 0) as {kind}" for kind, what in KINDS.items())
    found = rows(
        db,
        f"""select min({PARTS - 1}, cast((i.created_at - :since) * {PARTS} / :span as integer)) as part,
                i.created_at < :since as earlier, {sums}
            from inspections i
            left join verdicts v on v.id = (select max(id) from verdicts where inspection_id = i.id)
            left join opinions o on o.id = (select max(id) from opinions where verdict_id = v.id)
            where i.instead is null and i.created_at between :since - :span and :now
            group by part, earlier""",  # noqa: S608  our own words
        {"since": since, "span": span, "now": now},
    )
    told = []
    for kind in KINDS:
        parts = [0] * PARTS
        for r in found:
            if not r["earlier"]:
                parts[r["part"]] += r[kind]
        before = sum(r[kind] for r in found if r["earlier"])
        told.append(Change(kind, sum(parts), before, tuple(parts)))
    return told


def trust(db: Database, models: Path) -> list[Trust]:
    """For each domain: the model in service, how often people agreed, how many were sent to a person."""
    told: list[Trust] = []
    for domain in DOMAINS:
        service = services.current(db, domain)
        card: Card | None = None
        if service is not None:
            try:
                card = cards.read(models, domain, service.model)
            except (NotFound, ModelError):
                card = None  # Models says what is wrong with it; here there is nothing to believe in
        agreed, looked_at = opinions.agreement(db, domain)
        counts = row(
            db,
            """select count(*) as judged, coalesce(sum(v.needs_person), 0) as sent
               from inspections i
               join verdicts v on v.id = (select max(id) from verdicts where inspection_id = i.id)
               where i.domain = :domain and i.instead is null""",
            {"domain": domain},
        )
        assert counts is not None
        told.append(
            Trust(
                domain=domain,
                card=card,
                since=service.at if service else None,
                agreed=agreed,
                looked_at=looked_at,
                agreement=wilson(agreed, looked_at) if looked_at else (0.0, 1.0),
                judged=counts["judged"],
                sent=counts["sent"],
            )
        )
    return told
