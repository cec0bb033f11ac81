"""The U-Net behind a body that learned from ImageNet: its shape, its reach, its training, its weights."""

import dataclasses

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from core import cards, config, crack, datasets, disk
from core.crack import Config
from core.engine import checkpoint, classifiers, loop
from core.engine import crack as engine
from core.engine.crack import train
from core.engine.loop import Machine
from core.engine.tiling import Model, probabilities, ready, tiles
from core.engine.unet import Pretrained, UNet
from core.errors import ConfigError, ModelError
from core.settings import Settings
from core.synthetic import demo

SMALL = Config(
    encoder="mobilenet_v2", filters=4, crop_px=64, batch=2, steps=4, validate_every=2, warm_up=0, zoom=1.2
)
loop.use_threads()


@pytest.fixture(scope="module")
def walls(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "walls"
    demo.write("crack", folder, 12, seed=1)
    return datasets.read(folder, "crack")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Settings whose folder of weights holds a file of the published form, the numbers drawn."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(5)
    body = classifiers.build("mobilenet_v2", 1, init="random").body
    save_file(dict(body.state_dict()), folder / "mobilenet_v2.safetensors")
    return dataclasses.replace(Settings.of({}), weights=folder)


@pytest.fixture(scope="module")
def trained(walls, told, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    *_, last = train(SMALL, walls, folder, told)
    return folder, last


def seasoned():
    """A network whose answers vary, as if trained: batch norm has seen photos."""
    torch.manual_seed(0)
    net = Pretrained(8, 0.3)
    torch.nn.init.normal_(net.head.weight, std=1.0)
    with torch.no_grad():
        for _ in range(3):
            net(torch.randn(2, 3, 64, 64))
    return net.eval()


def test_each_level_is_half_the_one_above():
    net = Pretrained(16)
    seen = net.descend(torch.zeros(2, 3, 64, 96))
    assert [tuple(x.shape[1:]) for x in seen] == [
        (16, 64, 96), (16, 32, 48), (24, 16, 24), (32, 8, 12), (96, 4, 6)
    ]  # fmt: skip
    assert net(torch.zeros(2, 3, 64, 96)).shape == (2, 1, 64, 96)
    assert net.multiple == 16
    assert net.halo_px % 16 == 0


def test_the_body_sees_photos_as_imagenets_were_shown():
    """Grey levels that mean 0 to ImageNet's networks are 0 to the body."""
    net = Pretrained(4)
    seen = []
    net.body[0].register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    shown = torch.tensor(classifiers.IMAGENET_MEAN)[None, :, None, None].expand(1, 3, 32, 32)
    net(ready(shown.clone(), Machine.here(fast=False)))
    assert float(seen[0].abs().max()) < 1e-5


def test_no_pixel_looks_beyond_the_halo():
    net = seasoned()
    side = 4 * net.halo_px
    at = 2 * net.halo_px
    x = torch.randn(1, 3, side, 32, requires_grad=True)
    net(x)[0, 0, at].sum().backward()
    seen = x.grad.abs().sum((0, 1, 3)).nonzero().flatten()
    assert len(seen) > net.multiple
    assert at - int(seen.min()) <= net.halo_px
    assert int(seen.max()) - at <= net.halo_px


def test_tiles_equal_the_whole_photo():
    picture = np.random.default_rng(0).integers(0, 256, (300, 421, 3), dtype=np.uint8)
    model = Model(seasoned(), Machine.here(fast=False))
    whole = probabilities(model, picture)
    assert whole.std() > 0.02
    seen = np.full(whole.shape, np.nan, np.float32)
    for part, p, _ in tiles(model, picture, core=160, whole=0):
        seen[part] = p
    assert np.abs(seen - whole).max() < 1e-3


def test_the_training_begins_with_the_weights_of_the_folder(trained, told, walls, tmp_path):
    _, last = trained
    assert last.card.network == "unet_mobilenet_v2"
    assert last.card.preprocessing["origin"].startswith("ImageNet, mobilenet_v2.safetensors (sha256 ")
    net = Pretrained(4)
    engine._begin_with(net, told.weights)
    torch.manual_seed(5)
    body = classifiers.build("mobilenet_v2", 1, init="random").body
    assert torch.equal(net.body[0][0][0].weight, body.features[0][0].weight)
    assert torch.equal(net.body[3][-1].conv[0][0].weight, body.features[13].conv[0][0].weight)
    with pytest.raises(ModelError, match="encoder=none"):
        nowhere = dataclasses.replace(told, weights=tmp_path)
        next(train(SMALL, walls, tmp_path / "run", nowhere))


def test_a_training_cut_short_needs_no_weights_to_go_on_and_ends_alike(walls, told, trained, tmp_path):
    folder, last = trained
    reports = train(SMALL, walls, tmp_path, told)
    assert next(reports).step == 2
    reports.close()  # the worker dies here
    torch.manual_seed(99)
    *_, resumed = train(SMALL, walls, tmp_path, Settings.of({}))
    a, b = (checkpoint.read(f / "checkpoint.safetensors") for f in (folder, tmp_path))
    assert all(torch.equal(a["net"][key], b["net"][key]) for key in a["net"])
    assert (folder / cards.WEIGHTS).read_bytes() == (tmp_path / cards.WEIGHTS).read_bytes()
    assert resumed.card.preprocessing == last.card.preprocessing


def test_a_filed_model_loads_without_imagenet_and_is_no_plain_unet(trained):
    folder, last = trained
    card = dataclasses.replace(last.card, weights_sha256=disk.sha256(folder / cards.WEIGHTS))
    model = engine.load(card, folder)
    assert isinstance(model.net, Pretrained)
    with pytest.raises(ModelError, match="not those"):
        engine.load(dataclasses.replace(card, config=dict(card.config) | {"encoder": "none"}), folder)
    old = {key: value for key, value in card.config.items() if key != "encoder"}
    assert config.of(Config, old).encoder == "none"  # cards from before there was a choice
    assert isinstance(engine._network(config.of(Config, old)), UNet)


def test_another_shape_than_the_encoders_is_refused():
    with pytest.raises(ConfigError, match="levels=5 and kernel=3"):
        config.check(dataclasses.replace(SMALL, kernel=7))
    assert crack.Config().encoder == "none"
