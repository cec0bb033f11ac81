"""A worker's work: photos become verdicts, runs become models; each failure is one run's own."""

import dataclasses
import io
import json
import shutil
import time

import numpy as np
import pytest
from PIL import Image

from core import (
    arrays,
    artifacts,
    asking,
    cards,
    corrosion,
    datasets,
    inspections,
    photos,
    queue,
    services,
    sets,
    store,
    workers,
)
from core.engine import lanes, work
from core.engine.life import Life
from core.errors import Conflict
from core.grading import coach
from core.records import Progress
from tests import stock, tiny


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return tiny.trained(tmp_path_factory.mktemp("trained"))


@pytest.fixture
def told(trained, tmp_path):
    return tiny.copy(trained, tmp_path)


@pytest.fixture
def db(told):
    return store.connect(told.database)


class lane:
    """A lane of a worker that lives in this process."""

    def __init__(self, name, told):
        self.life = Life(name, told)
        self.lane = lanes.LANES[name](self.life, told)

    def __enter__(self):
        return self.lane

    def __exit__(self, *error):
        self.life.close()


ORDERED = ("data", "set", "split", "model", "trials", "margins")


def order(db, kind="train", **told):
    config = {"data": "tiny", **tiny.PRESET}
    config |= {key: told.pop(key) for key in ORDERED if key in told}
    return queue.submit(db, kind, "corrosion", config, owner="mina", now=1.0, **told)


def ask(db, told, seed, name=""):
    return stock.ask(db, told, "corrosion", seed, name=name)


def weights(told, id):
    return cards.read(told.models, "corrosion", id).weights_sha256


# Judging


def test_a_photo_gets_its_verdict_and_its_run_is_done(told, db):
    asked = ask(db, told, 1)
    with lane("judge", told) as judge:
        judge.warm()
        assert judge.take()
        assert not judge.take()
    found = inspections.get(db, asked)
    assert (found.state, found.error) == ("done", None)
    assert found.verdict.model == "first"
    assert found.verdict_by == "model first"
    p = arrays.unpack(artifacts.read(told.artifacts, found.arrays))["p"]
    assert p.shape == (4,)
    assert [found.verdict.figures[f"p_{g}"] for g in range(4)] == pytest.approx(p.tolist())


def test_the_same_photo_gets_the_same_verdict_in_a_batch_and_alone(told, db):
    together = [ask(db, told, seed) for seed in range(5)]
    with lane("judge", told) as judge:
        assert judge.take()
        first = [inspections.get(db, asked).arrays for asked in together]
        asking.ask_again(db, together[2], who="mina", now=3.0)
        assert judge.take()
    a, b = (arrays.unpack(artifacts.read(told.artifacts, sha))["p"] for sha in
            (first[2], inspections.get(db, together[2]).arrays))  # fmt: skip
    assert np.allclose(a, b, atol=1e-3)
    assert len(inspections.verdicts(db, together[2])) == 2


def test_a_photo_that_cannot_be_read_fails_its_own_run_only(told, db):
    whole = [ask(db, told, seed) for seed in (1, 2)]
    out = io.BytesIO()
    Image.new("RGB", (300, 300), "grey").save(out, "JPEG")
    broken = stock.ask(db, told, "corrosion", 3, name="cut.jpg")
    sha = inspections.get(db, broken).photo
    artifacts.path(told.artifacts, sha).write_bytes(out.getvalue()[:200])
    with lane("judge", told) as judge:
        assert judge.take()
    assert [inspections.get(db, asked).state for asked in whole] == ["done", "done"]
    found = inspections.get(db, broken)
    assert (found.state, found.verdict) == ("failed", None)
    assert found.error.startswith("cut.jpg is")


def test_a_trimmed_photo_is_judged_inside_its_trim(told, db):
    whole = ask(db, told, 1)
    trim = (0.25, 0.25, 0.5, 0.5)
    cut = stock.ask(db, told, "corrosion", 1, trim=trim)
    with lane("judge", told) as judge:
        assert judge.take()
    assert inspections.get(db, cut).verdict.trim == trim
    assert inspections.get(db, cut).arrays != inspections.get(db, whole).arrays
    # Both are seen in both ways: what is said of the whole photo is the same, whichever was asked for.
    one, other = (
        arrays.unpack(artifacts.read(told.artifacts, inspections.get(db, id).arrays)) for id in (whole, cut)
    )
    assert other["beside"] == pytest.approx(one["p"], abs=1e-3)
    assert "box" not in other
    assert one["box"].tolist() == pytest.approx(coach.proposed(one["looked"]))
    assert one["beside"] != pytest.approx(one["p"], abs=1e-6)
    assert inspections.get(db, whole).verdict.figures["beside"] in corrosion.CLASSES


def test_without_a_model_each_photo_is_told_so(told, db):
    shutil.rmtree(told.models)
    asked = ask(db, told, 1)
    with lane("judge", told) as judge:
        judge.warm()
        assert judge.take()
    assert "no corrosion model yet" in inspections.get(db, asked).error


def test_a_damaged_model_fails_the_runs_until_it_is_mended(told, db):
    path = cards.place(told.models, "corrosion", "first") / cards.WEIGHTS
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    asked = ask(db, told, 1)
    with lane("judge", told) as judge:
        judge.warm()
        assert judge.take()
        assert "sha256 differs" in inspections.get(db, asked).error
        path.write_bytes(whole)
        asking.ask_again(db, asked, who="mina", now=3.0)
        assert judge.take()
    assert inspections.get(db, asked).state == "done"


def test_a_promoted_model_answers_from_then_on(told, db):
    card = cards.read(told.models, "corrosion", "first")
    home = cards.place(told.models, "corrosion", "first")
    shutil.copytree(home, home.with_name("second"))
    second = dataclasses.replace(card, id="second")
    (home.with_name("second") / cards.CARD).write_text(second.to_json())
    services.promote(db, card, who="mina", now=1.0)
    asked = [ask(db, told, seed) for seed in (1, 2)]
    with lane("judge", told) as judge:
        queue.cancel(db, inspections.get(db, asked[1]).run_id, 1.0)
        assert judge.take()
        services.promote(db, second, who="mina", now=2.0, threshold=0.9)
        judge.rest()
        asking.ask_again(db, asked[1], who="mina", now=3.0)
        assert judge.take()
    first, then = (inspections.get(db, one).verdict for one in asked)
    assert (first.model, then.model, then.threshold) == ("first", "second", 0.9)


def test_one_photo_that_breaks_the_engine_does_not_take_its_batch_along(told, db, monkeypatch):
    asked = [ask(db, told, seed) for seed in range(4)]
    engine = work.ENGINES["corrosion"]
    predict = engine.predict

    def breaks(model, pictures):
        for picture in pictures:
            if picture.mean() == poison:
                raise RuntimeError("out of memory")
            yield from predict(model, iter([picture]))

    with lane("judge", told) as judge:
        content = artifacts.read(told.artifacts, inspections.get(db, asked[1]).photo)
        poison = np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).mean()
        monkeypatch.setattr(engine, "predict", breaks)
        assert judge.take()
    assert [inspections.get(db, one).state for one in asked] == ["done", "failed", "done", "done"]
    assert "RuntimeError, out of memory" in inspections.get(db, asked[1]).error
    assert all(len(inspections.verdicts(db, one)) == 1 for one in (asked[0], asked[2], asked[3]))


def test_a_verdict_that_comes_late_is_not_filed(told, db):
    asked = ask(db, told, 1)
    with lane("judge", told) as judge:
        (run,) = queue.claim(db, "judge", judge.life.name, 1.0)
        serving, model = judge._model("corrosion")
        one = (run, inspections.get(db, asked))
        (answer,) = work.answers("corrosion", model, [one], lambda one: judge._picture(one[1], 1.0))
        queue.sweep_dead(db, 1.0 + queue.STALE_SECONDS + 1)
        judge._file(answer, serving)
        assert (inspections.get(db, asked).state, inspections.verdicts(db, asked)) == ("waiting", [])
        assert judge.take()
        judge._file(answer, serving)
    assert len(inspections.verdicts(db, asked)) == 1


def test_a_verdict_whose_run_is_taken_at_the_last_moment_is_not_filed(told, db, monkeypatch):
    asked = ask(db, told, 1)
    pack = arrays.pack

    def late(*told_of):
        queue.sweep_dead(db, time.time() + 60)
        return pack(*told_of)

    with lane("judge", told) as judge:
        monkeypatch.setattr(lanes.arrays, "pack", late)
        assert judge.take()
    assert (inspections.get(db, asked).state, inspections.verdicts(db, asked)) == ("waiting", [])


def test_a_cancelled_photo_gets_no_verdict(told, db):
    asked = ask(db, told, 1)
    with lane("judge", told) as judge:
        (run,) = queue.claim(db, "judge", judge.life.name, 1.0)
        queue.cancel(db, run.id, 2.0)
        judge._judge("corrosion", [(run, inspections.get(db, asked))])
    assert (inspections.get(db, asked).state, inspections.get(db, asked).verdict) == ("cancelled", None)


# Training


def test_a_training_ends_as_a_filed_model(trained):
    db = store.connect(trained.database)
    run = queue.get(db, 1)
    assert (run.state, run.result["model"], run.fraction) == ("done", "corrosion/first", 1.0)
    card = cards.read(trained.models, "corrosion", "first")
    assert (card.made_by, card.config["network"]) == ("mina", "cnn5")
    assert card.command.startswith("python -m core train corrosion --data tiny --preset paper_cnn5 --set ")
    assert run.result["figures"] == json.loads(card.to_json())["figures"]
    told = queue.reports(db, 1)
    assert [r["step"] for r in told] == list(range(1, len(told) + 1))
    log = (trained.runs / "1" / "log.txt").read_text()
    assert "attempt 1: train corrosion" in log
    assert log.rstrip().endswith("done: corrosion/first")


class Listener(lanes.Train):
    """A lane in which something happens after a given report."""

    after, what = 0, None

    def _listen(self, run, reports, note):
        def overheard():
            n = 0
            try:
                while True:
                    progress = next(reports)
                    n += 1
                    if n == self.after:
                        self.what(run)
                    yield progress
            except StopIteration as end:
                return end.value

        super()._listen(run, overheard(), note)


def interrupted(told, after, what):
    life = Life("train", told)
    train = Listener(life, told)
    train.after, train.what = after, what
    assert train.take()
    life.close()


def test_a_cancelled_training_stops_at_its_next_report_and_resumes_bit_for_bit(told, db):
    run_id = order(db, name="again")
    interrupted(told, 3, lambda run: queue.cancel(db, run.id, 1.0))
    assert queue.get(db, run_id).state == "cancelled"
    assert len(queue.reports(db, run_id)) == 3
    queue.resume(db, run_id, 2.0)
    with lane("train", told) as train:
        assert train.take()
    assert queue.get(db, run_id).state == "done"
    assert [r["step"] for r in queue.reports(db, run_id)] == [r["step"] for r in queue.reports(db, 1)]
    assert weights(told, "again") == weights(told, "first")
    again, first = (cards.read(told.models, "corrosion", id).figures for id in ("again", "first"))
    assert again == first


def test_a_worker_that_ends_puts_its_training_back(told, db):
    run_id = order(db, name="again")
    life = Life("train", told)
    train = Listener(life, told)
    train.after, train.what = 2, lambda run: life.ending.set()
    assert train.take()
    life.close()
    assert (queue.get(db, run_id).state, len(queue.reports(db, run_id))) == ("waiting", 2)
    assert store.rows(db, "select * from workers") == []
    with lane("train", told) as train:
        assert train.take()
    assert weights(told, "again") == weights(told, "first")


def test_a_late_worker_stops_when_another_one_has_its_run(told, db):
    run_id = order(db, name="again")

    def taken(run):
        queue.sweep_dead(db, time.time() + 60)
        assert queue.claim(db, "train", "other", time.time())[0].id == run.id

    interrupted(told, 3, taken)
    run = queue.get(db, run_id)
    assert (run.state, run.claimed_by, run.attempt) == ("running", "other", 2)
    assert len(queue.reports(db, run_id)) == 2
    assert "no longer wanted" in (told.runs / str(run_id) / "log.txt").read_text()


def test_a_setting_out_of_range_fails_the_run_with_one_sentence(told, db):
    run_id = order(db, set=tiny.SETTINGS | {"epochs": 0})
    with lane("train", told) as train:
        assert train.take()
    assert queue.get(db, run_id).error == "epochs is 0; it must be between 1 and 2000."


def test_a_set_that_is_gone_fails_the_run_with_one_sentence(told, db):
    run_id = queue.submit(db, "train", "corrosion", {"data": "gone"}, owner="mina", now=1.0)
    with lane("train", told) as train:
        assert train.take()
    assert "no data set of that name" in queue.get(db, run_id).error


def test_a_bug_fails_the_run_tells_the_log_and_leaves_the_worker_alive(told, db, monkeypatch):
    def breaks(*args):
        yield Progress(1, 2, "train", {"loss": 1.0})
        raise ZeroDivisionError("by hand")

    monkeypatch.setattr(work.ENGINES["corrosion"], "train", breaks)
    run_id = order(db)
    with lane("train", told) as train:
        assert train.take()
        assert not train.take()
    run = queue.get(db, run_id)
    assert run.state == "failed"
    assert "ZeroDivisionError, by hand" in run.error
    assert "Traceback" in (told.runs / str(run_id) / "log.txt").read_text()


def test_a_run_folder_goes_on_with_nothing_but_what_it_was_begun_with(told, tmp_path):
    work.pin(tmp_path / "run", {"config": {"epochs": 3}, "fingerprint": "a"})
    work.pin(tmp_path / "run", {"config": {"epochs": 3}, "fingerprint": "a"})
    with pytest.raises(Conflict, match="begun with another config"):
        work.pin(tmp_path / "run", {"config": {"epochs": 4}, "fingerprint": "a"})
    with pytest.raises(Conflict, match="another photos or labels"):
        work.pin(tmp_path / "run", {"config": {"epochs": 3}, "fingerprint": "b"})


def test_two_models_of_one_name_stand_side_by_side(told, db):
    order(db, name="First", set=tiny.SETTINGS | {"epochs": 1})
    with lane("train", told) as train:
        assert train.take()
    assert queue.get(db, 2).result["model"] == "corrosion/first-2"


# Evaluating and searching


def test_an_evaluation_is_kept_beside_its_model(told, db):
    kept = cards.place(told.models, "corrosion", "first") / "evaluation-test.npz"
    kept.unlink()
    run_id = order(db, "evaluate", model="corrosion/first", split="test")
    with lane("train", told) as train:
        assert train.take()
    run = queue.get(db, run_id)
    assert run.error is None
    assert run.result["n"] == 8
    figures = cards.read(told.models, "corrosion", "first").figures["test"]
    assert run.result["metrics"]["accuracy"] == figures["accuracy"]
    assert cards.evaluation(kept.parent, "test")["p"].shape == (8, 4)


def test_margins_around_the_box_are_measured_and_kept_beside_the_model(told, db, tmp_path):
    """At 1.0 the cut from the whole photo is the part's own file, to the pixel; at the end it is it all."""
    found = parts(tmp_path / "parts")
    keep = sets.keep(db, told.artifacts, found, report={"problems": []}, who="mina", now=1.0)
    assert len(list(keep)) == len(found.photos)
    stored = sets.load(db, told.artifacts, "parts")
    assert {p.cut for p in stored.photos} == {(0.25, 0.25, 0.75, 0.75)}
    order(db, "evaluate", model="corrosion/first", data="parts", split="test", margins=[1.0, 2.0])
    with lane("train", told) as train:
        assert train.take()
    run = queue.get(db, 2)
    assert (run.state, run.result["n"]) == ("done", 8), run.error
    assert [row["margin"] for row in run.result["margins"]] == [1.0, 2.0, None]
    home = cards.place(told.models, "corrosion", "first")
    kept = cards.evaluation(home, "test-margins")  # the parts are the photos it was trained with
    assert kept["p"].shape == (3, 8, 4)
    model = work.ENGINES["corrosion"].load(cards.read(told.models, "corrosion", "first"), home)
    for i, view in ((0, "path"), (2, "whole")):
        pictures = (photos.open(getattr(p, view))[0] for p in stored.part("test"))
        alone = np.stack([a["p"] for a in work.ENGINES["corrosion"].predict(model, pictures)])
        assert kept["p"][i] == pytest.approx(alone, abs=1e-5)
    assert kept["p"][1] == pytest.approx(kept["p"][2], abs=1e-5)  # twice the box is all of these photos


def parts(folder):
    """The tiny photos as parts cut to half the side of photos with noise around them."""
    tiny.photos(folder / "trimmed")
    (folder / "untrimmed").mkdir()
    rng = np.random.default_rng(3)
    rows = (folder / "trimmed" / "labels.csv").read_text().splitlines()
    for name in (row.split(",")[0] for row in rows[1:]):
        whole = rng.integers(0, 255, (128, 128, 3), np.uint8)
        whole[32:96, 32:96] = np.asarray(Image.open(folder / "trimmed" / name))
        Image.fromarray(whole).save(folder / "untrimmed" / name)
    box = ["trim_x0,trim_y0,trim_x1,trim_y1"] + ["0.25,0.25,0.75,0.75"] * (len(rows) - 1)
    (folder / "labels.csv").write_text("\n".join(map(",".join, zip(rows, box, strict=True))))
    (folder / "trimmed" / "labels.csv").unlink()
    return datasets.read(folder, "corrosion")


def test_a_set_without_boxes_has_no_margins_to_measure(told, db):
    order(db, "evaluate", model="corrosion/first", split="test", margins=[1.0])
    with lane("train", told) as train:
        assert train.take()
    assert "has a trim box in its surroundings; draw boxes on the Data page" in queue.get(db, 2).error


def test_a_search_ends_with_settings_to_train_with(told, db):
    run_id = order(db, "search", trials=2, set=tiny.SETTINGS | {"epochs": 1})
    with lane("train", told) as train:
        assert train.take()
    run = queue.get(db, run_id)
    assert run.error is None
    assert run.result["trials"] == 2
    assert run.result["set"]["epochs"] == 1
    assert "learning_rate" in run.result["best"]


# Life


def test_a_life_beats_for_itself_and_for_what_it_holds(told, db, monkeypatch):
    monkeypatch.setattr(workers, "BEAT_SECONDS", 0.02)
    run_id = order(db)
    life = Life("train", told)
    (run,) = queue.claim(db, "train", life.name, 1.0)
    with life.holding([run]):
        assert store.row(db, "select state, run_id from workers")[:] == ("busy", run_id)
        until = time.monotonic() + 5
        while queue.get(db, run_id).beat_at < 2 and time.monotonic() < until:
            time.sleep(0.01)
    assert queue.get(db, run_id).beat_at > time.time() - 10
    assert store.row(db, "select state, run_id from workers")[:] == ("idle", None)
    life.close()
    assert queue.get(db, run_id).state == "waiting", "what is still held is given back"


def test_runs_of_the_dead_are_taken_up_but_not_right_after_a_sleep(told, db):
    life = Life("train", told)
    run_id = order(db)
    now = time.time()
    queue.claim(db, "train", "other", now)
    life.beat_once(now + 1)
    life.beat_once(now + 1000)  # the machine slept: the other worker could not beat either
    assert queue.get(db, run_id).state == "running"
    life.beat_once(now + 1005)
    assert queue.get(db, run_id).state == "waiting"
    life.close()
