"""Data sets in the store: photos and masks as artifacts, labels as rows. Whole or not at all."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from core import artifacts, datasets, labels, photos, stored_photos
from core.errors import Conflict, DataError, NotFound, PhotoError
from core.records import Domain, Facts, Photo, PhotoSet, Trim
from core.store import note_event, row, rows, to_json, trim_of, writing


@dataclass(frozen=True)
class StoredSet:
    """A set's row: what the list of sets shows."""

    id: int
    name: str
    domain: Domain
    licence: str
    is_synthetic: bool
    fingerprint: str
    report: Mapping[str, Any]
    imported_by: str
    imported_at: float
    n_photos: int


def keep(
    db: Database,
    root: Path,
    photo_set: PhotoSet,
    *,
    report: Mapping[str, Any],
    who: str,
    now: float,
) -> Iterator[tuple[int, int]]:
    """Take a set into the store; yields (done, all) while files are copied, the rows come last, together.

    Killed half-way it leaves artifacts without a row and no set; the same import again uses them. `DataError`
    for a photo that can no longer be read or has changed, `Conflict` when the name is taken.
    """
    refuse_known(db, photo_set.name)
    copied = []
    for photo in photo_set.photos:
        copied.append(_copied(root, photo))
        yield len(copied), len(photo_set.photos)
    with writing(db):
        refuse_known(db, photo_set.name)
        set_id = _set_row(db, photo_set, report, who, now)
        for position, one in enumerate(copied):
            _photo_rows(db, set_id, position, one, who, now)
        note_event(db, who, "imported", f"set/{photo_set.name}", now, n=len(copied))


@dataclass(frozen=True)
class _Copied:
    """A photo of a set whose files lie in the store, still without rows."""

    photo: Photo
    facts: Facts
    mask: str | None
    """sha256 of the expert's mask."""
    mask_bytes: int
    whole: Facts | None
    """Of the same part with its surroundings, where the set has it cut and whole."""


def _copied(root: Path, photo: Photo) -> _Copied:
    try:
        content = photo.path.read_bytes()
        mask = photo.mask.read_bytes() if photo.mask else None
        facts = photos.probe(content, photo.title)
        around = photo.whole.read_bytes() if photo.whole else None
        whole = photos.probe(around, photo.title) if around else None
    except (PhotoError, OSError) as error:
        raise DataError(f"{photo.title} can no longer be read ({error}); read the folder again.") from None
    if photo.sha256 not in ("", facts.sha256):
        raise DataError(f"{photo.title} has changed since the folder was read; read it again.")
    artifacts.put(root, content)
    mask_sha = artifacts.put(root, mask) if mask else None
    if around is not None:
        artifacts.put(root, around)
    return _Copied(photo, facts, mask_sha, len(mask or b""), whole)


def _set_row(db: Database, photo_set: PhotoSet, report: Mapping[str, Any], who: str, now: float) -> int:
    found = db.conn.execute(
        """insert into sets (name, domain, licence, is_synthetic, fingerprint, report_json,
                             imported_by, imported_at)
           values (:name, :domain, :licence, :synthetic, :fingerprint, :report, :who, :now)
           returning id""",
        {
            "name": photo_set.name,
            "domain": photo_set.domain,
            "licence": photo_set.licence,
            "synthetic": int(photo_set.is_synthetic),
            "fingerprint": photo_set.fingerprint,
            "report": to_json(dict(report)),
            "who": who,
            "now": now,
        },
    ).fetchone()
    return int(found[0])


def _photo_rows(db: Database, set_id: int, position: int, one: _Copied, who: str, now: float) -> None:
    """The rows of a photo's files, of the photo itself, and of its place and labels in the set."""
    photo, facts, whole = one.photo, one.facts, one.whole
    for seen, path in ((facts, photo.path), (whole, photo.whole)):
        if seen is not None:
            artifacts.note(db, seen.sha256, _media_type(path), seen.bytes, now)
            stored_photos.keep(db, seen, photo.title, who=who, now=now)
    if one.mask:
        artifacts.note(db, one.mask, _media_type(photo.mask), one.mask_bytes, now)
    db.conn.execute(
        """insert into set_photos (set_id, position, photo, name, label, grade, mask, place, split,
                                   fold, trim_json, source, whole, cut_json)
           values (:set_id, :position, :photo, :name, :label, :grade, :mask, :place, :split,
                   :fold, :trim, :source, :whole, :cut)""",
        {
            "set_id": set_id,
            "position": position,
            "photo": facts.sha256,
            "name": photo.title,
            "label": photo.label,
            "grade": photo.grade,
            "mask": one.mask,
            "place": photo.group,
            "split": photo.split,
            "fold": photo.fold,
            "trim": to_json(photo.trim) if photo.trim else None,
            "source": photo.source,
            "whole": whole.sha256 if whole is not None else None,
            "cut": to_json(photo.cut) if photo.cut else None,
        },
    )


def all_sets(db: Database, domain: Domain | None = None) -> list[StoredSet]:
    """The sets of a domain (or all), newest first."""
    found = rows(
        db,
        """select s.*, (select count(*) from set_photos where set_id = s.id) as n_photos from sets s
           where :domain is null or domain = :domain order by id desc""",
        {"domain": domain},
    )
    return [_of_row(r) for r in found]


def first_photos(db: Database, set_id: int, n: int) -> list[str]:
    """sha256 of a few photos of a set, spread over it so that a card shows more than one class."""
    found = rows(
        db,
        """select photo from (select photo, position, ntile(:n) over (order by position) as part
               from set_photos where set_id = :id) group by part order by part""",
        {"id": set_id, "n": n},
    )
    return [r["photo"] for r in found]


def get(db: Database, name: str) -> StoredSet:
    """The row of the set of this name; `NotFound` with the known names when there is none."""
    found = row(
        db,
        """select s.*, (select count(*) from set_photos where set_id = s.id) as n_photos from sets s
           where name = :name""",
        {"name": name},
    )
    if found is None:
        known = ", ".join(s.name for s in all_sets(db)) or "none yet"
        raise NotFound(f"There is no data set {name!r}; known are: {known}.")
    return _of_row(found)


def load(db: Database, root: Path, name: str, until: int | None = None) -> PhotoSet:
    """The set with its photos, their files where the store keeps them, and what people say of them.

    `until`: with their words as they were when that line of `core.labels` was the newest.
    """
    stored = get(db, name)
    found = rows(db, "select * from set_photos where set_id = :id order by position", {"id": stored.id})
    told = [
        Photo(
            path=artifacts.path(root, r["photo"]),
            name=r["name"],
            sha256=r["photo"],
            label=r["label"],
            grade=r["grade"],
            mask=artifacts.path(root, r["mask"]) if r["mask"] else None,
            group=r["place"],
            split=r["split"],
            fold=r["fold"],
            trim=trim_of(r["trim_json"]),
            whole=artifacts.path(root, r["whole"]) if r["whole"] else None,
            cut=trim_of(r["cut_json"]),
            source=r["source"],
        )
        for r in found
    ]
    whole = labels.amended(told, labels.standing(db, stored.domain, until))
    return PhotoSet(
        name=stored.name,
        domain=stored.domain,
        photos=whole,
        licence=stored.licence,
        fingerprint=stored.fingerprint if whole == tuple(told) else datasets.fingerprint(whole),
        is_synthetic=stored.is_synthetic,
        problems=tuple(stored.report.get("problems", ())),
    )


def gather(
    data: str,
    domain: Domain,
    db: Database | None,
    root: Path,
    *,
    until: int | None = None,
) -> PhotoSet:
    """The set that `--data` means: a stored set, a folder or a CSV, or several separated by commas, as one.

    A name that is a stored set's wins over a folder of that name; `./name` is always the folder. `until`
    counts for stored sets (`load`). `DataError` for a set of another domain or without photos.
    """
    parts = [data] if Path(data).exists() else [word.strip() for word in data.split(",") if word.strip()]
    if not parts:
        raise DataError("No data set is named; give a stored set's name or a folder.")
    found = datasets.merge([_one(part, domain, db, root, until) for part in parts])
    if not found.photos:
        raise DataError(f"{data} holds no photo that can be used; `import` tells what is wrong with each.")
    return found


def _one(word: str, domain: Domain, db: Database | None, root: Path, until: int | None) -> PhotoSet:
    known = {stored.name for stored in all_sets(db)} if db is not None else set()
    if db is not None and word in known:
        found = load(db, root, word, until)
        if found.domain != domain:
            raise DataError(f"{word} is a {found.domain} set; a {domain} set is wanted.")
        return found
    if not Path(word).exists():
        told = f"the sets in the store are {', '.join(sorted(known)) or 'none yet'}"
        raise DataError(f"There is no folder {word!r} and no data set of that name; {told}.")
    return datasets.read(Path(word), domain)


def forget(db: Database, name: str, *, who: str, now: float) -> None:
    """Take a set off the list. Its photos stay while anything else names them."""
    with writing(db):
        stored = get(db, name)
        db.conn.execute("delete from sets where id = :id", {"id": stored.id})
        note_event(db, who, "removed", f"set/{name}", now)


def refuse_known(db: Database, name: str) -> None:
    """`Conflict` when there is a set of this name, in any case of its letters."""
    if row(db, "select 1 from sets where name = :name", {"name": name}):
        raise Conflict(f"There is a data set {name!r} already; give this one another name.")


def _media_type(file: Path | None) -> str:
    return mimetypes.guess_type(file.name if file else "")[0] or "application/octet-stream"


def _of_row(r: Any) -> StoredSet:
    return StoredSet(
        id=r["id"],
        name=r["name"],
        domain=r["domain"],
        licence=r["licence"],
        is_synthetic=bool(r["is_synthetic"]),
        fingerprint=r["fingerprint"],
        report=json.loads(r["report_json"]),
        imported_by=r["imported_by"],
        imported_at=r["imported_at"],
        n_photos=r["n_photos"],
    )


@dataclass(frozen=True)
class Held:
    """A photo that is in the store: what a page needs to show it beside its label."""

    photo: str
    name: str
    width_px: int
    height_px: int
    mask: str | None
    """sha256 of an expert's mask, where a set has one."""
    whole: str | None = None
    """sha256 of the same part with its surroundings, where a set has it cut and whole."""
    trim: Trim | None = None


def held(db: Database, photos: Iterable[str]) -> dict[str, Held]:
    """Which of these photos (sha256) are in the store, by sha256; the others are left out."""
    found = rows(
        db,
        """select p.sha256 as photo, p.name, p.width_px, p.height_px,
                  (select mask from set_photos s where s.photo = p.sha256 and mask is not null
                   order by set_id desc limit 1) as mask,
                  (select whole from set_photos s where s.photo = p.sha256 and whole is not null
                   order by set_id desc limit 1) as whole,
                  (select trim_json from set_photos s where s.photo = p.sha256 and trim_json is not null
                   order by set_id desc limit 1) as trim
           from photos p where p.sha256 in (select value from json_each(:photos))""",
        {"photos": json.dumps(sorted(set(photos)))},
    )
    return {r["photo"]: Held(**{**dict(r), "trim": trim_of(r["trim"])}) for r in found}
