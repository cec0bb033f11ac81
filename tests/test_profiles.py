"""Widths from grey values, on drawn cracks whose truth is known: blurred, noisy, at all angles."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import ndimage

from core.measuring import measures, profiles, traces, widths

ANGLES = (0, 7, 22.5, 30, 44, 63, 90, 134)


def crack(width, degrees, *, side=200, blur=0.8, noise=4.0, dark=40, light=160, fine=4):
    """(grey uint8, mask) of a straight crack; the mask is where half of the blurred crack is left."""
    n = side * fine
    y, x = (np.mgrid[:n, :n] + 0.5) / fine - side / 2
    across = -(x - 0.13) * math.sin(math.radians(degrees)) + (y - 0.21) * math.cos(math.radians(degrees))
    wide = width(x) if callable(width) else width
    share = (np.abs(across) < wide / 2).reshape(side, fine, side, fine).mean((1, 3))
    share = ndimage.gaussian_filter(share, blur) if blur else share
    grey = light - (light - dark) * share
    grey = grey + np.random.default_rng(7).normal(0, noise, grey.shape)
    return grey.clip(0, 255).round().astype(np.uint8), share >= 0.5


def middle(found):
    return np.abs(found.places - 100).max(1) < 60


@pytest.mark.parametrize("blur", [0.0, 0.8, 1.2])
@pytest.mark.parametrize("width", [5, 7.5, 10, 15, 30])
def test_an_open_crack_is_measured_to_a_quarter_of_a_pixel(width, blur):
    errors = []
    for degrees in ANGLES:
        grey, mask = crack(width, degrees, blur=blur)
        found = widths.measure(mask)
        errors.append(np.abs(profiles.measure(grey, found).width_px[middle(found)] - width).mean())
    assert np.mean(errors) <= 0.25
    assert max(errors) <= 0.4


@pytest.mark.parametrize("degrees", [*ANGLES, 15, 52, 77, 106, 160])
@pytest.mark.parametrize("width", [3, 5, 10, 20, 30, 45])
def test_an_even_crack_that_runs_off_the_photo_is_no_wider_at_its_border(width, degrees):
    grey, mask = crack(width, degrees)
    told = measures.of_mask(mask, grey, (mask * 255).astype(np.uint8))
    assert told["max_width_px"] == pytest.approx(width, abs=0.6 if width < profiles.OPEN else 0.45)
    [one] = traces.cracks(mask, grey)
    assert one.max_width_px == pytest.approx(told["max_width_px"], abs=0.01)
    assert measures.of_mask(mask)["max_width_px"] == pytest.approx(width, abs=1.2)


@pytest.mark.parametrize("width", [1.5, 2, 3, 4])
def test_a_thin_crack_that_is_seen_is_measured_to_a_quarter_of_a_pixel_on_average(width):
    errors = []
    for blur, degrees in itertools.product((0.0, 0.8, 1.2), ANGLES):
        grey, mask = crack(width, degrees, blur=blur)
        found = widths.measure(mask)
        if middle(found).any():  # of 1.5 pixels a third is blurred away
            errors.append(np.abs(profiles.measure(grey, found).width_px[middle(found)] - width).mean())
    assert len(errors) >= 16
    assert np.mean(errors) <= 0.25


def test_at_a_tenth_of_a_millimetre_a_pixel_the_graded_width_is_right_to_three_hundredths():
    errors = []
    for width, degrees in itertools.product((2, 3, 5, 10, 20, 30), ANGLES):
        grey, mask = crack(width, degrees)
        told = measures.of_mask(mask, grey, (mask * 255).astype(np.uint8))
        errors.append(abs(float(measures.in_mm(told, 0.1)["max_width_mm"] or 0) - 0.1 * width))
    assert np.mean(errors) <= 0.015
    assert sorted(errors)[int(0.9 * len(errors))] <= 0.03


def test_grey_values_are_finer_than_the_mask():
    by_mask, by_grey = [], []
    for degrees in ANGLES:
        grey, mask = crack(7.4, degrees, noise=2)
        found = widths.measure(mask)
        by_mask.append(np.abs(found.width_px[middle(found)] - 7.4).mean())
        by_grey.append(np.abs(profiles.measure(grey, found).width_px[middle(found)] - 7.4).mean())
    assert np.mean(by_grey) < 0.6 * np.mean(by_mask)


def test_a_mask_that_is_a_pixel_too_wide_changes_little():
    grey, mask = crack(8, 30)
    found = widths.measure(ndimage.binary_dilation(mask, iterations=1))
    assert np.median(found.width_px[middle(found)]) > 9.3
    assert np.median(profiles.measure(grey, found).width_px[middle(found)]) == pytest.approx(8, abs=0.25)


def test_where_a_crack_thins_out_its_wide_part_tells_how_dark_it_is():
    # 8 px on the left, thinning to 2 px on the right.
    grey, mask = crack(lambda x: np.clip(5 - x / 22, 2, 8), 0, noise=2)
    found = widths.measure(mask)
    finer = profiles.measure(grey, found)
    truth = np.clip(5 - (found.places[:, 1] - 99.5) / 22, 2, 8)
    is_inner = np.abs(found.places[:, 1] - 100) < 80
    thin = is_inner & (truth < 3.5)
    assert thin.sum() > 20
    assert np.abs(finer.width_px - truth)[thin].mean() < 0.3
    assert np.abs(finer.width_px - truth)[is_inner].mean() < 0.25


@pytest.mark.parametrize("blur", [0.0, 0.8])
@pytest.mark.parametrize("width", [2.0, 3.0])
def test_of_a_thin_crack_the_band_is_told_and_holds_the_truth(width, blur):
    for degrees in ANGLES:
        grey, mask = crack(width, degrees, blur=blur, noise=2)
        found = widths.measure(mask)
        finer, inner = profiles.measure(grey, found), middle(found)
        low, high = (np.median(a[inner]) for a in (finer.low_px, finer.high_px))
        assert low <= width <= high + 0.1
        assert (finer.low_px <= finer.width_px).all()
        assert (finer.width_px <= finer.high_px).all()


def test_light_that_falls_off_across_the_wall_is_no_crack():
    grey, mask = crack(8, 0, noise=0)
    ramp = np.linspace(0, 60, 200)[:, None]
    found = widths.measure(mask)
    plain, tilted = (profiles.measure(g, found).width_px[middle(found)] for g in (grey, grey + ramp))
    assert np.median(tilted) == pytest.approx(np.median(plain), abs=0.25)


def test_a_flat_photo_leaves_the_mask_s_widths():
    _, mask = crack(6, 20)
    found = widths.measure(mask)
    finer = profiles.measure(np.full(mask.shape, 128, np.uint8), found)
    assert finer.width_px == pytest.approx(found.width_px)
    assert finer.high_px - finer.low_px == pytest.approx(1.0)


def test_no_crack_has_no_profile():
    found = widths.measure(np.zeros((30, 30), bool))
    assert len(profiles.measure(np.zeros((30, 30), np.uint8), found).width_px) == 0


def test_a_mask_without_edges_has_no_widths_either():
    found = widths.measure(np.ones((30, 30), bool))
    assert np.isnan(profiles.measure(np.zeros((30, 30), np.uint8), found).width_px).all()
