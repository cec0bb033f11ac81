"""Rail, upstairs: what a run learns from, that it can be cut short anywhere, and what it leaves."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core import cards, cycles, datasets, photos, rail, selection, validation
from core import config as settings_of
from core.engine import checkpoint, lessons, likeness, loop
from core.engine import rail as engine
from core.errors import DataError, ModelError
from core.rail import Config
from core.records import Card, Photo, PhotoSet, Progress
from core.settings import ROOT, Settings
from tests.conftest import SHARED, needs_photos

loop.use_threads()  # two threads on one shared core take several times as long

TINY = {
    "network": "mobilenet_v2",
    "init": "random",
    "image_size": 64,
    "batch_size": 8,
    "learning_rate": 1e-3,
    "epochs": 2,
    "repeats": 1,
}
CYCLES = TINY | {"division": "text", "n0": 6, "rule": "share", "repeats": 2, "augment": "flips"}
FOLDS = TINY | {
    "division": "full",
    "folds": 2,
    "epochs": 3,
    "augment": "strong",
    "ema": 0.9,
    "views": 2,
    "schedule": "cosine",
    "optimizer": "adamw",
    "label_smoothing": 0.1,
}


@pytest.fixture(scope="session")
def few(tmp_path_factory) -> PhotoSet:
    """26 small real files: a pool of 18 and 8 to test on, each place (three photos) on one side."""
    folder, rng = tmp_path_factory.mktemp("rails"), np.random.default_rng(0)
    made = []
    for i in range(26):
        is_defect = i % 3 == 0
        grey = rng.normal(120, 12, (70, 70, 1)) + np.zeros(3)
        if is_defect:
            grey[20:50, 25:45] -= 70
        path = folder / f"{i:02}.png"
        Image.fromarray(grey.clip(0, 255).astype(np.uint8)).save(path)
        sha, split = hashlib.sha256(path.read_bytes()).hexdigest(), "pool" if i < 18 else "test"
        label = "defect" if is_defect else "normal"
        made.append(Photo(path, path.name, sha, label, group=f"{split} {i // 3}", split=split))
    return PhotoSet("few", "rail", tuple(made), "CC0", "f00")


def config(**told) -> Config:
    return settings_of.of(Config, told)


def run(told: dict, photos: PhotoSet, folder: Path, at_most: int | None = None) -> list[Progress]:
    """Listen to a training, to its end or only to its first reports."""
    settings = Settings(folder, folder / "models", None)
    heard = []
    for progress in engine.train(config(**told), photos, folder, settings, "train rail"):
        heard.append(progress)
        if len(heard) == at_most:
            break
    return heard


def cut_after_each_report(told: dict, photos: PhotoSet, folder: Path) -> int:
    """Stop a training after every report of something new and take it up again; how often that was."""
    for times in range(100):
        if run(told, photos, folder, 2)[-1].card is not None:
            return times
    raise AssertionError("it does not end")


def told_of(folder: Path) -> dict[str, object]:
    """All that a run leaves but for times: arrays as bytes, ledgers and results as values."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as stored:
                found |= {f"{name} {key}": stored[key].tobytes() for key in stored.files}
        elif path.name == cards.WEIGHTS:
            found[name] = path.read_bytes()
        elif path.name == "ledger.json":
            head, entries = cycles.ledger(path.parent.parent, int(path.parent.name.split("-")[1]))
            found[name] = (head, [dataclasses.replace(entry, at=0.0) for entry in entries])
        elif path.suffix == ".json":
            found[name] = json.loads(path.read_text())
    return found


@pytest.fixture(scope="session")
def experiment(few, tmp_path_factory) -> tuple[Path, list[Progress]]:
    """A whole experiment of two repeats that nobody interrupted."""
    folder = tmp_path_factory.mktemp("experiment")
    return folder, run(CYCLES, few, folder)


@pytest.fixture(scope="session")
def validated(few, tmp_path_factory) -> tuple[Path, list[Progress]]:
    """A whole training with two folds that nobody interrupted."""
    folder = tmp_path_factory.mktemp("validated")
    return folder, run(FOLDS, few, folder)


# An experiment


def test_the_labelled_set_grows_by_a_group_a_cycle(experiment):
    told = cycles.experiment(experiment[0])
    assert told["columns"] == [6, 9, 12, 14, 16, 18]
    assert [(r["repeat"], r["labels"]) for r in told["rows"]] == [
        (k, n) for k in (1, 2) for n in told["columns"]
    ]
    assert [column["repeats"] for column in told["table"]] == [2] * 6


def test_each_training_learns_what_the_cycles_before_it_said(experiment, few):
    pool, folder = rail.pool(few), experiment[0]
    truth = rail.truths(pool)
    for repeat in (1, 2):
        learned, labels = None, None
        for number in range(1, 7):
            stored = cycles.cycle(folder, repeat, number)
            assert stored is not None
            if learned is None:
                assert (stored["labels"] == (truth[stored["learned"]] == 1)).all()
            else:
                assert (stored["learned"] == learned).all()
                assert (stored["labels"] == labels).all()
            said = selection.select(stored["group_p"], 0.5, 0.3, "share")
            assert (stored["selected"] == said).all()
            learned = np.concatenate([stored["learned"], stored["group"]])
            labels = np.concatenate([stored["labels"], stored["selected"]])
        assert sorted(learned.tolist()) == list(range(18))


def test_pseudo_labels_never_touch_test_photos(experiment, few):
    tested = {p.title for p in few.part("test")}
    for repeat in (1, 2):
        _, entries = cycles.ledger(experiment[0], repeat)
        named = [entry.photo for entry in entries]
        assert sorted(named) == sorted(p.title for p in rail.pool(few))
        assert not tested & set(named)
        for number in range(1, 7):
            stored = cycles.cycle(experiment[0], repeat, number)
            assert max(*stored["learned"], *stored["group"], 0) < 18  # positions in the pool, nowhere else
            assert len(stored["test_p"]) == 8


def test_the_ledger_agrees_with_the_arrays(experiment, few):
    pool = rail.pool(few)
    head, entries = cycles.ledger(experiment[0], 2)
    assert [entry.by for entry in entries].count("person") == 6
    for number in range(1, 6):
        stored = cycles.cycle(experiment[0], 2, number)
        lines = [entry for entry in entries if entry.cycle == number]
        assert [line.photo for line in lines] == [pool[i].title for i in stored["group"]]
        assert [line.label == "defect" for line in lines] == stored["selected"].tolist()
        assert np.float32([line.p_defect for line in lines]).tolist() == stored["group_p"].tolist()
        assert sum(line.wrong for line in lines) == head["cycles"][number - 1]["wrong"]


def test_repeats_draw_other_photos(experiment):
    one, two = (cycles.cycle(experiment[0], repeat, 1)["learned"] for repeat in (1, 2))
    assert set(one.tolist()) != set(two.tolist())


def test_the_card_of_an_experiment_tells_its_table(experiment):
    card = experiment[1][-1].card
    assert card.known["experiment"] == cycles.experiment(experiment[0])["table"]
    assert card.figures["test"]["n"] == 8
    assert card.threshold == 0.5
    assert Card.from_json(card.to_json()) == card


def test_an_experiment_cut_short_after_each_report_ends_with_the_very_same_figures(few, experiment, tmp_path):
    assert cut_after_each_report(CYCLES, few, tmp_path) > 12
    assert told_of(tmp_path) == told_of(experiment[0])


def test_a_cycle_whose_arrays_were_not_written_is_done_again_alike(few, experiment, tmp_path):
    shutil.copytree(experiment[0], tmp_path, dirs_exist_ok=True)
    for name in ("repeat-2/training-5.npz", "repeat-2/training-6.npz", cards.WEIGHTS):
        (tmp_path / name).unlink()
    run(CYCLES, few, tmp_path)
    assert told_of(tmp_path) == told_of(experiment[0])


def test_a_run_that_goes_on_from_cycle_to_cycle_can_be_cut_short_too(few, experiment, tmp_path):
    told = CYCLES | {"restart": "continue", "repeats": 1, "ema": 0.5, "epochs": 1, "learning_rate": 1e-6}
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    run(told, few, whole)
    for at_most in (3, 6):
        run(told, few, cut, at_most)
    run(told, few, cut)
    assert told_of(cut) == told_of(whole)
    # With hardly any learning, going on changes next to nothing, while a fresh start does.
    gone_on, anew = (
        np.abs(cycles.cycle(folder, 1, 2)["test_p"] - cycles.cycle(folder, 1, 1)["test_p"]).max()
        for folder in (whole, experiment[0])
    )
    assert gone_on < anew / 5


def test_an_experiment_without_test_photos_is_refused_before_it_learns(few, tmp_path):
    pool = dataclasses.replace(few, photos=rail.pool(few))
    with pytest.raises(DataError, match=r"split `test`.*folds=5"):
        run(CYCLES, pool, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_pool_of_one_class_is_refused(few, tmp_path):
    one = tuple(p for p in few.photos if p.label == "normal" or p.split == "test")
    with pytest.raises(DataError, match="one class at most"):
        run(FOLDS, dataclasses.replace(few, photos=one), tmp_path)


def test_a_random_start_without_a_defect_trains_on_and_is_noted(few, tmp_path):
    # The pool's only defect is one of 13 photos, so some seed of a few draws none.
    kept = [p for i, p in enumerate(few.photos) if p.label == "normal" or p.split == "test" or i == 0]
    one = dataclasses.replace(few, photos=tuple(kept))
    heard = run(CYCLES | {"n0": 3, "epochs": 1, "repeats": 1, "seed": 2}, one, tmp_path, 5)
    head, _ = cycles.ledger(tmp_path, 1)
    assert "all normal" in head["note"]
    assert head["note"] in [p.note for p in heard]
    assert len(cycles.experiment(tmp_path)["rows"]) == 2


def test_epochs_of_few_photos_share_a_checkpoint(experiment):
    trainings = [p for p in experiment[1] if "loss" in p.figures]
    assert len(trainings) == 12  # two epochs of 6 to 18 photos: one report each
    steps = [p.step for p in experiment[1]]
    assert steps == sorted(steps)
    assert experiment[1][0].step == 0
    assert experiment[1][-1].step == experiment[1][-1].total


# A training with validation


def test_every_pool_photo_is_validated_by_a_network_that_never_saw_its_place(validated, few):
    folder, pool = validated[0], rail.pool(few)
    judged = [
        rail_arrays["photo"] for rail_arrays in map(lessons.load_arrays, sorted(folder.glob("fold-*.npz")))
    ]
    assert sorted(np.concatenate(judged).tolist()) == list(range(18))
    places = [{pool[i].group for i in part} for part in judged]
    assert not places[0] & places[1]


def test_threshold_epoch_and_temperature_come_from_validation(validated, few):
    folder, card = validated[0], validated[1][-1].card
    stored = [lessons.load_arrays(folder / f"fold-{k}.npz") for k in (1, 2)]
    index = np.concatenate([s["photo"] for s in stored])
    margins = validation.margins(np.concatenate([s["logits"] for s in stored], 1))
    truth = rail.truths([rail.pool(few)[i] for i in index])
    assert margins.shape == (3, 18)
    assert card.known["epoch"] == validation.best_epoch(margins, truth)
    assert card.temperature == validation.temperature(margins[card.known["epoch"] - 1], truth)
    found = cards.evaluation(folder, "val")
    assert card.figures["val"] == rail.score(found, card.threshold)
    assert card.threshold == validation.best_threshold(found["p"][:, 1])


def test_a_training_cut_short_after_each_epoch_ends_with_the_very_same_weights(
    few, validated, tmp_path, monkeypatch
):
    monkeypatch.setattr(lessons, "REPORT_AFTER", 1)  # how often a run reports must change nothing either
    run(FOLDS, few, tmp_path, 2)
    left = checkpoint.read(tmp_path / loop.State.FILE)["memory"]
    assert cut_after_each_report(FOLDS, few, tmp_path) >= 5
    assert told_of(tmp_path) == told_of(validated[0])
    card, whole = run(FOLDS, few, tmp_path)[-1].card, validated[1][-1].card
    assert card.figures == whole.figures
    assert (card.threshold, card.temperature) == (whole.threshold, whole.temperature)
    assert card.id == left["id"]
    assert card.seconds > left["seconds"]


def test_unlabelled_photos_of_the_pool_teach_nothing_and_half_precision_changes_no_verdict(few, tmp_path):
    some = tuple(dataclasses.replace(p, label=None) if i < 3 else p for i, p in enumerate(few.photos))
    told = FOLDS | {"epochs": 1, "half": True}
    card = run(told, dataclasses.replace(few, photos=some), tmp_path)[-1].card
    assert card.data[0]["n_learned"] == 15
    assert len(cards.evaluation(tmp_path, "val")["name"]) == 15
    assert "half precision" in card.notes
    is_half = "changes none of 18 verdicts" in card.notes
    assert ((tmp_path / cards.WEIGHTS).stat().st_size < 6e6) == is_half


# A model


def filed(folder: Path, models: Path, card: Card) -> Card:
    copy = models / "run"
    shutil.copytree(folder, copy)
    return cards.file(card, copy, models / "store")


def test_a_filed_model_says_what_its_training_said(validated, few, tmp_path):
    card = filed(validated[0], tmp_path, validated[1][-1].card)
    folder = tmp_path / "store" / "rail" / card.id
    model = engine.load(card, folder)
    pictures = [photos.open(p.path)[0] for p in few.part("test")]
    answers = list(engine.predict(model, pictures))
    stored = cards.evaluation(folder, "test")
    assert np.array_equal(np.stack([a["p"] for a in answers]), stored["p"])
    assert np.array_equal(np.stack([a["unlike"] for a in answers]), stored["unlike"])
    assert answers[0]["p"].dtype == answers[0]["unlike"].dtype == np.float32
    assert answers[0]["unlike"].shape == ()
    assert all(abs(a["p"].sum() - 1) < 1e-6 and 0 <= a["unlike"] <= 1 for a in answers)


def test_photos_of_any_size_are_answered_in_order(validated, tmp_path):
    card = filed(validated[0], tmp_path, validated[1][-1].card)
    model = engine.load(card, tmp_path / "store" / "rail" / card.id)
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (h, w, 3), np.uint8) for h, w in ((40, 300), (64, 64), (200, 90)) * 11]
    together = [a["p"] for a in engine.predict(model, pictures)]
    assert len(together) == 33
    alone = [next(engine.predict(model, [picture]))["p"] for picture in pictures[:3]]
    assert np.allclose(together[:3], alone, atol=0.02)  # bf16 sums depend on the batch
    assert list(engine.predict(model, [])) == []


def test_a_model_that_sees_all_views_answers_the_mirrored_photo_alike(validated, tmp_path):
    card = filed(validated[0], tmp_path, validated[1][-1].card)
    model = engine.load(card, tmp_path / "store" / "rail" / card.id)
    model.card = dataclasses.replace(card, preprocessing={**card.preprocessing, "views": 4})
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    turned = [picture, picture[::-1], picture[:, ::-1], picture[::-1, ::-1]]
    p = [next(engine.predict(model, [np.ascontiguousarray(v)]))["p"][1] for v in turned]
    assert np.ptp(p) < 1e-3


def test_damaged_foreign_and_wrong_weights_are_refused(validated, tmp_path):
    card = filed(validated[0], tmp_path, validated[1][-1].card)
    folder = tmp_path / "store" / "rail" / card.id
    with pytest.raises(ModelError, match="crack model"):
        engine.load(dataclasses.replace(card, domain="crack"), folder)
    with pytest.raises(ModelError, match="not those of resnet18"):
        engine.load(dataclasses.replace(card, network="resnet18"), folder)
    weights = folder / cards.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ModelError):
        engine.load(card, folder)


def test_distance_is_nought_to_itself_and_grows_with_the_angle():
    known = torch.eye(3)
    near = likeness.distances(known[:1], torch.tensor([[5.0, 0, 0], [1.0, 1, 0], [0, 2.0, 0], [-1.0, 0, 0]]))
    assert near.tolist() == pytest.approx([0, 1 - 0.5**0.5, 1, 2], abs=1e-6)


def test_a_feature_kept_in_bytes_keeps_its_direction():
    features = torch.rand(50, 1280, generator=torch.manual_seed(0)) * 7
    kept = likeness.as_bytes(features)
    assert kept.dtype == torch.int8
    assert torch.nn.functional.cosine_similarity(kept.float(), features).min() > 0.9999
    assert likeness.as_bytes(torch.zeros(1, 4)).tolist() == [[0, 0, 0, 0]]


def test_distance_to_other_places_leaves_out_the_own_one():
    features = torch.tensor([[1.0, 0], [1.0, 0], [0, 1.0]])
    assert likeness.apart_from_other_places(features, ["a", "a", "b"]).tolist() == pytest.approx([1, 1, 1])
    assert likeness.apart_from_other_places(features, ["", "", ""]).tolist() == pytest.approx([0.5, 0.5, 1])
    assert len(likeness.apart_from_other_places(features, ["a", "a", "a"])) == 0


def test_a_chance_is_named_and_steady():
    assert lessons.chance(0, "fold 1") == lessons.chance(0, "fold 1")
    assert len({lessons.chance(seed, name) for seed in range(20) for name in ("a", "b")}) == 40


# The starter model

STARTER = ROOT / "models_store" / "rail" / "starter-1"
has_starter = pytest.mark.skipif(not STARTER.is_dir(), reason="models_store/rail/starter-1 is not there")


@has_starter
def test_the_starter_keeps_its_promises():
    card = cards.read(ROOT / "models_store", "rail", "starter-1")
    found = cards.evaluation(STARTER, "test")
    told = rail.score(found, card.threshold)
    assert told == card.figures["test"]
    assert told["accuracy"] >= 0.89
    assert told["f1"] >= 0.76
    assert "validation" in card.threshold_how
    assert sum(p.stat().st_size for p in STARTER.iterdir()) < 11e6


@has_starter
@needs_photos
def test_the_starter_says_again_what_it_said_of_its_test_photos():
    card = cards.read(ROOT / "models_store", "rail", "starter-1")
    model = engine.load(card, STARTER)
    stored = cards.evaluation(STARTER, "test")
    tested = datasets.read(SHARED / "data" / "rail", "rail").part("test")[:16]
    assert stored["name"][:16].tolist() == [p.title for p in tested]
    answers = list(engine.predict(model, [photos.open(p.path)[0] for p in tested]))
    assert np.abs(np.stack([a["p"] for a in answers]) - stored["p"][:16]).max() < 0.05  # fp32 or bf16


@has_starter
@needs_photos
def test_the_starter_knows_what_is_no_rail():
    model = engine.load(cards.read(ROOT / "models_store", "rail", "starter-1"), STARTER)
    strange = [
        photos.open(p.path)[0]
        for name, domain in (("crack/uavcc0", "crack"), ("corrosion", "corrosion"))
        for p in datasets.read(SHARED / "data" / name, domain).part("test")[:6]
    ]
    unlike = [float(a["unlike"]) for a in engine.predict(model, strange)]
    assert np.mean(np.asarray(unlike) >= rail.UNLIKE) >= 0.8
