"""The rail page's few-label views: what they say is what the ledger says, what is done is written down."""

from __future__ import annotations

import json
from unittest.mock import patch

import pytest

from core import orders, queue
from core.few_labels import corrections, cycles
from pages.parts import advice, ledger
from pages.parts import cycles as page
from pages.parts import experiments as known
from tests import experiments
from tests.serving import World
from tests.visits import text, visits

NOW = experiments.NOW


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rail")
    made = World.at(folder)
    pool, tested = experiments.photos(made.settings, folder / "scratch", 160, 40, name="tiles")
    experiments.run(made.settings, pool, tested, data="tiles", preset="table3", repeats=2)
    experiments.run(made.settings, pool, tested, data="tiles", preset="full", repeats=1)
    return made


@pytest.fixture
def visit(world, monkeypatch):
    """Opens a page as somebody."""
    with visits(world, monkeypatch) as visit:
        yield visit


def test_results_need_no_model_and_name_every_run(visit):
    at = visit("rail", view="labels", runs="1,2")
    assert at.multiselect(key="few-runs").value == [1, 2]
    assert "table3 · ResNet-50" in text(at)
    assert "full · ResNet-50" in text(at)
    at.multiselect(key="few-runs").set_value([1]).run()
    assert at.query_params["runs"] == "1"


def test_a_manager_sees_the_results_but_cannot_correct(visit, world):
    at = visit("rail", "manager", view="cycles", run="1")
    assert not at.exception
    assert "became “defect”" in text(at)
    assert not [b for b in at.button if str(b.key).startswith("undo-")]


def test_the_sentence_counts_as_the_ledger_does(visit, world):
    at = visit("rail", view="cycles", run="1", repeat="2", cycle="3")
    _, entries = cycles.ledger(world.settings.runs / "1", 2)
    own = [e for e in entries if e.cycle == 3]
    wrong = sum(bool(e.wrong) for e in own)
    assert f"<b>{sum(e.label == 'defect' for e in own)}</b> of {len(own)} photos" in text(at)
    assert wrong == 0 or f"<b>{wrong}</b> labels are wrong" in text(at)


def test_an_experiment_without_cycles_says_so(visit):
    assert "learned from people" in text(visit("rail", view="cycles", run="2"))


@pytest.mark.parametrize(
    "query", [{"cut": "nan", "share": "x", "size": "-3", "pick": "9-1,<b>"}, {"cycle": "77"}]
)
def test_nonsense_in_the_address_is_passed_over(visit, query):
    assert "became “defect”" in text(visit("rail", view="cycles", run="1", **query))


@pytest.fixture
def desk(world):
    """Cycle 2 of repeat 1, as it is on the desk."""
    told = known.Visitor(world.session_of("engineer").person, world.settings)
    e = next(e for e in known.known(world.db, world.settings) if e.id == 1)
    return told, page.desk_of(told, e, 1, 2)


def test_training_again_begins_where_the_corrections_tell(desk, world):
    told, own = desk
    person = world.session_of("engineer").person
    assert page.first_anew(own, {}) == 3, "training 3 is the first that learned from cycle 2"
    corrections.overturn(world.db, person, 1, 1, own.group.lines[:2], NOW)
    corrections.undo_cycle(world.db, person, 1, 1, 2, NOW)
    own = page.desk_of(told, own.e, 1, 2)
    assert page.first_anew(own, corrections.undone(world.db, 1, 1)) == 2, "its photos are judged anew"
    everything = page.desk_of(told, own.e, 1, ledger.ALL)
    assert page.first_anew(everything, {}) == 3
    new = orders.retrain(world.db, person, 1, 1, 2, NOW)
    rows = page.again(told, own.e, 1)
    assert [row.id for row in rows] == [str(new)]
    queue.cancel(world.db, new, NOW)


def test_the_element_is_told_what_the_ledger_holds(desk):
    told, own = desk
    with patch("streamlit.query_params", {"cut": "0.7", "share": "nan", "size": "9000"}):
        data = ledger.data_of(told, own)
    assert data["p"] == [e.p_defect for e in own.group.lines]
    assert data["lines"] == {"threshold": 0.7, "share": 0.3, "sure": 0.9, "portion": 0.5, "size": 24}
    assert set(data["held"]) == {1}
    json.dumps(data, allow_nan=False)


@pytest.mark.parametrize("view", ["trace", "advice"])
@pytest.mark.parametrize("role", ["manager", "engineer"])
def test_an_experiment_that_kept_no_features_says_what_is_missing(visit, view, role):
    told = text(visit("rail", role, view=view, run="1"))
    assert "kept no features" in told


def test_whether_it_helps_is_said_with_an_interval(visit):
    told = text(visit("rail", view="advice", run="1", training="4"))
    assert "After training 4" in told
    assert "against the labels alone, on 40 test photos of" in told


def test_who_is_asked_is_not_told_the_truth(desk, world):
    told, own = desk
    shas = [line.sha256 for line in own.group.lines[:5]]
    asked = advice.desk_of(told, own.e, 1, 3, shas, {})
    assert set(asked.group.truth.tolist()) == {-1}
    assert [line.sha256 for line in asked.group.lines] == shas
    stored = cycles.cycle(world.settings.runs / "1", 1, 3)
    place = cycles.photos(world.settings.runs / "1")["pool_sha256"].tolist()
    assert asked.group.p[0] == stored["pool_p"][place.index(shas[0])]


def test_an_answer_is_written_and_taken_back(desk, world):
    told, own = desk
    sha = own.group.lines[5].sha256
    person = world.session_of("engineer").person
    with patch.object(advice.access, "me", return_value=person):
        advice.answer(told, own.e, 1, 3, {"act": "defect", "photos": [sha]})
        said = corrections.of(world.db, 1, 1)[sha]
        assert (said.label, said.act, said.who, said.cycle) == ("defect", "labelled", "engineer", 3)
        advice.answer(told, own.e, 1, 3, {"act": "withdraw", "photos": [sha]})
    assert sha not in corrections.of(world.db, 1, 1)
