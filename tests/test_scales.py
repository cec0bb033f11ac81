"""How large a pixel is: by a line, a field, a distance; kept with who said so; millimetres follow at once."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from PIL import Image

from core import asking, crack, inspections, opinions, photos, store
from core.errors import PatinaError
from core.measuring import scales, standards
from core.records import Verdict
from pages.parts import in_standard, words
from tests import stock
from tests.test_crack import CARD

NOW = stock.NOW
LINE = scales.of_line(0, 0, 300, 400, 100)


@pytest.fixture
def told(tmp_path):
    return stock.settings(tmp_path)


def wall() -> Verdict:
    """A crack six pixels wide, judged without a scale."""
    stored = np.zeros((120, 160), np.uint8)
    stored[50:56, 10:150] = 230
    return crack.judge({"p": stored}, 0.5, CARD)


def test_a_line_says_how_large_a_pixel_is_and_how_sure_that_is():
    assert LINE.mm_per_px == 0.2
    assert LINE.error == pytest.approx(math.hypot(2 / 500, 0.005))
    assert scales.of_line(0, 0, 30, 40, 10).error > 5 * LINE.error, "a short line says less"


def test_a_lens_and_a_distance_say_how_large_a_pixel_is():
    lens = scales.focal_px(26, 4000, 3000)
    assert lens == pytest.approx(26 * 5000 / 43.267, rel=1e-4)
    assert scales.of_distance(1.5, lens).mm_per_px == pytest.approx(1500 / lens)
    assert scales.of_field(1200, 4000).mm_per_px == 0.3


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"how": "line", "x0": 0, "y0": 0, "x1": 5, "y1": 0, "mm": 10}, "5 pixels long"),
        ({"how": "line", "x0": 0, "y0": 0, "x1": 90, "y1": 0, "mm": 0}, "A length of 0"),
        ({"how": "line", "x0": 0, "y0": 0, "x1": 90, "y1": 0}, "lacks a number"),
        ({"how": "line", "x0": "left", "y0": 0, "x1": 90, "y1": 0, "mm": 3}, "wrong one"),
        ({"how": "field", "mm": math.nan, "width_px": 100}, "cannot be"),
        ({"how": "distance", "m": 2, "focal_px": 0}, "focal length"),
        ({"how": "given", "mm_per_px": 1e9}, "cannot be"),
        ({"how": "eye"}, "not by 'eye'"),
        ({}, "not by None"),
    ],
)
def test_a_scale_that_cannot_be_is_refused_in_one_sentence(given: dict, why: str):
    with pytest.raises(PatinaError, match=why):
        scales.of_json(given)


def test_a_photo_too_far_away_says_how_close_to_stand():
    scale = scales.of_distance(4, 4000)
    assert scale.mm_per_px == 1.0
    told = scales.closer(scale, 0.1)
    assert told is not None
    assert (told.finest_mm, round(told.times, 6)) == (1.0, 10.0)
    assert told.m == pytest.approx(0.4)
    assert scales.closer(LINE, 0.1).m is None  # type: ignore[union-attr]
    assert scales.closer(LINE, 0.1, focal_px=4000).m == pytest.approx(0.4)  # type: ignore[union-attr]
    assert scales.closer(scales.given(0.1), 0.1) is None


def test_the_lens_is_read_from_the_photo_and_missing_where_it_says_none():
    exif = Image.Exif()
    exif.get_ifd(0x8769)[41989] = 26
    out = io.BytesIO()
    Image.new("RGB", (64, 48)).save(out, "JPEG", exif=exif)
    assert photos.focal_35mm(out.getvalue()) == 26
    out = io.BytesIO()
    Image.new("RGB", (64, 48)).save(out, "JPEG")
    assert photos.focal_35mm(out.getvalue()) is None


def test_a_scaled_verdict_is_the_one_judged_with_that_scale():
    deck = standards.STANDARDS["kr-deck"]
    stored = np.zeros((120, 160), np.uint8)
    stored[50:56, 10:150] = 230
    judged = crack.judge({"p": stored}, 0.5, CARD, scale_mm_per_px=0.05, scale_error=0.02, standard=deck)
    assert crack.scaled(wall(), 0.05, 0.02, deck) == judged
    assert judged.figures["max_width_mm"] == pytest.approx(0.3, abs=0.01)
    assert crack.scaled(judged, None) == wall()


def test_the_band_holds_the_scales_error_and_both_grades_at_a_limit():
    deck = standards.STANDARDS["kr-deck"]
    sure, unsure = (crack.scaled(wall(), 0.05, error, deck).figures for error in (0.0, 0.1))
    assert unsure["max_width_low_mm"] < sure["max_width_low_mm"]  # type: ignore[operator]
    assert unsure["max_width_high_mm"] > sure["max_width_high_mm"]  # type: ignore[operator]
    assert unsure["grade"] == "b or c"
    assert crack.scaled(wall(), 0.065, 0.001, deck).figures["grade"] == "c"


def test_the_band_of_a_soft_edge_is_wider_for_the_threshold_could_be_another():
    hard, soft = np.zeros((80, 160), np.uint8), np.zeros((80, 160), np.uint8)
    for row in range(80):
        hard[row, 10:150] = 230 if abs(row - 40) <= 3 else 0
        soft[row, 10:150] = max(0, 255 - 36 * abs(row - 40))
    bands = []
    for stored in (hard, soft):
        told = crack.judge({"p": stored}, 0.5, CARD).figures
        bands.append(told["max_width_high_px"] - told["max_width_low_px"])  # type: ignore[operator]
    assert bands[1] > bands[0] + 0.5


def test_a_scale_is_kept_with_its_author_and_widths_follow_without_a_model(told):
    db = store.connect(told.database)
    id = stock.ask(db, told, "crack", 1, answer=wall())
    opinions.say(db, id, "crack", who="mina", now=NOW, note="seen on site")
    before = inspections.get(db, id)
    asking.set_scale(db, id, LINE, who="jun", now=NOW + 5, standard=standards.STANDARDS["kr-deck"])
    found = inspections.get(db, id)
    assert (found.scale, found.scale_by, found.scale_at) == (LINE, "jun", NOW + 5)
    assert found.run_id == before.run_id, "nobody judged again"
    assert found.verdict is not None
    assert found.verdict.figures["max_width_mm"] == pytest.approx(1.2, abs=0.05)
    assert found.verdict.figures["grade"] == "e"
    assert found.arrays == before.arrays
    assert found.opinion == before.opinion, "a person's word goes along"
    assert len(inspections.verdicts(db, id)) == 2, "what was said before stays"


def test_a_scale_before_the_verdict_waits_for_it_and_one_handed_in_is_one(told):
    db = store.connect(told.database)
    id = stock.ask(db, told, "crack", 2)
    asking.set_scale(db, id, LINE, who="jun", now=NOW)
    found = inspections.get(db, id)
    assert (found.scale, found.verdict) == (LINE, None)
    sha = stock.keep(db, told, stock.picture(3), "3.jpg")
    id = asking.ask(db, sha, "crack", owner="mina", now=NOW, batch="b", scale_mm_per_px=0.5)
    assert inspections.get(db, id).scale == scales.given(0.5)


def test_a_field_names_the_surface_whose_cracked_share_is_graded(told):
    db, deck = store.connect(told.database), standards.STANDARDS["kr-deck"]
    id = stock.ask(db, told, "crack", 1, answer=wall())  # 840 of 19,200 pixels: 4.4 %
    asking.set_scale(db, id, scales.given(0.01), who="jun", now=NOW, standard=deck)
    by_width = inspections.get(db, id).verdict
    asking.set_scale(db, id, scales.of_field(1.6, 160), who="jun", now=NOW, standard=deck)
    by_share = inspections.get(db, id).verdict
    assert by_width is not None
    assert by_share is not None
    assert (by_width.figures["grade"], by_share.figures["grade"]) == ("a", "c")
    assert in_standard.line(by_width).startswith("a – Korea, bridge deck slab. By width only")
    assert in_standard.line(by_share).startswith("c, by the cracked share, 4\u00a0% – Korea")


def hairline(**more: float) -> Verdict:
    """A crack two pixels wide on a photo of 1 mm a pixel: ten times too far away for 0.1 mm."""
    stored = np.zeros((120, 160), np.uint8)
    stored[50:52, 10:150] = 230
    deck = standards.STANDARDS["kr-deck"]
    grey = np.where(stored > 0, 130, 160).astype(np.uint8)
    return crack.judge(
        {"p": stored}, 0.5, CARD, grey=grey, standard=deck, scale_mm_per_px=more.pop("mm", 1.0), **more
    )


def test_a_crack_finer_than_the_photo_can_show_has_no_width_and_asks_for_a_person():
    told = hairline(focal_px=4000)
    figures = told.figures
    low, high = (float(figures[f"max_width_{end}_mm"] or 0.0) for end in ("low", "high"))
    assert low < 1.0 < high
    assert (figures["finest_mm"], figures["closer_times"], figures["closer_m"]) == (1.0, 10.0, 0.4)
    assert figures["finer_than_mm"] == figures["max_width_high_mm"]
    assert words.headline(told) == f"Crack, too fine for this photo: below {figures['finer_than_mm']:.1f} mm"
    assert told.needs_person
    assert told.reason == "A person should look: the crack may be finer than the photo can show."
    assert "closer" in told.next_step
    assert figures["grade"] == "a or b or c or d or e", "how fine it is nobody knows"


def test_a_finer_scale_takes_the_doubt_away_and_a_coarser_one_brings_it_back():
    deck = standards.STANDARDS["kr-deck"]
    near, far = hairline(mm=0.1), hairline()
    assert "finer_than_mm" not in near.figures
    assert not near.needs_person
    assert crack.scaled(far, 0.1, 0.0, deck) == near
    assert crack.scaled(near, 1.0, 0.0, deck) == far
    assert "closer_m" not in far.figures, "no lens is known"
    assert crack.scaled(near, 1.0, 0.0, deck, focal_px=4000).figures["closer_m"] == 0.4


def test_a_crack_wide_enough_is_measured_from_any_distance():
    far = crack.scaled(wall(), 1.0, 0.0, standards.STANDARDS["kr-deck"])
    assert far.figures["closer_times"] == 10.0
    assert "finer_than_mm" not in far.figures
    assert not far.needs_person
    assert words.headline(far).startswith("Crack, up to 6.0")
