"""Corrections: a line is added for every word, the newest counts, and only engineers write."""

from __future__ import annotations

import pytest

from core import orders, queue, store
from core.errors import DataError, Forbidden, NotFound
from core.few_labels import corrections
from core.few_labels.cycles import Entry
from core.people import accounts, invitations
from core.people.accounts import PATINA
from tests import stock

NOW = stock.NOW


@pytest.fixture
def house(tmp_path):
    settings = stock.settings(tmp_path)
    db = store.connect(settings.database)
    people = {}
    for name, role in (("mina", "engineer"), ("joon", "engineer"), ("max", "manager")):
        invitations.make_person(db, PATINA, name, role, now=NOW)
        people[name] = accounts.account(db, name).person
    run_id = queue.submit(db, "train", "rail", {"data": "r", "preset": "table3"}, owner="mina", now=NOW)
    return db, people, run_id


def entry(sha: str, label: str, cycle: int = 1, by: str = "model") -> Entry:
    return Entry(f"{sha}.jpg", sha, cycle, by, "both", label, 0.7, 1, None, NOW)


A, B, C = entry("a", "defect"), entry("b", "normal"), entry("c", "normal", cycle=2)


def test_a_confirmed_label_stays_and_an_overturned_one_turns(house):
    db, people, run = house
    assert corrections.confirm(db, people["mina"], run, 1, [A], NOW) == 1
    assert corrections.overturn(db, people["joon"], run, 1, [B, C], NOW + 1) == 2
    found = corrections.of(db, run, 1)
    assert {k: (c.label, c.act, c.who, c.at, c.cycle) for k, c in found.items()} == {
        "a": ("defect", "confirmed", "mina", NOW, 1),
        "b": ("defect", "overturned", "joon", NOW + 1, 1),
        "c": ("defect", "overturned", "joon", NOW + 1, 2),
    }
    assert found["a"].p_defect == 0.7


def test_the_newest_word_counts_and_every_word_is_kept(house):
    db, people, run = house
    corrections.overturn(db, people["mina"], run, 1, [A], NOW)
    corrections.confirm(db, people["joon"], run, 1, [A], NOW + 1)
    assert corrections.of(db, run, 1)["a"].label == "defect"
    corrections.withdraw(db, people["mina"], run, 1, [A, B], NOW + 2)
    assert corrections.of(db, run, 1) == {}
    lines = corrections.history(db, run, 1)
    assert [(c.photo, c.act, c.who) for c in lines] == [
        ("a", "withdrawn", "mina"),
        ("a", "confirmed", "joon"),
        ("a", "overturned", "mina"),
    ]


def test_repeats_and_runs_do_not_mix(house):
    db, people, run = house
    other = queue.submit(db, "train", "rail", {"data": "r"}, owner="mina", now=NOW)
    corrections.overturn(db, people["mina"], run, 1, [A], NOW)
    assert corrections.of(db, run, 2) == corrections.of(db, other, 1) == {}
    assert len(corrections.history(db, run)) == 1


def test_a_cycle_is_undone_and_restored_as_a_whole(house):
    db, people, run = house
    corrections.overturn(db, people["mina"], run, 1, [A], NOW)
    corrections.undo_cycle(db, people["mina"], run, 1, 2, NOW)
    corrections.undo_cycle(db, people["mina"], run, 1, 2, NOW)
    assert list(corrections.undone(db, run, 1)) == [2]
    assert len(corrections.history(db, run, 1)) == 2, "what stands already is not said twice"
    assert list(corrections.of(db, run, 1)) == ["a"], "single words stay"
    corrections.restore_cycle(db, people["joon"], run, 1, 2, NOW)
    assert corrections.undone(db, run, 1) == {}


def test_a_photo_without_a_label_gets_one(house):
    db, people, run = house
    assert corrections.label(db, people["mina"], run, 1, 3, {"x": True, "y": False}, NOW) == 2
    found = corrections.of(db, run, 1)
    assert (found["x"].label, found["y"].label, found["x"].cycle) == ("defect", "normal", 3)


@pytest.mark.parametrize("act", ["confirm", "overturn", "withdraw"])
def test_nobody_below_engineer_corrects(house, act):
    db, people, run = house
    corrections.confirm(db, people["mina"], run, 1, [A], NOW)
    with pytest.raises(Forbidden, match="engineer"):
        getattr(corrections, act)(db, people["max"], run, 1, [A], NOW)
    with pytest.raises(Forbidden):
        corrections.undo_cycle(db, people["max"], run, 1, 1, NOW)
    with pytest.raises(Forbidden):
        corrections.label(db, people["max"], run, 1, 1, {"x": True}, NOW)
    assert len(corrections.history(db, run)) == 1


def test_what_cannot_be_corrected_is_refused(house):
    db, people, run = house
    with pytest.raises(DataError, match="labelled by a person already"):
        corrections.overturn(db, people["mina"], run, 1, [A, entry("s", "defect", 0, "person")], NOW)
    with pytest.raises(NotFound):
        corrections.confirm(db, people["mina"], 99, 1, [A], NOW)
    crack = queue.submit(db, "train", "crack", {"data": "c"}, owner="mina", now=NOW)
    with pytest.raises(DataError, match="only rail trainings"):
        corrections.confirm(db, people["mina"], crack, 1, [A], NOW)
    assert corrections.confirm(db, people["mina"], run, 1, [], NOW) == 0
    assert corrections.history(db, run) == []


def test_who_did_it_is_among_the_events(house):
    db, people, run = house
    corrections.overturn(db, people["mina"], run, 1, [A, B], NOW)
    event = store.row(db, "select who, what, told_json from events where about = :a", {"a": f"run/{run}"})
    assert (event["who"], event["what"]) == ("mina", "overturned")
    assert '"photos":2' in event["told_json"]


def test_a_retraining_carries_what_stands_and_who_said_it(house, tmp_path):
    db, people, run = house
    corrections.overturn(db, people["mina"], run, 2, [A, B], NOW)
    corrections.confirm(db, people["joon"], run, 2, [C], NOW)
    corrections.withdraw(db, people["mina"], run, 2, [B], NOW)
    corrections.label(db, people["joon"], run, 2, 2, {"x": True}, NOW)
    new = orders.retrain(db, people["mina"], run, 2, 3, NOW, wake=tmp_path / "wake")
    ordered = queue.get(db, new)
    assert ordered.config == {
        "data": "r",
        "preset": "table3",
        "begin": {
            "run": run,
            "repeat": 2,
            "cycle": 3,
            "labels": {"a": 0, "c": 0, "x": 1},
            "by": {"a": "mina", "c": "joon", "x": "joon"},
        },
    }
    assert (ordered.owner, ordered.kind, ordered.domain, ordered.state) == (
        "mina",
        "train",
        "rail",
        "waiting",
    )
    assert (tmp_path / "wake").exists()


def test_a_retraining_takes_nothing_over_from_a_cycle_that_was_undone(house):
    db, people, run = house
    corrections.overturn(db, people["mina"], run, 1, [A], NOW)
    corrections.undo_cycle(db, people["mina"], run, 1, 2, NOW)
    asked = [orders.retrain(db, people["mina"], run, 1, cycle, NOW) for cycle in (4, 2, 1)]
    assert [queue.get(db, id).config["begin"]["cycle"] for id in asked] == [2, 2, 1]
    corrections.restore_cycle(db, people["mina"], run, 1, 2, NOW)
    assert queue.get(db, orders.retrain(db, people["mina"], run, 1, 4, NOW)).config["begin"]["cycle"] == 4


def test_a_retraining_without_corrections_is_refused(house):
    db, people, run = house
    before = len(queue.latest(db))
    with pytest.raises(DataError, match="correct some first"):
        orders.retrain(db, people["mina"], run, 1, 2, NOW)
    corrections.overturn(db, people["mina"], run, 1, [A], NOW)
    with pytest.raises(DataError, match="no training 0"):
        orders.retrain(db, people["mina"], run, 1, 0, NOW)
    with pytest.raises(Forbidden):
        orders.retrain(db, people["max"], run, 1, 2, NOW)
    assert len(queue.latest(db)) == before


def test_words_of_an_earlier_retraining_go_on_counting(house):
    db, people, run = house
    corrections.overturn(db, people["mina"], run, 1, [A, B], NOW)
    second = orders.retrain(db, people["mina"], run, 1, 3, NOW)
    corrections.confirm(db, people["joon"], second, 1, [entry("b", "normal"), C], NOW)
    third = queue.get(db, orders.retrain(db, people["joon"], second, 1, 1, NOW))
    assert third.config["begin"]["labels"] == {"a": 0, "b": 0, "c": 0}
    assert third.config["begin"]["by"] == {"a": "mina", "b": "joon", "c": "joon"}
    assert third.config["begin"]["run"] == second
