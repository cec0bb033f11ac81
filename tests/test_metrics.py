"""Figures from counts, by hand and against scikit-learn where it is at hand."""

import json
import math

import numpy as np
import pytest

from core import metrics
from core.metrics import Counts
from tests.slow import interval


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


def recall(drawn):
    return {"recall": Counts.of_cells(drawn).recall}


def test_an_interval_by_hand():
    """Place a has 3 hits of 4, b none of 1; a quarter of the draws is a a, half a and b, a quarter b b."""
    cells = Counts.each(np.ones(5), np.array([1, 1, 1, 0, 0])).cells
    told = metrics.intervals(cells, list("aaaab"), recall)
    assert told == {"recall_low": 0 / 2, "recall_high": 6 / 8}
    told = metrics.intervals(cells, list("aaaab"), recall, level=0.4)
    assert told == {"recall_low": 3 / 5, "recall_high": 3 / 5}  # counted, then divided: not (3/4 + 0/1) / 2


def test_intervals_equal_drawing_groups_one_after_the_other():
    rng = np.random.default_rng(4)
    truth, said = rng.integers(0, 2, (2, 120)) > 0
    groups = [f"g{i % 13}" if i % 5 else "" for i in range(120)]  # every fifth photo is alone

    def figures(drawn):
        counts = Counts.of_cells(drawn)
        return {"f1": counts.f1, "both": np.stack([counts.precision, counts.recall], -1)}

    told = metrics.intervals(Counts.each(truth, said).cells, groups, figures, draws=300, level=0.9)
    slow = [
        interval(groups, lambda i, k=k: getattr(Counts.of(truth[i], said[i]), k), draws=300, level=0.9)
        for k in ("f1", "precision", "recall")
    ]
    assert (told["f1_low"], told["f1_high"]) == pytest.approx(slow[0])
    assert np.stack([told["both_low"], told["both_high"]], -1) == pytest.approx(np.asarray(slow[1:]))


def test_without_groups_each_photo_is_drawn():
    cells = Counts.each(np.ones(100), np.arange(100) % 2).cells
    alone = metrics.intervals(cells, None, recall)
    assert 0.35 < alone["recall_low"] < 0.45 < 0.55 < alone["recall_high"] < 0.65
    assert metrics.intervals(cells, ["a", "b"] * 50, recall) == {"recall_low": 0, "recall_high": 1}


def test_draws_in_which_a_figure_does_not_exist_are_left_out():
    cells = Counts.each(np.array([1, 0]), np.array([1, 0])).cells
    told = metrics.intervals(cells, ["a", "b"], recall)  # b alone has nothing to recall
    assert told == {"recall_low": 1, "recall_high": 1}
    nothing = metrics.intervals(np.zeros((2, 4)), ["a", "b"], recall)
    assert all(math.isnan(end) for end in nothing.values())


def test_one_group_has_no_interval():
    cells = np.ones((2, 4), int)
    assert metrics.intervals(cells, ["a", "a"], recall) == {}
    assert metrics.intervals(cells, ["a", "b"], recall, draws=0) == {}
    assert metrics.intervals(cells[:0], [], recall) == metrics.intervals(cells[:1], None, recall) == {}


def test_counts_of_each_add_up_to_those_of_all():
    truth, said = np.random.default_rng(6).random((2, 50)) > np.array([[0.4], [0.7]])
    each = Counts.each(truth, said)
    assert Counts.of_cells(each.cells.sum(0)) == Counts.of(truth, said)


def test_figures_become_json():
    told = metrics.plain({"a": np.float64("nan"), "b": np.array([[1, 2]]), "c": (np.int64(3), 0.5)})
    assert json.dumps(told, allow_nan=False) == '{"a": null, "b": [[1, 2]], "c": [3, 0.5]}'
