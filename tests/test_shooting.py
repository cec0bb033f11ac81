"""Which shooting rules a photo breaks, what to do, and that the verdict says so."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from core import crack, quality
from core.measuring import scales, shooting
from core.quality import Quality
from tests.test_crack import CARD

GOOD = Quality(sharpness=0.5, brightness=0.5, contrast=0.2, shorter_side_px=480)


def broken(seen: Quality, mm_per_px: float = 0.05) -> list[tuple[str, str]]:
    found = shooting.rules(seen, scales.given(mm_per_px), 0.1)
    assert tuple(rule.name for rule in found) == shooting.NAMES
    return [(rule.name, rule.fault) for rule in shooting.broken(found)]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"shorter_side_px": 63}, ("size", "small")),
        ({"brightness": 0.07}, ("light", "dark")),
        ({"brightness": 0.96}, ("light", "bright")),
        ({"contrast": 0.009}, ("contrast", "flat")),
        ({"sharpness": 0.23}, ("sharp", "blurred")),
    ],
)
def test_each_rule_is_broken_by_its_own_fault_and_names_a_remedy(change: dict, fault: tuple[str, str]):
    seen = dataclasses.replace(GOOD, **change)
    assert broken(seen) == [fault]
    assert (seen.remedy or "").startswith("Take the photo again")


def test_a_good_photo_breaks_none_and_one_too_far_away_breaks_one():
    assert broken(GOOD) == []
    assert GOOD.remedy is None
    assert broken(GOOD, 0.2) == [("near", "far")]


def test_what_nobody_can_know_is_left_open():
    open_ = {rule.name for rule in shooting.rules(None, None, 0.1) if rule.is_kept is None}
    assert open_ == set(shooting.NAMES)
    square = shooting.rules(GOOD, scales.given(0.05), 0.1)[-1]
    assert (square.name, square.is_kept) == ("square", None), "no photo alone says that"


def test_a_verdict_on_a_blurred_photo_keeps_what_was_seen_and_says_take_it_again():
    blurred = dataclasses.replace(GOOD, sharpness=0.1)
    told = crack.judge({"p": np.zeros((90, 90), np.uint8)}, 0.5, CARD, quality=blurred)
    assert told.needs_person
    assert told.next_step == blurred.remedy
    assert shooting.quality(told.figures) == blurred
    assert shooting.quality({}) is None


def test_a_flat_grey_picture_is_refused_by_its_contrast():
    assert quality.measured(np.full((200, 200, 3), 128, np.uint8)).remedy is not None
