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

from core import arrays, cards, datasets, photos, rail, reasons, validation
from core import config as settings_of
from core.engine import checkpoint, heads, lessons, likeness, loop, softmatch
from core.engine import rail as engine
from core.errors import DataError, ModelError
from core.few_labels import cycles, head, selection
from core.few_labels.cycles import Begin
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


def run(
    told: dict, photos: PhotoSet, folder: Path, at_most: int | None = None, begin: Begin | None = None
) -> list[Progress]:
    """Listen to a training, to its end or only to its first reports."""
    settings = Settings(folder, folder / "models", None)
    heard = []
    for progress in engine.train(config(**told), photos, folder, settings, "train rail", begin):
        heard.append(progress)
        if len(heard) == at_most:
            break
    return heard


def cut_after_each_report(told: dict, photos: PhotoSet, folder: Path, begin: Begin | None = None) -> int:
    """Stop a training after every report of something new and take it up again; how often that was."""
    for times in range(100):
        if run(told, photos, folder, 2, begin)[-1].card is not None:
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


@pytest.mark.slow
def test_an_experiment_cut_short_after_each_report_ends_with_the_very_same_figures(few, experiment, tmp_path):
    assert cut_after_each_report(CYCLES, few, tmp_path) > 12
    assert told_of(tmp_path) == told_of(experiment[0])


def test_a_cycle_whose_arrays_were_not_written_is_done_again_alike(few, experiment, tmp_path):
    shutil.copytree(experiment[0], tmp_path, dirs_exist_ok=True)
    for name in ("repeat-2/training-5.npz", "repeat-2/training-6.npz", cards.WEIGHTS):
        (tmp_path / name).unlink()
    run(CYCLES, few, tmp_path)
    assert told_of(tmp_path) == told_of(experiment[0])


@pytest.mark.slow
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


# An experiment taken up with what people said


@pytest.fixture(scope="session")
def begin(experiment, few) -> Begin:
    """Repeat 2 of the experiment from its third training on: one label overturned, one given beforehand."""
    pool, folder = rail.pool(few), experiment[0]
    early, late = cycles.cycle(folder, 2, 1)["group"][0], cycles.cycle(folder, 2, 4)["group"][0]
    _, entries = cycles.ledger(folder, 2)
    label_of = {entry.sha256: entry.label for entry in entries}
    shas = pool[early].sha256, pool[late].sha256
    labels = {shas[0]: int(label_of[shas[0]] == "normal"), shas[1]: 1}
    return Begin(folder, 2, 3, labels, {shas[0]: "eva", shas[1]: "kim"})


@pytest.fixture(scope="session")
def begun(few, begin, tmp_path_factory) -> Path:
    """That run, which nobody interrupted."""
    folder = tmp_path_factory.mktemp("begun")
    run(CYCLES, few, folder, begin=begin)
    return folder


def test_what_was_found_before_the_cycle_is_copied_and_the_rest_learned_anew(begun, begin):
    for number in (1, 2):
        old, new = (cycles.cycle(folder, r, number) for folder, r in ((begin.run_folder, 2), (begun, 1)))
        assert all(np.array_equal(old[key], new[key], equal_nan=True) for key in old)
    old, new = cycles.cycle(begin.run_folder, 2, 3), cycles.cycle(begun, 1, 3)
    assert not np.array_equal(old["test_p"], new["test_p"])
    assert [row["repeat"] for row in cycles.experiment(begun)["rows"]] == [1] * 6
    assert not (begun / "repeat-2").exists()


def test_a_persons_label_teaches_from_the_cycle_on_and_is_never_a_pseudo_label_again(begun, begin, few):
    where = {photo.sha256: i for i, photo in enumerate(rail.pool(few))}
    for number in range(3, 7):
        stored = cycles.cycle(begun, 1, number)
        for sha, label in begin.labels.items():
            [at] = np.flatnonzero(stored["learned"] == where[sha])
            assert stored["labels"][at] == (label == 1)
            assert where[sha] not in stored["group"]
    every = cycles.cycle(begun, 1, 6)["learned"].tolist()
    assert sorted(every) == list(range(18))


def test_the_ledger_of_a_corrected_photo_names_the_person_and_keeps_what_the_model_said(begun, begin):
    (early, late), (_, old) = begin.labels, cycles.ledger(begin.run_folder, 2)
    _, entries = cycles.ledger(begun, 1)
    was, now = ({e.sha256: e for e in found} for found in (old, entries))
    assert len(now) == len(entries) == 18
    assert (now[early].by, now[early].who, now[early].cycle) == ("person", "eva", 1)
    assert now[early].label != was[early].label == now[early].said
    assert (now[early].p_defect, now[early].rank) == (was[early].p_defect, was[early].rank)
    assert (now[late].by, now[late].who, now[late].label) == ("person", "kim", "defect")
    assert (now[late].cycle, now[late].said) == (2, was[late].label)
    others = {sha: e for sha, e in was.items() if e.cycle < 3 and sha not in begin.labels}
    assert all(now[sha] == e for sha, e in others.items())


def test_a_run_taken_up_can_be_cut_short_after_each_report(few, begin, begun, tmp_path):
    assert cut_after_each_report(CYCLES, few, tmp_path, begin) > 4
    assert told_of(tmp_path) == told_of(begun)


def test_a_group_that_people_have_labelled_whole_is_an_empty_cycle(few, experiment, tmp_path):
    pool = rail.pool(few)
    group = cycles.cycle(experiment[0], 1, 2)["group"]
    labels = {pool[i].sha256: int(pool[i].label == "defect") for i in group}
    told = CYCLES | {"method": "head"}
    run(told, few, tmp_path / "old")
    begin = Begin(tmp_path / "old", 1, 2, labels, {})
    run(told, few, tmp_path / "new", begin=begin)
    head, _ = cycles.ledger(tmp_path / "new", 1)
    assert [count["n"] for count in head["cycles"]] == [3, 0, 2, 2, 2]
    assert "Taken up from repeat 1 of run old at training 2, with 3 labels" in "".join(
        cycles.experiment(tmp_path / "new")["notes"]
    )


def test_a_run_that_goes_on_from_state_to_state_is_taken_up_with_a_fresh_one(few, experiment, tmp_path):
    told = CYCLES | {"restart": "continue", "repeats": 1, "epochs": 1}
    begin = Begin(experiment[0], 1, 5, {}, {})
    run(told, few, tmp_path, begin=begin)
    assert len(cycles.experiment(tmp_path)["rows"]) == 6


def test_a_run_taken_up_without_any_word_finds_the_same_again(few, experiment, tmp_path):
    run(CYCLES, few, tmp_path, begin=Begin(experiment[0], 1, 6, {}, {}))
    for number in range(1, 7):
        old, new = (cycles.cycle(folder, 1, number) for folder in (experiment[0], tmp_path))
        assert all(np.array_equal(old[key], new[key], equal_nan=True) for key in old)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"repeat": 9}, "Repeat 9 of run .* has not begun"),
        ({"cycle": 8}, "6 trainings, so it cannot be taken up at 8"),
        ({"labels": {"f" * 64: 1}}, "1 labels are for photos outside the pool.*test photos never teach"),
    ],
)
def test_a_run_that_cannot_be_taken_up_says_why(few, begin, tmp_path, changed, sentence):
    with pytest.raises(DataError, match=sentence):
        run(CYCLES, few, tmp_path, begin=dataclasses.replace(begin, **changed))


def test_a_test_photo_cannot_be_given_a_teaching_label(few, begin, tmp_path):
    with pytest.raises(DataError, match="outside the pool"):
        run(CYCLES, few, tmp_path, begin=dataclasses.replace(begin, labels={few.part("test")[0].sha256: 1}))


def test_other_settings_for_the_draw_are_refused_when_a_run_is_taken_up(few, begin, tmp_path):
    with pytest.raises(DataError, match=r"began with 6 labels and 5 groups.*with 7 and 5"):
        run(CYCLES | {"n0": 7}, few, tmp_path, begin=begin)


# Rules that leave photos for later


@pytest.mark.parametrize(
    "rule", [{"rule": "sure", "sure": 0.52}, {"rule": "balanced", "portion": 0.5}, {"agreement": 4}]
)
def test_a_photo_that_is_left_comes_again_and_is_learned_once_at_most(few, tmp_path, rule):
    told = CYCLES | {"repeats": 1, "method": "head"} | rule
    run(told, few, tmp_path)
    _, entries = cycles.ledger(tmp_path, 1)
    named = [entry.photo for entry in entries]
    assert len(named) == len(set(named)) <= 18
    assert not set(named) & {p.title for p in few.part("test")}  # pseudo-labels never touch test photos
    for number in range(1, 6):
        this, later = (cycles.cycle(tmp_path, 1, n) for n in (number, number + 1))
        given, left = this["group"][~this["left"]], this["group"][this["left"]]
        assert np.array_equal(later["learned"], np.concatenate([this["learned"], given]))
        assert number == 5 or set(left.tolist()) <= set(later["group"].tolist())
        assert max(this["group"], default=0) < 18


HEAD = CYCLES | {"method": "head", "stripes": "removed", "rule": "balanced", "trust": 0.2, "views": 2}


@pytest.fixture(scope="session")
def headed(few, tmp_path_factory) -> tuple[Path, list[Progress]]:
    """An experiment whose head alone is fitted, which nobody interrupted."""
    folder = tmp_path_factory.mktemp("headed")
    return folder, run(HEAD, few, folder)


def test_an_experiment_with_a_fitted_head_can_be_cut_short_after_each_report(few, headed, tmp_path):
    assert cut_after_each_report(HEAD, few, tmp_path) > 4
    assert told_of(tmp_path) == told_of(headed[0])


def test_a_fitted_head_is_filed_loaded_and_says_again_what_its_training_said(few, headed, tmp_path):
    card = filed(headed[0], tmp_path, headed[1][-1].card)
    model = engine.load(card, tmp_path / "store" / "rail" / card.id)
    answers = list(engine.predict(model, [photos.open(p.path)[0] for p in few.part("test")]))
    stored = cards.evaluation(tmp_path / "store" / "rail" / card.id, "test")
    assert np.array_equal(np.stack([a["p"] for a in answers]), stored["p"])
    last = cycles.cycle(headed[0], 2, 6)
    assert np.abs(stored["p"][:, 1] - last["test_p"]).max() < 0.02  # bf16 sums depend on the batch
    assert card.preprocessing["stripes"] == "removed"


def test_a_fitted_head_gets_threshold_and_temperature_from_places_it_never_saw(few, tmp_path):
    card = run(FOLDS | {"method": "head", "stripes": "beside"}, few, tmp_path)[-1].card
    assert card.known["epoch"] == 1
    assert sorted(
        np.concatenate([arrays.of_file(tmp_path / f"fold-{k}.npz")["photo"] for k in (1, 2)])
    ) == list(range(18))
    assert card.figures["val"] == rail.score(cards.evaluation(tmp_path, "val"), card.threshold)


def test_a_fitted_head_answers_its_closed_form():
    rng = np.random.default_rng(0)
    known, is_defect = rng.normal(size=(9, 7)), np.arange(9) % 3 == 0
    weights, bias = head.weights_of(known, is_defect)
    # The slow twin: least squares with the same pulls, solved for weights and bias at once.
    phi = np.column_stack([known[:, :-1], np.ones(9)])
    count = 9 / (2 * np.where(is_defect, 3, 6)) / head.NOISE
    left = phi.T @ (count[:, None] * phi) + np.eye(7)
    target = np.where(is_defect, 1, -1) - head.PRIOR * known[:, -1]
    twin = np.linalg.solve(left, phi.T @ (count * target))
    assert np.append(weights[:-1], bias) == pytest.approx(twin)
    assert weights[-1] == head.PRIOR


def test_a_photo_beside_its_stripe_free_one_is_described_as_each_of_them_alone():
    both = heads.Described(torch.nn.Conv2d(3, 2, 5, stride=4), 2, is_beside=True)
    alone = heads.Described(both.layers, 2)
    machine = loop.Machine.here(fast=False)
    grey, free = torch.rand(2, 4, 1, 56, 56, generator=torch.manual_seed(0))
    x = [
        lessons.ready(v, machine)
        for v in (torch.cat([grey, free, free], 1), grey.expand(-1, 3, -1, -1), free.expand(-1, 3, -1, -1))
    ]
    with torch.inference_mode():
        together, first, second = both(x[0]), alone(x[1]), alone(x[2])
    assert together.shape == (4, 13)
    assert torch.allclose(together[:, :12], torch.cat([first[:, :6], second[:, :6]], 1), atol=1e-5)


def test_a_head_without_a_label_or_with_one_class_only_leans_on_oddness():
    rng = np.random.default_rng(1)
    weights, bias = head.weights_of(np.zeros((0, 7)), np.zeros(0, bool))
    assert (weights.tolist(), bias) == ([0] * 6 + [head.PRIOR], 0)
    known = rng.normal(size=(3, 7))
    weights, bias = head.weights_of(known, np.zeros(3, bool))
    assert bias < 0 < weights[-1]


def test_oddness_is_blind_to_stripes_mirrors_and_light_and_sees_a_spot():
    rng = np.random.default_rng(2)
    plain = torch.from_numpy(0.5 + 0.05 * rng.normal(size=(1, 3, 112, 112))).float()
    spot = plain.clone()
    spot[:, :, 40:60, 30:50] -= 0.3
    striped = spot + torch.linspace(0, 0.2, 112)  # each column its own level
    plain, spot, striped = (x.mean(1, keepdim=True).expand(-1, 3, -1, -1) for x in (plain, spot, striped))
    odd = float(heads.oddness(spot))
    assert odd > float(heads.oddness(plain)) + 0.3
    for same in (striped, spot.flip(2), spot.flip(3), spot.flip((2, 3)), spot + 0.1):
        assert float(heads.oddness(same)) == pytest.approx(odd, abs=0.03)


def test_a_typical_start_set_is_chosen_before_any_lesson(few, tmp_path):
    told = HEAD | {"start": "typical", "n0": 4, "repeats": 1}
    run(told, few, tmp_path)
    learned = cycles.cycle(tmp_path, 1, 1)["learned"]
    assert len(set(learned.tolist())) == 4
    _, entries = cycles.ledger(tmp_path, 1)
    assert {e.rule for e in entries if e.by == "person"} == {"typical"}
    run(told | {"method": "finetune", "epochs": 1}, few, tmp_path / "other", 2)
    assert cycles.drawn(tmp_path / "other", 1) is not None


MATCH = TINY | {"method": "softmatch", "division": "full", "n0": 6, "ema": 0.5, "batch_size": 4}


def test_a_lesson_with_unlabelled_photos_can_be_cut_short_after_each_report(few, tmp_path, monkeypatch):
    monkeypatch.setattr(lessons, "REPORT_AFTER", 1)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    run(MATCH, few, whole)
    assert cut_after_each_report(MATCH, few, cut) >= 2
    assert told_of(cut) == told_of(whole)


def test_unlabelled_photos_change_what_is_learned_and_test_photos_are_not_among_them(few, tmp_path):
    alone, beside = tmp_path / "alone", tmp_path / "beside"
    run(MATCH | {"method": "finetune"}, few, alone)
    run(MATCH, few, beside)
    one, two = (cycles.cycle(folder, 1, 1) for folder in (alone, beside))
    assert np.array_equal(one["learned"], two["learned"])
    assert not np.array_equal(one["test_p"], two["test_p"])


def test_a_photo_counts_by_how_sure_the_teacher_is_beside_the_others():
    counts = softmatch.trust(torch.tensor([0.9, 0.8, 0.7, 0.5]), 0.8, 0.04)
    assert counts.tolist() == pytest.approx([1, 1, np.exp(-0.5), np.exp(-4.5)])


def test_answers_are_aligned_to_the_assumed_share():
    p = torch.tensor([[0.5, 0.5], [0.9, 0.1]])
    moved = softmatch.aligned(p, 0.3, 0.3)
    assert torch.allclose(moved, p)
    fewer = softmatch.aligned(p, 0.5, 0.25)
    assert fewer[0].tolist() == pytest.approx([0.75, 0.25])
    assert fewer.sum(1).tolist() == pytest.approx([1, 1])


def test_features_of_every_photo_are_kept_for_each_training(experiment):
    for number in (1, 6):
        kept = cycles.features(experiment[0], 1, number)
        assert kept["pool"].shape == (18, 1280)
        assert kept["test"].shape == (8, 1280)
        assert kept["pool"].dtype == np.int8
    assert cycles.features(experiment[0], 1, 7) is None
    told = cycles.photos(experiment[0])
    assert (told["pool_truth"] == 1).sum() == 6
    assert len(told["test_sha256"]) == 8


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
    judged = [rail_arrays["photo"] for rail_arrays in map(arrays.of_file, sorted(folder.glob("fold-*.npz")))]
    assert sorted(np.concatenate(judged).tolist()) == list(range(18))
    places = [{pool[i].group for i in part} for part in judged]
    assert not places[0] & places[1]


def test_threshold_epoch_and_temperature_come_from_validation(validated, few):
    folder, card = validated[0], validated[1][-1].card
    stored = [arrays.of_file(folder / f"fold-{k}.npz") for k in (1, 2)]
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

STARTER = ROOT / "models_store" / "rail" / "starter-2"
has_starter = pytest.mark.skipif(not STARTER.is_dir(), reason="models_store/rail/starter-2 is not there")


@has_starter
def test_the_starter_keeps_its_promises():
    card = cards.read(ROOT / "models_store", "rail", "starter-2")
    found = cards.evaluation(STARTER, "test")
    told = rail.score(found, card.threshold)
    assert told == card.figures["test"]
    assert told["accuracy"] >= 0.90
    assert told["f1"] >= 0.79
    assert "validation" in card.threshold_how
    assert sum(p.stat().st_size for p in STARTER.iterdir()) < 11e6


@has_starter
@needs_photos
def test_the_starter_says_again_what_it_said_of_its_test_photos():
    card = cards.read(ROOT / "models_store", "rail", "starter-2")
    model = engine.load(card, STARTER)
    stored = cards.evaluation(STARTER, "test")
    tested = datasets.read(SHARED / "data" / "rail", "rail").part("test")[:16]
    assert stored["name"][:16].tolist() == [p.title for p in tested]
    answers = list(engine.predict(model, [photos.open(p.path)[0] for p in tested]))
    assert np.abs(np.stack([a["p"] for a in answers]) - stored["p"][:16]).max() < 0.05  # fp32 or bf16


@has_starter
@needs_photos
def test_the_starter_knows_what_is_no_rail():
    model = engine.load(cards.read(ROOT / "models_store", "rail", "starter-2"), STARTER)
    strange = [
        photos.open(p.path)[0]
        for name, domain in (("crack/uavcc0", "crack"), ("corrosion", "corrosion"))
        for p in datasets.read(SHARED / "data" / name, domain).part("test")[:6]
    ]
    unlike = [float(a["unlike"]) for a in engine.predict(model, strange)]
    assert np.mean(np.asarray(unlike) >= reasons.UNLIKE) >= 0.8
