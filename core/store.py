"""One SQLite file: opened here, with its tables up to date. Rows go in, records come out.

Written by many processes at once: WAL, a busy timeout, and `writing`, which takes the write lock before
the first read so that a transaction never has to be given up half-way.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from core import migrations
from core.records import Trim

BUSY_SECONDS = 30.0

_of_thread = threading.local()


def connect(path: Path, *, fresh: bool = False) -> Database:
    """This thread's connection to the database at `path`; made, with its tables, when there is none.

    `fresh` opens another one (a test that plays two processes).
    """
    known: dict[Path, Database] = _of_thread.__dict__.setdefault("known", {})
    if not fresh and path in known:
        return known[path]
    path.parent.mkdir(parents=True, exist_ok=True)
    # No isolation level: a transaction begins where `writing` says so, and nowhere else.
    conn = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    conn.row_factory = sqlite3.Row
    for pragma in (
        "journal_mode=wal",
        "foreign_keys=on",
        "synchronous=full",  # what is acknowledged to a person survives a power cut
        "mmap_size=268435456",
    ):
        conn.execute(f"pragma {pragma}")
    db = Database(conn)
    if migrations.steps.pending(db):
        with writing(db):  # the lock: of two processes that start together one waits, then finds it done
            migrations.steps.apply(db)
    if not fresh:
        known[path] = db
    return db


def if_there(path: Path) -> Database | None:
    """The database at `path`, None where there is none; a command that can do without makes none."""
    return connect(path) if path.exists() else None


@contextlib.contextmanager
def writing(db: Database) -> Iterator[Database]:
    """A transaction that holds the write lock from its start; inside another one it is part of that."""
    if db.conn.in_transaction:
        with db.atomic():
            yield db
        return
    db.conn.execute("begin immediate")
    try:
        yield db
        db.conn.execute("commit")
    except BaseException:
        db.conn.rollback()  # also when the commit failed: else the next write would join a lost transaction
        raise


def rows(db: Database, sql: str, told: dict[str, Any] | None = None) -> list[sqlite3.Row]:
    """All rows of a query."""
    return db.conn.execute(sql, told or {}).fetchall()


def row(db: Database, sql: str, told: dict[str, Any] | None = None) -> sqlite3.Row | None:
    """The first row of a query, or None."""
    return db.conn.execute(sql, told or {}).fetchone()


def to_json(value: Any) -> str:
    """Compact JSON; nan and infinity are refused, because no other program reads them."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def trim_of(text: str | None) -> Trim | None:
    """The trim box that a column holds as JSON; None where it holds none."""
    if not text:
        return None
    x0, y0, x1, y1 = json.loads(text)
    return (x0, y0, x1, y1)


def note_event(db: Database, who: str, what: str, about: str, now: float, **told: Any) -> None:
    """Write down who did what to what; part of the transaction around it."""
    db.conn.execute(
        "insert into events (at, who, what, about, told_json) values (:now, :who, :what, :about, :told)",
        {"now": now, "who": who, "what": what, "about": about, "told": to_json(told)},
    )
