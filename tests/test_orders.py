"""Orders: the role is checked where it is written, and what is written is what was asked for."""

from __future__ import annotations

import pytest

from core import orders, queue, services, store
from core.errors import ConfigError, Conflict, DataError, Forbidden, NotFound
from core.people import accounts, invitations
from core.people.accounts import PATINA
from tests import laboratory, stock

NOW = laboratory.NOW


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("orders")
    settings = stock.settings(folder)
    card = laboratory.rail_model(settings, folder / "scratch", "starter-test")
    db = store.connect(settings.database)
    people = {}
    for role in ("inspector", "manager", "engineer"):
        invitations.make_person(db, PATINA, role, role, now=NOW)
        people[role] = accounts.account(db, role).person
    return settings, db, card, people


def events(db, about):
    return [
        r["what"] for r in db.conn.execute("select what from events where about = ? order by id", [about])
    ]


def test_a_training_keeps_only_what_was_changed(house):
    settings, db, _, people = house
    run_id = orders.train(
        db, people["engineer"], "rail", data="rail-test", preset="quick", changed={"epochs": 2}, now=NOW,
        wake=settings.wake,
    )  # fmt: skip
    run = queue.get(db, run_id)
    assert run.config == {"data": "rail-test", "preset": "quick", "set": {"epochs": 2}, "words": 0}
    assert (run.owner, run.state, run.kind) == ("engineer", "waiting", "train")
    assert events(db, f"run/{run_id}") == ["ordered"]
    assert settings.wake.exists()


@pytest.mark.parametrize("role", ["inspector", "manager"])
def test_nobody_below_engineer_orders_anything(house, role):
    _, db, card, people = house
    before = len(queue.latest(db))
    for order in (
        lambda by: orders.train(db, by, "rail", data="rail-test", preset="quick", changed={}, now=NOW),
        lambda by: orders.evaluate(db, by, card, data="rail-test", split="test", now=NOW),
        lambda by: orders.promote(db, by, card, now=NOW, why="I like it"),
    ):
        with pytest.raises(Forbidden):
            order(people[role])
    assert len(queue.latest(db)) == before
    assert services.current(db, "rail") is None


def test_a_setting_out_of_its_range_is_refused_before_anything_is_written(house):
    _, db, _, people = house
    before = len(queue.latest(db))
    with pytest.raises(ConfigError, match="share"):
        orders.train(
            db, people["engineer"], "rail", data="rail-test", preset="quick", changed={"share": 2.0}, now=NOW
        )
    with pytest.raises(DataError, match="is a rail set"):
        orders.train(db, people["engineer"], "crack", data="rail-test", preset="quick", changed={}, now=NOW)
    with pytest.raises(NotFound):
        orders.train(db, people["engineer"], "rail", data="none such", preset="quick", changed={}, now=NOW)
    assert len(queue.latest(db)) == before


def test_an_engineer_stops_any_run_and_others_only_their_own(house):
    _, db, _, people = house
    of_engineer = orders.train(
        db, people["engineer"], "rail", data="rail-test", preset="quick", changed={}, now=NOW
    )
    of_manager = queue.submit(db, "evaluate", "rail", {}, owner="manager", now=NOW)
    with pytest.raises(Forbidden):
        orders.cancel(db, people["manager"], of_engineer, NOW)
    assert orders.cancel(db, people["manager"], of_manager, NOW).state == "cancelled"
    assert orders.cancel(db, people["engineer"], of_engineer, NOW).state == "cancelled"
    with pytest.raises(Forbidden):
        orders.resume(db, people["inspector"], of_engineer, NOW)
    assert orders.resume(db, people["engineer"], of_engineer, NOW).state == "waiting"
    assert events(db, f"run/{of_engineer}") == ["ordered", "cancelled", "resumed"]


def test_a_promotion_has_an_author_and_a_reason_and_is_not_done_twice(house):
    _, db, card, people = house
    orders.promote(db, people["engineer"], card, now=NOW, why=" fewer misses ", threshold=0.3)
    service = services.current(db, "rail")
    assert (service.model, service.threshold, service.who, service.why) == (
        card.id,
        0.3,
        "engineer",
        "fewer misses",
    )
    with pytest.raises(Conflict):
        orders.promote(db, people["engineer"], card, now=NOW, why="again", threshold=0.3)
    orders.promote(db, people["engineer"], card, now=NOW, why="back to the card's")
    assert services.current(db, "rail").threshold is None
