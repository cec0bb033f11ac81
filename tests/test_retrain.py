"""From an overturned pseudo-label to the run that learned from it, as a worker does it."""

from __future__ import annotations

import pytest

from core import orders, queue, store
from core.engine import lanes
from core.engine.life import Life
from core.few_labels import corrections, cycles
from core.people import accounts, invitations
from core.people.accounts import PATINA
from tests import experiments, stock

NOW = stock.NOW
TINY = {"method": "head", "network": "mobilenet_v2", "init": "random", "image_size": 64}
TINY |= {"stripes": "removed", "n0": 6, "repeats": 2}


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """An engineer's experiment on 24 photos, one pseudo-label overturned, one photo asked, both runs done."""
    scratch = tmp_path_factory.mktemp("house")
    settings = stock.settings(scratch)
    db = store.connect(settings.database)
    invitations.make_person(db, PATINA, "eva", "engineer", now=NOW)
    eva = accounts.account(db, "eva").person
    experiments.photos(settings, scratch / "photos", 18, 6, name="tiles")
    first = orders.train(db, eva, "rail", data="tiles", preset="text", changed=TINY, now=NOW)
    work(settings)
    _, entries = cycles.ledger(settings.runs / str(first), 2)
    overturned = next(e for e in entries if e.cycle == 2)
    [asked] = [sha for sha in cycles.ask(settings.runs / str(first), 2, 3, 9) if sha != overturned.sha256][:1]
    corrections.overturn(db, eva, first, 2, [overturned], NOW)
    corrections.label(db, eva, first, 2, 3, {asked: True}, NOW)
    second = orders.retrain(db, eva, first, 2, 3, NOW)
    work(settings)
    return settings, db, first, second, overturned, asked


def work(settings) -> None:
    """Let a worker do what waits."""
    life = Life("train", settings)
    assert lanes.LANES["train"](life, settings).take()
    life.close()


def test_a_retraining_ends_as_a_model_of_its_own(house):
    settings, db, first, second, *_ = house
    runs = [queue.get(db, id) for id in (first, second)]
    assert [run.state for run in runs] == ["done", "done"]
    assert runs[0].result["model"] != runs[1].result["model"]
    assert len(cycles.experiment(settings.runs / str(second))["rows"]) == 6


def test_the_ledger_of_the_new_run_says_who_and_what_the_model_had_said(house):
    settings, _, _, second, overturned, asked = house
    _, entries = cycles.ledger(settings.runs / str(second), 1)
    by_sha = {e.sha256: e for e in entries}
    now = by_sha[overturned.sha256]
    assert (now.by, now.who, now.said, now.cycle) == ("person", "eva", overturned.label, 2)
    assert now.label != overturned.label
    assert (by_sha[asked].by, by_sha[asked].who, by_sha[asked].label) == ("person", "eva", "defect")


def test_the_earlier_run_stays_as_it_was(house):
    settings, _, first, _, overturned, _ = house
    _, entries = cycles.ledger(settings.runs / str(first), 2)
    assert overturned in entries
    assert all(e.who == "" for e in entries)
