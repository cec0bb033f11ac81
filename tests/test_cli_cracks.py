"""The command line measures cracks as the page and REST do: one mask, one scale, one grade, one drawing."""

from __future__ import annotations

import dataclasses
import json
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import cards, crack
from core.cli import main
from core.commands import judging
from core.measuring import drawings, scales
from core.records import Photo
from core.settings import ROOT, Settings
from tests.test_crack import CARD

SHIPPED = Settings.of({}).models
MODEL = cards.all(SHIPPED, "crack")[0]
PHOTO = sorted((ROOT / "data" / "samples" / "crack" / "images").iterdir())[0]


@pytest.fixture
def patina(tmp_path, capsys):
    """Run a command in this process: (exit code, stdout, stderr)."""
    environ = {"PATINA_DATA": str(tmp_path / "data"), "PATINA_MODELS": str(SHIPPED)}

    def patina(*words):
        code = main([str(word) for word in words], environ)
        said = capsys.readouterr()
        return code, said.out, said.err

    return patina


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


def test_a_mask_is_what_the_verdict_calls_crack_without_specks_in_the_photos_size(tmp_path):
    answer = Namespace(asked=Photo(Path("a/wall.jpg")), arrays={"p": wall()})
    taken: set[Path] = set()

    def written(threshold, card):
        verdict = crack.judge(answer.arrays, threshold, card)
        return judging.write_mask(tmp_path / "masks", answer, verdict, card, taken)

    fine = dataclasses.replace(CARD, known={"smallest_px": 5})
    paths = [written(0.5, CARD), written(0.9, CARD), written(0.9, fine)]
    assert [p.name for p in paths] == ["wall.png", "wall-2.png", "wall-3.png"]
    masks = [np.asarray(Image.open(p).convert("L")) == 255 for p in paths]
    assert (masks[0] == (wall(speck=False) > 0)).all(), "the speck is no crack, as on the page and by REST"
    assert not masks[1].any()
    assert (masks[2] == (wall() == 255)).all(), "what a speck is, the model says"
    assert (masks[0] == drawings.called(wall(), 0.5, CARD)).all()


def test_a_scale_that_is_given_is_as_unsure_as_on_the_page(patina):
    told = predicted(patina, "--scale", "0.05")
    assert (told["scale_mm_per_px"], told["scale_error"]) == (0.05, scales.GIVEN_ERROR)
