"""A sweep: which trainings it is, that it goes on where it was killed, and what its table says."""

import contextlib
import dataclasses
import json
import os
import random
import subprocess
import sys
import time

import pytest

from core import cards, crack, datasets, losses, published, trials
from core.cli import main
from core.crack import Config
from core.engine import crack as engine
from core.engine import loop, work
from core.engine.loop import State
from core.errors import ConfigError, Conflict, NotFound
from core.measuring import fine
from core.settings import Settings
from core.synthetic import demo
from tests.conftest import ROOT
from tests.test_children import wait_for

SMALL = Config(levels=4, filters=4, crop_px=64, batch=2, steps=4, validate_every=2, warm_up=0)
AXES = {"loss": ["mse", "relu", "dice"], "weight": [0.5, 0.97]}
SETTINGS = Settings.of({})
loop.use_threads()
WORDS = "levels=4 filters=4 crop_px=64 batch=2 steps=4 validate_every=2 warm_up=0".split()


@pytest.fixture(scope="module")
def walls(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "walls"
    demo.write("crack", folder, 24, seed=1)
    return folder


@pytest.fixture(scope="module")
def photos(walls):
    return datasets.read(walls, "crack")


@pytest.fixture(scope="module")
def swept(photos, tmp_path_factory):
    """The folder of a finished sweep of four trials, and its reports."""
    folder = tmp_path_factory.mktemp("swept")
    reports = list(work.sweep("crack", SMALL, AXES, photos, folder, SETTINGS))
    return folder, reports


def same(folder):
    """A sweep's table without what may differ from run to run: how long it took."""
    told = trials.table(folder)
    return told | {"rows": [{k: v for k, v in row.items() if k != "seconds"} for row in told["rows"]]}


# Which trainings it is


def names(**axes):
    return [trial.name for trial in trials.plan(Config(), axes)]


def test_a_weight_is_not_multiplied_where_it_plays_no_part():
    assert names(loss=["mse", "relu", "dice"], weight=[0.5, 0.97]) == ["mse", "relu 0.5", "relu 0.97", "dice"]


def test_each_loss_can_take_the_weights_it_was_published_with():
    told = names(loss=["mse", "balanced_step", "step", "tversky"], weight=["published"])
    assert told[:3] == ["mse", "balanced_step 0.69", "balanced_step 0.83"]
    assert told[5:] == ["step 0.5", "step 0.69", "step 0.97", "step 1.3", "tversky 0.4"]
    own = {(row.loss, row.weight) for row in published.CRACK if row.weight is not None}
    assert own == {(name, w) for name, loss in losses.LOSSES.items() for w in loss.tried}


def test_every_combination_is_one_training_and_words_are_read_as_settings():
    told = trials.plan(Config(), trials.axes(["loss=mse,relu", "weight=0.5", "kernel=3,5"]))
    assert [(t.config.loss, t.config.kernel) for t in told] == [
        ("mse", 3),
        ("mse", 5),
        ("relu", 3),
        ("relu", 5),
    ]
    assert told[2].name == "relu 0.5 kernel 3"
    assert [t.folder for t in told] == ["trial-01", "trial-02", "trial-03", "trial-04"]
    assert all(t.config.seed == 0 and t.config.steps == Config().steps for t in told)


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        (["loss=mse,balanced_step", "weight=0.5,1.0"], "must be below 1: from 1 on, calling a crack"),
        (["loss=tversky", "weight=1.3"], "at most"),
        (["loss=mes"], "choose one of"),
        (["weight=0.5,3"], "between 0 and 2"),
        (["colour=red"], "no setting 'colour'"),
        (["kernel=3,3"], "twice"),
        (["kernel="], "no values"),
        ([], "needs values"),
        (["seed=" + ",".join(map(str, range(201)))], "201 trainings"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_trained(axes, said, photos, tmp_path):
    with pytest.raises(ConfigError, match=said):
        next(work.sweep("crack", Config(), trials.axes(axes), photos, tmp_path / "run", SETTINGS))
    assert not (tmp_path / "run").exists()


def test_only_crack_is_swept():
    from core import rail

    with pytest.raises(ConfigError, match="Only crack"):
        trials.plan(rail.Config(), {"seed": [1, 2]})


# The run


def test_a_report_says_which_trial_and_how_far_all_of_them_are(swept):
    _, reports = swept
    assert reports[-1].step == reports[-1].total == 4 * SMALL.steps
    assert list(dict.fromkeys(r.phase for r in reports)) == ["mse", "relu 0.5", "relu 0.97", "dice"]
    steps = [r.step for r in reports]
    assert steps == sorted(steps)
    assert all(r.card is None for r in reports)


def test_a_trial_is_what_a_training_of_its_settings_alone_gives(swept, photos, tmp_path):
    folder, _ = swept
    alone = dataclasses.replace(SMALL, loss="relu", weight=0.97)
    *_, last = engine.train(alone, photos, tmp_path, SETTINGS)
    card, place = trials.model(folder, 3)
    assert (place / cards.WEIGHTS).read_bytes() == (tmp_path / cards.WEIGHTS).read_bytes()
    assert card.figures == last.card.figures
    assert not (place / State.FILE).exists(), "the checkpoint of an ended trial is of no use"


def test_the_table_says_what_the_evaluations_say(swept):
    folder, _ = swept
    table = trials.table(folder)
    assert (table["trials"], table["done"], table["split"]) == (4, 4, "test")
    best = max(table["rows"], key=lambda row: row["val_f1"])
    assert table["best"] == best["trial"], "chosen on validation photos"
    for row in table["rows"]:
        card, place = trials.model(folder, row["trial"])
        told = crack.score(cards.evaluation(place, "test"), card.threshold)
        assert {k: row[k] for k in told} == told
        assert len(row["by_width"]) == len(fine.EDGES) + 1
        assert row["curve"]["step"] == [2, 4]
    by_name = {row["name"]: row for row in table["rows"]}
    assert [one["threshold"] for one in by_name["mse"]["published"]] == [0.1, 0.4, 0.75, 0.9]
    assert by_name["relu 0.97"]["published"][0]["published"]["f1"] == 0.928
    assert by_name["dice"]["published"] == []
    assert json.loads(json.dumps(table, allow_nan=False)) == table
    said = trials.lines(table)
    assert sum(line.startswith("*") for line in said) == 1


def test_losses_are_compared_where_they_are_as_precise_as_mse(swept):
    rows = trials.table(swept[0])["rows"]
    plain = next(row for row in rows if row["loss"] == "mse")
    compared = [row for row in rows if row["at_equal_precision"] is not None]
    assert len(compared) > 1, "another loss than mse"
    for row in compared:
        told = row["at_equal_precision"]
        place = swept[0] / f"trial-{row['trial']:02d}"
        at = crack.score(cards.evaluation(place, "test"), told["threshold"], draws=0)
        assert at["precision"] >= plain["precision"]
        assert (told["recall"], told["by_width"]) == (at["recall"], at["by_width"])
        assert told["mse"]["recall"] == plain["recall"]


def test_cut_short_anywhere_it_ends_with_the_same_table(swept, photos, tmp_path):
    run = work.sweep("crack", SMALL, AXES, photos, tmp_path, SETTINGS)
    for _ in range(5):  # the second trial is under way
        next(run)
    run.close()
    assert trials.table(tmp_path)["done"] == 1
    list(work.sweep("crack", SMALL, AXES, photos, tmp_path, SETTINGS))
    assert same(tmp_path) == same(swept[0])


def test_a_folder_is_gone_on_with_the_same_choices_only(swept, photos):
    folder, _ = swept
    with pytest.raises(Conflict, match="sweep"):
        next(work.sweep("crack", SMALL, {"loss": ["mse"]}, photos, folder, SETTINGS))
    with pytest.raises(Conflict, match="sweep"):
        next(work.train("crack", SMALL, photos, folder, SETTINGS))
    with pytest.raises(NotFound, match="Trial 9"):
        trials.model(folder, 9)


def test_any_trial_can_be_filed_and_stays_in_its_sweep(swept, tmp_path):
    folder, _ = swept
    before = same(folder)
    card, place = trials.model(folder, 2)
    filed = cards.file_as(card, place, tmp_path, name="Relu at a half", by="eva", keep=True)
    assert (filed.id, filed.made_by) == ("relu-at-a-half", "eva")
    assert engine.load(filed, cards.place(tmp_path, "crack", filed.id)).card == filed
    assert same(folder) == before


# The command


def words(walls, out):
    settings = [w for word in WORDS for w in ("--set", word)]
    sweep = ["--sweep", "loss=mse,relu", "weight=0.5,0.97"]
    return ["train", "crack", "--data", str(walls), *settings, *sweep, "--out", str(out), "--json"]


def test_the_command_sweeps_files_the_best_and_prints_one_document(walls, tmp_path, capsys):
    environ = {"PATINA_DATA": str(tmp_path / "data"), "PATINA_MODELS": str(tmp_path / "models")}
    assert main([*words(walls, tmp_path / "run"), "--name", "best-of-three"], environ) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["model"] == "crack/best-of-three"
    assert [row["name"] for row in told["rows"]] == ["mse", "relu 0.5", "relu 0.97"]
    best = next(row for row in told["rows"] if row["trial"] == told["best"])
    filed = cards.read(tmp_path / "models", "crack", "best-of-three")
    assert filed.figures["val"]["f1"] == best["val_f1"]
    assert "--sweep" not in filed.command
    assert f"--set loss={best['loss']}" in filed.command or best["loss"] == "relu"
    other = str(tmp_path / "run" / "trial-01")
    asked = ["evaluate", other, "--data", str(walls), "--rescue", "--scale", "0.5", "--json"]
    assert main(asked, environ) == 0
    rows = json.loads(capsys.readouterr().out)["metrics"]["rescue"]
    assert rows[0]["how"] == "plain"
    assert "enlarged" in [row["how"] for row in rows]
    assert "gained_m" in rows[0]
    assert main(["models", "file", other, "--name", "another", "--json"], environ) == 0
    assert json.loads(capsys.readouterr().out)["model"] == "crack/another"
    assert main(["train", "rail", "--data", str(walls), "--sweep", "seed=1,2"], environ) == 2


def test_killed_at_a_random_moment_it_ends_as_if_it_had_not(walls, tmp_path, capsys):
    chance = random.Random(seed := time.time_ns())
    print(f"seed {seed}")
    environ = {"PATINA_DATA": str(tmp_path / "data"), "PATINA_MODELS": str(tmp_path / "models")}
    command = [sys.executable, "-m", "core", *words(walls, tmp_path / "killed")]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environ, stdout=subprocess.DEVNULL)
    with contextlib.ExitStack() as stack:
        stack.callback(process.wait)
        stack.callback(process.kill)
        wait_for(lambda: list((tmp_path / "killed").glob("trial-*/checkpoint.safetensors")))
        time.sleep(chance.uniform(0, 2.0))
    assert main(["train", "crack", "--resume", str(tmp_path / "killed"), "--json"], environ) == 0
    assert main(words(walls, tmp_path / "left"), environ) == 0
    assert same(tmp_path / "killed") == same(tmp_path / "left")
    for trial in trials.of_folder(tmp_path / "left"):
        one, other = (tmp_path / run / trial.folder / cards.WEIGHTS for run in ("killed", "left"))
        assert one.read_bytes() == other.read_bytes()
    capsys.readouterr()
