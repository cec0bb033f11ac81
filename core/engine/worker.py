"""A worker process: claims runs of its lane, works on them, and ends when its parent or a signal says so.

    python -m core worker judge        the app starts one for each lane; more may be started by hand

Its life is apart from its work: a thread beats into the database, takes up runs of dead workers, and sees to
it that the process ends in time, with its runs waiting again. Whatever is killed was on disk before.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from types import FrameType

from core import queue, store, workers
from core.records import Run
from core.settings import Settings

LOOK_SECONDS = 0.025
"""An idle worker looks at the wake file so often; reading 17 bytes costs it a thousandth of a core."""
POLL_SECONDS = 1.0
"""And at the queue itself so often, should a wake have been missed."""
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

    @contextlib.contextmanager
    def holding(self, runs: Sequence[Run]) -> Iterator[None]:
        """While inside, these runs are beaten for and the worker is shown as busy."""
        self._held = tuple(runs)
        workers.say(self._db, self.name, "busy", time.time(), runs[0].id)
        try:
            yield
        finally:
            self._held = ()
            workers.say(self._db, self.name, "idle", time.time())

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


def run(lane: str, settings: Settings, name: str = "", alone: bool = False) -> int:
    """Work in this lane until asked to end; the exit code. `alone`: no parent is watched."""
    faulthandler.enable()
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    life = Life(lane, settings, name)
    _listen_for_signals(life)
    if not alone:
        threading.Thread(target=_watch_parent, args=(life,), name="parent", daemon=True).start()
    from core.engine import lanes  # only now: torch takes seconds, and the row says `starting` meanwhile

    try:
        work = lanes.LANES[lane](life, settings)
        workers.describe(life._db, life.name, str(work.machine), lanes.version())
        log.info("%s starts on %s", life.name, work.machine)
        work.warm()
        workers.say(life._db, life.name, "idle", time.time())
        log.info("ready")
        while not life.ending.is_set():
            seen = _wake_word(settings)  # before the claim: what comes after it is not missed
            if work.take():
                continue
            work.rest()
            looked_at = time.monotonic()
            while (
                _wake_word(settings) == seen
                and time.monotonic() - looked_at < POLL_SECONDS
                and not life.ending.wait(LOOK_SECONDS)
            ):
                pass
    finally:
        life.close()
    log.info("ended")
    return 0


def _wake_word(settings: Settings) -> bytes:
    """What stands in the wake file; its time would not do, a second change may fall into the same tick."""
    try:
        return settings.wake.read_bytes()
    except OSError:  # nobody has ever waited, or it is being written
        return b""


def _listen_for_signals(life: Life) -> None:
    def asked(number: int, frame: FrameType | None) -> None:
        life.end(signal.Signals(number).name)

    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), asked)


def _watch_parent(life: Life) -> None:
    """The parent holds the other end of stdin and writes nothing: the end of it is the parent's end.

    Unbuffered: a thread that holds a buffer's lock makes the interpreter abort at exit.
    """
    with contextlib.suppress(OSError):  # a closed stdin is an ended one
        while os.read(0, 1):
            pass
    life.end("the parent has gone")
