"""What the header says of the workers, from their rows."""

import pytest

from core import queue, store, workers
from core.records import Progress


@pytest.fixture
def db(tmp_path):
    return store.connect(tmp_path / "patina.db", fresh=True)


def lane(db, now, name="train"):
    (found,) = [state for state in workers.health(db, now) if state.lane == name]
    return found


def test_a_lane_that_never_had_a_worker_is_down_since_nobody_knows_when(db):
    assert [(s.lane, s.state, s.since) for s in workers.health(db, 5.0)] == [
        ("judge", "down", None),
        ("train", "down", None),
    ]


def test_a_worker_starts_is_ready_and_leaves(db):
    workers.arrive(db, "w", "train", 10.0)
    assert (lane(db, 11.0).state, lane(db, 11.0).since) == ("starting", 10.0)
    workers.describe(db, "w", "CPU, 2 threads", "torch 2")
    workers.say(db, "w", "idle", 12.0)
    found = lane(db, 13.0)
    assert (found.state, found.device, found.version) == ("ready", "CPU, 2 threads", "torch 2")
    workers.leave(db, "w")
    assert lane(db, 14.0).state == "down"


def test_a_silent_worker_is_down_since_its_last_beat(db):
    workers.arrive(db, "w", "train", 10.0)
    workers.say(db, "w", "idle", 12.0)
    workers.beat(db, "w", 17.0)
    assert lane(db, 37.0).state == "ready"
    assert (lane(db, 37.1).state, lane(db, 37.1).since) == ("down", 17.0)


def test_a_death_seen_by_the_parent_shows_at_once(db):
    workers.arrive(db, "w", "train", 10.0)
    workers.say(db, "w", "down", 12.0)
    assert (lane(db, 12.1).state, lane(db, 12.1).since) == ("down", 12.0)


def test_a_busy_worker_tells_its_run_how_far_and_how_long_still(db):
    run_id = queue.submit(db, "train", "rail", {}, owner="mina", now=0.0)
    workers.arrive(db, "w", "train", 1.0)
    (run,) = queue.claim(db, "train", "w", 2.0)
    workers.say(db, "w", "busy", 2.0, run_id)
    for step, at in ((1, 10.0), (2, 20.0)):
        queue.report(db, run, Progress(step, 8, "train"), at)
    workers.beat(db, "w", 20.0)
    found = lane(db, 20.0)
    assert (found.state, found.since, found.run_id, found.fraction) == ("busy", 2.0, run_id, 0.25)
    assert found.seconds_left == pytest.approx(60.0)


def test_the_best_worker_stands_for_its_lane(db):
    for name, state in (("a", "down"), ("b", "idle"), ("c", "starting")):
        workers.arrive(db, name, "train", 1.0)
        workers.say(db, name, state, 2.0)
    assert lane(db, 3.0).name == "b"
    workers.say(db, "c", "busy", 2.5)
    assert (lane(db, 3.0).name, lane(db, 3.0).state) == ("c", "busy")


def test_workers_of_long_ago_are_forgotten(db):
    workers.arrive(db, "old", "train", 0.0)
    workers.arrive(db, "new", "train", workers.FORGET_SECONDS + 1.0)
    assert [r["name"] for r in store.rows(db, "select name from workers")] == ["new"]


def test_names_are_never_given_twice(db):
    assert workers.name("judge", "a") != workers.name("judge", "b")
    assert workers.name("judge", "a").startswith("judge-")
