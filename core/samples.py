"""The photos shipped with Patina, so that a first verdict is one click away. Real ones; see data/samples."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from sqlite_utils import Database

from core import artifacts, asking, datasets, photos, pictures, stored_photos
from core.records import DOMAINS, Domain, Person, Trim
from core.settings import Settings


@dataclass(frozen=True)
class Sample:
    """One shipped photo."""

    domain: Domain
    path: Path
    trim: Trim | None = None
    severity: int = 0
    """What experts say of it, the higher the worse; only to be compared within a domain."""

    @property
    def id(self) -> str:
        """Its name in lists and links: rail/rail-3.jpg."""
        return f"{self.domain}/{self.path.name}"


def every(folder: Path) -> list[Sample]:
    """The samples of a folder with one data set a domain, in their order; empty where none are shipped."""
    return [
        Sample(domain, photo.path, photo.trim, photo.grade or int(photo.label == "defect"))
        for domain in DOMAINS
        if (folder / domain).is_dir()
        for photo in datasets.read(folder / domain, domain).photos
    ]


def take(
    db: Database,
    settings: Settings,
    by: Person,
    chosen: Sequence[Sample],
    *,
    batch: str,
    now: float,
) -> list[int]:
    """Hand samples in as if this person had uploaded them; returns the inspections' ids."""
    asked = []
    for sample in chosen:
        content = sample.path.read_bytes()
        facts = photos.probe(content, sample.path.name)
        artifacts.keep(db, settings.artifacts, content, pictures.MEDIA_TYPES[facts.format], now)
        stored_photos.keep(db, facts, sample.path.name, who=by.name, now=now)
        asked.append(
            asking.ask(
                db,
                facts.sha256,
                sample.domain,
                owner=by.name,
                now=now,
                batch=batch,
                trim=sample.trim,
                wake=settings.wake,
            )
        )
    return asked


def thumb(sample: Sample, side: int = 320) -> bytes:
    """A small JPEG of a sample, for showing it before it is handed in."""
    picture, _ = photos.open(sample.path)
    small = Image.fromarray(picture)
    small.thumbnail((side, side))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=80)
    return out.getvalue()
