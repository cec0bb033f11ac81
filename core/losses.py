"""The five losses of paper 2, one formula each for numpy and torch: the page draws what trained.

Every formula takes e = truth - p per pixel (-1 to 1, any shape, truth 0 or 1) and the weight w, and gives the
loss per pixel in the same shape; the training takes its mean. A missed crack has e > 0, a false alarm e < 0.
Only what numpy arrays and torch tensors share is used. With w = 0 each is `mse` exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.errors import ConfigError


def mse(e: Any, w: float = 0.0) -> Any:
    """e², paper 2, table 1; the weight plays no part."""
    return e**2


def balanced_step(e: Any, w: float) -> Any:
    """(1 + w sign(e)) e², paper 2, table 4; 0 <= w < 1."""
    return (1 + w * ((e > 0) * 1.0 - (e < 0) * 1.0)) * e**2


def squared_balanced_step(e: Any, w: float) -> Any:
    """(1 + w sign(e))² e², paper 2, table 5; w >= 0, the strongest distortion."""
    return (1 + w * ((e > 0) * 1.0 - (e < 0) * 1.0)) ** 2 * e**2


def step(e: Any, w: float) -> Any:
    """(1 + w sign(relu(e))) e², paper 2, table 6; w >= 0."""
    return (1 + w * ((e > 0) * 1.0)) * e**2


def relu(e: Any, w: float) -> Any:
    """(1 + w relu(e)) e², paper 2, table 7; w >= 0, the weakest distortion and the paper's best."""
    return (1 + w * ((e > 0) * e)) * e**2


@dataclass(frozen=True)
class Loss:
    """A loss with the weights it can take and those the paper tried."""

    formula: Callable[[Any, float], Any]
    text: str
    """The formula as it is read."""
    tried: tuple[float, ...] = ()
    """Weights in the paper's tables."""
    below: float = math.inf
    """w must stay below this."""
    why: str = ""
    """Why the weight may not go further."""
    warn_above: float = math.inf
    warning: str = ""
    """What happens above `warn_above`: allowed, but said."""


LOSSES: dict[str, Loss] = {
    "mse": Loss(mse, "e²"),
    "balanced_step": Loss(
        balanced_step,
        "(1 + w·sign(e))·e²",
        (0.69, 0.83, 0.90, 0.97),
        below=1.0,
        why="from 1 on, calling a crack where there is none would lower the loss instead of raising it",
    ),
    "squared_balanced_step": Loss(
        squared_balanced_step,
        "(1 + w·sign(e))²·e²",
        (0.2, 0.3, 0.5, 0.7),
        warn_above=1.0,
        warning="Above 1 the factor of a false alarm, (1 - w)², grows again, so false alarms are punished "
        "once more, not less.",
    ),
    "step": Loss(step, "(1 + w·sign(relu(e)))·e²", (0.5, 0.69, 0.97, 1.3)),
    "relu": Loss(relu, "(1 + w·relu(e))·e²", (0.5, 0.69, 0.97, 1.3)),
}


@dataclass(frozen=True)
class Peer:
    """A loss beyond the paper's, to compare with (`core.engine.peers` has the formulas)."""

    up_to: float = math.inf
    """The weight it goes up to."""
    tried: tuple[float, ...] = (0.0,)
    """The weight that those who proposed it trained with, as ours counts it."""
    weighs: bool = True
    """False where the weight plays no part."""


PEERS: dict[str, Peer] = {
    "bce": Peer(),
    "dice": Peer(weighs=False),
    "focal": Peer(),
    "tversky": Peer(up_to=1.0, tried=(0.4,)),  # a missed pixel counts 0.7, a false alarm 0.3
    "cldice": Peer(up_to=1.0, tried=(0.5,)),
}


def weighs(name: str) -> bool:
    """False for a loss in which the weight plays no part: `mse` and `dice`."""
    return PEERS[name].weighs if name in PEERS else bool(LOSSES[name].tried)


def tried(name: str) -> tuple[float, ...]:
    """The weights this loss was published with; (0,) where the weight plays no part."""
    return (PEERS[name].tried if name in PEERS else LOSSES[name].tried) or (0.0,)


def check(name: str, w: float) -> str:
    """A warning to show beside this loss and weight, or ""; `ConfigError` with the reason against w."""
    loss = LOSSES.get(name)
    if loss is None and name not in PEERS:
        raise ConfigError(f"There is no loss {name!r}; known are {', '.join((*LOSSES, *PEERS))}.")
    if not (math.isfinite(w) and w >= 0):
        raise ConfigError(
            f"The weight of {name} is {w:g}; it must be 0 or more, because below 0 a missed crack "
            "would be punished less than a false alarm."
        )
    if loss is None:
        if w > PEERS[name].up_to:
            raise ConfigError(
                f"The weight of {name} is {w:g}; it may be {PEERS[name].up_to:g} at most, because beyond it "
                "one of the two parts it weighs would count less than nothing."
            )
        return ""
    if w >= loss.below:
        raise ConfigError(f"The weight of {name} is {w:g}; it must be below {loss.below:g}: {loss.why}.")
    return loss.warning if w > loss.warn_above else ""
