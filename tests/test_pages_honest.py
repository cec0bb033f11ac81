"""The corrosion laboratory, honestly: what a difference is worth, what a promise needs and names."""

from __future__ import annotations

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import cards
from core.grading import conformal, grades
from tests import laboratory
from tests.visits import text, visits


@pytest.fixture
def world(tmp_path):
    return laboratory.Validated.at(tmp_path)


@pytest.fixture
def visit(world, monkeypatch):
    with visits(world, monkeypatch) as opened:
        yield opened


def table(at: AppTest, key: str) -> dict[str, list]:
    """The cells of one of our tables by row."""
    [told] = [json.loads(e.proto.json) for e in at.get("bidi_component") if f"{key}-" in f"{e.proto.id}-"]
    return {row["id"]: row["cells"] for row in told["rows"]}


def test_fewer_labels_than_a_promise_needs_are_said_and_the_grades_stay_in_every_set(visit):
    at = visit("corrosion", view="honest", coverage="95")
    assert "Not enough labels for 95\u00a0%: Grade 0, Grade 1, Grade 2, Grade 3 would need 19" in text(at)
    assert [cells[2] for cells in table(at, "promise-sets").values()] == ["100\u00a0%"]
    assert "Not enough labels" not in text(visit("corrosion", view="honest", coverage="80"))


def test_the_sets_of_grades_are_counted_and_those_of_several_are_for_a_person(visit, world):
    home = cards.place(world.settings.models, "corrosion", "starter-test")
    test = cards.evaluation(home, "test")
    promised = conformal.promise(world.evaluation["p"], world.evaluation["truth"], 0.8)
    rows = table(visit("corrosion", view="honest", coverage="80"), "promise-sets")
    found = promised.by_set(test["p"])
    assert (
        sum(int(cells[1]) for cells in rows.values()) == len(test["truth"]) == sum(len(at) for _, at in found)
    )
    for which, at in found:
        name, n, _, to_do = rows["set-" + "".join(map(str, which))]
        assert n == str(len(at))
        assert (to_do == "a person should look") == (len(which) != 1)
        assert name == (" or ".join(f"Grade {g}" for g in which) or "none: unlike any grade")


def test_two_models_are_set_against_each_other_with_what_that_is_worth(visit, world, tmp_path):
    home = cards.place(world.settings.models, "corrosion", "starter-test")
    card, test = (
        cards.read(world.settings.models, "corrosion", "starter-test"),
        cards.evaluation(home, "test"),
    )
    better = {**test, "p": np.eye(4, dtype=np.float32)[test["truth"]] * 0.9 + 0.025}
    laboratory._file(
        world.settings,
        tmp_path / "better",
        better,
        laboratory._card("corrosion", "better", card.classes, 0.6, {}, preprocessing={"trimmed": True}),
    )
    at = visit("corrosion", **{"with": "better"})
    want = grades.difference(test, better)
    rows = table(at, "difference-table")
    value, low, high = want.figures["accuracy"]
    assert rows["accuracy"][1] == {"text": f"{value:+.3f}", "sub": f"{low:+.3f} … {high:+.3f}"}
    assert value < 0
    [spec] = [json.loads(c.proto.spec) for c in at.get("plotly_chart") if "difference" in c.proto.id]
    assert [cell[2] for cell in spec["data"][-1]["customdata"]] == np.ravel(want.cells).tolist()
