"""Widths and lengths of drawn cracks, whose truth is known."""

import itertools
import math

import numpy as np
import pytest

from core.measuring import traces, widths


def bar(width, degrees, length=150.0, side=220, shift=(0.0, 0.0)):
    """A straight crack drawn by hand: a pixel belongs to it when its middle lies inside."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    y, x = y - shift[0], x - shift[1]
    a = math.radians(degrees)
    along, across = x * math.cos(a) + y * math.sin(a), -x * math.sin(a) + y * math.cos(a)
    return (np.abs(across) < width / 2) & (np.abs(along) < length / 2)


ANGLES = (0, 7, 22.5, 30, 44, 63, 90, 134)


@pytest.mark.parametrize("degrees", ANGLES)
@pytest.mark.parametrize("width", [2, 3, 4, 5, 7, 10, 15, 30])
def test_a_bar_is_as_wide_as_it_was_drawn(width, degrees):
    shift = (0.13, 0.21) if width % 2 else (0.5 + 0.13, 0.5 + 0.21)
    found = widths.measure(bar(width, degrees, shift=shift))
    assert found.mean_px == pytest.approx(width, abs=0.5)
    assert found.max_px == pytest.approx(width, abs=0.9)
    middle = found.width_px[np.abs(found.places - 110).max(1) < 40]
    assert np.median(middle) == pytest.approx(width, abs=0.5)


@pytest.mark.parametrize("degrees", ANGLES)
@pytest.mark.parametrize("width", [2, 3, 5, 10, 20, 30])
def test_a_bar_is_as_long_as_it_was_drawn(width, degrees):
    mask = bar(width, degrees, shift=(0.13, 0.21))
    assert widths.measure(mask).length_px == pytest.approx(150, rel=0.01)
    assert traces.cracks(mask)[0].length_px == pytest.approx(150, rel=0.01)


def test_upright_bars_are_exact():
    for width in (1, 2, 3, 4, 9):
        mask = np.zeros((60, 60), bool)
        mask[5:55, 20 : 20 + width] = True
        assert widths.measure(mask).max_px == pytest.approx(width, abs=0.02)


def test_a_crack_cut_by_the_border_keeps_its_width():
    mask = np.zeros((40, 40), bool)
    mask[:, 15:20] = True
    found = widths.measure(mask)
    assert found.mean_px == pytest.approx(5, abs=0.01)
    assert found.length_px == pytest.approx(40, rel=0.05)


def test_a_wedge_shows_its_widest_place():
    y, x = np.mgrid[:100, :200]
    mask = np.abs(y - 50) < 1 + 9 * x / 200
    found = widths.measure(mask)
    # The widest place that is seen whole lies half a width and two pixels from the border.
    assert found.max_px == pytest.approx(20 - 0.09 * 12, abs=0.5)
    assert found.mean_px == pytest.approx(11, abs=1.0)


def test_a_crack_that_is_nowhere_seen_whole_is_measured_all_the_same():
    y, x = np.mgrid[:100, :100]
    mask = (np.abs(y + x - 20) < 12) | (np.abs(y - 70) < 2)
    found = widths.measure(mask)
    assert found.n_cracks == 2
    assert found.max_px > 15, "the hairline beside it does not decide"


def test_a_ring_is_as_long_as_its_middle():
    y, x = np.mgrid[:120, :120] - 60
    r = np.hypot(y, x)
    found = widths.measure((r > 38) & (r < 42))
    assert found.length_px == pytest.approx(2 * math.pi * 40, rel=0.04)
    assert found.mean_px == pytest.approx(4, abs=0.5)
    assert found.n_cracks == 1


def test_an_empty_mask_has_no_width_and_no_length():
    found = widths.measure(np.zeros((20, 20), bool))
    assert (found.length_px, found.n_cracks, len(found.places)) == (0, 0, 0)
    assert math.isnan(found.max_px)
    assert math.isnan(found.mean_px)


def test_a_mask_without_background_has_no_edge_and_so_no_width():
    found = widths.measure(np.ones((20, 30), bool))
    assert math.isnan(found.max_px)
    assert found.n_cracks == 1


def test_one_pixel_is_measured():
    mask = np.zeros((9, 9), bool)
    mask[4, 4] = True
    found = widths.measure(mask)
    assert found.max_px == pytest.approx(1, abs=0.3)
    assert found.length_px == pytest.approx(1)


@pytest.mark.parametrize("width", [2, 3, 5, 10])
def test_on_the_diagonal_a_bar_is_as_wide_as_its_pixels_are(width):
    """At 45° a grid holds no bar 3 wide, only one of four or five diagonals; none must get lost."""
    mask = bar(width, 45, shift=(0.63, 0.71))
    found = widths.measure(mask)
    assert found.mean_px == pytest.approx(mask.sum() / 150, abs=0.1)
    assert found.length_px == pytest.approx(150, rel=0.03)


@pytest.mark.parametrize("degrees", range(0, 91, 5))
def test_a_line_is_as_long_as_it_is(degrees):
    a = math.radians(degrees)
    t = np.arange(0, 150, 0.01)
    skeleton = np.zeros((160, 160), bool)
    skeleton[(5 + t * math.sin(a)).round().astype(int), (5 + t * math.cos(a)).round().astype(int)] = True
    from skimage.morphology import skeletonize

    thin = skeletonize(skeleton)
    places = np.argwhere(thin)
    from_end_to_end = math.hypot(*(places.max(0) - places.min(0)))
    assert from_end_to_end > 146
    assert widths.length(thin) == pytest.approx(from_end_to_end, rel=0.005)


def test_a_line_of_straight_and_diagonal_steps_is_as_long_as_its_two_parts():
    skeleton = np.zeros((90, 160), bool)
    skeleton[10, 10:80] = True
    skeleton[np.arange(11, 71), np.arange(80, 140)] = True
    assert widths.length(skeleton) == pytest.approx(70 + 60 * math.sqrt(2), rel=0.01)
    assert widths.length(np.eye(1, dtype=bool)) == 0


def test_specks_go_and_cracks_stay():
    mask = bar(3, 30)
    mask[2:5, 2:5] = True
    labels, reach = widths.extents(mask)
    assert labels.max() == 2
    assert sorted(reach)[0] == pytest.approx(math.hypot(3, 3))
    kept = widths.without_specks(mask, 10)
    assert not kept[:6, :6].any()
    assert kept.sum() == mask.sum() - 9
    assert not widths.without_specks(mask, 1000).any()


def test_reach_never_grows_when_the_mask_shrinks():
    rng = np.random.default_rng(0)
    p = rng.random((80, 80))
    most = [max(widths.extents(p >= t)[1], default=0.0) for t in np.linspace(0.3, 0.99, 20)]
    assert all(a >= b for a, b in itertools.pairwise(most))
