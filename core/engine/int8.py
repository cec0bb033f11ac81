"""A trained crack network in 8 bits by torch's own kernels (oneDNN), and whether it may be used.

Batch norm is folded into the convolutions and ReLU into their ends. Weights have one scale a channel, and
what flows between the layers is uint8 with one range a place, learned on photos. The head stays in fp32.

    told = measured(net, show, f1)             # once, at the end of a training; kept in the card
    if is_accepted(told):
        small = quantised(net, told["ranges"])   # at each load
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import nn
from torch.nn import functional as F

from core import metrics
from core.engine.unet import Network, Pretrained, UNet
from core.errors import ModelError

ALLOWED = 0.002
"""So far F1 on validation photos may move, either way, by answering in 8 bits."""
PHOTOS = 16
"""ours: on so many photos the ranges are learned, at most."""
SHARES = (1.0, 0.9999)
"""ours: so much of what is seen at a place lies in its range; which is best, the validation photos say."""
SAMPLE = 4096
"""ours: so many numbers are kept of each place and look, beside its least and greatest."""

Ranges = Mapping[str, Sequence[float]]
"""Least and greatest number of each place, by its name in the folded network."""


def runs_here() -> bool:
    """True where 8-bit sums are in the hardware (AVX512-VNNI): elsewhere the kernels are slow or overflow."""
    has_vnni = getattr(torch.cpu, "_is_vnni_supported", lambda: False)
    return hasattr(torch.ops.onednn, "qconv2d_pointwise") and bool(has_vnni())


class Place(nn.Module):
    """A place between layers: 256 steps from `low` to `high`, and zero is one of them."""

    def __init__(self) -> None:
        super().__init__()
        self.low, self.high = 0.0, 0.0
        self.seen: list[torch.Tensor] | None = None
        """While learning: a sample of what came by."""
        self.is_small = False

    def span(self, low: float, high: float) -> None:
        """Take this range, widened to hold zero, which padding needs."""
        self.low, self.high = min(low, 0.0), max(high, low + 1e-6, 1e-6)

    @property
    def step(self) -> float:
        """How much one step is worth."""
        return (self.high - self.low) / 255

    @property
    def zero(self) -> int:
        """Which of the steps 0 to 255 is zero."""
        return round(-self.low / self.step)

    def pack(self) -> None:
        """From now on answer in steps."""
        self.is_small = True

    def noted(self, y: torch.Tensor) -> torch.Tensor:
        """The same numbers; a sample of them is kept while learning."""
        if self.seen is not None:
            flat = y.detach().float().flatten()
            ends = torch.stack(flat.aminmax())
            self.seen.append(torch.cat([ends, flat[:: max(1, len(flat) // SAMPLE)]]))
        return y


class Entry(Place):
    """Where the photo enters."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The numbers in steps, channels last, as the kernels want them."""
        if not self.is_small:
            return self.noted(x)
        x = (x.float() / self.step).add_(self.zero + 0.5).clamp_(0, 255)  # and cut off: rounded
        return x.to(torch.uint8).contiguous(memory_format=torch.channels_last)


class Fused(Place):
    """A convolution with its batch norm folded in, and its ReLU if it has one."""

    def __init__(
        self,
        after: Place,
        conv: nn.Conv2d,
        norm: nn.BatchNorm2d | None = None,
        most: float | None = None,
        beside: Place | None = None,
    ) -> None:
        """`after`: the place its input is of, `beside` that of what is added to it; neither is a part of it.

        `most` ends the ReLU: 6 or infinity; None where there is none.
        """
        super().__init__()
        weight, bias = conv.weight.detach(), conv.bias
        bias = torch.zeros(len(weight)) if bias is None else bias.detach()
        if norm is not None:
            factor = norm.weight.detach() / (cast(torch.Tensor, norm.running_var) + norm.eps).sqrt()
            weight = weight * factor[:, None, None, None]
            bias = (bias - cast(torch.Tensor, norm.running_mean)) * factor + norm.bias.detach()
        self.weight, self.bias, self.most = weight, bias, most
        padding = cast(tuple[int, int], conv.padding)
        self.how = (list(conv.stride), list(padding), list(conv.dilation), conv.groups)
        self.places = (after, beside)

    def pack(self) -> None:
        """Weights in 8 bits, laid out for the kernel."""
        super().pack()
        after = self.places[0]
        assert after is not None
        worth = self.weight.abs().amax((1, 2, 3)).clamp_min(1e-9) / 127
        whole = (self.weight / worth[:, None, None, None]).round().to(torch.int8)
        packed = torch.ops.onednn.qconv_prepack(whole, worth, after.step, after.zero, *self.how, None)
        none = torch.zeros(len(worth), dtype=torch.int8)
        self.small = (after.step, after.zero, packed, worth, none)

    def forward(self, x: torch.Tensor, plus: torch.Tensor | None = None) -> torch.Tensor:
        """The convolution of x, `plus` added where there is one."""
        if not self.is_small:
            stride, padding, dilation, groups = self.how
            y = F.conv2d(x, self.weight, self.bias, stride, padding, dilation, groups)
            y = y if plus is None else y + plus
            return self.noted(y if self.most is None else y.clamp(0.0, self.most))
        # A ReLU of 6 needs no more than a ReLU: its range ends at 6, and so do the steps.
        kernel, end = torch.ops.onednn.qconv2d_pointwise, "none" if self.most is None else "relu"
        told = (self.bias, *self.how, self.step, self.zero, torch.uint8)
        if plus is None:
            y = kernel(x, *self.small, *told, end, [], "")
        else:
            beside = self.places[1]
            assert beside is not None
            more: tuple[Any, ...] = (beside.step, beside.zero, "sum", 1.0, end, [], "")
            y = kernel.binary(x, *self.small, plus.clone(), *told, *more)  # it writes where `plus` lies
        return cast(torch.Tensor, y)


class Up(Fused):
    """A transposed convolution 2 × 2 that doubles the size: four convolutions 1 × 1, laid side by side."""

    def __init__(self, after: Place, up: nn.ConvTranspose2d) -> None:
        conv = nn.Conv2d(up.in_channels, 4 * up.out_channels, 1)
        conv.weight.data = up.weight.detach().permute(2, 3, 1, 0).reshape(conv.weight.shape)
        conv.bias = nn.Parameter(cast(torch.Tensor, up.bias).detach().repeat(4))
        super().__init__(after, conv)

    def forward(self, x: torch.Tensor, plus: torch.Tensor | None = None) -> torch.Tensor:
        """(n, c, h, w) in, (n, c', 2h, 2w) out."""
        y = super().forward(x).permute(0, 2, 3, 1)
        n, h, w, c = y.shape
        y = y.reshape(n, h, w, 2, 2, c // 4).permute(0, 1, 3, 2, 4, 5)
        return y.reshape(n, 2 * h, 2 * w, c // 4).permute(0, 3, 1, 2)


class Residual(nn.Sequential):
    """Layers whose last adds what the first was given."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The same shape."""
        *others, last = self
        y = x
        for layer in others:
            y = layer(y)
        return cast(torch.Tensor, last(y, x))


class Pool(nn.Module):
    """The greatest of each 2 × 2; torch's own refuses large maps of uint8."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Half the size."""
        x = torch.maximum(x[:, :, ::2], x[:, :, 1::2])
        return torch.maximum(x[..., ::2], x[..., 1::2])


@dataclass(frozen=True)
class Folded:
    """A network made of places, still in floats, with the answers it had in evaluation."""

    net: Network
    levels: tuple[Place, ...]
    """Of each level on the way down, top first."""
    last: Place
    """What the head sees."""

    @property
    def places(self) -> dict[str, Place]:
        """All places by name."""
        return {name: m for name, m in self.net.named_modules() if isinstance(m, Place)}


def folded(net: Network) -> Folded:
    """A copy of a trained network, on the CPU; `ModelError` for another shape than the two there are."""
    net = copy.deepcopy(net).float().cpu().eval()
    entry = Entry()
    at: Place = entry
    levels: list[Place] = []
    if isinstance(net, UNet):
        for k, down in enumerate(net.down):
            layers = _fused(down, at)
            net.down[k] = nn.Sequential(*([entry] if k == 0 else []), *layers)
            levels.append(at := layers[-1])
        net.pool = Pool()
    elif isinstance(net, Pretrained):
        layers = _fused(net.top, entry)
        net.top = nn.Sequential(entry, *layers)
        levels.append(layers[-1])
        # ours: MobileNet's first stage stays as it is. Its channels differ so much in size that in 8 bits
        # it moves the answers more than all other stages together.
        first, *others = (cast(nn.Sequential, stage) for stage in net.body)
        levels.append(at := Entry())
        net.body[0] = nn.Sequential(first, at)
        for k, stage in enumerate(others, 1):
            steps: list[nn.Module] = []
            for step in stage:
                is_residual = bool(getattr(step, "use_res_connect", False))
                layers = _fused(step, at, at if is_residual else None)
                steps.append((Residual if is_residual else nn.Sequential)(*layers))
                at = layers[-1]
            net.body[k] = nn.Sequential(*steps)
            levels.append(at)
    else:
        raise ModelError(f"There is no 8-bit form of a {type(net).__name__}; use it in bf16 or fp32.")
    for k, (up, join) in enumerate(zip(net.up, net.join, strict=True)):
        net.up[k] = low = Up(at, cast(nn.ConvTranspose2d, up))
        layers = _fused(join, low)
        net.join[k], at = nn.Sequential(*layers), layers[-1]
    return Folded(net, tuple(levels), at)


def _fused(block: nn.Module, at: Place, beside: Place | None = None) -> list[Fused]:
    """The convolutions of a block, each with what follows it; `beside` is added in the last."""
    groups: list[tuple[nn.Conv2d, nn.BatchNorm2d | None, float | None]] = []
    for layer in block.modules():
        if isinstance(layer, nn.Conv2d):
            groups.append((layer, None, None))
        elif isinstance(layer, nn.BatchNorm2d):
            groups[-1] = (groups[-1][0], layer, None)
        elif isinstance(layer, nn.ReLU | nn.ReLU6):
            groups[-1] = (*groups[-1][:2], 6.0 if isinstance(layer, nn.ReLU6) else math.inf)
    layers: list[Fused] = []
    for k, group in enumerate(groups, 1):
        layers.append(Fused(at, *group, beside if k == len(groups) else None))
        at = layers[-1]
    return layers


def measured(net: Network, show: Callable[[Network], None], f1: Callable[[Network], float]) -> dict[str, Any]:
    """What a card is to know: `f1` in 8 bits and as it is (`plain_f1`), and `ranges` where it may be used.

    `show` lets a network see photos to learn the ranges on; `f1` gives its F1 on validation photos. Of the
    ranges that keep so much of what is seen (`SHARES`) those are taken that move F1 least.
    """
    small = folded(net)
    learn(small, show)
    plain = f1(net)
    tried = [
        (f1(quantised(net, known)), share, known) for share in SHARES for known in [ranges(small, share)]
    ]
    found, share, known = min(tried, key=lambda one: abs(one[0] - plain))
    told: dict[str, Any] = {"f1": found, "plain_f1": plain, "share": share}
    return metrics.plain(told) | ({"ranges": known} if _is_near(found, plain) else {})


def is_accepted(told: Mapping[str, Any]) -> bool:
    """True when F1 moved by no more than `ALLOWED`; nothing known, or no crack to tell by, is no."""
    f1, plain = told.get("f1"), told.get("plain_f1")
    return "ranges" in told and f1 is not None and plain is not None and _is_near(f1, plain)


def _is_near(f1: float, plain: float) -> bool:
    return round(abs(f1 - plain), 6) <= ALLOWED


def learn(small: Folded, show: Callable[[Network], None]) -> None:
    """Let the network see what `show` shows it; each place keeps a sample of what comes by."""
    for place in small.places.values():
        place.seen = []
    show(small.net)


def ranges(small: Folded, share: float = 1.0) -> Ranges:
    """The range of each place by all that it has seen: the middle `share` of it, zero included.

    What is joined on the way up has one range, for it enters the next convolution side by side.
    """
    found: dict[Place, tuple[float, float]] = {}
    for place in small.places.values():
        assert place.seen, "learn first"
        seen = torch.cat(place.seen)
        if share == 1:
            low, high = seen.aminmax()
        else:
            low, high = seen.quantile(torch.tensor([(1 - share) / 2, (1 + share) / 2]))
        found[place] = (min(float(low), 0.0), float(high))
    for up, beside in zip(small.net.up, small.levels[-2::-1], strict=True):
        ends = found[cast(Place, up)], found[beside]
        found[cast(Place, up)] = found[beside] = (min(e[0] for e in ends), max(e[1] for e in ends))
    return {name: list(found[place]) for name, place in small.places.items()}


def quantised(net: Network, known: Ranges) -> Network:
    """The network in 8 bits, its head in fp32; `ModelError` when the ranges are not those of its places."""
    small = folded(net)
    places = small.places
    if known.keys() != places.keys():
        raise ModelError("The 8-bit ranges in the card are not those of this network; measure them again.")
    for name, place in places.items():
        place.span(*known[name])
    for place in places.values():  # a layer is packed by the range before it
        place.pack()
    with torch.no_grad():
        small.net.head.weight *= small.last.step  # it takes the steps as they are; after a ReLU 0 is zero
    small.net.steps = tuple((place.step, place.zero) for place in small.levels)
    return small.net
