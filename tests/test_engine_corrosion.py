"""core.engine.corrosion: trained in folds, gone on with to the bit, filed, loaded, asked."""

import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

from core import cards, config, corrosion, disk
from core import photos as files
from core.corrosion import Config
from core.engine import checkpoint, likeness, loop, stages, vision
from core.engine import corrosion as engine
from core.engine.loop import State
from core.errors import ConfigError, DataError, ModelError
from core.records import Photo, PhotoSet
from core.settings import Settings

QUICK = {
    "network": "cnn5",
    "image_size": 64,
    "fc1": 24,
    "fc2": 16,
    "optimizer": "adam",
    "learning_rate": 1e-3,
    "batch_size": 16,
    "epochs": 2,
    "folds": 2,
}
loop.use_threads()
COLOURS = ((200, 205, 210), (190, 150, 90), (150, 85, 40), (70, 35, 25))


def made(**values):
    return config.of(Config, QUICK | values)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """48 little photos to learn from and 12 to test on; a grade is a colour, so it can be learned."""
    folder, rng, found = tmp_path_factory.mktemp("rust"), np.random.default_rng(0), []
    for i in range(60):
        grade, split = i % 4, "train" if i < 48 else "test"
        picture = rng.normal(COLOURS[grade], 25, (70, 80, 3)).clip(0, 255).astype(np.uint8)
        Image.fromarray(picture).save(folder / f"{i:02}.png")
        found.append(
            Photo(folder / f"{i:02}.png", sha256=f"{i}", grade=grade, group=f"{split}{i // 4}", split=split)
        )
    return PhotoSet("rust", "corrosion", tuple(found), licence="ours", fingerprint="f", is_synthetic=True)


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """A folder of weights in the form of ImageNet's, drawn here."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(3)
    save_file(vision.models.mobilenet_v2(weights=None).state_dict(), folder / "mobilenet_v2.safetensors")
    return Settings.of({"PATINA_WEIGHTS": str(folder)})


def run(given, photos, folder, settings):
    return list(engine.train(given, photos, folder, settings, command="python -m core train corrosion"))


@pytest.fixture(scope="module")
def trained(photos, settings, tmp_path_factory):
    """A finished run, filed: its reports, card, folder."""
    folder = tmp_path_factory.mktemp("run")
    reports = run(made(epochs=6, learning_rate=2e-3), photos, folder / "run", settings)
    card = cards.file(reports[-1].card, folder / "run", folder / "models")
    return reports, card, cards.place(folder / "models", "corrosion", card.id)


# What a training leaves


def test_a_training_reports_every_epoch_of_every_fold_and_ends_with_its_card(trained):
    reports, card, _ = trained
    assert [r.step for r in reports] == list(range(1, len(reports) + 1))
    phases = [r.phase for r in reports]
    assert phases[:12] == ["fold 0"] * 6 + ["fold 1"] * 6
    assert phases[-1] == "test"
    assert reports[-1].step == reports[-1].total
    assert all(r.card is None for r in reports[:-1])
    assert set(reports[0].figures) == {"loss", "val_loss", "val_f1", "val_accuracy"}
    assert phases.count("train") == card.known["epoch"]


def test_it_learns_what_can_be_learned(trained):
    _, card, _ = trained
    assert card.figures["val"]["mean_f1"] > 0.7
    assert card.figures["test"]["mean_f1"] > 0.7
    assert card.is_synthetic


def test_every_photo_is_validated_by_a_model_that_had_not_learned_from_it(trained, photos):
    _, card, home = trained
    val = cards.evaluation(home, "val")
    assert sorted(val["name"]) == sorted(p.title for p in photos.part("train"))
    assert corrosion.score(val, card.threshold) == card.figures["val"]
    np.testing.assert_allclose(val["p"].sum(1), 1, atol=1e-5)


def test_the_card_tells_how_it_was_made(trained):
    _, card, _ = trained
    assert card.preprocessing["size"] == 64
    assert card.preprocessing["mean"] != [0.485, 0.456, 0.406]  # from scratch: those of its own photos
    assert card.data[0]["n_train"] == 48
    assert card.data[0]["n_test"] == 12
    assert "48 validation photos" in card.threshold_how
    assert len(card.known["curves"]["val_loss"]) == 6
    assert "cannot measure loss" in card.notes


def test_test_photos_touch_nothing_that_is_learned_or_chosen(photos, settings, tmp_path):
    """With the grades of the test photos turned round the model is the same to the bit."""
    card = run(made(), photos, tmp_path / "a", settings)[-1].card
    turned = tuple(
        dataclasses.replace(p, grade=3 - p.grade) if p.split == "test" else p for p in photos.photos
    )
    other = run(made(), dataclasses.replace(photos, photos=turned), tmp_path / "b", settings)[-1].card
    mine, theirs = (load_file(tmp_path / name / cards.WEIGHTS) for name in "ab")
    assert all(torch.equal(mine[k], theirs[k]) for k in mine)
    assert (other.threshold, other.temperature) == (card.threshold, card.temperature)
    assert other.figures["val"] == card.figures["val"]
    assert other.figures["test"] != card.figures["test"]


def test_a_set_without_a_test_split_is_trained_all_the_same(photos, settings, tmp_path):
    alone = dataclasses.replace(photos, photos=photos.part("train"))
    card = run(made(epochs=1), alone, tmp_path, settings)[-1].card
    assert set(card.figures) == {"val"}


# Cut short


@pytest.mark.parametrize("stop_after", [1, 2, 3, 5])
def test_a_run_cut_short_ends_as_one_left_alone(photos, settings, tmp_path, stop_after, whole):
    given, left_alone = whole
    reports = engine.train(given, photos, tmp_path, settings)
    for _ in range(stop_after):
        next(reports)
    reports.close()
    card = run(given, photos, tmp_path, settings)[-1].card
    assert plain(card) == plain(left_alone[0])
    weights = load_file(tmp_path / cards.WEIGHTS)
    assert all(torch.equal(weights[k], v) for k, v in left_alone[1].items())


@pytest.fixture(scope="module")
def whole(photos, settings, tmp_path_factory):
    """With everything on that draws chances or keeps a state beside the network."""
    given = made(mixup=0.4, colour=0.2, erase=0.3, ema=0.8, schedule="cosine", soft=0.1)
    folder = tmp_path_factory.mktemp("whole")
    return given, (run(given, photos, folder, settings)[-1].card, load_file(folder / cards.WEIGHTS))


def plain(card):
    return dataclasses.replace(card, id="", seconds=0, made_at="", command="")


def test_a_run_that_was_finished_gives_its_card_again(photos, settings, tmp_path):
    given = made(epochs=1)
    first, again = (run(given, photos, tmp_path, settings) for _ in range(2))
    assert len(again) == 1
    assert plain(again[0].card) == plain(first[-1].card)
    assert again[0].card.id == first[-1].card.id


def test_a_folder_of_another_run_is_not_gone_on_with(photos, settings, tmp_path):
    next(engine.train(made(), photos, tmp_path, settings))
    with pytest.raises(ConfigError, match="other settings or photos"):
        next(engine.train(made(epochs=9), photos, tmp_path, settings))


def test_a_damaged_checkpoint_is_named_and_not_guessed_at(photos, settings, tmp_path):
    next(engine.train(made(), photos, tmp_path, settings))
    (tmp_path / State.FILE).write_bytes(b"half")
    with pytest.raises(ModelError, match="no checkpoint of Patina"):
        next(engine.train(made(), photos, tmp_path, settings))


# Its variants


def test_without_folds_the_best_state_on_the_set_aside_part_is_filed(photos, settings, tmp_path):
    reports = run(made(folds=0, epochs=4), photos, tmp_path, settings)
    f1 = [r.figures["val_f1"] for r in reports[:-1]]
    card = reports[-1].card
    assert card.known["epoch"] == int(np.argmax(f1)) + 1
    assert card.figures["val"]["mean_f1"] == pytest.approx(max(f1))
    assert len(reports) == 5


def test_without_folds_the_sets_own_val_split_is_used(photos, settings, tmp_path):
    own = tuple(dataclasses.replace(p, split="val") if p.group == "train3" else p for p in photos.photos)
    card = run(made(folds=0, epochs=1), dataclasses.replace(photos, photos=own), tmp_path, settings)[-1].card
    assert card.figures["val"]["n"] == 4
    assert card.known["dealt"] == "validated on the 4 photos of the split val"


def test_a_corn_model_gives_four_probabilities_from_three_logits(photos, settings, tmp_path):
    folder = tmp_path / "run"
    card = cards.file(run(made(head="corn", epochs=2), photos, folder, settings)[-1].card, folder, tmp_path)
    home = cards.place(tmp_path, "corrosion", card.id)
    assert load_file(home / cards.WEIGHTS)["net.head.weight"].shape[0] == 3
    assert cards.evaluation(home, "test")["p"].shape == (12, 4)


def test_frozen_blocks_and_kept_statistics_stay_as_they_were(photos, settings, tmp_path):
    given = config.of(
        Config,
        QUICK
        | {"network": "mobilenet_v2", "fc1": None, "fc2": None, "folds": 0, "epochs": 1}
        | {"frozen": 14, "keep_norm": True, "head_rate": 5.0},
    )
    run(given, photos, tmp_path, settings)
    now = load_file(tmp_path / cards.WEIGHTS)
    then = load_file(settings.weights / "mobilenet_v2.safetensors")
    for key, value in then.items():
        if key.startswith("classifier."):
            continue
        block = int(key.split(".")[1])
        stays = block < 14 or "running_" in key or "num_batches" in key
        same = torch.equal(now[f"net.body.{key}"], value)
        assert same == stays or not value.any(), key


def test_random_weights_cannot_be_kept():
    with pytest.raises(ConfigError, match="frozen=0"):
        made(frozen=3)


def test_nine_photos_of_one_place_are_refused_in_a_sentence(photos, settings, tmp_path):
    few = [dataclasses.replace(p, group="one") for p in photos.photos[:9]]
    with pytest.raises(DataError, match="2 folds need photos of at least 2 groups"):
        next(engine.train(made(), dataclasses.replace(photos, photos=tuple(few)), tmp_path, settings))


# Losses


def test_without_softness_the_loss_is_cross_entropy():
    z, y = torch.randn(9, 4), torch.arange(9) % 4
    torch.testing.assert_close(stages.losses(z, y), F.cross_entropy(z, y, reduction="none"))


def test_with_softness_a_miss_by_one_costs_less_than_by_two():
    sure = 5 * torch.eye(4)
    loss = stages.losses(sure[1:], torch.ones(3, dtype=torch.int64), soft=0.2)
    assert loss[0] < loss[1] < loss[2]
    hard = stages.losses(sure[1:], torch.ones(3, dtype=torch.int64))
    torch.testing.assert_close(hard[1], hard[2])


def test_corn_asks_only_those_that_reach_a_question():
    z = torch.tensor([[0.3, -0.2, 0.9]])
    yes, no = (lambda v: -F.logsigmoid(torch.tensor(v))), (lambda v: -F.logsigmoid(torch.tensor(-v)))
    by_hand = {0: no(0.3), 1: yes(0.3) + no(-0.2), 2: yes(0.3) + yes(-0.2) + no(0.9)}
    by_hand[3] = yes(0.3) + yes(-0.2) + yes(0.9)
    for grade, loss in by_hand.items():
        torch.testing.assert_close(stages.losses(z, torch.tensor([grade])), loss[None] / 3)


@pytest.mark.parametrize("n", [3, 4])
def test_focus_counts_grade_2_so_many_times_and_no_other(n):
    torch.manual_seed(1)
    z, y = torch.randn(12, n), torch.arange(12) % 4
    plain = stages.losses(z, y)
    by_hand = torch.stack([loss * (2.5 if grade == 2 else 1) for loss, grade in zip(plain, y, strict=True)])
    torch.testing.assert_close(stages.losses(z, y, focus=2.5), by_hand)


def test_both_heads_equal_a_slow_twin_photo_by_photo():
    """Cross entropy with spilled labels, and CORN's questions, each written out for one photo at a time."""
    torch.manual_seed(2)
    for n in (3, 4):
        z, y = torch.randn(10, n), torch.arange(10) % 4
        fast = stages.losses(z, y, soft=0.2 if n == 4 else 0.0)
        for row, grade, loss in zip(z, y.tolist(), fast, strict=True):
            if n == 4:
                share = torch.tensor([1.0 if g == grade else 0.2 ** abs(g - grade) for g in range(4)])
                slow = sum(
                    -w * torch.log(torch.softmax(row, 0)[g]) for g, w in enumerate(share / share.sum())
                )
            else:
                asked = [k for k in range(3) if grade >= k]
                p = torch.sigmoid(row)
                slow = sum(-torch.log(p[k] if grade > k else 1 - p[k]) for k in asked) / 3
            torch.testing.assert_close(loss, slow)


# Load and predict


def test_a_filed_model_says_again_what_its_test_said(trained, photos):
    _, card, home = trained
    model = engine.load(card, home)
    tested = photos.part("test")
    answers = list(engine.predict(model, (files.open(p.path)[0] for p in tested)))
    stored = cards.evaluation(home, "test")
    np.testing.assert_allclose([a["p"] for a in answers], stored["p"], atol=1e-6)
    assert answers[0]["p"].dtype == np.float32
    assert answers[0]["unlike"].shape == ()
    verdict = corrosion.judge(answers[0], None, card)
    assert verdict.label == str(tested[0].grade)


def test_many_photos_come_back_in_order(trained, photos):
    _, card, home = trained
    model = engine.load(card, home)
    flat = [np.full((50, 40, 3), COLOURS[i % 4], np.uint8) for i in range(70)]
    many = [a["p"] for a in engine.predict(model, flat)]
    alone = [next(engine.predict(model, [picture]))["p"] for picture in flat[:4]]
    assert len(many) == 70
    for i in range(70):
        np.testing.assert_allclose(many[i], alone[i % 4], atol=0.02)  # bf16 sums differ by batch
    assert list(engine.predict(model, [])) == []


def test_a_photo_of_something_else_is_unlike(trained):
    _, card, home = trained
    model = engine.load(card, home)
    like = next(
        engine.predict(
            model,
            [np.random.default_rng(1).normal(COLOURS[1], 25, (70, 80, 3)).clip(0, 255).astype(np.uint8)],
        )
    )
    odd = np.zeros((80, 80, 3), np.uint8)
    odd[::8], odd[:, ::8, 1] = (0, 0, 255), 255
    assert next(engine.predict(model, [odd]))["unlike"] > max(0.9, like["unlike"])


def test_distances_are_those_to_the_three_nearest():
    known = F.normalize(torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [1.0, 1.0]]))
    by_hand = 1 - (1.0 + 0.5**0.5 + 0.0) / 3
    assert likeness.distances(known, torch.tensor([[5.0, 0.0]])).item() == pytest.approx(by_hand)


def test_foreign_and_damaged_weights_are_refused(trained, tmp_path):
    _, card, home = trained
    with pytest.raises(ModelError, match="is a rail model"):
        engine.load(dataclasses.replace(card, domain="rail"), home)
    content = bytearray((home / cards.WEIGHTS).read_bytes())
    content[-1] ^= 1
    (tmp_path / cards.WEIGHTS).write_bytes(content)
    with pytest.raises(ModelError, match="sha256 differs"):
        engine.load(card, tmp_path)
    save_file({"net.x": torch.zeros(1)}, tmp_path / cards.WEIGHTS)
    other = dataclasses.replace(card, weights_sha256=disk.sha256(tmp_path / cards.WEIGHTS))
    with pytest.raises(ModelError, match="not those of cnn5"):
        engine.load(other, tmp_path)


def test_half_precision_is_filed_only_where_it_changes_no_grade(photos, settings, tmp_path):
    card = run(made(half=True, folds=0), photos, tmp_path, settings)[-1].card
    weights = load_file(tmp_path / cards.WEIGHTS)
    is_half = weights["net.head.weight"].dtype == torch.float16
    assert is_half == ("changes none of 48 grades" in card.notes)
    assert weights["net.body.blocks.1.running_var"].dtype == torch.float32


def test_the_checkpoint_is_on_disk_before_its_report(photos, settings, tmp_path):
    for report in engine.train(made(epochs=2), photos, tmp_path, settings):
        if report.card is None:
            assert checkpoint.read(tmp_path / State.FILE)["step"] == report.step
