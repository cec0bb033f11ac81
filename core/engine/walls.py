"""Photos of walls and their masks in memory: read, shrunk, cut into the crops that a crack network sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import psutil
import torch
from torch.nn import functional as F

from core import crack
from core import photos as files
from core.crack import Config
from core.errors import DataError
from core.records import Photo


@dataclass
class Walls:
    """Photos and masks in memory, as they were taken; what a training draws its crops from."""

    pictures: list[np.ndarray]
    """(H, W, 3) uint8 each."""
    masks: list[np.ndarray]
    """(H, W) bool each, True on crack."""
    cracks: list[np.ndarray]
    """Places of crack pixels in each mask, (k, 2) int32 rows of y and x; at most `KEPT` of them."""

    KEPT = 20_000

    @classmethod
    def read(cls, photos: Sequence[Photo], longest_px: int | None = None, room: int | None = None) -> Walls:
        """Decode photos and masks; `DataError` when a mask does not fit or they would fill the memory.

        `room` is how many bytes they may take; three quarters of what is free when left open.
        """
        room = int(0.75 * psutil.virtual_memory().available) if room is None else room
        walls = cls([], [], [])
        for photo in photos:
            picture, mask = fitting(photo)
            if longest_px:
                picture, mask = shrink(picture, longest_px), shrink(mask, longest_px)
            room -= picture.nbytes + mask.nbytes
            if room < 0:
                raise DataError(
                    f"{len(photos)} photos do not fit into memory (full after {len(walls.pictures)}). "
                    "Train with longest_px set, for example longest_px=1024, or on fewer photos."
                )
            places = np.argwhere(mask).astype(np.int32)
            walls.pictures.append(picture)
            walls.masks.append(mask)
            walls.cracks.append(places[:: -(-len(places) // cls.KEPT) or 1])
        return walls

    @property
    def crack_share(self) -> float:
        """Share of crack among all pixels."""
        return sum(int(m.sum()) for m in self.masks) / max(1, sum(m.size for m in self.masks))

    def crops(self, config: Config, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """One step's crops: (n, 3, S, S) uint8 and (n, 1, S, S) bool, from photos drawn at random.

        ours: a photo is drawn the more often the larger it is, `near_crack` of the crops hold a crack pixel
        at a random place, each is zoomed, mirrored and turned by quarters. A photo smaller than its crop goes
        on mirrored.
        """
        size = config.crop_px
        area = np.cumsum([mask.size for mask in self.masks])
        pictures = torch.empty((config.batch, 3, size, size), dtype=torch.uint8)
        masks = torch.empty((config.batch, 1, size, size), dtype=torch.bool)
        for i in range(config.batch):
            which = int(np.searchsorted(area, rng.integers(area[-1]), side="right"))
            side = round(size * config.zoom ** rng.uniform(-1, 1))
            picture, mask = self.pictures[which], self.masks[which]
            near = rng.random() < config.near_crack and len(self.cracks[which]) > 0
            place = self.cracks[which][rng.integers(len(self.cracks[which]))] if near else None
            window = tuple(
                _window(n, side, None if place is None else place[k], rng) for k, n in enumerate(mask.shape)
            )
            turns, flip = int(rng.integers(4)), bool(rng.integers(2))
            cut = _turned(_cut(picture, window, side), turns, flip)
            said = _turned(_cut(mask, window, side), turns, flip)
            pictures[i] = _resized(torch.from_numpy(cut).permute(2, 0, 1), size)
            masks[i] = _resized(torch.from_numpy(said)[None], size)
        return pictures, masks


def shrink(picture: np.ndarray, longest_px: int) -> np.ndarray:
    """The picture or mask with its longer side at most `longest_px`, antialiased; never enlarged."""
    height, width = picture.shape[:2]
    factor = longest_px / max(height, width)
    if factor >= 1:
        return picture
    size = (max(1, round(height * factor)), max(1, round(width * factor)))
    x = torch.from_numpy(np.ascontiguousarray(picture))
    x = x.permute(2, 0, 1)[None] if picture.ndim == 3 else x.float()[None, None]
    x = F.interpolate(x, size, mode="bilinear", antialias=True, align_corners=False)[0]
    return x.permute(1, 2, 0).numpy() if picture.ndim == 3 else (x[0] >= 0.5).numpy()


def fitting(photo: Photo) -> tuple[np.ndarray, np.ndarray]:
    """Photo and mask of one size, else `DataError`."""
    picture, _ = files.open(photo.path, photo.title)
    mask = crack.truth(photo)
    crack.check_size(photo, mask, picture)
    return picture, mask


def _window(n: int, side: int, place: int | None, rng: np.random.Generator) -> int:
    """Where a crop starts along one side of n pixels; over `place` when one is given."""
    if n <= side:
        return (n - side) // 2  # the photo in the middle, mirrored around
    low, high = 0, n - side
    if place is not None:
        low, high = max(low, int(place) - side + 1), min(high, int(place))
    return int(rng.integers(low, high + 1))


def _cut(picture: np.ndarray, start: tuple[int, ...], side: int) -> np.ndarray:
    y, x = start
    height, width = picture.shape[:2]
    inside = picture[max(0, y) : y + side, max(0, x) : x + side]
    if inside.shape[:2] == (side, side):
        return inside
    around = [(max(0, -y), max(0, y + side - height)), (max(0, -x), max(0, x + side - width))]
    return np.pad(inside, around + [(0, 0)] * (picture.ndim - 2), mode="symmetric")


def _turned(picture: np.ndarray, turns: int, flip: bool) -> np.ndarray:
    picture = np.rot90(picture, turns)
    return np.ascontiguousarray(picture[:, ::-1] if flip else picture)


def _resized(x: torch.Tensor, size: int) -> torch.Tensor:
    if x.shape[-1] == size:
        return x
    is_mask = x.dtype == torch.bool
    x = F.interpolate(x[None].float(), (size, size), mode="bilinear", antialias=True, align_corners=False)[0]
    return x >= 0.5 if is_mask else x.round_().clamp_(0, 255).byte()
