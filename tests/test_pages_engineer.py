"""The engineers' pages: what moves with the threshold, what is written, who may do what."""

from __future__ import annotations

import json
import shutil
import time
from unittest.mock import patch

import numpy as np
import pytest

from core import cards, explore, orders, queue, services
from core.errors import ConfigError, Forbidden
from core.grading import decisions
from core.people import accounts
from core.settings import Settings
from tests import laboratory
from tests.serving import World
from tests.visits import element, figure, text, visits


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A data folder with models and people, copied for every test that writes."""
    folder = tmp_path_factory.mktemp("engineer")
    world = World.at(folder)
    laboratory.fill(world.settings, folder / "scratch")
    return world


@pytest.fixture
def visit(filled, monkeypatch):
    """Opens a page as somebody."""
    with visits(filled, monkeypatch) as visit:
        yield visit


@pytest.fixture
def own(filled, tmp_path):
    """A copy of the filled house, for tests that write."""
    shutil.copytree(filled.settings.data, tmp_path / "data")
    shutil.copytree(filled.settings.models, tmp_path / "models")
    settings = Settings(data=tmp_path / "data", models=tmp_path / "models", weights=None, lanes=())
    return World(settings, filled.cookies, filled.hashes, filled.tokens)


def mark(spec: dict) -> float:
    """Where a figure's vertical line stands."""
    lines = [s for s in spec["layout"]["shapes"] if s["type"] == "line" and s["x0"] == s["x1"]]
    assert len(lines) == 1
    return lines[0]["x0"]


def test_a_move_of_the_threshold_moves_words_and_figures_together(visit, filled):
    at = visit("rail")
    test = explore.YesNo.of(
        cards.evaluation(cards.place(filled.settings.models, "rail", "starter-test"), "test")
    )
    for threshold in (0.5, 0.9, 0.1):
        at.slider(key="threshold").set_value(threshold).run()
        counts = test.at(threshold)
        said = text(at)
        assert f"<b>{int(counts.tp)}</b> of 20 defects are found" in said
        assert f"<b>{int(counts.fn)}</b> missed; <b>{int(counts.fp)}</b> of 40" in said
        assert mark(figure(at, "rail-curve")) == threshold
        assert mark(figure(at, "rail-spread")) == threshold


def test_the_threshold_in_the_address_begins_the_page(visit):
    assert visit("rail", threshold="0.71").slider(key="threshold").value == 0.71
    assert visit("rail").slider(key="threshold").value == 0.5


def test_photos_that_are_not_on_this_machine_are_counted(visit):
    at = visit("rail", show="passed", threshold="0.5")
    assert "of these photos are not on this machine" in text(at)
    assert "rail-test" in text(at)


def test_the_lists_of_a_threshold_say_how_many_photos_they_hold(visit):
    at = visit("rail", threshold="0.999")
    options = at.get("button_group")
    labels = [o.content for g in options for o in g.proto.options]
    assert "Missed 20" in labels or "Missed 19" in labels
    assert "False alarm 0" in labels


def test_a_threshold_is_put_into_service_with_a_reason(visit, own):
    at = visit("rail", world=own)
    at.slider(key="threshold").set_value(0.3).run()
    assert at.button(key="use-threshold").disabled
    at.text_input(key="why").set_value("we would rather look twice").run()
    at.button(key="use-threshold").click().run()
    assert not at.exception
    service = services.current(own.db, "rail")
    assert (service.threshold, service.who) == (0.3, "engineer")
    assert service.why == "we would rather look twice"
    fresh = visit("rail", world=own)
    assert fresh.slider(key="threshold").value == 0.3


def test_a_manager_looks_and_changes_nothing(visit):
    at = visit("rail", role="manager")
    at.slider(key="threshold").set_value(0.3).run()
    assert not [b for b in at.button if b.key == "use-threshold"]


@pytest.mark.parametrize("page", ["rail", "crack", "corrosion", "runs", "run", "models"])
def test_an_inspector_is_told_whom_a_page_is_for(visit, page):
    at = visit(page, role="inspector")
    assert "This page is for: Manager, Engineer, Admin" in text(
        at
    ) or "This page is for: Engineer, Admin" in text(at)
    assert not at.slider
    assert not at.button


@pytest.mark.parametrize("page", ["rail", "crack", "corrosion"])
def test_a_laboratory_without_a_model_says_what_to_do(visit, tmp_path, page):
    world = World.at(tmp_path)
    at = visit(page, world=world)
    assert "There is no" in text(at)
    assert at.button[0].label == "Start a training"


@pytest.mark.parametrize("page", ["rail", "crack", "corrosion"])
@pytest.mark.parametrize("view", ["published", "cycles", "losses", "honest", "costs"])
def test_every_view_is_a_link(visit, page, view):
    at = visit(page, view=view)
    assert not at.exception


def test_costs_move_the_matrix_and_go_into_service(visit, own):
    card = cards.read(own.settings.models, "corrosion", "starter-test")
    stored = cards.evaluation(cards.place(own.settings.models, "corrosion", card.id), "test")
    at = visit("corrosion", world=own, view="costs", worse="9.0")
    told = decisions.decided(
        stored["p"], stored["truth"], decisions.costs_of(9.0, True), card.threshold or 0.5
    )
    cells = figure(at, "cost-matrix")["data"][-1]["customdata"]
    assert [c[2] for c in cells] == told.confusion.ravel().tolist()
    at.text_input(key="cost-why").set_value("a missed 3 is dear").run()
    at.button(key="use-costs").click().run()
    assert not at.exception
    service = services.current(own.db, "corrosion")
    assert service.why == "a missed 3 is dear"
    assert np.allclose(service.costs, decisions.costs_of(9.0, True))
    assert np.allclose(services.serving(own.db, own.settings.models, "corrosion").costs, service.costs)
    assert "costs set by" in text(visit("corrosion", world=own, view="costs"))


def test_each_cost_counts_by_itself_and_what_is_in_service_is_shown_again(visit, own):
    card = cards.read(own.settings.models, "corrosion", "starter-test")
    stored = cards.evaluation(cards.place(own.settings.models, "corrosion", card.id), "test")
    dear = np.asarray(decisions.EQUAL_COSTS)
    dear[3, 1] = 40.0  # one cell, which no rule for the whole table would raise alone
    at = visit("corrosion", world=own, view="costs", costs="_".join(f"{c:g}" for c in dear.ravel()))
    told = decisions.decided(stored["p"], stored["truth"], dear, card.threshold or 0.5)
    cells = figure(at, "cost-matrix")["data"][-1]["customdata"]
    assert [c[2] for c in cells] == told.confusion.ravel().tolist()
    assert element(at, "cost-cells-table")["cells"] == dear.ravel().tolist()
    at.text_input(key="cost-why").set_value("a 3 called 1 fell off").run()
    at.button(key="use-costs").click().run()
    assert np.allclose(services.current(own.db, "corrosion").costs, dear)
    again = visit("corrosion", world=own, view="costs")
    assert element(again, "cost-cells-table")["cells"] == dear.ravel().tolist()
    again.slider(key="worse").set_value(5.0).run()  # a knob fills all cells anew
    filled = decisions.costs_of(5.0, True).ravel().tolist()
    assert element(again, "cost-cells-table")["cells"] == filled


def test_costs_that_cannot_decide_are_said_in_a_sentence(visit, own):
    at = visit("corrosion", world=own, view="costs", costs="_".join(["0"] * 16))
    assert "All costs are 0" in text(at)
    assert not [b for b in at.button if b.key == "use-costs"]
    assert visit("corrosion", world=own, view="costs", costs="1_2_x").slider(key="worse").value == 3.0


def test_an_inspector_cannot_set_costs(own):
    card = cards.read(own.settings.models, "corrosion", "starter-test")
    with pytest.raises(Forbidden):
        orders.promote(
            own.db,
            accounts.account(own.db, "inspector").person,
            card,
            now=1.0,
            why="x",
            costs=decisions.EQUAL_COSTS,
        )
    crack = cards.read(own.settings.models, "crack", "starter-test")
    with pytest.raises(ConfigError, match="Costs are for grades"):
        orders.promote(
            own.db,
            accounts.account(own.db, "engineer").person,
            crack,
            now=1.0,
            why="x",
            costs=decisions.EQUAL_COSTS,
        )


def test_a_view_in_the_address_that_is_none_is_passed_over(visit):
    assert visit("rail", view="nonsense", show="<b>", threshold="7").slider(key="threshold").value == 0.5


def test_another_model_begins_at_its_own_threshold(visit, own, tmp_path):
    laboratory.rail_model(own.settings, tmp_path / "scratch", "second", seed=5, gap=2.5)
    services.promote(
        own.db, cards.read(own.settings.models, "rail", "starter-test"), who="x", now=1.0, threshold=0.8
    )
    at = visit("rail", world=own)
    assert at.slider(key="threshold").value == 0.8
    at.selectbox(key="rail-model").select("second").run()
    assert not at.exception
    assert at.slider(key="threshold").value == 0.5
    assert at.query_params["model"] == "second"


def test_the_crack_page_speaks_in_pixels_and_in_photos(visit, filled):
    at = visit("crack", threshold="0.5")
    told = cards.evaluation(cards.place(filled.settings.models, "crack", "starter-test"), "test")
    pooled = explore.Masks.of(told["histogram"]).at(0.5)
    share = f"{100 * int(pooled.tp) / int(pooled.tp + pooled.fn):.0f}\u00a0%"
    assert f"<b>{share}</b> of the crack pixels are found" in text(at)
    assert "of 5 photos with a crack" in text(at)
    assert "of 1 clean photos" in text(at)
    assert mark(figure(at, "crack-curve")) == 0.5


def test_the_worst_photo_stands_first_and_another_is_a_link(visit, filled):
    told = cards.evaluation(cards.place(filled.settings.models, "crack", "starter-test"), "test")
    worst = explore.Masks.of(told["histogram"]).worst(0.5)
    at = visit("crack", threshold="0.5")
    assert f"<b>{told['name'][worst[0]]}</b>" in text(at)
    assert "1 of 6 by F1" in text(at)
    other = visit("crack", threshold="0.5", photo=str(told["sha256"][worst[3]])[:12])
    assert f"<b>{told['name'][worst[3]]}</b>" in text(other)
    assert "4 of 6 by F1" in text(other)


def test_the_losses_are_drawn_for_any_weight(visit):
    at = visit("crack", view="losses")
    at.slider(key="w").set_value(1.0).run()
    assert len(figure(at, "losses")["data"]) == 4  # balanced step cannot take it
    assert "below 1" in text(at)


def test_a_cell_shows_its_photos(visit, filled):
    told = cards.evaluation(cards.place(filled.settings.models, "corrosion", "starter-test"), "test")
    at = visit("corrosion")
    at.selectbox(key="truth").select(2).run()
    at.selectbox(key="said").select(2).run()
    n = len(explore.cell(told["truth"], told["p"], 2, 2))
    assert f"{n} photos of Grade 2, rightly graded" in text(at)
    assert at.query_params["said"] == "2"


def test_the_matrix_is_shown_in_photos_or_in_shares(visit):
    spec = figure(visit("corrosion"), "corrosion-matrix")
    assert [a["text"].count("%") for a in spec["layout"]["annotations"]] == [1] * 16
    shares = figure(visit("corrosion", **{"as": "shares"}), "corrosion-matrix")
    assert all(
        a["text"].startswith(("<b>", "<b>–")) and "%" in a["text"][:12]
        for a in shares["layout"]["annotations"]
    )


def test_runs_without_any_say_how_to_begin(visit, own):
    at = visit("runs", world=own)
    assert "Nothing has been trained here yet" in text(at)
    assert at.button(key="new").label == "Start a training"


def test_a_training_is_ordered_from_the_form(visit, own):
    at = visit("runs", world=own, new="rail")
    key = next(w.key for w in at.number_input if w.key.endswith("-epochs"))
    at.number_input(key=key).set_value(2).run()
    assert "One setting differs from the preset" in text(at)
    with patch("pages.parts.places.go") as gone:
        at.button(key="start").click().run()
    [run] = queue.latest(own.db)
    assert run.config == {"data": "rail-test", "preset": "quick", "set": {"epochs": 2}, "words": 0}
    assert (run.owner, run.state) == ("engineer", "waiting")
    gone.assert_called_once_with("run", id=str(run.id))


def test_a_setting_that_cannot_be_holds_the_start_back(visit, own):
    at = visit("runs", world=own, new="crack")
    keys = {w.key.rsplit("-", 1)[1]: w for kind in (at.number_input, at.selectbox) for w in kind}
    keys["loss"].set_value("balanced_step")
    keys["weight"].set_value(1.3).run()
    assert "below 1" in text(at)
    assert at.button(key="start").disabled


def test_a_domain_without_a_set_leads_to_data(visit, tmp_path):
    at = visit("runs", world=World.at(tmp_path), new="corrosion")
    assert "No Corrosion set is large enough to learn from" in text(at)
    assert not [b for b in at.button if b.key == "start"]


def test_again_with_changes_begins_where_the_run_was(visit, own):
    run_id = laboratory.run(own.settings, "done", epochs=4)
    at = visit("runs", world=own, again=str(run_id))
    key = next(w.key for w in at.number_input if w.key.endswith("-epochs"))
    assert at.number_input(key=key).value == 4


def test_a_run_shows_its_curves_and_settings(visit, own):
    run_id = laboratory.run(own.settings, "done", name="my model")
    at = visit("run", world=own, id=str(run_id))
    assert at.title[0].value == "my model"
    scores = figure(at, "run-chart-True")
    assert len(scores["data"]) == 1
    assert "the curve is half way" not in text(at)  # notes are in the log, not in the figures
    assert [b.key for b in at.button if b.key in ("model-of", "again", "cancel", "resume")] == [
        "model-of",
        "again",
    ]


def test_a_run_is_stopped_and_resumed_from_its_page(visit, own):
    run_id = laboratory.run(own.settings, "running")
    at = visit("run", world=own, id=str(run_id))
    at.button(key="cancel").click().run()
    assert queue.get(own.db, run_id).cancel_at is not None
    assert "Stopping after this step" in text(at)
    run = queue.get(own.db, run_id)
    queue.stop(own.db, run, time.time())
    at = visit("run", world=own, id=str(run_id))
    at.button(key="resume").click().run()
    assert queue.get(own.db, run_id).state == "waiting"


def test_a_failed_run_says_why(visit, own):
    run_id = laboratory.run(own.settings, "failed")
    assert "labels of one class only" in text(visit("run", world=own, id=str(run_id)))


@pytest.mark.parametrize("id", ["", "999", "x", "-1"])
def test_a_run_that_is_not_there_leads_back(visit, id):
    assert "no run of this number" in text(visit("run", id=id))


def test_two_runs_are_laid_over_each_other(visit, own):
    one = laboratory.run(own.settings, "done", name="one", epochs=3)
    two = laboratory.run(own.settings, "done", name="two", epochs=5)
    at = visit("runs", world=own, runs=f"{one},{two},999")
    spec = figure(at, "overlay-chart")
    assert [line["name"] for line in spec["data"]] == [f"one ({one})", f"two ({two})"]


def test_models_name_who_serves(visit):
    at = visit("models")
    assert not at.exception
    assert {m.value for m in at.markdown} >= {"## Rail", "## Crack", "## Corrosion"}


def test_a_card_is_a_page(visit):
    at = visit("models", model="crack/starter-test")
    assert at.title[0].value == "starter-test"
    said = text(at).replace("<span>", "").replace("</span>", "")
    for told in (
        "Has seen one camera only.",
        "best F1 on 20 validation photos",
        "python -m core train crack",
        "CC0",
    ):
        assert told in said


def test_a_crack_card_shows_the_intervals_that_it_has(visit, own):
    """Cards of before had one for F1 alone."""
    names = ("f1", "recall", "precision", "iou")
    at = visit("models", world=own, model="crack/starter-test")
    assert all(shown["aside"] for shown in element(at, "card-figures")["figures"])
    path = cards.place(own.settings.models, "crack", "starter-test") / "card.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    for name in (*names[1:], "accuracy"):
        for end in ("low", "high"):
            del card["figures"]["test"][f"{name}_{end}"]
    path.write_text(json.dumps(card), encoding="utf-8")
    older = visit("models", world=own, model="crack/starter-test")
    assert not older.exception
    assert [bool(shown["aside"]) for shown in element(older, "card-figures")["figures"]] == [True] + [
        False
    ] * 3
    rows = {row["id"]: row["cells"][1] for row in element(older, "card-all")["rows"]}
    assert ["to" in rows[name] for name in names] == [True] + [False] * 3


def test_a_manager_sees_cards_and_cannot_promote(visit, own, tmp_path):
    laboratory.rail_model(own.settings, tmp_path / "scratch", "second", seed=5)
    at = visit("models", role="manager", world=own, model="rail/second")
    assert not [b for b in at.button if b.key == "promote"]
    assert [b for b in visit("models", world=own, model="rail/second").button if b.key == "promote"]


def test_before_a_promotion_the_comparison_is_shown(visit, own, tmp_path):
    laboratory.rail_model(own.settings, tmp_path / "scratch", "second", seed=5, gap=2.5)
    at = visit("models", world=own, model="rail/second")
    at.button(key="promote").click().run()
    titles = [block.proto.dialog.title for block in at.get("dialog")]
    assert titles == ["Put second into service for Rail?"]
    assert "Both answered the same test photos" in text(at)
    assert at.button(key="promote-confirm").disabled


def test_a_move_of_the_threshold_reads_no_file_again(visit, filled, monkeypatch):
    at = visit("rail")
    opened = []
    real = np.load
    monkeypatch.setattr(np, "load", lambda *a, **k: opened.append(a) or real(*a, **k))
    at.slider(key="threshold").set_value(0.42).run()
    assert opened == []


def test_names_of_people_and_photos_are_shown_as_text(visit, own):
    card = cards.read(own.settings.models, "rail", "starter-test")
    services.promote(own.db, card, who="<script>alert(1)</script>", now=1.0, why="x")
    assert "<script>" not in text(visit("rail", world=own))
    assert "&lt;script&gt;" in text(visit("rail", world=own))
