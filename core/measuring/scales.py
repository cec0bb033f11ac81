"""How large a pixel of a photo is on the wall, how that is known, and how far it may be wrong.

Every way assumes a wall seen square-on: a slanted one has another scale at each place. A printed marker
(`core.measuring.markers`) also tells how slanted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from core.errors import PatinaError

How = Literal["given", "line", "field", "distance", "marker"]
HOWS: Final[tuple[How, ...]] = ("given", "line", "field", "distance", "marker")

CLICK_PX: Final = 2.0
"""ours: a line drawn by hand is right within 1.4 pixels at each end, so within 2 in its length."""
LENGTH_ERROR: Final = 0.005
"""ours: what a ruler, a sheet of paper or a form tie is said to measure is right within half a per cent."""
FIELD_ERROR: Final = 0.02
DISTANCE_ERROR: Final = 0.05
"""ours: a distance taken by laser or tape, and a focal length that cameras round to whole millimetres."""
GIVEN_ERROR: Final = 0.01
SHORTEST_PX: Final = 20.0
FINEST_PX: Final = 1.0
"""ours: a crack thinner than a pixel only darkens it; what else darkens it nobody can tell."""
DIAGONAL_35MM: Final = math.hypot(36, 24)


@dataclass(frozen=True)
class Scale:
    """A scale with its origin."""

    mm_per_px: float
    error: float
    """Half the width of its band as a share of it, 0 to 1: 0.01 is within one per cent."""
    how: How = "given"
    told: Mapping[str, float] = field(default_factory=dict)
    """What a person gave: `x0 y0 x1 y1 mm` of a line, `mm` of the field, `m` and `focal_px` of a distance,
    `mm` of a marker with what was seen of it (`core.measuring.markers.scale`)."""

    def __post_init__(self) -> None:
        if not 0 <= self.error < 1:
            raise PatinaError(
                f"The scale's error is {self.error:g}; give it as a share: 0.01 is within one per cent."
            )
        if not 1e-6 <= self.mm_per_px <= 1e3:
            raise PatinaError(
                f"A pixel of {self.mm_per_px:g} mm cannot be; give the length that is seen in millimetres."
            )

    @property
    def is_surface(self) -> bool:
        """True where a person said how large a surface the photo shows: its cracked share is graded too."""
        return self.how == "field"


def given(mm_per_px: float, error: float = GIVEN_ERROR) -> Scale:
    """A scale that somebody knows, such as that of a drone's orthophoto, and how far it may be off."""
    return Scale(mm_per_px, error)


def of_line(x0: float, y0: float, x1: float, y1: float, mm: float) -> Scale:
    """From a line between two points of the photo (pixels) along something this long."""
    px = math.hypot(x1 - x0, y1 - y0)
    if not px >= SHORTEST_PX:
        raise PatinaError(
            f"The line is {px:.0f} pixels long; draw it along something longer, at least "
            f"{SHORTEST_PX:.0f} pixels, or zoom in."
        )
    error = math.hypot(CLICK_PX / px, LENGTH_ERROR)
    told = {"x0": x0, "y0": y0, "x1": x1, "y1": y1, "mm": mm}
    return Scale(_positive(mm) / px, error, "line", told)


def of_field(mm: float, width_px: int) -> Scale:
    """From how many millimetres of the wall the whole width of the photo shows."""
    return Scale(_positive(mm) / width_px, FIELD_ERROR, "field", {"mm": mm})


def of_distance(m: float, focal_px: float) -> Scale:
    """From the distance between camera and wall in metres, and the lens in pixels (`photos.focal_px`)."""
    if not focal_px > 0:
        raise PatinaError("The photo does not say its focal length; type the one for 35 mm film.")
    told = {"m": m, "focal_px": focal_px}
    return Scale(1000 * _positive(m) / focal_px, DISTANCE_ERROR, "distance", told)


def focal_px(focal_35mm: float, width_px: int, height_px: int) -> float:
    """A lens in pixels, from its focal length for 35 mm film, which goes by the diagonal (CIPA DCG-001)."""
    return focal_35mm * math.hypot(width_px, height_px) / DIAGONAL_35MM


@dataclass(frozen=True)
class Closer:
    """What has to change so that a photo shows cracks of a certain width."""

    mm: float
    """The width that is wanted."""
    finest_mm: float
    """The finest width that the photo can show."""
    times: float
    """How many times nearer the camera has to be."""
    m: float | None
    """The largest distance from which it can be seen; None where no lens is known."""


def closer(scale: Scale, mm: float, focal_px: float | None = None) -> Closer | None:
    """How much closer one has to stand to see cracks of this width; None when the photo shows them."""
    finest = FINEST_PX * scale.mm_per_px
    if finest <= mm * (1 + 1e-9):
        return None
    lens = focal_px or scale.told.get("focal_px")
    return Closer(mm, finest, finest / mm, lens * mm / FINEST_PX / 1000 if lens else None)


def of_json(told: Mapping[str, Any]) -> Scale:
    """A scale as a browser or a request tells it: `how` and what that way needs, but for a marker's."""
    try:
        match told.get("how"):
            case "line":
                return of_line(*(float(told[k]) for k in ("x0", "y0", "x1", "y1", "mm")))
            case "field":
                return of_field(float(told["mm"]), int(told["width_px"]))
            case "distance":
                return of_distance(float(told["m"]), float(told["focal_px"]))
            case "given":
                return given(float(told["mm_per_px"]), float(told.get("error", GIVEN_ERROR)))
    except (ArithmeticError, KeyError, TypeError, ValueError) as error:  # JSON's whole numbers have no end
        raise PatinaError(f"The scale lacks a number or has a wrong one ({error}); give it again.") from error
    raise PatinaError(f"A scale comes by one of {', '.join(HOWS)}, not by {told.get('how')!r:.40}.")


def _positive(value: float) -> float:
    if not (math.isfinite(value) and value > 0):
        raise PatinaError(f"A length of {value:g} cannot be; give what was measured on the wall.")
    return value
