"""Figures of the advice: what cannot be told leaves a gap, what is not sure looks like it."""

from __future__ import annotations

import dataclasses

import numpy as np

from core.few_labels.advice import Helping
from core.few_labels.luck import Luck
from pages.parts import advice_figures, charts


def one(better: float, low: float, high: float, key: str) -> Helping:
    return Helping(better, low, high, 0.0, 0.0, 0.0, key, "go_on", 100, 10)  # type: ignore[arg-type]


def test_a_gain_that_is_not_sure_is_hollow():
    found = [one(0.2, 0.1, 0.3, "better"), one(0.02, -0.1, 0.1, "unclear"), one(-0.2, -0.3, -0.1, "worse")]
    figure = advice_figures.gains([2, 3, 4], [45, 69, 93], found)
    dots = figure.data[-1]
    assert list(dots.y) == [0.2, 0.02, -0.2]
    assert list(dots.marker.symbol) == ["circle", "circle-open", "circle"]
    assert [list(d.y) for d in figure.data[:-1]] == [[0.1, 0.3], [-0.1, 0.1], [-0.3, -0.1]]
    low, high = figure.layout.yaxis.range
    assert low == -high, "zero stands in the middle"
    assert dots.marker.color[2] == charts.colour("miss")


def test_a_share_that_cannot_be_told_leaves_a_gap():
    nan = float("nan")
    figure = advice_figures.ratio([21, 45], [(nan, nan, nan), (0.25, 0.2, 0.3)], 0.3, None)
    estimated = next(d for d in figure.data if d.name == "estimated")
    assert list(estimated.y) == [None, 0.25]
    assert [list(d.y) for d in figure.data if d.name == "assumed"] == [[0.3, 0.3]]
    assert not [d for d in figure.data if d.name == "true"]


def test_the_size_that_is_enough_is_marked():
    told = Luck(
        (21, 42, 84), np.array([0.4, 0.5, 0.6]), np.array([0.1, 0.07, 0.04]), np.array([0.2, 0.4, 0.5]),
        np.array([0.6, 0.6, 0.7]), 0.01, 84,
    )  # fmt: skip
    figure = advice_figures.luck(told, 0.05)
    assert "84" in figure.layout.annotations[0].text
    assert [s.x0 for s in figure.layout.shapes] == [84]
    none = advice_figures.luck(dataclasses.replace(told, enough=None), 0.05)
    assert not none.layout.annotations
