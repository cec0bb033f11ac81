"""Where a network looked: the way back is that of the whole network."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.engine import classifiers, looking
from core.engine.looking import looked, score, watching

SIDES = {
    "cnn5": {"fc1": 24, "fc2": 16},
    "alexnet": {"fc1": 24, "fc2": 16},
    "resnet18": {},
    "mobilenet_v2": {},
}


def seen(network: str, n_logits: int = 4):
    """An untaught network that judges, two photos, its logits and the last map with places."""
    torch.manual_seed(0)
    net = classifiers.build(network, n_logits, init="random", size=96, **SIDES[network]).eval()
    x, maps = torch.randn(2, 3, 96, 96), []
    with torch.inference_mode(), watching(net, maps):
        logits = net(x)
    return net, x, logits, maps[0]


@pytest.mark.parametrize("network", SIDES)
def test_from_the_last_map_on_the_answer_is_the_networks_own(network):
    net, _, logits, places = seen(network)
    with torch.inference_mode():
        assert torch.allclose(looking.answered(net, places), logits, atol=1e-5)


@pytest.mark.parametrize("network", ["cnn5", "mobilenet_v2"])
def test_the_map_is_that_of_going_back_through_the_whole_network(network):
    net, x, _, places = seen(network)
    kept = []
    hook = looking.last_places(net).register_forward_hook(lambda _, __, out: kept.append(out))
    out = net(x)[:, 2].sum()
    hook.remove()
    [slope] = torch.autograd.grad(out, kept[-1])
    twin = (slope.mean((2, 3), keepdim=True) * kept[-1]).sum(1).clamp(min=0).detach().numpy()
    found = looked(net, places, np.array([2, 2]))
    assert found.dtype == np.uint8
    for mine, slow in zip(found, twin, strict=True):
        assert np.abs(mine - 255 * slow / max(slow.max(), 1e-12)).max() <= 1


def test_where_the_network_averages_it_is_the_class_activation_map():
    net, _, _, places = seen("mobilenet_v2")
    cam = torch.einsum("c,nchw->nhw", net.head.weight[1], places).clamp(min=0).detach().numpy()
    found = looked(net, places, np.array([1, 1]))
    assert np.abs(found - 255 * cam / cam.max((1, 2), keepdims=True)).max() <= 1


def test_a_grade_of_corn_is_the_questions_passed_less_the_next():
    logits = torch.tensor([[1.0, 2.0, 4.0]] * 4)
    assert score(logits, torch.arange(4)).tolist() == [-1.0, 1.0 - 2.0, 1.0 + 2.0 - 4.0, 7.0]


def test_nothing_that_speaks_for_an_answer_is_a_black_map():
    net, _, _, places = seen("mobilenet_v2")
    with torch.no_grad():
        net.head.weight.zero_()
    assert not looked(net, places, np.array([0, 3])).any()
