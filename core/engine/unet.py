"""The U-Net of paper 2: 4 or 5 levels, 16 filters on top, doubled at each level down."""

from __future__ import annotations

import math

import torch
from torch import nn


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


class UNet(nn.Module):
    """Photos (n, 3, h, w) in, crack logits (n, 1, h, w) out; h and w are multiples of `multiple`.

    Paper 2, section 3: filters 16-32-64-128-256-128-64-32-16 (5 levels), max pooling, skip connections,
    one sigmoid output. The sigmoid is left to the caller: losses and probabilities are taken in fp32.
    """

    def __init__(self, levels: int = 5, kernel: int = 7, filters: int = 16, crack_share: float = 0.5) -> None:
        super().__init__()
        widths = [filters * 2**level for level in range(levels)]  # 16, 32, 64, 128, 256
        self.down = nn.ModuleList(
            block(n_in, n_out, kernel) for n_in, n_out in zip([3, *widths[:-1]], widths, strict=True)
        )
        self.pool = nn.MaxPool2d(2)
        pairs = list(zip(widths[:0:-1], widths[-2::-1], strict=True))  # (256, 128), (128, 64), …
        # ours: transposed convolution 2 × 2 to go up
        self.up = nn.ModuleList(nn.ConvTranspose2d(low, high, 2, stride=2) for low, high in pairs)
        self.join = nn.ModuleList(block(2 * high, high, kernel) for _, high in pairs)
        self.head = nn.Conv2d(filters, 1, 1)
        self.levels, self.kernel = levels, kernel
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        # ours: the first answer is the share of crack in the training photos, not one half everywhere
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.constant_(self.head.bias, math.log(crack_share / (1 - crack_share)))  # type: ignore[arg-type]

    @property
    def multiple(self) -> int:
        """Height and width must be multiples of this: 16 with 5 levels."""
        return 2 ** (self.levels - 1)

    @property
    def halo_px(self) -> int:
        """How much photo must lie around a part so that its answer is that to the whole; a multiple too.

        Every convolution looks `kernel // 2` cells to each side, two of them a level, and a cell is as wide
        as its level is coarse; the grid of the coarsest level adds one cell.
        """
        cells = [2**level for level in range(self.levels)]
        reach = 2 * (self.kernel // 2) * (sum(cells) + sum(cells[:-1])) + self.multiple
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

    def descend(self, x: torch.Tensor) -> list[torch.Tensor]:
        """What is seen on each level on the way down."""
        seen: list[torch.Tensor] = []
        for down in self.down:
            x = down(x if not seen else self.pool(x))
            seen.append(x)  # (n, 16, h, w), (n, 32, h/2, w/2), … (n, 256, h/16, w/16)
        return seen
