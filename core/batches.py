"""Photos that were handed in together: how they stand, and the files among them that were no photos."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlite_utils import Database

from core import inspections
from core.records import Domain
from core.store import note_event, rows, writing


@dataclass(frozen=True)
class Batch:
    """Photos that were handed in together: how many, and what has become of them."""

    batch: str
    owner: str
    domains: tuple[Domain, ...]
    place: str
    at: float
    n: int
    waiting: int
    needs_person: int
    failed: int
    bad: int
    photos: tuple[str, ...]
    """sha256 of the first few, the worst first."""


def find(db: Database, owner: str | None = None, limit: int = 12, *, batch: str | None = None) -> list[Batch]:
    """The newest batches, of one person or of all; with `batch` that one alone, or none."""
    found = rows(
        db,
        f"""select i.batch, max(i.owner) as owner, group_concat(distinct i.domain) as domains,
                max(i.place) as place, min(i.created_at) as at, count(*) as n,
                sum(v.id is null and coalesce(r.state, 'waiting') in ('waiting', 'running')) as waiting,
                sum(coalesce(v.needs_person, 0) = 1 and o.id is null) as needs_person,
                sum(v.id is null and coalesce(r.state, '') in ('failed', 'cancelled')) as failed,
                sum(coalesce(o.label, v.label, '') in ('defect', 'crack', '2', '3')) as bad
            from {inspections.FROM}
            where i.instead is null and i.batch in (select batch from inspections
                              where (:owner is null or owner = :owner) and (:batch is null or batch = :batch)
                              group by batch order by max(id) desc limit :limit)
            group by i.batch order by max(i.id) desc""",  # noqa: S608  our own words
        {"owner": owner, "limit": limit, "batch": batch},
    )
    return [
        Batch(
            batch=r["batch"],
            owner=r["owner"],
            domains=tuple(sorted(r["domains"].split(","))),
            place=r["place"],
            at=r["at"],
            n=r["n"],
            waiting=r["waiting"],
            needs_person=r["needs_person"],
            failed=r["failed"],
            bad=r["bad"],
            photos=tuple(i.photo for i in inspections.find(db, batch=r["batch"], order="worst", limit=4)),
        )
        for r in found
    ]


def refuse(db: Database, batch: str, name: str, why: str, *, who: str, now: float) -> None:
    """Note that a file of a batch is no photo that can be judged, so that the batch's page says so."""
    with writing(db):
        if (name, why) not in refused(db, batch):
            note_event(db, who, "refused", f"batch/{batch}", now, name=name, why=why)


def refused(db: Database, batch: str) -> list[tuple[str, str]]:
    """The files of a batch that could not be read: (name, one sentence why), in the order they came."""
    found = rows(
        db,
        "select told_json from events where about = :about and what = 'refused' order by id",
        {"about": f"batch/{batch}"},
    )
    told = [json.loads(r["told_json"]) for r in found]
    return [(t["name"], t["why"]) for t in told]
