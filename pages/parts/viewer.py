"""One photo, large, with what was found drawn in: zoom, move, switch the drawing off and on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from core import photos
from core.grading import coach
from core.inspections import Inspection
from core.records import Photo, Trim
from pages.parts import gallery, spotlight
from pages.parts.components import element, held, hold
from pages.parts.strings import raw, t

KNOWN: Final = (("a4", 297), ("card", 85.6), ("coin", 23.25))
"""Things at hand whose length is the same everywhere: a sheet's long side, a bank card's, a euro."""

_viewer = element("viewer", "stage", "ruler")


def show(inspection: Inspection, *, key: str) -> Mapping[str, float] | None:
    """The photo of an inspection, its evidence, its drawn or proposed box; a crack's takes a scale.

    Returns the line just drawn, once: x0 y0 x1 y1 in photo pixels, and its length `mm`.
    """
    verdict = inspection.verdict
    trim = inspection.trim
    if verdict is not None:
        trim = verdict.trim or coach.of_figures(verdict.figures)
    photo(
        inspection.photo,
        inspection.width_px,
        inspection.height_px,
        key=key,
        alt=inspection.name,
        overlay=f"/api/v1/overlays/{inspection.id}.webp"
        if gallery.has_overlay(inspection)
        else spotlight.of_inspection(inspection),
        trim=trim,
        ruler=_ruler(inspection) if inspection.domain == "crack" else None,
    )
    return held(key)


def _ruler(of: Inspection) -> dict[str, Any]:
    """What the browser needs to draw a scale: the line that stands, the widest crack, the words."""
    widest = of.verdict.figures.get("max_width_px") if of.verdict is not None else None
    names = ("draw", "first", "second", "adjust", "length", "save", "result", "widest", "short", "px")
    return {
        "saved": dict(of.scale.told) if of.scale is not None and of.scale.how == "line" else None,
        "width_px": widest if isinstance(widest, int | float) and widest > 0 else None,
        "known": [(t(f"ruler.known_{name}"), mm) for name, mm in KNOWN],
        "words": {name: raw(f"ruler.{name}") for name in names},
    }


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
    ruler: Mapping[str, Any] | None = None,
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
            "ruler": ruler,
            "words": {name: t(f"viewer.{name}") for name in names},
        },
        on_scale_change=hold(key, "scale"),
    )
