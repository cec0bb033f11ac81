"""How like a photo is to those a model has learned from: cosines of features, kept in bytes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional as F

from core import dealing

NEAREST = 3
"""ours: a photo is as far from the training photos as it is, on average, from its three nearest."""


def distances(known: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
    """(n,) float32, 0 to 2: mean cosine distance of each photo to its three nearest known ones."""
    near = F.normalize(features.float(), dim=1) @ F.normalize(known.float(), dim=1).T
    return 1 - near.topk(min(NEAREST, len(known)), dim=1).values.mean(1)


def as_bytes(features: torch.Tensor) -> torch.Tensor:
    """Features as int8, each row scaled to its own largest value: its direction is all that counts."""
    return (127 * features / features.abs().amax(1, keepdim=True).clamp_min(1e-12)).round().to(torch.int8)


def apart_from_other_places(features: torch.Tensor, place: Sequence[str]) -> torch.Tensor:
    """(n,) float32: how far each known photo is from those of all other places, where there are others."""
    names = dealing.named(place)
    found = []
    for name in np.unique(names):
        own = torch.from_numpy(names == name)
        if (~own).any():
            found.append(distances(features[~own], features[own]))
    return torch.cat(found) if found else torch.zeros(0)
