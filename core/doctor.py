"""Is everything in place? What `python -m core doctor` tells, one finding a line, with what to do."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from core import __version__, cards, migrations, queue, services, store, workers
from core.errors import NotFound, PatinaError
from core.records import DOMAINS
from core.settings import Settings

LEAST_FREE_BYTES = 2 * 2**30
"""ours: below this a training's checkpoints and some hundred photos no longer fit."""
PACKAGES = ("streamlit", "torch", "torchvision", "numpy", "pillow", "sqlite-utils")


@dataclass(frozen=True)
class Finding:
    """One thing looked at: how it is, whether that is fine, and what to do where it is not."""

    what: str
    found: str
    is_fine: bool = True
    remedy: str = ""


def examine(settings: Settings, now: float) -> Iterator[Finding]:
    """All that can be looked at without torch, worst things not first but in order of a start."""
    yield Finding("Patina", f"{__version__} on Python {platform.python_version()}, {platform.platform()}")
    yield from _packages()
    yield from _folder("data", settings.data)
    yield from _folder("models", settings.models)
    if settings.weights and not settings.weights.is_dir():
        yield Finding(
            "ImageNet weights",
            f"{settings.weights} is no folder",
            False,
            "Correct PATINA_WEIGHTS, or unset it to let torchvision fetch them.",
        )
    yield from _models(settings)
    if settings.database.exists():
        yield from _database(settings, now)
    else:
        yield Finding("database", "none yet; the first start makes it")


def _packages() -> Iterator[Finding]:
    missing, there = [], []
    for name in PACKAGES:
        try:
            there.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    yield Finding("packages", ", ".join(there))
    if missing:
        yield Finding(
            "packages", f"missing: {', '.join(missing)}", False, "Run pip install -r requirements.txt."
        )


def _folder(what: str, folder: Path) -> Iterator[Finding]:
    there = folder
    while not there.exists():
        there = there.parent  # it will be made in the first one that exists
    free = shutil.disk_usage(there).free
    told = f"{folder}, {free / 2**30:.0f} GiB free"
    if not os.access(there, os.W_OK):
        yield Finding(f"{what} folder", f"{folder} cannot be written", False, "Give this user the right to.")
    elif free < LEAST_FREE_BYTES:
        yield Finding(f"{what} folder", told, False, "Make room: trainings and photos will not fit.")
    else:
        yield Finding(f"{what} folder", told)


def _models(settings: Settings) -> Iterator[Finding]:
    db = store.connect(settings.database) if settings.database.exists() else None
    for domain in DOMAINS:
        try:
            card = services.serving(db, settings.models, domain).card
            yield Finding(f"{domain} model", f"{card.id} serves")
        except NotFound as error:
            yield Finding(f"{domain} model", "none serves", False, str(error))
        except PatinaError as error:
            yield Finding(f"{domain} model", "it cannot be read", False, str(error))
    for told in cards.damaged(settings.models):
        yield Finding("damaged model", told, False, "Copy it again, or remove its folder.")


def _database(settings: Settings, now: float) -> Iterator[Finding]:
    try:
        db = store.connect(settings.database)
        said = db.execute("pragma quick_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        yield Finding("database", f"{settings.database}: {error}", False, "Put a copy of it back.")
        return
    if said != "ok":
        yield Finding("database", f"{settings.database}: {said}", False, "Put a copy of it back.")
        return
    size = settings.database.stat().st_size / 2**20
    yield Finding(
        "database", f"{settings.database}, {size:.0f} MiB, {len(migrations.steps.applied(db))} steps"
    )
    for state in workers.health(db, now):
        n = queue.waiting(db)[state.lane]
        told = f"{state.state}{f', {n} waiting' if n else ''}{f', {state.device}' if state.device else ''}"
        is_stuck = state.state == "down" and n > 0
        yield Finding(
            f"{state.lane} worker",
            told,
            not is_stuck,
            f"Start the app, or python -m core worker {state.lane}." if is_stuck else "",
        )
