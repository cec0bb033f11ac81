"""Maps to verdicts: what is called a crack, how sure, how wide, and what a person should see."""

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

from core import config, crack, sweep
from core.crack import Config, judge
from core.errors import ConfigError, DataError, PatinaError
from core.measuring import certainty, standards
from core.metrics import Counts
from core.quality import Quality
from core.records import Card, Photo
from tests.slow import interval

CARD = Card(
    id="unet-1",
    domain="crack",
    network="unet",
    classes=crack.CLASSES,
    config={},
    preprocessing={},
    data=(),
    threshold=0.5,
    threshold_how="",
    known={"smallest_px": 20, "calibration": [2.0, 0.0]},
)


def wall(width=3, value=240, length=80, around=5):
    """A stored map with one straight crack."""
    stored = np.full((100, 120), around, np.uint8)
    if width:
        stored[40 : 40 + width, 20 : 20 + length] = value
    return {"p": stored}


def test_a_long_mark_above_the_threshold_is_a_crack():
    verdict = judge(wall(), None, CARD)
    assert verdict.label == "crack"
    assert verdict.threshold == 0.5
    assert not verdict.needs_person
    assert verdict.figures["crack_fraction"] == pytest.approx(240 / 12000)
    assert verdict.figures["max_width_px"] == pytest.approx(3, abs=0.1)
    assert verdict.figures["length_px"] == pytest.approx(80, rel=0.05)
    assert verdict.figures["n_cracks"] == 1
    assert verdict.confidence > 0.9
    assert verdict.model == "unet-1"


def test_a_speck_is_no_crack_but_stays_in_the_fraction():
    verdict = judge(wall(length=10), None, CARD)
    assert verdict.label == "no crack"
    assert verdict.figures["crack_fraction"] == pytest.approx(30 / 12000)
    assert verdict.figures["max_width_px"] == 0
    assert verdict.figures["length_px"] == 0


def test_specks_beside_a_crack_are_not_measured():
    arrays = wall(width=2)
    arrays["p"][5:15, 5:15] = 250
    figures = judge(arrays, None, CARD).figures
    assert figures["max_width_px"] == pytest.approx(2, abs=0.1)
    assert figures["n_cracks"] == 1


def test_a_pixel_at_the_threshold_is_crack():
    arrays = wall(value=102)  # 102 / 255 is 0.4 exactly
    assert judge(arrays, 0.4, CARD).label == "crack"
    assert judge(arrays, 0.401, CARD).label == "no crack"


def test_mask_and_verdict_come_from_one_threshold():
    arrays = wall(value=180)
    for t in (0.1, 0.5, 0.7, 0.71, 0.9):
        verdict = judge(arrays, t, CARD)
        assert verdict.figures["crack_fraction"] == sweep.mask(arrays["p"], t).mean()
        assert verdict.threshold == t


def test_without_a_scale_there_are_no_millimetres():
    figures = judge(wall(), None, CARD).figures
    assert figures["max_width_mm"] is None
    assert figures["scale"] == "no scale"
    figures = judge(wall(), None, CARD, scale_mm_per_px=0.1).figures
    assert figures["max_width_mm"] == pytest.approx(0.3, abs=0.02)
    assert figures["length_mm"] == pytest.approx(8, rel=0.05)
    assert figures["scale"] == "0.1 mm/px"


def test_a_faint_crack_asks_for_a_person_on_both_sides_of_the_threshold():
    for value, label in ((140, "crack"), (115, "no crack")):
        verdict = judge(wall(value=value), None, CARD)
        assert verdict.label == label
        assert verdict.needs_person
        assert "faint" in verdict.reason
    assert not judge(wall(value=60), None, CARD).needs_person


def test_a_label_less_likely_than_not_asks_for_a_person():
    unsure = dataclasses.replace(CARD, known={"smallest_px": 20, "calibration": [2.0, -9.0]})
    verdict = judge(wall(), None, unsure)
    assert (verdict.label, verdict.confidence < 0.5) == ("crack", True)
    assert "joint" in verdict.reason
    too_high = judge(wall(), 0.99, CARD.__class__(**{**vars(CARD), "threshold": 0.99}))
    assert too_high.label == "no crack"
    assert too_high.needs_person


def test_what_the_photo_is_and_is_not_like_is_said():
    poor = Quality(sharpness=0.01, brightness=0.5, contrast=0.2, shorter_side_px=400)
    verdict = judge(wall() | {"unlike": np.float32(1.0)}, None, CARD, quality=poor)
    assert "blurred" in verdict.reason
    assert "unlike" in verdict.reason
    assert verdict.needs_person
    assert verdict.next_step != judge(wall(), None, CARD).next_step


def test_empty_full_and_tiny_maps_get_a_verdict():
    empty = judge({"p": np.zeros((50, 60), np.uint8)}, None, CARD)
    assert (empty.label, empty.figures["max_width_px"], empty.needs_person) == ("no crack", 0.0, False)
    full = judge({"p": np.full((50, 60), 255, np.uint8)}, None, CARD)
    assert full.label == "crack"
    assert full.figures["max_width_px"] is None  # no edge is seen
    assert full.needs_person
    tiny = judge({"p": np.full((5, 5), 255, np.uint8)}, None, CARD)
    assert tiny.label == "no crack"  # nothing in it reaches 20 pixels
    json.dumps(dataclasses.asdict(full), allow_nan=False)


@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_the_ends_of_the_threshold_are_answered(threshold):
    verdict = judge(wall(value=255), threshold, CARD)
    assert verdict.label == "crack"
    assert verdict.figures["crack_fraction"] == (1.0 if threshold == 0 else 240 / 12000)


def test_the_map_holds_to_the_level_of_its_longest_mark():
    assert certainty.holds_to(wall(value=200)["p"], 20) == 200 / 255
    assert certainty.holds_to(wall(value=255)["p"], 20) == 1.0
    assert certainty.holds_to(wall(width=0, around=0)["p"], 20) == 0.0
    stored = wall(value=200)["p"]
    for t in (199 / 255, 200 / 255, 201 / 255):
        assert (judge({"p": stored}, t, CARD).label == "crack") == (certainty.holds_to(stored, 20) >= t)


def test_holding_equals_trying_every_level():
    rng = np.random.default_rng(0)
    from scipy import ndimage

    from core.measuring import widths

    stored = (ndimage.gaussian_filter(rng.random((60, 60)), 2) * 255 * 1.4).clip(0, 255).astype(np.uint8)
    slow = max(v for v in range(256) if widths.extents(stored >= v)[1].max(initial=0) >= 25)
    assert certainty.holds_to(stored, 25) == slow / 255


def test_calibration_recovers_a_known_curve():
    rng = np.random.default_rng(0)
    holds = rng.uniform(0.02, 0.98, 4000)
    z = 2.0 * np.log(holds / (1 - holds)) - 1.0
    truth = rng.random(4000) < 1 / (1 + np.exp(-z))
    slope, offset = certainty.calibrate(holds, truth)
    assert slope == pytest.approx(2, abs=0.2)
    assert offset == pytest.approx(-1, abs=0.15)


def test_calibration_without_one_kind_changes_nothing():
    assert certainty.calibrate(np.array([0.5, 0.9]), np.array([True, True])) == (1.0, 0.0)
    card = dataclasses.replace(CARD, known={})
    assert certainty.confidence(0.7, card) == pytest.approx(0.7)


def test_the_smallest_crack_parts_right_marks_from_wrong_ones():
    stored, truth = wall(length=60)["p"], np.zeros((100, 120), bool)
    truth[40:43, 20:80] = True
    for i in range(4):
        stored[80:82, 10 + 25 * i : 26 + 25 * i] = 250  # reach 16.1, nothing there
    smallest_px = certainty.smallest([(stored, truth)], 0.5)
    assert 16 < smallest_px <= 61
    assert smallest_px == 17
    assert certainty.smallest([(stored, np.zeros_like(truth))], 0.5) == certainty.SMALLEST_PX


def test_parts_of_a_wall_with_a_stub_of_crack_are_left_out():
    truth = np.zeros((90, 90), bool)
    truth[10, 0:45] = True  # 30 in the first part, 15 in the second
    told = certainty.pieces(np.where(truth, 200, 3).astype(np.uint8), truth, 20)
    assert len(told) == 9
    assert [is_crack for _, is_crack in told] == [True, True] + [False] * 7
    assert told[0][0] == 200 / 255
    assert told[-1][0] == 3 / 255


@pytest.fixture
def photos(tmp_path):
    """Two photos with masks, one wall said to be whole."""
    made = []
    for i in range(3):
        picture, mask = np.full((40, 50, 3), 120 + i, np.uint8), np.zeros((40, 50), np.uint8)
        mask[20, 5:45] = 255
        Image.fromarray(picture).save(tmp_path / f"{i}.png")
        Image.fromarray(mask).save(tmp_path / f"m{i}.png")
        given = {"mask": tmp_path / f"m{i}.png"} if i < 2 else {"label": "no crack"}
        made.append(Photo(tmp_path / f"{i}.png", group=f"g{i}", **given))
    return made


def test_a_set_is_stacked_and_scored_as_if_pixel_by_pixel(photos, tmp_path):
    rng = np.random.default_rng(0)
    arrays = [
        {"p": rng.integers(0, 256, (40, 50), dtype=np.uint8), "unlike": np.float32(0.2)} for _ in photos
    ]
    told = crack.evaluation(photos, arrays)
    assert told["histogram"].shape == (3, 256, 2)
    assert told["size"].tolist() == [[40, 50]] * 3
    assert [len(s) for s in told["sha256"]] == [64] * 3
    np.savez(tmp_path / "e.npz", allow_pickle=False, **told)
    truths = np.stack([crack.truth(p) for p in photos])
    assert truths.sum() == 80
    figures = crack.score(told, 0.3)
    slow = Counts.of(truths, np.stack([a["p"] for a in arrays]) / 255 >= 0.3)
    for name in ("precision", "recall", "accuracy", "f1", "iou"):
        assert figures[name] == pytest.approx(float(getattr(slow, name)))
    assert figures["threshold"] == 0.3
    assert figures["best"]["f1"] >= figures["f1"]
    assert figures["f1_low"] <= figures["f1"] <= figures["f1_high"]
    assert crack.score(told)["threshold"] == figures["best"]["threshold"]
    json.dumps(figures, allow_nan=False)


def test_each_figure_has_its_interval_by_group():
    rng = np.random.default_rng(8)
    truths, said = rng.random((2, 12, 400)) < np.linspace(0.1, 0.5, 12)[:, None]
    said |= truths & (rng.random((12, 400)) < 0.6)
    stored = np.where(said, 200, 20).astype(np.uint8)
    told = {
        "histogram": np.stack([sweep.histogram(s, t) for s, t in zip(stored, truths, strict=True)]),
        "group": np.asarray([f"wall {i // 3}" for i in range(12)]),
    }
    figures = crack.score(told, 0.5, draws=200)
    for name in ("precision", "recall", "accuracy", "f1", "iou"):
        slow = interval(told["group"], lambda i, k=name: getattr(Counts.of(truths[i], said[i]), k), draws=200)
        assert (figures[f"{name}_low"], figures[f"{name}_high"]) == pytest.approx(slow)
        assert slow[0] < figures[name] < slow[1]
    assert not [k for k in crack.score(told, 0.5, draws=0) if k.endswith(("_low", "_high"))]


def test_a_state_is_better_only_where_its_photos_agree():
    def histograms(missed):
        """Crack of 1,000 pixels a photo, so many of them missed."""
        h = np.zeros((len(missed), 256, 2), np.uint32)
        h[:, 10, 0], h[:, 240, 1], h[:, 10, 1] = 50_000, 1000 - np.asarray(missed), missed
        return h

    plain = histograms([300] * 10)
    assert crack.is_clearly_better(histograms([250] * 10), plain)
    lucky = histograms([0, 310, 310, 310, 310, 310, 310, 310, 310, 310])  # one photo decides
    assert not crack.is_clearly_better(lucky, plain)
    assert not crack.is_clearly_better(plain, plain)


def test_figures_of_a_set_without_crack_are_unknown_not_zero(photos):
    told = crack.evaluation(photos[2:], [{"p": np.zeros((40, 50), np.uint8)}])
    figures = crack.score(told, 0.5)
    assert figures["f1"] is None
    assert figures["recall"] is None
    assert figures["accuracy"] == 1


def test_masks_that_are_missing_or_do_not_fit_are_refused(photos):
    with pytest.raises(DataError, match="no mask"):
        crack.truth(Photo(photos[0].path))
    with pytest.raises(DataError, match="one size"):
        crack.evaluation(photos[:1], [{"p": np.zeros((40, 51), np.uint8)}])


def test_presets_are_configs_and_paper_is_the_papers():
    for preset in crack.PRESETS.values():
        config.of(Config, preset)
    paper = config.of(Config, crack.PRESETS["paper"])
    assert (paper.levels, paper.kernel, paper.filters) == (5, 7, 16)
    assert (paper.loss, paper.weight) == ("relu", 0.97)
    assert (paper.steps, paper.batch, paper.crop_px) == (10_000, 40, 512)


def test_a_loss_and_a_weight_must_go_together():
    with pytest.raises(ConfigError, match="below 1"):
        config.of(Config, {"loss": "balanced_step", "weight": 1.0})
    with pytest.raises(PatinaError, match="kernel"):
        config.of(Config, {"kernel": 4})


# Widths by grey values, grades by a standard


def photographed(side=120, top=50, wide=8):
    """(arrays, grey) of an upright dark band, the map a pixel too wide on each side."""
    p = np.zeros((side, side), np.uint8)
    p[top - 1 : top + wide + 1] = 230
    grey = np.full((side, side), 160, np.uint8)
    grey[top : top + wide] = 40
    return {"p": p}, grey


def test_with_the_photo_the_width_is_that_of_its_grey_values():
    arrays, grey = photographed()
    by_mask = crack.judge(arrays, 0.5, CARD).figures
    by_grey = crack.judge(arrays, 0.5, CARD, grey=grey).figures
    assert by_mask["max_width_px"] == pytest.approx(10, abs=0.1)
    assert by_grey["max_width_px"] == pytest.approx(8, abs=0.1)
    assert by_grey["max_width_low_px"] < 8 < by_grey["max_width_high_px"]


def test_a_grade_needs_a_scale_and_names_its_standard():
    arrays, grey = photographed()
    deck = standards.STANDARDS["kr-deck"]
    assert "grade" not in crack.judge(arrays, 0.5, CARD, grey=grey, standard=deck).figures
    told = crack.judge(arrays, 0.5, CARD, grey=grey, standard=deck, scale_mm_per_px=0.05).figures
    assert (told["standard"], told["grade"]) == ("kr-deck", "c")
    told = crack.judge(arrays, 0.5, CARD, grey=grey, standard=deck, scale_mm_per_px=0.0625).figures
    assert told["grade"] == "c or d", "0.5 mm lies within the band"
    empty = {"p": np.zeros((50, 50), np.uint8)}
    assert "grade" not in crack.judge(empty, 0.5, CARD, standard=deck, scale_mm_per_px=0.05).figures


def test_the_cracked_share_is_graded_only_where_a_person_named_the_surface():
    deck, arrays = standards.STANDARDS["kr-deck"], wall(width=12, length=90)  # 1,080 of 12,000 pixels
    told = crack.judge(arrays, 0.5, CARD, standard=deck, scale_mm_per_px=0.01).figures
    assert (told["grade"], told["grade_by"], told["grade_share"]) == ("b", "width", "no surface")
    of_panel = crack.judge(arrays, 0.5, CARD, standard=deck, scale_mm_per_px=0.01, is_surface=True)
    told = of_panel.figures
    assert (told["grade"], told["grade_by"], told["grade_share"]) == ("c", "share", "judged")
    assert crack.scaled(crack.judge(arrays, 0.5, CARD), 0.01, 0.0, deck, is_surface=True) == of_panel
    dry = standards.STANDARDS["ec2-dry"]
    assert "grade_share" not in crack.judge(arrays, 0.5, CARD, standard=dry, scale_mm_per_px=0.01).figures


def test_a_share_that_straddles_a_limit_names_both_grades():
    arrays = wall(width=12, length=90)
    arrays["p"][60:64, 20:110] = 115  # crack at 0.45, none at 0.5: 9 or 12 % of the surface
    deck = standards.STANDARDS["kr-deck"]
    told = crack.judge(arrays, 0.5, CARD, standard=deck, scale_mm_per_px=0.01, is_surface=True).figures
    assert (told["crack_fraction_low"], told["crack_fraction_high"]) == (0.09, 0.12)
    assert (told["grade"], told["grade_by"]) == ("c or d", "share")


def test_at_a_threshold_near_nought_the_share_is_not_all_of_the_photo():
    told = crack.judge(wall(), 0.05, CARD).figures
    assert told["crack_fraction_high"] == pytest.approx(240 / 12000)
