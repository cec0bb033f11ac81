"""`evaluate` and `predict`: what a model says of a split whose truth is known, and of new photos."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from core import services, sets, store, tables, terminal
from core.errors import ConfigError, DataError, PatinaError
from core.grading import margins
from core.measuring import drawings, fine, markers, scales
from core.measuring.scales import Scale
from core.metrics import plain
from core.orders import rules
from core.records import Card, Photo, Progress, Verdict
from core.settings import Settings


def evaluate(told: Namespace, settings: Settings) -> None:
    """`evaluate`: score a model on a split."""
    db = store.if_there(settings.database)
    found = services.find(db, settings.models, told.model)
    if (told.scale or told.rescue) and found.card.domain != "crack":
        raise ConfigError(f"--scale and --rescue are for crack models; {told.model} is none.")
    if told.margins is not None:
        return _margins(told, settings, db, found)
    from core.engine import loop, work  # torch only once the model is known to be there

    loop.use_threads()
    card = found.card
    photos = sets.gather(told.data, card.domain, db, settings.artifacts)
    evaluation = terminal.listen(work.evaluate(card, found.folder, photos, told.split))
    scale = {"scale_mm_per_px": told.scale} if told.scale else {}
    metrics = rules(card.domain).score(evaluation, told.threshold or card.threshold, **scale)
    if told.rescue:
        twice = terminal.listen(work.evaluate(card, found.folder, photos, told.split, enlarge=2))
        metrics["rescue"] = plain(fine.rescue(evaluation, metrics["threshold"], twice, told.scale))
    terminal.tell(
        told.json,
        {"model": f"{card.domain}/{card.id}", "data": told.data, "split": told.split}
        | {"n": len(evaluation["name"]), "metrics": metrics},
        lambda: terminal.figures(metrics),
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


def predict(told: Namespace, settings: Settings) -> None:
    """`predict`: judge photos, one entry each; a photo that cannot be read is an entry with an error."""
    found = services.find(store.if_there(settings.database), settings.models, told.model)
    if told.masks and found.card.domain != "crack":
        raise ConfigError(f"--masks is for crack models; {told.model} finds no masks.")
    if told.marker and (told.scale or found.card.domain != "crack"):
        raise ConfigError("--marker is for crack models, and in place of --scale.")
    judged = terminal.listen(_judged(told, found, settings))
    terminal.tell(told.json, judged, lambda: [_verdict_line(one) for one in judged])


SAID = ("label", "confidence", "threshold", "needs_person", "reason", "model")
MEASURED = ("arithmetic", "crack_fraction", "max_width_px", "max_width_mm", "standard", "grade")


def _judged(
    told: Namespace, found: services.Serving, settings: Settings
) -> Generator[Progress, None, list[dict[str, Any]]]:
    """One entry for each photo, in the order they were named."""
    from core.engine import loop, work

    loop.use_threads()
    model = work.ready(found.card, found.folder)
    asked, taken = [Photo(path) for word in told.photos for path in _photos_in(word)], set[Path]()
    judged: list[dict[str, Any]] = []
    for answer in work.answers(found.card.domain, model, asked, lambda one: work.picture(one, found.card)):
        judged.append({"photo": str(answer.asked.path)})
        if answer.error:
            judged[-1] |= {"error": str(answer.error)}
        else:
            judged[-1] |= _entry(told, found, settings, answer, taken)
        yield Progress(len(judged), len(asked), "judge")
    return judged


def _entry(
    told: Namespace, found: services.Serving, settings: Settings, answer: Any, taken: set[Path]
) -> dict[str, Any]:
    """What is told of a photo that could be read; its mask is written where masks are asked for."""
    from core.engine import work

    scale, unseen = _scale(told, answer.asked.path)
    verdict = work.verdict(
        answer,
        found.card,
        told.threshold or found.threshold,
        settings,
        scale_mm_per_px=scale.mm_per_px if scale else None,
        scale_error=scale.error if scale else 0.0,
        costs=found.costs,
    )
    entry = {key: getattr(verdict, key) for key in SAID}
    entry |= {key: verdict.figures[key] for key in MEASURED if key in verdict.figures} | unseen
    if scale:
        entry |= {"scale_mm_per_px": scale.mm_per_px, "scale_error": scale.error}
        entry |= {"tilt": scale.told["tilt"]} if scale.how == "marker" else {}
    if told.masks:
        entry |= {"mask": str(write_mask(told.masks, answer, verdict, found.card, taken))}
    return entry


def _scale(told: Namespace, path: Path) -> tuple[Scale | None, dict[str, str]]:
    """The scale of a photo as the command gives it; why there is none, where no marker was seen in it."""
    if told.marker is None:
        return (scales.given(told.scale) if told.scale else None), {}
    try:
        return markers.of_photo(path, path.name, told.marker), {}
    except PatinaError as error:
        return None, {"no_marker": str(error)}


def _photos_in(word: str) -> list[Path]:
    """The photo of that name, or all photos of a folder by name, those below it too, without their masks."""
    folder = Path(word)
    if not folder.is_dir():
        return [folder]
    found = tables.photos_in(folder)
    if not found:
        raise DataError(f"There is no photo in {word}; name photos, or a folder that holds some.")
    return found


def write_mask(folder: Path, answer: Any, verdict: Verdict, card: Card, taken: set[Path]) -> Path:
    """What the verdict calls crack as a PNG of the photo's size; photos of one name get a number."""
    assert verdict.threshold is not None, "a crack verdict has a threshold"
    folder.mkdir(parents=True, exist_ok=True)
    stem, n = answer.asked.path.stem, 1
    while (path := folder / f"{stem}{f'-{n}' if n > 1 else ''}.png") in taken:
        n += 1
    taken.add(path)
    path.write_bytes(drawings.png(drawings.called(answer.arrays["p"], verdict.threshold, card)))
    return path


def _verdict_line(one: Mapping[str, Any]) -> str:
    if "error" in one:
        return f"{one['photo']}: {one['error']}"
    person = f"  → {one['reason']}" if one["needs_person"] else ""
    wide = f", up to {one['max_width_mm']:g} mm wide" if one.get("max_width_mm") else ""
    unseen = f"  {one['no_marker']}" if "no_marker" in one else ""
    return f"{one['photo']}: {one['label']}{wide} ({one['confidence']:.0%} sure){person}{unseen}"
