"""`import`: a folder, a zip or a table of labelled photos becomes a data set of the store."""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
import time
from argparse import Namespace
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from core import archives, datasets, sets, store, terminal
from core.findings import Report
from core.records import PhotoSet, Progress
from core.settings import Settings


def bring(told: Namespace, settings: Settings) -> None:
    """`import`: read, look at every photo, tell what was found, keep it whole."""
    with contextlib.ExitStack() as stack:
        path = told.path
        if path.is_file() and path.suffix.lower() in archives.ARCHIVES:
            settings.data.mkdir(parents=True, exist_ok=True)
            aside = stack.enter_context(tempfile.TemporaryDirectory(prefix="import-", dir=settings.data))
            path = archives.unpack(path, Path(aside) / path.stem)
        found = datasets.read(path, told.domain, licence=told.licence)
        found = dataclasses.replace(found, name=told.name or found.name)
        db = store.if_there(settings.database) if told.dry else store.connect(settings.database)
        if db is not None:
            sets.refuse_known(db, found.name)  # before all photos are looked at
        report = terminal.listen(_looked(found))
        kept = datasets.without(found, report.unreadable)
        if db is not None and not told.dry:
            terminal.listen(_kept(db, settings, kept, report.to_dict()))
    terminal.tell(
        told.json,
        report.to_dict() | {"kept": not told.dry},
        lambda: [
            f"{found.name}: {len(kept.photos)} photos, {'only looked at' if told.dry else 'kept'}",
            "  ".join(f"{name} {n}" for name, n in report.counts.items()),
            *report.problems,
        ],
    )


def _looked(found: PhotoSet) -> Generator[Progress, None, Report]:
    seen = []
    for one in datasets.looks(found):
        seen.append(one)
        yield Progress(len(seen), len(found.photos), "look")
    return datasets.report(found, seen)


def _kept(
    db: Database, settings: Settings, found: PhotoSet, report: Mapping[str, Any]
) -> Generator[Progress, None, None]:
    for done, n in sets.keep(
        db, settings.artifacts, found, report=report, who=terminal.me(), now=time.time()
    ):
        yield Progress(done, n, "keep")
