"""What a table or the folders of a data set say of its photos, as rows; nothing is opened here.

A set is described by a table (`labels.csv`: file, label | grade | mask, group, split, fold, trim_x0 …) or,
where there is none, by how its folders are laid out:

    defect/ normal/   0/ 1/ 2/ 3/     classes, with train/ val/ test/ above or below them, or without
    images/ masks/                    pairs of one stem; also rgb/ BW/, train_img/ train_lab/, x_mask.png
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from core import photos
from core.errors import DataError
from core.records import DOMAINS, Domain, Photo

_DEFECT = "defect defects defective damage damaged fault faulty bad positive yes 1"
_NORMAL = "normal non-defect non-defective nondefective ok good healthy intact negative no 0"
_NO_CRACK = "no-crack nocrack non-crack noncrack uncracked intact normal negative no 0"
LABELS: Mapping[Domain, Mapping[str, str]] = {
    "rail": dict.fromkeys(_DEFECT.split(), "defect") | dict.fromkeys(_NORMAL.split(), "normal"),
    "crack": dict.fromkeys(_NO_CRACK.split(), "no crack") | dict.fromkeys(["crack", "cracked"], "crack"),
    "corrosion": {},
}
"""Words of public sets for our own, in lower case and with hyphens."""

SPLITS = {s: s for s in ("train", "val", "test", "pool")} | {
    "training": "train",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "testing": "test",
}

COLUMNS = {
    "file": ("file", "photo", "image", "filename", "file_name", "path"),
    "label": ("label", "class"),
    "grade": ("grade",),
    "mask": ("mask", "mask_file", "mask_path"),
    "group": ("group", "scene", "place", "campaign"),
    "split": ("split",),
    "fold": ("fold",),
    "source": ("source",),
    "trim_x0": ("trim_x0",),
    "trim_y0": ("trim_y0",),
    "trim_x1": ("trim_x1",),
    "trim_y1": ("trim_y1",),
}
"""What a column means and the names it may have; other columns are passed over."""

TRUTH: Mapping[Domain, str] = {"rail": "label", "crack": "mask", "corrosion": "grade"}
"""The column that holds the expert's word."""

CLASSES: Mapping[Domain, tuple[str, ...]] = {
    "rail": ("normal", "defect"),
    "crack": ("no crack", "crack"),
    "corrosion": ("0", "1", "2", "3"),
}

REASONS = {
    "empty": "empty",
    "not_an_image": "not a photo",
    "truncated": "cut short",
    "too_large": "too large",
    "too_small": "too small",
    "unsupported": "of a kind that cannot be read",
    "corrupt": "damaged",
}
"""`PhotoError.reason` in words."""

MAX_FILES = 200_000
MAX_TABLE_BYTES = 64 * 1024**2


Row = Mapping[str, str]
"""What a table or a layout says of one photo: our column names, filled cells only."""


@dataclass(frozen=True)
class Oddities:
    """What is odd, gathered by kind while reading, so that 300 like files are one sentence."""

    kinds: dict[tuple[int, str], list[str]] = field(default_factory=dict)

    def add(self, weight: int, kind: str, *names: str) -> None:
        """Note files under a kind such as `photo[s] [has|have] no mask`.

        `weight`: 2 left out, 1 figures will differ, 0 good to know. [s] and [has|have] follow the count.
        """
        self.kinds.setdefault((weight, kind), []).extend(names or [""])

    def sentences(self) -> list[str]:
        """One sentence a kind, the gravest first, then the most frequent, with the first three names."""
        gravest = sorted(self.kinds.items(), key=lambda kind: (-kind[0][0], -len(kind[1])))
        return [_counted(kind, names) for (_, kind), names in gravest]


def _counted(kind: str, names: Sequence[str]) -> str:
    one = len(names) == 1

    def form(match: re.Match[str]) -> str:
        singular, bar, plural = match[1].partition("|")
        return (singular if one else plural) if bar else ("" if one else singular)

    told = re.sub(r"\[([^\]]*)\]", form, kind)
    who = listed([n for n in names if n])
    return f"{len(names):,} {told}{': ' if who else ''}{who.rstrip('.')}."


def listed(names: Sequence[str], most: int = 3) -> str:
    """The first names and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def class_of(photo: Photo) -> str:
    """The class a photo counts for, one of `CLASSES`; empty where nobody has said.

    A crack photo with a mask counts as `crack`, though its mask may be empty: `report` looks.
    """
    if photo.grade is not None:
        return str(photo.grade)
    return photo.label or ("crack" if photo.mask else "")


def place(path: Path) -> tuple[Path, Path | None]:
    """The folder a set lies in, and its table if it has one."""
    if not path.exists():
        raise DataError(f"There is nothing at {path}. Name a folder with photos or a CSV.")
    if path.is_file():
        if path.suffix.lower() == ".zip":
            raise DataError(f"{path.name} is a zip. Import it, or unpack it and name the folder.")
        if path.suffix.lower() != ".csv":
            raise DataError(f"{path.name} is neither a folder nor a CSV. Name one of them.")
        return path.parent, path
    table = _table_in(path)
    inside = [p for p in sorted(path.iterdir()) if p.is_dir() and not is_hidden(p.name)]
    if (
        table is None
        and len(inside) == 1
        and not any(p.suffix.lower() in photos.SUFFIXES for p in path.iterdir())
    ):
        table = _table_in(inside[0])  # a zip often holds one folder with everything in it
    return (table.parent, table) if table else (path, None)


def _table_in(folder: Path) -> Path | None:
    if (folder / "labels.csv").is_file():
        return folder / "labels.csv"
    tables = [t for t in sorted(folder.glob("*.csv")) if _column(_header(t), "file")]
    if len(tables) > 1:
        told = listed([t.name for t in tables])
        raise DataError(f"{folder.name} holds several tables: {told}. Name the one to read.")
    return tables[0] if tables else None


def _header(table: Path) -> list[str]:
    with table.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        line = file.readline(65536)
    return next(csv.reader([line], delimiter=_delimiter(line)), [])


def _delimiter(line: str) -> str:
    return max(",;\t", key=line.count)  # the comma where none is there


def _column(header: Sequence[str], meaning: str) -> str | None:
    """The column of a table that has this meaning, by its name in any case."""
    known = {h.strip().lower(): h for h in header if h}
    return next((known[n] for n in COLUMNS[meaning] if n in known), None)


def rows(table: Path, domain: Domain, odd: Oddities) -> list[Row]:
    """The rows of a table that name a file, each file once."""
    if table.stat().st_size > MAX_TABLE_BYTES:
        raise DataError(f"{table.name} has more than {MAX_TABLE_BYTES // 1024**2} MiB. Split the set.")
    try:
        text = table.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{table.name} is no UTF-8 text. Save it as CSV UTF-8.") from error
    header = _header(table)
    columns = {meaning: found for meaning in COLUMNS if (found := _column(header, meaning))}
    if "file" not in columns:
        raise DataError(f"{table.name} has no column file; it has {listed(header, 8) or 'none'}. Add one.")
    truths = [d for d in DOMAINS if TRUTH[d] in columns]
    if truths and domain not in truths and not (domain == "crack" and truths == ["rail"]):
        raise DataError(
            f"{table.name} has no column {TRUTH[domain]}, which a {domain} set needs; "
            f"it looks like a {truths[0]} set."
        )
    rows: dict[str, Row] = {}
    try:
        for cells in csv.DictReader(
            io.StringIO(text, newline=""), delimiter=_delimiter(text.split("\n", 1)[0])
        ):
            row = {m: cell for m, c in columns.items() if (cell := (cells.get(c) or "").strip())}
            if "file" not in row:
                odd.add(2, "row[s] of the table [names|name] no file")
            elif row["file"] in rows:
                odd.add(2, "row[s] of the table [names|name] a file named before", row["file"])
            else:
                rows[row["file"]] = row
    except csv.Error as error:
        raise DataError(
            f"{table.name} cannot be read as CSV: {error}. Save it again as CSV UTF-8."
        ) from error
    return list(rows.values())


def word_of(told: str) -> str:
    """`Non Defective` as `non-defective`."""
    return re.sub(r"[\s_-]+", "-", told.strip().lower())


_PHOTO_WORDS = frozenset("image images img imgs photo photos picture pictures rgb jpegimages".split())
_MASK_WORDS = frozenset(
    "mask masks lab label labels bw gt groundtruth annotation annotations segmentation".split()
)
_MASK_STEM = re.compile(r"[_-](mask|label|lab|gt|bw|groundtruth|segmentation)$", re.IGNORECASE)
_GRADE = re.compile(r"(?:(?:grade|level|class)-?)?(\d+)(?:-.*)?")

_WANTED: Mapping[Domain, str] = {
    "rail": "the folders defect/ and normal/",
    "crack": "the folders images/ and masks/ with files of the same name",
    "corrosion": "the folders 0/, 1/, 2/ and 3/",
}


def layout(folder: Path, domain: Domain, trimmed: bool, odd: Oddities) -> list[Row]:
    """The rows that the folders of a set without a table stand for, by name."""
    files = list(_files(folder))
    if not files:
        raise DataError(f"{folder.name} holds no photo. {_advice(domain)}")
    rows = _pairs(files, odd) if domain == "crack" else _classes(files, domain, trimmed, odd)
    if not rows:
        folders = sorted({p.parts[0] for p in files if len(p.parts) > 1})
        told = f"photos in {listed(folders, 6)}" if folders else "photos"
        raise DataError(f"{folder.name} holds {told}, but no labels. {_advice(domain)}")
    return rows


def _advice(domain: Domain) -> str:
    return f"Add a labels.csv with the columns file and {TRUTH[domain]}, or use {_WANTED[domain]}."


def _files(folder: Path) -> Iterator[PurePosixPath]:
    """The photo files below a folder by their relative paths, sorted, less the hidden ones."""
    n = 0
    for at, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not is_hidden(f))
        n += len(names)
        if n > MAX_FILES:
            raise DataError(f"{folder.name} holds more than {MAX_FILES:,} files. Name a smaller folder.")
        for name in sorted(names):
            if not is_hidden(name) and Path(name).suffix.lower() in photos.SUFFIXES:
                yield PurePosixPath((Path(at) / name).relative_to(folder).as_posix())


def is_hidden(name: str) -> bool:
    """Whether a file or folder belongs to the system rather than to the set."""
    return name.startswith(".") or name == "__MACOSX"


def photos_in(folder: Path) -> list[Path]:
    """The photo files below a folder by name, less hidden ones and the masks of photos among them.

    A mask is known by its place (`masks/` beside `images/`) or its name (`wall_mask.png` beside `wall.jpg`),
    as in `layout`. `DataError` for a folder of too many files.
    """
    placed = {file: _placed(file) for file in _files(folder)}
    shown = {place.key for place in placed.values() if not place.is_mask}
    return [
        folder / file for file, place in sorted(placed.items()) if not (place.is_mask and place.key in shown)
    ]


@dataclass(frozen=True)
class _Place:
    """What a picture's folders and name say of it; a photo and its mask have the same key."""

    key: tuple[str, ...]
    is_mask: bool
    split: str
    label: str


def _placed(file: PurePosixPath) -> _Place:
    """The stem and the folders, less the words for photo and mask, are the key."""
    split, rest, is_mask, label = "", [], False, ""
    for part in file.parts[:-1]:
        words = {*word_of(part).split("-"), word_of(part)}
        named = next((SPLITS[w] for w in sorted(words) if w in SPLITS), "")
        split = named or split
        label = LABELS["crack"].get(word_of(part), label)
        is_mask = is_mask or bool(words & _MASK_WORDS)
        if not named and not words & (_PHOTO_WORDS | _MASK_WORDS):
            rest.append(part)
    stem = _MASK_STEM.sub("", file.stem)
    return _Place((split, *rest, stem.lower()), is_mask or stem != file.stem, split, label)


def _pairs(files: Sequence[PurePosixPath], odd: Oddities) -> list[Row]:
    """Photos with the masks of the same key."""
    photos_of: dict[tuple[str, ...], dict[str, str]] = {}
    masks: dict[tuple[str, ...], str] = {}
    for file in files:
        place = _placed(file)
        if place.is_mask:
            masks[place.key] = file.as_posix()
        else:
            photos_of[place.key] = {"file": file.as_posix(), "split": place.split, "label": place.label}
    for key in masks.keys() - photos_of.keys():
        odd.add(1, "mask[s] [has|have] no photo", masks[key])
    if not masks:
        return []
    return [
        {k: v for k, v in (row | {"mask": masks.get(key, "")}).items() if v} for key, row in photos_of.items()
    ]


def _classes(files: Sequence[PurePosixPath], domain: Domain, trimmed: bool, odd: Oddities) -> list[Row]:
    """Photos by the folder that names their class, at any depth, and their split."""
    found: dict[str, list[Row]] = defaultdict(list)
    outside = []
    for file in files:
        row, view = {"file": file.as_posix()}, ""
        for part in file.parts[:-1]:
            word = word_of(part)
            grade = _GRADE.fullmatch(word)
            if word in SPLITS:
                row["split"] = SPLITS[word]
            elif word in ("trimmed", "untrimmed"):
                view = word
            elif domain == "rail" and word in LABELS["rail"]:
                row["label"] = word
            elif domain == "corrosion" and grade:
                row["grade"] = grade[1]
        if TRUTH[domain] in row:
            found[view].append(row)
        else:
            outside.append(file.as_posix())
    view = next(
        (v for v in ("trimmed" if trimmed else "untrimmed", "untrimmed", "trimmed", "") if v in found), ""
    )
    if found:
        for name in outside:
            odd.add(2, f"photo[s] [lies|lie] in no folder of a {TRUTH[domain]}", name)
    return found[view]
