"""One photo, large, with what was found drawn in: zoom, move, switch the drawing off and on."""

from __future__ import annotations

from core import photos
from core.inspections import Inspection
from core.records import Photo, Trim
from pages.parts import gallery
from pages.parts.components import element
from pages.parts.strings import t

_viewer = element("viewer", "stage")


def show(inspection: Inspection, *, key: str) -> None:
    """The photo of an inspection, its evidence and its trim."""
    verdict = inspection.verdict
    trim = verdict.trim if verdict is not None else inspection.trim
    photo(
        inspection.photo,
        inspection.width_px,
        inspection.height_px,
        key=key,
        alt=inspection.name,
        overlay=f"/api/v1/overlays/{inspection.id}.webp" if gallery.has_overlay(inspection) else "",
        trim=trim,
    )


def stored(of: Photo, *, key: str) -> None:
    """A photo of a data set, with the expert's mask or trim drawn in."""
    facts = photos.probe(of.path, of.title)
    mask = f"/api/v1/artifacts/{of.mask.parent.name}{of.mask.name}" if of.mask is not None else ""
    photo(of.sha256, facts.width_px, facts.height_px, key=key, alt=of.title, mask=mask, trim=of.trim)


def photo(
    sha: str,
    width_px: int,
    height_px: int,
    *,
    key: str,
    alt: str,
    overlay: str = "",
    mask: str = "",
    trim: Trim | None = None,
) -> None:
    """Any photo of the store. `overlay` and `mask` are addresses of pictures of the same size.

    An overlay is drawn as it is, a mask in magenta where it is white.
    """
    names = ("evidence", "in", "out", "fit", "full", "gone")
    _viewer(
        key=key,
        data={
            "photo": f"/api/v1/photos/{sha}",
            "width": width_px,
            "height": height_px,
            "overlay": overlay,
            "mask": mask,
            "trim": list(trim) if trim else None,
            "alt": alt,
            "words": {name: t(f"viewer.{name}") for name in names},
        },
    )
