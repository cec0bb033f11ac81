"""Data sets: folders of photos with labels in, one `PhotoSet` with every oddity named out.

A set is described by a table (`labels.csv`: file, label | grade | mask, group, split, fold, trim_x0 …) or,
where there is none, by how its folders are laid out. Nothing here knows the database.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core import photos
from core.errors import DataError, PhotoError
from core.records import Domain, Photo, PhotoSet, Trim

LABELS = (
    {"defect": "defect", "normal": "normal"}
    | dict.fromkeys("defective damaged damage faulty fault bad positive 1 yes".split(), "defect")
    | dict.fromkeys(
        "non-defective non_defective nondefective ok good healthy intact negative 0 no".split(), "normal"
    )
)
"""Words of public rail sets for our two, lower case."""

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
    "mask": ("mask",),
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

SYNTHETIC = "SYNTHETIC"
"""A file of this name beside the table says that the photos were generated."""


def read(path: Path, domain: Domain, *, trimmed: bool = True, licence: str = "", seed: int = 0) -> PhotoSet:
    """The set at a folder or a CSV, photos in the table's order, unreadable ones left out and named.

    `trimmed` counts for corrosion only: true takes the photos cut to the part, from the folder `trimmed/`
    where there is one, else each whole photo with its trim box for the loader to cut; false takes the whole
    photos and no boxes. A set without splits gets one by group, drawn with `seed`, and a problem says so.
    `DataError` when nothing of it can be used.
    """
    table = _table_of(path)
    if table is None:
        raise DataError(f"{path} holds no labels.csv. Add one with the columns file and {TRUTH[domain]}.")
    odd = Oddities()
    rows = _rows(table, domain)
    found = [p for row in rows if (p := _photo(row, table, domain, trimmed, odd)) is not None]
    if not found:
        raise DataError(f"Nothing in {table} can be used: {' '.join(odd.sentences()) or 'it has no rows.'}")
    found = _named(found, table.parent)
    return PhotoSet(
        name=table.parent.resolve().name,
        domain=domain,
        photos=tuple(found),
        licence=licence or "not stated",
        fingerprint=fingerprint(found),
        is_synthetic=(table.parent / SYNTHETIC).exists(),
        problems=tuple(odd.sentences()),
    )


def fingerprint(found: Iterable[Photo]) -> str:
    """One hash for the photos' bytes, what is said of them and how they are split, in any order."""
    lines = []
    for p in found:
        mask = photos.sha256(p.mask) if p.mask else None
        said = [p.sha256 or photos.sha256(p.path), p.label, p.grade, mask, p.group, p.split, p.fold, p.trim]
        lines.append(json.dumps(said))
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def merge(sets: Sequence[PhotoSet], name: str = "") -> PhotoSet:
    """Several sets of one domain as one; groups and names are kept apart by the set's name in front.

    Licences are joined; synthetic only when all are. `DataError` for none, or for two domains.
    """
    if not sets:
        raise DataError("There is no data set to merge; name at least one.")
    if len({s.domain for s in sets}) > 1:
        raise DataError(f"These sets are of several domains: {', '.join(s.domain for s in sets)}.")
    if len(sets) == 1:
        return sets[0]
    together = tuple(
        dataclasses.replace(p, name=f"{s.name}/{p.title}", group=f"{s.name}/{p.group}" if p.group else "")
        for s in sets
        for p in s.photos
    )
    return PhotoSet(
        name=name or " + ".join(s.name for s in sets),
        domain=sets[0].domain,
        photos=together,
        licence="; ".join(dict.fromkeys(s.licence for s in sets if s.licence)),
        fingerprint=hashlib.sha256("\n".join(sorted(s.fingerprint for s in sets)).encode()).hexdigest(),
        is_synthetic=all(s.is_synthetic for s in sets),
        problems=tuple(f"{s.name}: {problem}" for s in sets for problem in s.problems),
    )


@dataclass(frozen=True)
class Oddities:
    """What is odd, gathered by kind while reading, so that 300 like files are one sentence."""

    kinds: dict[str, list[str]] = dataclasses.field(default_factory=dict)

    def add(self, kind: str, name: str) -> None:
        """Note a file under a sentence in which `{}` stands for how many of what."""
        self.kinds.setdefault(kind, []).append(name)

    def sentences(self) -> list[str]:
        """One sentence a kind, the most frequent first, with the first three names."""
        most = sorted(self.kinds.items(), key=lambda kind: -len(kind[1]))
        return [f"{len(names)} {kind}: {_listed(names)}." for kind, names in most]


def _listed(names: Sequence[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _table_of(path: Path) -> Path | None:
    """The CSV that describes what lies at a path, None when only the layout can tell."""
    if not path.exists():
        raise DataError(f"There is nothing at {path}. Name a folder with photos or a CSV.")
    if path.is_file():
        if path.suffix.lower() != ".csv":
            raise DataError(f"{path.name} is neither a folder nor a CSV. Name one of them.")
        return path
    named = path / "labels.csv"
    if named.is_file():
        return named
    tables = [t for t in sorted(path.glob("*.csv")) if _column(_header(t), "file")]
    return tables[0] if len(tables) == 1 else None


def _header(table: Path) -> list[str]:
    with table.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        line = file.readline(65536)
    return next(csv.reader([line], delimiter=_delimiter(line)), [])


def _delimiter(line: str) -> str:
    return max(",;\t", key=line.count)  # a comma when none is there: `max` takes the first


def _column(header: Sequence[str], meaning: str) -> str | None:
    """The column of a table that has this meaning, by its name in any case."""
    known = {h.strip().lower(): h for h in header if h}
    return next((known[n] for n in COLUMNS[meaning] if n in known), None)


MAX_TABLE_BYTES = 64 * 1024**2


def _rows(table: Path, domain: Domain) -> list[dict[str, str]]:
    """The rows of a table, each with our own column names; empty cells are left out."""
    if table.stat().st_size > MAX_TABLE_BYTES:
        raise DataError(f"{table.name} has more than {MAX_TABLE_BYTES // 1024**2} MiB. Split the set.")
    try:
        text = table.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{table.name} is no UTF-8 text. Save it as CSV UTF-8.") from error
    header = _header(table)
    columns = {meaning: found for meaning in COLUMNS if (found := _column(header, meaning))}
    if "file" not in columns:
        raise DataError(f"{table.name} has no column file; found {_listed(header, 8) or 'nothing'}. Add one.")
    if TRUTH[domain] not in columns and (others := [d for d, t in TRUTH.items() if t in columns]):
        raise DataError(
            f"{table.name} has no column {TRUTH[domain]}, which a {domain} set needs; "
            f"it looks like a {others[0]} set."
        )
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=_delimiter(text.splitlines()[0]))
    try:
        return [
            {m: cell for m, c in columns.items() if (cell := (row.get(c) or "").strip())} for row in reader
        ]
    except csv.Error as error:
        raise DataError(f"{table.name} cannot be read as CSV: {error}.") from error


def _photo(row: Mapping[str, str], table: Path, domain: Domain, trimmed: bool, odd: Oddities) -> Photo | None:
    """The photo of one row; None when its file or its label cannot be used, which is noted."""
    name = row.get("file", "")
    if not name:
        odd.add("rows name no file", f"row without a file in {table.name}")
        return None
    trim = _trim(row, name, odd) if domain == "corrosion" and trimmed else None
    path = None
    if domain == "corrosion":
        path = _inside(table.parent, ("trimmed/" if trimmed else "untrimmed/") + name)
        if path and trimmed:
            trim = None
        path = path or _inside(table.parent, "untrimmed/" + name)
    path = path or _inside(table.parent, name)
    if path is None:
        odd.add(f"files named in {table.name} are missing", name)
        return None
    try:
        facts = photos.probe(path)
    except PhotoError as error:
        odd.add(f"files cannot be read ({error.reason.replace('_', ' ')})", str(error))
        return None
    label, grade = row.get("label"), row.get("grade")
    if domain == "rail" and label is not None and label.lower() not in LABELS:
        odd.add(f"photos have the label {label!r}; a rail label is defect or normal", name)
        return None
    if domain == "corrosion" and grade is not None and _grade(grade) is None:
        odd.add(f"photos have the grade {grade!r}; a grade is 0 (light) to 3 (severe)", name)
        return None
    mask = _inside(table.parent, row["mask"]) if domain == "crack" and "mask" in row else None
    if domain == "crack" and mask is None:
        odd.add("photos have no mask", name)
    split = SPLITS.get(row.get("split", "").lower(), "")
    if "split" in row and not split:
        odd.add(f"photos have the split {row['split']!r}; a split is train, val, test or pool", name)
    return Photo(
        path=path,
        name=name,
        sha256=facts.sha256,
        label=LABELS[label.lower()] if domain == "rail" and label else None,
        grade=_grade(grade) if domain == "corrosion" and grade else None,
        mask=mask,
        group=row.get("group", ""),
        split=split,
        fold=_whole(row.get("fold")),
        trim=trim,
        source=row.get("source", ""),
    )


def _inside(folder: Path, name: str) -> Path | None:
    """The file of this name under a folder; None when it is missing or leads out of the folder."""
    parts = PurePosixPath(name.replace("\\", "/"))
    if parts.is_absolute() or ".." in parts.parts or "\0" in name:
        return None
    path = folder / parts
    return path if path.is_file() and path.resolve().is_relative_to(folder.resolve()) else None


def _trim(row: Mapping[str, str], name: str, odd: Oddities) -> Trim | None:
    cells = [row.get(f"trim_{c}") for c in ("x0", "y0", "x1", "y1")]
    if not any(cells):
        return None
    try:
        x0, y0, x1, y1 = (float(c or "nan") for c in cells)
    except ValueError:
        x0 = y0 = x1 = y1 = float("nan")
    if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
        odd.add("trim boxes are not inside their photo and are passed over", name)
        return None
    return x0, y0, x1, y1


def _grade(word: str) -> int | None:
    grade = _whole(word)
    return grade if grade in (0, 1, 2, 3) else None


def _whole(word: str | None) -> int | None:
    """`2` or `2.0` as 2; None for anything else."""
    try:
        number = float(word or "")
    except ValueError:
        return None
    return int(number) if number.is_integer() else None


def _named(found: Sequence[Photo], folder: Path) -> list[Photo]:
    """The same photos under their file's own name, or their path in the set where two share one."""
    often = Counter(p.path.name for p in found)
    return [
        dataclasses.replace(
            p, name=p.path.name if often[p.path.name] == 1 else p.path.relative_to(folder).as_posix()
        )
        for p in found
    ]
