"""core.engine.classifiers: the five networks, and whose weights they start from."""

import hashlib

import pytest
import torch
from safetensors.torch import load_file, save_file

from core.engine import classifiers
from core.engine.classifiers import build, features, fill, pretrained
from core.engine.vision import models
from core.errors import ConfigError, ModelError
from tests.conftest import SHARED, needs_weights


@pytest.fixture(scope="module")
def resnet50():
    """A state dict of torchvision's form, its numbers drawn here."""
    torch.manual_seed(5)
    return models.resnet50(weights=None).state_dict()


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """No proxy and an empty torch home: nothing can be fetched or found there."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")


@pytest.mark.parametrize("network", classifiers.NETWORKS)
def test_every_network_gives_float32_logits_and_features_for_each_photo(network):
    net = build(network, 4, init="random", size=96).eval()
    x = torch.zeros(2, 3, 96, 96)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        seen, logits = features(net, x), net(x)
    assert logits.shape == (2, 4)
    assert logits.dtype == seen.dtype == torch.float32
    assert seen.shape == (2, net.head.in_features)


def test_the_shapes_beside_the_lines_are_true():
    x = torch.zeros(1, 3, 224, 224)
    with torch.no_grad():
        assert classifiers.Cnn5().eval().blocks(x).shape == (1, 256, 7, 7)
        assert classifiers.AlexNet().eval().convolutions(x).shape == (1, 396, 6, 6)


def test_cnn5_and_alexnet_have_the_channels_of_the_paper():
    def channels(net):
        return [m.out_channels for m in net.modules() if isinstance(m, torch.nn.Conv2d)]

    assert channels(build("cnn5", 4, init="random")) == [32, 64, 256, 256, 256]
    assert channels(build("alexnet", 4, init="random")) == [108, 142, 462, 442, 396]


def test_the_full_layers_take_the_sizes_that_a_search_gives():
    net = build("cnn5", 4, init="random", size=64, fc1=40, fc2=20, dropout1=0.3, dropout2=0.4)
    full = net.body.full
    assert [m.out_features for m in full if isinstance(m, torch.nn.Linear)] == [40, 20]
    assert [m.p for m in full if isinstance(m, torch.nn.Dropout)] == [0.3, 0.4]


def test_a_file_of_torchvisions_form_fills_a_resnet50(tmp_path, resnet50):
    save_file(resnet50, tmp_path / "resnet50.safetensors")
    net = build("resnet50", 2, weights_dir=tmp_path)
    assert torch.equal(net.body.layer4[2].conv3.weight, resnet50["layer4.2.conv3.weight"])
    assert net.head.out_features == 2
    assert net.origin.startswith("ImageNet, resnet50.safetensors (sha256 ")


def test_torchvisions_own_file_is_taken_and_its_hash_is_checked(tmp_path):
    aside = tmp_path / "aside.pth"
    torch.save(models.resnet18(weights=None).state_dict(), aside)
    digest = hashlib.sha256(aside.read_bytes()).hexdigest()
    aside.rename(tmp_path / f"resnet18-{digest[:8]}.pth")
    assert digest[:12] in build("resnet18", 4, weights_dir=tmp_path).origin

    (tmp_path / f"resnet18-{digest[:8]}.pth").rename(tmp_path / "resnet18-00000000.pth")
    with pytest.raises(ModelError, match=r"resnet18-00000000\.pth is damaged"):
        build("resnet18", 4, weights_dir=tmp_path)


def test_a_file_that_would_run_code_is_refused_unread(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    path = tmp_path / "resnet18-x.pth"
    torch.save({"conv1.weight": Evil()}, path)
    with pytest.raises(ModelError, match=r"resnet18-x\.pth"):
        build("resnet18", 4, weights_dir=tmp_path)
    assert not (tmp_path / "ran").exists()


def test_half_a_network_is_refused_with_the_names_that_are_missing(resnet50):
    half = {k: v for k, v in resnet50.items() if not k.startswith("layer4.")}
    body = build("resnet50", 2, init="random").body
    with pytest.raises(ModelError, match=r"do not fit resnet50: they lack layer4\.0\..* and \d+ more"):
        fill(body, half, "resnet50")
    assert fill(body, half, "resnet50", may_lack_blocks=True) == ["layer4"]


def test_a_block_with_a_hole_is_refused_even_when_blocks_may_be_missing(resnet50):
    holed = {k: v for k, v in resnet50.items() if k != "layer4.1.conv2.weight"}
    body = build("resnet50", 2, init="random").body
    with pytest.raises(ModelError, match=r"lack layer4\.1\.conv2\.weight"):
        fill(body, holed, "resnet50", may_lack_blocks=True)


def test_strange_names_and_bent_shapes_are_refused(resnet50):
    body = build("resnet50", 2, init="random").body
    with pytest.raises(ModelError, match="hold unknown stem"):
        fill(body, resnet50 | {"stem": torch.zeros(1)}, "resnet50")
    with pytest.raises(ModelError, match=r"in another shape, conv1\.weight"):
        fill(body, resnet50 | {"conv1.weight": torch.zeros(1)}, "resnet50")


def test_missing_weights_name_the_file_and_where_to_put_it(tmp_path, offline):
    with pytest.raises(ModelError, match=r"resnet18-f37072fd\.pth into .*init=random") as told:
        pretrained("resnet18", tmp_path)
    assert str(tmp_path) in str(told.value)
    with pytest.raises(ModelError, match="--weights-dir or PATINA_WEIGHTS"):
        pretrained("resnet18", None)


def test_there_are_no_imagenet_weights_for_the_papers_own_networks():
    with pytest.raises(ConfigError, match="no ImageNet weights for cnn5"):
        build("cnn5", 4)


def test_an_unknown_network_or_a_tiny_photo_is_a_plain_sentence():
    with pytest.raises(ConfigError, match="no network 'vgg'; choose one of"):
        build("vgg", 4, init="random")
    with pytest.raises(ConfigError, match="at least 64 px"):
        build("cnn5", 4, init="random", size=32)


@needs_weights
def test_the_partial_resnet18_needs_its_own_word_and_says_what_is_random(offline):
    weights = SHARED / "weights"
    with pytest.raises(ModelError, match=r"resnet18\.safetensors"):
        build("resnet18", 4, weights_dir=weights)
    net = build("resnet18", 4, init="imagenet_partial", weights_dir=weights)
    assert net.origin.endswith("random: layer4")


@needs_weights
def test_mobilenet_takes_its_weights_from_the_folder():
    path = SHARED / "weights" / "mobilenet_v2.safetensors"
    net = build("mobilenet_v2", 4, weights_dir=path.parent)
    assert net.origin.startswith("ImageNet, mobilenet_v2.safetensors (sha256 ")
    assert torch.equal(net.body.features[18][0].weight, load_file(path)["features.18.0.weight"])
