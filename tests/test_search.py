"""core.engine.search: trials in a folder, by many workers, gone on with after any death."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState
from PIL import Image

from core import config
from core.corrosion import Config
from core.engine import loop, search
from core.engine.search import Plan, reached, values
from core.errors import ConfigError, Conflict, NotFound
from core.grading.ranges import RANGES
from core.records import Photo, PhotoSet
from core.settings import Settings
from tests.conftest import ROOT

pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
loop.use_threads()
TINY = {"network": "cnn5", "image_size": 64, "epochs": 2, "folds": 2}


def made(**told):
    return config.of(Config, TINY | told)


def small_set(folder, n=16):
    """A few flat photos, each a group of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for i in range(n):
        path = folder / f"{i:02}.png"
        if not path.exists():
            Image.fromarray(np.full((64, 64, 3), 40 + 50 * (i % 4), np.uint8)).save(path)
        found.append(Photo(path, sha256=str(i), grade=i % 4, group=str(i), fold=i // 4 % 2, split="train"))
    return PhotoSet("flat", "corrosion", tuple(found), fingerprint="f")


@pytest.fixture
def photos(tmp_path):
    return small_set(tmp_path / "photos")


HERE = Settings.of({})


def test_a_search_ends_after_the_trials_that_were_asked_for(photos, tmp_path):
    folder = tmp_path / "s"
    reports = list(search.search(made(epochs=1), photos, folder, HERE, Plan(trials=2)))
    assert [r.phase for r in reports] == ["trial 0"] * 2 + ["trial 1"] * 2 + ["search"]
    assert (reports[-1].step, reports[-1].total) == (2, 2)
    rows = search.table(folder)
    assert [r["state"] for r in rows] == ["complete", "complete"]
    assert [r["epochs"] for r in rows] == [2, 2]
    assert not list(folder.glob("trial-*"))  # fifty checkpoints would fill a disk
    assert reports[-1].figures["best_f1"] == max(r["value"] for r in rows)
    config.of(Config, TINY | search.best(folder))  # the winner can be trained
    assert next(search.search(made(epochs=1), photos, folder, HERE, Plan(trials=2))).step == 2


def test_a_search_that_was_stopped_goes_on_in_the_middle_of_its_trial(photos, tmp_path):
    folder, plan = tmp_path / "s", Plan(trials=1, pruner="none")
    job = search.search(made(), photos, folder, HERE, plan)
    asked = [next(job), next(job)]
    job.close()
    assert [r["state"] for r in search.table(folder)] == ["fail", "waiting"]
    rest = list(search.search(made(), photos, folder, HERE, plan))
    first, again = search.table(folder)
    assert again["state"] == "complete"
    assert again["values"] == first["values"]
    assert again["epochs"] == 4
    assert len(asked) + len(rest) - 1 <= 5  # at most the epoch under way when it was stopped is reported late

    left_alone = list(search.search(made(), photos, tmp_path / "alone", HERE, plan))
    assert left_alone[-1].figures["best_f1"] == again["value"]


WORKER = """
import sys
from pathlib import Path
from core.engine import loop, search
from tests.test_search import HERE, made, small_set
loop.use_threads()
home, trials, epochs = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
photos = small_set(home / "photos")
plan = search.Plan(trials=trials, pruner="none")
for r in search.search(made(epochs=epochs), photos, home / "s", HERE, plan):
    print(r.phase, flush=True)
"""


def worker(home, trials, epochs):
    words = [sys.executable, "-c", WORKER, str(home), str(trials), str(epochs)]
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_workers_on_one_study_never_run_the_same_trial(tmp_path):
    small_set(tmp_path / "photos")
    both = [worker(tmp_path, 6, 1) for _ in range(2)]
    said = [w.communicate(timeout=240) for w in both]
    assert [w.returncode for w in both] == [0, 0], said
    ran = [{line for line in out.split("\n") if line.startswith("trial")} for out, _ in said]
    assert not ran[0] & ran[1]
    done = [r for r in search.table(tmp_path / "s") if r["state"] == "complete"]
    assert len(done) == 6
    assert len({json.dumps(r["values"]) for r in done}) == 6


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_a_killed_search_loses_no_finished_epoch(tmp_path):
    small_set(tmp_path / "photos")
    one = worker(tmp_path, 1, 30)
    for _ in range(4):
        assert one.stdout.readline().startswith("trial 0")
    os.kill(one.pid, signal.SIGKILL)
    one.communicate()
    before = search.table(tmp_path / "s")[0]
    assert before["state"] == "running"
    assert before["epochs"] >= 4
    job = search.search(
        made(epochs=30), small_set(tmp_path / "photos"), tmp_path / "s", HERE, Plan(trials=1, pruner="none")
    )
    since = time.monotonic()
    next(job)
    assert time.monotonic() - since < 60  # its death is seen at once, not after the heartbeat's grace
    job.close()
    first, again = search.table(tmp_path / "s")[:2]
    assert first["state"] == "fail"
    assert again["values"] == before["values"]
    assert again["epochs"] > before["epochs"] - 1


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_a_search_killed_at_random_moments_ends_as_one_left_alone(tmp_path):
    small_set(tmp_path / "photos")
    rng, had = np.random.default_rng(11), 0
    for _ in range(3):
        one = worker(tmp_path, 2, 12)
        one.stdout.readline()  # it has begun a trial, or gone on with one
        time.sleep(float(rng.uniform(0, 2)))
        os.kill(one.pid, signal.SIGKILL)
        one.communicate()
        has = finished(tmp_path / "s")
        assert has > had, "an epoch was finished, and none of the earlier ones was lost"
        had = has
    last = worker(tmp_path, 2, 12)
    _, complaint = last.communicate()
    assert last.returncode == 0, complaint
    (tmp_path / "alone").mkdir()
    small_set(tmp_path / "alone" / "photos")
    _, complaint = worker(tmp_path / "alone", 2, 12).communicate()
    ends = [
        [(r["values"], r["value"], r["epochs"]) for r in search.table(home / "s") if r["state"] == "complete"]
        for home in (tmp_path, tmp_path / "alone")
    ]
    assert ends[0] == ends[1], complaint


def finished(folder):
    """Epochs in the study, those of a trial that was gone on with counted once."""
    most = {}
    for row in search.table(folder):
        key = json.dumps(row["values"], sort_keys=True)
        most[key] = max(most.get(key, 0), row["epochs"])
    return sum(most.values())


def test_another_search_in_the_same_folder_is_refused(photos, tmp_path):
    next(job := search.search(made(), photos, tmp_path / "s", HERE, Plan(trials=1)))
    job.close()
    with pytest.raises(Conflict, match="another folder"):
        next(search.search(made(epochs=9), photos, tmp_path / "s", HERE, Plan(trials=1)))


def test_what_goes_wrong_in_a_trial_is_told(photos, tmp_path):
    broken = made(network="resnet18", init="imagenet_partial")
    with pytest.raises(Exception, match=r"resnet18_partial\.safetensors"):
        list(search.search(broken, photos, tmp_path / "s", HERE, Plan(trials=1)))


def test_momentum_is_asked_for_only_of_optimisers_that_know_it():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    asked = [values(study.ask(), RANGES["resnet18"]) for _ in range(30)]
    assert {a["optimizer"] for a in asked} == {"adam", "rmsprop", "sgd"}
    assert all(("momentum" in a) == (a["optimizer"] != "adam") for a in asked)
    assert all(1e-5 <= a["learning_rate"] <= 1e-2 for a in asked)
    assert "momentum" not in values(study.ask(), RANGES["alexnet"])
    for found in (values(study.ask(), RANGES["cnn5"]) for _ in range(5)):
        config.of(Config, {"network": "cnn5"} | found)


def test_a_trial_is_compared_by_what_its_folds_have_reached():
    assert reached([[0.2, 0.4, 0.3], [0.1, 0.6]]) == pytest.approx([0.2, 0.4, 0.4, 0.25, 0.5])
    assert reached([]) == []


def test_a_bad_trial_is_pruned_after_its_free_epochs(photos, tmp_path):
    """Five good trials are written down; a sixth that stands still is stopped after two epochs."""
    config_, plan = made(epochs=6, learning_rate=1e-6), Plan(trials=6, start_up=5, min_epochs=2)
    study = search.study(tmp_path / "s", plan, config_)
    for _ in range(5):
        good = study.ask()
        for epoch in range(1, 13):
            good.report(1.1, epoch)  # nothing can reach it
        study.tell(good, 1.1)
    list(search.search(config_, photos, tmp_path / "s", HERE, plan))
    last = search.table(tmp_path / "s")[-1]
    assert last["state"] == "pruned"
    assert last["epochs"] <= 3


def test_an_unknown_pruner_or_an_empty_folder_is_a_plain_sentence(photos, tmp_path):
    with pytest.raises(ConfigError, match="choose one of median"):
        next(search.search(made(), photos, tmp_path / "s", HERE, Plan(pruner="sharp")))
    assert search.table(tmp_path / "none") == []
    with pytest.raises(NotFound, match="No trial"):
        search.best(tmp_path / "none")
    assert {t.name.lower() for t in TrialState} >= {"complete", "pruned", "fail", "running", "waiting"}
