"""Photos in memory, batches from them: decoded and resized once, changed in batches on the device.

    pictures = decode(photos, 224, trimmed=True)          # (n, 3, 224, 224) uint8
    for index in batches(len(photos), 32, rng):
        x = floats(pictures, index, machine)              # (b, 3, 224, 224) float32, 0 to 1
        x = augment(x, Augment(angle=15, scale=0.2), rng)
        x = normalise(x, mean, std, machine)

Every chance comes from the given numpy generator, as many numbers a batch whatever they are used for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from core import photos as files
from core.engine.loop import Machine
from core.errors import ConfigError
from core.records import Photo


@dataclass(frozen=True)
class Augment:
    """What may happen to a training photo; the default is nothing at all."""

    flip: bool = False
    """Left and right change places, every second time."""
    upside_down: bool = False
    """Top and bottom change places, every second time."""
    angle: float = 0.0
    """Turned by at most so many degrees either way."""
    scale: float = 0.0
    """Scaled by 1 - scale to 1 + scale (0.2: paper 3's 80 % to 120 %)."""
    brightness: float = 0.0
    """Multiplied by 1 - brightness to 1 + brightness."""
    contrast: float = 0.0
    """The distance to the photo's mean grey, multiplied alike."""
    colour: float = 0.0
    """The distance of each pixel to its own grey, multiplied alike."""
    erase: float = 0.0
    """The chance that a rectangle of 5 to 25 % of the photo is painted in its mean colour."""


def shrink(photo: np.ndarray, size: int) -> torch.Tensor:
    """An upright uint8 RGB photo (H, W, 3) as (3, size, size) uint8, antialiased.

    The aspect is not kept: step 1 of paper 3 resizes to a square.
    """
    x = torch.from_numpy(np.ascontiguousarray(photo)).permute(2, 0, 1)[None]
    return F.interpolate(x, (size, size), mode="bilinear", antialias=True, align_corners=False)[0]


def picture(photo: Photo, *, trimmed: bool = False, margin: float = 1.0) -> np.ndarray:
    """An upright uint8 RGB photo (H, W, 3) from its file, which raises `PhotoError` when it is none.

    With `trimmed` a photo that knows its trim is cut to it, the box grown by `margin` about its middle; a
    photo without one is taken whole. Without `trimmed` the file with the surroundings is taken where there
    are two.
    """
    if trimmed and margin > 1 and photo.whole is not None and photo.cut is not None:
        around, _ = files.open(photo.whole, photo.title)
        return files.trim(around, photo.cut, margin)
    whole, _ = files.open(photo.path if trimmed or photo.whole is None else photo.whole, photo.title)
    return files.trim(whole, photo.trim, margin) if trimmed and photo.trim is not None else whole


def without_stripes(photo: np.ndarray) -> np.ndarray:
    """An upright uint8 photo (H, W, 3) less the median of each column, about a grey of 128; uint8 alike.

    Whatever goes on from top to bottom is gone: on a rail head seen from above the grinding marks and the
    edge of the running band, which say nothing of a defect.
    """
    level = np.median(photo, axis=0, keepdims=True)
    return np.clip(np.rint(photo - level + 128), 0, 255).astype(np.uint8)


def striped(photo: np.ndarray, stripes: str) -> np.ndarray:
    """The photo as a network is to see its vertical stripes; (H, W, 3) uint8 in and out, of any size.

    `keep`: as it is. `removed`: without them. `beside`: its grey in the first channel, its grey without
    stripes in the two others.
    """
    match stripes:
        case "keep":
            return photo
        case "removed":
            return without_stripes(photo)
        case "beside":
            grey = np.rint(photo.mean(2, keepdims=True)).astype(np.uint8)
            return np.concatenate([grey, *(2 * [without_stripes(grey)])], 2)
    raise ConfigError(f"stripes is {stripes!r}; choose keep, removed or beside.")


def decode(
    photos: Sequence[Photo], size: int, *, trimmed: bool = False, margin: float = 1.0, stripes: str = "keep"
) -> torch.Tensor:
    """All photos as one (n, 3, size, size) uint8 tensor, in their order, each as `picture` gives it.

    600 photos of 224 px are 90 MB.
    """
    pictures = torch.empty((len(photos), 3, size, size), dtype=torch.uint8)
    for i, photo in enumerate(photos):
        pictures[i] = shrink(striped(picture(photo, trimmed=trimmed, margin=margin), stripes), size)
    return pictures


def stacks(
    pictures: Iterable[np.ndarray], size: int, n: int = 32, *, stripes: str = "keep"
) -> Iterator[torch.Tensor]:
    """Photos for prediction as uint8 tensors of up to `n`, (<= n, 3, size, size), in order."""
    waiting: list[torch.Tensor] = []
    for photo in pictures:
        waiting.append(shrink(striped(photo, stripes), size))
        if len(waiting) == n:
            yield torch.stack(waiting)
            waiting = []
    if waiting:
        yield torch.stack(waiting)


def batches(n: int, batch_size: int, rng: np.random.Generator | None = None) -> Iterator[np.ndarray]:
    """Indices 0 to n - 1 in batches, shuffled by `rng` or in order without one; the last may be short."""
    order = np.arange(n) if rng is None else rng.permutation(n)
    for start in range(0, n, batch_size):
        yield order[start : start + batch_size]


def floats(pictures: torch.Tensor, index: np.ndarray | None, machine: Machine) -> torch.Tensor:
    """The photos of `index` (None: all) on the machine, (b, 3, S, S) float32, 0 to 1."""
    if index is not None:
        pictures = pictures[torch.from_numpy(np.asarray(index, np.int64)).to(pictures.device)]
    return pictures.to(machine.device, torch.float32).div_(255)


def colours(pictures: torch.Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel of uint8 photos, on the scale 0 to 1.

    A channel without any spread (all photos one flat colour) gets deviation 1.
    """
    counts = torch.stack([torch.bincount(pictures[:, c].flatten(), minlength=256) for c in range(3)])
    values = torch.arange(256, dtype=torch.float64, device=counts.device) / 255
    share = counts.double() / counts.sum(1, keepdim=True)
    mean = share @ values
    std = (share @ values**2 - mean**2).clamp_min(0).sqrt()
    return tuple(mean.tolist()), tuple(s if s > 1e-6 else 1.0 for s in std.tolist())


def normalise(x: torch.Tensor, mean: Sequence[float], std: Sequence[float], machine: Machine) -> torch.Tensor:
    """Each channel less its mean, divided by its deviation, in the memory format the machine likes."""
    m, s = (torch.tensor(v, dtype=x.dtype, device=x.device).view(1, 3, 1, 1) for v in (mean, std))
    return x.sub(m).div_(s).contiguous(memory_format=machine.memory_format)


def augment(x: torch.Tensor, how: Augment, rng: np.random.Generator) -> torch.Tensor:
    """The photos of a batch, each changed by chance: (n, 3, S, S) float32 in 0 to 1, the same out.

    Flip, turn and scale are one sampling of the photo. ours: beyond its edge the photo goes on mirrored,
    so that no black corner tells the angle.
    """
    n, _, height, width = x.shape
    chance = torch.from_numpy(rng.random((n, 11), np.float32)).to(x.device)
    swing = 2 * chance - 1
    flip = 1 - 2 * (how.flip & (chance[:, 0] < 0.5)).float()  # 1 or -1
    upset = 1 - 2 * (how.upside_down & (chance[:, 1] < 0.5)).float()
    if how.angle or how.scale:
        angle = torch.deg2rad(how.angle * swing[:, 2])
        zoom = 1 / (1 + how.scale * swing[:, 3])  # the grid says where to look: wider is smaller
        # In the grid both sides run from -1 to 1, so a turn of an oblong photo needs its aspect.
        aspect = width / height
        cos, sin, zero = torch.cos(angle) * zoom, torch.sin(angle) * zoom, torch.zeros_like(angle)
        rows = [[cos * flip, -sin * upset / aspect, zero], [sin * flip * aspect, cos * upset, zero]]
        theta = torch.stack([torch.stack(row, 1) for row in rows], 1)  # (n, 2, 3)
        grid = F.affine_grid(theta, list(x.shape), align_corners=False)
        x = F.grid_sample(x, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    else:
        x = torch.where((flip < 0).view(n, 1, 1, 1), x.flip(3), x)
        x = torch.where((upset < 0).view(n, 1, 1, 1), x.flip(2), x)
    if how.brightness:
        x = x * (1 + how.brightness * swing[:, 4]).view(n, 1, 1, 1)
    if how.contrast:
        mean = x.mean((1, 2, 3), keepdim=True)
        x = mean + (x - mean) * (1 + how.contrast * swing[:, 5]).view(n, 1, 1, 1)
    if how.colour:
        grey = _grey(x)
        x = grey + (x - grey) * (1 + how.colour * swing[:, 6]).view(n, 1, 1, 1)
    if how.brightness or how.contrast or how.colour:
        x = x.clamp(0, 1)
    if how.erase:
        x = _erase(x, how.erase, chance[:, 7:])
    return x


def _grey(x: torch.Tensor) -> torch.Tensor:
    """(n, 1, S, S): the brightness of each pixel after ITU-R BT.601."""
    red, green, blue = x.unbind(1)
    return (0.299 * red + 0.587 * green + 0.114 * blue)[:, None]


def _erase(x: torch.Tensor, share: float, chance: torch.Tensor) -> torch.Tensor:
    """Paint one square of 5 to 25 % of the area into a `share` of the photos; `chance` is (n, 4)."""
    n, _, height, width = x.shape
    side = torch.sqrt(0.05 + 0.20 * chance[:, 1])  # as a part of the photo's sides
    left, top = chance[:, 2] * (1 - side), chance[:, 3] * (1 - side)
    ys = ((torch.arange(height, device=x.device) + 0.5) / height)[None]  # centres of pixels
    xs = ((torch.arange(width, device=x.device) + 0.5) / width)[None]
    rows = (ys >= top[:, None]) & (ys < (top + side)[:, None])
    columns = (xs >= left[:, None]) & (xs < (left + side)[:, None])
    inside = rows[:, None, :, None] & columns[:, None, None, :] & (chance[:, 0] < share).view(n, 1, 1, 1)
    return torch.where(inside, x.mean((2, 3), keepdim=True), x)
