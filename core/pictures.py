"""Pictures for the browser, made once from what is stored and kept in data/cache: thumbnails, upright
photos, and masks to lay over them. Named by content and size, so a name never means another picture.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from core import arrays, artifacts, cards, disk, photos, sweep, trials
from core.errors import NotFound
from core.measuring import widths
from core.settings import Settings

SIDES = (160, 320, 480, 960, 1600)
"""Longer sides that thumbnails and overlays come in; a wish is rounded up, so that nobody fills the disk."""
GALLERY_SIDE = 480
"""Made when a photo is uploaded, since it is decoded then anyway."""
LOSSLESS_PIXELS = 4_000_000
"""ours: a lossless photo up to this size goes to the browser as PNG, a larger one as JPEG."""
CRACK = (214, 36, 159)
"""Magenta: on photos, what the model calls crack (pages/parts/components/mask.js has the same)."""
CACHE_BYTES = 4 * 2**30

MEDIA_TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "TIFF": "image/tiff",
    "WEBP": "image/webp",
    "HEIC": "image/heic",
    "AVIF": "image/avif",
    "BMP": "image/bmp",
    "GIF": "image/gif",
    "JPEG2000": "image/jp2",
    "PPM": "image/x-portable-anymap",
}
"""By `Facts.format`."""


def side_of(wanted: int) -> int:
    """The side of `SIDES` that is given for a wished one: the next larger, else the largest."""
    return next((side for side in SIDES if side >= wanted), SIDES[-1])


def thumbnail(settings: Settings, sha: str, side: int) -> Path:
    """A stored photo as WebP with its longer side at most `side`, one of `SIDES`."""

    def make() -> bytes:
        for larger in SIDES[SIDES.index(side) + 1 :]:
            known = _place(settings, "thumbs", sha, f"{larger}.webp")
            if known.exists():
                with Image.open(known) as image:
                    return photos.thumbnail(np.asarray(image.convert("RGB")), side)
        return photos.thumbnail(_decoded(artifacts.path(settings.artifacts, sha), side), side)

    return _kept(_place(settings, "thumbs", sha, f"{side}.webp"), make)


def keep_thumbnail(settings: Settings, sha: str, picture: np.ndarray) -> None:
    """Make the gallery's thumbnail of a photo that is decoded just now."""
    place = _place(settings, "thumbs", sha, f"{GALLERY_SIDE}.webp")
    _kept(place, lambda: photos.thumbnail(picture, GALLERY_SIDE))


def upright(settings: Settings, sha: str) -> tuple[Path, str]:
    """A stored photo as any browser shows it, and its media type: upright, 8-bit, without EXIF."""
    for suffix, kind in ((".jpg", "image/jpeg"), (".png", "image/png")):
        known = _place(settings, "photos", sha, f"upright{suffix}")
        if known.exists():
            return known, kind
    picture, facts = photos.open(artifacts.path(settings.artifacts, sha), "The photo")
    is_lossless = facts.format in ("PNG", "TIFF", "BMP", "GIF", "PPM")
    if is_lossless and facts.width_px * facts.height_px <= LOSSLESS_PIXELS:
        suffix, kind, told = ".png", "image/png", {"format": "PNG", "compress_level": 3}
    else:
        suffix, kind, told = ".jpg", "image/jpeg", {"format": "JPEG", "quality": 92, "subsampling": 0}

    def make() -> bytes:
        out = io.BytesIO()
        Image.fromarray(picture).save(out, **told)  # type: ignore[arg-type]
        return out.getvalue()

    return _kept(_place(settings, "photos", sha, f"upright{suffix}"), make), kind


def overlay(
    settings: Settings, sha: str, threshold: float, side: int | None = None, smallest_px: float = 0.0
) -> Path:
    """What a stored crack map calls crack at this threshold, magenta on nothing, as lossless WebP.

    Marks that reach less than `smallest_px` are specks to the model that made the map, and are not drawn.
    As large as the photo, or with its longer side `side`, one of `SIDES`; made smaller, a pixel is drawn
    when anything under it is crack, so that a fine crack stays a line.
    """
    cut = int(sweep.level(threshold))

    def make() -> bytes:
        p = arrays.unpack(artifacts.read(settings.artifacts, sha))["p"]
        if p.ndim != 2:
            raise NotFound("There is nothing to draw into this photo; only crack maps are drawn.")
        return _drawn(widths.without_specks(sweep.mask(p, threshold), smallest_px), side)

    name = f"{cut}-{smallest_px:g}-{side or 'full'}.webp"
    return _kept(_place(settings, "overlays", sha, name), make)


def model_map(models: Path, domain: str, id: str, sha: str) -> Path:
    """The probability map that a model's evaluation kept for a photo; `NotFound` when there is none."""
    return _map(cards.place(models, domain, id), sha, f"The model {domain}/{id}")


def trial_map(runs: Path, run: str, number: int, sha: str) -> Path:
    """The same of a training of a sweep that is not filed as a model; `NotFound` when there is none."""
    known = {folder.name: folder for folder in trials.known(runs)}
    if run not in known:
        raise NotFound(f"There is no sweep {run}.")
    return _map(trials.model(known[run], number)[1], sha, f"Training {number} of {run}")


def _map(folder: Path, sha: str, whose: str) -> Path:
    if artifacts.is_sha256(sha):
        for suffix in (".png", ".webp"):
            place = folder / cards.MAPS / f"{sha}{suffix}"
            if place.is_file():
                return place
    raise NotFound(f"{whose} kept no map of this photo.")


def trim_cache(settings: Settings, most_bytes: int = CACHE_BYTES) -> int:
    """Delete the pictures made longest ago until the cache fits; returns how many."""
    found = [(p.stat().st_mtime, p.stat().st_size, p) for p in settings.cache.glob("*/*/*") if p.is_file()]
    total, n = sum(size for _, size, _ in found), 0
    for _, size, path in sorted(found):
        if total <= most_bytes:
            break
        path.unlink(missing_ok=True)
        total, n = total - size, n + 1
    return n


def _decoded(path: Path, side: int) -> np.ndarray:
    """An upright picture, at least twice the thumbnail; a JPEG is decoded at a fraction of its size."""
    with path.open("rb") as file:
        is_jpeg = file.read(2) == b"\xff\xd8"
    if is_jpeg:
        with Image.open(path, formats=("JPEG",)) as image:
            if image.mode in ("L", "RGB"):
                image.draft(image.mode, (2 * side, 2 * side))
                return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    return photos.open(path, "The photo")[0]


def _drawn(mask: np.ndarray, side: int | None) -> bytes:
    height, width = mask.shape
    if side is not None and max(mask.shape) > side:
        small = max(1, round(height * side / max(mask.shape))), max(1, round(width * side / max(mask.shape)))
        mask = _any(mask, small)
    drawn = np.zeros((*mask.shape, 4), np.uint8)
    drawn[mask] = (*CRACK, 255)
    out = io.BytesIO()
    Image.fromarray(drawn).save(out, "WEBP", lossless=True, quality=20, method=2, exact=False)
    return out.getvalue()


def _any(mask: np.ndarray, small: tuple[int, int]) -> np.ndarray:
    """The mask on a coarser grid: true where any pixel of the cell is."""
    for axis, n in enumerate(small):
        edges = np.arange(n) * mask.shape[axis] // n
        mask = np.logical_or.reduceat(mask, edges, axis=axis)
    return mask


def _place(settings: Settings, kind: str, sha: str, variant: str) -> Path:
    if not artifacts.is_sha256(sha):
        raise NotFound("A file in the store is named by 64 hex digits.")
    return settings.cache / kind / sha[:2] / f"{sha}-{variant}"


def _kept(place: Path, make: Callable[[], bytes]) -> Path:
    """The file at this place, made when it is not there; never seen half written."""
    if place.exists():
        return place
    disk.put(place, make(), lasting=False)
    return place
