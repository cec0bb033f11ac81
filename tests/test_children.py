"""The app's workers as its children: started, watched, restarted, ended."""

import io
import os
import signal
import sqlite3
import subprocess
import sys
import time

import psutil
import pytest

from core import children, store, workers
from tests import stock

SOON = 120.0
"""Seconds that anything here may take on a busy machine."""


def wait_for(what, seconds=SOON):
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.02)
    return found


def states(db):
    return {s.lane: s.state for s in workers.health(db, time.time())}


@pytest.fixture
def told(tmp_path):
    return stock.settings(tmp_path)


def test_children_start_are_restarted_when_they_die_and_end_together(told):
    found = children.start(told)
    db = store.connect(told.database)
    try:
        wait_for(lambda: states(db) == {"judge": "ready", "train": "ready"})
        first = dict(found.pids)
        assert len(set(first.values())) == 2
        assert all(os.getsid(pid) == pid for pid in first.values()), "Ctrl-C in the terminal is not for them"

        os.kill(first["judge"], signal.SIGKILL)
        wait_for(lambda: states(db)["judge"] == "down")
        assert states(db)["train"] == "ready"
        wait_for(lambda: found.pids.get("judge") not in (None, first["judge"]))
        wait_for(lambda: states(db)["judge"] in ("starting", "ready"))
        assert found.pids["train"] == first["train"]
        last = dict(found.pids)
    finally:
        began = time.monotonic()
        found.stop()
    assert time.monotonic() - began < 2 * children.STOP_SECONDS + 1
    assert found.pids == {}
    assert not [pid for pid in [*first.values(), *last.values()] if psutil.pid_exists(pid)]
    assert store.rows(db, "select * from workers") == []
    found.stop()  # twice does no harm
    assert "ready" in (told.data / "logs" / "train.log").read_text()


def test_only_the_lanes_asked_for_are_started(told):
    found = children.start(told, ())
    assert found.pids == {}
    found.stop()


def test_a_lane_whose_start_fails_is_tried_again(told, monkeypatch):
    """No process to be had, then a database that is full, then all is well."""
    ways = [OSError("Resource temporarily unavailable"), None, None]
    full = [sqlite3.OperationalError("database or disk is full")]
    arrive = workers.arrive

    def start(*_):
        if error := ways.pop(0):
            raise error
        return subprocess.Popen(
            [sys.executable, "-c", "import sys; sys.stdin.read()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def arriving(*words):
        if full:
            raise full.pop()
        arrive(*words)

    monkeypatch.setattr(children, "_start", start)
    monkeypatch.setattr(workers, "arrive", arriving)
    monkeypatch.setattr(children, "wait_before", lambda deaths: 0.01)
    found = children.start(told, ("train",))
    try:
        wait_for(lambda: not ways and not full and found.pids)
    finally:
        found.stop()
    assert found.pids == {}


def test_the_wait_before_a_restart_doubles_to_a_minute():
    waits = [children.wait_before(deaths) for deaths in range(9)]
    assert waits == [0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]


def test_a_log_is_cut_into_pieces(told, monkeypatch):
    monkeypatch.setattr(children, "LOG_BYTES", 1000)
    handler = children._log_file(told, "judge")
    children._copy(io.BytesIO(b"".join(b"line %03d \xff\n" % n for n in range(500))), handler)
    handler.close()
    pieces = sorted(p.name for p in (told.data / "logs").iterdir())
    assert pieces == ["judge.log", "judge.log.1", "judge.log.2", "judge.log.3"]
    assert all(p.stat().st_size <= 1500 for p in (told.data / "logs").iterdir())
    assert (told.data / "logs" / "judge.log").read_text(encoding="utf-8").splitlines()[-1] == "line 499 �"
