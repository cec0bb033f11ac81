"""In which arithmetic a crack model answers on this machine: the quickest that it may, by measurement.

fp32 is always allowed, bf16 where the hardware has it, int8 where the model's card shows that F1 on
validation photos stays within `int8.ALLOWED`. A process measures a model once and keeps to it; another
process may choose otherwise, and its maps then differ within that bound.
"""

from __future__ import annotations

import copy
import dataclasses
import logging
import math
import time

import numpy as np

from core.engine import int8, tiling
from core.engine.loop import Machine
from core.engine.tiling import Model
from core.errors import ModelError

log = logging.getLogger("patina.quickest")

SIDE = 256
"""ours: pixels to a side of the tile that is timed; in 8 bits it takes some twenty milliseconds."""
SECONDS = 0.2
"""ours: so long the ways take turns."""
GAIN = 0.9
"""ours: another way than the one its figures were measured in must take less than so much of its time."""

_chosen: dict[tuple[str, ...], tuple[str, str]] = {}
"""What this process measured, by the model's weights and the ways there were: its answers stay the same."""


def quickest(model: Model) -> Model:
    """The same model in the arithmetic that is quickest here; `told` says which, and how long each took."""
    found = ways(model)
    if len(found) == 1 or model.card is None:
        return model
    key = (model.card.weights_sha256, *found)
    if key not in _chosen:
        took = timed(found)
        name = chosen(took, model.machine.arithmetic)
        _chosen[key] = name, _words(name, took)
    name, told = _chosen[key]
    return dataclasses.replace(found[name], told=told)


def ways(model: Model) -> dict[str, Model]:
    """The model in each arithmetic that it may answer in here, that of its figures first; one on a GPU."""
    machine = model.machine
    found = {machine.arithmetic: model}
    if machine.device.type != "cpu":
        return found
    told = dict(model.card.known.get("int8") or {}) if model.card is not None else {}
    is_of_it = model.card is not None and told.get("weights_sha256") == model.card.weights_sha256
    if int8.runs_here() and is_of_it and int8.is_accepted(told):
        try:
            small = int8.quantised(model.net, told["ranges"])
            fast = dataclasses.replace(machine, int8=True)
            found["int8"] = dataclasses.replace(model, net=small, machine=fast)
        except ModelError as error:  # another Patina wrote them: it serves, though slower
            log.warning("crack/%s: %s", model.card.id if model.card else "", error)
    if machine.bf16:
        plain = Machine(machine.device, False)
        net = plain.put(copy.deepcopy(model.net))
        found["fp32"] = dataclasses.replace(model, net=net, machine=plain)
    return found


def timed(found: dict[str, Model]) -> dict[str, float]:
    """Milliseconds that each way takes for one tile: the least of some, in turns."""
    tile = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    for way in found.values():  # kernels are laid out at the first look
        tiling.probabilities(way, tile)
    took = dict.fromkeys(found, math.inf)
    until = time.perf_counter() + SECONDS
    while math.inf in took.values() or time.perf_counter() < until:
        for name, way in found.items():
            since = time.perf_counter()
            tiling.probabilities(way, tile)
            took[name] = min(took[name], 1000 * (time.perf_counter() - since))
    return took


def chosen(took: dict[str, float], usual: str) -> str:
    """The quickest way, if it gains; else the usual one."""
    best = min(took, key=lambda name: took[name])
    return best if took[best] < GAIN * took[usual] else usual


def _words(name: str, took: dict[str, float]) -> str:
    told = ", ".join(f"{one} {took[one]:.0f} ms" for one in sorted(took, key=lambda one: took[one]))
    return f"{name} ({told} a tile of {SIDE} px)"
