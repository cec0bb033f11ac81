"""Where a classifier looked: Grad-CAM (Selvaraju et al. 2017), coarse maps of what spoke for an answer.

    maps = []
    with watching(net, maps):
        net(x)                               # (n, c, h, w) of the last layer that still knows places
    looked(net, maps[0], grade)              # (n, h, w) uint8, 255 where most spoke for the answer

Only the way from that layer to the answer is gone back, so a map costs a few per cent of a prediction. For
networks that average over the photo and then decide in one layer it is the class activation map itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from core.engine.classifiers import AlexNet, Classifier, Cnn5
from core.engine.vision import models
from core.grading.decisions import N


def last_places(net: Classifier) -> nn.Module:
    """The layer whose output, (n, c, h, w), is the last one with places in it."""
    body = net.body
    if isinstance(body, models.MobileNetV2):
        return body.features
    if isinstance(body, models.ResNet):
        return body.layer4
    if isinstance(body, Cnn5):
        return body.blocks
    assert isinstance(body, AlexNet)
    return body.convolutions


@contextlib.contextmanager
def watching(net: Classifier, maps: list[torch.Tensor]) -> Iterator[None]:
    """Add the output of `last_places` to the list each time the network sees photos, float32."""
    hook = last_places(net).register_forward_hook(lambda _, __, out: maps.append(out.float()))
    try:
        yield
    finally:
        hook.remove()


def answered(net: Classifier, places: torch.Tensor) -> torch.Tensor:
    """The logits, (n, k), that follow from (n, c, h, w) of `last_places`; without dropout."""
    if isinstance(net.body, Cnn5 | AlexNet):
        return net.head(net.body.full(torch.flatten(places, 1)))  # type: ignore[no-any-return]
    return net.head(places.mean((2, 3)))  # type: ignore[no-any-return]


def score(logits: torch.Tensor, grade: torch.Tensor) -> torch.Tensor:
    """(n,) what speaks for each photo's grade: its logit; of `corn`'s three those passed, less the next one.

    # ours: Grad-CAM is defined for one logit a class; CORN's say "worse than 0, than 1, than 2".
    """
    if logits.shape[1] == N:
        return logits.gather(1, grade[:, None])[:, 0]
    step = torch.arange(logits.shape[1], device=logits.device)
    sign = (step < grade[:, None]).float() - (step == grade[:, None]).float()
    return (sign * logits).sum(1)


def looked(net: Classifier, places: torch.Tensor, grade: np.ndarray) -> np.ndarray:
    """(n, h, w) uint8: where what speaks for `grade` (n,) was seen; 0 everywhere where nothing did."""
    was = net.training
    net.eval()
    with torch.inference_mode(False), torch.enable_grad():
        seen = places.clone().requires_grad_()
        asked = torch.from_numpy(np.asarray(grade, np.int64)).to(seen.device)
        [slope] = torch.autograd.grad(score(answered(net, seen), asked).sum(), seen)
        weight = slope.mean((2, 3), keepdim=True)
        map_ = (weight * seen).sum(1).clamp(min=0).detach()
    net.train(was)
    most = map_.flatten(1).amax(1)[:, None, None]
    return (255 * map_ / most.clamp(min=1e-12)).round().to(torch.uint8).cpu().numpy()
