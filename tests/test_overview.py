"""Home's figures, worked out by hand on a small store."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import batches, inspections, opinions, overview, store
from tests import stock

DAY = 86_400.0


@pytest.fixture
def told(tmp_path: Path):
    return stock.settings(tmp_path)


def test_changes_count_what_stands_and_compare_with_the_time_before(told):
    db = store.connect(told.database)
    stock.ask(db, told, "rail", 1, answer=stock.verdict("rail", "defect"), at=stock.NOW - 10 * DAY)
    stock.ask(db, told, "rail", 2, answer=stock.verdict("rail", "defect"), at=stock.NOW - 6 * DAY)
    overturned = stock.ask(db, told, "rail", 3, answer=stock.verdict("rail", "defect"), at=stock.NOW - DAY)
    opinions.say(db, overturned, "normal", who="mina", now=stock.NOW)
    stock.ask(db, told, "corrosion", 4, answer=stock.verdict("corrosion", "2"), at=stock.NOW)
    found = {c.kind: c for c in overview.changes(db, stock.NOW - 7 * DAY, stock.NOW)}
    assert (found["photos"].n, found["photos"].before) == (3, 1)
    assert (found["defects"].n, found["defects"].before) == (1, 1), "a person's word counts, not the verdict"
    assert found["grades"].n == 1
    assert found["photos"].parts[2] == 1, "6 days ago lies in the third of 14 half days"
    assert found["photos"].parts[-1] == 1, "the very last moment belongs to the last part"


def test_what_presses_is_worst_first_and_gone_once_decided(told):
    db = store.connect(told.database)
    ask = {"needs_person": True}
    mild = stock.ask(db, told, "corrosion", 1, answer=stock.verdict("corrosion", "1", 0.5, **ask))
    grave = stock.ask(db, told, "corrosion", 2, answer=stock.verdict("corrosion", "3", 0.5, **ask))
    stock.ask(db, told, "rail", 3, answer=stock.verdict("rail", "normal"))
    assert [i.id for i in overview.pressing(db)] == [grave, mild]
    opinions.say(db, grave, "3", who="mina", now=stock.NOW)
    assert [i.id for i in overview.pressing(db)] == [mild]
    assert [i.id for i in overview.bad(db, 0.0)] == [grave]


def test_trust_without_a_model_or_a_word_promises_nothing(told):
    db = store.connect(told.database)
    crack = next(t for t in overview.trust(db, told.models) if t.domain == "crack")
    assert (crack.card, crack.agreement, crack.judged) == (None, (0.0, 1.0), 0)


def test_trust_counts_agreement_and_what_was_sent_to_a_person(told):
    db = store.connect(told.database)
    for seed, said in ((1, "defect"), (2, "defect"), (3, "normal")):
        asked = stock.ask(
            db, told, "rail", seed, answer=stock.verdict("rail", "defect", needs_person=seed == 1)
        )
        opinions.say(db, asked, said, who="mina", now=stock.NOW)
    rail = next(t for t in overview.trust(db, told.models) if t.domain == "rail")
    assert (rail.agreed, rail.looked_at, rail.judged, rail.sent) == (2, 3, 3, 1)
    assert rail.agreement[0] < 2 / 3 < rail.agreement[1]


def test_inspections_are_found_by_what_has_become_of_them(told):
    made = stock.fill(told)
    db = store.connect(told.database)
    assert {i.id for i in inspections.find(db, state="failed")} == {made["failed"]}
    assert {i.id for i in inspections.find(db, state="waiting")} == {made["waiting"], made["running"]}
    defects = {i.id for i in inspections.find(db, labels=("defect", "crack"), batch="b1")}
    assert defects == {made["judged"], made["confirmed"]}, "the corrected one stands as no defect"
    assert inspections.ids(db, batch="b1", order="batch")[0] == made["person"]


def test_a_batch_says_how_many_and_what_became_of_them(told):
    stock.fill(told)
    db = store.connect(told.database)
    newest, older = batches.find(db)
    assert (newest.batch, newest.n, newest.waiting, newest.needs_person, newest.failed) == ("b1", 7, 2, 1, 1)
    assert (older.n, older.bad, older.place) == (10, 2, "Pier 4")
    assert len(older.photos) == 4
    assert batches.find(db, owner="somebody else") == []


def test_a_refused_file_is_noted_once_with_its_batch(told):
    stock.fill(told)
    db = store.connect(told.database)
    batches.refuse(db, "b1", "notes.pdf", "notes.pdf: this is a PDF; hand in the photos themselves.",
                       who="mina", now=stock.NOW)  # fmt: skip
    assert [name for name, _ in batches.refused(db, "b1")] == ["notes.pdf"]
