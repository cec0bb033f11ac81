"""`train` and `search`: a run folder that knows what it was asked for, so that `--resume` goes on with it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import time
from argparse import Namespace
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from core import cards, sets, store, terminal, trials
from core import config as settings_of
from core.commands.models import card_lines
from core.errors import ConfigError
from core.orders import rules
from core.records import Domain, PhotoSet
from core.settings import Settings

ASKED = "asked.json"
"""What a run folder was asked for here, in the words of the command line: `--resume` reads it."""


@dataclass(frozen=True)
class _Begun:
    """A run whose folder knows what it was asked for: just begun, or about to go on."""

    asked: dict[str, Any]
    """The words of the command line, as `ASKED` keeps them."""
    domain: Domain
    config: Any
    photos: PhotoSet
    folder: Path
    settings: Settings


def train(told: Namespace, settings: Settings) -> None:
    """`train`: learn in a run folder, file the model."""
    from core.engine import work

    began = time.monotonic()
    run = _begin(told, settings)
    if run.asked.get("sweep"):
        return _swept(told, run, began)
    training = work.train(
        run.domain,
        run.config,
        run.photos,
        run.folder,
        run.settings,
        command=work.command(run.domain, run.asked),
    )
    with _resumable(told, run):
        card = terminal.listen(training)
    filed = cards.file_as(card, run.folder, settings.models, name=run.asked["name"], by=terminal.me())
    place = cards.place(settings.models, run.domain, filed.id)
    terminal.tell(
        told.json,
        {
            "model": f"{run.domain}/{filed.id}",
            "folder": str(place),
            "run": str(run.folder),
            "figures": filed.figures,
            "threshold": filed.threshold,
            "seconds": round(time.monotonic() - began, 1),
        },
        lambda: [*card_lines(filed), f"filed in {place}"],
    )


def _swept(told: Namespace, run: _Begun, began: float) -> None:
    """`train --sweep`: train every combination, file the best one, tell the table."""
    from core.engine import work

    def command(changed: Mapping[str, Any]) -> str:
        return work.command(run.domain, work.changed(run.asked, changed))

    training = work.sweep(
        run.domain, run.config, run.asked["sweep"], run.photos, run.folder, run.settings, command
    )
    with _resumable(told, run):
        card, place = terminal.listen(training)
    filed = cards.file_as(
        card, place, run.settings.models, name=run.asked["name"], by=terminal.me(), keep=True
    )
    table = trials.table(run.folder)
    terminal.tell(
        told.json,
        {"model": f"{run.domain}/{filed.id}", "run": str(run.folder), **table}
        | {"seconds": round(time.monotonic() - began, 1)},
        lambda: [*trials.lines(table), f"the best one is filed as {run.domain}/{filed.id}"],
    )


def search(told: Namespace, settings: Settings) -> None:
    """`search`: trial after trial; tells the best values and the command that trains with them."""
    from core.engine import work

    run = _begin(told, settings)
    searching = work.search(run.domain, run.config, run.photos, run.folder, run.settings, run.asked["trials"])
    with _resumable(told, run):
        found = terminal.listen(searching)
    command = work.command(run.domain, run.asked | {"set": run.asked["set"] | found["best"]})
    terminal.tell(
        told.json,
        found | {"run": str(run.folder), "command": command},
        lambda: [f"mean validation F1 {found['f1']:.4f} after {found['trials']} trials; train with", command],
    )


def _begin(told: Namespace, settings: Settings) -> _Begun:
    """Check what is asked for, gather its photos, and write both down in the run folder."""
    from core.engine import loop, work

    asked = _resumed(told) if told.resume else _asked(told)
    domain: Domain = asked["domain"]
    if asked.get("weights_dir"):
        settings = dataclasses.replace(settings, weights=Path(asked["weights_dir"]))
    module = rules(domain)
    config = settings_of.preset(module.Config, module.PRESETS, asked["preset"], asked["set"])
    loop.use_threads()
    photos = sets.gather(asked["data"], domain, store.if_there(settings.database), settings.artifacts)
    folder = told.resume or told.out
    folder = folder or settings.runs / f"cli-{datetime.now():%Y%m%d-%H%M%S}-{domain}"
    axes = trials.refined(config, asked["sweep"]) if asked.get("sweep") else None
    work.pin(folder, work.begun(domain, config, photos, sweep=axes))
    (folder / ASKED).write_text(json.dumps(asked, ensure_ascii=False, indent=1), encoding="utf-8")
    terminal.say(f"{len(photos.photos)} photos of {photos.name}; run folder {folder}")
    for problem in photos.problems:
        terminal.say(f"  {problem}")
    return _Begun(asked, domain, config, photos, folder, settings)


def _asked(told: Namespace) -> dict[str, Any]:
    """What the command asks for, as JSON takes it; `ConfigError` for no data or no folder of weights."""
    if not told.data:
        raise ConfigError("Say what to learn from: --data FOLDER or --data SET.")
    if told.weights_dir and not told.weights_dir.is_dir():
        raise ConfigError(f"--weights-dir {told.weights_dir} is no folder.")
    asked = {"command": told.command, "domain": told.domain, "data": told.data}
    asked |= {"preset": told.preset or "quick", "set": settings_of.words(told.set)}
    asked |= {"name": getattr(told, "name", ""), "trials": getattr(told, "trials", 0)}
    asked |= {"sweep": trials.axes(getattr(told, "sweep", []))}
    return asked | {"weights_dir": str(told.weights_dir.resolve()) if told.weights_dir else None}


def _resumed(told: Namespace) -> dict[str, Any]:
    """What the run in `--resume` was begun with; it goes on with exactly that."""
    if told.data or told.preset or told.set or told.weights_dir or getattr(told, "sweep", None):
        raise ConfigError("--resume goes on as the run was begun; leave the other options out.")
    try:
        asked: dict[str, Any] = json.loads((told.resume / ASKED).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{told.resume} is no run folder of the command line; name one.") from None
    except ValueError:
        raise ConfigError(f"{told.resume / ASKED} cannot be read; begin anew in another folder.") from None
    if (asked["command"], asked["domain"]) != (told.command, told.domain):
        raise ConfigError(f"{told.resume} holds another run: {asked['command']} {asked['domain']}.")
    return asked


@contextlib.contextmanager
def _resumable(told: Namespace, run: _Begun) -> Generator[None]:
    """On Ctrl-C tell the command that goes on with the run."""
    try:
        yield
    except KeyboardInterrupt:
        terminal.say(f"\nGo on with: python -m core {told.command} {run.domain} --resume {run.folder}")
        raise
