"""What an experiment advises, by hand on small arrays."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from core.errors import DataError
from core.few_labels import advice, cycles, divisions
from core.few_labels.cycles import Begin, Entry
from core.records import Photo

# Is it helping?


def test_the_gain_is_the_difference_of_f1_and_of_accuracy():
    truth = np.asarray([1, 1, 0, 0, -1])
    alone, now = np.asarray([0.9, 0.1, 0.9, 0.1, 0.9]), np.asarray([0.9, 0.9, 0.1, 0.1, 0.1])
    told = advice.helping(truth, ["a", "b", "c", "d", "e"], alone, now)
    assert told.better == pytest.approx(1 - 0.5)  # 1 hit, 1 false alarm, 1 miss: 2 / 4
    assert told.accuracy == pytest.approx(1 - 0.5)
    assert (told.n_photos, told.n_places) == (4, 4)


def test_the_same_answers_help_in_no_way():
    truth, p = np.arange(40) % 4 == 0, np.random.default_rng(0).random(40)
    told = advice.helping(truth.astype(int), np.arange(40).astype(str), p, p)
    assert (told.better, told.low, told.high) == (0, 0, 0)
    assert (told.key, told.advice) == ("unclear", "label")


@pytest.mark.parametrize(("better", "key", "what"), [(True, "better", "go_on"), (False, "worse", "stop")])
def test_a_clear_gain_says_go_on_and_a_clear_loss_says_stop(better, key, what):
    truth = np.arange(200) % 4 == 0
    poor = np.where(np.arange(200) % 8 == 0, 0.9, 0.1)  # finds every second defect
    good = truth.astype(float)
    told = advice.helping(truth.astype(int), np.arange(200) // 2, *((poor, good) if better else (good, poor)))
    assert (told.key, told.advice) == (key, what)
    assert told.low < told.better < told.high or told.high == told.better


def test_few_places_make_the_interval_wide():
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, 300)
    alone, now = (np.clip(truth + rng.normal(0, s, 300), 0, 1) for s in (0.9, 0.7))
    wide, narrow = (advice.helping(truth, np.arange(300) % n, alone, now) for n in (6, 300))
    assert wide.better == narrow.better
    assert wide.high - wide.low != narrow.high - narrow.low
    assert wide.n_places == 6


def test_one_place_says_nothing_for_sure():
    truth = np.asarray([1, 1, 0, 0])
    told = advice.helping(truth, ["a"] * 4, np.asarray([0.9, 0.1, 0.9, 0.1]), truth.astype(float))
    assert told.better == pytest.approx(0.5)
    assert np.isnan([told.low, told.high]).all()
    assert (told.key, told.advice, told.n_places) == ("unclear", "label", 1)


def test_without_a_label_nobody_can_say_whether_it_helps():
    with pytest.raises(DataError, match="nobody can say"):
        advice.helping(np.full(3, -1), ["a", "b", "c"], np.zeros(3), np.zeros(3))


# Whom to ask


def test_those_the_model_is_least_sure_of_are_asked_and_never_a_known_one():
    features = np.eye(12)
    p = np.r_[0.5, 0.5, np.linspace(0.51, 0.99, 10)]
    assert set(advice.ask(features, p, np.asarray([0]), 1).tolist()) <= {1, 2, 3}
    assert len(advice.ask(features, p, np.arange(10), 5)) == 2
    assert len(advice.ask(features, p, np.arange(12), 5)) == 0


def test_two_of_a_kind_are_not_asked_together():
    rng = np.random.default_rng(0)
    kinds = np.eye(3)[[0, 0, 0, 1, 1, 1, 2, 2, 2]] + 0.01 * rng.normal(size=(9, 3))
    asked = advice.ask(kinds, np.full(9, 0.5), np.asarray([0]), 2)
    assert {int(i) // 3 for i in asked} == {1, 2}


# The start set


def test_the_typical_photo_of_each_cluster_starts():
    rng = np.random.default_rng(0)
    centres = np.eye(4) * 5
    features = np.concatenate([c + rng.normal(0, 0.3, (30, 4)) for c in centres])
    features[[5, 35, 65, 95]] = centres  # in the middle of each
    truth = np.r_[np.ones(30), np.zeros(90)].astype(np.int8)
    drawn = divisions.draw(truth, 4, (10,), "typical", np.random.default_rng(1), features)
    assert sorted(int(i) // 30 for i in drawn.start) == [0, 1, 2, 3]
    assert not set(drawn.start.tolist()) & set(drawn.groups[0].tolist())


def test_as_many_start_as_were_asked_for_even_where_photos_are_all_alike():
    drawn = divisions.draw(np.ones(9, np.int8), 5, (), "typical", np.random.default_rng(0), np.ones((9, 3)))
    assert len(set(drawn.start.tolist())) == 5


# From a run's folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An experiment of one repeat and two trainings: four pool photos, three test photos."""
    own = tmp_path / "7"
    (own / "repeat-1").mkdir(parents=True)
    truth = np.asarray([1, 0, 1, 0], np.int8)
    named = {
        f"{side}_{key}": value
        for side, n, t in (("pool", 4, truth), ("test", 3, truth[:3]))
        for key, value in {
            "sha256": np.asarray([f"{side}{i}" for i in range(n)]),
            "group": np.asarray([f"place {i}" for i in range(n)]),
            "truth": t,
        }.items()
    }
    np.savez(own / cycles.PHOTOS, **named)
    for number, test_p in ((1, [0.1, 0.1, 0.9]), (2, [0.9, 0.1, 0.9])):
        stored = {"learned": np.arange(2), "pool_p": np.asarray([0.9, 0.1, 0.6, 0.2])}
        np.savez(cycles.cycle_file(own, 1, number), test_p=np.asarray(test_p), **stored)
        pool, test = np.asarray([[9, 0], [0, 9], [9, 9], [9, 1]]), np.asarray([[9, 0], [0, 9], [5, 5]])
        kept = {"pool": pool.astype(np.int8), "test": test.astype(np.int8)}
        np.savez(cycles.features_file(own, 1, number), **kept)
    entries = [Entry("a", "pool0", 0, "person", "random", "defect", None, None, False, 1.0)]
    entries += [
        Entry("b", "pool1", 0, "person", "random", "normal", None, None, False, 1.0),
        Entry("c", "pool2", 1, "model", "both", "normal", 0.6, 1, True, 2.0),
        Entry("d", "pool3", 1, "model", "both", "normal", 0.2, 2, False, 2.0),
    ]
    cycles.ledger_file(own, 1).write_text(cycles.ledger_json(entries))
    return own


def test_a_test_verdict_is_traced_to_the_pseudo_labels_most_like_it(folder):
    first, second = cycles.nearest(folder, 1, 2, "test0", 5)
    assert (first.sha256, first.label, first.truth) == ("pool3", "normal", "normal")
    assert (second.sha256, second.label, second.truth) == ("pool2", "normal", "defect")
    assert first.cosine == pytest.approx(9 / 82**0.5, abs=1e-5)
    assert cycles.nearest(folder, 1, 1, "test0", 5) == []  # nothing but people's labels taught the first
    with pytest.raises(DataError, match="no test photo of this run"):
        cycles.nearest(folder, 1, 2, "pool0", 5)


def test_the_folder_tells_whether_it_helps_and_whom_to_ask(folder):
    told = cycles.helping(folder, 1, 2)
    assert told is not None
    assert told.better == pytest.approx(1 - 2 / 3)
    assert cycles.helping(folder, 1, 1) is None
    assert cycles.helping(folder, 1, 3) is None
    assert cycles.ask(folder, 1, 2, 1) in (["pool2"], ["pool3"])
    assert set(cycles.ask(folder, 1, 2, 9)) == {"pool2", "pool3"}  # people's own are not asked again
    assert cycles.luck(folder, 1) is not None


def test_a_run_that_kept_no_features_advises_nothing(tmp_path):
    assert cycles.nearest(tmp_path, 1, 1, "x", 3) == cycles.ask(tmp_path, 1, 1, 3) == []
    assert cycles.luck(tmp_path, 1) is cycles.helping(tmp_path, 1, 2) is None


def test_the_ledger_goes_on_from_the_old_one_with_peoples_words_in_it(folder):
    begin = Begin(folder, 1, 2, {"pool2": 1, "pool9": 0}, {"pool2": "eva"})
    more = [Photo(Path("c.jpg"), sha256="pool2"), Photo(Path("z.jpg"), sha256="pool9")]
    *_, c, d, z = cycles.begun_entries(begin, more, 9.0)
    assert (c.by, c.who, c.said, c.label, c.wrong, c.p_defect) == (
        "person",
        "eva",
        "normal",
        "defect",
        False,
        0.6,
    )
    assert d.by == "model"
    assert (z.photo, z.label, z.cycle, z.rule, z.said) == ("z.jpg", "normal", 1, "asked", "")
    again = dataclasses.replace(begin, labels={}, by={})
    assert len(cycles.begun_entries(again, more, 9.0)) == 4


def test_a_begin_is_read_from_a_runs_config_and_refused_when_it_makes_no_sense(tmp_path):
    told = {"run": 7, "repeat": 2, "cycle": 3, "labels": {"a": 1}, "by": {"a": "eva"}}
    assert cycles.begin_of(told, tmp_path) == Begin(tmp_path / "7", 2, 3, {"a": 1}, {"a": "eva"})
    with pytest.raises(DataError, match="count from 1"):
        cycles.begin_of(told | {"cycle": 0}, tmp_path)
    with pytest.raises(DataError, match=r"1 \(defect\) or 0 \(normal\)"):
        cycles.begin_of(told | {"labels": {"a": 2}}, tmp_path)
