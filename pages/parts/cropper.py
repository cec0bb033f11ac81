"""The cut to the metal part, drawn on the photo itself by mouse, finger or keys."""

from __future__ import annotations

from core.records import Trim
from pages.parts.components import element, held, hold
from pages.parts.strings import t

_crop = element("crop")


def draw(
    sha: str,
    width_px: int,
    height_px: int,
    box: Trim | None,
    *,
    key: str,
    alt: str,
    keep: str = "",
    proposed: Trim | None = None,
) -> Trim | None:
    """The photo with its box; the box just kept, once, else None. `keep` are the button's words.

    Where nobody has drawn a box yet it begins with the `proposed` one.
    """
    names = ("box", "whole", "back", "hint", "keys", "propose")
    _crop(
        key=key,
        data={
            "photo": f"/api/v1/photos/{sha}",
            "width": width_px,
            "height": height_px,
            "box": list(box) if box else None,
            "proposed": list(proposed) if proposed else None,
            "alt": alt,
            "words": {name: t(f"crop.{name}") for name in names} | {"keep": keep or t("crop.keep")},
        },
        on_box_change=hold(key, "box"),
    )
    kept = held(key)
    if kept is None:
        return None
    x0, y0, x1, y1 = (float(v) for v in kept)
    return x0, y0, x1, y1
