"""A training step and an answer at 512 px against two U-Nets that others use, in one run, alternating.

    PATINA_THREADS=2 python -m tests.bench.crack_peers --milesial FOLDER

FOLDER is a copy of github.com/milesial/Pytorch-UNet (GPL-3.0: run, never imported by the product);
`segmentation_models_pytorch` is taken as installed (its Unet with a resnet34 body, weights drawn). Who is
not there is left out and named. Each learns as its own users let it: plain fp32, its own loss for two
classes; ours as it is trained here. Times are medians in milliseconds, two crops a step, one photo an
answer; the networks differ in size, so their numbers of weights stand beside.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from core.crack import Config
from core.engine import crack as engine
from core.engine import loop
from core.engine import vision as vision  # torchvision beside a CPU-only torch, before a peer asks for it
from core.engine.loop import Machine
from core.engine.tiling import Model, probabilities
from core.engine.unet import Network, Pretrained, UNet

SIDE, CROPS = 512, 2
Step = Callable[[], object]


def peers(milesial: Path | None) -> tuple[dict[str, nn.Module], list[str]]:
    """The others' networks, photos (n, 3, h, w) to one map of logits, and who is missing."""
    found: dict[str, nn.Module] = {}
    missing: list[str] = []
    if milesial is not None and (milesial / "unet").is_dir():
        sys.path.insert(0, str(milesial))
        from unet import UNet as Theirs

        found["milesial Pytorch-UNet"] = Theirs(n_channels=3, n_classes=1, bilinear=False)
    else:
        missing.append("milesial Pytorch-UNet: give --milesial FOLDER")
    try:
        import segmentation_models_pytorch as smp
    except ImportError:
        missing.append("segmentation_models_pytorch: pip install it")
    else:
        found["smp Unet resnet34"] = smp.Unet("resnet34", encoder_weights=None)
    return found, missing


def ours(net: Network, config: Config, crops: torch.Tensor, masks: torch.Tensor) -> tuple[Step, Step]:
    """One step and one answer of a network of ours, on the machine's fast path."""
    machine = Machine.here()
    net = machine.put(net)
    optimizer = loop.optimizer(net, config.optimizer, config.learning_rate)
    rng = np.random.default_rng(0)
    model = Model(net, machine)
    picture = crops[0].permute(1, 2, 0).contiguous().numpy()
    return (
        lambda: engine.step(net, optimizer, crops, masks, config, machine, rng),
        lambda: probabilities(model, picture),
    )


def theirs(net: nn.Module, crops: torch.Tensor, masks: torch.Tensor) -> tuple[Step, Step]:
    """One step and one answer as their own scripts take them: fp32, RMSprop, binary cross entropy."""
    optimizer = torch.optim.RMSprop(net.parameters(), lr=1e-5, momentum=0.9)
    x, truth = crops.float() / 255, masks.float()

    def step() -> float:
        net.train()
        loss = F.binary_cross_entropy_with_logits(net(x), truth)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    def answer() -> torch.Tensor:
        net.eval()
        with torch.no_grad():
            return net(x[:1]).sigmoid()

    return step, answer


def took(steps: dict[str, Step], times: int) -> dict[str, float]:
    """Median milliseconds of each, taken in turns, the first round thrown away."""
    rounds: dict[str, list[float]] = {name: [] for name in steps}
    for i in range(times + 1):
        for name, one in steps.items():
            since = time.perf_counter()
            one()
            if i:
                rounds[name].append(1000 * (time.perf_counter() - since))
    return {name: round(median(told), 1) for name, told in rounds.items()}


def main() -> None:
    """Print one JSON document."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--milesial", type=Path)
    told.add_argument("--times", type=int, default=5)
    asked = told.parse_args()
    loop.use_threads()
    rng = np.random.default_rng(0)
    crops = torch.from_numpy(rng.integers(0, 256, (CROPS, 3, SIDE, SIDE), np.uint8))
    masks = torch.from_numpy(rng.random((CROPS, 1, SIDE, SIDE)) < 0.03)
    config = Config()
    nets: dict[str, Network] = {
        "U-Net": UNet(5, 3, 16, 0.03),
        "U-Net, MobileNetV2 down": Pretrained(16, 0.03),
    }
    others, missing = peers(asked.milesial)
    pairs = {name: ours(net, config, crops, masks) for name, net in nets.items()}
    pairs |= {name: theirs(net, crops, masks) for name, net in others.items()}
    weights = {name: sum(p.numel() for p in net.parameters()) for name, net in (nets | others).items()}
    learned = took({name: pair[0] for name, pair in pairs.items()}, asked.times)
    answered = took({name: pair[1] for name, pair in pairs.items()}, asked.times)
    figures = {
        "machine": str(Machine.here()),
        "step_ms": learned,
        "answer_ms": answered,
        "weights": weights,
        "times_faster_than": {
            name: {
                "step": round(learned[name] / learned["U-Net"], 1),
                "answer": round(answered[name] / answered["U-Net"], 1),
            }
            for name in others
        },
        "missing": missing,
    }
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
