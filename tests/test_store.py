"""One SQLite file, written by many processes at once."""

import json
import sqlite3
import subprocess
import sys

import pytest

from core import migrations, store
from tests.conftest import ROOT


@pytest.fixture
def db(tmp_path):
    return store.connect(tmp_path / "patina.db", fresh=True)


def count(db):
    return store.row(db, "select count(*) as n from events")["n"]


def test_a_new_database_has_all_tables_and_says_so_once(tmp_path, db):
    assert not migrations.steps.pending(db)
    assert {"users", "runs", "photos", "inspections", "verdicts", "services"} <= set(db.table_names())
    again = store.connect(tmp_path / "patina.db", fresh=True)
    assert store.row(again, "select count(*) as n from _sqlite_migrations")["n"] == len(
        migrations.steps.applied(again)
    )


def test_it_keeps_what_it_acknowledges(db):
    pragmas = ("journal_mode", "synchronous", "foreign_keys")
    told = {p: db.execute(f"pragma {p}").fetchone()[0] for p in pragmas}
    assert told == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    with pytest.raises(sqlite3.IntegrityError):
        db.execute("insert into sessions values ('h', 99, 0, 0, null)")


def test_a_thread_has_one_connection(tmp_path):
    path = tmp_path / "patina.db"
    assert store.connect(path) is store.connect(path)
    assert store.connect(path) is not store.connect(path, fresh=True)


def test_writing_is_all_or_nothing(db):
    with pytest.raises(RuntimeError), store.writing(db):
        store.note_event(db, "mina", "tried", "x", 1.0)
        raise RuntimeError
    assert count(db) == 0
    with store.writing(db):
        store.note_event(db, "mina", "tried", "x", 1.0, why="it works")
    assert count(db) == 1
    assert json.loads(store.row(db, "select told_json from events")[0]) == {"why": "it works"}


def test_an_inner_writing_is_part_of_the_outer_one(db):
    with pytest.raises(RuntimeError), store.writing(db):
        with store.writing(db):
            store.note_event(db, "mina", "inner", "x", 1.0)
        raise RuntimeError
    assert count(db) == 0


def test_an_inner_writing_that_fails_takes_only_itself_back(db):
    with store.writing(db):
        store.note_event(db, "mina", "outer", "x", 1.0)
        with pytest.raises(RuntimeError), store.writing(db):
            store.note_event(db, "mina", "inner", "x", 1.0)
            raise RuntimeError
    assert [r["what"] for r in store.rows(db, "select what from events")] == ["outer"]


def test_json_that_no_other_program_reads_is_refused():
    assert store.to_json({"ß": [1, None]}) == '{"ß":[1,null]}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        store.to_json({"f1": float("nan")})


def test_processes_that_start_together_make_one_database(tmp_path):
    """Eight processes, no file yet: each finds the tables, each of the 800 rows arrives."""
    code = (
        "import sys; from pathlib import Path; from core import store\n"
        "db = store.connect(Path(sys.argv[1]))\n"
        "for n in range(100):\n"
        "    with store.writing(db):\n"
        "        seen = store.row(db, 'select count(*) from events')[0]\n"
        "        store.note_event(db, sys.argv[2], 'was', str(seen), 0.0)\n"
    )
    path = tmp_path / "new" / "patina.db"
    children = [
        subprocess.Popen([sys.executable, "-c", code, path, str(n)], cwd=ROOT, stderr=subprocess.PIPE)
        for n in range(8)
    ]
    for child in children:
        _, said = child.communicate(timeout=120)
        assert child.returncode == 0, said.decode()
    found = store.rows(store.connect(path, fresh=True), "select about from events order by id")
    # What each saw before it wrote is exactly the number of rows before its own.
    assert [int(r["about"]) for r in found] == list(range(800))


def test_a_commit_that_fails_leaves_no_transaction_behind(tmp_path, db):
    with pytest.raises(sqlite3.IntegrityError), store.writing(db):
        db.execute("pragma defer_foreign_keys=on")  # so that the commit itself finds the fault
        db.execute("insert into sessions values ('h', 99, 0, 0, null)")
    assert not db.conn.in_transaction
    with store.writing(db):
        store.note_event(db, "mina", "tried", "x", 1.0)
    assert count(store.connect(tmp_path / "patina.db", fresh=True)) == 1
