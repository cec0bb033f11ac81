"""Sweeps on the pages: what is compared is chosen and written down, what came of it is a table."""

from __future__ import annotations

import json
from unittest.mock import patch

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import cards, orders, pictures, queue, trials
from core import sweep as counted
from core.errors import Forbidden, NotFound
from core.measuring import fine
from tests import laboratory
from tests.serving import World
from tests.visits import element, figure, text, values, visits


@pytest.fixture
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweeps")
    made = World.at(folder)
    laboratory.crack_model(made.settings, folder / "scratch")
    return made


@pytest.fixture
def visit(world, monkeypatch):
    """Opens a page as somebody."""
    with visits(world, monkeypatch) as visit:
        yield visit


def table(at: AppTest, key: str) -> list[list[str]]:
    """The cells of a table as the browser gets them, their second lines left out."""
    for found in at.get("bidi_component"):
        if key in found.proto.id:
            told = json.loads(found.proto.json)
            return [[c["text"] if isinstance(c, dict) else c for c in row["cells"]] for row in told["rows"]]
    raise AssertionError(f"no table {key}")


def test_what_to_compare_is_chosen_in_the_form_and_kept_with_the_run(visit, world):
    at = visit("runs", new="crack", sweep="1")
    chosen = {w.key.rsplit("-", 1)[1]: w for w in at.multiselect}
    assert "14 trainings" not in text(at)
    chosen["losses"].set_value(["mse", "relu", "dice"])
    chosen["kernels"].set_value([3, 5]).run()
    assert "12 trainings of 600 steps each" in text(at), "mse and dice have no weight, relu has four"
    with patch("pages.parts.places.go"):
        at.button(key="start").click().run()
    [run] = queue.latest(world.db)
    assert run.config["sweep"] == {
        "loss": ["mse", "relu", "dice"],
        "weight": ["published"],
        "kernel": [3, 5],
    }


def test_a_choice_that_cannot_be_holds_the_start_back(visit):
    at = visit("runs", new="crack", sweep="1")
    chosen = {w.key.rsplit("-", 1)[1]: w for w in at.multiselect}
    chosen["weights"].set_value([1.3]).run()
    assert "below 1" in text(at)
    assert at.button(key="start").disabled


def test_without_a_sweep_the_losses_say_how_to_begin_one(visit):
    at = visit("crack", view="losses")
    assert "their table appears here" in text(at)
    assert at.button(key="sweep-begin")


def test_the_table_of_a_sweep_is_what_its_folder_says(visit, world):
    folder = laboratory.loss_sweep(world.settings, "7")
    at = visit("crack", view="losses", sweep="7")
    told = trials.table(folder)
    assert told["best"] == 3
    assert "ReLU 0.97</b> is best on the validation photos (F1 0.300)" in text(at)
    rows = table(at, "sweep-rows")
    assert [row[:2] for row in rows] == [["MSE", "–"], ["ReLU", "0.5"], ["ReLU", "0.97"]]
    assert [row[6] for row in rows] == [f"{row['f1']:.3f}" for row in told["rows"]]


def test_another_trial_is_filed_by_an_engineer_only(visit, world):
    laboratory.loss_sweep(world.settings, "7")
    assert not [b for b in visit("crack", "manager", view="losses", sweep="7").button if "sweep" in b.key]
    at = visit("crack", view="losses", sweep="7")
    at.selectbox(key="sweep-trial").select(2)
    at.text_input(key="sweep-name").set_value("Relu at a half").run()
    with patch("pages.parts.places.go") as gone:
        at.button(key="sweep-file").click().run()
    gone.assert_called_once_with("models", model="crack/relu-at-a-half")
    assert cards.read(world.settings.models, "crack", "relu-at-a-half").made_by == "engineer"


def test_fine_cracks_are_told_by_width_at_the_present_threshold(visit, world):
    home = cards.place(world.settings.models, "crack", "starter-test")
    told = cards.evaluation(home, "test")
    at = visit("crack", threshold="0.5")
    for threshold in (0.5, 0.7):
        at.slider(key="threshold").set_value(threshold).run()
        found = fine.score(told, threshold)
        assert [row[1] for row in table(at, "fine-width")] == [
            "–" if np.isnan(row["recall"]) else f"{row['recall']:.2f}" for row in found["by_width"]
        ]
        plain, two = fine.rescue(told, threshold)
        assert [row[0] for row in table(at, "fine-rescue")] == ["Plain mask", "Two thresholds"]
        assert table(at, "fine-rescue")[1][1] == f"{two['gained_px']:+,.0f}\u00a0px"
        assert table(at, "fine-rescue")[0][3] == f"{plain['f1']:.3f}"
    np.savez(home / "evaluation-test-x2.npz", **told)
    at = visit("crack", threshold="0.5")
    assert [row[0] for row in table(at, "fine-rescue")][2:] == ["Photos enlarged twice", "Both"]


def test_filing_asks_for_the_role_where_it_writes(world):
    folder = laboratory.loss_sweep(world.settings, "7")
    manager = world.session_of("manager").person
    with pytest.raises(Forbidden):
        orders.file_trial(
            world.db, manager, world.settings.runs, world.settings.models, folder.name, 1, name="x", now=1.0
        )


def test_masks_of_trainings_that_are_no_models_stand_side_by_side(visit, world):
    folder = laboratory.loss_sweep(world.settings, "7")
    at = visit("crack", view="losses")
    at.session_state["sweep-masks"] = True
    at.run()
    assert not at.exception
    assert at.multiselect(key="sweep-masks-of").value == [3, 1], "the best of each loss, the best first"
    told = element(at, "sweep-mask")
    assert [m["name"] for m in told["models"]] == ["ReLU 0.97", "MSE"]
    sha = told["models"][0]["map"].rsplit("/", 1)[1]
    assert told["models"][0]["map"] == f"/api/v1/sweeps/7/3/maps/{sha}"
    assert pictures.trial_map(world.settings.runs, "7", 3, sha).parent.parent == folder / "trial-03"
    for run, number, photo in (("8", 3, sha), ("7", 9, sha), ("7", 3, "0" * 64), ("..", 3, sha)):
        with pytest.raises(NotFound):
            pictures.trial_map(world.settings.runs, run, number, photo)


def test_each_figure_of_a_sweep_is_drawn_against_the_threshold(visit, world):
    folder = laboratory.loss_sweep(world.settings, "7")
    at = visit("crack", view="losses")
    told = cards.evaluation(folder / "trial-03", "test")
    pooled = counted.of_histogram(told["histogram"].sum(0))
    lines = {line["name"]: line for line in figure(at, "sweep-thresholds")["data"] if line.get("name")}
    assert set(lines) == {"MSE", "ReLU 0.5", "ReLU 0.97"}
    at_half = int(np.abs(counted.THRESHOLDS - 0.5).argmin())
    assert values(lines["ReLU 0.97"])[at_half] == pytest.approx(float(pooled.f1[at_half]), abs=1e-6)
    at.segmented_control(key="sweep-figure").set_value("accuracy").run()
    lines = {line["name"]: line for line in figure(at, "sweep-thresholds")["data"] if line.get("name")}
    assert values(lines["ReLU 0.97"])[at_half] == pytest.approx(float(pooled.accuracy[at_half]), abs=1e-6)
