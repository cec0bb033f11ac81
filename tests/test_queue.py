"""One queue for all work: who gets a run, who may write about it, and what becomes of the dead."""

import json
import subprocess
import sys

import pytest

from core import queue, store
from core.errors import Conflict, NotFound
from core.records import Progress
from tests.conftest import ROOT


@pytest.fixture
def db(tmp_path):
    return store.connect(tmp_path / "patina.db", fresh=True)


def submit(db, kind="train", domain="rail", now=0.0, **told):
    return queue.submit(db, kind, domain, {"data": "x"}, owner="mina", now=now, **told)


def take(db, lane="train", worker="w", now=1.0):
    (run,) = queue.claim(db, lane, worker, now)
    return run


def state(db, run_id):
    return queue.get(db, run_id).state


# Claiming


def test_a_run_is_claimed_once(db):
    run_id = submit(db, now=5.0)
    run = take(db, now=7.0)
    assert (run.id, run.state, run.attempt, run.claimed_by) == (run_id, "running", 1, "w")
    assert (run.created_at, run.started_at, run.beat_at) == (5.0, 7.0, 7.0)
    assert run.config == {"data": "x"}
    assert queue.claim(db, "train", "other", 8.0) == []


def test_a_lane_takes_its_own_kinds_only(db):
    judge, train = submit(db, "judge"), submit(db, "evaluate")
    assert [r.id for r in queue.claim(db, "judge", "w", 1.0, 8)] == [judge]
    assert [r.id for r in queue.claim(db, "train", "w", 1.0, 8)] == [train]


def test_the_urgent_go_first_then_the_oldest(db):
    slow, urgent, later = submit(db), submit(db, priority=10), submit(db, priority=10)
    assert [take(db).id for _ in range(3)] == [urgent, later, slow]


def test_a_batch_is_of_one_kind_and_one_domain(db):
    rail = [submit(db, "judge", "rail") for _ in range(3)]
    crack = submit(db, "judge", "crack", priority=1)
    rail += [submit(db, "judge", "rail") for _ in range(7)]
    assert [r.id for r in queue.claim(db, "judge", "w", 1.0, 8)] == [crack]
    assert [r.id for r in queue.claim(db, "judge", "w", 1.0, 8)] == rail[:8]
    assert [r.id for r in queue.claim(db, "judge", "w", 1.0, 8)] == rail[8:]


def test_a_run_that_killed_a_worker_is_claimed_alone(db):
    first, second, third = (submit(db, "judge") for _ in range(3))
    assert len(queue.claim(db, "judge", "w", 1.0, 2)) == 2
    queue.worker_died(db, "w", 2.0)
    assert [r.id for r in queue.claim(db, "judge", "v", 3.0, 8)] == [first]
    assert [r.id for r in queue.claim(db, "judge", "v", 3.0, 8)] == [second]
    assert [r.id for r in queue.claim(db, "judge", "v", 3.0, 8)] == [third]


def test_clean_runs_do_not_wait_behind_a_killer_in_their_batch(db):
    submit(db, "judge")
    queue.claim(db, "judge", "w", 1.0)
    queue.worker_died(db, "w", 2.0)
    urgent = [submit(db, "judge", priority=1) for _ in range(2)]
    assert [r.id for r in queue.claim(db, "judge", "v", 3.0, 8)] == urgent


def test_many_workers_never_claim_the_same_run(tmp_path, db):
    """Six processes, 300 runs: each is claimed exactly once."""
    with store.writing(db):
        for n in range(300):
            submit(db, "judge", ("rail", "crack", "corrosion")[n % 3])
    code = (
        "import sys, json; from pathlib import Path; from core import queue, store\n"
        "db = store.connect(Path(sys.argv[1])); got = []\n"
        "while runs := queue.claim(db, 'judge', sys.argv[2], 1.0, 3):\n"
        "    got += [r.id for r in runs]\n"
        "    for r in runs: assert queue.finish(db, r, {'by': sys.argv[2]}, 2.0)\n"
        "print(json.dumps(got))\n"
    )
    children = [
        subprocess.Popen(
            [sys.executable, "-c", code, tmp_path / "patina.db", f"w{n}"],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for n in range(6)
    ]  # fmt: skip
    got = []
    for child in children:
        out, err = child.communicate(timeout=120)
        assert child.returncode == 0, err.decode()
        got.append(json.loads(out))
    assert sorted(i for ids in got for i in ids) == list(range(1, 301))
    for n, ids in enumerate(got):
        assert all(queue.get(db, i).result == {"by": f"w{n}"} for i in ids)


# Fencing


@pytest.mark.parametrize(
    "write",
    [
        lambda db, run: queue.beat(db, run, 50.0),
        lambda db, run: queue.report(db, run, Progress(1, 2, "train"), 50.0),
        lambda db, run: queue.finish(db, run, {"model": "late"}, 50.0),
        lambda db, run: queue.fail(db, run, "late", 50.0),
        lambda db, run: queue.stop(db, run, 50.0),
        lambda db, run: queue.put_back(db, run, 50.0),
    ],
    ids=["beat", "report", "finish", "fail", "stop", "put_back"],
)
def test_a_worker_thought_dead_writes_nothing(db, write):
    run_id = submit(db)
    late = take(db, worker="late", now=1.0)
    assert queue.sweep_dead(db, 40.0) == 1
    assert not write(db, late)  # while it waits
    ours = take(db, worker="ours", now=41.0)
    assert not write(db, late)  # while another one works
    assert (queue.get(db, run_id).state, queue.get(db, run_id).beat_at) == ("running", 41.0)
    assert queue.finish(db, ours, {"model": "ours"}, 60.0)
    assert not write(db, late)  # when it is done
    assert queue.get(db, run_id).result == {"model": "ours"}
    assert queue.reports(db, run_id) == []


def test_a_late_worker_is_told_to_stop(db):
    submit(db)
    late = take(db, now=1.0)
    assert not queue.is_cancelled(db, late)
    queue.sweep_dead(db, 40.0)
    assert queue.is_cancelled(db, late)


# Beats, deaths, ends


def test_a_beating_run_is_left_alone(db):
    run_id = submit(db)
    run = take(db, now=0.0)
    assert queue.beat(db, run, 25.0)
    assert queue.sweep_dead(db, 54.9) == 0
    assert queue.sweep_dead(db, 55.1) == 1
    assert state(db, run_id) == "waiting"


def test_three_deaths_fail_the_run_with_the_reason(db):
    run_id = submit(db)
    for attempt in (1, 2, 3):
        assert take(db, worker=f"w{attempt}").attempt == attempt
        assert queue.worker_died(db, f"w{attempt}", 2.0) == 1
    run = queue.get(db, run_id)
    assert (run.state, run.ended_at) == ("failed", 2.0)
    assert "died 3 times" in run.error
    assert queue.claim(db, "train", "w", 3.0) == []


def test_ends_in_good_order_are_no_deaths(db):
    run_id = submit(db)
    for n in range(5):
        run = take(db, worker="w")
        assert queue.put_back(db, run, 2.0) if n % 2 else queue.release(db, "w", 2.0) == 1
        assert (state(db, run_id), queue.get(db, run_id).claimed_by) == ("waiting", None)
    assert queue.release(db, "w", 3.0) == 0


def test_a_run_cancelled_while_its_worker_ends_does_not_start_again(db):
    for end in (lambda run: queue.put_back(db, run, 2.0), lambda run: queue.release(db, "w", 2.0)):
        run_id = submit(db)
        run = take(db)
        queue.cancel(db, run_id, 1.5)
        end(run)
        assert (state(db, run_id), queue.get(db, run_id).ended_at) == ("cancelled", 2.0)


def test_a_death_after_a_cancellation_cancels(db):
    run_id = submit(db)
    take(db)
    queue.cancel(db, run_id, 1.5)
    queue.worker_died(db, "w", 2.0)
    assert state(db, run_id) == "cancelled"


def test_a_worker_that_died_takes_only_its_own_runs_along(db):
    ours, theirs = submit(db), submit(db)
    take(db, worker="ours")
    take(db, worker="theirs")
    assert queue.worker_died(db, "ours", 2.0) == 1
    assert (state(db, ours), state(db, theirs)) == ("waiting", "running")


# Cancel and resume


def test_a_waiting_run_is_cancelled_at_once_a_running_one_when_it_listens(db):
    running, waiting = submit(db), submit(db)
    run = take(db)
    assert queue.cancel(db, waiting, 2.0).state == "cancelled"
    assert queue.cancel(db, running, 2.0).state == "running"
    assert queue.is_cancelled(db, run)
    assert queue.stop(db, run, 3.0)
    assert (state(db, running), queue.get(db, running).ended_at) == ("cancelled", 3.0)


def test_resume_lets_it_wait_again_and_forgives_the_deaths(db):
    run_id = submit(db)
    for n in range(3):
        take(db, worker=f"w{n}")
        queue.worker_died(db, f"w{n}", 2.0)
    run = queue.resume(db, run_id, 3.0)
    assert (run.state, run.error, run.ended_at, run.cancel_at) == ("waiting", None, None, None)
    assert take(db).attempt == 4
    queue.worker_died(db, "w", 4.0)
    assert state(db, run_id) == "waiting"


@pytest.mark.parametrize("ended", ["done", "waiting", "running"])
def test_only_what_has_stopped_short_can_be_resumed(db, ended):
    run_id = submit(db)
    if ended != "waiting":
        run = take(db)
        if ended == "done":
            queue.finish(db, run, {}, 2.0)
    with pytest.raises(Conflict, match=f"is {ended}"):
        queue.resume(db, run_id, 3.0)


def test_what_is_over_cannot_be_cancelled(db):
    run_id = submit(db)
    queue.finish(db, take(db), {}, 2.0)
    with pytest.raises(Conflict, match="is done"):
        queue.cancel(db, run_id, 3.0)


# Reports


def test_reports_are_kept_in_order_and_the_last_one_shows_the_progress(db):
    run_id = submit(db)
    run = take(db)
    queue.report(db, run, Progress(1, 4, "train", {"loss": 0.5}, "first"), 2.0)
    queue.report(db, run, Progress(2, 4, "train", {"loss": float("nan"), "f1": float("inf")}), 3.0)
    told = queue.reports(db, run_id)
    assert [(r["step"], r["at"], r["note"]) for r in told] == [(1, 2.0, "first"), (2, 3.0, "")]
    assert [r["figures"] for r in told] == [{"loss": 0.5}, {"loss": None, "f1": None}]
    assert queue.reports(db, run_id, after=told[0]["id"]) == told[1:]
    assert (queue.get(db, run_id).fraction, queue.get(db, run_id).beat_at) == (0.5, 3.0)


def test_a_figure_is_told_once_though_its_worker_died_before_the_end(db):
    run_id = submit(db)
    last = Progress(4, 4, "test", {"f1": 0.5})
    assert queue.report(db, take(db), last, 2.0)
    queue.worker_died(db, "w", 3.0)
    run = take(db, now=500.0)
    assert queue.report(db, run, last, 501.0)
    assert [r["step"] for r in queue.reports(db, run_id)] == [4]
    assert queue.get(db, run_id).beat_at == 501.0
    queue.report(db, run, Progress(4, 4, "test", {"f1": 0.6}), 502.0)  # another figure is news
    queue.report(db, run, last, 503.0)
    assert len(queue.reports(db, run_id)) == 2


def test_time_left_is_told_at_the_pace_of_this_attempt(db):
    run_id = submit(db)
    run = take(db, now=0.0)
    queue.report(db, run, Progress(1, 11, "train"), 100.0)
    assert queue.seconds_left(db, queue.get(db, run_id), 100.0) is None
    queue.worker_died(db, "w", 101.0)
    run = take(db, now=500.0)
    queue.report(db, run, Progress(2, 11, "train"), 510.0)
    queue.report(db, run, Progress(4, 11, "train"), 530.0)  # 10 s a step, 7 to go
    assert queue.seconds_left(db, queue.get(db, run_id), 530.0) == pytest.approx(70.0)
    assert queue.seconds_left(db, queue.get(db, run_id), 535.0) == pytest.approx(65.0)
    assert queue.seconds_left(db, queue.get(db, run_id), 999.0) == 0.0
    queue.finish(db, run, {}, 531.0)
    assert queue.seconds_left(db, queue.get(db, run_id), 532.0) is None


# Questions


def test_the_newest_runs_come_first_page_by_page(db):
    ids = [submit(db) for _ in range(5)]
    submit(db, "judge")
    assert [r.id for r in queue.latest(db, limit=2)] == ids[:2:-1]
    assert [r.id for r in queue.latest(db, limit=9, before=ids[3])] == ids[2::-1]


def test_how_much_waits_is_told_by_lane(db):
    for kind in ("judge", "judge", "train", "search"):
        submit(db, kind)
    take(db, "judge")
    assert queue.waiting(db) == {"judge": 1, "train": 2}


def test_there_is_no_run_of_another_number(db):
    for ask in (queue.get, lambda db, n: queue.cancel(db, n, 1.0), lambda db, n: queue.resume(db, n, 1.0)):
        with pytest.raises(NotFound, match="no run 7"):
            ask(db, 7)


def test_the_wake_file_changes_with_every_submission(db, tmp_path):
    wake = tmp_path / "new" / "wake"
    seen = set()
    for now in (1.0, 1.0000001, 2.0):
        submit(db, now=now, wake=wake)
        seen.add(wake.read_bytes())
    assert len(seen) == 3
