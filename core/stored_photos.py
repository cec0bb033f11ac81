"""The photos of the store: a row for each, under the sha256 of the file as it was uploaded."""

from __future__ import annotations

from sqlite_utils import Database

from core.errors import NotFound
from core.records import Facts
from core.store import row


def keep(db: Database, facts: Facts, name: str, *, who: str, now: float) -> bool:
    """Write an uploaded photo's row, after its artifact's. False: the same photo was known."""
    done = db.conn.execute(
        """insert into photos (sha256, name, width_px, height_px, format, taken_at, lat, lon, camera,
                               uploaded_by, uploaded_at)
           values (:sha256, :name, :width_px, :height_px, :format, :taken_at, :lat, :lon, :camera, :who, :now)
           on conflict do nothing""",
        {
            "sha256": facts.sha256,
            "name": name,
            "width_px": facts.width_px,
            "height_px": facts.height_px,
            "format": facts.format,
            "taken_at": facts.taken_at,
            "lat": facts.lat,
            "lon": facts.lon,
            "camera": facts.camera,
            "who": who,
            "now": now,
        },
    )
    return done.rowcount == 1


def require(db: Database, sha256: str) -> None:
    """`NotFound` unless a photo of this hash has been uploaded."""
    if row(db, "select 1 from photos where sha256 = :sha", {"sha": sha256}) is None:
        raise NotFound(f"There is no photo {sha256[:12]}… in the store.")
