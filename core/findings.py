"""What decoding every photo of a set shows: damage, masks that do not fit, twins across splits.

seen = findings.looks(photo_set)             # one a photo; show progress while they come
found = findings.report(photo_set, seen)     # frozen, JSON by `to_dict`
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy
from PIL import Image

from core import overlaps, photos, quality
from core.errors import PhotoError
from core.records import Domain, Photo, PhotoSet
from core.tables import CLASSES, REASONS, Oddities, class_of, listed


@dataclass(frozen=True)
class Look:
    """What decoding one photo, and its mask, shows."""

    name: str
    size: tuple[int, int] | None = None
    """Width and height in pixels, upright."""
    trouble: str = ""
    """Its name and why it cannot be opened; empty when it can."""
    fault: str | None = None
    """`Quality.fault`"""
    mask_trouble: str = ""
    """The mask's name and why it cannot be used; empty when it can or there is none."""
    crack_share: float | None = None
    """Share of the mask's pixels that are crack, 0 to 1."""
    hash: np.ndarray | None = field(default=None, compare=False)
    """(256,) bool, a perceptual hash; None for a picture without contrast."""
    small: np.ndarray | None = field(default=None, compare=False)
    """`overlaps.small`"""


def look(photo: Photo) -> Look:
    """Open a photo and its mask and say what is there; nothing is raised."""
    try:
        picture, _ = photos.open(photo.path, photo.title)
    except PhotoError as error:
        return Look(photo.title, trouble=f"{photo.title} ({REASONS[error.reason]})")
    size = (picture.shape[1], picture.shape[0])
    mask_trouble, share = _look_at_mask(photo, size)
    return Look(
        photo.title,
        size,
        fault=quality.measured(picture).fault,
        mask_trouble=mask_trouble,
        crack_share=share,
        hash=perceptual_hash(picture),
        small=overlaps.small(picture),
    )


def _look_at_mask(photo: Photo, size: tuple[int, int]) -> tuple[str, float | None]:
    if photo.mask is None:
        return "", 0.0 if photo.label == "no crack" else None
    try:
        picture, _ = photos.open(photo.mask, photo.mask.name)
    except PhotoError as error:
        return f"{photo.mask.name} ({REASONS[error.reason]})", None
    grey = picture[..., 0]
    if (grey.shape[1], grey.shape[0]) != size:
        wide, high = size
        return (
            f"{photo.mask.name}: {grey.shape[1]} × {grey.shape[0]} pixels for a photo of {wide} × {high}",
            None,
        )
    if 0 < grey.max() < 128:
        return (
            f"{photo.mask.name}: its brightest value is {grey.max()} of 255; white must mark the crack",
            None,
        )
    share = float((grey >= 128).mean())
    if share > 0.5:
        return (
            f"{photo.mask.name}: {share:.0%} of it is white; white must mark the crack, not the wall",
            share,
        )
    return "", share


def looks(photo_set: PhotoSet) -> Iterator[Look]:
    """A look at each photo in the set's order, on all cores."""
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        waiting = []
        for photo in photo_set.photos:
            waiting.append(pool.submit(look, photo))
            if len(waiting) >= 32:  # decoded photos are large: never more than these at once
                yield waiting.pop(0).result()
        for one in waiting:
            yield one.result()


def perceptual_hash(picture: np.ndarray) -> np.ndarray | None:
    """256 bits that small changes of size, light and compression leave alone; None without contrast.

    The signs of the lowest 16 × 16 cosine frequencies of the grey picture at 64 × 64, row by row.
    """
    small = np.asarray(
        Image.fromarray(picture).convert("L").resize((64, 64), Image.Resampling.BOX), np.float32
    )
    if small.std() < 2:
        return None
    low = scipy.fft.dctn(small, norm="ortho")[:16, :16].ravel()
    return low > 0


BITS = 256
"""Of a perceptual hash."""
NEAR_BITS = 26
"""ours: at most 10 % of the bits differ. Photos of different places differ in 30 % and more."""


@dataclass(frozen=True)
class Report:
    """What an import shows before anything is kept. `problems` holds every finding as a sentence."""

    name: str
    domain: Domain
    n_photos: int
    licence: str
    fingerprint: str
    is_synthetic: bool
    counts: Mapping[str, int]
    """Photos by class; `unlabelled` where nobody has said."""
    splits: Mapping[str, Mapping[str, Any]]
    """By split: n, groups, counts by class."""
    sizes: Mapping[str, Any]
    """smallest, median and largest as [width, height], and how many different ones."""
    crack_share: float | None
    """Share of crack pixels over all masks, 0 to 1."""
    faults: Mapping[str, int]
    """Photos by what is wrong with them: blurred, too dark …"""
    unreadable: tuple[str, ...]
    """Names of photos that cannot be decoded; `without` takes them out."""
    duplicates: tuple[tuple[str, ...], ...]
    """Names of photos with the same bytes."""
    near: tuple[tuple[str, str, int], ...]
    """Pairs of names in different splits or folds that look alike, and how many of 256 bits differ."""
    overlaps: tuple[tuple[str, str, float], ...]
    """Further pairs of names in different splits or folds that show the same ground, and what share of it."""
    torn_groups: tuple[str, ...]
    problems: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON takes it."""
        return json.loads(json.dumps(dataclasses.asdict(self)))


def report(photo_set: PhotoSet, seen: Iterable[Look] | None = None) -> Report:
    """Everything there is to say about a set; `seen` are looks taken already, one a photo, in order."""
    seen = list(seen if seen is not None else looks(photo_set))
    found = photo_set.photos
    if len(seen) != len(found):
        raise ValueError(f"{len(seen)} looks for {len(found)} photos")
    odd = Oddities()
    for one in seen:
        _note_look(one, odd)
    duplicates = _duplicates(found, odd)
    near = _near(found, seen, odd)
    overlapping, untried = _overlapping(found, seen, near, odd)
    torn = _torn(found, odd)
    _note_folds(photo_set.domain, found, odd)
    classes = [_seen_class(p, s) for p, s in zip(found, seen, strict=True)]
    sizes = sorted((s.size for s in seen if s.size), key=lambda size: size[0] * size[1])
    shares = [(s.crack_share, s.size[0] * s.size[1]) for s in seen if s.crack_share is not None and s.size]
    return Report(
        name=photo_set.name,
        domain=photo_set.domain,
        n_photos=len(found),
        licence=photo_set.licence,
        fingerprint=photo_set.fingerprint,
        is_synthetic=photo_set.is_synthetic,
        counts=_counts(photo_set.domain, classes),
        splits=_by_split(photo_set.domain, found, classes),
        sizes={
            "smallest": sizes[0],
            "median": sizes[len(sizes) // 2],
            "largest": sizes[-1],
            "different": len(set(sizes)),
        }
        if sizes
        else {},
        crack_share=sum(s * n for s, n in shares) / sum(n for _, n in shares) if shares else None,
        faults=dict(Counter(s.fault.split(",")[0] for s in seen if s.fault).most_common()),
        unreadable=tuple(s.name for s in seen if s.trouble),
        duplicates=duplicates,
        near=near,
        overlaps=overlapping,
        torn_groups=torn,
        problems=tuple(dict.fromkeys([*odd.sentences(), *untried, *photo_set.problems])),
    )


def _note_look(one: Look, odd: Oddities) -> None:
    if one.trouble:
        odd.add(2, "file[s] cannot be read", one.trouble)
    if one.mask_trouble:
        odd.add(2, "mask[s] [does|do] not fit", one.mask_trouble)
    if one.crack_share == 0 and not one.mask_trouble:
        odd.add(0, "photo[s] [shows|show] no crack by [its mask|their masks]", one.name)
    if one.fault:
        odd.add(0, f"photo[s] [is|are] {one.fault.split(',')[0]}", one.name)


def _seen_class(photo: Photo, seen: Look) -> str:
    return "no crack" if seen.crack_share == 0 else class_of(photo)


def _counts(domain: Domain, classes: Sequence[str]) -> dict[str, int]:
    counts = Counter(classes)
    told = {c: counts[c] for c in CLASSES[domain]}
    return told | ({"unlabelled": counts[""]} if counts[""] else {})


def _by_split(domain: Domain, found: Sequence[Photo], classes: Sequence[str]) -> dict[str, dict[str, Any]]:
    told = {}
    order = ["pool", "train", "val", "test", ""]
    for split in sorted({p.split for p in found}, key=order.index):
        inside = [(p, c) for p, c in zip(found, classes, strict=True) if p.split == split]
        told[split or "none"] = {
            "n": len(inside),
            "groups": len({p.group for p, _ in inside if p.group}),
            "counts": _counts(domain, [c for _, c in inside]),
        }
    return told


def _duplicates(found: Sequence[Photo], odd: Oddities) -> tuple[tuple[str, ...], ...]:
    same: dict[str, list[Photo]] = defaultdict(list)
    for photo in found:
        same[photo.sha256].append(photo)
    told = []
    for twins in same.values():
        if len(twins) < 2:
            continue
        names = " = ".join(p.title for p in twins)
        told.append(tuple(p.title for p in twins))
        if len({p.split for p in twins}) > 1:
            odd.add(2, "photo[s] [lies|lie] in two splits with the same bytes", names)
        elif len({class_of(p) for p in twins}) > 1:
            odd.add(2, "photo[s] [is|are] there twice with different labels", names)
        else:
            odd.add(0, "photo[s] [is|are] there more than once", names)
    return tuple(told)


def _near(found: Sequence[Photo], seen: Sequence[Look], odd: Oddities) -> tuple[tuple[str, str, int], ...]:
    """Pairs across splits or folds that look alike, also mirrored or turned; the same bytes not again."""
    index = [i for i, s in enumerate(seen) if s.hash is not None]
    parts = [(found[i].split, found[i].fold) for i in index]
    if len(set(parts)) < 2:
        return ()
    bits = np.array([seen[i].hash for i in index], np.float32) * 2 - 1
    rows, columns = np.indices((16, 16)).reshape(2, -1)
    # A mirrored picture has its odd frequencies with the other sign.
    mirrors = [(-1.0) ** (rows * a + columns * b) for a in (0, 1) for b in (0, 1)]
    told = []
    for start in range(0, len(index), 1024):
        some = bits[start : start + 1024]
        differ = np.min([(BITS - (some * m.astype(np.float32)) @ bits.T) / 2 for m in mirrors], axis=0)
        for a, b in zip(*np.nonzero(differ <= NEAR_BITS), strict=True):
            i, j = start + int(a), int(b)
            if i < j and parts[i] != parts[j] and found[index[i]].sha256 != found[index[j]].sha256:
                where = "splits" if parts[i][0] != parts[j][0] else "folds"
                told.append((seen[index[i]].name, seen[index[j]].name, int(differ[a, b]), where))
    told.sort(key=lambda pair: pair[2])
    for first, second, _, where in told:
        odd.add(1, f"pair[s] of photos in different {where} [looks|look] the same", f"{first} ≈ {second}")
    return tuple(pair[:3] for pair in told)


def _overlapping(
    found: Sequence[Photo], seen: Sequence[Look], near: Sequence[tuple[str, str, int]], odd: Oddities
) -> tuple[tuple[tuple[str, str, float], ...], list[str]]:
    """Pairs across splits or folds that show the same ground, but for those in `near`; what was not tried."""
    index = [i for i, s in enumerate(seen) if s.small is not None]
    parts = [(found[i].split, found[i].fold) for i in index]
    if (n := overlaps.n_pairs(parts)) > overlaps.MOST_PAIRS:
        most = overlaps.MOST_PAIRS
        return (), [
            f"{n:,} pairs of photos are too many to look for shifted twins; up to {most:,} are compared."
        ]
    known = {frozenset(pair[:2]) for pair in near}
    told = []
    for one in overlaps.between([s for i in index if (s := seen[i].small) is not None], parts):
        first, second = found[index[one.first]], found[index[one.second]]
        if first.sha256 == second.sha256 or frozenset((first.title, second.title)) in known:
            continue
        where = "splits" if first.split != second.split else "folds"
        odd.add(
            1,
            f"pair[s] of photos in different {where} [shows|show] the same ground",
            f"{first.title} ≈ {second.title}",
        )
        told.append((first.title, second.title, round(one.share, 3)))
    return tuple(told), []


def _torn(found: Sequence[Photo], odd: Oddities) -> tuple[str, ...]:
    """Groups that lie in more than one split."""
    where: dict[str, set[str]] = defaultdict(set)
    for photo in found:
        if photo.group and photo.split:
            where[photo.group].add(photo.split)
    torn = tuple(sorted(g for g, splits in where.items() if len(splits) > 1))
    for group in torn:
        odd.add(
            2, "group[s] [lies|lie] in more than one split", f"{group} ({', '.join(sorted(where[group]))})"
        )
    return torn


def _note_folds(domain: Domain, found: Sequence[Photo], odd: Oddities) -> None:
    """Note folds that hold no photo of a class, and groups in two folds."""
    folds = sorted({p.fold for p in found if p.fold is not None})
    what = "grade " if domain == "corrosion" else ""
    for fold in folds:
        counts = Counter(class_of(p) for p in found if p.fold == fold)
        if lacking := [c for c in CLASSES[domain] if not counts[c]]:
            odd.add(1, "fold[s] [lacks|lack] a class", f"fold {fold} has no {what}{listed(lacking, 4)}")
    where: dict[str, set[int]] = defaultdict(set)
    for photo in found:
        if photo.group and photo.fold is not None:
            where[photo.group].add(photo.fold)
    for group in sorted(g for g, told in where.items() if len(told) > 1):
        odd.add(1, "group[s] [lies|lie] in more than one fold", group)
