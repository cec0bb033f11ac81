"""Self-supervised pretraining: before any label, the network gets used to rails from the pool's photos.

VICReg (Bardes, Ponce, LeCun 2022): two views of one photo are to be described alike, every number of the
description is to vary between photos, and no two numbers are to say the same. It needs neither negative pairs
nor a second network, so batches of 64 of a few hundred photos will do. The views are what is known of rails:
upside down it is the same rail, and brightness says little.

# ours: only the last blocks learn, their batch norm's statistics stay those of ImageNet. So the blocks before
them look at each view once only, and an epoch costs a sixth of one through the whole network.
"""

from __future__ import annotations

import shutil
import time
import zlib
from collections.abc import Iterator

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from core.engine import checkpoint, classifiers, loaders, loop
from core.engine.lessons import PRETRAINED, Course, chance, ready
from core.engine.loop import State
from core.few_labels.cycles import Begin
from core.records import Progress

VIEW = loaders.Augment(flip=True, upside_down=True, scale=0.15, brightness=0.25, contrast=0.25)
"""ours: crops, as VICReg takes them, could lose the defect."""

N_VIEWS = 6
"""ours: views of each photo, made once; a pair of them is drawn anew in each epoch."""

LAST = {"mobilenet_v2": 5, "resnet18": 1, "resnet50": 1}
"""ours: layers that learn, counted from the end of `classifiers.layers`: they follow a map of 14 × 14."""

BATCH, WIDTH = 64, 256
"""ours: photos a step and numbers compared; VICReg has 2048 and 8192 for ImageNet's million photos."""

ALIKE, VARIED = 25.0, 25.0
"""Weights of likeness and variance beside that of the covariance, which is 1; as VICReg."""

LEARNING_RATE, NEW_RATE = 2e-4, 2e-3
"""ours: of the blocks, and of the layers that only this training has."""


def vicreg(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """The loss of two views (n, d) each, float32: 25 likeness + 25 variance + covariance, equation 6."""
    parts = [ALIKE * F.mse_loss(a, b)]
    for z in (a, b):
        rest = z - z.mean(0)
        spread = (rest.pow(2).sum(0) / (len(z) - 1) + 1e-4).sqrt()
        shared = rest.T @ rest / (len(z) - 1)
        other = shared.pow(2).sum() - shared.diagonal().pow(2).sum()
        parts += [VARIED * F.relu(1 - spread).mean() / 2, other / z.shape[1]]
    return torch.stack(parts).sum()


class Compared(nn.Module):
    """The blocks that learn, and the layers by which views are compared and which are left behind."""

    def __init__(self, blocks: nn.Module, d: int) -> None:
        super().__init__()
        self.blocks: nn.Module = blocks
        self.comparing: nn.Module = nn.Sequential(
            nn.Linear(d, 2 * WIDTH, bias=False),
            nn.BatchNorm1d(2 * WIDTH),
            nn.ReLU(),
            nn.Linear(2 * WIDTH, WIDTH),
        )

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Maps (n, c, h, w) of the blocks before in; (n, d) mean description out."""
        found: torch.Tensor = self.blocks(maps)
        return found.mean((2, 3))


def pretrain(course: Course, begin: Begin | None = None) -> Iterator[Progress]:
    """Leave a pretrained network in the course's folder, where `untaught` finds it; go on where it was.

    Nothing to do where the config asks for none. With `begin` that of the earlier run is taken, when it was
    made of the same photos in the same way.
    """
    config, path = course.config, course.folder / PRETRAINED
    if config.pretrain == "none" or path.is_file():
        return
    settings = (config.network, config.init, config.image_size, config.stripes, config.method, config.seed)
    told = f"{settings} {config.pretrain_epochs}"
    key = f"{zlib.crc32(told.encode(), zlib.crc32(course.pictures.cpu().numpy().tobytes())):08x}"
    earlier = begin.run_folder / PRETRAINED if begin is not None else path
    if earlier.is_file() and checkpoint.read(earlier)["key"] == key:
        checkpoint.put(path, earlier.read_bytes())
        return
    rng = loop.chances(chance(config.seed, "pretraining"))
    net = course.untaught()
    layers, machine = classifiers.layers(net), course.machine
    machine.put(net).eval()
    photos = _shown(course)
    views = _seen(layers[: -LAST[config.network]], photos, course, rng)
    compared = machine.put(Compared(layers[-LAST[config.network] :], net.head.in_features))
    rates = (LEARNING_RATE, NEW_RATE)
    parts = (compared.blocks, compared.comparing)
    optimizer = torch.optim.AdamW(
        [{"params": list(p.parameters()), "lr": r} for p, r in zip(parts, rates, strict=True)],
        weight_decay=1e-4,
        fused=True,
    )
    state = State(compared, optimizer, rng, 0, {"seconds": 0.0})
    aside = course.folder / "pretraining"
    state.resume(aside)
    size = 2 * len(photos)
    while state.step < config.pretrain_epochs:
        since = time.monotonic()
        fell = _epoch(state, views, course, rates)
        state.step += 1
        state.memory["seconds"] += time.monotonic() - since
        aside.mkdir(parents=True, exist_ok=True)
        state.save(aside)
        yield Progress(state.step * size, config.pretrain_epochs * size + 1, "without labels", {"loss": fell})
    origin = f"{net.origin}; last blocks by VICReg on {len(course.pictures)} photos of the pool ({key})"
    body = {k: v.cpu() for k, v in net.body.state_dict().items()}
    checkpoint.write(path, {"key": key, "origin": origin, "body": body})
    shutil.rmtree(aside, ignore_errors=True)


def _shown(course: Course) -> torch.Tensor:
    """The photos as the network will see them, (n, 3, S, S) uint8; `head` sees the two of `beside` apart."""
    x = course.pictures
    if course.config.method == "head" and course.config.stripes == "beside":
        return torch.cat([x[:, [c]].expand(-1, 3, -1, -1) for c in (0, 1)])
    return x


def _seen(blocks: nn.Module, photos: torch.Tensor, course: Course, rng: np.random.Generator) -> torch.Tensor:
    """(n, views, c, h, w) bfloat16: what the blocks that stay as they are make of the views of each photo."""
    found, machine = [], course.machine
    with loop.judging(blocks):
        for chunk in photos.split(32):
            x = loaders.floats(chunk, None, machine)
            own = []
            for _ in range(N_VIEWS):
                with machine.autocast():
                    own.append(blocks(ready(loaders.augment(x, VIEW, rng), machine)).bfloat16())
            found.append(torch.stack(own, 1))
    return torch.cat(found).clone()  # out of inference mode: a loss is computed with it


def _epoch(state: State[Compared], views: torch.Tensor, course: Course, rates: tuple[float, float]) -> float:
    """One pass over pairs of views; the mean loss before each step."""
    compared, rng, machine = state.net, state.rng, course.machine
    compared.blocks.eval()
    order = [b for b in loaders.batches(len(views), BATCH, rng) if len(b) > 1]
    steps = len(order) * course.config.pretrain_epochs
    fell = 0.0
    for i, chosen in enumerate(order):
        factor = loop.cosine(state.step * len(order) + i, steps, steps // 20)
        for group, rate in zip(state.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * factor
        pair = np.stack([rng.permutation(N_VIEWS)[:2] for _ in chosen], 1)  # (2, n)
        maps = torch.cat([views[torch.from_numpy(chosen), torch.from_numpy(k)] for k in pair])
        with machine.autocast():
            found = compared(maps.to(torch.float32).contiguous(memory_format=machine.memory_format))
        a, b = compared.comparing(found.float()).chunk(2)
        fell += loop.descend(state.optimizer, vicreg(a, b)) * len(chosen)
    return fell / max(1, sum(map(len, order)))
