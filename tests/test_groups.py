"""Groups: what is shown of a cycle is what its files hold, whoever labelled the photos."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from core.few_labels import cycles, groups, selection
from core.few_labels.cycles import Begin, Entry
from core.records import Photo
from tests import experiments, stock


@pytest.fixture
def folder(tmp_path):
    settings = stock.settings(tmp_path)
    pool, tested = experiments.photos(settings, tmp_path / "scratch", 130, 20, name="tiles")
    run_id = experiments.run(settings, pool, tested, data="tiles", preset="table3", repeats=1)
    return settings.runs / str(run_id)


def test_a_group_is_what_the_cycle_stored_in_its_order(folder):
    group, stored = groups.read(folder, 1, 2), cycles.cycle(folder, 1, 2)
    shas = cycles.photos(folder)["pool_sha256"]
    assert [line.sha256 for line in group.lines] == shas[stored["group"]].tolist()
    assert np.array_equal(group.p.astype(np.float32), stored["group_p"])
    assert np.array_equal(group.given == 1, stored["selected"])
    assert np.array_equal(group.truth, cycles.photos(folder)["pool_truth"][stored["group"]])
    assert set(group.part.tolist()) == {2}
    assert not group.is_fixed.any()


def test_all_cycles_are_their_groups_one_after_the_other(folder):
    whole = groups.read(folder, 1)
    assert groups.numbers(folder, 1) == [1, 2, 3, 4]
    assert whole.part.tolist() == [k for k in (1, 2, 3, 4) for _ in range(24)]
    told = selection.what_if(whole.p, group=whole.part, given=whole.given == 1, truth=whole.truth)
    assert not told.changed.any(), "the run's own lines change nothing"


def test_without_the_list_of_photos_the_ledger_is_enough(folder):
    with_list = groups.read(folder, 1, 3)
    (folder / cycles.PHOTOS).unlink()
    without = groups.read(folder, 1, 3)
    for name in ("p", "given", "truth", "part", "is_fixed"):
        assert np.array_equal(getattr(with_list, name), getattr(without, name)), name
    assert groups.flips(folder, 1, without.lines, 0.5) == {}


def test_a_repeat_that_was_not_reached_has_no_photos(folder):
    assert len(groups.read(folder, 7).lines) == 0
    assert groups.numbers(folder, 7) == []


def test_photos_that_a_rule_left_are_there_without_a_label(folder):
    found = cycles.experiment(folder)
    found["config"]["rule"] = "sure"
    (folder / cycles.EXPERIMENT).write_text(json.dumps(found))
    stored = cycles.cycle(folder, 1, 1)
    p = stored["group_p"]
    left = selection.leave(p, 0.3, "sure", sure=0.9)
    left[0] = True  # its views disagree
    stored |= {"left": left, "selected": p >= 0.9}
    np.savez(cycles.cycle_file(folder, 1, 1), **stored)
    shas = cycles.photos(folder)["pool_sha256"][stored["group"]]
    head, entries = cycles.ledger(folder, 1)
    kept = [e for e in entries if e.cycle != 1 or not left[shas.tolist().index(e.sha256)]]
    kept = [
        dataclasses.replace(e, label="defect" if e.p_defect >= 0.9 else "normal") if e.cycle == 1 else e
        for e in kept
    ]
    cycles.ledger_file(folder, 1).write_text(cycles.ledger_json(kept, **head))
    group = groups.read(folder, 1, 1)
    assert np.array_equal(group.given == groups.LEFT, left)
    assert group.lines[0].label == ""
    assert group.lines[0].photo
    by_rule = selection.leave(p, 0.3, "sure", sure=0.9)
    assert np.array_equal(group.is_fixed, left & ~by_rule), "no threshold makes views agree"


def test_a_label_that_a_person_gave_is_fixed(folder, tmp_path):
    group = groups.read(folder, 1, 2)
    turned, later = group.lines[0], groups.read(folder, 1, 4).lines[0]
    labels = {turned.sha256: int(turned.label == "normal"), later.sha256: 1}
    begin = Begin(folder, 1, 3, labels, {turned.sha256: "mina", later.sha256: "joon"})
    photos = [
        Photo(path=tmp_path / "x", name="x", sha256=s) for s in cycles.photos(folder)["pool_sha256"].tolist()
    ]
    head, _ = cycles.ledger(folder, 1)
    entries = cycles.begun_entries(begin, photos, 5.0)
    cycles.ledger_file(folder, 1).write_text(cycles.ledger_json(entries, **head))
    now = groups.read(folder, 1, 2)
    assert now.given[0] == labels[turned.sha256]
    assert (now.lines[0].who, now.lines[0].said, bool(now.is_fixed[0])) == ("mina", turned.label, True)
    assert now.lines[-1].sha256 == later.sha256, "entered with the last cycle that was kept"
    assert now.part[-1] == 0, "it takes no room of that group"
    assert len(now.lines) == len(group.lines) + 1


def test_a_later_network_that_disagrees_is_named(folder):
    group = groups.read(folder, 1, 2)
    place = {s: i for i, s in enumerate(cycles.photos(folder)["pool_sha256"].tolist())}
    for number in (1, 2, 3, 4, 5):
        stored = cycles.cycle(folder, 1, number)
        p = np.full(len(place), 0.5, np.float32)
        for line in group.lines:
            p[place[line.sha256]] = 0.9 if line.label == "defect" else 0.1
        first = group.lines[0]
        if number != 4:
            p[place[first.sha256]] = 1 - p[place[first.sha256]]
        np.savez(cycles.cycle_file(folder, 1, number), **(stored | {"pool_p": p}))
    found = groups.flips(folder, 1, group.lines, 0.5)
    assert found == {group.lines[0].sha256: [3, 5]}, "trainings 1 and 2 had no such label to contradict"


def test_the_start_set_is_of_no_group(folder):
    _, entries = cycles.ledger(folder, 1)
    start = {e.sha256 for e in entries if e.cycle == 0}
    assert len(start) == 21
    assert not start & {line.sha256 for line in groups.read(folder, 1).lines}
    asked = Entry("a", "sha-a", 2, "person", "asked", "defect", None, None, False, 1.0, who="mina")
    head, _ = cycles.ledger(folder, 1)
    cycles.ledger_file(folder, 1).write_text(cycles.ledger_json([*entries, asked], **head))
    assert "sha-a" not in {line.sha256 for line in groups.read(folder, 1).lines}
