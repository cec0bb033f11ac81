"""Real processes killed at random moments: everything goes on, nothing acknowledged is lost."""

import os
import random
import signal
import subprocess
import sys
import time

import psutil
import pytest

from core import cards, inspections, queue, store, workers
from tests import stock, tiny
from tests.conftest import ROOT
from tests.test_children import wait_for

APP = (
    "import signal, threading; from core import children; from core.settings import Settings\n"
    "stopped = threading.Event()\n"
    "signal.signal(signal.SIGTERM, lambda *_: stopped.set())\n"
    "found = children.start(Settings.of())\n"
    "stopped.wait()\n"
    "found.stop()\n"
)
"""All of the app that matters here: it starts the workers, and stops them when it is asked to end."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return tiny.trained(tmp_path_factory.mktemp("trained"))


@pytest.fixture
def told(trained, tmp_path):
    return tiny.copy(trained, tmp_path)


@pytest.fixture
def db(told):
    return store.connect(told.database)


@pytest.fixture
def start(told):
    """Start a Python process on these settings; whatever is left of it at the end is killed."""
    started = []

    def start(*words):
        environ = os.environ | {"PATINA_DATA": str(told.data), "PATINA_MODELS": str(told.models)}
        started.append(
            subprocess.Popen([sys.executable, *words], cwd=ROOT, env=environ, stdin=subprocess.PIPE)
        )
        return started[-1]

    yield start
    for process in started:
        for child in family(process.pid):
            child.kill()
        process.wait()


def family(pid):
    """A process and its children that run."""
    try:
        parent = psutil.Process(pid)
        return [p for p in [parent, *parent.children(True)] if p.status() != psutil.STATUS_ZOMBIE]
    except psutil.NoSuchProcess:
        return []


def worker_of(app, lane):
    """The pid of the app's worker in a lane, when it runs."""
    for process in family(app.pid):
        words = process.cmdline()
        if "worker" in words and lane in words:
            return process.pid
    return None


def is_gone(pid):
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def order(db, told, name):
    config = {"data": "tiny", **tiny.PRESET}
    return queue.submit(db, "train", "corrosion", config, owner="mina", now=1.0, name=name, wake=told.wake)


def weights(told, id):
    card = cards.read(told.models, "corrosion", id)
    return card.weights_sha256, card.figures, card.threshold


def test_killed_at_random_everything_goes_on_and_ends_as_if_it_had_not(told, db, start):
    """kill -9 of both workers, then of the app, in the middle of a training and of judging 24 photos."""
    chance = random.Random(seed := time.time_ns())
    print(f"seed {seed}")
    asked = []

    def upload(n):
        for _ in range(n):
            asked.append(stock.ask(db, told, "corrosion", len(asked), at=time.time()))
        queue.wake_workers(told.wake, time.time())

    run_id = order(db, told, "again")
    app = start("-c", APP)
    upload(8)
    wait_for(lambda: queue.reports(db, run_id))
    time.sleep(chance.uniform(0, 0.8))
    os.kill(worker_of(app, "train"), signal.SIGKILL)
    upload(8)
    time.sleep(chance.uniform(0, 0.1))
    os.kill(worker_of(app, "judge"), signal.SIGKILL)
    seen = len(queue.reports(db, run_id))
    wait_for(lambda: len(queue.reports(db, run_id)) > seen or queue.get(db, run_id).state == "done")
    upload(8)
    time.sleep(chance.uniform(0, 0.5))
    orphans = [p.pid for p in family(app.pid)[1:]]
    app.kill()
    app.wait()
    for pid in orphans:  # a worker that loses its parent ends itself, within its grace
        wait_for(lambda pid=pid: is_gone(pid), 15.0)

    app = start("-c", APP)
    wait_for(lambda: worker_of(app, "judge"))  # all may be done by now: do not stop it before it runs
    wait_for(lambda: queue.get(db, run_id).state not in ("waiting", "running"))
    wait_for(lambda: all(inspections.get(db, one).state == "done" for one in asked))
    assert queue.get(db, run_id).error is None
    assert weights(told, "again") == weights(told, "first")
    assert [len(inspections.verdicts(db, one)) for one in asked] == [1] * 24
    steps = [r["step"] for r in queue.reports(db, run_id)]
    assert len(set(steps)) == len(steps), "no step was done twice"

    left = [p.pid for p in family(app.pid)]
    app.send_signal(signal.SIGTERM)
    assert app.wait(20) == 0
    assert [pid for pid in left if not is_gone(pid)] == []
    assert store.rows(db, "select name from workers") == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_worker_asked_to_end_puts_its_run_back_and_goes(told, db, start, how):
    run_id = order(db, told, "again")
    process = start("-m", "core", "worker", "train", "--alone")
    wait_for(lambda: queue.reports(db, run_id))
    process.send_signal(how)
    assert process.wait(15) == 0
    run = queue.get(db, run_id)
    assert (run.state, run.attempt) == ("waiting", 1)
    assert store.row(db, "select deaths from runs where id = :id", {"id": run_id})["deaths"] == 0
    assert store.rows(db, "select name from workers") == []


def test_a_worker_by_hand_ends_with_its_stdin(told, db, start):
    process = start("-m", "core", "worker", "train")
    wait_for(lambda: store.rows(db, "select name from workers"))
    process.stdin.close()
    assert process.wait(15) == 0


@pytest.mark.slow
def test_a_run_that_kills_three_workers_fails_with_the_reason(told, db, start):
    run_id = order(db, told, "deadly")
    app = start("-c", APP)
    for death in (1, 2, 3):
        wait_for(lambda death=death: queue.get(db, run_id).attempt == death and worker_of(app, "train"))
        os.kill(worker_of(app, "train"), signal.SIGKILL)
    wait_for(lambda: queue.get(db, run_id).state == "failed")
    assert "died 3 times" in queue.get(db, run_id).error
    wait_for(lambda: {s.lane: s.state for s in workers.health(db, time.time())}["train"] == "ready")
    queue.resume(db, run_id, time.time(), told.wake)
    wait_for(lambda: queue.get(db, run_id).state == "done")
    assert weights(told, "deadly") == weights(told, "first")
