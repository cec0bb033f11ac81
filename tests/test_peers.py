"""Losses beyond the paper's: by hand, at their limits, and the two traps of clDice."""

import numpy as np
import pytest
import torch

from core import losses
from core.engine import peers
from core.errors import ConfigError


def field(*values):
    return torch.tensor(values, dtype=torch.float32).reshape(1, 1, 1, -1)


def logit(*values):
    return torch.logit(field(*values).double()).float()


def line(width, side=64):
    mask = torch.zeros(1, 1, side, side)
    mask[..., side // 2 - width // 2 : side // 2 - width // 2 + width, 4:-4] = 1
    return mask


TRUTH, SAID = field(1, 1, 0, 0), logit(0.8, 0.4, 0.3, 0.1)


def test_each_by_hand():
    p, y = np.array([0.8, 0.4, 0.3, 0.1]), np.array([1, 1, 0, 0])
    each = -np.log(np.where(y == 1, p, 1 - p))
    assert peers.bce(SAID, TRUTH, 0.0).item() == pytest.approx(each.mean(), abs=1e-5)
    assert peers.bce(SAID, TRUTH, 2.0).item() == pytest.approx((each * (1 + 2 * y)).mean(), abs=1e-5)
    assert peers.focal(SAID, TRUTH, 0.0).item() == pytest.approx((np.abs(y - p) ** 2 * each).mean(), abs=1e-5)
    hit, missed, false = 1.2, 0.8, 0.4
    assert peers.dice(SAID, TRUTH, 9.0).item() == pytest.approx(1 - 2.2 / (2.2 + 0.6), abs=1e-5)
    want = 1 - (hit + 1) / (hit + 0.75 * missed + 0.25 * false + 1)
    assert peers.tversky(SAID, TRUTH, 0.5).item() == pytest.approx(want, abs=1e-5)
    assert peers.tversky(SAID, TRUTH, 0.0).item() == pytest.approx(peers.dice(SAID, TRUTH, 0.0).item())


@pytest.mark.parametrize("name", losses.PEERS)
def test_the_gradient_points_towards_truth(name):
    truth = line(5)
    logits = torch.zeros_like(truth, requires_grad=True)
    peers.LOSSES[name](logits, truth, 0.5).backward()
    middle = (0, 0, 32, 32)
    assert logits.grad[middle] < 0, "a missed crack is pulled up"
    assert logits.grad[0, 0, 5, 5] >= 0, "a sound wall is not"


@pytest.mark.parametrize("name", losses.PEERS)
def test_a_right_answer_costs_next_to_nothing_and_a_wrong_one_much(name):
    truth = line(5)
    right, wrong = 20 * (2 * truth - 1), -20 * (2 * truth - 1)
    assert peers.LOSSES[name](right, truth, 0.5).item() == pytest.approx(0, abs=1e-3)
    assert peers.LOSSES[name](wrong, truth, 0.5).item() > 0.5


@pytest.mark.parametrize("name", losses.PEERS)
def test_crops_without_a_crack_have_a_loss_too(name):
    truth = torch.zeros(2, 1, 16, 16)
    value = peers.LOSSES[name](torch.zeros(2, 1, 16, 16), truth, 0.5)
    assert torch.isfinite(value)


@pytest.mark.parametrize("width", [1, 2, 3, 7, 15, 31, 40])
def test_a_line_of_any_width_is_thinned_to_its_middle(width):
    thin = peers.skeleton(line(width, 96)) > 0.5
    inner = thin[0, 0, :, 48]
    assert 1 <= int(inner.sum()) <= 2
    assert abs(float(torch.nonzero(inner).float().mean()) - 47.5) <= 1


@pytest.mark.parametrize("width", [1, 4, 12, 33])
def test_a_mask_against_itself_scores_one(width):
    truth = line(width, 96)
    assert peers.cldice(20 * (2 * truth - 1), truth, 1.0).item() == pytest.approx(0, abs=1e-3)


def test_cldice_minds_a_gap_more_than_a_thinner_line():
    truth = line(9)
    thinner, gap = line(5), truth.clone()
    gap[..., 20:44] = 0
    cost = {
        name: peers.cldice(20 * (2 * m - 1), truth, 1.0).item()
        for name, m in (("thin", thinner), ("gap", gap))
    }
    assert cost["gap"] > 3 * cost["thin"]


@pytest.mark.parametrize(
    ("name", "w"), [("tversky", 1.2), ("cldice", 1.01), ("bce", -0.1), ("dice", float("nan"))]
)
def test_impossible_weights_are_refused(name, w):
    with pytest.raises(ConfigError, match=name):
        losses.check(name, w)


def test_every_name_that_the_settings_know_is_a_loss():
    assert list(peers.LOSSES) == list(losses.PEERS)
    assert not set(losses.PEERS) & set(losses.LOSSES)
    for name in losses.PEERS:
        assert losses.check(name, 0.97) == ""
