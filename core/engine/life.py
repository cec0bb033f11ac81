"""A worker's life, apart from its work: its row, its beats, the runs in its hands, and its end.

A thread beats into the database, takes up runs of dead workers, and sees to it that the process ends in
time, with its runs waiting again. Whatever is killed was on disk before.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import threading
import time
from collections.abc import Iterator, Sequence

from core import queue, store, workers
from core.records import Run
from core.settings import Settings

GRACE_SECONDS = 3.0
"""So long a run may come to its next report when the worker is asked to end."""

log = logging.getLogger("patina.worker")


class Life:
    """One worker's life: its row, its beats, the runs in its hands, and its end."""

    def __init__(self, lane: str, settings: Settings, name: str = "") -> None:
        self.lane, self.settings = lane, settings
        self.name = name or workers.name(lane, secrets.token_hex(4))
        self.ending = threading.Event()
        """Set when the worker has been asked to end; whoever works looks at it at each report."""
        self._over = threading.Event()
        self._held: tuple[Run, ...] = ()
        self._beaten_at = time.time()
        self._db = store.connect(settings.database)
        workers.arrive(self._db, self.name, lane, time.time())
        self._beats = threading.Thread(target=self._beat, name="beats", daemon=True)
        self._beats.start()

    def describe(self, machine: str, version: str) -> None:
        """Say what the worker runs on and with."""
        workers.describe(self._db, self.name, machine, version)

    def ready(self) -> None:
        """Say that it waits for work."""
        workers.say(self._db, self.name, "idle", time.time())

    @contextlib.contextmanager
    def holding(self, runs: Sequence[Run]) -> Iterator[None]:
        """While inside, these runs are beaten for and the worker is shown as busy."""
        self._held = tuple(runs)
        workers.say(self._db, self.name, "busy", time.time(), runs[0].id)
        try:
            yield
        finally:
            self._held = ()
            self.ready()

    def end(self, why: str) -> None:
        """Ask the worker to end: at its next report, but not later than the grace allows."""
        if self.ending.is_set():
            return
        self.ending.set()
        log.info("ending: %s", why)
        threading.Thread(target=self._end_late, name="end", daemon=True).start()

    def close(self) -> None:
        """Give back what is still held and take the row away."""
        self._over.set()
        self._beats.join(timeout=2 * GRACE_SECONDS)
        self._leave()

    def _beat(self) -> None:
        while not self._over.wait(workers.BEAT_SECONDS):
            try:
                self.beat_once(time.time())
            except Exception:  # a full disk or a locked database must not end the beats for good
                log.exception("no beat")

    def beat_once(self, now: float) -> None:
        """Say that the worker and its runs live, and take up the runs of workers that no longer do."""
        db = store.connect(self.settings.database)
        workers.beat(db, self.name, now)
        for run in self._held:
            queue.beat(db, run, now)
        # After a sleep of the machine all beats are old; the others get a round to say they live.
        if now - self._beaten_at < queue.STALE_SECONDS / 2 and (n := queue.sweep_dead(db, now)):
            log.warning("%d runs of dead workers wait again", n)
        self._beaten_at = now

    def _end_late(self) -> None:
        if not self._over.wait(GRACE_SECONDS):
            self._leave()
            log.info("ended in the middle of a step; its run waits and goes on from the last checkpoint")
            logging.shutdown()
            os._exit(0)

    def _leave(self) -> None:
        db = store.connect(self.settings.database)
        queue.release(db, self.name, time.time())
        workers.leave(db, self.name)
