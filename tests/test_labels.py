"""People's words about photos: a line each, the newest counts, and the next training learns from it."""

from __future__ import annotations

import numpy as np
import pytest

from core import labels, orders, queue, sets, store
from core.engine import errands, lanes, worker
from core.errors import DataError, Forbidden
from core.people import accounts, invitations
from core.people.accounts import PATINA
from tests import stock, tiny

NOW = stock.NOW


@pytest.fixture
def house(tmp_path):
    """A set of 24 photos, six a grade, the last two of each for the test, and three people."""
    settings = stock.settings(tmp_path)
    tiny.store_photos(settings, tiny.photos(tmp_path / "photos", n=6))
    db = store.connect(settings.database)
    people = {}
    for name, role in (("mina", "engineer"), ("joon", "engineer"), ("max", "manager")):
        invitations.make_person(db, PATINA, name, role, now=NOW)
        people[name] = accounts.account(db, name).person
    return settings, db, people


def photo(settings, db, name):
    return next(p for p in sets.load(db, settings.artifacts, "tiny").photos if p.title == name)


def test_the_newest_word_counts_and_every_word_is_kept(house):
    settings, db, people = house
    sha = photo(settings, db, "g2_00.png").sha256
    labels.relabel(db, people["mina"], "corrosion", sha, "3", NOW, "a hole at the edge")
    labels.relabel(db, people["joon"], "corrosion", sha, "1", NOW + 1)
    assert photo(settings, db, "g2_00.png").grade == 1
    labels.withdraw(db, people["joon"], "corrosion", sha, "label", NOW + 2)
    assert photo(settings, db, "g2_00.png").grade == 2
    told = [(w.who, w.was, w.value, w.note) for w in labels.history(db, "corrosion", sha)]
    assert told == [("joon", "1", "", ""), ("joon", "3", "1", ""), ("mina", "2", "3", "a hole at the edge")]
    assert labels.standing(db, "corrosion") == {}


def test_a_set_is_as_it_was_on_the_day_of_an_earlier_word(house):
    settings, db, people = house
    before = sets.load(db, settings.artifacts, "tiny")
    labels.relabel(db, people["mina"], "corrosion", before.photos[0].sha256, "3", NOW)
    then = labels.newest(db)
    labels.relabel(db, people["mina"], "corrosion", before.photos[0].sha256, "2", NOW)
    grades = [sets.load(db, settings.artifacts, "tiny", until).photos[0].grade for until in (0, then, None)]
    assert grades == [0, 3, 2]
    assert sets.load(db, settings.artifacts, "tiny", 0) == before
    assert sets.load(db, settings.artifacts, "tiny").fingerprint != before.fingerprint


def test_a_trim_is_kept_with_the_photo_and_never_lies_outside_it(house):
    settings, db, people = house
    sha = photo(settings, db, "g1_00.png").sha256
    labels.retrim(db, people["mina"], "corrosion", sha, (0.1, 0.2, 0.6, 0.9), NOW)
    assert photo(settings, db, "g1_00.png").trim == (0.1, 0.2, 0.6, 0.9)
    assert photo(settings, db, "g1_00.png").path.read_bytes()  # the file is what it was
    for box in ((0.1, 0.2, 1.2, 0.9), (0.5, 0.2, 0.4, 0.9), (float("nan"), 0, 1, 1)):
        with pytest.raises(DataError, match="does not lie in its photo"):
            labels.retrim(db, people["mina"], "corrosion", sha, box, NOW)
    with pytest.raises(DataError, match="too small"):
        labels.retrim(db, people["mina"], "corrosion", sha, (0.1, 0.1, 0.11, 0.9), NOW)


def test_nobody_below_engineer_says_anything(house):
    settings, db, people = house
    sha = photo(settings, db, "g1_00.png").sha256
    for act in (
        lambda: labels.relabel(db, people["max"], "corrosion", sha, "3", NOW),
        lambda: labels.mark(db, people["max"], "corrosion", sha, NOW),
        lambda: labels.retrim(db, people["max"], "corrosion", sha, (0, 0, 1, 1), NOW),
        lambda: labels.withdraw(db, people["max"], "corrosion", sha, "label", NOW),
    ):
        with pytest.raises(Forbidden, match="engineer"):
            act()
    assert labels.newest(db) == 0


def test_what_cannot_be_said_is_refused_in_a_sentence(house):
    settings, db, people = house
    mina, sha = people["mina"], photo(settings, db, "g1_00.png").sha256
    with pytest.raises(DataError, match="'5' is no label of a corrosion photo; there is 0, 1, 2, 3"):
        labels.relabel(db, mina, "corrosion", sha, "5", NOW)
    with pytest.raises(DataError, match="stands so already"):
        labels.relabel(db, mina, "corrosion", sha, "1", NOW)
    with pytest.raises(DataError, match="stands so already"):
        labels.withdraw(db, mina, "corrosion", sha, "label", NOW)
    with pytest.raises(DataError, match="No rail set here holds this photo"):
        labels.relabel(db, mina, "rail", sha, "defect", NOW)
    with pytest.raises(DataError, match="nothing is learned from those"):
        labels.mark(db, mina, "corrosion", photo(settings, db, "g1_05.png").sha256, NOW)


def test_the_next_training_learns_from_corrected_labels_and_marks(house):
    settings, db, people = house
    mina = people["mina"]
    labels.relabel(db, mina, "corrosion", photo(settings, db, "g2_00.png").sha256, "3", NOW)
    labels.mark(db, mina, "corrosion", photo(settings, db, "g1_00.png").sha256, NOW)
    changed = tiny.SETTINGS | {"epochs": 1, "choose_epoch": True}
    run_id = orders.train(db, mina, "corrosion", data="tiny", preset="paper_cnn5", changed=changed, now=NOW)
    # What is said while the run waits counts for the next one.
    labels.relabel(db, mina, "corrosion", photo(settings, db, "g0_00.png").sha256, "1", NOW)
    life = worker.Life("train", settings)
    assert lanes.Train(life, settings).take()
    life.close()
    run = queue.get(db, run_id)
    assert run.state == "done", run.error
    _, learned = errands.asked(run, settings)
    assert {p.title: p.grade for p in learned.photos}["g2_00.png"] == 3
    assert {p.title: p.grade for p in learned.photos}["g0_00.png"] == 0
    assert [p.title for p in learned.photos if p.is_marked] == ["g1_00.png"]
    [card] = [c for c in (settings.models / "corrosion").glob("*/card.json")]
    assert learned.fingerprint in card.read_text()
    for split in ("val", "test"):
        with np.load(card.parent / f"evaluation-{split}.npz") as stored:
            assert stored["looked"].shape == (len(stored["truth"]), 2, 2)  # 64 px, halved five times
