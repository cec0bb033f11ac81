"""The five losses: the paper's formulas, one text for numpy and torch."""

import math

import numpy as np
import pytest
import torch

from core import losses
from core.errors import ConfigError
from core.losses import LOSSES

E = np.array([-1.0, -0.25, 0.0, 0.5, 1.0])
HAND = {
    "mse": [1, 0.0625, 0, 0.25, 1],
    "balanced_step": [0.5, 0.03125, 0, 0.375, 1.5],
    "squared_balanced_step": [0.25, 0.015625, 0, 0.5625, 2.25],
    "step": [1, 0.0625, 0, 0.375, 1.5],
    "relu": [1, 0.0625, 0, 0.3125, 1.5],
}


@pytest.mark.parametrize("name", LOSSES)
def test_each_loss_by_hand_at_weight_one_half(name):
    assert LOSSES[name].formula(E, 0.5).tolist() == HAND[name]


@pytest.mark.parametrize("name", LOSSES)
def test_with_weight_zero_each_loss_is_mse_exactly(name):
    e = np.random.default_rng(0).uniform(-1, 1, 10_000)
    assert np.array_equal(LOSSES[name].formula(e, 0.0), e**2)
    t = torch.from_numpy(e.astype(np.float32))
    assert torch.equal(LOSSES[name].formula(t, 0.0), t**2)


@pytest.mark.parametrize("name", LOSSES)
def test_numpy_and_torch_give_the_same_numbers(name):
    e = np.random.default_rng(1).uniform(-1, 1, 10_000)
    ours = LOSSES[name].formula(e, 0.7)
    theirs = LOSSES[name].formula(torch.from_numpy(e), torch.tensor(0.7, dtype=torch.float64))
    assert np.allclose(ours, theirs.numpy(), rtol=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_a_missed_crack_never_costs_less_than_a_false_alarm(name):
    e = np.linspace(0.01, 1, 100)
    formula = LOSSES[name].formula
    assert np.all(formula(e, 0.5) >= formula(-e, 0.5))


@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_points_towards_truth(name):
    """d loss / d p is negative where a crack is missed and positive for a false alarm."""
    p = torch.tensor([0.3, 0.3], requires_grad=True)
    LOSSES[name].formula(torch.tensor([1.0, 0.0]) - p, 0.69).sum().backward()
    assert p.grad[0] < 0 < p.grad[1]


def test_balanced_step_refuses_a_weight_of_one_and_says_why():
    with pytest.raises(ConfigError, match="lower the loss"):
        losses.check("balanced_step", 1.0)
    # The reason is true: at w = 1.2 a worse false alarm has a lower loss.
    assert LOSSES["balanced_step"].formula(np.array(-0.9), 1.2) < LOSSES["balanced_step"].formula(
        np.array(-0.1), 1.2
    )


def test_squared_balanced_step_warns_above_one():
    assert losses.check("squared_balanced_step", 0.7) == ""
    assert "false alarms" in losses.check("squared_balanced_step", 1.2)
    formula = LOSSES["squared_balanced_step"].formula
    assert formula(np.array(-1.0), 2.5) > formula(np.array(-1.0), 1.0)


@pytest.mark.parametrize("w", [-0.1, math.nan, math.inf])
def test_impossible_weights_are_refused(w):
    for name in LOSSES:
        with pytest.raises(ConfigError, match=name):
            losses.check(name, w)


def test_an_unknown_loss_is_named_with_the_known_ones():
    with pytest.raises(ConfigError, match="balanced_step"):
        losses.check("hinge", 0.5)


@pytest.mark.parametrize("name", LOSSES)
def test_every_weight_the_paper_tried_is_allowed(name):
    assert [losses.check(name, w) for w in LOSSES[name].tried] == [""] * len(LOSSES[name].tried)
