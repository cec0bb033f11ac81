"""Losses that others train crack models with, to compare paper 2's five against: by name, for torch.

Each takes logits and truth (n, 1, H, W) float32, truth 0 or 1, and the weight w, and gives one number. They
look at more than the difference e of a pixel: they are not among `core.losses`, whose curves the page draws.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch.nn import functional as F

from core.losses import PEERS

Peer = Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]

THINNINGS: Final = 20
"""ours: steps of the soft skeleton; a line of up to 41 pixels is thinned to its middle. Too few leave wide
cracks unthinned, and the loss then rewards thickness."""


def bce(logits: torch.Tensor, truth: torch.Tensor, w: float) -> torch.Tensor:
    """Cross entropy, a missed pixel 1 + w times as dear."""
    return F.binary_cross_entropy_with_logits(logits, truth, pos_weight=torch.tensor(1 + w).to(logits))


def dice(logits: torch.Tensor, truth: torch.Tensor, w: float) -> torch.Tensor:
    """1 - Dice over all pixels of the batch (Milletari et al. 2016); the weight plays no part."""
    return tversky(logits, truth, 0.0)


def focal(logits: torch.Tensor, truth: torch.Tensor, w: float) -> torch.Tensor:
    """Focal loss with gamma 2 (Lin et al. 2017), a missed pixel 1 + w times as dear."""
    each = F.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    missing = (truth - logits.sigmoid()).abs()
    return ((1 + w * truth) * missing**2 * each).mean()


def tversky(logits: torch.Tensor, truth: torch.Tensor, w: float) -> torch.Tensor:
    """1 - Tversky index over all pixels of the batch (Salehi et al. 2017).

    A missed pixel counts (1 + w) / 2, a false alarm (1 - w) / 2; w = 0 is Dice. Pooled over the batch:
    a crop without a crack has no index of its own.
    """
    p = logits.sigmoid()
    hit = (p * truth).sum()
    missed, false = ((1 - p) * truth).sum(), (p * (1 - truth)).sum()
    return 1 - (hit + 1) / (hit + (1 + w) / 2 * missed + (1 - w) / 2 * false + 1)


def cldice(logits: torch.Tensor, truth: torch.Tensor, w: float) -> torch.Tensor:
    """(1 - w) Dice + w clDice loss, 0 <= w <= 1 (Shit et al. 2021): skeletons must lie in each other's mask.

    The truth's middle line comes from the same soft thinning, and the score divides by the skeletons
    themselves, so a mask against itself scores 1.
    """
    p = logits.sigmoid()
    said, true = skeleton(p), skeleton(truth)
    precision = ((said * truth).sum() + 1) / (said.sum() + 1)
    recall = ((true * p).sum() + 1) / (true.sum() + 1)
    return (1 - w) * dice(logits, truth, 0.0) + w * (1 - 2 * precision * recall / (precision + recall))


def skeleton(mask: torch.Tensor, steps: int = THINNINGS) -> torch.Tensor:
    """The middle lines of soft masks (n, 1, H, W) from 0 to 1, differentiable: what opening takes away.

    Stops early once nothing is left to thin.
    """
    found = F.relu(mask - _opened(mask))
    for _ in range(steps):
        mask = _eroded(mask)
        if not bool((mask > 0).any()):
            break
        found = found + F.relu(F.relu(mask - _opened(mask)) * (1 - found))
    return found


def _eroded(mask: torch.Tensor) -> torch.Tensor:
    """The least of a cross of five; beyond the border the mask goes on."""
    upright = -F.max_pool2d(-mask, (3, 1), 1, (1, 0))
    level = -F.max_pool2d(-mask, (1, 3), 1, (0, 1))
    return torch.minimum(upright, level)


def _opened(mask: torch.Tensor) -> torch.Tensor:
    return F.max_pool2d(_eroded(mask), 3, 1, 1)


LOSSES: Final[dict[str, Peer]] = dict(zip(PEERS, (bce, dice, focal, tversky, cldice), strict=True))
"""By the names that the settings know, `core.losses.PEERS`."""
