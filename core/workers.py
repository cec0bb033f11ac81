"""The workers: one row each, with a heartbeat every few seconds, and their state for the page's header.

A worker is `starting` while it loads its models, `idle`, or `busy` with a run; its parent writes `down`
when it has seen it die. A row nobody has beaten for a while is down as well, whatever it says.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import Literal

from sqlite_utils import Database

from core import queue
from core.errors import NotFound
from core.records import LANES
from core.store import rows, writing

BEAT_SECONDS = 5.0
"""A worker says so often that it lives, of itself and of its runs."""
SILENT_SECONDS = 20.0
"""A worker that has been silent for longer is shown as down; its runs are taken back later (`queue`)."""
FORGET_SECONDS = 24 * 3600.0
"""Rows of workers that ended so long ago are removed."""

State = Literal["ready", "starting", "busy", "down"]


@dataclass(frozen=True)
class WorkerState:
    """How one lane stands: its best worker, or that it has none."""

    lane: str
    state: State
    since: float | None = None
    """When it went down, became busy or started; None for a lane that never had a worker."""
    name: str = ""
    device: str = ""
    version: str = ""
    run_id: int | None = None
    fraction: float = 0.0
    """How far the run is, 0 to 1."""
    seconds_left: float | None = None


def name(lane: str, word: str) -> str:
    """A worker's name: lane, machine, and a word that no earlier worker had."""
    return f"{lane}-{socket.gethostname()}-{word}"


def arrive(db: Database, worker: str, lane: str, now: float, pid: int | None = None) -> None:
    """Write down a worker that starts; long gone ones are forgotten."""
    with writing(db):
        db.conn.execute("delete from workers where beat_at < :old", {"old": now - FORGET_SECONDS})
        db.conn.execute(
            """insert into workers (name, lane, pid, host, state, started_at, beat_at)
               values (:name, :lane, :pid, :host, 'starting', :now, :now)
               on conflict (name) do update set pid = :pid, beat_at = :now""",
            {
                "name": worker,
                "lane": lane,
                "pid": os.getpid() if pid is None else pid,
                "host": socket.gethostname(),
                "now": now,
            },
        )


def say(db: Database, worker: str, state: str, now: float, run_id: int | None = None) -> None:
    """Write down what a worker does: starting, idle, busy (with which run) or down."""
    db.conn.execute(
        "update workers set state = :state, run_id = :run_id, beat_at = :now where name = :name",
        {"state": state, "run_id": run_id, "now": now, "name": worker},
    )


def describe(db: Database, worker: str, device: str, version: str) -> None:
    """Write down what a worker runs on and with."""
    db.conn.execute(
        "update workers set device = :device, version = :version where name = :name",
        {"device": device, "version": version, "name": worker},
    )


def beat(db: Database, worker: str, now: float) -> None:
    """Note a worker's heartbeat."""
    db.conn.execute("update workers set beat_at = :now where name = :name", {"now": now, "name": worker})


def leave(db: Database, worker: str) -> None:
    """The worker has ended in good order."""
    db.conn.execute("delete from workers where name = :name", {"name": worker})


def health(db: Database, now: float) -> list[WorkerState]:
    """One state a lane, in the order of `LANES`: the best of its workers (busy, ready, starting, down)."""
    found = rows(db, "select * from workers order by started_at")
    return [
        max(
            (_state(db, r, now) for r in found if r["lane"] == lane),
            key=lambda state: (_BEST.index(state.state), state.since or 0.0),
            default=WorkerState(lane, "down"),
        )
        for lane in LANES
    ]


_BEST: tuple[State, ...] = ("down", "starting", "ready", "busy")


def _state(db: Database, r: object, now: float) -> WorkerState:
    told = dict(r)  # type: ignore[call-overload]
    who = {key: told[key] for key in ("lane", "name", "device", "version")}
    if told["state"] == "down" or now - told["beat_at"] > SILENT_SECONDS:
        return WorkerState(state="down", since=told["beat_at"], **who)
    if told["state"] != "busy":
        state: State = "starting" if told["state"] == "starting" else "ready"
        return WorkerState(state=state, since=told["started_at"], **who)
    run = None
    if told["run_id"] is not None:
        try:
            run = queue.get(db, told["run_id"])
        except NotFound:  # removed while it ran
            run = None
    if run is None:
        return WorkerState(state="busy", since=told["beat_at"], **who)
    return WorkerState(
        state="busy",
        since=run.started_at,
        run_id=run.id,
        fraction=run.fraction,
        seconds_left=queue.seconds_left(db, run, now),
        **who,
    )
