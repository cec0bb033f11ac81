"""A data set on its way in from a page: looked at first, kept when a person says so, or thrown away.

The work is a thread of the app, so it goes on when the page is closed. Until somebody keeps it nothing of it
is in the store; when the app ends half-way, nothing is either.
"""

from __future__ import annotations

import dataclasses
import logging
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from core import archives, datasets, sets, store
from core.errors import Conflict, DataError, NotFound, PatinaError
from core.findings import Report, looks, report
from core.records import Domain, Person, PhotoSet
from core.settings import Settings

Stage = Literal[
    "drawing", "unpacking", "reading", "looking", "comparing", "looked", "keeping", "kept", "failed"
]
MOVING: tuple[Stage, ...] = ("drawing", "unpacking", "reading", "looking", "comparing", "keeping")

log = logging.getLogger("patina.imports")


@dataclass
class Import:
    """One import and how far it is; `report` is there from `looked` on."""

    id: str
    by: Person
    domain: Domain
    source: str
    """What the person calls it: the zip's name or the folder's path."""
    licence: str
    began: float
    stage: Stage = "unpacking"
    done: int = 0
    n: int = 0
    report: Report | None = None
    error: str | None = None
    name: str = ""
    """The set's name, its folder's until a person gives another one."""
    folder: Path | None = None
    """Where a zip was unpacked; removed at the end."""
    found: PhotoSet | None = field(default=None, repr=False)

    @property
    def is_moving(self) -> bool:
        """True while there is something to wait for."""
        return self.stage in MOVING


class Imports:
    """The imports of one app. Looking decodes every photo, so one at a time does it."""

    def __init__(self) -> None:
        self._all: dict[str, Import] = {}
        self._lock = threading.Lock()
        self._turn = threading.Semaphore(1)

    def begin(
        self,
        settings: Settings,
        by: Person,
        domain: Domain,
        source: Path,
        *,
        now: float,
        called: str = "",
        licence: str = "",
    ) -> Import:
        """Look into a folder, a table or a zip on this machine; returns at once.

        A zip under `settings.uploads` was uploaded for this and is deleted once unpacked.
        """
        by.require("engineer")
        if not source.exists():
            raise DataError(f"There is no {source} on the machine Patina runs on; check the path.")
        one = Import(secrets.token_hex(6), by, domain, called or str(source), licence.strip(), now)
        with self._lock:
            self._all[one.id] = one
        self._start(one, lambda: self._look(settings, one, source))
        return one

    def draw(self, settings: Settings, by: Person, domain: Domain, n: int, *, now: float) -> Import:
        """Draw n synthetic photos, as `core.synthetic.demo` does, and look at them; returns at once.

        For a first training where no labelled photos are at hand. The set is marked synthetic for good.
        """
        by.require("engineer")
        one = Import(secrets.token_hex(6), by, domain, f"{n} × {domain}", "", now, stage="drawing")
        with self._lock:
            self._all[one.id] = one
        self._start(one, lambda: self._draw(settings, one, n))
        return one

    def keep(self, settings: Settings, by: Person, id: str, name: str) -> None:
        """Take what was looked at into the store under this name; returns at once."""
        one = self.get(by, id)
        if one.stage != "looked" or one.found is None or one.report is None:
            raise Conflict("This import has nothing to keep; look at a folder or zip first.")
        name = " ".join(name.split())
        if not 1 <= len(name) <= 80:
            raise DataError("A data set needs a name of 1 to 80 letters.")
        sets.refuse_known(store.connect(settings.database), name)
        one.name, one.stage, one.done, one.n = name, "keeping", 0, len(one.found.photos)
        self._start(one, lambda: self._keep(settings, one))

    def get(self, by: Person, id: str) -> Import:
        """The import of this id; engineers see each other's."""
        by.require("engineer")
        try:
            return self._all[id]
        except KeyError:
            raise NotFound("This import is over, or Patina was restarted; nothing of it was kept.") from None

    def all(self, by: Person) -> list[Import]:
        """Every import that is not over, newest first."""
        by.require("engineer")
        return sorted(self._all.values(), key=lambda one: -one.began)

    def drop(self, by: Person, id: str) -> None:
        """Forget an import that is not moving; what was kept stays kept."""
        one = self.get(by, id)
        if one.is_moving:
            raise Conflict("This import is being worked on; wait for it, then throw it away.")
        with self._lock:
            self._all.pop(id, None)
        if one.folder is not None:
            shutil.rmtree(one.folder, ignore_errors=True)

    def _look(self, settings: Settings, one: Import, source: Path) -> None:
        with self._turn:
            if source.is_file() and source.suffix.lower() in archives.ARCHIVES | {".part"}:
                one.folder = settings.uploads / f"import-{one.id}"
                source = self._unpacked(settings, source, one.folder, one.source)
            self._read(one, source)

    def _draw(self, settings: Settings, one: Import, n: int) -> None:
        from core.synthetic import demo

        with self._turn:
            one.folder = settings.uploads / f"import-{one.id}"
            self._read(one, demo.write(one.domain, one.folder / f"synthetic {one.domain}", n))

    def _read(self, one: Import, source: Path) -> None:
        one.stage = "reading"
        found = datasets.read(source, one.domain, licence=one.licence)
        one.name, one.n, one.stage = found.name, len(found.photos), "looking"
        seen = []
        for look in looks(found):
            seen.append(look)
            one.done = len(seen)
        one.stage = "comparing"
        one.report = report(found, seen)
        one.found = datasets.without(found, one.report.unreadable)
        one.stage = "looked"

    def _unpacked(self, settings: Settings, source: Path, folder: Path, name: str) -> Path:
        """The zip's folder; one that was uploaded for this gets its owner's name first, and goes after."""
        is_ours = source.parent == settings.uploads
        if is_ours:
            folder.mkdir(parents=True)
            source = source.rename(folder / Path(name).name)
        try:
            return archives.unpack(source, folder / (source.stem or "set"))
        finally:
            if is_ours:
                source.unlink(missing_ok=True)

    def _keep(self, settings: Settings, one: Import) -> None:
        assert one.found is not None
        assert one.report is not None
        kept = dataclasses.replace(one.found, name=one.name)
        told = dataclasses.replace(one.report, name=one.name).to_dict()
        db = store.connect(settings.database)
        for done, _ in sets.keep(db, settings.artifacts, kept, report=told, who=one.by.name, now=time.time()):
            one.done = done
            time.sleep(0)  # between photos the pages get their turn
        if one.folder is not None:
            shutil.rmtree(one.folder, ignore_errors=True)
        one.stage, one.found = "kept", None

    def _start(self, one: Import, work: Callable[[], None]) -> None:
        def run() -> None:
            try:
                work()
            except PatinaError as error:
                one.stage, one.error = "failed", str(error)
            except Exception:
                log.exception("the import of %s failed", one.source)
                one.stage = "failed"
                one.error = "Something went wrong in Patina itself; its log says what. Nothing was kept."

        threading.Thread(target=run, name=f"import-{one.id}", daemon=True).start()


HERE = Imports()
"""Those of this process: pages and routes of one app see the same."""
