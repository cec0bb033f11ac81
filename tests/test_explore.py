"""What the laboratories ask of stored answers."""

import numpy as np
import pytest

from core import explore, sweep
from core.explore import Masks, YesNo
from core.metrics import Counts


def rail(p, truth):
    return YesNo.of({"p": np.stack([1 - np.asarray(p), p], -1), "truth": np.asarray(truth, np.int8)})


def test_photos_of_unknown_truth_are_left_out():
    test = rail([0.9, 0.2, 0.7], [1, -1, 0])
    assert test.position.tolist() == [0, 2]
    assert test.at(0.5).tp == 1
    assert test.at(0.5).fp == 1


def test_a_photo_at_the_threshold_is_a_hit():
    test = rail([0.5], [1])
    assert test.by_verdict(0.5)["hit"].tolist() == [0]
    assert test.by_verdict(0.5001)["miss"].tolist() == [0]


def test_the_surest_mistake_comes_first():
    test = rail([0.1, 0.3, 0.9, 0.6, 0.8], [1, 1, 0, 0, 1])
    found = test.by_verdict(0.5)
    assert found["miss"].tolist() == [0, 1]
    assert found["false_alarm"].tolist() == [2, 3]
    assert found["hit"].tolist() == [4]
    assert found["passed"].tolist() == []


def test_every_known_photo_stands_in_exactly_one_list():
    rng = np.random.default_rng(1)
    test = rail(rng.random(200), rng.integers(-1, 2, 200))
    for threshold in (0.001, 0.4, 0.999):
        lists = np.concatenate(list(test.by_verdict(threshold).values()))
        assert sorted(lists) == test.position.tolist()


def test_the_curve_holds_the_counts_of_each_threshold():
    rng = np.random.default_rng(2)
    test = rail(rng.integers(0, 1001, 300) / 1000, rng.integers(0, 2, 300))
    for threshold in (0.001, 0.25, 0.5, 0.999):
        i = sweep.at(threshold)
        assert test.counts.tp[i] == test.at(float(sweep.THRESHOLDS[i])).tp
        assert test.counts.fp[i] == test.at(float(sweep.THRESHOLDS[i])).fp


def masks():
    histograms = np.zeros((3, 256, 2), np.int64)
    histograms[0, 200, 1], histograms[0, 10, 1], histograms[0, 220, 0] = 8, 2, 1  # mostly found
    histograms[1, 30, 1], histograms[1, 0, 0] = 5, 90  # overlooked
    histograms[2, 140, 0], histograms[2, 0, 0] = 4, 96  # clean, with an alarm
    return Masks.of(histograms)


def test_pooled_counts_are_the_sums_of_the_photos_counts():
    found = masks()
    each, pooled = found.each(0.5), found.at(0.5)
    assert each.tp.tolist() == [8, 0, 0]
    assert each.fn.tolist() == [2, 5, 0]
    assert each.fp.tolist() == [1, 0, 4]
    assert (pooled.tp, pooled.fp, pooled.fn) == (8, 5, 7)
    assert found.curve().tp[sweep.at(0.5)] == 8


def test_the_worst_photo_changes_with_the_threshold():
    found = masks()
    assert found.worst(0.5).tolist()[-1] == 0
    assert found.worst(0.5).tolist()[0] == 1  # five pixels missed, against four false ones
    assert found.worst(0.1).tolist() == [2, 0, 1]  # at 0.1 photo 1 is found whole


def test_a_clean_photo_without_alarm_is_the_best_there_is():
    histograms = np.zeros((2, 256, 2), np.int64)
    histograms[0, 0, 0] = 100
    histograms[1, 255, 1] = 100
    assert Masks.of(histograms).worst(0.5).tolist() == [1, 0]


def test_cracks_are_counted_in_photos():
    found = explore.in_photos(masks().each(0.5))
    assert (found.n_cracked, found.n_clean) == (2, 1)
    assert (found.found, found.overlooked) == (1, 1)


def test_one_lucky_pixel_does_not_find_a_crack():
    each = Counts(*(np.asarray(a) for a in ([1], [0], [99], [0])))
    assert explore.in_photos(each).overlooked == 1


def test_a_cell_lists_the_surest_mistake_first_and_the_least_sure_right_answer_first():
    p = np.array([[0.1, 0.9, 0, 0], [0.4, 0.6, 0, 0], [0.2, 0.8, 0, 0], [0.3, 0.7, 0, 0]])
    truth = np.array([0, 0, 1, 1])
    assert explore.cell(truth, p, 0, 1).tolist() == [0, 1]
    assert explore.cell(truth, p, 1, 1).tolist() == [3, 2]
    assert explore.cell(truth, p, 3, 1).tolist() == []


def test_an_honest_model_has_no_calibration_error():
    confidence = np.repeat([0.55, 0.95], 100)
    is_right = np.concatenate([np.arange(100) < 55, np.arange(100) < 95])
    found = explore.calibration(confidence, is_right)
    assert found.n[[5, 9]].tolist() == [100, 100]
    assert found.error == pytest.approx(0)


def test_a_boastful_model_is_off_by_what_it_boasts():
    found = explore.calibration(np.full(10, 0.95), np.arange(10) < 5)
    assert found.error == pytest.approx(0.45)
    assert np.isnan(found.said[0])


def test_full_confidence_falls_into_the_last_bin():
    assert explore.calibration(np.array([1.0]), np.array([True])).n[9] == 1


def test_no_answers_have_no_calibration():
    assert np.isnan(explore.calibration(np.zeros(0), np.zeros(0, bool)).error)
