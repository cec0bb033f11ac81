"""The scale of one photo, whichever way somebody tells it: for page, REST and command line alike."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core import photos
from core.errors import PatinaError
from core.measuring import markers, scales
from core.measuring.scales import Scale


def of_photo(told: Mapping[str, Any], photo: Path | bytes, name: str, size: tuple[int, int]) -> Scale:
    """The scale of an upright photo of this width and height in pixels: `how`, and what that way needs.

    A line must lie in the photo; a field is as wide as the photo is, whatever is told; a distance without
    `focal_px` takes the lens that the photo names. `PatinaError` where no scale comes of it.
    """
    width, height = size
    match told.get("how"):
        case "marker":
            return markers.of_photo(photo, name, told["mm"])
        case "field":
            told = {**told, "width_px": width}
        case "distance" if told.get("focal_px") is None:
            lens = photos.focal_35mm(photo, name)
            told = {**told, "focal_px": scales.focal_px(lens, width, height) if lens else 0.0}
    scale = scales.of_json(told)
    ends = zip(("x0", "y0", "x1", "y1"), (width, height) * 2, strict=True)
    if scale.how == "line" and not all(0 <= scale.told[end] <= side for end, side in ends):
        raise PatinaError(f"The line leaves the photo, which is {width} × {height} pixels.")
    return scale
