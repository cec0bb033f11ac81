"""The crack laboratory's page: one threshold moves words, counts and photos; a price moves the threshold."""

from __future__ import annotations

import pytest

from core import cards
from core.measuring.stakes import Stakes
from tests import laboratory
from tests.serving import World
from tests.visits import text, visits


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crack")
    made = World.at(folder)
    laboratory.crack_model(made.settings, folder / "scratch")
    return made


@pytest.fixture
def visit(world, monkeypatch):
    """Opens a page as somebody."""
    with visits(world, monkeypatch) as visit:
        yield visit


def test_a_price_moves_the_threshold_to_where_mistakes_cost_least(visit, world):
    place = cards.place(world.settings.models, "crack", "starter-test")
    stakes = Stakes.of_evaluation(cards.evaluation(place, "test") or {})
    assert stakes is not None
    at = visit("crack")
    assert at.slider(key="threshold").value == 0.45
    for price in (500.0, 0.1):
        at.select_slider(key="price").set_value(price).run()
        assert at.slider(key="threshold").value == stakes.cheapest(price)
        assert f"At <b>{stakes.cheapest(price):.3f}</b>" in text(at)
    at.slider(key="threshold").set_value(0.9).run()
    assert f"the cheapest threshold is {stakes.cheapest(0.1):.3f}" in text(at)


def test_with_a_scale_a_price_is_for_a_metre(visit, world):
    place = cards.place(world.settings.models, "crack", "starter-test")
    stakes = Stakes.of_evaluation(cards.evaluation(place, "test") or {})
    assert stakes is not None
    at = visit("crack")
    at.number_input(key="set-scale").set_value(100.0).run()
    at.select_slider(key="price").set_value(0.5).run()
    assert at.slider(key="threshold").value == stakes.cheapest(0.5, unit_px=10.0)
