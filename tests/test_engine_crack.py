"""The U-Net learns, goes on where it stopped, and answers photos of any size alike."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from PIL import Image

from core import cards, config, crack, datasets, disk, losses, sweep
from core.crack import Config
from core.engine import checkpoint, loop, tiling
from core.engine import crack as engine
from core.engine.crack import train
from core.engine.loop import Machine
from core.engine.tiling import Known, Model, predict, probabilities, tiles
from core.engine.unet import UNet
from core.engine.walls import Walls
from core.errors import Conflict, DataError, ModelError
from core.records import Photo, PhotoSet
from core.settings import Settings
from core.synthetic import demo

SMALL = Config(levels=4, filters=4, crop_px=64, batch=2, steps=6, validate_every=3, warm_up=0, zoom=1.2)


@pytest.fixture(scope="module")
def walls(tmp_path_factory):
    """Two dozen made-up walls with masks in three splits."""
    folder = tmp_path_factory.mktemp("made") / "walls"
    demo.write("crack", folder, 24, seed=1)
    return datasets.read(folder, "crack")


@pytest.fixture(scope="module")
def trained(walls, tmp_path_factory):
    """The folder and the last report of a small training."""
    folder = tmp_path_factory.mktemp("run")
    *_, last = train(SMALL, walls, folder, Settings.of({}), "the command")
    return folder, last


def random_net(levels=5, kernel=3, filters=4, seed=0):
    """A network whose answers vary, as if trained: batch norm has seen photos."""
    torch.manual_seed(seed)
    net = UNet(levels, kernel, filters, 0.3)
    torch.nn.init.normal_(net.head.weight, std=1.0)
    net.train()
    with torch.no_grad():
        for _ in range(3):
            net(torch.randn(2, 3, 64, 64))
    return net.eval()


PLAIN = Machine.here(fast=False)
loop.use_threads()


def test_filters_and_levels_are_the_papers():
    net = UNet()
    assert [block[0].out_channels for block in net.down] == [16, 32, 64, 128, 256]
    assert [block[0].out_channels for block in net.join] == [128, 64, 32, 16]
    assert {m.kernel_size for m in net.modules() if isinstance(m, torch.nn.Conv2d)} == {(7, 7), (1, 1)}
    assert [block[0].out_channels for block in UNet(levels=4).down] == [16, 32, 64, 128]


@pytest.mark.parametrize("levels", [4, 5])
@pytest.mark.parametrize("kernel", [3, 5, 7])
def test_the_answer_has_the_size_of_the_photo(levels, kernel):
    net = UNet(levels, kernel, 4)
    assert net(torch.zeros(2, 3, 32, 48)).shape == (2, 1, 32, 48)
    assert net.multiple == 2 ** (levels - 1)
    assert net.halo_px % net.multiple == 0


def test_an_untrained_network_answers_with_the_share_of_crack():
    net = UNet(5, 3, 16, crack_share=0.02)
    p = net(torch.randn(1, 3, 64, 64)).sigmoid().mean().detach()
    assert float(p) == pytest.approx(0.02, abs=0.01)


@pytest.mark.parametrize(("levels", "kernel"), [(5, 3), (4, 7)])
def test_no_pixel_looks_beyond_the_halo(levels, kernel):
    net = random_net(levels, kernel, 4)
    side = 4 * net.halo_px
    for at in (2 * net.halo_px, 2 * net.halo_px + net.multiple - 1):
        x = torch.randn(1, 3, side, 32, requires_grad=True)
        net(x)[0, 0, at].sum().backward()
        seen = x.grad.abs().sum((0, 1, 3)).nonzero().flatten()
        assert len(seen) > net.multiple
        assert at - int(seen.min()) <= net.halo_px
        assert int(seen.max()) - at <= net.halo_px


@pytest.mark.parametrize("machine", [PLAIN, Machine.here()], ids=["fp32", "fast"])
@pytest.mark.parametrize("size", [(300, 421), (129, 500)])
def test_tiles_equal_the_whole_photo(size, machine):
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    model = Model(machine.put(random_net()), machine)
    whole = probabilities(model, picture)
    assert whole.std() > 0.05
    seen = np.full(size, np.nan, np.float32)
    parts = list(tiles(model, picture, core=96, whole=0))
    assert len(parts) > 8
    for part, p, _ in parts:
        seen[part] = p
    assert np.abs(seen - whole).max() < 1e-3
    features = sum(f for _, _, f in parts)
    ((_, _, at_once),) = tiles(model, picture)
    assert np.allclose(features, at_once, rtol=0.05, atol=0.05 * np.abs(at_once).max())


@pytest.mark.parametrize("size", [(16, 16), (17, 40), (100, 33), (64, 64)])
def test_photos_of_any_size_get_a_map_of_their_own_size(size):
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    for views, longest in ((1, None), (4, None), (8, None), (1, 30)):
        told = next(predict(Model(random_net(), PLAIN, longest, views), [picture]))
        assert told["p"].shape == size
        assert told["p"].dtype == np.uint8
    whole = probabilities(Model(random_net(), PLAIN), picture)
    assert np.array_equal(next(predict(Model(random_net(), PLAIN), [picture]))["p"], sweep.store(whole))


def test_every_view_is_turned_back():
    x = torch.randn(1, 1, 5, 7)
    seen = [tiling._view(x, view) for view in range(8)]
    assert all(torch.equal(tiling._view(v, i, back=True), x) for i, v in enumerate(seen))
    different = {tuple(v.shape) + tuple(v.flatten().tolist()) for v in seen}
    assert len(different) == 8


def test_a_symmetric_photo_is_answered_symmetrically_by_eight_views():
    half = np.random.default_rng(0).integers(0, 256, (64, 32, 3), dtype=np.uint8)
    picture = np.concatenate([half, half[:, ::-1]], axis=1)
    p = probabilities(Model(random_net(), PLAIN, views=8), picture)
    assert np.abs(p - p[:, ::-1]).max() < 1e-5


def test_crops_show_the_crack_and_its_mask_together(tmp_path):
    mask = np.zeros((200, 150), bool)
    mask[50:60, 20:120] = True
    picture = np.where(mask[..., None], 255, 0).astype(np.uint8).repeat(3, axis=2)
    drawn = Walls([picture], [mask], [np.argwhere(mask).astype(np.int32)])
    rng = np.random.default_rng(0)
    told = dataclasses.replace(SMALL, near_crack=1.0, batch=32, zoom=1.0)
    pictures, masks = drawn.crops(told, rng)
    assert masks.flatten(1).any(1).all()
    assert torch.equal(pictures[:, :1] >= 128, masks)
    pictures, masks = drawn.crops(dataclasses.replace(told, zoom=1.5), rng)
    assert ((pictures[:, :1] >= 128) == masks).float().mean() > 0.999
    small = Walls([picture[:40]], [mask[:40]], [np.zeros((0, 2), np.int32)])
    pictures, masks = small.crops(told, rng)
    assert pictures.shape == (32, 3, 64, 64)


def test_crops_are_mirrored_and_turned_in_all_eight_ways():
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:20, :40] = 255
    drawn = Walls([picture], [picture[..., 0] > 0], [np.zeros((0, 2), np.int32)])
    told = dataclasses.replace(SMALL, batch=100, zoom=1.0)
    pictures, _ = drawn.crops(told, np.random.default_rng(0))
    assert len({p[0].numpy().tobytes() for p in pictures}) == 8


def test_large_photos_are_drawn_more_often():
    sizes = [(100, 100), (300, 300)]
    pictures = [np.full((*s, 3), i * 255, np.uint8) for i, s in enumerate(sizes)]
    drawn = Walls(pictures, [np.zeros(s, bool) for s in sizes], [np.zeros((0, 2), np.int32)] * 2)
    crops, _ = drawn.crops(dataclasses.replace(SMALL, batch=200), np.random.default_rng(0))
    assert float((crops[:, 0, 0, 0] > 0).float().mean()) == pytest.approx(0.9, abs=0.06)


def test_photos_that_would_fill_the_memory_are_refused(walls):
    with pytest.raises(DataError, match="longest_px"):
        Walls.read(walls.part("train"), room=300_000)
    assert Walls.read(walls.part("train"), 64, room=300_000).pictures[0].shape == (64, 64, 3)


def test_a_mask_that_does_not_fit_stops_the_training(tmp_path):
    Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(tmp_path / "a.png")
    Image.fromarray(np.zeros((40, 41), np.uint8)).save(tmp_path / "m.png")
    photos = tuple(Photo(tmp_path / "a.png", mask=tmp_path / "m.png", group=g, split="train") for g in "ab")
    with pytest.raises(DataError, match="one size"):
        next(train(SMALL, PhotoSet("s", "crack", photos), tmp_path / "run", Settings.of({})))


def test_one_step_is_the_papers_formula():
    """The value of a step on a network of known answer equals the formula on paper."""
    net = UNet(4, 3, 4, 0.25)
    torch.nn.init.zeros_(net.head.weight)  # p is 0.25 everywhere
    masks = torch.zeros(1, 1, 16, 16, dtype=torch.bool)
    masks[..., :4] = True
    told = dataclasses.replace(SMALL, jitter=0.0, loss="relu", weight=0.97)
    opt = loop.optimizer(net, "sgd", 1e-3)
    value = engine.step(
        net, opt, torch.zeros(1, 3, 16, 16, dtype=torch.uint8), masks, told, PLAIN, np.random.default_rng(0)
    )
    expected = 0.25 * losses.relu(np.array(0.75), 0.97) + 0.75 * 0.25**2
    assert value == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("name", [*losses.LOSSES, *losses.PEERS])
def test_every_loss_trains(name, walls):
    drawn = Walls.read(walls.part("train")[:4])
    told = dataclasses.replace(SMALL, loss=name, weight=0.5, near_crack=1.0, jitter=0.0)
    rng = loop.chances(0)
    net = PLAIN.put(UNet(4, 3, 4, 0.05))
    opt = loop.optimizer(net, "adam", 3e-3)
    seen = drawn.crops(told, rng)
    fell = [engine.step(net, opt, *seen, told, PLAIN, rng) for _ in range(20)]
    assert np.isfinite(fell).all()
    assert np.mean(fell[-3:]) < fell[0]


def test_the_average_starts_at_the_weights_and_follows_them():
    a, b = UNet(4, 3, 4), UNet(4, 3, 4)
    engine.average(a, b, 0.0)
    assert all(
        torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    )
    with torch.no_grad():
        b.head.bias += 1.0
    before = float(a.head.bias.detach())
    engine.average(a, b, 0.9)
    assert float(a.head.bias.detach()) == pytest.approx(before + 0.1)


def test_a_training_cut_short_ends_as_one_left_alone(walls, trained, tmp_path):
    folder, last = trained
    reports = train(SMALL, walls, tmp_path, Settings.of({}), "the command")
    assert next(reports).step == 3
    reports.close()  # the worker dies here
    torch.manual_seed(99)
    *_, resumed = train(SMALL, walls, tmp_path, Settings.of({}), "the command")
    a, b = (checkpoint.read(f / "checkpoint.safetensors") for f in (folder, tmp_path))
    for key in a["net"]:
        assert torch.equal(a["net"][key], b["net"][key]), key
    for key in a["memory"]["smooth"]:
        assert torch.equal(a["memory"]["smooth"][key], b["memory"]["smooth"][key]), key
    assert not torch.equal(a["memory"]["smooth"]["head.weight"], a["net"]["head.weight"])
    assert a["rng"] == b["rng"]
    assert a["memory"]["curve"] == b["memory"]["curve"]  # what the running average said of val
    assert (folder / cards.WEIGHTS).read_bytes() == (tmp_path / cards.WEIGHTS).read_bytes()
    forget = {"seconds": 0.0, "made_at": ""}
    assert dataclasses.replace(last.card, **forget) == dataclasses.replace(resumed.card, **forget)


def test_a_folder_with_another_run_is_refused(walls, trained):
    folder, _ = trained
    with pytest.raises(Conflict, match="other settings"):
        next(train(dataclasses.replace(SMALL, seed=1), walls, folder, Settings.of({})))


def test_the_card_tells_what_was_learned_from_and_how_it_was_chosen(walls, trained):
    folder, last = trained
    card = last.card
    assert card.domain == "crack"
    assert card.command == "the command"
    assert card.is_synthetic
    assert card.data[0]["n_train"] == len(walls.part("train"))
    assert card.threshold_how == f"best pooled F1 on {len(walls.part('val'))} validation photos"
    assert config.of(Config, card.config) == SMALL
    assert len(card.known["curves"]["step"]) == 2
    for split in ("val", "test"):
        told = cards.evaluation(folder, split)
        assert len(told["name"]) == len(walls.part(split))
        assert crack.score(told, card.threshold) == card.figures[split]
    val = sweep.of_histogram(cards.evaluation(folder, "val")["histogram"].sum(0))
    assert card.figures["val"]["f1"] == pytest.approx(float(np.nanmax(val.f1)), abs=2e-3)


@pytest.mark.parametrize("kind", ["no crack anywhere", "crack everywhere"])
def test_sets_of_one_kind_are_learned_and_scored(walls, tmp_path, kind):
    photos = []
    for photo in (p for split in ("train", "val", "test") for p in walls.part(split)[:2]):
        path = tmp_path / f"{photo.path.stem}.png"
        size = Image.open(photo.path).size
        Image.new("L", size, 255 if kind == "crack everywhere" else 0).save(path)
        photos.append(dataclasses.replace(photo, mask=path))
    told = dataclasses.replace(walls, photos=tuple(photos), fingerprint=kind)
    *_, last = train(SMALL, told, tmp_path / "run", Settings.of({}))
    evaluation = cards.evaluation(tmp_path / "run", "test")
    for threshold in (None, 0.0, 0.5, 1.0):
        score = crack.score(evaluation, threshold, draws=0)
        assert json.dumps(score, allow_nan=False)
        if kind == "no crack anywhere":
            assert score["recall"] is None
            assert score["missed_px"] == 0.0
        else:
            assert score["precision"] in (1.0, None)
            assert score["by_width"][0]["recall"] is None
    everything = crack.score(evaluation, 0.0, draws=0)
    assert everything["recall"] in (1.0, None)
    assert everything["accuracy"] == (1.0 if kind == "crack everywhere" else 0.0)
    assert 0 < last.card.threshold < 1


def test_a_filed_model_answers_as_the_trained_one_did(walls, trained, tmp_path):
    folder, last = trained
    copied = tmp_path / "run"
    copied.mkdir()
    for path in folder.rglob("*"):
        if path.is_file():
            (copied / path.relative_to(folder)).parent.mkdir(exist_ok=True)
            (copied / path.relative_to(folder)).write_bytes(path.read_bytes())
    card = cards.file(last.card, copied, tmp_path / "models")
    assert card.id == f"unet-{card.weights_sha256[:8]}"
    home = cards.place(tmp_path / "models", "crack", card.id)
    model = engine.load(card, home)
    photo = walls.part("test")[0]
    told = next(predict(model, [np.asarray(Image.open(photo.path).convert("RGB"))]))
    kept = np.asarray(Image.open(home / "maps" / f"{crack.sha256(photo)}.png"))
    assert np.array_equal(told["p"], kept)
    assert 0 <= float(told["unlike"]) <= 1
    assert crack.judge(told, None, card).model == card.id


def test_weights_of_another_network_or_domain_are_refused(trained, tmp_path):
    folder, last = trained
    card = dataclasses.replace(last.card, weights_sha256=disk.sha256(folder / cards.WEIGHTS))
    assert engine.load(card, folder).net.levels == 4
    with pytest.raises(ModelError, match="not those"):
        engine.load(dataclasses.replace(card, config=dict(card.config) | {"levels": 5}), folder)
    with pytest.raises(ModelError, match="rail"):
        engine.load(dataclasses.replace(card, domain="rail"), folder)


def test_an_enlarged_photo_is_answered_at_its_own_size():
    model = Model(random_net(), PLAIN, enlarge=2)
    picture = np.random.default_rng(0).integers(0, 256, (50, 70, 3), np.uint8)
    told = next(predict(model, [picture]))["p"]
    assert (told.shape, told.dtype) == ((50, 70), np.uint8)
    twice = tiling._grown(picture, 2)
    assert twice.shape == (100, 140, 3)
    p = probabilities(dataclasses.replace(model, enlarge=1), twice)
    mean = p.reshape(50, 2, 70, 2).mean((1, 3))
    assert np.abs(sweep.store(mean).astype(int) - told).max() <= 1


def test_features_alone_are_those_that_a_prediction_sees():
    model = Model(random_net(), PLAIN)
    picture = np.random.default_rng(0).integers(0, 256, (96, 150, 3), np.uint8)
    for (_, seen, own), (_, _, features) in zip(
        tiling.windows(model.net, picture, 64, 0), tiles(model, picture, 64, 0), strict=True
    ):
        assert np.array_equal(tiling._seen(model, seen, own), features)


def test_a_photo_of_another_kind_is_unlike_what_was_learned():
    rng = np.random.default_rng(0)
    rows = torch.from_numpy(rng.normal(size=(60, 8)))
    known = Known.of(rows, np.arange(60) // 6)
    assert known.share(np.full(8, 9.0)) == 1.0
    assert known.share(np.zeros(8)) < 0.3
    assert torch.equal(known.distances, known.distances.sort().values)


def test_photos_of_one_group_do_not_vouch_for_each_other():
    """Twins in one group would make every other photo look strange."""
    rng = np.random.default_rng(0)
    places = np.repeat(rng.normal(size=(20, 8)), 4, axis=0) + rng.normal(scale=0.01, size=(80, 8))
    by_group = Known.of(torch.from_numpy(places), np.arange(80) // 4)
    alone = Known.of(torch.from_numpy(places), np.arange(80))
    new = rng.normal(size=8)
    assert by_group.share(new) < 1.0
    assert alone.share(new) == 1.0


def test_without_validation_photos_whole_groups_are_set_aside(walls):
    photos = tuple(
        dataclasses.replace(p, split="train", group=f"g{i // 3}") for i, p in enumerate(walls.photos)
    )
    parts = engine.split(dataclasses.replace(walls, photos=photos), 0)
    assert parts["val"]
    assert not {p.group for p in parts["val"]} & {p.group for p in parts["train"]}
    assert engine.split(dataclasses.replace(walls, photos=photos), 0) == parts
    with pytest.raises(DataError, match="train"):
        engine.split(PhotoSet("s", "crack", walls.part("test")), 0)


def test_made_up_photos_beside_real_ones_only_teach(walls):
    real = dataclasses.replace(walls, name="real", is_synthetic=False)
    parts = engine.split(datasets.merge([real, walls]), 0)
    assert len(parts["train"]) == 2 * len(walls.part("train"))
    assert all(p.title.startswith("real/") for p in parts["val"] + parts["test"])
