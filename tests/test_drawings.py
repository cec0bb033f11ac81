"""Cracks drawn by hand come back as lines with their widths, in DXF, SVG, CSV and as masks."""

from __future__ import annotations

import csv
import io
import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from core import arrays, artifacts, asking, inspections, pictures, store
from core.errors import NotFound
from core.measuring import drawings, scales, traces
from tests import stock


def cross() -> np.ndarray:
    """A level crack 5 px wide with an upright branch 3 px wide, and a short one apart from it."""
    mask = np.zeros((200, 300), bool)
    mask[98:103, 20:280] = True
    mask[103:180, 149:152] = True
    mask[20:24, 30:90] = True
    return mask


def pairs(text: str) -> list[tuple[int, str]]:
    lines = text.splitlines()
    return [(int(code), value) for code, value in zip(lines[::2], lines[1::2], strict=True)]


def test_a_forked_crack_is_three_branches_and_one_fork():
    long, short = traces.cracks(cross())
    assert (len(long.lines), long.forks) == (3, 1)
    assert (len(short.lines), short.forks) == (1, 0)
    assert long.length_px == pytest.approx(260 + 80, rel=0.05)
    assert max(float(np.median(line.width_px)) for line in long.lines) == pytest.approx(5, abs=0.3)
    assert min(float(np.median(line.width_px)) for line in long.lines) == pytest.approx(3, abs=0.3)
    assert short.max_width_px == pytest.approx(4, abs=0.3)


@pytest.mark.parametrize("angle", [0, 30, 60, 90, 120, 150])
def test_the_direction_of_a_crack_is_counted_against_the_clock_from_level(angle: int):
    mask = np.zeros((220, 220), bool)
    for t in np.linspace(-90, 90, 800):
        x, y = 110 + t * math.cos(math.radians(angle)), 110 - t * math.sin(math.radians(angle))
        mask[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2] = True
    [found] = traces.cracks(mask)
    off = abs(found.angle - angle) % 180
    assert min(off, 180 - off) < 1.5


def test_a_ring_a_dot_and_nothing_are_traced_too():
    y, x = np.mgrid[:80, :80]
    ring = np.abs(np.hypot(y - 40, x - 40) - 25) < 2
    [found] = traces.cracks(ring)
    assert len(found.lines) == 1
    assert found.length_px == pytest.approx(2 * math.pi * 25, rel=0.06)
    dot = np.zeros((20, 20), bool)
    dot[9:12, 9:12] = True
    assert len(traces.cracks(dot)) == 1
    assert traces.cracks(np.zeros((20, 20), bool)) == []


def test_dxf_carries_each_width_in_millimetres_with_y_upwards():
    told = pairs(drawings.dxf(traces.cracks(cross()), 0.2, (300, 200), "Brücke.jpg"))
    kinds = [value for code, value in told if code == 0]
    assert kinds.count("POLYLINE") == kinds.count("SEQEND") == 4
    assert (kinds[0], kinds[-1]) == ("SECTION", "EOF")
    assert {value for code, value in told if code == 8} == {"CRACK-1", "CRACK-2"}
    vertices = told[told.index((2, "ENTITIES")) :]
    widths = [float(value) for code, value in vertices if code == 40]
    assert float(np.median(widths)) == pytest.approx(1.0, abs=0.1)
    assert min(widths) > 0.4
    heights = [float(v) for c, v in vertices if c == 20 and float(v)]
    assert max(heights) == pytest.approx((200 - 22) * 0.2, abs=0.3), "the crack at the top lies highest"
    assert all(ord(letter) < 128 for _, value in told for letter in value)


def test_svg_is_as_large_as_the_wall_and_its_outlines_as_wide_as_the_crack():
    root = ET.fromstring(drawings.svg(traces.cracks(cross()), 0.2, (300, 200), "<pier> & co"))
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("60mm", "40mm", "0 0 60 40")
    name = "{http://www.w3.org/2000/svg}"
    assert root.find(f"{name}title").text == "<pier> & co"  # type: ignore[union-attr]
    groups = root.findall(f"{name}g")
    assert [len(g.findall(f"{name}polygon")) for g in groups] == [3, 1]
    points = groups[1][1].get("points", "").split()
    ys = [float(p.split(",")[1]) for p in points]
    assert max(ys) - min(ys) == pytest.approx(4 * 0.2, abs=0.12)


def test_csv_has_a_line_a_crack_and_no_millimetres_without_a_scale():
    found = traces.cracks(cross())
    rows = list(csv.DictReader(io.StringIO(drawings.table(found, 0.2))))
    assert [row["forks"] for row in rows] == ["1", "0"]
    assert float(rows[1]["max_width_mm"]) == pytest.approx(0.8, abs=0.06)
    assert [row["length_mm"] for row in csv.DictReader(io.StringIO(drawings.table(found, None)))] == ["", ""]


def test_masks_come_back_bit_for_bit():
    mask = cross()
    one = Image.open(io.BytesIO(drawings.png(mask)))
    assert one.mode == "1"
    assert (np.asarray(one) == mask).all()
    assert ((np.asarray(Image.open(io.BytesIO(drawings.jpeg(mask)))) >= 128) == mask).all()


def test_what_a_verdict_calls_crack_is_drawn_with_the_scale_of_the_photo(tmp_path):
    told = stock.settings(tmp_path)
    db = store.connect(told.database)
    stored = np.zeros((360, 480), np.uint8)
    stored[100:106, 40:440] = 230
    stored[300, 20] = 255  # a speck
    id = stock.ask(db, told, "crack", 5, answer=stock.verdict("crack", "crack"))
    with pytest.raises(NotFound, match="no crack verdict"):
        drawings.mask(told, inspections.get(db, id))
    content, kind = arrays.pack({"p": stored, "unlike": np.float32(0.5)})
    sha = artifacts.keep(db, told.artifacts, content, kind, stock.NOW)
    asking.answer(db, id, stock.verdict("crack", "crack"), who="m", now=stock.NOW, arrays=sha)
    asking.set_scale(db, id, scales.given(0.5), who="jun", now=stock.NOW)
    found = inspections.get(db, id)
    assert drawings.mask(told, found).sum() == 6 * 400
    rows = list(csv.DictReader(io.StringIO(drawings.drawn(told, found, "csv").decode())))
    assert float(rows[0]["length_mm"]) == pytest.approx(200, rel=0.03)
    for kind in drawings.KINDS:
        assert drawings.drawn(told, found, kind)
    with pytest.raises(NotFound, match="dxf, svg"):
        drawings.drawn(told, found, "dwg")


def test_a_speck_of_the_model_is_not_drawn_over_the_photo(tmp_path):
    told = stock.settings(tmp_path)
    db = store.connect(told.database, fresh=True)
    stored = np.zeros((80, 120), np.uint8)
    stored[10, 5:30] = stored[50, 5:85] = 200
    packed, kind = arrays.pack({"p": stored})
    sha = artifacts.keep(db, told.artifacts, packed, kind, stock.NOW)
    for smallest_px, rows in ((20.0, {10, 50}), (40.0, {50})):
        drawn = np.asarray(Image.open(pictures.overlay(told, sha, 0.5, None, smallest_px)).convert("RGBA"))
        assert set(np.flatnonzero(drawn[..., 3].any(1))) == rows
