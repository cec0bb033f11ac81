"""What a model looked at, as a light on the photo."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from core import arrays, artifacts, asking, inspections, store
from pages.parts import spotlight
from tests import stock


def alpha(address: str) -> np.ndarray:
    """How dark the overlay is, (h, w) 0 to 255, and black everywhere."""
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))))
    assert not picture[..., 0].any()
    return picture[..., 1]


def test_it_is_dark_where_nothing_was_seen_and_outside_the_box():
    seen = np.zeros((8, 8), np.uint8)
    seen[:, 4:] = 255
    dark = alpha(spotlight.overlay(seen, 640, 480))
    assert dark.shape == (144, 192)
    assert dark[:, :60].min() > 160
    assert dark[:, 130:].max() < 10
    cut = alpha(spotlight.overlay(seen, 640, 480, (0.5, 0.0, 1.0, 1.0)))
    assert cut[:, :90].min() == round(255 * spotlight.DARKEST)
    assert cut[:, 180:].max() < 10


def test_a_box_grows_about_its_middle_and_stays_inside():
    assert spotlight.grown((0.4, 0.4, 0.6, 0.8), 1.5) == pytest.approx((0.35, 0.3, 0.65, 0.9))
    assert spotlight.grown((0.0, 0.1, 0.9, 1.0), 2.0) == (0.0, 0.0, 1.0, 1.0)


def test_an_inspection_shows_what_the_judge_kept_and_nothing_else(tmp_path, monkeypatch):
    told = stock.settings(tmp_path)
    monkeypatch.setenv("PATINA_DATA", str(told.data))
    db = store.connect(told.database)
    for n, kept in enumerate(({"looked": np.full((7, 7), 255, np.uint8)}, {})):
        id = stock.ask(db, told, "corrosion", n, answer=stock.verdict("corrosion", "2"))
        content, kind = arrays.pack({"p": np.full(4, 0.25, np.float32), **kept})
        sha = artifacts.keep(db, told.artifacts, content, kind, stock.NOW)
        asking.answer(
            db, id, stock.verdict("corrosion", "2"), who="Patina", now=stock.NOW, arrays=sha, run_id=None
        )
        found = spotlight.of_inspection(inspections.get(db, id))
        assert bool(found) is bool(kept)
