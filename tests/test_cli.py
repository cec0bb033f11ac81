"""The command line: one JSON document, one sentence for bad input, torch only where it is needed."""

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

from core import cards, cli, sets, store, terminal
from core.cli import COMMANDS, main
from core.options import parser
from core.records import Progress
from tests import tiny
from tests.conftest import ROOT
from tests.test_children import wait_for


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return tiny.trained(tmp_path_factory.mktemp("trained"))


@pytest.fixture
def told(trained, tmp_path):
    """A Patina without a database: a model, and photos in a folder."""
    shutil.copytree(trained.models, tmp_path / "models")
    shutil.copytree(trained.data.parent / "photos", tmp_path / "photos")
    return tmp_path


@pytest.fixture
def patina(told, capsys, monkeypatch):
    """Run a command in this process: (exit code, stdout, stderr)."""
    monkeypatch.chdir(told)
    environ = {"PATINA_DATA": str(told / "data"), "PATINA_MODELS": str(told / "models")}

    def patina(*words):
        code = main(list(words), environ)
        said = capsys.readouterr()
        return code, said.out, said.err

    return patina


def document(answer):
    code, out, err = answer
    assert code == 0, err
    return json.loads(out)


# Judging and scoring


def test_photos_are_judged_and_an_unreadable_one_is_an_entry_with_an_error(patina):
    asked = ["photos/g0_00.png", "gone.png", "photos/labels.csv", "photos/g3_01.png"]
    found = document(patina("predict", "corrosion", *asked, "--json"))
    assert [one["photo"] for one in found] == asked
    assert found[0].keys() == {"photo", "label", "confidence", "threshold", "needs_person", "reason", "model"}
    assert found[0]["model"] == "first"
    assert found[1] == {"photo": "gone.png", "error": "gone.png cannot be read: No such file or directory."}
    assert "is not a photo" in found[2]["error"]
    assert found[3]["label"] in "0123"


def test_a_folder_stands_for_its_photos(patina, told):
    found = document(patina("predict", "corrosion", "photos", "--json"))
    assert len(found) == len(list((told / "photos").glob("*.png")))
    (told / "empty").mkdir()
    code, _, err = patina("predict", "corrosion", "empty")
    assert (code, err) == (2, "There is no photo in empty; name photos, or a folder that holds some.\n")


def test_the_masks_of_a_data_set_are_not_judged(patina, told):
    for folder in ("set/images", "set/masks"):
        (told / folder).mkdir(parents=True)
        shutil.copy(told / "photos/g0_00.png", told / folder)
    found = document(patina("predict", "corrosion", "set", "--json"))
    assert [one["photo"] for one in found] == ["set/images/g0_00.png"]


@pytest.mark.parametrize("name", ["first", "corrosion/first", "corrosion", "models/corrosion/first"])
def test_a_model_is_named_in_four_ways(patina, name):
    assert document(patina("models", "show", name, "--json"))["id"] == "first"


def test_evaluate_gives_the_figures_that_training_wrote_on_the_card(patina, told):
    found = document(patina("evaluate", "first", "--data", "photos", "--split", "test", "--json"))
    told_of = {key: found[key] for key in ("model", "data", "split", "n")}
    assert told_of == {"model": "corrosion/first", "data": "photos", "split": "test", "n": 8}
    card = cards.read(told / "models", "corrosion", "first").figures["test"]
    for name in ("accuracy", "mean_f1", "within_one", "off_by_two", "kappa", "confusion", "per_grade"):
        assert found["metrics"][name] == card[name], name
    assert not (told / "data").exists(), "no database, and nothing else left behind"


def test_evaluate_names_the_splits_there_are(patina):
    code, _, err = patina("evaluate", "first", "--data", "photos", "--split", "pool")
    assert code == 2
    assert err.endswith("photos has no photos in the split 'pool'; there is test, train, val, or all.\n")


def test_masks_are_for_crack_models(patina):
    assert patina("predict", "first", "photos/g0_00.png", "--masks", "out")[0] == 2


# Training


def test_training_files_a_model_and_the_same_folder_goes_on(patina, told):
    words = ["train", "corrosion", "--data", "photos", *tiny.words(2), "--out", "run", "--name", "My model"]
    found = document(patina(*words, "--json"))
    assert found["model"] == "corrosion/my-model"
    assert (told / "models/corrosion/my-model/card.json").is_file()
    assert found["figures"]["test"]["n"] == 8
    assert document(patina(*words, "--json"))["model"] == "corrosion/my-model", "the same run, the same model"
    assert (
        document(patina("train", "corrosion", "--resume", "run", "--json"))["model"] == "corrosion/my-model"
    )
    words[words.index("epochs=2")] = "epochs=3"
    code, out, _ = patina(*words, "--json")
    assert code == 2
    assert json.loads(out)["error"].startswith("run was begun with another config")


def hear_ctrl_c():
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_ends_with_130_and_says_how_to_go_on_bit_for_bit(told, trained):
    words = ["train", "corrosion", "--data", "photos", *tiny.words(), "--out", "run", "--name", "again"]
    environ = os.environ | {"PATINA_DATA": str(told / "data"), "PATINA_MODELS": str(told / "models")}
    python = {
        "env": environ | {"PYTHONPATH": str(ROOT)},
        "cwd": told,
        "stderr": subprocess.PIPE,
        "text": True,
    }
    for _ in range(5):  # on a busy machine the training may end before this process gets to stop it
        # A shell's background job ignores Ctrl-C, and so would what it starts.
        process = subprocess.Popen([sys.executable, "-m", "core", *words], **python, preexec_fn=hear_ctrl_c)
        wait_for(lambda: (told / "run/checkpoint.safetensors").exists())
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        if process.returncode:
            break
        shutil.rmtree(told / "run")
        shutil.rmtree(told / "models/corrosion/again")
    assert process.returncode == 130
    assert said.splitlines()[-2:] == ["Go on with: python -m core train corrosion --resume run", "Stopped."]
    done = subprocess.run([sys.executable, "-m", "core", "train", "corrosion", "--resume", "run"], **python)
    assert done.returncode == 0, done.stderr
    again = cards.read(told / "models", "corrosion", "again")
    first = cards.read(trained.models, "corrosion", "first")
    assert (again.weights_sha256, again.figures) == (first.weights_sha256, first.figures)


def test_a_search_tells_the_command_that_trains_with_what_it_found(patina):
    words = ["search", "corrosion", "--data", "photos", *tiny.words(1), "--trials", "2", "--out", "run"]
    found = document(patina(*words, "--json"))
    assert found["trials"] == 2
    assert f"--set learning_rate={found['best']['learning_rate']}" in found["command"]
    assert document(patina("search", "corrosion", "--resume", "run", "--json"))["best"] == found["best"]


# With a database


def test_a_set_is_imported_once_and_trained_on_by_name(patina, told):
    found = document(patina("import", "corrosion", "photos", "--name", "Bridge", "--json"))
    assert (found["kept"], found["n_photos"]) == (True, 40)
    assert found["counts"] == {"0": 10, "1": 10, "2": 10, "3": 10}
    assert [s.name for s in sets.all_sets(store.connect(told / "data" / "patina.db"))] == ["Bridge"]
    code, _, err = patina("import", "corrosion", "photos", "--name", "bridge")
    assert (code, err) == (2, "There is a data set 'bridge' already; give this one another name.\n")
    found = document(patina("evaluate", "first", "--data", "Bridge", "--json"))
    assert (found["data"], found["n"]) == ("Bridge", 8)


def test_a_zip_is_imported_and_a_dry_run_keeps_nothing(patina, told):
    shutil.make_archive(told / "bridge", "zip", told / "photos")
    found = document(patina("import", "corrosion", "bridge.zip", "--dry", "--json"))
    assert (found["kept"], found["n_photos"]) == (False, 40)
    assert list((told / "data").iterdir()) == []
    document(patina("import", "corrosion", "bridge.zip", "--json"))
    assert [s.name for s in sets.all_sets(store.connect(told / "data" / "patina.db"))] == ["bridge"]


def test_a_model_is_promoted_and_serves_at_its_threshold(patina, told):
    shutil.copytree(told / "models/corrosion/first", told / "models/corrosion/second")
    card = told / "models/corrosion/second/card.json"
    card.write_text(card.read_text().replace('"id": "first"', '"id": "second"'))
    document(patina("models", "promote", "second", "--threshold", "0.8", "--why", "newer", "--json"))
    serves = {one["model"]: one["in_service"] for one in document(patina("models", "list", "--json"))}
    assert serves == {"corrosion/first": False, "corrosion/second": True}
    (found,) = document(patina("predict", "corrosion", "photos/g0_00.png", "--json"))
    assert (found["model"], found["threshold"]) == ("second", 0.8)


def test_a_damaged_model_is_not_promoted(patina, told):
    path = told / "models/corrosion/first/weights.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    code, _, err = patina("models", "promote", "first")
    assert (code, "sha256 differs" in err) == (2, True)


def test_a_person_is_added_with_a_link_good_once(patina):
    found = document(patina("user", "add", "Mina", "--role", "inspector", "--json"))
    assert (found["name"], found["role"]) == ("Mina", "inspector")
    assert len(found["link"].rsplit("/", 1)[1]) > 20
    assert patina("user", "add", "mina", "--role", "admin")[0] == 2


def test_the_doctor_says_what_is_missing_and_what_to_do(patina):
    code, out, _ = patina("doctor", "--json")
    found = {one["what"]: one for one in json.loads(out)}
    assert code == 1, "two domains have no model here"
    assert found["corrosion model"]["is_fine"]
    assert not found["crack model"]["is_fine"]
    assert "train one" in found["crack model"]["remedy"]
    assert found["engine"]["is_fine"]


# Bad input


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["trian"], "Argument COMMAND: invalid choice: 'trian'"),
        (["train", "road"], "Argument DOMAIN: invalid choice: 'road'"),
        (["train", "corrosion"], "Say what to learn from"),
        (["train", "corrosion", "--data", "nowhere"], "There is no folder 'nowhere' and no data set"),
        (["train", "corrosion", "--data", "photos", "--preset", "best"], "There is no preset 'best'"),
        (["train", "corrosion", "--data", "photos", "--set", "epocs=3"], "did you mean epochs?"),
        (["train", "corrosion", "--data", "photos", "--set", "epochs"], "write it as key=value"),
        (["train", "corrosion", "--data", "photos", "--set", "epochs=0"], "epochs is 0; it must be between"),
        (["train", "rail", "--data", "photos"], "it looks like a corrosion set"),
        (["train", "corrosion", "--resume", "nowhere"], "nowhere is no run folder"),
        (["train", "corrosion", "--resume", "x", "--data", "photos"], "leave the other options out"),
        (["train", "corrosion", "--data", "photos", "--weights-dir", "nowhere"], "--weights-dir nowhere"),
        (["search", "crack", "--data", "photos"], "crack"),
        (["search", "corrosion", "--data", "photos", "--trials", "0"], "'0' is not a whole number from 1 on"),
        (["predict", "gone", "x.jpg"], "There is no model 'gone'"),
        (["predict", "rail", "x.jpg"], "There is no rail model yet"),
        (["predict", "first", "x.jpg", "--threshold", "1.5"], "'1.5' is not a threshold"),
        (["predict", "../etc/first", "x.jpg"], "There is no ../etc model 'first'"),
        (["import", "corrosion", "nowhere"], "There is nothing at nowhere"),
        (["user", "add", "x", "--role", "king"], "invalid choice: 'king'"),
    ],
)
def test_bad_input_is_one_sentence_and_code_2(patina, words, sentence):
    code, out, err = patina(*words)
    assert code == 2
    assert out == ""
    assert sentence in err
    assert len(err.splitlines()) == 1, err
    code, out, err = patina(*words, "--json")
    assert (code, json.loads(out)["error"]) == (2, err.rstrip("\n"))


# Light


WITHOUT_TORCH = (
    "import sys; sys.modules['torch'] = None; from core.cli import main; sys.exit(main(sys.argv[1:]))"
)


def test_models_are_listed_without_torch_and_at_once(told):
    environ = {"PATINA_DATA": str(told / "data"), "PATINA_MODELS": str(told / "models")}

    def run(*words):
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT_TORCH, *words],
            cwd=ROOT, env=os.environ | environ, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    before = os.times()
    listed = run("models", "list", "--json")
    after = os.times()
    assert [one["model"] for one in json.loads(listed)] == ["corrosion/first"]
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    assert spent < 1.0, "seconds of processor time"
    run("models", "show", "first")
    run("import", "corrosion", str(told / "photos"))
    run("user", "add", "Mina", "--role", "admin")
    run("models", "promote", "first")


def test_a_pipe_that_closes_is_no_error(told):
    environ = os.environ | {"PATINA_MODELS": str(told / "models"), "PATINA_DATA": str(told / "data")}
    done = subprocess.run(
        f"{sys.executable} -m core models show first --json | head -c 1", shell=True, cwd=ROOT, env=environ,
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("{", "")


def test_every_command_is_done_by_somebody():
    def commands(one):
        found = set()
        for action in one._actions:
            for below in (action.choices or {}).values() if isinstance(action.choices, dict) else ():
                found |= commands(below) or {below.get_default("command")}
        return found

    assert commands(parser()) == set(COMMANDS)
    assert all(callable(cli._command(words)) for words in COMMANDS)


def test_the_time_left_is_told_from_the_pace_between_reports(capsys, monkeypatch):
    clock = iter([100.0, 110.0, 120.0])
    monkeypatch.setattr(terminal.time, "monotonic", lambda: next(clock))
    bar = terminal.Bar()
    for step in (100, 200, 300):
        bar.show(Progress(step, 600, "train", {"loss": 0.5}))
    first, second, third = capsys.readouterr().err.splitlines()
    assert "left" not in first, "one report has no pace"
    assert "0:40 left" in second
    assert "0:30 left" in third
