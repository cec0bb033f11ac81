"""Which model and which threshold serve each domain. Promoting is an event with an author and a reason."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from core import cards
from core.errors import ConfigError, NotFound
from core.records import DOMAINS, Card, Domain
from core.store import note_event, row, rows, to_json, writing

STARTER = "starter-"
"""Models whose id begins so came with Patina."""


Costs = tuple[tuple[float, ...], ...]


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
    costs: Costs | None = None
    """Corrosion: what each mistake costs, [truth][said]; None: all alike, the likeliest grade is said."""


@dataclass(frozen=True)
class Serving:
    """The model that answers for a domain now: its card, its folder, the threshold and costs that count."""

    card: Card
    folder: Path
    threshold: float | None
    costs: Costs | None = None


def current(db: Database, domain: Domain) -> Service | None:
    """What was promoted for this domain last, or None when nothing ever was; `serving` says what answers."""
    found = row(
        db,
        """select domain, model, threshold, who, why, at, costs_json from services
           where domain = :domain order by id desc limit 1""",
        {"domain": domain},
    )
    return _service(found) if found else None


def serving(db: Database | None, models: Path, domain: Domain) -> Serving:
    """What answers for a domain: the model promoted last, else the starter, else the newest one.

    `db` None: there is no database, nothing was promoted. `NotFound` when the domain has no model at all;
    a promoted model that has gone raises as well, another one never steps in unasked.
    """
    service = current(db, domain) if db is not None else None
    if service is not None:
        card = cards.read(models, domain, service.model)
        threshold = card.threshold if service.threshold is None else service.threshold
        return Serving(card, cards.place(models, domain, card.id), threshold, service.costs)
    known = cards.all(models, domain)
    if not known:
        raise NotFound(f"There is no {domain} model yet; train one, or copy one into {models.name}/{domain}.")
    card = next((card for card in known if card.id.startswith(STARTER)), known[0])
    return Serving(card, cards.place(models, domain, card.id), card.threshold)


def find(db: Database | None, models: Path, name: str) -> Serving:
    """The model that a person means: a domain (what serves it), `domain/id`, an id, or a model's folder."""
    for domain in DOMAINS:
        if name == domain:
            return serving(db, models, domain)
    folder = Path(name)
    if (folder / cards.CARD).is_file():
        card = cards.of_folder(folder)
        return Serving(card, folder.resolve(), card.threshold)
    domain_word, slash, id = name.rpartition("/")
    if slash:
        card = cards.read(models, domain_word, id)
    else:
        named = [card for card in cards.all(models) if card.id == name]
        if len(named) > 1:
            told = " or ".join(f"{card.domain}/{card.id}" for card in named)
            raise NotFound(f"There are {len(named)} models {name!r}; say {told}.")
        if not named:
            raise NotFound(f"There is no model {name!r}; `models list` names those there are.")
        card = named[0]
    threshold, costs = card.threshold, None
    if db is not None and (service := current(db, card.domain)) and service.model == card.id:
        threshold = threshold if service.threshold is None else service.threshold
        costs = service.costs
    return Serving(card, cards.place(models, card.domain, card.id), threshold, costs)


def history(db: Database, domain: Domain) -> list[Service]:
    """All that ever served this domain, newest first."""
    found = rows(
        db,
        """select domain, model, threshold, who, why, at, costs_json from services
           where domain = :domain order by id desc""",
        {"domain": domain},
    )
    return [_service(r) for r in found]


def promote(
    db: Database,
    card: Card,
    *,
    who: str,
    now: float,
    why: str = "",
    threshold: float | None = None,
    costs: Costs | None = None,
) -> Service:
    """Put a model (with this threshold, else its card's, and these costs) into service from now on.

    Earlier verdicts keep the model and threshold they were given with. Only corrosion knows costs; the
    caller has checked them (`core.grading.decisions.checked_costs`).
    """
    if threshold is not None and not 0 < threshold < 1:
        raise ConfigError(f"The threshold is {threshold:g}; it must lie between 0 and 1, ends excluded.")
    service = Service(card.domain, card.id, threshold, who, why, now, costs)
    told = dataclasses.asdict(service)
    told["costs_json"] = None if costs is None else to_json(costs)
    with writing(db):
        db.conn.execute(
            """insert into services (domain, model, threshold, who, why, at, costs_json)
               values (:domain, :model, :threshold, :who, :why, :at, :costs_json)""",
            told,
        )
        note_event(
            db, who, "promoted", f"{card.domain}/{card.id}", now, threshold=threshold, why=why, costs=costs
        )
    return service


def _service(found: sqlite3.Row) -> Service:
    told = dict(found)
    costs = told.pop("costs_json")
    return Service(**told, costs=tuple(map(tuple, json.loads(costs))) if costs else None)
