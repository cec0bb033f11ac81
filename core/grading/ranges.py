"""Where a search looks for the settings of a corrosion model: paper 3's table of ranges, by network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Range:
    """Where the search looks for one setting: between two numbers, or among choices."""

    low: float | int | None = None
    high: float | int | None = None
    log: bool = False
    choices: tuple[Any, ...] = ()
    only_for: tuple[str, ...] = ()
    """Optimisers that know this setting; empty: all."""


_OPTIMISERS = Range(choices=("adam", "rmsprop", "sgd"))
_COMMON = {
    "learning_rate": Range(1e-5, 1e-2, log=True),
    "optimizer": _OPTIMISERS,
    "batch_size": Range(choices=(16, 32, 64)),
}
_MOMENTUM = {"momentum": Range(0.5, 0.9, only_for=("sgd", "rmsprop"))}
_PRETRAINED = _COMMON | _MOMENTUM | {"weight_decay": Range(1e-6, 1e-2, log=True)}

RANGES: dict[str, dict[str, Range]] = {
    "cnn5": {
        "fc1": Range(256, 1024),
        "fc2": Range(128, 512),
        "dropout1": Range(0.1, 0.5),
        "dropout2": Range(0.1, 0.5),
    }
    | _COMMON
    | _MOMENTUM,
    "resnet18": _PRETRAINED,
    # The paper searches no momentum for AlexNet, although SGD and RMSprop are among its optimisers.
    "alexnet": {
        "fc1": Range(1024, 4096),
        "fc2": Range(512, 2048),
        "dropout1": Range(0.2, 0.7),
        "dropout2": Range(0.2, 0.7),
    }
    | _COMMON,
    "mobilenet_v2": _PRETRAINED,  # ours: the ranges of ResNet-18
    "resnet50": _PRETRAINED,
}
"""Search ranges, paper 3; both ends count."""
