"""Figures from counts, by hand and against scikit-learn where it is at hand."""

import json
import math

import numpy as np
import pytest

from core import metrics
from core.metrics import Counts


def test_the_four_counts_by_hand():
    truth = np.array([1, 1, 1, 0, 0, 0, 0], bool)
    said = np.array([1, 1, 0, 1, 0, 0, 0], bool)
    c = Counts.of(truth, said)
    assert (c.tp, c.fp, c.fn, c.tn) == (2, 1, 1, 3)
    assert c.precision == pytest.approx(2 / 3)
    assert c.recall == pytest.approx(2 / 3)
    assert c.accuracy == pytest.approx(5 / 7)
    assert c.f1 == pytest.approx(2 / 3)
    assert c.iou == pytest.approx(1 / 2)
    assert c.specificity == pytest.approx(3 / 4)


def test_photos_are_pooled_before_dividing():
    full = Counts.of(np.ones(90, bool), np.ones(90, bool))
    poor = Counts.of(np.ones(10, bool), np.zeros(10, bool))
    pooled = sum([full, poor], start=Counts.zero())
    assert pooled.recall == pytest.approx(0.9)  # the mean of 1 and 0 would be 0.5
    assert pooled.n == 100


def test_nothing_called_has_no_precision_and_f1_zero():
    c = Counts.of(np.array([True, False]), np.array([False, False]))
    assert math.isnan(c.precision)
    assert c.f1 == 0


def test_nothing_true_and_nothing_called_has_no_f1():
    c = Counts.of(np.zeros(4, bool), np.zeros(4, bool))
    assert math.isnan(c.f1)
    assert math.isnan(c.recall)
    assert c.accuracy == 1
    assert c.specificity == 1


def test_counts_of_two_shapes_are_refused():
    with pytest.raises(ValueError, match="shape"):
        Counts.of(np.zeros(3, bool), np.zeros(4, bool))


def test_counts_do_not_overflow_on_big_photos():
    c = Counts(*(np.asarray(2**40, np.int64) for _ in range(4)))
    assert c.f1 == pytest.approx(0.5)


def test_confusion_has_truth_in_rows():
    m = metrics.confusion([0, 0, 1, 2], [0, 1, 1, 0], 3)
    assert m.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]


def test_a_class_out_of_range_is_refused():
    with pytest.raises(ValueError, match="0 to 1"):
        metrics.confusion([0, 2], [0, 1], 2)


def test_scores_by_hand():
    s = metrics.scores(np.array([[8, 2], [1, 9]]))
    assert s.accuracy == pytest.approx(17 / 20)
    assert s.balanced_accuracy == pytest.approx((0.8 + 0.9) / 2)
    assert s.precision.tolist() == pytest.approx([8 / 9, 9 / 11])
    assert s.f1.tolist() == pytest.approx([16 / 19, 18 / 21])
    assert s.support.tolist() == [10, 10]


def test_a_class_that_does_not_occur_does_not_pull_the_mean_down():
    s = metrics.scores(np.array([[5, 0, 0], [0, 5, 0], [0, 0, 0]]))
    assert s.mean_f1 == 1
    assert s.balanced_accuracy == 1
    assert math.isnan(s.f1[2])


def test_scores_of_nothing_are_unknown():
    s = metrics.scores(np.zeros((2, 2), int))
    assert s.n == 0
    assert math.isnan(s.accuracy)
    assert math.isnan(s.mean_f1)


def test_scores_and_kappa_equal_scikit_learn():
    judge = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(3)
    truth, said = rng.integers(0, 4, 300), rng.integers(0, 4, 300)
    said[:150] = truth[:150]
    m = metrics.confusion(truth, said, 4)
    s = metrics.scores(m)
    assert m.tolist() == judge.confusion_matrix(truth, said).tolist()
    assert s.mean_f1 == pytest.approx(judge.f1_score(truth, said, average="macro"))
    assert s.balanced_accuracy == pytest.approx(judge.balanced_accuracy_score(truth, said))
    assert metrics.kappa(m) == pytest.approx(judge.cohen_kappa_score(truth, said, weights="quadratic"))


def test_kappa_of_a_perfect_and_of_a_chance_answer():
    assert metrics.kappa(np.diag([3, 4, 5, 6])) == 1
    assert metrics.kappa(np.full((2, 2), 5)) == 0
    assert math.isnan(metrics.kappa(np.diag([7, 0])))


def test_within_one_grade():
    m = metrics.confusion([0, 0, 1, 3], [0, 2, 2, 0], 4)
    assert metrics.within(m) == 0.5
    assert metrics.within(m, 2) == 0.75


def test_wilson_by_hand():
    low, high = metrics.wilson(8, 10)
    assert (low, high) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert metrics.wilson(0, 10)[0] == 0
    assert metrics.wilson(10, 10)[1] == 1
    assert all(math.isnan(end) for end in metrics.wilson(0, 0))


def test_the_bootstrap_draws_whole_groups():
    values = np.repeat([0.0, 1.0], 50)
    seen = []

    def mean(i):
        seen.append(len(i))
        return values[i].mean()

    low, high = metrics.bootstrap(["a"] * 50 + ["b"] * 50, mean, draws=200)
    assert (low, high) == (0.0, 1.0)  # with two groups a draw of one group alone is common
    assert set(seen) == {100}
    alone = metrics.bootstrap([""] * 100, mean, draws=200)
    assert 0.35 < alone[0] < 0.45 < 0.55 < alone[1] < 0.65


def test_the_bootstrap_is_the_same_each_time():
    values = np.arange(20.0)
    ends = [metrics.bootstrap(list(range(20)), lambda i: values[i].mean(), draws=50) for _ in range(2)]
    assert ends[0] == ends[1]


def test_one_group_has_no_interval():
    assert all(math.isnan(end) for end in metrics.bootstrap(["a", "a"], lambda i: 1.0))


def test_figures_become_json():
    told = metrics.plain({"a": np.float64("nan"), "b": np.array([[1, 2]]), "c": (np.int64(3), 0.5)})
    assert json.dumps(told, allow_nan=False) == '{"a": null, "b": [[1, 2]], "c": [3, 0.5]}'
