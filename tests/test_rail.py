"""Paper 1's decisions, by hand on small arrays and against slow twins."""

from __future__ import annotations

import dataclasses
import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from core import config as settings_of
from core import metrics, rail, validation
from core.errors import ConfigError, DataError
from core.few_labels import cycles, divisions, selection
from core.quality import Quality
from core.rail import Config
from core.records import Card, Photo, PhotoSet
from tests.slow import interval

CARD = Card("r-1", "rail", "mobilenet_v2", rail.CLASSES, {}, {}, (), threshold=0.4, threshold_how="")


def taken(p, **kwargs) -> list[int]:
    return np.flatnonzero(selection.select(np.asarray(p, np.float32), **kwargs)).tolist()


# Selection, step 4 of the paper


TEN = [0.1, 0.9, 0.6, 0.2, 0.8, 0.55, 0.7, 0.3, 0.4, 0.05]


@pytest.mark.parametrize(
    ("p", "told", "expected"),
    [
        (TEN, {}, [1, 4, 6]),  # five are above 0.5, the first 30 % are three
        (TEN, {"rule": "threshold"}, [1, 2, 4, 5, 6]),
        (TEN, {"rule": "share"}, [1, 4, 6]),
        (TEN, {"threshold": 0.75}, [1, 4]),  # fewer candidates than the share has room for
        (TEN, {"threshold": 0.75, "rule": "share"}, [1, 4, 6]),
        (TEN, {"threshold": 0.9}, []),  # above means above: 0.9 itself is not
        (TEN, {"share": 0.0}, []),
        (TEN, {"share": 1.0}, [1, 2, 4, 5, 6]),
        (TEN, {"share": 1.0, "rule": "share"}, list(range(10))),
        ([0.8] * 10, {}, [0, 1, 2]),  # ties keep the group's order; all defect, three have room
        ([0.8] * 10, {"rule": "threshold"}, list(range(10))),
        ([0.3] * 10, {}, []),  # all normal
        ([0.3] * 10, {"rule": "share"}, [0, 1, 2]),
        ([0.9, 0.9, 0.9], {}, []),  # 30 % of three photos is no photo
        ([], {}, []),
        ([], {"rule": "threshold"}, []),
        ([], {"rule": "share"}, []),
    ],
)
def test_the_selection_table(p, told, expected):
    assert taken(p, **told) == expected


SURE = [0.95, 0.5, 0.05, 0.9, 0.1, 0.11, 0.89]


@pytest.mark.parametrize(
    ("p", "told", "defects", "left"),
    [
        (TEN, {"rule": "both"}, [1, 4, 6], []),  # the paper's rules leave nobody
        (TEN, {"rule": "threshold"}, [1, 2, 4, 5, 6], []),
        (TEN, {"rule": "share"}, [1, 4, 6], []),
        (SURE, {"rule": "sure"}, [0, 3], [1, 5, 6]),  # 0.9 and 0.1 are sure enough
        (SURE, {"rule": "sure", "sure": 0.5}, [0, 1, 3, 6], []),
        (SURE, {"rule": "sure", "sure": 1.0}, [], list(range(7))),
        ([0.99] * 3, {"rule": "sure"}, [0, 1, 2], []),  # all defect
        ([0.01] * 3, {"rule": "sure"}, [], []),  # all normal
        ([], {"rule": "sure"}, [], []),
        (TEN, {"rule": "balanced"}, [1], [2, 4, 5, 6, 7, 8]),  # half of 3 and half of 7, both rounded down
        (TEN, {"rule": "balanced", "portion": 1.0}, [1, 4, 6], []),
        (TEN, {"rule": "balanced", "portion": 0.0}, [], list(range(10))),
        (TEN, {"rule": "balanced", "share": 0.0, "portion": 1.0}, [], []),
        ([0.8] * 10, {"rule": "balanced"}, [0], list(range(1, 7))),  # ties keep the group's order
        ([0.8, 0.8], {"rule": "balanced"}, [], [0, 1]),  # too few for either class
        ([], {"rule": "balanced"}, [], []),
    ],
)
def test_the_table_of_those_that_are_taken_and_those_that_wait(p, told, defects, left):
    p = np.asarray(p, np.float64)
    chosen, waiting = selection.select(p, **told), selection.leave(p, **told)
    assert np.flatnonzero(chosen).tolist() == defects
    assert np.flatnonzero(waiting).tolist() == left
    assert not (chosen & waiting).any()


def test_a_photo_whose_views_disagree_waits_whatever_the_rule():
    sides = np.asarray([[0.9, 0.6, 0.2], [0.8, 0.4, 0.1]])
    for rule in ("both", "threshold", "share"):
        assert selection.leave(sides[0], rule=rule, sides=sides).tolist() == [False, True, False]
    assert selection.leave(np.zeros(0), sides=np.zeros((2, 0))).tolist() == []


def test_what_if_counts_only_those_that_would_get_a_pseudo_label():
    p, truth = np.asarray([0.95, 0.5, 0.05]), np.asarray([0, 1, 0])
    told = selection.what_if(p, rule="sure", truth=truth)
    assert told.left.tolist() == [False, True, False]
    assert (told.mistakes["n"], told.mistakes["wrong"]) == (2, 1)
    assert not selection.what_if(p, truth=truth).left.any()


# The share of defects


def said_of(share: float, taught: float, n: int = 4000) -> np.ndarray:
    """Calibrated answers of a model taught with one share of defects, about photos with another."""
    rng = np.random.default_rng(0)
    is_defect = rng.random(n) < share
    x = rng.normal(np.where(is_defect, 1.0, -1.0), 1.0)  # log likelihood ratio of a value: 2 x
    return 1 / (1 + np.exp(-(2 * x + np.log(taught / (1 - taught)))))


@pytest.mark.parametrize(("share", "taught"), [(0.25, 0.5), (0.25, 0.25), (0.6, 0.3), (0.05, 0.5)])
def test_the_share_of_defects_is_found_whatever_was_taught(share, taught):
    told = selection.class_ratio(said_of(share, taught), taught)
    assert told.share == pytest.approx(share, abs=0.03)
    assert told.low < share < told.high


def test_few_places_make_the_share_less_sure_and_peoples_labels_make_it_surer():
    p = np.sort(said_of(0.25, 0.5, 300))  # photos of one place are alike
    narrow, wide = (selection.class_ratio(p, 0.5, place=np.arange(300) // n) for n in (1, 5))
    assert wide.share == pytest.approx(narrow.share)
    assert wide.high - wide.low > narrow.high - narrow.low
    pulled = selection.class_ratio(p, 0.5, labels=(300, 0))
    assert pulled.share > narrow.share + 0.2


def test_a_share_cannot_be_told_without_photos_or_from_one_class():
    assert selection.class_ratio(np.zeros(0), 0.5) is None
    assert selection.class_ratio(np.full(9, 0.5), 1.0) is None


@pytest.mark.parametrize("p", [np.full(600, 0.5), np.linspace(0.6, 0.99, 600), np.linspace(0.01, 0.2, 600)])
def test_a_share_that_runs_into_its_bound_is_none_at_all(p):
    assert selection.class_ratio(p, 1 / 3, place=np.arange(600) // 12) is None


def test_a_share_is_rounded_down_to_whole_photos():
    assert len(taken(np.linspace(0.6, 0.9, 24))) == 7  # 30 % of 24 is 7.2, as in table 3
    assert len(taken(np.linspace(0.6, 0.9, 100), share=0.29)) == 29  # not 28, though 0.29 * 100 is 28.999


def test_a_threshold_is_compared_in_double_precision():
    assert taken([0.9], threshold=0.9, share=1.0) == []  # float32 0.9 is 0.89999998
    assert taken([0.1], threshold=0.1, share=1.0) == [0]  # float32 0.1 is 0.10000000149


def test_selection_equals_its_slow_twin():
    rng = np.random.default_rng(0)
    for _ in range(200):
        p = rng.choice([0.2, 0.4, 0.5, 0.6, 0.8], rng.integers(0, 30))
        share, threshold = float(rng.choice([0, 0.1, 0.3, 0.5, 1])), float(rng.choice([0, 0.5, 0.7]))
        queue = sorted(range(len(p)), key=lambda i: (-p[i], i))
        first = queue[: len([k for k in range(1, len(p) + 1) if k <= share * len(p) + 1e-9])]
        slow = sorted(i for i in first if p[i] > threshold)
        assert np.flatnonzero(selection.select(p, threshold, share)).tolist() == slow


def test_an_unknown_rule_is_refused_with_those_that_exist():
    with pytest.raises(ConfigError, match="both, threshold, share, sure, balanced"):
        selection.select(np.zeros(3), rule="best")


# Division of the pool


@pytest.mark.parametrize(
    ("division", "expected"),
    [
        ("table1", (3, 35, 65, 85, 120, 150)),
        ("table2", (13, 35, 65, 85, 120, 150)),
        ("table3", (21, 45, 69, 93, 117)),
        ("text", (21, 137, 253, 369, 485, 600)),
        ("full", (600,)),
    ],
)
def test_the_labelled_set_grows_as_the_tables_say(division, expected):
    assert divisions.columns(*divisions.sizes(division, None, 600, 600)) == expected


def test_fifths_use_every_photo_and_differ_by_one_at_most():
    for n, n0 in itertools.product((27, 100, 600), (3, 13, 21)):
        first, groups = divisions.sizes("text", n0, n, n)
        assert first + sum(groups) == n
        assert max(groups) - min(groups) <= 1
        assert list(groups) == sorted(groups, reverse=True)


def test_all_labels_means_all_that_are_known():
    assert divisions.sizes("full", None, 600, 450) == (450, ())


def test_a_pool_that_is_too_small_gets_a_sentence():
    with pytest.raises(ConfigError, match=r"needs a pool of 150 photos, this one has 100.*division=text"):
        divisions.sizes("table1", None, 100, 100)
    with pytest.raises(ConfigError, match="n0 is 700, but the pool has 600 labelled photos; lower n0"):
        divisions.sizes("text", 700, 600, 600)


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"share": 1.5}, "share is 1.5; it must be between 0 and 1"),
        ({"share": -0.1}, "share is -0.1; it must be between 0 and 1"),
        ({"division": "table1", "n0": 13}, "table1 of the paper starts with 3 labels.*division=text"),
        ({"division": "text", "n0": 1, "start": "stratified"}, "one of each class.*start=random.*trains on"),
        ({"sure": 0.4}, "sure is 0.4; it must be between 0.5 and 1"),
        ({"portion": 1.2}, "portion is 1.2; it must be between 0 and 1"),
        ({"trust": 0.0}, "trust is 0; it must be between 0.01 and 1"),
        ({"method": "guess"}, "method is 'guess'; choose one of finetune, head, softmatch"),
        ({"division": "text", "folds": 5}, "folds is 5.*division=full"),
        ({"division": "full", "folds": 5, "repeats": 2}, "repeats is 2"),
        ({"division": "full", "folds": 1}, "folds is 1"),
    ],
)
def test_a_setting_that_does_not_fit_gets_a_sentence(told, sentence):
    with pytest.raises(ConfigError, match=sentence):
        settings_of.of(Config, told)


@pytest.mark.parametrize("preset", rail.PRESETS)
def test_every_preset_is_a_valid_config(preset):
    config = settings_of.of(Config, rail.PRESETS[preset])
    assert settings_of.of(Config, settings_of.to_dict(config)) == config


def test_the_defaults_are_the_papers():
    config = Config()
    assert (config.network, config.epochs, config.learning_rate, config.optimizer) == (
        "resnet50",
        20,
        1e-4,
        "adam",
    )
    assert (config.rule, config.threshold, config.share, config.repeats) == ("both", 0.5, 0.3, 5)
    assert (config.augment, config.folds, config.ema, config.label_smoothing) == ("none", 0, 0.0, 0.0)


# The draw

TRUTH = np.r_[np.ones(150, np.int8), np.zeros(450, np.int8)]


def test_a_draw_takes_each_photo_once():
    drawn = divisions.draw(TRUTH, 21, (24, 24, 24, 24), "random", np.random.default_rng(1))
    every = np.concatenate([drawn.start, *drawn.groups])
    assert [len(g) for g in drawn.groups] == [24] * 4
    assert len(every) == len(set(every.tolist())) == 117


def test_the_same_chances_draw_the_same_photos():
    one, two = (divisions.draw(TRUTH, 21, (24,), "random", np.random.default_rng(5)) for _ in range(2))
    assert (one.start == two.start).all()
    assert (one.groups[0] == two.groups[0]).all()


def test_a_stratified_start_holds_both_classes_whatever_the_seed():
    for seed in range(50):
        drawn = divisions.draw(TRUTH, 2, (), "stratified", np.random.default_rng(seed))
        assert set(TRUTH[drawn.start]) == {0, 1}
        assert not drawn.note


def test_a_random_start_of_one_class_goes_on_and_says_so():
    notes = [divisions.draw(TRUTH, 3, (), "random", np.random.default_rng(s)).note for s in range(400)]
    told = [note for note in notes if note]
    assert abs(len(told) / 400 - divisions.chance_of_one_class(150, 450, 3)) < 0.07
    assert any("all normal" in note for note in told)
    assert "trains on, as in the paper" in told[0]
    assert "start=stratified" in told[0]


def test_the_chance_of_one_class_is_counted_by_hand():
    # Two of three photos: 3 pairs, of which the two normal ones are 1.
    assert divisions.chance_of_one_class(1, 2, 2) == pytest.approx(1 / 3)
    assert divisions.chance_of_one_class(359, 1126, 3) == pytest.approx(0.4503, abs=1e-3)


def test_only_labelled_photos_start():
    truth = np.r_[np.full(500, -1, np.int8), np.ones(5, np.int8), np.zeros(5, np.int8)]
    drawn = divisions.draw(truth, 10, (100,), "random", np.random.default_rng(0))
    assert (truth[drawn.start] >= 0).all()
    with pytest.raises(ConfigError, match="the pool has 10 labelled photos"):
        divisions.draw(truth, 11, (), "random", np.random.default_rng(0))


def test_a_stratified_start_needs_both_classes_in_the_pool():
    with pytest.raises(ConfigError, match=r"one class only.*start=random"):
        divisions.draw(np.zeros(9, np.int8), 3, (), "stratified", np.random.default_rng(0))


# Which photos may teach


def photo(i: int, **told) -> Photo:
    return Photo(**({"path": Path(f"{i}.jpg"), "sha256": f"s{i}", "label": "normal"} | told))


def a_set(*photos: Photo) -> PhotoSet:
    return PhotoSet("set", "rail", photos)


def test_the_pool_is_the_split_pool_else_train_and_val_else_everything():
    both = a_set(photo(1, split="pool"), photo(2, split="train"), photo(3, split="test"))
    assert [p.sha256 for p in rail.pool(both)] == ["s1"]
    usual = a_set(photo(1, split="train"), photo(2, split="val"), photo(3, split="test"))
    assert [p.sha256 for p in rail.pool(usual)] == ["s1", "s2"]
    assert len(rail.pool(a_set(photo(1), photo(2)))) == 2
    with pytest.raises(DataError, match="no photo to learn from"):
        rail.pool(a_set(photo(1, split="test")))


def test_a_test_photo_in_the_pool_is_refused_and_a_shared_place_is_told():
    with pytest.raises(DataError, match=r"2\.jpg for one"):
        rail.apart([photo(1)], [photo(2, sha256="s1")])
    assert rail.apart([photo(1, group="a")], [photo(2, group="b")]) == ""
    assert "1 places" in rail.apart([photo(1, group="a")], [photo(2, group="a")])
    assert rail.apart([photo(1, group="")], [photo(2, group="")]) == ""


def test_a_label_that_is_no_rail_label_is_refused():
    assert rail.truths([photo(1), photo(2, label="defect"), photo(3, label=None)]).tolist() == [0, 1, -1]
    with pytest.raises(DataError, match="'rusty'"):
        rail.truths([photo(1, label="rusty")])


# What if


def test_what_if_counts_changes_and_mistakes():
    p, truth = np.asarray([0.9, 0.8, 0.2, 0.1]), np.asarray([1, 0, 1, -1])
    given = np.asarray([True, False, False, False])
    told = selection.what_if(p, 0.5, 0.5, given=given, truth=truth)
    assert told.is_defect.tolist() == [True, True, False, False]
    assert told.changed.tolist() == [False, True, False, False]
    assert told.rank.tolist() == [1, 2, 3, 4]
    assert told.mistakes == {
        "n": 4,
        "known": 3,
        "defect": 2,
        "wrong": 2,
        "false_defects": 1,
        "missed_defects": 1,
    }


def test_what_if_selects_in_each_group_apart():
    p = np.asarray([0.9, 0.8, 0.7, 0.6])
    assert selection.what_if(p, share=0.5).is_defect.tolist() == [True, True, False, False]
    pairs = selection.what_if(p, share=0.5, group=np.asarray([0, 0, 1, 1]))
    assert pairs.is_defect.tolist() == [True, False, True, False]
    assert pairs.rank.tolist() == [1, 2, 1, 2]
    assert (selection.what_if(p, share=0.5, group_size=2).is_defect == pairs.is_defect).all()
    assert not selection.what_if(p, share=0.5, group_size=1).is_defect.any()  # half a photo is none
    with pytest.raises(ConfigError, match="at least 1"):
        selection.what_if(p, group_size=0)


def test_what_if_of_an_empty_group_is_empty():
    assert selection.what_if(np.zeros(0)).mistakes["n"] == 0


# The ledger


def test_the_ledger_says_who_labelled_what_and_what_was_wrong(tmp_path: Path):
    labels = ("defect", "normal", "defect", None)
    pool = [photo(i, label=label, name=f"photo {i}") for i, label in enumerate(labels)]
    entries = cycles.first_entries(pool, np.asarray([0]), "random", 10.0)
    p, group = np.asarray([0.2, 0.9, 0.4], np.float32), np.asarray([1, 3, 2])
    entries += cycles.cycle_entries(pool, group, p, selection.select(p, share=0.4), "both", 1, 20.0)
    start, normal, unknown, missed = entries
    assert (start.by, start.label, start.cycle, start.rule, start.wrong) == (
        "person",
        "defect",
        0,
        "random",
        False,
    )
    assert (normal.by, normal.label, normal.rank, normal.wrong, normal.rule) == (
        "model",
        "normal",
        3,
        False,
        "both",
    )
    assert (unknown.label, unknown.rank, unknown.wrong) == ("defect", 1, None)
    assert (missed.label, missed.rank, missed.wrong, missed.at) == ("normal", 2, True, 20.0)

    (tmp_path / "repeat-1").mkdir()
    (tmp_path / "repeat-1" / "ledger.json").write_text(cycles.ledger_json(entries, repeat=1, note="–"))
    head, read = cycles.ledger(tmp_path, 1)
    assert head == {"repeat": 1, "note": "–"}
    assert read == entries
    assert cycles.ledger(tmp_path, 2) == ({}, [])


def test_the_table_of_results_is_mean_deviation_least_and_most():
    figures = {"balanced_accuracy": None, "f1": 0.0}
    rows = [
        {"repeat": r, "training": k, "labels": n, "accuracy": a} | figures
        for r, k, n, a in ((1, 1, 21, 0.7), (2, 1, 21, 0.8), (3, 1, 21, 0.9), (1, 2, 45, 0.6))
    ]
    first, second = cycles.table(rows)
    assert (first["labels"], first["repeats"]) == (21, 3)
    assert first["accuracy"]["mean"] == pytest.approx(0.8)
    assert first["accuracy"]["std"] == pytest.approx(0.1)  # of a sample: sqrt((0.01 + 0.01) / 2)
    assert (first["accuracy"]["min"], first["accuracy"]["max"]) == (0.7, 0.9)
    assert second["accuracy"]["std"] is None
    assert second["balanced_accuracy"]["mean"] is None
    json.dumps([first, second], allow_nan=False)


# Validation


def test_no_place_is_cut_by_the_folds_and_both_classes_are_spread():
    rng = np.random.default_rng(3)
    place = rng.choice([f"g{i}" for i in range(35)], 600)
    part = validation.fold_of(TRUTH, place, 5)
    for name in np.unique(place):
        assert len(set(part[place == name])) == 1
    assert all(25 <= (TRUTH[part == k] == 1).sum() <= 35 for k in range(5))
    assert all(100 <= (part == k).sum() <= 140 for k in range(5))


def test_photos_without_a_place_are_dealt_one_by_one():
    part = validation.fold_of(np.asarray([1, 0, 1, 0]), ["", "", "", ""], 2)
    assert sorted(part.tolist()) == [0, 0, 1, 1]
    with pytest.raises(ConfigError, match="2 places"):
        validation.fold_of(np.asarray([1, 0, 1]), ["a", "a", "b"], 3)


def test_temperature_finds_the_one_that_was_hidden():
    rng = np.random.default_rng(0)
    honest = rng.normal(0, 2, 20_000)
    truth = (rng.random(20_000) < 1 / (1 + np.exp(-honest))).astype(int)
    assert validation.temperature(honest * 3, truth) == pytest.approx(3, rel=0.05)
    assert validation.temperature(honest, np.zeros(20_000, int)) == 1.0  # one class says nothing


def test_probabilities_are_those_of_a_softmax():
    logits = np.asarray([[0.0, 0.0], [1.0, 3.0], [1000.0, -1000.0]], np.float32)
    p = validation.probabilities(logits, 2.0)
    assert p.dtype == np.float32
    assert p[0].tolist() == [0.5, 0.5]
    assert p[1, 1] == pytest.approx(np.exp(1.5) / (np.exp(0.5) + np.exp(1.5)))
    assert p[2].tolist() == [1.0, 0.0]


def test_log_loss_by_hand():
    assert validation.log_loss(np.asarray([0.0]), np.asarray([1])) == pytest.approx(np.log(2))
    assert np.isnan(validation.log_loss(np.zeros(0), np.zeros(0)))


def test_the_best_epoch_is_the_first_with_the_least_loss():
    truth = np.r_[np.ones(20, int), np.zeros(20, int)]
    good = np.where(truth == 1, 2.0, -2.0)
    poor = np.where(np.arange(40) % 4 == 0, -good, good)
    assert validation.best_epoch(np.stack([poor, good, good]), truth) == 2


def test_the_best_threshold_is_that_of_the_highest_expected_f1():
    # By hand: calling the first gives 2 * 0.9 / (1 + 1.5) = 0.72, both 2 * 1.4 / (2 + 1.5) = 0.8,
    # all three 2 * 1.5 / (3 + 1.5) = 0.67; half of 0.8 is 0.4.
    assert validation.best_threshold(np.asarray([0.5, 0.9, 0.1])) == pytest.approx(0.4)
    assert validation.best_threshold(np.zeros(0)) == validation.best_threshold(np.zeros(3)) == 0.5
    assert validation.best_threshold(np.full(9, 1e-6)) == 0.05


def test_no_other_cut_promises_more_on_calibrated_photos():
    rng = np.random.default_rng(0)
    p = rng.beta(0.3, 0.9, 4000)
    truth = rng.random(4000) < p
    best = validation.best_threshold(p)
    f1 = {cut: float(metrics.Counts.of(truth, p >= cut).f1) for cut in (best, 0.1, 0.2, 0.3, 0.5, 0.6, 0.7)}
    assert max(f1, key=f1.get) == best


# Verdicts


def verdict(p: float, threshold: float | None = None, **told):
    arrays = {"p": np.asarray([1 - p, p], np.float32)} | {k: v for k, v in told.items() if k == "unlike"}
    return rail.judge(arrays, threshold, CARD, quality=told.get("quality"))


def test_a_photo_at_the_threshold_is_a_defect():
    assert verdict(0.5, 0.5).label == "defect"
    assert verdict(0.4999, 0.5).label == "normal"
    assert verdict(0.45).label == "defect"  # the card's threshold
    assert verdict(0.45).threshold == 0.4


def test_confidence_is_the_chance_that_the_label_is_right():
    assert verdict(0.9).confidence == pytest.approx(0.9)
    assert verdict(0.1).confidence == pytest.approx(0.9)
    assert verdict(0.45).confidence == pytest.approx(0.45)


def test_a_person_is_asked_when_it_is_close_unlike_or_poor():
    assert not verdict(0.95).needs_person
    assert not verdict(0.05).needs_person
    assert "close to the limit" in verdict(0.45).reason
    assert "unlike" in verdict(0.95, unlike=np.float32(1.0)).reason
    assert not verdict(0.95, unlike=np.float32(0.5)).needs_person
    blurred = Quality(0.01, 0.5, 0.2, 500)
    told = verdict(0.95, quality=blurred)
    assert told.needs_person
    assert told.reason == "The photo is blurred."
    assert "expert" in told.next_step


def test_every_verdict_says_what_to_do():
    for p, quality in itertools.product((0.01, 0.99), (None, Quality(0.01, 0.5, 0.2, 500))):
        told = verdict(p, quality=quality)
        assert told.next_step
        assert told.reason.endswith(".")
        assert told.model == "r-1"
        assert told.figures["p_defect"] == pytest.approx(p)


# Figures


def stacked(truth, p, group=None) -> dict[str, np.ndarray]:
    photos = [
        photo(i, label={1: "defect", 0: "normal", -1: None}[t], group="" if group is None else group[i])
        for i, t in enumerate(truth)
    ]
    return rail.evaluation(photos, [{"p": np.asarray([1 - x, x], np.float32)} for x in p])


def test_the_figures_by_hand():
    told = rail.score(stacked([1, 1, 0, 0, 0, -1], [0.9, 0.2, 0.6, 0.1, 0.3, 0.9]), 0.5)
    assert told["confusion"] == [[2, 1], [1, 1]]
    assert told["accuracy"] == pytest.approx(3 / 5)
    assert told["precision"] == told["recall"] == told["f1"] == pytest.approx(1 / 2)
    assert told["balanced_accuracy"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert told["always_normal"] == pytest.approx(3 / 5)
    assert (told["n"], told["n_defect"], told["threshold"]) == (5, 2, 0.5)
    json.dumps(told, allow_nan=False)


def test_nothing_called_a_defect_has_no_precision_and_f1_of_0():
    told = rail.score(stacked([1, 0], [0.1, 0.2]))
    assert told["precision"] is None
    assert (told["recall"], told["f1"], told["threshold"]) == (0.0, 0.0, 0.5)


def test_figures_of_no_photo_are_none():
    told = rail.score(stacked([], []))
    assert told["accuracy"] is None
    assert told["n"] == 0


def test_an_evaluation_survives_the_disk_without_pickle(tmp_path: Path):
    found = stacked([1, 0, -1], [0.9, 0.1, 0.5], ["a", "b", ""])
    np.savez(tmp_path / "e.npz", **found)
    with np.load(tmp_path / "e.npz", allow_pickle=False) as read:
        assert set(read.files) == {"name", "sha256", "group", "truth", "p", "unlike"}
        assert rail.score(dict(read), draws=0) == rail.score(found, draws=0)


def test_intervals_equal_those_of_places_drawn_one_after_the_other():
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 2, 300)
    p = np.clip(truth * 0.4 + rng.random(300) * 0.6, 0, 1)
    group = [f"g{i % 23}" for i in range(300)]
    told = rail.score(stacked(truth, p, group), 0.5)
    said = p.astype(np.float32) >= 0.5

    def f1(index):
        return metrics.Counts.of(truth[index] == 1, said[index]).f1

    assert (told["f1_low"], told["f1_high"]) == pytest.approx(interval(group, f1))
    assert told["f1_low"] < told["f1"] < told["f1_high"]


def test_score_and_judge_cut_alike():
    for value in (0.1, 0.3, 0.5, 0.7, 0.9):
        found = stacked([1], [value])
        told = rail.judge({"p": found["p"][0]}, value, CARD)
        assert (told.label == "defect") == (rail.score(found, value, draws=0)["recall"] == 1.0)


def test_a_verdict_remembers_its_trim():
    told = rail.judge({"p": np.asarray([0.9, 0.1])}, None, CARD, trim=(0, 0, 1, 0.5), scale_mm_per_px=0.2)
    assert (told.trim, told.scale_mm_per_px) == ((0, 0, 1, 0.5), 0.2)
    assert dataclasses.asdict(told)["domain"] == "rail"
