"""Figures: the same colour for the same thing, apart for all eyes, axes with units, one threshold line."""

from __future__ import annotations

import itertools

import numpy as np
import plotly.graph_objects as go
import pytest

from core import losses, sweep
from core.explore import Masks
from pages.parts import charts, confusion_figures, loss_figure, threshold_figures
from pages.parts.strings import t

TOGETHER = (
    ("precision", "recall", "f1", "balanced_accuracy"),
    ("hit", "miss", "false_alarm"),
    ("defect", "normal"),
    ("grade.0", "grade.1", "grade.2", "grade.3"),
    tuple(f"loss.{name}" for name in losses.LOSSES),
)
"""Colours that meet in one figure."""

SEEN = {
    "everybody": np.eye(3),
    # Machado, Oliveira and Fernandes 2009, severity 1
    "protanopes": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopes": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}


def lab(hex_colour: str, eye: np.ndarray) -> np.ndarray:
    """CIELAB of a colour as an eye sees it."""
    rgb = np.array([int(hex_colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(eye @ linear, 0, 1)
    xyz = (
        np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
        @ linear
        / np.array([0.9505, 1.0, 1.089])
    )
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("eye", list(SEEN))
@pytest.mark.parametrize("names", TOGETHER, ids="/".join)
def test_colours_of_one_figure_stay_apart(names, eye, mode):
    for one, two in itertools.combinations(names, 2):
        gap = np.linalg.norm(
            lab(charts.colour(one, mode), SEEN[eye]) - lab(charts.colour(two, mode), SEEN[eye])
        )
        dashed = charts.DASHES.get(one) != charts.DASHES.get(two)
        assert gap >= (12 if dashed else 14), f"{one} and {two} for {eye} by {mode}: {gap:.0f}"


def contrast(one: str, two: str) -> float:
    def luminance(c: str) -> float:
        rgb = np.array([int(c[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return float(np.array([0.2126, 0.7152, 0.0722]) @ linear)

    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_lines_can_be_told_from_the_paper(mode):
    paper = charts.colour("paper", mode)
    for name in ("precision", "recall", "f1", "balanced_accuracy", "crack", "defect", "normal"):
        assert contrast(charts.colour(name, mode), paper) >= 3, name
    assert contrast(charts.colour("ink", mode), paper) >= 7
    assert contrast(charts.colour("quiet", mode), paper) >= 4


def curve():
    histogram = np.zeros((1, 256, 2), np.int64)
    histogram[0, :, 0], histogram[0, 100:, 1] = np.arange(256)[::-1], 5
    return Masks.of(histogram).curve()


def figures():
    counts = curve()
    p, truth = np.linspace(0, 1, 30), np.arange(30) % 2
    matrix = np.array([[5, 1], [2, 8]])
    return {
        "against_threshold": threshold_figures.against_threshold(
            sweep.THRESHOLDS, {"f1": counts.f1, "precision": counts.precision}, 0.4, unit="Share, 0 to 1"
        ),
        "precision_recall": threshold_figures.precision_recall(
            counts.precision, counts.recall, sweep.THRESHOLDS, 0.4, base=0.1
        ),
        "spread": threshold_figures.spread(p, truth, ("normal", "defect"), 0.4),
        "confusion": confusion_figures.confusion(matrix, ["no", "yes"]),
        "calibration": confusion_figures.calibration(
            np.array([0.5, 0.9]), np.array([0.4, 0.9]), np.array([3, 7])
        ),
        "losses": loss_figure.drawn(0.5),
        "curves": charts.curves([("a", [1, 2], [0.1, None], 0)], "Step", "F1, 0 to 1", unit=True),
    }


@pytest.mark.parametrize("name", list(figures()))
def test_both_axes_say_what_they_measure(name):
    figure = figures()[name]
    assert figure.layout.xaxis.title.text
    assert figure.layout.yaxis.title.text
    assert figure.layout.template.layout.font.family == charts.FONT
    assert figure.layout.title.text is None  # the title stands above, as text


@pytest.mark.parametrize("name", list(figures()))
def test_a_figure_is_one_that_plotly_accepts_though_it_is_not_asked_on_the_page(name):
    told = figures()[name].to_dict()
    assert go.Figure(told).to_dict() == told


def lines_at(figure, x):
    return [s for s in figure.layout.shapes if s.type == "line" and s.x0 == s.x1 == x]


def test_the_threshold_is_one_vertical_line_with_its_value():
    figure = figures()["against_threshold"]
    assert len(lines_at(figure, 0.4)) == 1
    assert "0.400" in " ".join(a.text for a in figure.layout.annotations)


def test_the_same_thing_has_the_same_colour_in_every_figure():
    line = next(d for d in figures()["against_threshold"].data if d.line.color == charts.colour("f1"))
    assert line.line.width == 3
    bars = {d.name: d.marker.color for d in figures()["spread"].data}
    assert bars == {t(f"label.{name}"): charts.colour(name) for name in ("normal", "defect")}


def test_a_figure_without_value_leaves_a_gap():
    counts = curve()
    precision = np.asarray(counts.precision).copy()
    precision[-5:] = np.nan
    figure = threshold_figures.against_threshold(sweep.THRESHOLDS, {"precision": precision}, None, unit="x")
    assert np.isnan(figure.data[0].y[-5:]).all()
    assert not figure.layout.shapes


def test_the_loss_figure_is_drawn_by_the_formulas_that_train():
    figure = loss_figure.drawn(0.5)
    assert len(figure.data) == len(losses.LOSSES)
    for line, (name, loss) in zip(figure.data, losses.LOSSES.items(), strict=True):
        np.testing.assert_array_equal(line.y, loss.formula(np.asarray(line.x), 0.5))
        assert line.line.color == charts.colour(f"loss.{name}")


def test_a_loss_that_cannot_take_the_weight_is_left_out():
    assert len(loss_figure.drawn(1.0).data) == len(losses.LOSSES) - 1


def test_without_weight_all_losses_are_one_line():
    lines = [np.asarray(line.y) for line in loss_figure.drawn(0.0).data]
    for line in lines[1:]:
        np.testing.assert_array_equal(line, lines[0])


def test_a_cell_of_a_confusion_matrix_can_be_clicked_and_says_which_it_is():
    figure = confusion_figures.confusion(np.array([[5, 1], [2, 8]]), ["no", "yes"], chosen=(1, 0))
    cells = figure.data[0]
    assert cells.hoverinfo == "none"  # "skip" takes the clicks away
    assert [list(c[:3]) for c in cells.customdata] == [[0, 0, 5], [0, 1, 1], [1, 0, 2], [1, 1, 8]]
    assert figure.layout.clickmode == "event+select"
    assert [s.line.width > 0 for s in figure.layout.shapes] == [False, False, True, False]


def test_a_row_without_photos_has_no_shares():
    figure = confusion_figures.confusion(np.array([[0, 0], [2, 8]]), ["no", "yes"], what="shares")
    assert "–" in figure.layout.annotations[0].text


def test_the_point_of_the_curve_is_the_threshold_nearest_to_the_slider():
    counts = curve()
    figure = threshold_figures.precision_recall(counts.precision, counts.recall, sweep.THRESHOLDS, 0.4)
    point = figure.data[-1]
    assert point.x[0] == counts.recall[sweep.at(0.4)]
    assert point.y[0] == counts.precision[sweep.at(0.4)]


def test_mirrored_bars_count_every_photo_once():
    p, truth = np.array([0.0, 0.5, 1.0, 1.0]), np.array([0, 0, 1, 1])
    figure = threshold_figures.spread(p, truth, ("normal", "defect"), None)
    assert [int(np.abs(d.y).sum()) for d in figure.data] == [2, 2]
    assert min(figure.data[1].y) < 0 < max(figure.data[0].y)
