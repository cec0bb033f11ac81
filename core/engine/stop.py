"""A cancelled training stops now, not at its next report: an epoch of a large network takes minutes.

    with Stop(is_cancelled) as stop:
        for progress in stop.through(reports):      # raises `Stopped` within half a second of a cancellation
            …

What was reported is on disk and files are put in place whole, so work may end between any two of its lines.
"""

from __future__ import annotations

import _thread
import signal
import threading
from collections.abc import Callable, Generator
from types import FrameType, TracebackType
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

LOOK_SECONDS = 0.4
SIGNAL = getattr(signal, "SIGUSR1", None)
"""Python's way into the main thread; where there is none (Windows) a cancellation waits for the report."""


class Stopped(BaseException):
    """Somebody has cancelled the work. Not an `Exception`: no work may take it for an error of its own."""


class Stop:
    """Looks in a thread of its own whether the work is still wanted. For the main thread only."""

    def __init__(self, is_cancelled: Callable[[], bool]) -> None:
        self._is_cancelled = is_cancelled
        self._is_listening = False
        self._over = threading.Event()
        self._looks = threading.Thread(target=self._look, name="stop", daemon=True)

    def through(self, reports: Generator[T, None, R]) -> Generator[T, None, R]:
        """The same reports; while the next one is worked on, a cancellation ends that work."""
        while True:
            self._is_listening = True
            try:
                report = next(reports)
            except StopIteration as end:
                told: R = end.value
                return told
            finally:
                self._is_listening = False
            yield report

    def __enter__(self) -> Stop:
        if SIGNAL is not None:
            self._before = signal.signal(SIGNAL, self._hear)
            self._looks.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if SIGNAL is not None:
            self._over.set()
            self._looks.join()
            signal.signal(SIGNAL, self._before)

    def _look(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            if self._is_cancelled() and SIGNAL is not None:
                _thread.interrupt_main(SIGNAL)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self._is_listening:
            self._is_listening = False  # once: what ends the work is not to be ended itself
            raise Stopped
