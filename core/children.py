"""The app's two workers, as its children: started with it, restarted when they die, ended with it.

    children = start(settings)        # once a server
    …
    children.stop()                   # also at exit

A child ends itself when its stdin does, so even `kill -9` of the app leaves none behind. What a child writes
goes to data/logs/<lane>.log, in pieces of 2 MiB, the last four of them.
"""

from __future__ import annotations

import atexit
import logging
import logging.handlers
import os
import secrets
import subprocess
import sys
import threading
import time
from typing import IO, Any

from core import queue, store, workers
from core.errors import ConfigError
from core.records import LANES
from core.settings import ROOT, Settings
from core.workers import WorkerState, health

__all__ = ["Children", "WorkerState", "health", "start"]

STOP_SECONDS = 5.0
"""So long a child may take to end before it is killed."""
LONGEST_WAIT_SECONDS = 60.0
STEADY_SECONDS = 60.0
"""A child that has lived so long has started well: when it dies, the next one comes at once."""

LOG_BYTES = 2 * 2**20

log = logging.getLogger("patina.children")


def start(settings: Settings, lanes: tuple[str, ...] | None = None) -> Children:
    """Start one worker for each of these lanes (None: those of the settings) and watch over them."""
    lanes = settings.lanes if lanes is None else lanes
    if unknown := [lane for lane in lanes if lane not in LANES]:
        raise ConfigError(f"PATINA_WORKERS names {unknown[0]!r}; it may name {', '.join(LANES)}, or none.")
    return Children(settings, lanes)


def wait_before(deaths: int) -> float:
    """Seconds before the next start after so many early deaths in a row: 0, 1, 2, 4 … 60."""
    return min(LONGEST_WAIT_SECONDS, 2.0 ** (deaths - 1)) if deaths else 0.0


class Children:
    """The workers of one app. `stop` may be called twice and from any thread."""

    def __init__(self, settings: Settings, lanes: tuple[str, ...]) -> None:
        self.settings = settings
        self._stopping = threading.Event()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()
        store.connect(settings.database)  # with its tables, before two children ask for it at once
        self._watchers = [
            threading.Thread(target=self._watch, args=(lane,), name=f"watch-{lane}", daemon=True)
            for lane in lanes
        ]
        for watcher in self._watchers:
            watcher.start()
        atexit.register(self.stop)

    @property
    def pids(self) -> dict[str, int]:
        """The process of each lane that runs now."""
        with self._lock:
            return {lane: child.pid for lane, child in self._processes.items() if child.poll() is None}

    def stop(self) -> None:
        """End all children: asked first, killed after `STOP_SECONDS`; their runs wait again."""
        self._stopping.set()
        with self._lock:
            children = list(self._processes.values())
        for child in children:
            _ask_to_end(child)
        late = time.monotonic() + STOP_SECONDS
        for child in children:
            try:
                child.wait(max(0.0, late - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        for watcher in self._watchers:
            if watcher is not threading.current_thread():
                watcher.join(STOP_SECONDS)
        atexit.unregister(self.stop)

    def _watch(self, lane: str) -> None:
        """Keep one child of this lane alive until `stop`, whatever befalls it or the database."""
        deaths, log_file = 0, _log_file(self.settings, lane)
        while not self._stopping.is_set():
            name, began = workers.name(lane, secrets.token_hex(4)), time.monotonic()
            try:
                code = self._live(lane, name, log_file)
                deaths = 0 if time.monotonic() - began > STEADY_SECONDS else deaths + 1
                self._wait(lane, name, code, wait_before(deaths))
            except Exception:  # a full disk, a locked database, no more processes
                log.exception("the %s worker could not be watched over; the next one will", lane)
                self._kill(lane)
                deaths += 1
                self._stopping.wait(wait_before(deaths))

    def _live(self, lane: str, name: str, log_file: logging.Handler) -> int:
        """Start a child, write down what it says until it has ended, and return its exit code."""
        with self._lock:
            if self._stopping.is_set():
                return 0
            child = self._processes[lane] = _start(lane, name, self.settings)
        workers.arrive(store.connect(self.settings.database), name, lane, time.time(), child.pid)
        assert child.stdout is not None, "started with a pipe"
        _copy(child.stdout, log_file)
        return child.wait()

    def _wait(self, lane: str, name: str, code: int, seconds: float) -> None:
        """After a child's end: its runs wait again, its lane is shown as down until the next one starts."""
        db, now = store.connect(self.settings.database), time.time()
        if self._stopping.is_set():
            queue.release(db, name, now)  # killed because it was late: nobody's fault, so no death is counted
        else:
            log.warning(
                "the %s worker ended with code %d; the next one starts in %.0f s", lane, code, seconds
            )
            queue.worker_died(db, name, now)
            pid = self._processes[lane].pid
            workers.arrive(db, name, lane, now, pid)  # its row, should it have taken it along
            workers.say(db, name, "down", now)
            self._stopping.wait(seconds)
        workers.leave(db, name)

    def _kill(self, lane: str) -> None:
        child = self._processes.get(lane)
        if child is not None and child.poll() is None:
            child.kill()
            child.wait()


def _start(lane: str, name: str, settings: Settings) -> subprocess.Popen[bytes]:
    environ = os.environ | {
        "PATINA_DATA": str(settings.data),
        "PATINA_MODELS": str(settings.models),
        "PYTHONUNBUFFERED": "1",
    }
    if settings.weights:
        environ["PATINA_WEIGHTS"] = str(settings.weights)
    # A session of its own: Ctrl-C in the app's terminal is for the app, which then ends its children.
    apart: dict[str, Any] = (
        {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
        if os.name == "nt"
        else {"start_new_session": True}
    )
    return subprocess.Popen(
        [sys.executable, "-m", "core", "worker", lane, "--name", name],
        cwd=ROOT,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        **apart,
    )


def _ask_to_end(child: subprocess.Popen[bytes]) -> None:
    """Close its stdin, which a child heeds on every system, and signal it where a signal is a request."""
    if child.stdin is not None:
        try:
            child.stdin.close()
        except OSError:  # it has gone already
            log.debug("the pipe to %d is closed", child.pid)
    if os.name != "nt":  # there it is no request but the end
        child.terminate()


def _log_file(settings: Settings, lane: str) -> logging.Handler:
    folder = settings.data / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(
        folder / f"{lane}.log", maxBytes=LOG_BYTES, backupCount=3, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler


def _copy(lines: IO[bytes], log_file: logging.Handler) -> None:
    for line in lines:
        text = line.decode(errors="replace").rstrip()
        log_file.emit(logging.LogRecord("worker", logging.INFO, "", 0, text, None, None))
