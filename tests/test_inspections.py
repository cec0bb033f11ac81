"""A photo is asked about, answered once a run, and talked about; nothing that was said is lost."""

import pytest

from core import asking, batches, inspections, opinions, overview, queue, store
from core.errors import Conflict, NotFound, PatinaError
from tests import stock

NOW = stock.NOW


@pytest.fixture
def told(tmp_path):
    return stock.settings(tmp_path)


@pytest.fixture
def db(told):
    return store.connect(told.database, fresh=True)


def photo(db, told, seed=1):
    return stock.keep(db, told, stock.picture(seed), f"{seed}.jpg")


def answered(db, told, label="defect", seed=1, **verdict):
    return stock.ask(db, told, "rail", seed, answer=stock.verdict("rail", label, **verdict))


# Asking


def test_the_same_photo_is_kept_once_under_its_first_name(db, told):
    assert photo(db, told) == photo(db, told)
    facts = store.row(db, "select count(*) as n, max(name) as name from photos")
    assert tuple(facts) == (1, "1.jpg")


def test_what_is_asked_waits_in_the_queue_with_all_that_was_said(db, told):
    sha = photo(db, told)
    asked = asking.ask(
        db, sha, "crack", owner="mina", now=NOW, batch="b", trim=(0.1, 0.2, 0.3, 0.4),
        scale_mm_per_px=0.5, place="Pier 4", wake=told.wake,
    )  # fmt: skip
    found = inspections.get(db, asked)
    assert (found.photo, found.name, found.domain, found.owner) == (sha, "1.jpg", "crack", "mina")
    assert (found.trim, found.scale_mm_per_px, found.place) == ((0.1, 0.2, 0.3, 0.4), 0.5, "Pier 4")
    assert (found.width_px, found.height_px, found.state, found.verdict) == (480, 360, "waiting", None)
    assert told.wake.exists()
    (run,) = queue.claim(db, "judge", "w", NOW)
    assert (run.id, run.config, run.priority) == (found.run_id, {"inspection": asked}, asking.PRIORITY)


def test_a_photo_that_was_never_uploaded_cannot_be_asked_about(db):
    with pytest.raises(NotFound, match="upload it first"):
        asking.ask(db, "0" * 64, "rail", owner="mina", now=NOW, batch="b")
    assert queue.waiting(db) == {"judge": 0, "train": 0}


def test_there_are_three_domains(db, told):
    with pytest.raises(PatinaError, match="no domain 'road'"):
        asking.ask(db, photo(db, told), "road", owner="mina", now=NOW, batch="b")


# Answering


def test_a_verdict_comes_back_as_it_was_given(db, told):
    given = stock.verdict("rail", "defect", 0.8, trim=(0.0, 0.0, 0.5, 0.5), scale_mm_per_px=0.2)
    asked = stock.ask(db, told, "rail", 1)
    verdict_id = asking.answer(db, asked, given, who="model m", now=NOW, arrays=photo(db, told))
    found = inspections.get(db, asked)
    assert (found.verdict, found.verdict_id) == (given, verdict_id)
    assert (found.verdict_by, found.verdict_at) == ("model m", NOW)


def test_a_run_answers_once(db, told):
    asked = stock.ask(db, told, "rail", 1)
    run = inspections.get(db, asked).run_id
    first = asking.answer(db, asked, stock.verdict("rail", "defect"), who="m", now=NOW, run_id=run)
    again = asking.answer(db, asked, stock.verdict("rail", "normal"), who="m", now=NOW + 1, run_id=run)
    assert first == again
    assert [v.label for _, _, v in inspections.verdicts(db, asked)] == ["defect"]


def test_the_newest_verdict_counts_and_the_earlier_ones_stay(db, told):
    asked = answered(db, told, "defect")
    asking.ask_again(db, asked, who="mina", now=NOW + 5)
    (run,) = queue.claim(db, "judge", "w", NOW + 6)
    assert inspections.get(db, asked).run_id == run.id
    asking.answer(db, asked, stock.verdict("rail", "normal"), who="m2", now=NOW + 7, run_id=run.id)
    queue.finish(db, run, {}, NOW + 7)
    assert inspections.get(db, asked).verdict.label == "normal"
    said = [(v.label, who) for _, who, v in inspections.verdicts(db, asked)]
    assert said == [("normal", "m2"), ("defect", "Patina")]


def test_what_is_still_waiting_is_not_asked_again(db, told):
    asked = stock.ask(db, told, "rail", 1)
    asking.ask_again(db, asked, who="mina", now=NOW)
    assert queue.waiting(db)["judge"] == 1


def test_what_failed_is_told_and_can_be_asked_again(db, told):
    asked = stock.ask(db, told, "rail", 1)
    queue.fail(db, queue.claim(db, "judge", "w", NOW)[0], "It is too dark.", NOW)
    found = inspections.get(db, asked)
    assert (found.state, found.error) == ("failed", "It is too dark.")
    asking.ask_again(db, asked, who="mina", now=NOW)
    found = inspections.get(db, asked)
    assert (found.state, found.error) == ("waiting", None)


def test_inspections_of_runs_come_in_the_order_of_the_runs(db, told):
    asked = [stock.ask(db, told, "rail", seed) for seed in (1, 2, 3)]
    runs = [inspections.get(db, one).run_id for one in asked]
    assert [i.id for i in inspections.of_runs(db, [runs[2], runs[0]])] == [asked[0], asked[2]]
    assert inspections.of_runs(db, []) == []


# Asked in the wrong domain


def test_photos_judged_as_something_else_leave_every_list_and_keep_what_was_said(db, told):
    judged = answered(db, told, "defect", seed=1, needs_person=True)
    opinions.say(db, judged, "normal", who="mina", now=NOW)
    waiting = stock.ask(db, told, "rail", 2)
    metal = stock.ask(db, told, "corrosion", 3, answer=stock.verdict("corrosion", "2"))

    stands = asking.ask_as(db, [judged, waiting, metal], "corrosion", who="mina", now=NOW + 5, wake=told.wake)

    assert stands[2] == metal, "what was asked in this domain stays as it is"
    assert sorted(inspections.ids(db)) == sorted(stands)
    assert inspections.count(db)["all"] == 3
    assert inspections.count(db, domain="rail")["all"] == 0
    (batch,) = batches.find(db)
    assert (batch.n, batch.domains, batch.waiting, batch.bad) == (3, ("corrosion",), 2, 1)
    assert opinions.agreement(db, "rail") == (0, 0)
    assert (
        sum(change.n for change in overview.changes(db, NOW - 60, NOW + 60) if change.kind == "photos") == 3
    )
    first = inspections.get(db, judged)
    assert (first.instead, first.verdict.label, first.opinion.label) == (stands[0], "defect", "normal")
    new = inspections.get(db, stands[0])
    assert (new.domain, new.photo, new.name, new.batch) == ("corrosion", first.photo, first.name, first.batch)
    assert inspections.stood_before(db, new.id) == first
    assert inspections.stood_before(db, metal) is None
    runs = queue.claim(db, "judge", "w", NOW + 6, at_most=8)
    assert {run.config["inspection"] for run in runs} == set(stands), "nothing is judged as rail"


def test_a_photo_is_not_judged_as_something_else_twice_from_the_same_place(db, told):
    asked = answered(db, told)
    other = answered(db, told, seed=2)
    asking.ask_as(db, [asked], "crack", who="mina", now=NOW)
    with pytest.raises(Conflict, match="something else already"):
        asking.ask_as(db, [other, asked], "corrosion", who="olaf", now=NOW)
    assert inspections.get(db, other).instead is None, "all or none"


def test_a_worker_that_answers_late_changes_nothing_in_the_lists(db, told):
    asked = stock.ask(db, told, "rail", 1)
    (run,) = queue.claim(db, "judge", "w", NOW)
    (stands,) = asking.ask_as(db, [asked], "crack", who="mina", now=NOW)
    assert queue.is_cancelled(db, run)
    asking.answer(db, asked, stock.verdict("rail", "defect"), who="w", now=NOW + 1, run_id=run.id)
    assert inspections.ids(db) == [stands]
    assert inspections.get(db, stands).verdict is None


# What people say


def test_a_person_confirms_or_corrects_the_newest_verdict(db, told):
    asked = answered(db, told, "defect")
    assert opinions.say(db, asked, "defect", who="mina", now=NOW).agrees
    opinion = opinions.say(db, asked, "normal", who="olaf", now=NOW + 1, note=" a leaf ")
    assert (opinion.agrees, opinion.note) == (False, "a leaf")
    assert inspections.get(db, asked).opinion == opinion
    assert [o.who for o in opinions.of(db, asked)] == ["olaf", "mina"]
    events = [r["what"] for r in store.rows(db, "select what from events order by id")]
    assert events == ["confirmed", "corrected"]


def test_a_word_about_an_earlier_verdict_is_no_word_about_the_newest(db, told):
    asked = answered(db, told, "defect")
    opinions.say(db, asked, "normal", who="mina", now=NOW)
    asking.answer(db, asked, stock.verdict("rail", "normal"), who="m2", now=NOW + 1)
    assert inspections.get(db, asked).opinion is None
    assert len(opinions.of(db, asked)) == 1


def test_only_the_answers_of_the_domain_can_be_said(db, told):
    asked = answered(db, told, "defect")
    with pytest.raises(PatinaError, match="choose one of normal, defect"):
        opinions.say(db, asked, "3", who="mina", now=NOW)
    with pytest.raises(NotFound, match="no verdict yet"):
        opinions.say(db, stock.ask(db, told, "rail", 9), "defect", who="mina", now=NOW)


def test_agreement_counts_each_inspection_once_by_the_last_word(db, told):
    for seed, words in enumerate((["defect"], ["normal"], ["normal", "defect"], [])):
        asked = answered(db, told, "defect", seed)
        for n, word in enumerate(words):
            opinions.say(db, asked, word, who="mina", now=NOW + n)
    assert opinions.agreement(db, "rail") == (2, 3)
    assert opinions.agreement(db, "rail", since=NOW + 0.5) == (1, 1)
    assert opinions.agreement(db, "crack") == (0, 0)


# Order and search


def test_worse_is_higher_whatever_the_domain():
    def severity(domain, label, confidence=0.9, **other):
        return asking.severity(stock.verdict(domain, label, confidence, **other))

    grave = [severity("rail", "defect"), severity("crack", "crack"), severity("corrosion", "3")]
    assert len(set(grave)) == 1
    ordered = [
        severity("rail", "normal", 0.99), severity("rail", "normal", 0.6), severity("corrosion", "1"),
        severity("corrosion", "2"), severity("corrosion", "3", 0.5), severity("rail", "defect", 0.99),
    ]  # fmt: skip
    assert ordered == sorted(ordered)
    assert severity("rail", "defect", 0.6, needs_person=True) < severity("rail", "defect", 0.99)
    assert 0 <= min(ordered) <= max(ordered) <= 1


def test_inspections_are_found_by_all_that_can_be_asked(db, told):
    made = stock.fill(told)
    everything = {i.id for i in inspections.find(db, limit=100)}

    def found(**filters):
        return {i.id for i in inspections.find(db, limit=100, **filters)}

    assert len(everything) == 17
    assert found(domain="crack") == {made["judged"], made["failed"]}
    assert found(batch="b1", label="3") == {made["person"]}
    assert found(needs_person=True) == {made["person"]}
    assert found(decided=True) == {made["corrected"], made["confirmed"]}
    assert found(decided=False) == everything - found(decided=True)
    assert found(since=stock.NOW - 4) == {made["waiting"]}
    assert found(owner="nobody") == set()
    assert found(photo=inspections.get(db, made["judged"]).photo) == {made["judged"]}
    assert made["person"] in found(text="pier 4")


def test_a_search_for_signs_finds_these_signs_and_nothing_else(db, told):
    plain = stock.ask(db, told, "rail", 1, name="a_b.jpg")
    other = stock.ask(db, told, "rail", 2, name="axb.jpg")
    percent = stock.ask(db, told, "rail", 3, name="50%.jpg")
    assert [i.id for i in inspections.find(db, text="a_b")] == [plain]
    assert [i.id for i in inspections.find(db, text="0%")] == [percent]
    assert [i.id for i in inspections.find(db, text="\\")] == []
    assert other not in [i.id for i in inspections.find(db, text="a_")]


def test_pages_of_a_list_fit_together(db, told):
    stock.fill(told)
    for order in ("newest", "worst", "batch"):
        whole = [i.id for i in inspections.find(db, order=order, limit=100)]
        pages = [i.id for o in (0, 5, 10, 15) for i in inspections.find(db, order=order, limit=5, offset=o)]
        assert pages == whole
    worst = [i.severity for i in inspections.find(db, order="worst", limit=100) if i.verdict]
    assert worst == sorted(worst, reverse=True)


def test_counts_say_what_has_become_of_them(db, told):
    stock.fill(told)
    assert inspections.count(db) == {
        "all": 17, "waiting": 2, "judged": 14, "needs_person": 1, "failed": 1, "bad": 5,
    }  # fmt: skip
    assert inspections.count(db, domain="crack")["all"] == 2


def test_there_is_no_inspection_of_another_number(db):
    with pytest.raises(NotFound, match="no inspection 7"):
        inspections.get(db, 7)
