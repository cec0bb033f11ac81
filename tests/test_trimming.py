"""The cut to the part: kept with the photo, judged anew, compared with the verdict before."""

from __future__ import annotations

import numpy as np
import pytest

from core import asking, corrosion, inspections, labels, queue, store
from core.errors import Conflict, DataError
from core.grading import coach
from core.inspections import Inspection
from core.records import Card
from pages.parts import trimming, words
from tests import stock

NOW = stock.NOW


@pytest.fixture
def house(tmp_path):
    told = stock.settings(tmp_path)
    db = store.connect(told.database)
    return db, stock.ask(db, told, "corrosion", 1, answer=stock.verdict("corrosion", "2"))


def judged(db, id, label):
    """The waiting verdict arrives, on the box that was asked for."""
    [run] = queue.claim(db, "judge", "w", NOW)
    found = inspections.get(db, id)
    answer = stock.verdict("corrosion", label, trim=found.trim)
    asking.answer(db, id, answer, who="Patina", now=NOW, run_id=run.id)
    queue.finish(db, run, {}, NOW)


def test_a_box_asks_for_a_verdict_on_that_part_and_the_earlier_one_stays(house):
    db, id = house
    asking.set_trim(db, id, (0.1, 0.2, 0.6, 0.7), who="mina", now=NOW)
    assert inspections.get(db, id).trim == (0.1, 0.2, 0.6, 0.7)
    assert inspections.get(db, id).state == "waiting"
    judged(db, id, "3")
    assert [v.trim for _, _, v in inspections.verdicts(db, id)] == [(0.1, 0.2, 0.6, 0.7), None]
    assert [v.label for _, _, v in inspections.verdicts(db, id)] == ["3", "2"]


CARD = Card("m", "corrosion", "mobilenet_v2", corrosion.CLASSES, {}, {"trimmed": True}, (), 0.5, "")
SURE = np.asarray([[0.9, 0.04, 0.03, 0.03], [0.03, 0.9, 0.04, 0.03]], np.float32)


@pytest.mark.parametrize(
    ("trim", "why", "line"),
    [
        (
            None,
            "the part in the box looks like grade 1",
            "In a proposed box: Grade 1. The whole photo: Grade 0.",
        ),
        (
            (0.1, 0.1, 0.5, 0.5),
            "the whole photo looks like grade 1",
            "In your box: Grade 0. The whole photo: Grade 1.",
        ),
    ],
)
def test_a_person_should_look_when_the_box_changes_the_grade(trim, why, line, monkeypatch):
    box = np.asarray(coach.proposed(np.zeros((7, 7), np.uint8)), np.float32)
    arrays = {"p": SURE[0], "beside": SURE[1]} | ({} if trim else {"box": box})
    told = corrosion.judge(arrays, None, CARD, trim=trim)
    assert (told.label, told.needs_person) == ("0", True)
    assert told.reason == f"A person should look: {why}."
    assert trimming.words_of(seen(told)) == f"<b>{line} A person should look.</b>"
    assert coach.of_figures(told.figures) == (None if trim else (0.2, 0.2, 0.8, 0.8))
    for tongue in ("ko", "ja"):
        monkeypatch.setattr(words, "language", lambda tongue=tongue: tongue)
        assert "1" in words.said(told.reason)
        assert not words.said(told.reason).isascii()


def test_a_grade_that_stays_with_the_box_needs_nobody():
    told = corrosion.judge({"p": SURE[0], "beside": SURE[0]}, None, CARD, trim=(0, 0, 0.5, 0.5))
    assert not told.needs_person
    assert trimming.words_of(seen(told)) == "In your box: Grade 0. The whole photo: Grade 0."
    alone = corrosion.judge({"p": SURE[0]}, None, CARD)
    assert trimming.words_of(seen(alone)) == ""


def seen(verdict):
    """An inspection with this verdict."""
    return Inspection(1, "b", "", "", "corrosion", "mina", NOW, "done", verdict=verdict)


def test_a_proposed_box_leans_to_where_the_model_looked_and_stays_in_the_photo():
    looked = np.zeros((9, 9), np.uint8)
    looked[:, 8] = 255  # the right edge: its middle is 4/9 right of the photo's
    x0, y0, x1, y1 = coach.proposed(looked)
    assert (x0, x1) == pytest.approx((0.2 + coach.PULL * 4 / 9, 0.8 + coach.PULL * 4 / 9), abs=1e-4)
    assert (y0, y1) == pytest.approx((0.2, 0.8), abs=1e-4)
    for at in np.ndindex(9, 9):
        looked[:] = 0
        looked[at] = 255
        labels.checked(coach.proposed(looked))


def test_a_box_drawn_while_the_photo_waits_goes_along_with_it(tmp_path):
    told = stock.settings(tmp_path)
    db = store.connect(told.database)
    id = stock.ask(db, told, "corrosion", 1)
    asking.set_trim(db, id, (0.1, 0.2, 0.6, 0.7), who="mina", now=NOW)
    assert (
        len(queue.claim(db, "judge", "w", NOW, 9)) == 1
    )  # one verdict, not one without and one with the box
    assert inspections.get(db, id).trim == (0.1, 0.2, 0.6, 0.7)
    with pytest.raises(Conflict, match="being judged"):
        asking.set_trim(db, id, None, who="mina", now=NOW)
    assert inspections.get(db, id).trim == (0.1, 0.2, 0.6, 0.7)


@pytest.mark.parametrize("box", [(0.5, 0.1, 1.2, 0.9), (0.6, 0.1, 0.5, 0.9), (0.1, 0.1, 0.105, 0.9)])
def test_a_box_outside_its_photo_is_refused_and_nothing_is_written(house, box):
    db, id = house
    with pytest.raises(DataError, match=r"Draw it again|Draw a larger one"):
        asking.set_trim(db, id, box, who="mina", now=NOW)
    assert inspections.get(db, id).trim is None
    assert inspections.get(db, id).state == "done"
    photo = inspections.get(db, id).photo
    with pytest.raises(DataError):
        asking.ask(db, photo, "corrosion", owner="mina", now=NOW, batch="b", trim=box)
    assert len(inspections.find(db)) == 1
