"""The corrosion laboratory: labels that are corrected, networks that are compared, what a manager may do."""

from __future__ import annotations

import contextlib
import json
import time
from unittest.mock import PropertyMock, patch

import numpy as np
import pytest
from safetensors.numpy import save_file
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from core import accounts, cards, corrosion, gate, grades, labels, queue, trials
from core.corrosion import Config
from tests import laboratory
from tests.serving import World


@pytest.fixture
def world(tmp_path):
    made = World.at(tmp_path)
    laboratory.corrosion_model(made.settings, tmp_path / "scratch")
    made.evaluation = laboratory.corrosion_validation(made.settings, tmp_path / "scratch")
    return made


@pytest.fixture
def visit(world, monkeypatch):
    monkeypatch.setenv("PATINA_DATA", str(world.settings.data))
    monkeypatch.setenv("PATINA_MODELS", str(world.settings.models))
    with contextlib.ExitStack() as stack:

        def visit(page: str = "corrosion", role: str = "engineer", **query: str) -> AppTest:
            word = gate.sign(world.settings.data, world.session_of(role))
            header = patch.object(
                ContextProxy, "headers", new_callable=PropertyMock, return_value={gate.HEADER: word}
            )
            stack.enter_context(header)
            at = AppTest.from_file(f"../pages/{page}.py", default_timeout=60)
            for name, value in query.items():
                at.query_params[name] = value
            at.run()
            assert not at.exception, at.exception[0].message if at.exception else ""
            return at

        yield visit


def text(at: AppTest) -> str:
    kinds = ("html", "markdown", "title", "warning")
    return "\n".join(str(e.proto.body if kind == "html" else e.value) for kind in kinds for e in at.get(kind))


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
    assert "<b>AlexNet, untrimmed</b> is best in cross validation (mean F1 0.40)" in said
    assert "ImageNet weights that were not whole here – ResNet-18" in said
    specs = {c.proto.id: json.loads(c.proto.spec) for c in at.get("plotly_chart")}
    accuracy = next(spec for id, spec in specs.items() if "val_accuracy" in id)
    assert [(line["name"], line["line"]["dash"]) for line in accuracy["data"]] == [
        ("ResNet-18, trimmed", "solid"),
        ("ResNet-18, untrimmed", "dash"),
        ("AlexNet, trimmed", "solid"),
        ("AlexNet, untrimmed", "dash"),
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
