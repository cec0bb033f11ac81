"""Hostile and odd photo files for any test that lets a file in: `photos`, the upload page, the REST routes.

    from tests.badimages import ROWS, bad_photos  # noqa: F401  pytest finds the fixture by its import

    @pytest.mark.parametrize("row", ROWS, ids=str)
    def test_the_upload_answers(row, bad_photos):
        path = bad_photos.path(row)          # skips where this machine's Pillow cannot write the file
        name = row.upload_name               # what a browser would call it; may be no name a disk takes

The files are written once a test session. `expected.csv` beside this file is the table they are written
with; README.md explains its columns.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.badimages import make_badimages

_QUADRANTS = {"tl": (1, 1), "tr": (1, 3), "bl": (3, 1), "br": (3, 3)}


@dataclass(frozen=True)
class Row:
    """One file and what an honest reader says to it."""

    file: str
    is_photo: bool
    reasons: tuple[str, ...]
    """The reasons a refusal may give, the best one first."""
    either: bool
    """Sensible readers differ: only a clear answer is asked for."""
    size: tuple[int, int] | None
    colours: dict[tuple[int, int], tuple[int, ...]]
    """Quarter of the height, quarter of the width → R, G, B there."""
    tolerance: int
    upload_name: str
    taken_at: str | None
    lat: float | None
    lon: float | None

    def __str__(self) -> str:
        return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "~" for c in self.file)[:60]

    def allows(self, reason: str | None) -> bool:
        """Whether a refusal with this reason (None: accepted) is right."""
        if reason is None:
            return self.is_photo or self.either
        return self.either if self.is_photo else reason in self.reasons


def _row(told: dict[str, str]) -> Row:
    return Row(
        file=told["file"],
        is_photo=told["expect"] == "accept",
        reasons=tuple([told["reason_class"], *told["also"].split()]),
        either=told["either"] == "yes",
        size=(int(told["width"]), int(told["height"])) if told["width"] else None,
        colours={at: tuple(map(int, told[q].split())) for q, at in _QUADRANTS.items() if told[q]},
        tolerance=int(told["tolerance"] or 0),
        upload_name=json.loads(told["upload_name"]),
        taken_at=told["taken_at"] or None,
        lat=float(told["lat"]) if told["lat"] else None,
        lon=float(told["lon"]) if told["lon"] else None,
    )


with (Path(__file__).parent / "expected.csv").open(newline="", encoding="utf-8") as _table:
    ROWS = tuple(_row(told) for told in csv.DictReader(_table))
"""The whole table, known without writing a file."""


@dataclass(frozen=True)
class Corpus:
    """The files on disk."""

    folder: Path
    names: dict[str, str]
    """Name in the table → name on this disk, which may refuse the odd ones."""
    written: tuple[dict[str, str], ...]
    """The table as this machine wrote it."""

    def path(self, row: Row) -> Path:
        """Where the file of a row lies; the test is skipped where it could not be written."""
        if row.file not in self.names:
            pytest.skip(f"this machine's Pillow cannot write {row.file}")
        return self.folder / self.names[row.file]


@pytest.fixture(scope="session")
def bad_photos(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The 282 files, written once."""
    folder = tmp_path_factory.mktemp("badimages")
    cases = make_badimages.all_cases()
    written = make_badimages.write(folder, cases)
    names = {c.file: w["file"] for c, w in zip(cases, written, strict=True)}
    return Corpus(folder, names, tuple(written))
