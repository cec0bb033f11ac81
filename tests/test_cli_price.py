"""What `evaluate` tells of a crack model on the wall, and whose photos choose the threshold of a price."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from core import crack
from core.commands import pricing
from core.errors import ConfigError
from core.records import Photo
from core.settings import ROOT, Settings
from tests.test_stakes import wall

SHIPPED = Settings.of({}).models
SAMPLES = ROOT / "data" / "samples" / "crack"
NAMES = [path.stem for path in sorted((SAMPLES / "images").iterdir())]


def evaluation(tmp_path, value: int, alarm: int) -> dict[str, np.ndarray]:
    """Two walls of one crack 60 px long that the map calls with this value; a mark in a clean part of one."""
    photos, arrays = [], []
    for name in ("one", "two"):
        stored, mask = wall(value)
        Image.fromarray(mask).save(tmp_path / f"{name}.png")
        photos.append(
            Photo(tmp_path / f"{name}.jpg", sha256="0" * 64, mask=tmp_path / f"{name}.png", group=name)
        )
        arrays.append({"p": stored})
    arrays[0]["p"][5, 5:28] = alarm
    return crack.evaluation(photos, arrays)


def test_what_a_threshold_means_on_site_is_told_in_photos_alarms_and_metres(tmp_path):
    found = evaluation(tmp_path, value=128, alarm=200)
    told = pricing.on_site(found, 0.5, 0.5)
    assert {k: told[k] for k in ("cracked", "found", "overlooked", "clean_of", "false_alarms")} == {
        "cracked": 2, "found": 2, "overlooked": 0, "clean_of": "parts", "false_alarms": 1,
    }  # fmt: skip
    assert told["alarms_per_100"] == pytest.approx(100 / told["clean"])
    assert (told["missed_px"], told["missed_m"]) == (0, 0)
    assert told["length_m"] == pytest.approx(told["length_px"] * 0.5 / 1000)
    high = pricing.on_site(found, 0.6, None)
    assert (high["found"], high["overlooked"], high["missed_px"]) == (0, 2, high["length_px"])
    assert "missed_m" not in high


def test_a_price_says_which_photos_chose_its_threshold(tmp_path):
    found = evaluation(tmp_path, value=100, alarm=150)
    dear = pricing.cheapest(found, 1000.0, "val", "test", None)
    assert dear["threshold"] <= 100 / 255
    assert (dear["unit"], dear["chosen_on"], dear["n"]) == ("1000 px", "val", 2)
    assert dear["words"].endswith("costs least on the 2 photos of val.")
    cheap = pricing.cheapest(found, 1.0, "test", "test", 0.5)
    assert cheap["threshold"] > 150 / 255
    assert "a missed metre" in cheap["words"]
    assert cheap["words"].endswith("these figures are of the very photos that chose it.")
    with pytest.raises(ConfigError, match="nothing clean"):
        pricing.cheapest({**found, "clean": np.full((2, 10), np.nan)}, 1.0, "val", "test", None)


def labels(folder, splits) -> str:
    """A set of sample photos, a split each."""
    rows = ["file,mask,group,split"]
    for name, split in zip(NAMES, splits, strict=False):
        shutil.copy(SAMPLES / "images" / f"{name}.jpg", folder)
        shutil.copy(SAMPLES / "masks" / f"{name}.png", folder)
        rows.append(f"{name}.jpg,{name}.png,{name},{split}")
    (folder / "labels.csv").write_text("\n".join(rows))
    return str(folder / "labels.csv")


def test_the_threshold_of_a_price_comes_from_validation_photos_not_from_those_scored(patina, tmp_path):
    data = labels(tmp_path, ["val", "test"])
    code, out, err = patina("evaluate", "crack", "--data", data, "--price", "50", "--scale", "0.2", "--json")
    assert code == 0, err
    told = json.loads(out)
    assert (told["split"], told["n"]) == ("test", 1)
    assert (told["price"]["chosen_on"], told["price"]["n"], told["price"]["unit"]) == ("val", 1, "metre")
    assert told["metrics"]["threshold"] == told["price"]["threshold"]
    assert told["metrics"]["on_site"]["cracked"] == 1
    assert told["metrics"]["on_site"]["length_m"] > 0


def test_without_validation_photos_a_price_asks_on_which_ones(patina, tmp_path):
    data = labels(tmp_path, ["test"])
    code, _, err = patina("evaluate", "crack", "--data", data, "--price", "50")
    assert code == 2
    assert (
        "no photos in the split 'val' to choose a threshold on; there is test: name one by --price-on" in err
    )
    code, out, err = patina("evaluate", "crack", "--data", data, "--price", "50", "--price-on", "test")
    assert code == 0, err
    assert out.splitlines()[-1].endswith(
        "1 photos of test; these figures are of the very photos that chose it."
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["crack", "--price", "50", "--threshold", "0.4"], "--price chooses the threshold"),
        (["crack", "--price-on", "val"], "--price-on says which photos choose the threshold of --price"),
        (["crack", "--price", "-1"], "'-1' is not a price in false alarms"),
        (["corrosion", "--price", "2"], "--price is for crack models"),
    ],
)
def test_a_price_that_makes_no_sense_is_one_sentence(patina, tmp_path, words, sentence):
    code, out, err = patina("evaluate", *words, "--data", labels(tmp_path, ["val", "test"]))
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert sentence in err
