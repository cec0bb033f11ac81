"""The cut to the part: kept with the photo, judged anew, compared with the verdict before."""

from __future__ import annotations

import pytest

from core import inspections, queue, store
from core.errors import Conflict, DataError
from pages.parts import trimming
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
    inspections.answer(db, id, answer, who="Patina", now=NOW, run_id=run.id)
    queue.finish(db, run, {}, NOW)


def test_a_box_asks_for_a_verdict_on_that_part_and_the_earlier_one_stays(house):
    db, id = house
    inspections.set_trim(db, id, (0.1, 0.2, 0.6, 0.7), who="mina", now=NOW)
    assert inspections.get(db, id).trim == (0.1, 0.2, 0.6, 0.7)
    assert inspections.get(db, id).state == "waiting"
    with pytest.raises(Conflict, match="being judged"):
        inspections.set_trim(db, id, None, who="mina", now=NOW)
    judged(db, id, "3")
    assert [v.trim for _, _, v in inspections.verdicts(db, id)] == [(0.1, 0.2, 0.6, 0.7), None]
    assert "a person should look" in trimming.words_of(db, inspections.get(db, id))
    inspections.set_trim(db, id, None, who="mina", now=NOW)
    judged(db, id, "3")
    assert trimming.words_of(db, inspections.get(db, id)) == "With the box and before: Grade 3."


@pytest.mark.parametrize("box", [(0.5, 0.1, 1.2, 0.9), (0.6, 0.1, 0.5, 0.9), (0.1, 0.1, 0.105, 0.9)])
def test_a_box_outside_its_photo_is_refused_and_nothing_is_written(house, box):
    db, id = house
    with pytest.raises(DataError, match=r"Draw it again|draw a larger one"):
        inspections.set_trim(db, id, box, who="mina", now=NOW)
    assert inspections.get(db, id).trim is None
    assert inspections.get(db, id).state == "done"
