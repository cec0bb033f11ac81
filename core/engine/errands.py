"""What a run of each kind does, from its config to its result; `lanes` listens, and writes down.

Each yields the reports of its work and returns what the run found. None knows the queue: whoever stops
listening has stopped it.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

from core import cards, services, sets, store, trials
from core import config as settings_of
from core.engine import work
from core.errors import ConfigError
from core.few_labels import cycles
from core.grading import margins
from core.orders import rules
from core.records import PhotoSet, Progress, Run
from core.settings import Settings


def train(run: Run, folder: Path, settings: Settings) -> Generator[Progress, None, dict[str, Any]]:
    """Train as the run's config says: data (or folder), preset, set, perhaps sweep; file the (best) model."""
    config, found = asked(run, settings)
    if "sweep" in run.config:
        return (yield from sweep(run, config, found, folder, settings))
    command = work.command(run.domain, {**run.config, "data": _data(run)})
    begin = cycles.begin_of(run.config["begin"], settings.runs) if "begin" in run.config else None
    card = yield from work.train(run.domain, config, found, folder, settings, command=command, begin=begin)
    name = run.name or f"{card.network}-{run.id}"
    filed = cards.file_as(card, folder, settings.models, name=name, by=run.owner)
    return {"model": f"{filed.domain}/{filed.id}", "threshold": filed.threshold, "figures": filed.figures}


def sweep(
    run: Run, config: Any, found: PhotoSet, folder: Path, settings: Settings
) -> Generator[Progress, None, dict[str, Any]]:
    """Train every combination of the settings to compare; the best one is filed, the others can be."""
    card, place = yield from work.sweep(
        run.domain,
        config,
        run.config["sweep"],
        found,
        folder,
        settings,
        lambda changed: work.command(run.domain, work.changed({**run.config, "data": _data(run)}, changed)),
    )
    name = run.name or f"{card.network}-{run.id}"
    filed = cards.file_as(card, place, settings.models, name=name, by=run.owner, keep=True)
    told = {"model": f"{filed.domain}/{filed.id}", "threshold": filed.threshold, "figures": filed.figures}
    return told | {"trials": len(trials.of_folder(folder))}


def evaluate(run: Run, folder: Path, settings: Settings) -> Generator[Progress, None, dict[str, Any]]:
    """Score a model on a split; what it said is kept beside the model."""
    db = store.connect(settings.database)
    serving, split = services.find(db, settings.models, run.config["model"]), run.config.get("split", "test")
    card = serving.card
    found = sets.gather(_data(run), card.domain, db, settings.artifacts)
    told = {"model": f"{card.domain}/{card.id}", "data": _data(run), "split": split}
    if "margins" in run.config:
        evaluation = yield from work.margins(card, serving.folder, found, split, run.config["margins"])
        work.keep_evaluation(card, serving.folder, found, margins.name(split), evaluation)
        return told | {"n": len(evaluation["name"]), "margins": margins.curve(evaluation)}
    enlarge = int(run.config.get("enlarge", 1))
    evaluation = yield from work.evaluate(card, serving.folder, found, split, enlarge)
    work.keep_evaluation(card, serving.folder, found, split, evaluation, enlarge)
    threshold = run.config.get("threshold") or serving.threshold
    metrics = rules(card.domain).score(evaluation, threshold)
    return told | {"n": len(evaluation["name"]), "metrics": metrics}


def search(run: Run, folder: Path, settings: Settings) -> Generator[Progress, None, dict[str, Any]]:
    """Search for the best settings, as many trials as the run's config says."""
    config, found = asked(run, settings)
    told = yield from work.search(run.domain, config, found, folder, settings, int(run.config["trials"]))
    return told | {"data": _data(run), "set": run.config.get("set", {}) | told["best"]}


KINDS: Mapping[str, Any] = {"train": train, "evaluate": evaluate, "search": search}


def asked(run: Run, settings: Settings) -> tuple[Any, Any]:
    """The checked config and the photos of a training or search."""
    module = rules(run.domain)
    told = run.config.get("set", {})
    config = settings_of.preset(module.Config, module.PRESETS, run.config.get("preset", "quick"), told)
    db = store.connect(settings.database)
    until = run.config.get("words")
    return config, sets.gather(_data(run), run.domain, db, settings.artifacts, until=until)


def _data(run: Run) -> str:
    data = run.config.get("data") or run.config.get("folder")
    if not data:
        raise ConfigError("This run names no data set; start it again with one.")
    return str(data)
