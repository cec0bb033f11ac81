"""What an engineer may order: start, stop and resume work in the engine room, put a model into service.

Each function checks the role of the person who acts, then writes. Pages, routes and commands call these.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from core import cards, labels, queue, services, sets, trials
from core import config as settings_of
from core.errors import ConfigError, Conflict, DataError
from core.few_labels import corrections
from core.grading import decisions
from core.grading import margins as around
from core.rail import CLASSES
from core.records import Card, Domain, Person, Run
from core.services import Service
from core.store import note_event, writing


def rules(domain: Domain) -> Any:
    """The module that knows the settings of a domain: `Config`, `PRESETS`, `judge`, `score`."""
    return importlib.import_module(f"core.{domain}")


def train(
    db: Database,
    by: Person,
    domain: Domain,
    *,
    data: str,
    preset: str,
    changed: Mapping[str, Any],
    now: float,
    name: str = "",
    wake: Path | None = None,
    sweep: trials.Axes | None = None,
) -> int:
    """Order a training on a stored set and return the run's id; it is written down when this returns.

    `changed` holds only what differs from the preset; with a `sweep` every combination of its values is
    trained in this one run (`core.trials`). `Forbidden` below engineer, `NotFound` for an unknown
    set, `DataError` for one of another domain, `ConfigError` for a setting out of its range.
    """
    by.require("engineer")
    stored = sets.get(db, data)
    if stored.domain != domain:
        raise DataError(f"{data} is a {stored.domain} set; choose a {domain} set, or train {stored.domain}.")
    module = rules(domain)
    config = settings_of.preset(module.Config, module.PRESETS, preset, changed)
    told = {"data": data, "preset": preset, "set": dict(changed), "words": labels.newest(db)}
    if sweep:
        told["sweep"] = trials.refined(config, sweep)
    with writing(db):
        run_id = queue.submit(db, "train", domain, told, owner=by.name, now=now, name=name.strip())
        note_event(db, by.name, "ordered", f"run/{run_id}", now, data=data, preset=preset)
    if wake is not None:
        queue.wake_workers(wake, now)
    return run_id


def search(
    db: Database,
    by: Person,
    domain: Domain,
    *,
    data: str,
    preset: str,
    changed: Mapping[str, Any],
    trials: int,
    now: float,
    name: str = "",
    wake: Path | None = None,
) -> int:
    """Order a search for the best settings on a stored set and return the run's id.

    `ConfigError` for a domain without a search and for less than one trial, else as `train`.
    """
    by.require("engineer")
    if domain != "corrosion":
        raise ConfigError(f"There is no search for {domain}; corrosion has one (paper 3).")
    if not 1 <= trials <= 1000:
        raise ConfigError(f"A search takes 1 to 1000 trials; {trials} is not one of them.")
    stored = sets.get(db, data)
    if stored.domain != domain:
        raise DataError(f"{data} is a {stored.domain} set; choose a {domain} set.")
    module = rules(domain)
    settings_of.preset(module.Config, module.PRESETS, preset, changed)
    told = {"data": data, "preset": preset, "set": dict(changed), "trials": trials}
    with writing(db):
        run_id = queue.submit(
            db,
            "search",
            domain,
            told | {"words": labels.newest(db)},
            owner=by.name,
            now=now,
            name=name.strip(),
        )
        note_event(db, by.name, "ordered", f"run/{run_id}", now, data=data, trials=trials)
    if wake is not None:
        queue.wake_workers(wake, now)
    return run_id


def retrain(
    db: Database,
    by: Person,
    run_id: int,
    repeat: int,
    cycle: int,
    now: float,
    wake: Path | None = None,
) -> int:
    """Order one repeat of a rail experiment anew from training `cycle` on; the new run's id.

    Data, preset and settings are those of the earlier run, which stays as it is; what it found before that
    training is taken over, but never a cycle that somebody has undone: then the order begins with that one.
    People's labels (`few_labels/corrections.py`) are written into the new run's config as they stand now, and
    those that the earlier run began with already. `Forbidden` below engineer; `DataError` for
    a run without pseudo-labels, when nobody has said anything of this repeat, and for a training below 1.
    """
    by.require("engineer")
    run = corrections.experiment(db, run_id)
    said = corrections.of(db, run_id, repeat)
    if not said:
        raise DataError(
            f"Nobody has confirmed or overturned a label of repeat {repeat} yet, so the same would come of "
            "it; correct some first."
        )
    if cycle < 1:
        raise DataError(f"There is no training {cycle}; they count from 1.")
    cycle = min([cycle, *corrections.undone(db, run_id, repeat)])
    earlier: Mapping[str, Any] = run.config.get("begin", {})
    own = {photo: CLASSES.index(c.label) for photo, c in said.items()}
    begin = {
        "run": run_id,
        "repeat": repeat,
        "cycle": cycle,
        "labels": {**earlier.get("labels", {}), **own},
        "by": {**earlier.get("by", {}), **{photo: c.who for photo, c in said.items()}},
    }
    told = {key: run.config[key] for key in ("data", "folder", "preset", "set", "words") if key in run.config}
    with writing(db):
        new = queue.submit(db, "train", "rail", told | {"begin": begin}, owner=by.name, now=now)
        about = {"from_run": run_id, "repeat": repeat, "cycle": cycle, "labels": len(said)}
        note_event(db, by.name, "ordered", f"run/{new}", now, **about)
    if wake is not None:
        queue.wake_workers(wake, now)
    return new


def evaluate(
    db: Database,
    by: Person,
    card: Card,
    *,
    data: str,
    split: str,
    now: float,
    wake: Path | None = None,
    enlarge: int = 1,
    margins: Sequence[float] = (),
) -> int:
    """Order that a model answers a split of a stored set, for its laboratory to show; the run's id.

    With `enlarge` 2 a crack model looks at photos twice as large, for `measuring.fine.rescue`; with `margins`
    a corrosion model looks at each part with so much around its trim box (`core.grading.margins`).
    """
    by.require("engineer")
    sets.get(db, data)
    if enlarge > 1 and card.domain != "crack":
        raise ConfigError(f"Photos are enlarged for crack models; {card.id} is a {card.domain} model.")
    told: dict[str, Any] = {"model": f"{card.domain}/{card.id}", "data": data, "split": split}
    told |= {"enlarge": enlarge} if enlarge > 1 else {}
    if margins:
        if card.domain != "corrosion":
            raise ConfigError(f"Margins are for corrosion models; {card.id} is a {card.domain} model.")
        # JSON has no endless number, and the whole photo is looked at in any case.
        told["margins"] = [m for m in around.checked(margins) if m != around.WHOLE]
    return queue.submit(db, "evaluate", card.domain, told, owner=by.name, now=now, wake=wake)


def file_trial(
    db: Database, by: Person, runs: Path, models: Path, run: str, number: int, *, name: str, now: float
) -> Card:
    """File one trial of a sweep as a model; it stays in its sweep as well. The filed card.

    `run` names a folder of `runs`. `Forbidden` below engineer, `NotFound` for a trial that has not ended.
    """
    by.require("engineer")
    card, place = trials.model(runs / Path(run).name, number)
    cards.weights(place, card)
    filed = cards.file_as(card, place, models, name=name.strip(), by=by.name, keep=True)
    with writing(db):
        note_event(db, by.name, "filed", f"{filed.domain}/{filed.id}", now, run=run, trial=number)
    return filed


def cancel(db: Database, by: Person, run_id: int, now: float) -> Run:
    """Stop a run that waits or runs; its checkpoint stays. Engineers may stop any, others only their own."""
    _own(queue.get(db, run_id), by)
    with writing(db):
        run = queue.cancel(db, run_id, now)
        note_event(db, by.name, "cancelled", f"run/{run_id}", now)
    return run


def resume(db: Database, by: Person, run_id: int, now: float, wake: Path | None = None) -> Run:
    """Let a stopped or failed run go on from its checkpoint; the right to it as for `cancel`."""
    _own(queue.get(db, run_id), by)
    with writing(db):
        run = queue.resume(db, run_id, now)
        note_event(db, by.name, "resumed", f"run/{run_id}", now)
    if wake is not None:
        queue.wake_workers(wake, now)
    return run


def promote(
    db: Database,
    by: Person,
    card: Card,
    *,
    now: float,
    why: str = "",
    threshold: float | None = None,
    costs: Any = None,
) -> Service:
    """Put a model into service with this threshold, else its card's, and for corrosion with these costs.

    `Conflict` when just that serves already, `ConfigError` for costs that are none.
    """
    by.require("engineer")
    kept = None
    if costs is not None:
        if card.domain != "corrosion":
            raise ConfigError(f"Costs are for grades; a {card.domain} model has a threshold instead.")
        kept = tuple(tuple(float(c) for c in row) for row in decisions.checked_costs(costs))
    was = services.current(db, card.domain)
    if was is not None and (was.model, was.threshold, was.costs) == (card.id, threshold, kept):
        raise Conflict(f"{card.id} is in service already, with the same threshold and costs.")
    return services.promote(db, card, who=by.name, now=now, why=why.strip(), threshold=threshold, costs=kept)


def _own(run: Run, by: Person) -> None:
    if run.owner != by.name:
        by.require("engineer")
