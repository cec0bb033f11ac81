"""Few labels, seconds instead of minutes: a frozen network, a linear head in closed form, and oddness.

A photo is described by the last feature map of a network that stays as ImageNet left it, pooled three ways.
On top of that comes what is known of rails before any label is given: a defect is a spot unlike the rest of
its own photo. The head is the mean of a Gaussian process whose prior mean is this oddness, so three labels of
one class do no harm, and sixty correct it.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from core import arrays, validation
from core.engine import checkpoint, loop
from core.engine.classifiers import IMAGENET_MEAN, IMAGENET_STD, Classifier, layers
from core.engine.lessons import Course, Lesson, chance, look
from core.engine.loop import State
from core.few_labels.cycles import DESCRIBED
from core.few_labels.head import SLOPE, scale_of, weights_of
from core.rail import CLASSES
from core.records import Progress

SCALES = (28, 14, 7, 4)
"""ours: squares of a photo's side divided by these are compared with each other."""


def oddness(x: torch.Tensor) -> torch.Tensor:
    """(n,) float32, how unlike the rest of its photo the oddest part of each is; photos (n, 3, S, S), 0 to 1.

    Each column less its median, then the strength (root mean square) of squares at four scales: the log of
    the 99th percentile over the median, its mean over the scales. Mirrored, turned by 180° or lit in another
    way, a photo is as odd as before.
    """
    grey = x.float().mean(1, keepdim=True)
    rest = grey - grey.median(2, keepdim=True).values
    side, found = x.shape[-1], []
    for scale in SCALES:
        square = side // scale
        strength = F.avg_pool2d(rest**2, square, max(1, square // 4)).clamp_min(1e-8).sqrt().flatten(1)
        middle, high = torch.quantile(strength, torch.tensor([0.5, 0.99], device=x.device), dim=1)
        found.append(((high + 0.004) / (middle + 0.004)).log())  # 0.004: one step of an 8-bit photo
    return torch.stack(found).mean(0)


class Described(nn.Module):
    """A photo in 3 d + 1 numbers: mean, largest value and spread of each of d channels, and oddness.

    Each number has mean 0 and deviation 1 over the photos of `fit`; the first 3 d together have length 1 on
    average, so that their products are a kernel. Where a photo holds its grey and its stripe-free grey
    (`beside`), both are looked at and d is twice the network's channels.
    """

    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(self, layers: nn.Module, d: int, *, is_beside: bool = False) -> None:
        super().__init__()
        self.layers = layers
        self.is_beside = is_beside
        self.d = 3 * d * (1 + is_beside) + 1
        self.register_buffer("mean", torch.zeros(self.d))
        self.register_buffer("scale", torch.ones(self.d))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Photos (n, 3, S, S), normalised as for ImageNet, in; (n, 3 d + 1) float32 out."""
        m, s = (torch.tensor(v, device=x.device).view(1, 3, 1, 1) for v in (IMAGENET_MEAN, IMAGENET_STD))
        light = x.float() * s + m
        shown = [(light[:, [c]] - m) / s for c in (0, 1)] if self.is_beside else [x]
        found = []
        for one in shown:
            maps = self.layers(one).float().flatten(2)  # (n, d, positions)
            found += [maps.mean(2), maps.amax(2), maps.std(2)]
        return (torch.cat([*found, oddness(light)[:, None]], 1) - self.mean) * self.scale

    def fit(self, found: torch.Tensor) -> torch.Tensor:
        """Take mean and spread from descriptions (n, 3 d + 1) made without them; these, standardised."""
        found = found.to(self.mean.device)
        for own, told in zip((self.mean, self.scale), scale_of(found.cpu().numpy()), strict=True):
            own.copy_(torch.from_numpy(told))
        return ((found - self.mean) * self.scale).cpu()


def described(net: Classifier, stripes: str = "keep") -> Classifier:
    """The network with its last feature map described instead of averaged, and a head for that.

    `stripes` as in the config: with `beside` the photo is looked at with and without them.
    """
    own = Described(layers(net), net.head.in_features, is_beside=stripes == "beside")
    found = Classifier(own, own.d, len(CLASSES))
    found.origin = net.origin
    return found


@dataclass
class HeadCourse(Course):
    """Lessons that only fit the head. A lesson is over in a moment, so there is nothing to take up again."""

    changes_features: ClassVar[bool] = False
    _seen: list[tuple[torch.Tensor, np.ndarray]] = field(default_factory=list)
    """Photos and their descriptions; the pool first."""

    def teach(self, lesson: Lesson) -> Iterator[Progress]:
        """Fit the head to this lesson; afterwards `net` is the taught one."""
        known = self._described()
        if not self.has_begun:
            self.has_begun = True
            yield Progress(self.done, self.total + 1, lesson.name)
        since = time.monotonic()
        weights, bias = weights_of(known[lesson.learned], lesson.labels == 1, lesson.weights)
        head: Any = self.net.head
        with torch.no_grad():  # the margin of the two logits is what counts; it is split evenly
            half = torch.from_numpy(SLOPE / 2 * weights).to(head.weight)
            head.weight.copy_(torch.stack([-half, half]))
            head.bias.copy_(torch.tensor([-SLOPE / 2 * bias, SLOPE / 2 * bias]))
        self.memory["seconds"] += time.monotonic() - since
        if len(lesson.watched):
            self.watched = self.look(lesson.watched)[0][None]
        self.done += lesson.passes

    def features_before(self) -> np.ndarray:
        """(n, 3 d + 1): how the pool is described; no lesson changes that."""
        return self._described()

    def taught(self, lesson: Lesson) -> float:
        """One half: both classes weigh the same in the head."""
        return 0.5

    def answers(self, pictures: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
        """P(defect) (n,) and descriptions (n, 3 d + 1) of these photos, looked at once only."""
        found = self._described_of(pictures)
        head: Any = self.net.head
        with torch.inference_mode():
            logits = head(torch.from_numpy(found).to(self.machine.device)).cpu().numpy()
        return validation.probabilities(logits)[:, 1], found

    def _described(self) -> np.ndarray:
        """(n, 3 d + 1): the pool, standardised; `net` is there afterwards."""
        if not self._seen:
            config = self.config
            loop.chances(chance(config.seed, "head"))
            net = self.untaught()
            self.origin, self.net = net.origin, self.machine.put(described(net, config.stripes)).eval()
            path = self.folder / State.FILE
            self.remember(checkpoint.read(path)["memory"] if path.exists() else {})
            checkpoint.write(path, {"memory": self.memory})
            body: Any = self.net.body
            raw = self._looked_at(self.pictures)
            self._seen.append((self.pictures, body.fit(torch.from_numpy(raw)).numpy()))
        return self._seen[0][1]

    def _described_of(self, pictures: torch.Tensor) -> np.ndarray:
        for shown, found in self._seen:
            if shown is pictures:
                return found
        found = self._looked_at(pictures)
        self._seen.append((pictures, found))
        return found

    def _looked_at(self, pictures: torch.Tensor) -> np.ndarray:
        """What the network's body gives for these photos, kept in the run's folder for when it goes on.

        A file is named by all that it hangs on, so one of another run may lie beside it and is found too.
        """
        config = self.config
        told = (config.network, config.image_size, config.stripes, config.views, self.origin)
        of = [str(told), *(zlib.crc32(x.cpu().numpy().tobytes()) for x in (self.pictures, pictures))]
        path = self.folder / f"{DESCRIBED}-{zlib.crc32(str(of).encode()):08x}-{len(self._seen)}.npz"
        stored = arrays.of_file(path)
        if stored is None:
            since = time.monotonic()
            stored = {"found": look(self.net, self.machine, pictures.split(32), config.views)[1]}
            checkpoint.put_arrays(path, stored)
            self.memory["seconds"] += time.monotonic() - since
        return stored["found"]

    def look(self, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits (n, 2) and descriptions (n, 3 d + 1) of these photos of the pool."""
        known = self._described()[index]
        head: Any = self.net.head
        with torch.inference_mode():
            return head(torch.from_numpy(known).to(self.machine.device)).cpu().numpy(), known
