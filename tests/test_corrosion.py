"""core.corrosion: grades from probabilities, verdicts that claim no more."""

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest

from core import config, corrosion
from core.corrosion import CLASSES, PRESETS, Config, judge
from core.errors import ConfigError, DataError
from core.grading import decisions, folds
from core.grading.folds import deal
from core.grading.ranges import RANGES
from core.quality import Quality
from core.records import Card, Photo

ALIKE = 1.0 - np.eye(4)


def photo(i, grade, group="", fold=None, split="train"):
    return Photo(Path(f"{i}.jpg"), grade=grade, group=group, fold=fold, split=split, sha256=str(i))


def card(**told):
    plain = {"id": "m", "domain": "corrosion", "network": "cnn5", "classes": CLASSES, "config": {}}
    plain |= {"preprocessing": {}, "data": (), "threshold": 0.6, "threshold_how": ""}
    return Card(**(plain | told))


def said(*p, unlike=0.5, **told):
    return judge({"p": np.asarray(p, np.float32), "unlike": np.float32(unlike)}, None, card(), **told)


# Settings


def test_every_preset_is_a_config_and_survives_json():
    for name, values in PRESETS.items():
        made = config.of(Config, values)
        assert config.of(Config, json.loads(json.dumps(config.to_dict(made)))) == made, name


def test_the_paper_preset_holds_the_values_that_its_search_chose():
    made = config.of(Config, PRESETS["paper_cnn5"])
    assert made.sizes == {"fc1": 384, "fc2": 231, "dropout1": 0.151026, "dropout2": 0.156857}
    assert (made.optimizer, made.learning_rate, made.momentum) == ("rmsprop", 0.000086, 0.79802)
    assert (made.epochs, made.folds, made.start) == (150, 5, "random")
    assert config.of(Config, PRESETS["paper"]).start == "imagenet"


@pytest.mark.parametrize("network", ["cnn5", "resnet18", "alexnet"])
def test_what_the_paper_chose_lies_in_the_ranges_it_searched(network):
    chosen = corrosion.CHOSEN[network]
    for name, where in RANGES[network].items():
        if where.only_for and chosen["optimizer"] not in where.only_for:
            continue
        assert chosen[name] in where.choices if where.choices else where.low <= chosen[name] <= where.high


def test_settings_that_cannot_go_together_say_what_to_change():
    for values, words in [
        ({"network": "cnn5", "init": "imagenet"}, "leave init out"),
        ({"network": "resnet18", "fc1": 300}, "resnet18 has no fc1"),
        ({"folds": 1}, "choose 0"),
        ({"head": "corn", "soft": 0.1}, "set soft=0"),
        ({"network": "vgg"}, "choose one of cnn5"),
    ]:
        with pytest.raises(ConfigError, match=words):
            config.of(Config, values)


# Dividing the photos


def test_the_sets_own_folds_are_taken():
    photos = [photo(i, i % 4, group=f"g{i}", fold=3 + i // 4) for i in range(8)]
    part, note = deal(photos, 2)
    assert part.tolist() == [0] * 4 + [1] * 4
    assert note == "2 folds as the set has them"


def test_own_folds_that_cut_a_group_are_said_to_flatter():
    photos = [photo(i, i % 4, group="one", fold=i // 4) for i in range(8)]
    assert "cut groups in two" in deal(photos, 2)[1]


def test_dealt_folds_cut_no_group_and_hold_every_grade():
    photos = [photo(i, i % 4, group=f"g{i // 6}") for i in range(120)]
    part, note = deal(photos, 5)
    assert "by group" in note
    for g in range(20):
        assert len(set(part[6 * g : 6 * g + 6])) == 1
    assert all(set(np.arange(120)[part == k] % 4) == {0, 1, 2, 3} for k in range(5))
    assert np.bincount(part).tolist() == [24] * 5


def test_another_number_of_folds_than_the_set_has_is_dealt_anew():
    photos = [photo(i, i % 4, fold=i % 2) for i in range(40)]
    assert len(set(deal(photos, 4)[0])) == 4


def test_too_few_groups_and_a_fold_without_a_grade_are_plain_sentences():
    with pytest.raises(DataError, match=r"5 folds need photos of at least 5 groups .* are of 1"):
        deal([photo(i, i % 4, group="one") for i in range(9)], 5)
    with pytest.raises(DataError, match="Fold 1 of 2 holds no photo of grade 1"):
        deal([photo(i, i % 4, fold=0) for i in range(4)] + [photo(9, 0, fold=1)], 2)


def test_about_a_sixth_is_set_aside_by_group_with_every_grade_on_both_sides():
    photos = [photo(i, i % 4, group=f"g{i // 4}") for i in range(96)]
    chosen = folds.aside(photos)
    assert chosen.sum() == 16
    assert all(len(set(chosen[4 * g : 4 * g + 4])) == 1 for g in range(24))
    few = [photo(i, i % 4, group=f"g{i // 4}") for i in range(12)]
    assert folds.aside(few).sum() == 4
    with pytest.raises(DataError, match="No choice of the 4 groups"):
        folds.aside([photo(i, i % 4, group=f"g{i % 4}") for i in range(12)])


def test_a_fifth_grade_or_a_missing_one_is_a_plain_sentence():
    with pytest.raises(DataError, match="grade 4; grades are 0"):
        corrosion.truths([photo(1, 4)])
    with pytest.raises(DataError, match="none of grade 2 and 3"):
        folds.graded([photo(0, 0), photo(1, 1), photo(2, None)])


# Probabilities and choices


def test_corn_probabilities_are_products_of_its_questions():
    half = math.log(1)  # sigmoid(0) = 0.5
    p = decisions.probabilities(np.array([[half, half, half]]))
    np.testing.assert_allclose(p, [[0.5, 0.25, 0.125, 0.125]])
    sure = decisions.probabilities(np.array([[800.0, 800.0, -800.0]]))
    np.testing.assert_allclose(sure, [[0, 0, 1, 0]], atol=1e-6)


def test_plain_probabilities_are_a_softmax_that_the_temperature_flattens():
    z = np.array([[2.0, 1.0, 0.0, -1.0]])
    np.testing.assert_allclose(decisions.probabilities(z)[0], np.exp(z[0]) / np.exp(z).sum(), rtol=1e-6)
    assert decisions.probabilities(z, 3.0).max() < decisions.probabilities(z).max()
    np.testing.assert_allclose(decisions.probabilities(1e4 * z)[0], [1, 0, 0, 0])


def test_the_temperature_finds_how_much_too_sure_the_logits_are():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(4000, 4))
    truth = np.array([rng.choice(4, p=p / p.sum()) for p in decisions.probabilities(z).astype(float)])
    assert decisions.temperature(3 * z, truth) == pytest.approx(3, rel=0.1)
    assert decisions.temperature(z[:5], truth[:5]) == 1.0
    assert decisions.temperature(z, np.zeros(4000, int)) == 1.0


def test_a_tie_goes_to_the_worse_grade():
    assert decisions.decide(np.array([[0.25, 0.25, 0.25, 0.25], [0.4, 0.4, 0.1, 0.1]])).tolist() == [3, 1]


def test_costs_alike_choose_the_likeliest_and_a_dear_miss_moves_the_grade():
    p = np.random.default_rng(0).dirichlet(np.ones(4), 500)
    assert (decisions.decide(p, ALIKE) == decisions.decide(p)).all()
    dear = ALIKE.copy()
    dear[3, :3] = 10  # a severe part called light
    assert decisions.decide(np.array([[0.0, 0.1, 0.6, 0.3]]), dear).tolist() == [3]
    assert decisions.decide(np.zeros((0, 4))).tolist() == []


def test_the_best_epoch_is_a_high_plain_and_no_single_peak():
    assert decisions.best_epoch([0.1, 0.9, 0.1, 0.6, 0.6, 0.6, 0.2]) == 5
    assert decisions.best_epoch([[0.5, 0.5], [0.5, 0.5]]) == 1
    assert decisions.best_epoch([0.3]) == 1


def test_the_least_confidence_is_where_four_of_five_are_right():
    top = np.repeat([0.4, 0.6, 0.9], 40)
    p = np.stack([top, 1 - top, 0 * top, 0 * top], 1)
    p[:40] = [0.4, 0.3, 0.2, 0.1]
    truth = np.repeat([1, 0, 0], 40)  # all that is said at 0.4 is wrong
    assert decisions.least_confidence(p, truth) == pytest.approx(0.41)
    assert decisions.least_confidence(p, 1 - truth) == 1.0
    assert decisions.least_confidence(p[:5], truth[:5]) == 1.0


# Verdicts


def test_a_sure_photo_gets_its_grade_and_state():
    v = said(0.02, 0.9, 0.05, 0.03)
    assert (v.label, v.needs_person, v.threshold) == ("1", False, 0.6)
    assert v.confidence == pytest.approx(0.9)
    assert v.reason.startswith("CS2 fair")
    assert v.figures["p_1"] == pytest.approx(0.9)


def test_between_two_grades_a_person_looks():
    v = said(0.0, 0.1, 0.5, 0.4)
    assert v.needs_person
    assert v.reason == "A person should look: it may be grade 2 or 3."
    assert v.next_step.startswith("Hands-on check advised")


def test_the_threshold_moves_who_looks_and_never_the_grade():
    arrays = {"p": np.array([0.0, 0.1, 0.7, 0.2], np.float32)}
    low, high = judge(arrays, 0.5, card()), judge(arrays, 0.8, card())
    assert (low.label, high.label) == ("2", "2")
    assert (low.needs_person, high.needs_person) == (False, True)
    assert (low.threshold, high.threshold) == (0.5, 0.8)


def test_a_float32_confidence_is_cut_after_widening():
    p = np.array([0.0, 0.1, 0.9, 0.0], np.float32)  # float32 0.9 is 0.89999998
    assert p[2] >= np.float32(0.9)
    assert judge({"p": p}, 0.9, card()).needs_person


def test_a_likely_severe_part_is_not_passed_on_a_lighter_grade():
    v = said(0.0, 0.0, 0.7, 0.3)
    assert (v.label, v.needs_person) == ("2", True)
    assert "may be grade 3" in v.reason


def test_an_unlike_or_blurred_photo_is_for_a_person():
    assert "unlike anything" in said(0, 0.95, 0.05, 0, unlike=1.0).reason
    blurred = Quality(sharpness=0.0, brightness=0.5, contrast=0.2, shorter_side_px=300)
    assert "blurred" in said(0, 0.95, 0.05, 0, quality=blurred).reason


@pytest.mark.parametrize("grade", range(4))
def test_no_words_of_any_verdict_claim_a_loss(grade):
    for p in (np.eye(4)[grade], np.eye(4)[grade] * 0.4 + 0.15):
        v = said(*p)
        assert "section" not in v.reason + v.next_step
        assert "loss" not in v.reason
    assert ("Hands-on check advised" in said(*np.eye(4)[grade]).next_step) == (grade == 3)


def test_the_config_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().epochs = 3


# Costs


def test_equal_costs_say_the_likeliest_grade():
    p = np.random.default_rng(0).dirichlet(np.ones(4), 200)
    assert (decisions.decide(p, np.asarray(decisions.EQUAL_COSTS)) == p.argmax(1)).all()


def test_a_dear_miss_raises_the_grade_that_is_said():
    p = np.asarray([[0.05, 0.1, 0.5, 0.35]])
    assert decisions.decide(p)[0] == 2
    # Saying 2 risks 0.35 * 2 = 0.7, saying 3 risks 0.5 * 1 + 0.1 * 4 + 0.05 * 9 = 1.35: still 2.
    assert decisions.decide(p, decisions.costs_of(2, True))[0] == 2
    dear = np.asarray(decisions.EQUAL_COSTS)
    dear[3, :3] = 5  # a missed 3 costs five times another mistake: 1.75 + 0.15 against 0.65
    assert decisions.decide(p, dear)[0] == 3


def test_what_costs_change_is_counted():
    p = np.asarray([[0.7, 0.1, 0.1, 0.1], [0.1, 0.1, 0.5, 0.3], [0.0, 0.0, 0.6, 0.4], [0.9, 0.1, 0.0, 0.0]])
    truth = np.asarray([0, 3, 2, -1])
    told = decisions.decided(p, truth, np.asarray(decisions.EQUAL_COSTS), 0.55)
    assert told.said.tolist() == [0, 2, 2, 0]
    assert (told.off_by_two, told.missed_3, told.cried_3) == (0, 1, 0)
    assert told.to_a_person == 2  # one is unsure, one may be severe
    assert told.cost == pytest.approx(1 / 3)
    dear = np.asarray(decisions.EQUAL_COSTS)
    dear[3, :3] = 5
    told = decisions.decided(p, truth, dear, 0.55)
    assert told.said.tolist() == [0, 3, 3, 0]
    assert (told.missed_3, told.cried_3) == (0, 1)


@pytest.mark.parametrize(
    ("costs", "said"),
    [
        (np.zeros((3, 3)), "4 rows"),
        ("dear", "4 rows"),
        (np.full((4, 4), np.nan), "0 or more"),
        (-np.asarray(decisions.EQUAL_COSTS), "0 or more"),
        (np.ones((4, 4)), "diagonal"),
        (np.zeros((4, 4)), "All costs are 0"),
    ],
)
def test_a_table_of_costs_that_is_none_is_refused(costs, said):
    with pytest.raises(ConfigError, match=said):
        decisions.checked_costs(costs)


def test_a_verdict_by_cost_says_so():
    arrays = {"p": np.asarray([0.05, 0.1, 0.5, 0.35])}
    dear = np.asarray(decisions.EQUAL_COSTS)
    dear[3, :3] = 5
    plain, careful = judge(arrays, None, card()), judge(arrays, None, card(), costs=dear)
    assert (plain.label, careful.label) == ("2", "3")
    assert "likeliest" not in plain.figures
    assert careful.figures["likeliest"] == "2"
