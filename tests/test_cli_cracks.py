"""The command line measures cracks as the page and REST do: one mask, one scale, one grade, one drawing."""

from __future__ import annotations

import csv
import dataclasses
import json
import math
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import cards, photos
from core.commands import cracks
from core.measuring import drawings, scales, widths
from core.settings import ROOT, Settings
from pages.parts.strings import CATALOGUES
from tests.test_crack import CARD

SHIPPED = Settings.of({}).models
MODEL = cards.all(SHIPPED, "crack")[0]
PHOTO = sorted((ROOT / "data" / "samples" / "crack" / "images").iterdir())[0]


def predicted(patina, *words):
    code, out, err = patina("predict", f"crack/{MODEL.id}", PHOTO, *words, "--json")
    assert code == 0, err
    [one] = json.loads(out)
    return one


def wall(speck: bool = True) -> np.ndarray:
    """A stored map (90, 120) with a crack 60 px long and 4 wide, and a speck of 8 px."""
    stored = np.zeros((90, 120), np.uint8)
    stored[40:44, 30:90] = 128
    stored[5:8, 10:18] = 255 * speck
    return stored


def test_a_mask_is_what_the_verdict_calls_crack_without_specks():
    fine = dataclasses.replace(CARD, known={"smallest_px": 5})
    assert (drawings.called(wall(), 0.5, CARD) == (wall(speck=False) > 0)).all()
    assert not drawings.called(wall(), 0.9, CARD).any()
    assert (drawings.called(wall(), 0.9, fine) == (wall() == 255)).all(), "what a speck is, the model says"


def test_a_scale_that_is_given_is_as_unsure_as_on_the_page(patina):
    told = predicted(patina, "--scale", "0.05")
    assert (told["scale_mm_per_px"], told["scale_error"]) == (0.05, scales.GIVEN_ERROR)


def test_masks_and_drawings_are_those_of_the_verdict_as_on_the_page(patina, tmp_path):
    words = ["--scale", "0.2", "--masks", tmp_path / "masks", "--draw", tmp_path / "out"]
    told = predicted(patina, *words)
    names = [Path(place).name for place in told["drawn"]]
    assert names == [f"{PHOTO.stem}.{kind}" for kind in drawings.KINDS]
    mask = np.asarray(Image.open(told["mask"]))
    assert mask.dtype == bool
    assert mask.shape == photos.open(PHOTO)[0].shape[:2]
    assert (np.asarray(Image.open(told["drawn"][names.index(f"{PHOTO.stem}.png")])) == mask).all()
    assert widths.without_specks(mask, MODEL.known["smallest_px"]).sum() == mask.sum() > 0
    table = Path(told["drawn"][names.index(f"{PHOTO.stem}.csv")]).read_text()
    rows = list(csv.DictReader(table.splitlines()))
    assert [float(row["length_mm"]) for row in rows] == [one["length_mm"] for one in told["cracks"]]
    some = predicted(patina, "--draw", tmp_path / "some", "--as", "svg,dxf")
    assert [Path(place).suffix for place in some["drawn"]] == [".svg", ".dxf"]
    assert 'px" height' in Path(some["drawn"][0]).read_text()


def test_photos_of_one_name_do_not_overwrite_each_other(patina, tmp_path):
    places = [tmp_path / name / PHOTO.name for name in ("east", "west")]
    for place in places:
        place.parent.mkdir()
        shutil.copy(PHOTO, place)
    words = ["--draw", tmp_path / "out", "--as", "csv", "--masks", tmp_path / "out", "--json"]
    code, out, _ = patina("predict", f"crack/{MODEL.id}", *places, *words)
    first, second = json.loads(out)
    assert code == 0
    assert [Path(one["drawn"][0]).name for one in (first, second)] == ["slide1581.csv", "slide1581-2.csv"]
    assert [Path(one["mask"]).name for one in (first, second)] == ["slide1581.png", "slide1581-2.png"]


def test_all_that_is_measured_is_told_once_for_the_photo_and_once_a_crack(patina):
    told = predicted(patina, "--scale", "0.2")
    for name in ("max_width", "mean_width", "length", "max_width_low", "max_width_high"):
        assert told[f"{name}_px"] > 0
        assert told[f"{name}_mm"] == pytest.approx(0.2 * told[f"{name}_px"], rel=0.02)
    assert told["max_width_low_mm"] < told["max_width_mm"] < told["max_width_high_mm"]
    assert (told["standard"], told["standard_name"]) == ("kr-deck", "Korea, bridge deck slab")
    assert told["grade"] == "e"
    assert len(told["cracks"]) == told["n_cracks"]
    assert told["cracks"][0].keys() == drawings.COLUMNS.keys()
    assert told["angle_deg"] == told["cracks"][0]["angle_deg"]
    assert told["forks"] == sum(one["forks"] for one in told["cracks"])
    assert sum(one["length_mm"] for one in told["cracks"]) == pytest.approx(told["length_mm"], rel=0.02)


@pytest.mark.parametrize(
    ("words", "mm_per_px", "error"),
    [
        (["--line", "10,20,310,20,60mm"], 0.2, math.hypot(2 / 300, scales.LENGTH_ERROR)),
        (["--field", "89.6mm"], 0.2, scales.FIELD_ERROR),
        (["--field", "0.0896m"], 0.2, scales.FIELD_ERROR),
        (["--distance", "2.5m", "--focal", "26mm"], 2500 / scales.focal_px(26, 448, 448), 0.05),
        (["--distance", "250cm", "--focal", "26"], 2500 / scales.focal_px(26, 448, 448), 0.05),
    ],
)
def test_the_scale_comes_in_every_way_that_the_page_knows(patina, words, mm_per_px, error):
    told = predicted(patina, *words)
    assert told["scale_mm_per_px"] == pytest.approx(mm_per_px)
    assert told["scale_error"] == pytest.approx(error)
    assert told["max_width_mm"] == pytest.approx(told["max_width_px"] * mm_per_px, rel=0.01)


def test_a_photo_that_allows_no_scale_says_why_and_is_judged_in_pixels(patina):
    for words, why in (
        (["--distance", "2m"], "does not say its focal length"),
        (["--line", "10,20,510,20,60"], "The line leaves the photo, which is 448 × 448 pixels"),
        (["--line", "10,20,12,20,60"], "The line is 2 pixels long"),
    ):
        told = predicted(patina, *words)
        assert why in told["no_scale"]
        assert (told["label"], told["max_width_mm"], told["max_width_px"] > 0) == ("crack", None, True)


def test_the_lens_that_a_photo_names_serves_the_distance(patina, tmp_path):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[41989] = 26
    Image.open(PHOTO).save(tmp_path / "phone.jpg", quality=95, exif=exif)
    code, out, err = patina("predict", "crack", tmp_path / "phone.jpg", "--distance", "2.5m", "--json")
    assert code == 0, err
    assert json.loads(out)[0]["scale_mm_per_px"] == pytest.approx(2500 / scales.focal_px(26, 448, 448))


def test_the_standard_is_chosen_and_its_finest_limit_says_how_close_to_stand(patina):
    told = predicted(patina, "--distance", "2.5m", "--focal", "26mm", "--standard", "aashto-rc")
    assert (told["standard"], told["standard_name"]) == ("aashto-rc", "AASHTO, reinforced concrete")
    lens = scales.focal_px(26, 448, 448)
    assert told["finest_asked_mm"] == 0.3
    assert told["finest_mm"] == pytest.approx(2500 / lens, abs=1e-4)
    assert told["closer_times"] == pytest.approx(2500 / lens / 0.3, abs=0.01)
    assert told["closer_m"] == pytest.approx(lens * 0.3 / 1000, abs=1e-3)
    assert [rule["rule"] for rule in told["rules_broken"]] == ["near"]
    assert told["rules_open"] == ["square"]
    near = predicted(patina, "--scale", "0.05")
    assert ("closer_times" in near, near["rules_broken"], near["standard"]) == (False, [], "kr-deck")


def test_a_field_is_a_surface_whose_cracked_share_is_graded_too(patina):
    told = [predicted(patina, *words)["grade_share"] for words in (["--field", "90mm"], ["--scale", "0.2"])]
    assert told == ["judged", "no surface"]


def test_a_crack_finer_than_the_photo_shows_has_no_width_in_its_line():
    told = {"n_cracks": 1, "max_width_mm": 1.0, "max_width_low_mm": 0.2, "max_width_high_mm": 1.6}
    told |= {"length_mm": 250.0, "finer_than_mm": 1.6, "grade": "a or b", "standard_name": "Korea"}
    assert cracks.wide(told) == ", too fine for this photo: below 1.6 mm, 250 mm long, grade a or b by Korea"


def test_the_line_of_a_photo_says_width_band_grade_and_what_to_do_better(patina, tmp_path):
    dark = tmp_path / "dark.png"
    Image.fromarray(photos.open(PHOTO)[0] // 8).save(dark)
    words = ["--distance", "2.5m", "--focal", "26mm"]
    code, out, err = patina("predict", "crack", PHOTO, dark, tmp_path / "gone.png", *words)
    assert code == 0, err
    lines = out.splitlines()
    number = r"[\d.]+"
    assert re.match(
        rf"{re.escape(str(PHOTO))}: crack, up to {number} mm wide \({number}–{number}\), {number} mm "
        rf"long, grade e by Korea, bridge deck slab \(\d+% sure\)",
        lines[0],
    )
    far = r"  ! This photo cannot show 0.1 mm, only 6.6 mm: stand closer than 0.0\d m."
    assert re.fullmatch(far, lines[1])
    assert f"  ! {cracks.REMEDIES['dark']}" in lines
    assert lines[-1].startswith(f"{tmp_path / 'gone.png'}: ")
    code, out, _ = patina("predict", "crack", PHOTO)
    assert " px wide (" in out
    assert ", no scale (" in out


def test_a_broken_rule_is_told_in_the_words_of_the_page():
    page = {fault: CATALOGUES["en"][f"rules.do_{fault}"] for fault in cracks.REMEDIES}
    assert page == cracks.REMEDIES


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--scale", "0.2", "--field", "900"], "--scale and --field each tell how large a pixel is"),
        (["--focal", "26mm"], "--focal is the lens for --distance"),
        (["--as", "dxf"], "--as says what --draw DIR writes"),
        (["--draw", "out", "--as", "dxf,dwg"], "--as is 'dxf,dwg'; cracks are drawn as dxf, svg"),
        (["--standard", "best"], "--standard is 'best', which is no standard here; choose kr-deck"),
        (["--line", "1,2,3,4"], "'1,2,3,4' is not a line with its length"),
        (["--line", "a,2,3,4,5"], "'a' is not a line with its length"),
        (["--line", "1,2,3,4,-5mm"], "'-5' is not a line with its length"),
        (["--field", "wide"], "'wide' is not how much of the wall"),
        (["--distance", "nan"], "'nan' is not a distance"),
        (["--distance", "2m", "--focal", "0"], "'0' is not a focal length"),
    ],
)
def test_options_that_do_not_go_together_are_one_sentence(patina, words, sentence):
    code, out, err = patina("predict", "crack", PHOTO, *words)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert sentence in err


@pytest.mark.parametrize(
    "option", [["--scale", "1"], ["--standard", "ec2-rc"], ["--draw", "x"], ["--as", "dxf"]]
)
def test_what_is_for_cracks_is_refused_for_other_models(patina, option):
    code, _, err = patina("predict", "corrosion", PHOTO, *option)
    assert (code, f"{option[0]} is for crack models; " in err) == (2, True)
