"""`models list`, `show`, `file` and `promote`: what lies in models_store, and which of it serves."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import time
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from core import cards, orders, services, store, terminal
from core.errors import ConfigError, PatinaError
from core.people import accounts
from core.records import DOMAINS, Card
from core.settings import Settings


def all_models(told: Namespace, settings: Settings) -> None:
    """`models list`: every model, and which one serves its domain."""
    db = store.if_there(settings.database)
    serving = {}
    for domain in DOMAINS:
        with contextlib.suppress(PatinaError):
            serving[domain] = services.serving(db, settings.models, domain).card.id
    listed = [
        {"model": f"{card.domain}/{card.id}", "network": card.network, "threshold": card.threshold}
        | {"in_service": serving.get(card.domain) == card.id, "made_at": card.made_at}
        | {"figures": card.figures.get("test", {})}
        for card in cards.all(settings.models, told.domain)
    ]
    none = ["There are no models yet; train one."]
    terminal.tell(told.json, listed, lambda: [_model_line(one) for one in listed] or none)


def show(told: Namespace, settings: Settings) -> None:
    """`models show`: the card of one model."""
    card = services.find(store.if_there(settings.database), settings.models, told.model).card
    terminal.tell(told.json, json.loads(card.to_json()), lambda: card_lines(card))


def file(told: Namespace, settings: Settings) -> None:
    """`models file`: file one trial of a sweep as a model; the sweep keeps it too."""
    if not (told.folder / cards.CARD).is_file():
        raise ConfigError(f"{told.folder} holds no finished training; name a trial's folder.")
    card = cards.of_folder(told.folder)
    cards.weights(told.folder, card)
    filed = cards.file_as(card, told.folder, settings.models, name=told.name, by=terminal.me(), keep=True)
    terminal.tell(
        told.json,
        {"model": f"{filed.domain}/{filed.id}"},
        lambda: [f"filed as {filed.domain}/{filed.id}"],
    )


def int8(told: Namespace, settings: Settings) -> None:
    """`models int8`: F1 on validation photos in 8 bits and as it is, kept in the card with the ranges."""
    db = store.if_there(settings.database)
    found = services.find(db, settings.models, told.model)
    if found.card.domain != "crack":
        raise ConfigError(f"Only crack models answer in 8 bits; {told.model} is a {found.card.domain} model.")
    from core import sets
    from core.engine import loop, work

    loop.use_threads()
    photos = sets.gather(told.data, "crack", db, settings.artifacts)
    card = work.keep_int8(found.card, found.folder, photos)
    known = card.known["int8"]
    terminal.tell(
        told.json,
        {"model": f"crack/{card.id}", "allowed": "ranges" in known}
        | {key: known[key] for key in ("f1", "plain_f1", "n")},
        lambda: [f"crack/{card.id} {_int8_line(card)}"],
    )


def promote(told: Namespace, settings: Settings) -> None:
    """`models promote`: put a model into service, once its weights are what its card says."""
    db = store.connect(settings.database)
    found = services.find(db, settings.models, told.model)
    if found.folder != cards.place(settings.models, found.card.domain, found.card.id):
        raise ConfigError(f"{found.folder} does not lie in {settings.models}; copy it there to serve it.")
    cards.weights(found.folder, found.card)
    by = dataclasses.replace(accounts.PATINA, name=terminal.me())
    service = orders.promote(db, by, found.card, now=time.time(), why=told.why, threshold=told.threshold)
    terminal.tell(
        told.json,
        {"domain": service.domain, "model": service.model, "threshold": service.threshold},
        lambda: [f"{service.model} serves {service.domain} from now on."],
    )


HEADLINES = ("accuracy", "f1", "mean_f1")


def _model_line(one: Mapping[str, Any]) -> str:
    told = [f"{k} {terminal.figure(v)}" for k, v in one["figures"].items() if k in HEADLINES]
    star = "*" if one["in_service"] else " "
    return f"{star} {one['model']:36} {one['network']:14} {one['made_at'][:10]}  {'  '.join(told)}"


def card_lines(card: Card) -> list[str]:
    """A card for a person: network and origin, data, threshold, and a line of figures for each split."""
    lines = [f"{card.domain}/{card.id}  {card.network}, made {card.made_at} by {card.made_by or 'unknown'}"]
    lines += [f"learned from {', '.join(str(d.get('name')) for d in card.data)}"]
    if card.threshold is not None:
        lines += [f"threshold {card.threshold:g}: {card.threshold_how}"]
    for split, figures in card.figures.items():
        told = [f"{k} {terminal.figure(v)}" for k, v in figures.items() if isinstance(v, int | float)]
        lines += [f"{split}: {'  '.join(told)}"]
    if "int8" in card.known:
        lines += [_int8_line(card)]
    return lines + ([card.notes] if card.notes else [])


def _int8_line(card: Card) -> str:
    known = card.known["int8"]
    f1, plain = (terminal.figure(known[k]) for k in ("f1", "plain_f1"))
    may = "may" if "ranges" in known else "may not"
    return f"{may} judge in 8 bits: F1 on {known['n']} validation photos {f1}, as it is {plain}"
