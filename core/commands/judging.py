"""`evaluate` and `predict`: what a model says of a split whose truth is known, and of new photos."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from core import services, sets, store, tables, terminal
from core.commands import cracks, pricing
from core.errors import DataError
from core.grading import margins
from core.measuring import fine
from core.metrics import plain
from core.orders import rules
from core.records import Photo, Progress
from core.settings import Settings


def evaluate(told: Namespace, settings: Settings) -> None:
    """`evaluate`: score a model on a split."""
    db = store.if_there(settings.database)
    found = services.find(db, settings.models, told.model)
    cracks.only(found.card, told, ("scale", "rescue", "price", "price_on"))
    pricing.checked(told)
    if told.margins is not None:
        return _margins(told, settings, db, found)
    from core.engine import loop, work  # torch only once the model is known to be there

    loop.use_threads()
    card = found.card
    photos = sets.gather(told.data, card.domain, db, settings.artifacts)
    chosen_on = pricing.split(told, photos) if told.price is not None else told.split
    evaluation = terminal.listen(work.evaluate(card, found.folder, photos, told.split))
    cut, price = told.threshold or card.threshold, {}
    if told.price is not None:
        own = evaluation
        if chosen_on != told.split:
            own = terminal.listen(work.evaluate(card, found.folder, photos, chosen_on))
        price = pricing.cheapest(own, told.price, chosen_on, told.split, told.scale)
        cut = price["threshold"]
    scale = {"scale_mm_per_px": told.scale} if told.scale else {}
    metrics = rules(card.domain).score(evaluation, cut, **scale)
    if card.domain == "crack":
        metrics["on_site"] = pricing.on_site(evaluation, metrics["threshold"], told.scale)
    if told.rescue:
        twice = terminal.listen(work.evaluate(card, found.folder, photos, told.split, enlarge=2))
        metrics["rescue"] = plain(fine.rescue(evaluation, metrics["threshold"], twice, told.scale))
    terminal.tell(
        told.json,
        {"model": f"{card.domain}/{card.id}", "data": told.data, "split": told.split}
        | {"n": len(evaluation["name"]), "metrics": metrics}
        | ({"price": price} if price else {}),
        lambda: [*terminal.figures(metrics), *([price["words"]] if price else [])],
    )


def _margins(told: Namespace, settings: Settings, db: Database | None, found: services.Serving) -> None:
    """`evaluate --margins`: answer a split at margins around the trim box, keep that, tell the curve."""
    steps = margins.checked(told.margins or margins.STEPS)  # what cannot be asked for loads no torch
    from core.engine import loop, work

    loop.use_threads()
    card = found.card
    photos = sets.gather(told.data, card.domain, db, settings.artifacts)
    evaluation = terminal.listen(work.margins(card, found.folder, photos, told.split, steps))
    kept = work.keep_evaluation(card, found.folder, photos, margins.name(told.split), evaluation)
    rows = margins.curve(evaluation)
    terminal.tell(
        told.json,
        {"model": f"{card.domain}/{card.id}", "data": told.data, "split": told.split}
        | {"n": len(evaluation["name"]), "kept": str(kept), "margins": rows},
        lambda: [*margins.lines(rows), f"{len(evaluation['name'])} photos; kept as {kept}"],
    )


SAID = ("label", "confidence", "threshold", "needs_person", "reason", "model")


def predict(told: Namespace, settings: Settings) -> None:
    """`predict`: judge photos, one entry each; a photo that cannot be read is an entry with an error."""
    found = services.find(store.if_there(settings.database), settings.models, told.model)
    cracks.only(found.card, told, cracks.OPTIONS)
    asked = cracks.asked(told, found.card, settings) if found.card.domain == "crack" else None
    judged = terminal.listen(_judged(told, found, settings, asked))
    terminal.tell(told.json, judged, lambda: [line for one in judged for line in _lines(one)])


def _judged(
    told: Namespace, found: services.Serving, settings: Settings, asked: cracks.Asked | None
) -> Generator[Progress, None, list[dict[str, Any]]]:
    """One entry for each photo, in the order they were named."""
    from core.engine import loop, work

    loop.use_threads()
    model = work.ready(found.card, found.folder)
    photos = [Photo(path) for word in told.photos for path in _photos_in(word)]
    cut = told.threshold or found.threshold
    judged: list[dict[str, Any]] = []
    for answer in work.answers(found.card.domain, model, photos, lambda one: work.picture(one, found.card)):
        if answer.error:
            more: dict[str, Any] = {"error": str(answer.error)}
        elif asked is not None:
            verdict, figures = cracks.entry(asked, found.card, settings, answer, cut)
            more = {key: getattr(verdict, key) for key in SAID} | figures
        else:
            verdict = work.verdict(answer, found.card, cut, settings, costs=found.costs)
            more = {key: getattr(verdict, key) for key in SAID}
        judged.append({"photo": str(answer.asked.path)} | more)
        yield Progress(len(judged), len(photos), "judge")
    return judged


def _photos_in(word: str) -> list[Path]:
    """The photo of that name, or all photos of a folder by name, those below it too, without their masks."""
    folder = Path(word)
    if not folder.is_dir():
        return [folder]
    found = tables.photos_in(folder)
    if not found:
        raise DataError(f"There is no photo in {word}; name photos, or a folder that holds some.")
    return found


def _lines(one: Mapping[str, Any]) -> list[str]:
    if "error" in one:
        return [f"{one['photo']}: {one['error']}"]
    person = f"  → {one['reason']}" if one["needs_person"] else ""
    said = f"{one['photo']}: {one['label']}{cracks.wide(one)} ({one['confidence']:.0%} sure){person}"
    return [said, *(f"  ! {warning}" for warning in cracks.warnings(one))]
