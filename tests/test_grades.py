"""Grades: figures with intervals, two models on the same photos, labels that photos speak against."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, f1_score

from core import corrosion, metrics
from core.grading import decisions
from core.grading.grades import _figures, difference, part, relabelled, score, suspects
from core.records import Photo
from tests.slow import interval


def photo(i, grade, group="", split="test"):
    return Photo(Path(f"{i}.jpg"), grade=grade, group=group, split=split, sha256=str(i))


# Figures


@pytest.fixture
def judged():
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 4, 90)
    p = rng.dirichlet(np.ones(4), 90) + 0.7 * np.eye(4)[truth]
    photos = [photo(i, int(g), group=f"g{i % 11}", split="test") for i, g in enumerate(truth)]
    return corrosion.evaluation(photos, [{"p": (row / row.sum()).astype(np.float32)} for row in p])


def test_the_figures_are_those_of_scikit_learn(judged):
    truth, said = judged["truth"], decisions.decide(judged["p"])
    told = score(judged)
    assert told["mean_f1"] == pytest.approx(f1_score(truth, said, average="macro"))
    assert told["kappa"] == pytest.approx(cohen_kappa_score(truth, said, weights="quadratic"))
    assert told["accuracy"] == pytest.approx((truth == said).mean())
    assert told["within_one"] == pytest.approx((abs(truth - said) <= 1).mean())
    assert told["off_by_two"] == pytest.approx(1 - told["within_one"])
    assert [g["f1"] for g in told["per_grade"].values()] == pytest.approx(f1_score(truth, said, average=None))
    assert np.sum(told["confusion"]) == told["n"] == 90


def test_all_draws_at_once_equal_one_confusion_matrix_after_the_other():
    matrices = np.random.default_rng(0).integers(0, 9, (50, 4, 4))
    fast = _figures(matrices.astype(float))
    for i, m in enumerate(matrices):
        assert fast["mean_f1"][i] == pytest.approx(metrics.scores(m).mean_f1)
        assert fast["accuracy"][i] == pytest.approx(metrics.scores(m).accuracy)
        assert fast["kappa"][i] == pytest.approx(metrics.kappa(m))
        assert fast["within_one"][i] == pytest.approx(metrics.within(m))


def test_the_interval_is_that_of_drawing_whole_groups(judged):
    truth, said = judged["truth"].astype(int), decisions.decide(judged["p"])
    slow = interval(judged["group"], lambda i: (truth[i] == said[i]).mean())
    told = score(judged)
    assert (told["accuracy_low"], told["accuracy_high"]) == pytest.approx(slow)
    assert told["mean_f1_low"] < told["mean_f1"] < told["mean_f1_high"]
    assert "accuracy_low" not in score(judged, draws=0)


def test_a_threshold_tells_how_many_are_sure_and_right(judged):
    sure = score(judged, 0.5)["sure"]
    top, right = judged["p"].astype(float).max(1), decisions.decide(judged["p"]) == judged["truth"]
    assert sure["n"] == (top >= 0.5).sum()
    assert sure["accuracy"] == pytest.approx(right[top >= 0.5].mean())
    assert score(judged, 1.1)["sure"]["accuracy"] is None


def test_photos_without_a_grade_do_not_count_and_nothing_is_no_error(judged):
    judged["truth"][:40] = -1
    assert score(judged)["n"] == 50
    judged["truth"][:] = -1
    nothing = score(judged)
    assert nothing["accuracy"] is None
    json.dumps(nothing, allow_nan=False)


def test_an_evaluation_survives_a_file_without_pickle(judged, tmp_path):
    np.savez(tmp_path / "e.npz", **judged)
    with np.load(tmp_path / "e.npz", allow_pickle=False) as stored:
        assert score(dict(stored)) == score(judged)
    assert corrosion.evaluation([], [])["p"].shape == (0, 4)


def test_each_grade_has_its_interval_by_campaign(judged):
    told = score(judged)["per_grade"]
    truth, said = judged["truth"].astype(int), decisions.decide(judged["p"])

    def recall_of_2(i):
        return float((said[i] == 2)[truth[i] == 2].mean()) if (truth[i] == 2).any() else float("nan")

    slow = interval(judged["group"], recall_of_2)
    assert (told["2"]["recall_low"], told["2"]["recall_high"]) == pytest.approx(slow)
    assert all(told[g]["f1_low"] <= told[g]["f1"] <= told[g]["f1_high"] for g in "0123")
    json.dumps(score(part(judged, campaign="g3")))  # one campaign has no intervals, and nothing breaks


def test_a_part_is_one_campaign_or_fold(judged):
    judged["fold"] = np.arange(90) % 5
    assert set(part(judged, campaign="g3")["group"]) == {"g3"}
    assert part(judged, fold=2)["sha256"].tolist() == [str(i) for i in range(2, 90, 5)]
    assert len(part(judged)["truth"]) == 90


def test_what_people_said_since_counts_as_truth(judged):
    assert relabelled(judged, {"3": 0, "unknown": 1})["truth"][3] == 0
    assert relabelled(judged, {})["truth"].tolist() == judged["truth"].tolist()


def test_two_models_are_compared_on_the_photos_both_have_seen(judged):
    other = {name: values[::-1][:80] for name, values in judged.items()}
    same = difference(judged, other)
    assert same.n == 80
    assert not same.cells.any()
    assert same.figures["mean_f1"] == (0, 0, 0)
    right = {**judged, "p": np.eye(4)[judged["truth"]]}
    told = difference(right, judged)
    accuracy = (decisions.decide(judged["p"]) == judged["truth"]).mean()
    assert told.figures["accuracy"][0] == pytest.approx(1 - accuracy)
    assert told.figures["accuracy"][1] > 0
    assert (np.diag(told.cells) >= 0).all()
    assert told.cells.sum() == 0
    assert difference(judged, {k: v[:0] for k, v in judged.items()}).n == 0


def test_a_label_is_doubtful_where_another_grade_is_as_likely_as_is_usual_for_it():
    p = np.array(
        [[0.9, 0.1, 0, 0], [0.8, 0.2, 0, 0], [0.9, 0.1, 0, 0], [0.3, 0.6, 0.1, 0], [0.45, 0.4, 0.15, 0]]
    )
    told = {"truth": np.array([0, 0, 1, 1, 1]), "p": p}
    # On average grade 0 gets (0.9 + 0.8) / 2 = 0.85 on its photos, grade 1 (0.1 + 0.6 + 0.4) / 3.
    assert [(s.position, s.truth, s.likelier) for s in suspects(told)] == [(2, 1, 0)]
    assert suspects(told)[0].margin == pytest.approx(0.1 - 0.9)


def test_labels_that_were_turned_are_found_again():
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 4, 400)
    p = rng.dirichlet(np.ones(4), 400) + 6 * np.eye(4)[truth]
    p /= p.sum(1, keepdims=True)
    turned = rng.choice(400, 40, replace=False)
    label = truth.copy()
    label[turned] = (truth[turned] + 1) % 4
    found = [s.position for s in suspects({"truth": label, "p": p})]
    assert len(set(found[:40]) & set(turned.tolist())) >= 36
    assert suspects({"truth": np.array([-1, -1]), "p": p[:2]}) == []
