"""Data sets: a folder of labelled photos in, one `PhotoSet` out, with every oddity named.

`tables` says which files and folders make a set, `findings` what decoding them shows. Nothing here knows
the database.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from core import disk, photos, tables
from core.archives import unpack
from core.errors import DataError, PhotoError
from core.findings import Look, Report, look, looks, report
from core.records import Domain, Photo, PhotoSet, Trim
from core.tables import CLASSES, LABELS, Oddities, Row, class_of, listed, word_of

__all__ = [
    "CLASSES",
    "Look",
    "Report",
    "class_of",
    "draw_split",
    "fingerprint",
    "licence_of",
    "look",
    "looks",
    "merge",
    "read",
    "report",
    "unpack",
    "without",
]

SYNTHETIC = "SYNTHETIC"
"""A file of this name beside the table says that the photos were generated."""

NOT_STATED = "not stated"
SHARES = {"train": 0.7, "val": 0.15, "test": 0.15}
"""ours: the split of a set that brings none."""

FEW = 20
"""ours: below this many photos a set is called too small to train on."""


def read(path: Path, domain: Domain, *, trimmed: bool = True, licence: str = "", seed: int = 0) -> PhotoSet:
    """The set at a folder or a CSV, in the table's order; what cannot be used is left out and named.

    A photo is left out when its header or its last bytes show that it cannot be opened, or when its label
    is none of the domain's; `report` decodes the others. `trimmed` counts for corrosion only: true takes
    the photos cut to the part, from the folder `trimmed/` where there is one (and from `untrimmed/` beside
    it the same parts `whole`), else each whole photo with its trim box for the loader to cut; false takes
    the whole photos and no boxes. `licence` stands for the one that a LICENSE or README states. A set
    without splits gets one by group, drawn with `seed`, and a problem says so. `DataError` when nothing of
    it can be used.
    """
    folder, table = tables.place(path)
    odd = Oddities()
    rows = tables.rows(table, domain, odd) if table else tables.layout(folder, domain, trimmed, odd)
    views = _views(folder, trimmed) if table and domain == "corrosion" else ()
    reader = _Reader(folder, domain, trimmed, views, odd)
    found = [photo for row in rows if (photo := reader.photo(row)) is not None]
    if not found:
        raise DataError(f"Nothing in {path.name} can be used. {' '.join(odd.sentences())}".strip())
    if table:
        _note_strangers(rows, found, odd)
    found = _splitted(_named(found, folder), seed, odd)
    return PhotoSet(
        name=path.resolve().stem if path.is_file() and path.name != "labels.csv" else folder_name(path),
        domain=domain,
        photos=tuple(found),
        licence=licence.strip() or licence_of(folder),
        fingerprint=fingerprint(found),
        is_synthetic=(folder / SYNTHETIC).exists(),
        problems=tuple(odd.sentences() + _shortfalls(domain, found)),
    )


def folder_name(path: Path) -> str:
    """The name a set has by its place: the folder's, or that of the folder its table lies in."""
    whole = path.resolve()
    return (whole.parent if whole.is_file() else whole).name or "set"


def fingerprint(found: Iterable[Photo]) -> str:
    """One hash for the photos' bytes, what is said of them and how they are split, in any order."""
    lines = []
    for p in found:
        mask = disk.sha256(p.mask) if p.mask else None
        said = [p.sha256 or disk.sha256(p.path), p.label, p.grade, mask, p.group, p.split, p.fold, p.trim]
        said += [True] if p.is_marked else []  # a set that nobody has marked keeps the hash it had
        lines.append(json.dumps(said))
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def merge(sets: Sequence[PhotoSet], name: str = "") -> PhotoSet:
    """Several sets of one domain as one; groups and names are kept apart by the set's name in front.

    Licences are joined; synthetic only when all are. Made-up photos beside real ones only teach: theirs of
    the splits val and test are left without a split. `DataError` for none, or for two domains.
    """
    if not sets:
        raise DataError("There is no data set to merge; name at least one.")
    if len({s.domain for s in sets}) > 1:
        raise DataError(f"These sets are of several domains: {', '.join(s.domain for s in sets)}.")
    if len(sets) == 1:
        return sets[0]
    all_made_up = all(s.is_synthetic for s in sets)
    often = Counter(s.name for s in sets)
    called = [s.name if often[s.name] == 1 else f"{s.name} {i}" for i, s in enumerate(sets, 1)]
    together = tuple(
        dataclasses.replace(
            p,
            name=f"{n}/{p.title}",
            group=f"{n}/{p.group}" if p.group else "",
            split="" if s.is_synthetic and not all_made_up and p.split in ("val", "test") else p.split,
        )
        for n, s in zip(called, sets, strict=True)
        for p in s.photos
    )
    return PhotoSet(
        name=name or " + ".join(called),
        domain=sets[0].domain,
        photos=together,
        licence="; ".join(dict.fromkeys(s.licence for s in sets if s.licence)),
        fingerprint=hashlib.sha256("\n".join(sorted(s.fingerprint for s in sets)).encode()).hexdigest(),
        is_synthetic=all_made_up,
        problems=tuple(f"{n}: {told}" for n, s in zip(called, sets, strict=True) for told in s.problems),
    )


def without(photo_set: PhotoSet, names: Iterable[str]) -> PhotoSet:
    """The set less the photos of these names, with its fingerprint renewed."""
    out = set(names)
    kept = tuple(p for p in photo_set.photos if p.title not in out)
    if len(kept) == len(photo_set.photos):
        return photo_set
    return dataclasses.replace(photo_set, photos=kept, fingerprint=fingerprint(kept))


@dataclass(frozen=True)
class _Reader:
    """Rows to photos, in one set."""

    folder: Path
    domain: Domain
    trimmed: bool
    views: tuple[str, ...]
    """Subfolders that keep the photos, the wanted one first: `trimmed`, `untrimmed`, or none."""
    odd: Oddities

    def photo(self, row: Row) -> Photo | None:
        """The photo of one row; None when its file or its label cannot be used, which is noted."""
        name = row["file"]
        places = [f"{view}/{name}" for view in self.views] + [name]
        path, place = next(((p, n) for n in places if (p := _inside(self.folder, n))), (None, ""))
        if path is None:
            self.odd.add(2, "file[s] named in the table [is|are] missing", name)
            return None
        try:
            facts = photos.check(path, name)
        except PhotoError as error:
            self.odd.add(2, "file[s] cannot be read", f"{name} ({tables.REASONS[error.reason]})")
            return None
        truth = self._truth(row, name)
        if truth is None:
            return None
        split = tables.SPLITS.get(row.get("split", "").lower(), "")
        if "split" in row and not split:
            kind = "photo[s] [has|have] a split that is not train, val, test or pool"
            self.odd.add(1, kind, f"{name} ({row['split'][:20]})")
        return Photo(
            path=path,
            name=name,
            sha256=facts.sha256,
            label=truth.get("label"),
            grade=truth.get("grade"),
            mask=truth.get("mask"),
            group=row.get("group", ""),
            split=split,
            fold=_whole(row.get("fold")),
            trim=None if place == f"trimmed/{name}" else self._trim(row, name),
            whole=(whole := self._whole(place)),
            cut=self._trim(row, name, "the cut file counts") if whole is not None else None,
            source=row.get("source", ""),
        )

    def _whole(self, place: str) -> Path | None:
        """The file with the surroundings of a photo that lies in `trimmed/`; None without a good one."""
        top, _, rest = place.partition("/")
        twin = _inside(self.folder, f"untrimmed/{rest}") if top == "trimmed" else None
        try:
            return twin if twin is not None and photos.check(twin, place) else None
        except PhotoError:
            return None

    def _truth(self, row: Row, name: str) -> dict[str, Any] | None:
        """The expert's word as fields of a photo; None when it is none of the domain's."""
        if self.domain == "corrosion":
            if "grade" not in row:
                self.odd.add(1, "photo[s] [has|have] no grade", name)
                return {}
            grade = _whole(row["grade"])
            if grade not in (0, 1, 2, 3):
                kind = "photo[s] left out for a grade that is not 0 (light), 1, 2 or 3 (severe)"
                self.odd.add(2, kind, f"{name} ({row['grade'][:20]})")
                return None
            return {"grade": grade}
        label = LABELS[self.domain].get(word_of(row.get("label", "")))
        if self.domain == "rail":
            if "label" not in row:
                self.odd.add(0, "photo[s] [has|have] no label", name)
            elif label is None:
                kind = "photo[s] [has|have] a label that is not defect or normal"
                self.odd.add(2, kind, f"{name} ({row['label'][:20]})")
                return None
            return {"label": label}
        mask = _inside(self.folder, row["mask"] if "mask" in row else f"masks/{Path(name).stem}.png")
        if mask is None and "mask" in row:
            self.odd.add(2, "mask[s] [is|are] missing", row["mask"])
            return None
        if mask is None and label != "no crack":
            self.odd.add(1, "photo[s] [has|have] no mask", name)
        return {"mask": mask, "label": "no crack" if mask is None and label == "no crack" else None}

    def _trim(self, row: Row, name: str, then: str = "it is taken whole") -> Trim | None:
        cells = [row.get(f"trim_{c}") for c in ("x0", "y0", "x1", "y1")]
        if not any(cells) or self.domain != "corrosion" or not self.trimmed:
            return None
        try:
            x0, y0, x1, y1 = (float(c or "nan") for c in cells)
        except ValueError:
            x0 = y0 = x1 = y1 = float("nan")
        if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
            self.odd.add(1, f"trim box[es] [lies|lie] outside [its|their] photo; {then}", name)
            return None
        return x0, y0, x1, y1


def _views(folder: Path, trimmed: bool) -> tuple[str, ...]:
    """The subfolders of a corrosion set that keeps each photo twice; none for one that does not."""
    wanted = ("trimmed", "untrimmed") if trimmed else ("untrimmed",)
    return tuple(view for view in wanted if (folder / view).is_dir())


def _inside(folder: Path, name: str) -> Path | None:
    """The file of this name under a folder; None when it is missing or leads out of the folder."""
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or "\0" in name:
        return None
    path = folder / parts
    try:
        return path if path.is_file() and path.resolve().is_relative_to(folder.resolve()) else None
    except OSError:  # a name that no disk takes
        return None


def _whole(word: str | None) -> int | None:
    """`2` or `2.0` as 2; None for anything else."""
    try:
        number = float(word or "")
    except ValueError:
        return None
    return int(number) if number.is_integer() else None


def _note_strangers(rows: Sequence[Row], found: Sequence[Photo], odd: Oddities) -> None:
    """Note photos that lie beside the table's own but are not in it."""
    known = {PurePosixPath(row["file"].replace("\\", "/")).name for row in rows}
    masks = {p.mask for p in found}
    for place in sorted({p.path.parent for p in found}):
        for path in sorted(place.iterdir()):
            is_photo = path.suffix.lower() in photos.SUFFIXES and not tables.is_hidden(path.name)
            if is_photo and path.name not in known and path not in masks:
                odd.add(0, "photo[s] in the folder [is|are] not in the table", path.name)


def _named(found: Sequence[Photo], folder: Path) -> list[Photo]:
    """The same photos under their file's own name, or their path in the set where two share one."""
    often = Counter(p.path.name for p in found)
    return [
        dataclasses.replace(
            p, name=p.path.name if often[p.path.name] == 1 else p.path.relative_to(folder).as_posix()
        )
        for p in found
    ]


def draw_split(found: Sequence[Photo], shares: Mapping[str, float], rng: np.random.Generator) -> list[str]:
    """A split for each photo, near the shares in every class; a group is never torn.

    Photos without a group stay with those of the same bytes. Groups are taken in a drawn order, large ones
    first; each goes where its classes are missed most.
    """
    classes = sorted({class_of(p) for p in found})
    units: dict[str, list[int]] = defaultdict(list)
    for i, photo in enumerate(found):
        units[f"group {photo.group}" if photo.group else f"photo {photo.sha256 or photo.path}"].append(i)
    names = sorted(units)
    counts = {
        u: np.bincount([classes.index(class_of(found[i])) for i in units[u]], minlength=len(classes))
        for u in names
    }
    total = np.sum([counts[u] for u in names], axis=0)
    missing = {split: share * total for split, share in shares.items()}
    said = [""] * len(found)
    order = [names[i] for i in rng.permutation(len(names))]
    for unit in sorted(order, key=lambda u: -len(units[u])):
        weight = counts[unit] / np.maximum(total, 1)
        split = max(
            shares, key=lambda s: float((weight * missing[s] / np.maximum(shares[s] * total, 1e-9)).sum())
        )
        missing[split] = missing[split] - counts[unit]
        for i in units[unit]:
            said[i] = split
    return said


def _splitted(found: list[Photo], seed: int, odd: Oddities) -> list[Photo]:
    """The photos with a split each: their own, or a drawn one where none has any."""
    without = [p for p in found if not p.split]
    if 0 < len(without) < len(found):
        for p in without:
            odd.add(1, "photo[s] [has|have] no split and [is|are] used for nothing", p.title)
    if len(without) < len(found):
        return found
    said = draw_split(found, SHARES, np.random.default_rng(seed))
    told = "train {train:.0%}, val {val:.0%}, test {test:.0%}".format(**SHARES)
    has_groups = any(p.group for p in found)
    how = (
        "by group"
        if has_groups
        else "photo by photo, as no groups are named; photos of one place may be torn apart"
    )
    odd.add(
        1,
        f"photo[s] came without a split; one was drawn {how} ({told}, seed {seed})",
        *[""] * len(found),
    )
    return [dataclasses.replace(p, split=s) for p, s in zip(found, said, strict=True)]


def _shortfalls(domain: Domain, found: Sequence[Photo]) -> list[str]:
    """What the set as a whole lacks, by the labels alone."""
    told = []
    if len(found) < FEW:
        photos_are = "1 photo is" if len(found) == 1 else f"{len(found)} photos are"
        told.append(f"{photos_are} too few to train on; {FEW} are the least, some hundreds are usual.")
    if domain == "crack":
        return told
    for split in dict.fromkeys(p.split for p in found):
        counts = Counter(class_of(p) for p in found if p.split == split)
        lacking = [c for c in CLASSES[domain] if not counts[c]]
        if lacking and len(found) >= FEW:
            what = "grade " if domain == "corrosion" else ""
            told.append(f"{split or 'The set'} holds no photo of {what}{listed(lacking, 4)}.")
    return told


_SAYS = re.compile(r"licen[cs]e[^:\n]{0,60}:\s*(.+)", re.IGNORECASE)


def licence_of(folder: Path) -> str:
    """The licence that a LICENSE file or a README in the folder states in plain words, else `not stated`.

    The README of the folder above counts where it has a section headed by this folder's name.
    """
    for path in sorted(folder.glob("*")):
        if path.is_file() and re.fullmatch(r"(licen[cs]e|copying)(\..*)?", path.name, re.IGNORECASE):
            lines = (line.strip(" #*=\t") for line in _text(path).splitlines())
            return next((line[:120] for line in lines if line), NOT_STATED)
    texts = [_text(p) for p in sorted(folder.glob("README*"))]
    for above in sorted(folder.resolve().parent.glob("README*")):
        section = re.search(
            rf"^#+\s*`?{re.escape(folder.resolve().name)}`?\s*$(.*?)(?=^#|\Z)",
            _text(above),
            re.MULTILINE | re.DOTALL,
        )
        texts += [section[1]] if section else []
    for text in texts:
        paragraphs = re.split(r"\n\s*\n|\n\s*[*-]\s", text)
        for paragraph in paragraphs:
            if says := _SAYS.search(" ".join(paragraph.split())):
                return _plain(says[1])
    return NOT_STATED


def _plain(told: str) -> str:
    """The licence in what is said of it: the bold or quoted words, else those before a bracket or stop."""
    marked = re.match(r"\*\*(.+?)\*\*|[\"“](.+?)[\"”]", told)
    words = next(filter(None, marked.groups())) if marked else re.split(r"\s\(|[.;](?:\s|$)", told)[0]
    if re.search(r"\bnone\b|\bnot (stated|known|given)\b|\bunknown\b", words, re.IGNORECASE):
        return NOT_STATED
    return words.strip(" *`.")[:200] or NOT_STATED


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(200_000)
    except OSError:  # a folder of that name, or one that is not ours to read: it states nothing
        return ""
