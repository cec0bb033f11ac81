"""What a threshold costs on the wall: lengths missed, clean walls called, the cheapest cut."""

from __future__ import annotations

import dataclasses

import numpy as np
from PIL import Image

from core import crack, sweep
from core.measuring import certainty, fine, stakes, widths
from core.measuring.stakes import Stakes
from core.records import Card, Photo

CARD = Card("c-1", "crack", "unet", crack.CLASSES, {}, {}, (), threshold=0.5, threshold_how="")


def of(maps: list[np.ndarray], truths: list[np.ndarray]) -> Stakes:
    told = [fine.count(p, m) | {"clean": certainty.clean(p, m)} for p, m in zip(maps, truths, strict=True)]
    found = Stakes.of_evaluation({key: np.stack([one[key] for one in told]) for key in told[0]})
    assert found is not None
    return found


def wall(value: int = 0, height: int = 90) -> tuple[np.ndarray, np.ndarray]:
    """A wall with a horizontal crack 60 px long and 3 px wide that the map calls with this value."""
    mask = np.zeros((height, 90), bool)
    mask[44:47, 15:75] = True
    return np.where(mask, value, 0).astype(np.uint8), mask


def test_a_crack_is_missed_above_its_value_and_a_clean_part_is_called_up_to_its_own():
    stored, mask = wall(128)
    stored[5, 5:28] = 64  # a line of 23 px in a part of the photo that is clean
    told = of([stored], [mask])
    assert (told.of, told.n_clean) == ("parts", 6)
    assert told.at(0.6) == (told.length_px, 0)
    assert told.at(0.4) == (0.0, 0)
    assert told.at(0.2) == (0.0, 1)
    assert told.at(64 / 255)[1] == 1, "a value at the threshold is crack"
    assert abs(told.length_px - 60) < 2


def test_false_alarms_are_those_of_the_verdict_at_every_level():
    rng = np.random.default_rng(0)
    maps, truths = [], []
    for _ in range(stakes.ENOUGH_CLEAN):
        soft = rng.random((40, 50)).cumsum(1)
        maps.append(sweep.store(soft / soft.max()))
        truths.append(np.zeros((40, 50), bool))
    told = of(maps, truths)
    assert (told.of, told.n_clean) == ("photos", len(maps))
    for threshold in (0.001, 0.3, 0.66, 0.9, 0.999):
        masks = [widths.without_specks(sweep.mask(p, threshold), certainty.SMALLEST_PX) for p in maps]
        assert told.at(threshold)[1] == sum(m.any() for m in masks)


def test_a_speck_is_no_alarm_by_the_reach_of_the_models_own_verdicts(tmp_path):
    stored = np.zeros((90, 90), np.uint8)
    stored[5, 5:35] = 200  # reaches 30 px
    Image.fromarray(np.zeros((90, 90), bool)).save(tmp_path / "mask.png")
    photo = Photo(path=tmp_path / "wall.jpg", sha256="0" * 64, mask=tmp_path / "mask.png")
    for smallest_px, n in ((20.0, 1), (40.0, 0)):
        card = dataclasses.replace(CARD, known={"smallest_px": smallest_px})
        evaluation = crack.evaluation([photo], [{"p": stored}], card)
        assert stakes.alarms(evaluation, 0.5) == (n, 1)
        said = crack.judge({"p": stored}, 0.5, card)
        assert (said.label == "crack") == bool(n), "as the verdict says"
    assert stakes.alarms(evaluation, 0.9) == (0, 1)


def test_the_dearer_a_missed_metre_the_lower_the_threshold():
    stored, mask = wall(100)
    stored[5, 5:28] = 150
    told = of([stored], [mask])
    cheap, dear = told.cheapest(1.0), told.cheapest(1000.0)
    assert cheap > 150 / 255
    assert told.at(cheap) == (told.length_px, 0)
    assert dear <= 100 / 255
    assert told.at(dear) == (0.0, 1)
    slow = [1000 * told.at(t)[0] / stakes.LENGTH_PX + told.at(t)[1] for t in sweep.THRESHOLDS]
    assert slow[sweep.at(dear)] == min(slow)
    assert told.cheapest(1000.0, unit_px=1e9) > 150 / 255, "a unit that long is never missed"


def test_without_clean_walls_nothing_can_be_weighed():
    stored = np.full((30, 30), 200, np.uint8)
    assert not of([stored], [np.ones((30, 30), bool)]).can_weigh
    assert not of([stored], [np.zeros((30, 30), bool)]).can_weigh


def test_an_evaluation_without_lengths_has_no_stakes():
    assert Stakes.of_evaluation({"histogram": np.zeros((1, 256, 2))}) is None
