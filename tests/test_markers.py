"""Scale and slant from a printed marker, drawn into real photos of concrete, with known truth."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest

from core import photos
from core.errors import PatinaError
from core.measuring import markers, scales, shooting
from core.settings import ROOT
from tests import walls_seen
from tests.test_shooting import GOOD

WALLS = sorted((ROOT / "data" / "samples" / "crack" / "images").iterdir())


@pytest.fixture(scope="module")
def wall() -> np.ndarray:
    """A real photo of cracked concrete, its light."""
    return photos.grey(photos.open(WALLS[0])[0])[:420, :520]


TAG = walls_seen.tag()
EDGE = TAG.shape[1] / (TAG.shape[1] - 4 * 40)
"""A page is so many times as wide as the black square on it."""


@pytest.mark.parametrize(
    ("side", "turned", "at", "within"),
    [(60, 0, (0.5, 0.5), 0.004), (100, 33, (0.3, 0.6), 0.001), (160, 190, (0.6, 0.4), 0.001)],
)
def test_a_square_on_marker_gives_the_scale_to_a_thousandth(wall, side, turned, at, within):
    photo = walls_seen.seen(wall, TAG, side * EDGE, turned=turned, at=at)
    found = markers.scale(photo, 20)
    assert found.how == "marker"
    assert found.mm_per_px == pytest.approx(20 / side, rel=within)
    assert found.error < 0.01
    assert (found.told["tilt"], found.told["markers"]) == (0, 1)


@pytest.mark.parametrize("family", markers.FAMILIES[1:])
def test_each_family_is_read_and_named(wall, family):
    photo = walls_seen.seen(wall, walls_seen.tag(7, family), 150, turned=12)
    [one] = markers.find(photo)
    assert one.name.endswith("no. 7")
    assert one.name.startswith(("ArUco", "AprilTag")), one.name


@pytest.mark.parametrize(
    ("tilt", "towards", "turned"), [(12, 0, 0), (15, 70, 20), (20, 200, 45), (25, 300, 5)]
)
def test_a_slanted_marker_tells_the_slant_and_the_band_holds_the_truth(wall, tilt, towards, turned):
    photo = walls_seen.seen(wall, TAG, 110 * EDGE, tilt=tilt, towards=towards, turned=turned, at=(0.45, 0.55))
    found = markers.scale(photo, 20)
    assert found.told["tilt"] == pytest.approx(tilt, abs=1.5)
    assert walls_seen.is_within(found, 20 / 110)
    assert found.error > 0.05
    [rule] = shooting.broken(shooting.rules(GOOD, found, None))
    assert (rule.name, rule.fault) == ("square", "slanted")


def test_a_marker_seen_square_on_keeps_the_rule(wall):
    found = markers.scale(walls_seen.seen(wall, TAG, 110 * EDGE, tilt=4), 20)
    assert shooting.rules(GOOD, found, None)[-1].is_kept is True


def test_a_marker_seen_far_from_the_side_is_refused_with_what_to_do(wall):
    photo = walls_seen.seen(wall, TAG, 150 * EDGE, tilt=45, towards=90)
    with pytest.raises(PatinaError, match=r"4[0-9]° from the side.*stand square-on"):
        markers.scale(photo, 20)


def test_a_checkerboard_is_read_by_the_side_of_its_fields(wall):
    photo = walls_seen.seen(wall, walls_seen.board(9, 6), 24 * 11, turned=8)
    found = markers.scale(photo, 10)
    assert found.mm_per_px == pytest.approx(10 / 24, rel=0.004)
    assert markers.find(photo)[0].name in ("checkerboard 9 × 6", "checkerboard 6 × 9")


def test_a_checkerboard_in_a_large_photo_is_as_fine(wall):
    large = np.kron(wall, np.ones((4, 4), np.uint8))[:1100, :1700]
    photo = walls_seen.seen(large, walls_seen.board(8, 6), 60 * 10, turned=3, rays=2)
    assert markers.scale(photo, 10).mm_per_px == pytest.approx(10 / 60, rel=0.002)


def test_two_markers_that_disagree_widen_the_band(wall):
    photo = walls_seen.seen(wall, TAG, 90 * EDGE, at=(0.25, 0.5))
    agreed = markers.scale(walls_seen.seen(photo, TAG, 90 * EDGE, at=(0.75, 0.5)), 20)
    apart = markers.scale(walls_seen.seen(photo, TAG, 99 * EDGE, at=(0.75, 0.5)), 20)
    assert (agreed.told["markers"], apart.told["markers"]) == (2, 2)
    assert agreed.error < 0.01
    assert apart.error == pytest.approx(0.05, abs=0.01)


def test_concrete_without_a_marker_is_no_marker(wall):
    for file in WALLS:
        assert markers.find(photos.grey(photos.open(file)[0])) == [], file.name
    with pytest.raises(PatinaError, match=r"No marker is seen.*Draw a known length"):
        markers.scale(wall, 20)
    for mm in (0, -3, float("nan")):
        with pytest.raises(PatinaError, match="cannot be"):
            markers.scale(wall, mm)


def test_the_printed_page_is_a_marker_of_its_size():
    page = markers.sheet(20).decode()
    assert re.search(r'<svg [^>]*width="30.0mm"', page)
    cells = [
        tuple(map(float, m)) for m in re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"', page)
    ]
    assert min(x for x, _, _ in cells) == 5
    assert max(x + w for x, _, w in cells) == pytest.approx(25, abs=1e-3)
    drawn = np.full((600, 600), 235, np.uint8)
    for x, y, side in cells:
        a, b, c, d = (round(20 * v) for v in (x, x + side, y, y + side))
        drawn[c:d, a:b] = 25
    assert markers.scale(drawn, 20).mm_per_px == pytest.approx(0.05, rel=0.002)


def test_without_opencv_one_sentence_says_so_and_nothing_else_needs_it(wall):
    code = (
        "import sys; sys.modules['cv2'] = None\n"
        "import numpy as np\n"
        "from core import errors\nfrom core.measuring import markers\n"
        "try: markers.scale(np.zeros((99, 99), np.uint8), 20)\n"
        "except errors.PatinaError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "pip install opencv-python-headless. Draw a known length instead." in done.stdout


def test_a_known_lens_tells_the_slant_better_than_a_guessed_one(wall):
    photo = walls_seen.seen(wall, TAG, 140 * EDGE, tilt=20, towards=40, at=(0.25, 0.3))
    lens = scales.focal_px(walls_seen.LENS_MM, wall.shape[1], wall.shape[0])
    known, guessed = (abs(markers.scale(photo, 20, f).told["tilt"] - 20) for f in (lens, 3 * lens))
    assert known < 0.5 < guessed
