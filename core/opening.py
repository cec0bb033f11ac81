"""What is done when the server starts: tables, first link, samples, starter models, a warm interpreter."""

from __future__ import annotations

import dataclasses
import gc
import importlib
import logging
import os
import time
from pathlib import Path

import psutil
from sqlite_utils import Database

from core import cards, datasets, pictures, services, sets, store
from core.errors import Conflict, PatinaError
from core.people import accounts, invitations, keys
from core.people.signin import link_path
from core.records import DOMAINS, Domain
from core.settings import Settings

COLLECT_SECONDS = 60.0
TIDY_SECONDS = 3600.0
STALE_UPLOAD_SECONDS = 2 * 86_400.0
"""An upload that nobody went on with for so long is given up."""

log = logging.getLogger("patina")


def prepare(settings: Settings, now: float) -> str | None:
    """Tables and key; the path of a sign-in link while there is no admin who could sign in, else None."""
    db = store.connect(settings.database)
    keys.key(settings.data)
    secret = invitations.first_link(db, now)
    return link_path(secret) if secret else None


def furnish(settings: Settings, now: float) -> None:
    """What a first start brings along: the sample photos as sets, a starter model in service per domain.

    Does nothing that was done before: a set that somebody removed stays away. One that cannot be read is
    logged and left out; the others come all the same.
    """
    db = store.connect(settings.database)
    for domain in DOMAINS:
        try:
            _promote_starter(db, settings.models, domain, now)
            _keep_samples(db, settings, domain, now)
        except (PatinaError, OSError) as error:
            log.warning("the %s samples or starter model were left out: %s", domain, error)


def tidy(settings: Settings, now: float) -> None:
    """Give up uploads that nobody went on with, and keep the cache of pictures within its size."""
    sweep_uploads(settings, now)
    pictures.trim_cache(settings)


def sweep_uploads(settings: Settings, now: float) -> int:
    """Delete unfinished uploads that are older than two days; returns how many."""
    stale = [
        path
        for path in settings.uploads.glob("**/*")
        if path.is_file() and path.stat().st_mtime < now - STALE_UPLOAD_SECONDS
    ]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)


def warm_up(modules: tuple[str, ...]) -> None:
    """Import what the first pages will need, then move everything out of the collector's sight."""
    for name in modules:
        importlib.import_module(name)
    freeze()


def freeze() -> None:
    """Keep the garbage collector from looking again and again at what lives until the end."""
    gc.collect()
    gc.freeze()


def address(fallback: str) -> str:
    """Where a browser finds this server, from the port it really listens on; `fallback` when none is seen.

    The port asked for may have been taken, and uvicorn's own options are nowhere else to be read.
    """
    try:
        found = psutil.Process(os.getpid()).net_connections(kind="tcp")
    except (psutil.Error, OSError):
        return fallback
    for connection in found:
        if connection.status == psutil.CONN_LISTEN:
            host, port = connection.laddr
            shown = "127.0.0.1" if host in ("0.0.0.0", "::", "::1") else host  # noqa: S104
            return f"{fallback.split('://')[0]}://{shown}:{port}"
    return fallback


def _keep_samples(db: Database, settings: Settings, domain: Domain, now: float) -> None:
    name = f"Sample {domain} photos"
    folder = settings.samples / domain
    if not folder.is_dir() or _was_kept(db, name):
        return
    found = dataclasses.replace(datasets.read(folder, domain), name=name)
    report = datasets.report(found).to_dict()
    try:
        for _ in sets.keep(db, settings.artifacts, found, report=report, who=accounts.PATINA.name, now=now):
            time.sleep(0)  # between photos the pages get their turn
    except Conflict:  # another server on the same database was quicker
        return


def _promote_starter(db: Database, models: Path, domain: Domain, now: float) -> None:
    if services.current(db, domain) is not None:
        return
    starters = [card for card in cards.all(models, domain) if card.id.startswith("starter-")]
    if starters:
        services.promote(db, starters[0], who=accounts.PATINA.name, now=now, why="comes with Patina")


def _was_kept(db: Database, name: str) -> bool:
    """True when a set of this name was imported at any time, even if it was removed since."""
    told = {"about": f"set/{name}"}
    return store.row(db, "select 1 from events where what = 'imported' and about = :about", told) is not None
