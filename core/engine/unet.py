"""The U-Net of paper 2, and the same way back up behind a body that learned from ImageNet."""

from __future__ import annotations

import abc
import itertools
import math
from collections.abc import Sequence

import torch
from torch import nn

from core.engine import classifiers

MEAN, SPREAD = 0.5, 0.25
"""ours: photos enter the network as (x - mean) / spread, x from 0 to 1, the same for all sets."""


def block(n_in: int, n_out: int, kernel: int) -> nn.Sequential:
    """Two convolutions that keep the size, each with batch norm and ReLU."""
    # ours: two a level as in the first U-Net, batch norm, zero padding; the paper names only the kernel.
    layers: list[nn.Module] = []
    for n in (n_in, n_out):
        layers += [
            nn.Conv2d(n, n_out, kernel, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(n_out),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers)


class Network(nn.Module, abc.ABC):
    """Photos (n, 3, h, w) in, crack logits (n, 1, h, w) out; h and w are multiples of `multiple`.

    A way down that each network has its own (`descend`), and the way up of a U-Net: on each level what
    comes from below is doubled in size and joined with what was seen there on the way down.
    """

    up: nn.ModuleList
    join: nn.ModuleList
    head: nn.Conv2d
    levels: int
    kernel: int
    steps: Sequence[tuple[float, int]] = ()
    """In 8 bits: what one step is worth on each level on the way down, and which step is zero."""

    def ascent(self, seen: Sequence[int], widths: Sequence[int], kernel: int) -> None:
        """Lay the way up: `seen` channels on each level on the way down, `widths` on the way up."""
        self.levels, self.kernel = len(seen), kernel
        pairs = list(zip(widths[:0:-1], widths[-2::-1], strict=True))  # (256, 128), (128, 64), …
        # ours: transposed convolution 2 × 2 to go up
        self.up = nn.ModuleList(nn.ConvTranspose2d(low, high, 2, stride=2) for low, high in pairs)
        self.join = nn.ModuleList(
            block(beside + high, high, kernel) for beside, (_, high) in zip(seen[-2::-1], pairs, strict=True)
        )
        self.head = nn.Conv2d(widths[0], 1, 1)

    def begin(self, crack_share: float) -> None:
        """First weights. ours: the first answer is the share of crack in the photos, not one half."""
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.constant_(self.head.bias, math.log(crack_share / (1 - crack_share)))  # type: ignore[arg-type]

    @property
    def multiple(self) -> int:
        """Height and width must be multiples of this: 16 with 5 levels."""
        return 2 ** (self.levels - 1)

    @property
    @abc.abstractmethod
    def reach_px(self) -> int:
        """How far the way down looks to each side, in pixels of the photo."""

    @property
    def halo_px(self) -> int:
        """How much photo must lie around a part so that its answer is that to the whole; a multiple too.

        On the way up every convolution looks `kernel // 2` cells to each side, two of them a level, and a
        cell is as wide as its level is coarse; the grid of the coarsest level adds one cell.
        """
        cells = [2**level for level in range(self.levels - 1)]
        reach = self.reach_px + 2 * (self.kernel // 2) * sum(cells) + self.multiple
        return -(-reach // self.multiple) * self.multiple  # 112 with 5 levels and 3 × 3

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Crack logits of a batch."""
        return self.look(x)[0]

    def look(self, x: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Crack logits of a batch, and what was seen on each level on the way down."""
        seen = self.descend(x)
        x = seen[-1]
        for up, join, beside in zip(self.up, self.join, seen[-2::-1], strict=True):
            x = join(torch.cat([beside, up(x)], dim=1))  # (n, 128, h/8, w/8), …
        with torch.autocast(x.device.type, enabled=False):  # the head in fp32: bf16 has 3 digits only
            return self.head(x.float()), seen  # (n, 1, h, w) logits, not probabilities

    @abc.abstractmethod
    def descend(self, x: torch.Tensor) -> list[torch.Tensor]:
        """What is seen on each level on the way down; level k is the photo's size / 2^k."""


class UNet(Network):
    """The network of paper 2, section 3: 4 or 5 levels, 16 filters on top, doubled at each level down.

    Filters 16-32-64-128-256-128-64-32-16 (5 levels), max pooling, skip connections, one sigmoid output.
    The sigmoid is left to the caller: losses and probabilities are taken in fp32.
    """

    def __init__(self, levels: int = 5, kernel: int = 7, filters: int = 16, crack_share: float = 0.5) -> None:
        super().__init__()
        widths = [filters * 2**level for level in range(levels)]  # 16, 32, 64, 128, 256
        self.down = nn.ModuleList(
            block(n_in, n_out, kernel) for n_in, n_out in zip([3, *widths[:-1]], widths, strict=True)
        )
        self.pool: nn.Module = nn.MaxPool2d(2)
        self.ascent(widths, widths, kernel)
        self.begin(crack_share)

    @property
    def reach_px(self) -> int:
        """Two convolutions a level, each `kernel // 2` cells of its level to each side."""
        return 2 * (self.kernel // 2) * sum(2**level for level in range(self.levels))

    def descend(self, x: torch.Tensor) -> list[torch.Tensor]:
        """What is seen on each level on the way down."""
        seen: list[torch.Tensor] = []
        for down in self.down:
            x = down(x if not seen else self.pool(x))
            seen.append(x)  # (n, 16, h, w), (n, 32, h/2, w/2), … (n, 256, h/16, w/16)
        return seen


class Pretrained(Network):
    """A U-Net whose way down is MobileNetV2 to a sixteenth of the photo's size. Not in the paper.

    ours: what ImageNet taught helps most where few walls are labelled. That body begins by halving the
    photo, which would lose cracks a pixel wide, so the top level is a block at full size as in the U-Net.
    """

    CUTS = (0, 2, 4, 7, 14)
    """MobileNetV2's blocks from one of these to the next see one level: 1/2, 1/4, 1/8, 1/16."""
    SEEN = (16, 24, 32, 96)
    """Their channels."""

    def __init__(self, filters: int = 16, crack_share: float = 0.5) -> None:
        super().__init__()
        self.top = block(3, filters, 3)
        below = self.SEEN[-1]
        self.ascent((filters, *self.SEEN), (filters, 2 * filters, 3 * filters, 4 * filters, below), kernel=3)
        self.begin(crack_share)
        self.body = self._cut(classifiers.build("mobilenet_v2", 1, init="random"))
        self._reach_px = self._reach()  # once: layers may be replaced by others that look as far
        mean, std = (torch.tensor(x) for x in (classifiers.IMAGENET_MEAN, classifiers.IMAGENET_STD))
        self.factor: torch.Tensor
        self.shift: torch.Tensor
        self.register_buffer("factor", (SPREAD / std)[:, None, None], persistent=False)
        self.register_buffer("shift", ((MEAN - mean) / std)[:, None, None], persistent=False)

    def learned(self, weights: dict[str, torch.Tensor]) -> None:
        """Begin with ImageNet weights, as `classifiers.pretrained` finds them."""
        whole = classifiers.build("mobilenet_v2", 1, init="random")
        classifiers.fill(whole.body, weights, "mobilenet_v2")
        self.body.load_state_dict(self._cut(whole).state_dict())

    def _cut(self, whole: classifiers.Classifier) -> nn.ModuleList:
        steps = [step for blocks in classifiers.blocks(whole) for step in blocks]
        return nn.ModuleList(nn.Sequential(*steps[a:b]) for a, b in itertools.pairwise(self.CUTS))

    @property
    def reach_px(self) -> int:
        """Each convolution looks `kernel // 2` of its cells to each side; a stride makes cells wider."""
        return self._reach_px

    def _reach(self) -> int:
        reach, cell = 0, 1
        for layer in self.body.modules():
            if isinstance(layer, nn.Conv2d):
                reach += layer.kernel_size[0] // 2 * cell
                cell *= layer.stride[0]
        return reach

    def descend(self, x: torch.Tensor) -> list[torch.Tensor]:
        """What is seen on each level on the way down."""
        seen = [self.top(x)]
        x = x * self.factor + self.shift  # as ImageNet's photos entered
        for stage in self.body:
            x = stage(x)
            seen.append(x)  # (n, 16, h/2, w/2), (n, 24, h/4, w/4), (n, 32, h/8, w/8), (n, 96, h/16, w/16)
        return seen
