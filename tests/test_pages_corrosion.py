"""The corrosion laboratory: labels that are corrected, networks that are compared, what a manager may do."""

from __future__ import annotations

import json
import time
from unittest.mock import patch

import numpy as np
import optuna
import pytest
from safetensors.numpy import save_file
from streamlit.testing.v1 import AppTest

from core import cards, corrosion, labels, orders, queue, searches, trials
from core.corrosion import Config
from core.errors import ConfigError, Forbidden
from core.grading import grades
from core.people import accounts
from tests import laboratory
from tests.visits import text, visits


@pytest.fixture
def world(tmp_path):
    return laboratory.Validated.at(tmp_path)


@pytest.fixture
def visit(world, monkeypatch):
    """Opens the corrosion page, or another one, as somebody."""
    with visits(world, monkeypatch) as visit:
        yield lambda page="corrosion", **query: visit(page, **query)


def cells(at: AppTest, key: str) -> list[int]:
    """The counts of a matrix as the browser gets it."""
    [spec] = [json.loads(c.proto.spec) for c in at.get("plotly_chart") if key in c.proto.id]
    return [cell[2] for cell in spec["data"][-1]["customdata"]]


def test_the_matrix_is_that_of_the_split_fold_and_campaign(visit, world):
    told = world.evaluation
    for query, part in (
        ({"split": "val"}, told),
        ({"split": "val", "fold": "1"}, grades.part(told, fold=1)),
        ({"split": "val", "campaign": "year 3"}, grades.part(told, campaign="year 3")),
    ):
        at = visit(**query)
        figures = corrosion.score(part, draws=0)
        assert cells(at, "corrosion-matrix") == np.ravel(figures["confusion"]).tolist()
        assert f"of {figures['n']} photos get the expert’s grade" in text(at)


def test_a_corrected_label_counts_where_it_is_asked_for(visit, world):
    person = accounts.account(world.db, "engineer").person
    i = int(np.flatnonzero((world.evaluation["truth"] == 2) & (world.evaluation["p"].argmax(1) == 3))[0])
    labels.relabel(world.db, person, "corrosion", str(world.evaluation["sha256"][i]), "3", time.time())
    before = cells(visit(split="val"), "corrosion-matrix")
    at = visit(split="val")
    at.toggle(key="as-corrected").set_value(True).run()
    after = cells(at, "corrosion-matrix")
    assert (after[2 * 4 + 3], after[3 * 4 + 3]) == (before[2 * 4 + 3] - 1, before[3 * 4 + 3] + 1)
    listed = text(visit(view="labels"))
    assert "<b>1</b> corrected, <b>0</b> marked" in listed
    assert f"of {len(world.evaluation['truth'])} labels are doubtful; 1 of them corrected already" in listed


def test_a_manager_sees_doubtful_labels_and_orders_nothing(visit):
    at = visit(role="manager", view="labels")
    assert "labels are doubtful" in text(at)
    assert not [b for b in at.button if b.key in ("train-corrected", "networks-begin")]
    assert not [b for b in visit(role="manager", view="networks").button if b.key == "networks-begin"]


def test_the_margins_are_a_curve_and_the_slider_shows_the_photos_at_each(visit, world):
    asked = visit(view="margins", split="test")
    assert "Measured once on the same photos" in text(asked)
    told = cards.evaluation(cards.place(world.settings.models, "corrosion", "starter-test"), "test")
    n, home = len(told["truth"]), cards.place(world.settings.models, "corrosion", "starter-test")
    p = np.stack([told["p"], told["p"][:, [1, 0, 2, 3]], told["p"][:, ::-1]])
    kept = {k: told[k] for k in ("name", "sha256", "group", "truth")}
    kept |= {"whole": told["sha256"], "box": np.full((n, 4), [0.25, 0.25, 0.75, 0.75], np.float32)}
    kept |= {"margin": np.asarray([1.0, 2.0, np.inf], np.float32), "p": p}
    np.savez(home / "evaluation-test-margins.npz", **kept)
    at = visit(view="margins", split="test")
    assert "The whole photo against the box as drawn" in text(at)
    first = shown(at)
    assert first[0]["overlay"].startswith("data:image/svg+xml;base64,")
    at.select_slider(key="margin").set_value("whole").run()
    assert not at.exception
    last = shown(at)
    assert {card["overlay"] for card in last} == {""}
    assert [card["grade"] for card in last] != [card["grade"] for card in first]


def shown(at) -> list[dict]:
    """The photos of the margin view, as the element has them."""
    [found] = [c.proto for c in at.get("bidi_component") if "margins-photos" in c.proto.id]
    return json.loads(found.json)["cards"]


def swept(world) -> str:
    """A finished comparison of two networks on both views, each as good as the model it is made of."""
    home = cards.place(world.settings.models, "corrosion", "starter-test")
    filed = cards.read(world.settings.models, "corrosion", "starter-test")
    told = cards.evaluation(home, "test")
    config = Config(**corrosion.PRESETS["paper"] | {"epochs": 3})
    planned = trials.plan(config, {"network": ["resnet18", "alexnet"], "trimmed": [True, False]})
    folder = world.settings.runs / "table-4"
    folder.mkdir(parents=True)
    (folder / trials.PLAN).write_bytes(trials.to_json(planned))
    for trial in planned:
        place = folder / trial.folder
        place.mkdir()
        np.savez(place / "evaluation-test.npz", **told)
        save_file({"w": np.full(4, trial.number, np.float32)}, str(place / cards.WEIGHTS))
        score = corrosion.score(told, 0.6, draws=50)
        curve = [round(0.1 * trial.number + 0.01 * e, 3) for e in range(3)]
        names = ("loss", "val_loss", "val_f1", "val_accuracy")
        card = laboratory._card(
            "corrosion",
            f"net-{trial.number}",
            filed.classes,
            0.6,
            {"test": score, "val": score | {"mean_f1": 0.1 * trial.number}},
            network=trial.config.network,
            known={"curves": dict.fromkeys(names, curve)},
            preprocessing={
                "trimmed": trial.config.trimmed,
                "origin": "ImageNet, resnet18_partial.safetensors; random: layer4"
                if trial.config.network == "resnet18"
                else "random",
            },
        )
        cards.seal(card, place)
    return folder.name


def test_the_papers_figures_and_its_table_come_from_our_run(visit, world):
    name = swept(world)
    at = visit(view="networks", sweep=name)
    said = text(at)
    assert "<b>AlexNet, whole</b> is best in cross validation (mean F1 0.40)" in said
    assert "ImageNet weights that were not whole here – ResNet-18" in said
    specs = {c.proto.id: json.loads(c.proto.spec) for c in at.get("plotly_chart")}
    accuracy = next(spec for id, spec in specs.items() if "val_accuracy" in id)
    assert [(line["name"], line["line"]["dash"]) for line in accuracy["data"]] == [
        ("ResNet-18, trimmed", "solid"),
        ("ResNet-18, whole", "dash"),
        ("AlexNet, trimmed", "solid"),
        ("AlexNet, whole", "dash"),
    ]
    assert sum("figure-4" in id for id in specs) == 4


def test_networks_to_compare_are_chosen_and_written_down(visit, world):
    at = visit("runs", new="corrosion", preset="paper", sweep="1")
    data = next(w for w in at.selectbox if w.key == "new-set-corrosion")
    data.set_value("corrosion-train").run()
    assert "6 trainings of 150 epochs in 5 folds" in text(at)
    with patch("pages.parts.places.go"):
        at.button(key="start").click().run()
    [run] = queue.latest(world.db)
    assert run.config["sweep"] == {"network": ["cnn5", "resnet18", "alexnet"], "trimmed": [True, False]}
    assert run.config["words"] == 0


def test_a_search_is_begun_watched_stopped_and_its_winner_trained(visit, world):
    at = visit(view="search")
    next(w for w in at.selectbox if w.key == "search-data").set_value("corrosion-train")
    at.number_input(key="search-trials").set_value(3)
    at.number_input(key="search-epochs").set_value(2)
    at.number_input(key="search-folds").set_value(2).run()
    at.button(key="search-start").click().run()
    assert not at.exception
    [run] = queue.latest(world.db, ("search",))
    assert run.config["trials"] == 3
    assert run.config["set"] == {"network": "resnet18", "epochs": 2, "folds": 2}
    at.button(key="search-stop").click().run()
    assert queue.get(world.db, run.id).state == "cancelled"
    at = visit(view="search", search=str(run.id))
    at.button(key="search-go-on").click().run()
    assert queue.get(world.db, run.id).state == "waiting"

    folder = world.settings.runs / str(run.id)
    folder.mkdir(parents=True)
    study = optuna.create_study(
        study_name=searches.STUDY, storage=f"sqlite:///{folder / searches.DATABASE}", direction="maximize"
    )
    rng = np.random.default_rng(0)
    for i in range(6):
        trial = study.ask()
        rate = trial.suggest_float("learning_rate", 1e-5, 1e-2, log=True)
        trial.suggest_categorical("optimizer", ["adam", "sgd"])
        value = 0.5 + 0.1 * np.log10(rate) / 5 + 0.01 * rng.random()
        for epoch in range(1 if i == 5 else 4):
            trial.report(value * epoch / 4, epoch + 1)
        study.tell(trial, None, state=optuna.trial.TrialState.PRUNED) if i == 5 else study.tell(trial, value)
    at = visit(view="search", search=str(run.id))
    said = text(at)
    assert "6 of 3 trials have ended" in said
    assert "1 stopped early, which saved 3 epochs (12\u00a0%)" in said
    for figure in ("history", "importances", "parallel", "slices", "intermediate"):
        at = visit(view="search", search=str(run.id), figure=figure)
        assert [c for c in at.get("plotly_chart") if f"search-{figure}" in c.proto.id]
    with patch("pages.parts.places.go"):
        at.button(key="search-train").click().run()
    winner = queue.latest(world.db, ("train",))[0]
    assert winner.config["set"]["learning_rate"] == study.best_params["learning_rate"]
    assert winner.config["set"]["folds"] == 2


def test_what_pruning_saved_counts_ended_trials_only():
    told = searches.saved(["complete", "pruned", "fail", "running"], [10, 4, 2, 1], 10)
    assert (told.pruned, told.epochs, told.of) == (1, 6, 20)
    assert ("momentum", 0.82299, None) in searches.compared("resnet18", {"learning_rate": 1e-3})


def test_only_an_engineer_orders_a_search_and_only_for_corrosion(world):
    told = {"data": "corrosion-train", "preset": "paper", "changed": {}, "now": 1.0}
    engineer, manager = (accounts.account(world.db, who).person for who in ("engineer", "manager"))
    with pytest.raises(Forbidden):
        orders.search(world.db, manager, "corrosion", trials=2, **told)
    with pytest.raises(ConfigError, match="no search for rail"):
        orders.search(world.db, engineer, "rail", trials=2, **told)
    with pytest.raises(ConfigError, match="1 to 1000 trials"):
        orders.search(world.db, engineer, "corrosion", trials=0, **told)
