"""A model's figures against the margin around the trim box, on answers small enough to count."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import cli, datasets
from core.engine import loaders
from core.errors import ConfigError
from core.grading import margins
from core.records import Photo
from pages.parts import spotlight

WHOLE = margins.WHOLE
RIGHT = np.eye(4, dtype=np.float32)[[0, 1, 2, 3, 0, 1, 2, 3]]


def evaluation() -> dict[str, np.ndarray]:
    """Eight parts of two campaigns: all right in the box, grade 2 said to be 3 in the whole photo."""
    photos = [
        Photo(
            Path(f"{i}.jpg"), sha256=f"{i}", grade=i % 4, group=f"visit {i // 4}", trim=(0.2, 0.2, 0.6, 0.6)
        )
        for i in range(8)
    ]
    worse = RIGHT[:, [0, 1, 3, 2]] * [1, 1, 0, 1] + 0.1 * RIGHT
    return margins.stacked(photos, ["w"] * 8, (1.0, 2.0, WHOLE), np.stack([RIGHT, RIGHT, worse]))


def test_each_margin_has_its_figures_and_the_whole_photo_is_set_against_the_box():
    box, double, whole = margins.curve(evaluation(), draws=50)
    assert [row["margin"] for row in (box, double, whole)] == [1.0, 2.0, None]
    assert (box["mean_f1"], box["less"]) == (1.0, None)
    assert double["less"] == [0.0, 0.0, 0.0]
    # Both of grade 2 are called 3: F1 of 2 is 0, of 3 2 * 2 / (2 + 4).
    assert [whole["per_grade"][g]["f1"] for g in "0123"] == pytest.approx([1, 1, 0, 2 / 3])
    assert whole["less"][0] == pytest.approx((1 + 1 + 0 + 2 / 3) / 4 - 1)
    told = margins.lines([box, double, whole])
    assert told[1].split()[:2] == ["1", "1.000"]
    assert told[3].split()[:2] == ["whole", "0.667"]


def test_margins_are_put_in_order_with_the_whole_photo_at_the_end():
    assert margins.checked([1.4, 1, 1.4]) == (1, 1.4, WHOLE)
    for wrong in (0.9, 2.5, -1, float("nan")):
        with pytest.raises(ConfigError, match="must lie between 1, the box as it was drawn, and 2"):
            margins.checked([1.0, wrong])


def test_the_command_refuses_what_cannot_be_measured(capsys):
    assert cli.main(["evaluate", "corrosion", "--data", "x", "--margins", "1,3"], {}) == 2
    assert "A margin is 3; it must lie between" in capsys.readouterr().err
    assert cli.main(["evaluate", "corrosion", "--data", "x", "--margins", "wide"], {}) == 2
    assert "'wide' is no list of margins" in capsys.readouterr().err


def test_a_part_that_was_cut_already_gets_its_margin_from_the_whole_photo(tmp_path):
    for view in ("trimmed", "untrimmed"):
        (tmp_path / view).mkdir()
    whole = np.random.default_rng(1).integers(0, 255, (100, 100, 3), np.uint8)
    Image.fromarray(whole).save(tmp_path / "untrimmed" / "p.png")
    Image.fromarray(whole[20:60, 20:60]).save(tmp_path / "trimmed" / "p.png")
    (tmp_path / "labels.csv").write_text(
        "file,grade,trim_x0,trim_y0,trim_x1,trim_y1\np.png,1,0.2,0.2,0.6,0.6\n"
    )
    [photo] = datasets.read(tmp_path, "corrosion").photos
    assert (photo.trim, photo.cut) == (None, (0.2, 0.2, 0.6, 0.6))
    assert (loaders.picture(photo, trimmed=True) == whole[20:60, 20:60]).all()
    assert (loaders.picture(photo, trimmed=True, margin=2.0) == whole[0:80, 0:80]).all()
    assert (loaders.picture(photo, trimmed=False) == whole).all()
    (tmp_path / "labels.csv").write_text(
        "file,grade,trim_x0,trim_y0,trim_x1,trim_y1\np.png,1,0.2,0.2,1.6,0.6\n"
    )
    found = datasets.read(tmp_path, "corrosion")
    assert found.photos[0].cut is None
    assert "trim box lies outside its photo; the cut file counts" in " ".join(found.problems)


def test_a_window_shows_the_box_and_darkens_the_rest():
    drawn = spotlight.window((0.25, 0.0, 0.75, 0.5), 200, 100)
    picture = base64.b64decode(drawn.removeprefix("data:image/svg+xml;base64,")).decode()
    assert "M0 0H200V100H0ZM50.0 0.0H150.0V50.0H50.0Z" in picture
