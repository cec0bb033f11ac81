"""Cracks mapped on photos of any size: in tiles whose answers are those to the whole photo.

    for found in predict(model, pictures):   # p (H, W) uint8, unlike ()
    for part, p, features in tiles(model, picture): ...

A model is a network with what it needs to say how unlike its training photos a photo is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from core import photos as files
from core import sweep
from core.engine import loop
from core.engine.loop import Machine
from core.engine.unet import MEAN, SPREAD, Network
from core.engine.walls import shrink
from core.records import Card, Photo

CORE = 768
"""ours: side of the part of a tile that is kept; around it lies as much photo as a pixel can look at."""
WHOLE = 1_500_000
"""ours: photos up to so many pixels are taken in one piece, which is cheaper than tiles with margins."""
NEAREST = 3
"""ours: a photo is as far from the training photos as the mean of so many nearest ones."""
KNOWN = 512
"""ours: training photos that are kept to say "unlike", at most."""


@dataclass
class Model:
    """A network ready to predict, and what is needed to say "unlike the training photos"."""

    net: Network
    machine: Machine
    longest_px: int | None = None
    views: int = 1
    known: Known | None = None
    card: Card | None = None
    enlarge: int = 1
    """So many times as large a photo is looked at: 2 is for fine cracks, at four times the time."""
    seen: Callable[[int, int], None] | None = None
    """Told after each part of a photo how many of how many were looked at; what it raises ends the look."""
    told: str = ""
    """In which arithmetic it answers on this machine, and why; empty where nothing was chosen."""


@dataclass(frozen=True)
class Known:
    """The training photos as the network saw them, and how alike they are: what "unlike" is measured by."""

    features: torch.Tensor
    """(n, k) float16, each feature divided by its spread."""
    spread: torch.Tensor
    """(k,) float32."""
    distances: torch.Tensor
    """(n,) float32, sorted: how far each photo is from those of other groups."""

    @classmethod
    def of(cls, rows: torch.Tensor, groups: np.ndarray) -> Known:
        """From the features (n, k) of photos and their groups; from other photos where there is one group."""
        spread = rows.std(0, correction=0).clamp_min(1e-6).float()
        features = (rows / spread).half()
        far = []
        for i, row in enumerate(features.float()):
            others = groups != groups[i] if (groups != groups[i]).any() else np.arange(len(groups)) != i
            far.append(distance(features.float()[torch.from_numpy(others)], row) if others.any() else 0.0)
        return cls(features, spread, torch.tensor(sorted(far)))

    def share(self, features: np.ndarray) -> float:
        """The share of training photos that are nearer to each other than a photo with these features is."""
        far = distance(self.features.float(), torch.from_numpy(features) / self.spread)
        return float((self.distances < far).float().mean())


def distance(known: torch.Tensor, row: torch.Tensor) -> float:
    """Root mean square difference of a feature row to known ones, the mean of the `NEAREST` nearest."""
    apart = (known - row.float()).square().mean(1).sqrt()
    return float(apart.sort().values[:NEAREST].mean())


def predict(model: Model, pictures: Iterable[np.ndarray]) -> Iterator[dict[str, np.ndarray]]:
    """`p` (H, W) uint8 = round(255 p) at the photo's own size and `unlike` () of each photo, in order.

    Photos are upright uint8 RGB (H, W, 3) of any size; large ones go through in tiles, so that memory stays
    bounded. Without known training photos there is no `unlike`.
    """
    for picture in pictures:
        height, width = picture.shape[:2]
        small = shrink(picture, model.longest_px) if model.longest_px else picture
        if model.enlarge > 1:
            small = _grown(small, model.enlarge)
        said = np.empty(small.shape[:2], np.uint8 if small is picture else np.float32)
        features = np.zeros(0)
        of = count(model.net, small)
        for n, (part, p, seen) in enumerate(tiles(model, small), 1):
            if model.seen is not None:
                model.seen(n, of)
            said[part] = sweep.store(p) if said.dtype == np.uint8 else p
            features = features + seen if features.size else seen
        if said.dtype != np.uint8:
            # Enlarged parts are averaged, reduced ones drawn out again.
            how = "area" if model.enlarge > 1 else "bilinear"
            sized = F.interpolate(torch.from_numpy(said)[None, None], (height, width), mode=how)
            said = sweep.store(sized[0, 0].numpy())
        told = {"p": said}
        if model.known is not None:
            told["unlike"] = np.asarray(model.known.share(features / small[..., 0].size), np.float32)
        yield told


def count(net: Network, picture: np.ndarray, core: int = CORE, whole: int = WHOLE) -> int:
    """How many parts `windows` makes of a photo."""
    height, width = picture.shape[:2]
    core = -(-core // net.multiple) * net.multiple
    return 1 if height * width <= whole else -(-height // core) * -(-width // core)


def _grown(picture: np.ndarray, times: int) -> np.ndarray:
    """The photo `times` as large, (H, W, 3) uint8."""
    x = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None]
    x = F.interpolate(x, scale_factor=times, mode="bilinear", align_corners=False)
    return x[0].permute(1, 2, 0).numpy()


def probabilities(model: Model, picture: np.ndarray) -> np.ndarray:
    """The crack probability of every pixel of a photo, (H, W) float32, before it is stored in 8 bits."""
    p = np.empty(picture.shape[:2], np.float32)
    for part, said, _ in tiles(model, picture):
        p[part] = said
    return p


def tiles(
    model: Model, picture: np.ndarray, core: int = CORE, whole: int = WHOLE
) -> Iterator[tuple[tuple[slice, slice], np.ndarray, np.ndarray]]:
    """Each part of a photo, its probabilities (h, w) float32, and its feature sums (features,) float64."""
    for part, seen, own in windows(model.net, picture, core, whole):
        p, features = _look(model, seen, own)
        yield part, p, features


def windows(
    net: Network, picture: np.ndarray, core: int = CORE, whole: int = WHOLE
) -> Iterator[tuple[tuple[slice, slice], np.ndarray, tuple[slice, slice]]]:
    """Each part of a photo, what the network must see of the photo for it, and where the part lies in that.

    A tile is seen with a halo as wide as the network's reach and lies on the grid of its poolings, so the
    parts equal the answer to the whole photo. Photos of up to `whole` pixels are one tile.
    """
    m, halo = net.multiple, net.halo_px
    height, width = picture.shape[:2]
    if height * width <= whole:
        core = max(height, width)
    core = -(-core // m) * m
    for top in range(0, height, core):
        for left in range(0, width, core):
            bottom, right = min(height, top + core), min(width, left + core)
            y, x = max(0, top - halo), max(0, left - halo)
            seen = picture[y : bottom + halo, x : right + halo]
            seen = np.pad(seen, ((0, -seen.shape[0] % m), (0, -seen.shape[1] % m), (0, 0)), mode="edge")
            yield (
                (slice(top, bottom), slice(left, right)),
                seen,
                (
                    slice(top - y, bottom - y),
                    slice(left - x, right - x),
                ),
            )


def _look(model: Model, picture: np.ndarray, own: tuple[slice, slice]) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of the own part of a padded tile, and its features summed over that part's pixels."""
    machine = model.machine
    total: Any = 0
    with loop.judging(model.net):
        x = _entering(picture, machine)
        for view in range(model.views):
            turned = _view(x, view).contiguous(memory_format=machine.memory_format)
            with machine.autocast():
                logits, levels = model.net.look(turned)
            total = total + _view(logits.float().sigmoid(), view, back=True)
            if not view:
                features = _features(model.net, levels, own)
        p = (total / model.views)[0, 0][own]
    return p.cpu().numpy(), features


def _seen(model: Model, picture: np.ndarray, own: tuple[slice, slice]) -> np.ndarray:
    """The features of `_look` alone: half of the network has nothing to say to them."""
    with loop.judging(model.net), model.machine.autocast():
        return _features(model.net, model.net.descend(_entering(picture, model.machine)), own)


def ready(x: torch.Tensor, machine: Machine) -> torch.Tensor:
    """Photos of 0 to 1 as the network wants them."""
    return x.sub(MEAN).div(SPREAD).contiguous(memory_format=machine.memory_format)


def _entering(picture: np.ndarray, machine: Machine) -> torch.Tensor:
    x = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None]
    return ready(x.to(machine.device, torch.float32).div_(255), machine)


def _features(net: Network, levels: Sequence[torch.Tensor], own: tuple[slice, slice]) -> np.ndarray:
    steps = net.steps or [(1.0, 0)] * len(levels)
    sums = []
    for k, (level, (step, zero)) in enumerate(zip(levels, steps, strict=True)):
        sums.append(_summed(level, own, 2**k, zero) * step)
    return torch.cat(sums).cpu().numpy()


def _view(x: torch.Tensor, view: int, back: bool = False) -> torch.Tensor:
    """The eight ways to look at a square: turned by `view` quarters, mirrored from the fifth on."""
    if back:
        x = x.flip(-1) if view >= 4 else x
        return torch.rot90(x, -view, (-2, -1))
    x = torch.rot90(x, view, (-2, -1))
    return x.flip(-1) if view >= 4 else x


def _summed(level: torch.Tensor, own: tuple[slice, slice], cell: int, zero: int = 0) -> torch.Tensor:
    """Channel sums (c,) float64 over the own part of one level, in pixels of the photo."""
    rows, columns = (slice(s.start // cell, -(-s.stop // cell)) for s in own)
    inside = level[0, :, rows, columns].double()
    share = (own[0].stop - own[0].start) * (own[1].stop - own[1].start) / max(1, inside[0].numel())
    return (inside.sum((1, 2)) - zero * inside[0].numel()) * share


def known_of(model: Model, photos: Sequence[Photo]) -> Known:
    """What "unlike" needs to know of the photos that the model learned from, at most `KNOWN` of them."""
    if len(photos) > KNOWN:
        photos = [photos[i] for i in np.linspace(0, len(photos) - 1, KNOWN).astype(int)]
    rows = []
    for photo in photos:
        picture, _ = files.open(photo.path, photo.title)
        picture = shrink(picture, model.longest_px) if model.longest_px else picture
        sums = [_seen(model, seen, own) for _, seen, own in windows(model.net, picture)]
        rows.append(np.sum(sums, axis=0) / picture[..., 0].size)
    groups = np.asarray([photo.group or photo.title for photo in photos])
    return Known.of(torch.from_numpy(np.asarray(rows)), groups)
