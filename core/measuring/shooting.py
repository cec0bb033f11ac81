"""The rules that a photo of a wall must keep for a crack verdict to mean anything, and which it breaks.

A photo alone cannot tell whether it was taken square-on: that takes a marker on the wall whose shape is known
(`core.measuring.markers`). Without one the rule is named and left open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from core.measuring import scales
from core.measuring.scales import Scale
from core.quality import MIN_JUDGED_SIDE, TOO_BRIGHT, TOO_DARK, TOO_FLAT, TOO_SOFT, Quality

Name = Literal["size", "light", "contrast", "sharp", "near", "square"]
NAMES: Final[tuple[Name, ...]] = ("size", "light", "contrast", "sharp", "near", "square")
SLANTED: Final = 10.0
"""ours, degrees: at 10 a width looks 1.5 % narrower at worst, and the far end of a photo is a seventh off."""


@dataclass(frozen=True)
class Rule:
    """One rule and whether the photo keeps it; None: nobody can say."""

    name: Name
    is_kept: bool | None
    fault: str = ""
    """Which way it is broken: `small dark bright flat blurred far slanted`."""


def quality(figures: Mapping[str, Any]) -> Quality | None:
    """What a verdict's figures say of its photo; None for a verdict given before they did."""
    names = ("sharpness", "brightness", "contrast", "shorter_side_px")
    told = {name: figures.get(name) for name in names}
    if not all(isinstance(value, int | float) for value in told.values()):
        return None
    return Quality(**told)  # type: ignore[arg-type]


def rules(seen: Quality | None, scale: Scale | None, finest_mm: float | None) -> tuple[Rule, ...]:
    """All rules in order; `finest_mm` is the finest width that the standard in force asks for."""
    if seen is None:
        told = [Rule(name, None) for name in NAMES[:4]]
    else:
        dark, bright = seen.brightness < TOO_DARK, seen.brightness > TOO_BRIGHT
        told = [
            _rule("size", seen.shorter_side_px < MIN_JUDGED_SIDE, "small"),
            _rule("light", dark or bright, "dark" if dark else "bright"),
            _rule("contrast", seen.contrast < TOO_FLAT, "flat"),
            _rule("sharp", seen.sharpness < TOO_SOFT, "blurred"),
        ]
    if scale is None or finest_mm is None:
        told.append(Rule("near", None))
    else:
        told.append(_rule("near", scales.closer(scale, finest_mm) is not None, "far"))
    tilt = scale.told.get("tilt") if scale is not None else None
    told.append(Rule("square", None) if tilt is None else _rule("square", tilt > SLANTED, "slanted"))
    return tuple(told)


def broken(found: tuple[Rule, ...]) -> list[Rule]:
    """The rules that the photo breaks, in order."""
    return [rule for rule in found if rule.is_kept is False]


def _rule(name: Name, is_broken: bool, fault: str) -> Rule:
    return Rule(name, not is_broken, fault if is_broken else "")
