"""Counts at every threshold equal a comparison at every threshold."""

import numpy as np
import pytest

from core import sweep
from core.metrics import Counts
from core.sweep import LEVELS, THRESHOLDS, at


def slow(p, truth):
    """One comparison a threshold."""
    each = [Counts.of(truth, np.asarray(p, np.float64) >= t) for t in THRESHOLDS]
    return Counts(*(np.array([getattr(c, k) for c in each]) for k in ("tp", "fp", "fn", "tn")))


def same(a, b):
    return all(np.array_equal(getattr(a, k), getattr(b, k)) for k in ("tp", "fp", "fn", "tn"))


def maps(seed=0, shape=(40, 31)):
    rng = np.random.default_rng(seed)
    p = rng.random(shape)
    p.flat[:8] = [0, 1, 0.5, 0.001, 0.999, 0.9, np.float32(0.9), np.nextafter(0.5, 0)]
    return p, rng.random(shape) < 0.2


def test_the_thresholds_are_999_of_a_thousandth():
    assert len(THRESHOLDS) == 999
    assert (THRESHOLDS[0], THRESHOLDS[-1]) == (0.001, 0.999)
    assert all(THRESHOLDS[at(t)] == t for t in THRESHOLDS)
    assert (at(0.0), at(1.0)) == (0, 998)


def test_a_pixel_at_the_threshold_is_crack():
    counts = sweep.sweep(np.array([[0.2, 0.8]]), np.array([[False, True]]))
    assert counts.tp[at(0.8)] == 1
    assert counts.tp[at(0.801)] == 0
    assert counts.fp[at(0.2)] == 1
    assert counts.fp[at(0.201)] == 0


def test_float32_is_widened_before_it_is_cut():
    p = np.array([0.9], np.float32)  # 0.899999976…
    assert sweep.sweep(p, np.array([True])).tp[at(0.9)] == 0
    assert sweep.sweep(p, np.array([True])).tp[at(0.899)] == 1


@pytest.mark.parametrize("seed", range(3))
def test_one_pass_equals_999_comparisons(seed):
    p, truth = maps(seed)
    assert same(sweep.sweep(p, truth), slow(p, truth))
    p32 = p.astype(np.float32)
    assert same(sweep.sweep(p32, truth), slow(p32, truth))


def test_every_threshold_and_its_neighbours_are_cut_as_compared():
    p = np.concatenate([THRESHOLDS, np.nextafter(THRESHOLDS, 0), np.nextafter(THRESHOLDS, 1), [-0.5, 1.5]])
    truth = np.arange(len(p)) % 3 == 0
    assert same(sweep.sweep(p, truth), slow(p, truth))
    p32 = p.astype(np.float32)
    assert same(sweep.sweep(p32, truth), slow(p32, truth))


@pytest.mark.parametrize("seed", range(3))
def test_a_stored_map_is_swept_as_the_probabilities_it_stands_for(seed):
    p, truth = maps(seed)
    stored = sweep.store(p)
    assert same(sweep.sweep(stored, truth), slow(stored / 255, truth))


def test_mask_and_counts_cut_alike_at_every_threshold():
    stored = np.arange(256, dtype=np.uint8)
    truth = stored % 2 == 0
    counts, histogram = sweep.sweep(stored, truth), sweep.histogram(stored, truth)
    for t in [*THRESHOLDS, *LEVELS[1:-1]]:
        said = sweep.mask(stored, t)
        assert np.array_equal(said, t <= LEVELS)
        assert sweep.query(histogram, t) == Counts.of(truth, said)
        if t in THRESHOLDS:
            assert counts[at(t)] == Counts.of(truth, said)


def test_threshold_0_calls_everything_and_above_1_nothing():
    stored = np.array([0, 255], np.uint8)
    assert sweep.mask(stored, 0.0).all()
    assert sweep.mask(stored, 1.0).tolist() == [False, True]
    assert not sweep.mask(stored, 1.01).any()
    histogram = sweep.histogram(stored, np.array([True, False]))
    assert sweep.query(histogram, 1.01).fn == 1
    assert sweep.query(histogram, 0.0).tp == 1


def test_storing_rounds_to_the_nearest_of_256():
    assert sweep.store(np.array([0, 0.5 / 255, 0.6 / 255, 0.5, 1.0, 1.2, -1])).tolist() == [
        0, 0, 1, 128, 255, 255, 0,
    ]  # fmt: skip


def test_photos_are_queried_one_by_one_or_pooled():
    p, truth = maps(5, (6, 20, 20))
    stored = sweep.store(p)
    histograms = np.stack([sweep.histogram(a, b) for a, b in zip(stored, truth, strict=True)])
    each = sweep.query(histograms, 0.3)
    assert each.tp.shape == (6,)
    pooled = Counts.of(truth, sweep.mask(stored, 0.3))
    assert each.tp.sum() == pooled.tp
    assert each.fn.sum() == pooled.fn
    assert same(sweep.of_histogram(histograms.sum(0)), slow(stored / 255, truth))
    assert sweep.of_histogram(histograms).tp.shape == (6, 999)


@pytest.mark.parametrize("value", [False, True])
def test_masks_without_and_full_of_crack(value):
    p, _ = maps(7)
    truth = np.full(p.shape, value)
    counts = sweep.sweep(sweep.store(p), truth)
    assert same(counts, slow(sweep.store(p) / 255, truth))
    assert np.isnan(counts.recall).all() == (not value)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="shape"):
        sweep.sweep(np.zeros((2, 2)), np.zeros((2, 3), bool))
    with pytest.raises(ValueError, match="shape"):
        sweep.histogram(np.zeros((2, 2), np.uint8), np.zeros((2, 3), bool))
    with pytest.raises(ValueError, match="uint8"):
        sweep.histogram(np.zeros((2, 2)), np.zeros((2, 2), bool))


def test_the_best_threshold_lies_in_the_middle_of_equals():
    truth = np.array([True, True, False, False])
    counts = sweep.sweep(np.array([0.8, 0.8, 0.2, 0.2]), truth)
    assert sweep.best(counts) == pytest.approx(0.5)  # perfect from 0.201 to 0.8
    assert sweep.best(counts, "recall") == pytest.approx(0.4)  # all found from 0.001 to 0.8


def test_the_best_threshold_of_nothing_is_one_half():
    empty = sweep.sweep(np.zeros((3, 3)), np.zeros((3, 3), bool))
    assert sweep.best(empty) == 0.5
