"""core.dealing: groups stay whole, and every part gets its share of every class."""

import numpy as np

from core.dealing import dealt, named


def test_photos_without_a_group_are_groups_of_their_own():
    assert len(np.unique(named(["a", "", "a", ""]))) == 3
    assert len(named([])) == 0


def test_two_groups_alike_go_to_different_parts():
    part = dealt(np.array([0, 1, 0, 1]), named(["a", "a", "b", "b"]), 2, 2)
    assert part[0] == part[1]
    assert part[2] == part[3]
    assert set(part.tolist()) == {0, 1}


def test_no_group_is_cut_and_every_part_has_near_its_share_of_every_class():
    rng = np.random.default_rng(0)
    groups = named([f"g{i // 4}" for i in range(240)])
    classes = rng.integers(0, 4, 240)
    part = dealt(classes, groups, 5, 4, seed=3)
    assert all(len(set(part[groups == g].tolist())) == 1 for g in np.unique(groups))
    fair = np.bincount(classes, minlength=4) / 5
    for k in range(5):
        assert np.abs(np.bincount(classes[part == k], minlength=4) - fair).max() <= 3


def test_a_seed_decides_among_groups_of_one_size_and_nothing_else_does():
    classes, groups = np.arange(40) % 2, named([f"g{i // 4}" for i in range(40)])
    first = dealt(classes, groups, 5, 2, seed=1)
    assert np.array_equal(first, dealt(classes, groups, 5, 2, seed=1))
    assert not np.array_equal(first, dealt(classes, groups, 5, 2, seed=2))


def test_with_fewer_groups_than_parts_some_stay_empty():
    assert set(dealt(np.array([0, 1]), named(["a", "b"]), 3, 2).tolist()) < {0, 1, 2}
