"""A worker process: claims runs of its lane, works on them, and ends when its parent or a signal says so.

    python -m core worker judge        the app starts one for each lane; more may be started by hand

It wakes with a file, takes one run after the other, and ends between two reports (`life` sees to that).
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import signal
import sys
import threading
import time
from types import FrameType

from core.engine.life import Life
from core.settings import Settings

LOOK_SECONDS = 0.025
"""An idle worker looks at the wake file so often; reading 17 bytes costs it a thousandth of a core."""
POLL_SECONDS = 1.0
"""And at the queue itself so often, should a wake have been missed."""

log = logging.getLogger("patina.worker")


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
        life.describe(str(work.machine), lanes.version())
        log.info("%s starts on %s", life.name, work.machine)
        work.warm()
        life.ready()
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
