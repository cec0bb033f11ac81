"""A cancellation ends what is being worked on, between two lines of it and never between two reports."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from core.engine import stop
from core.engine.stop import Stop, Stopped

pytestmark = pytest.mark.skipif(stop.SIGNAL is None, reason="this system has no signal for it")


def slow(done):
    """Reports one at once, the other never."""
    try:
        yield "first"
        while True:
            time.sleep(0.01)
    finally:
        done.append("tidied up")


def test_work_that_is_cancelled_ends_before_its_next_report():
    cancelled, done, seen = threading.Event(), [], []
    before = signal.getsignal(stop.SIGNAL)
    with pytest.raises(Stopped), Stop(cancelled.is_set) as one:
        for report in one.through(slow(done)):
            seen.append(report)
            cancelled.set()
    assert (seen, done) == (["first"], ["tidied up"])
    assert signal.getsignal(stop.SIGNAL) is before
    assert not [t for t in threading.enumerate() if t.name == "stop"]


def test_whoever_writes_a_report_down_is_not_disturbed():
    def reports():
        yield "first"
        return "all"

    with Stop(lambda: True) as one:
        through = one.through(reports())
        try:
            next(through)
        except Stopped:
            pytest.fail("a report that is there at once is not waited for")
        time.sleep(3 * stop.LOOK_SECONDS)  # the cancellation comes meanwhile, several times


def test_work_does_not_take_a_cancellation_for_an_error_of_its_own():
    assert not issubclass(Stopped, Exception)


def test_what_the_work_comes_to_is_handed_on():
    def reports():
        yield 1
        return "all"

    def ask(one):
        return (yield from one.through(reports()))

    with Stop(lambda: False) as one:
        asked = ask(one)
        assert next(asked) == 1
        with pytest.raises(StopIteration) as end:
            next(asked)
    assert end.value.value == "all"
