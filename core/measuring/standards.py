"""What a crack's width means: limits of published standards, and the grade of a measured width.

A table says from which width on, or above which, a crack belongs to which grade. A width is never exact, so
a grade is asked for with the band it may lie in, and where the band straddles a limit both grades are named.
An organisation keeps tables of its own as a JSON file of the same form (`read`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core import own_tables
from core.errors import ConfigError
from core.settings import Settings


@dataclass(frozen=True)
class Limit:
    """One grade and from which width on a crack belongs to it."""

    grade: str
    from_mm: float
    """0 for the best grade."""
    words: str
    from_share: float | None = None
    """The same by the share of the surface that is cracked, 0 to 1, where the standard knows one."""
    is_above: bool = False
    """What is exactly at the limit still belongs to the grade before: "more than", not "from … on"."""


@dataclass(frozen=True)
class Standard:
    """The limits that one document sets for one kind of member or exposure."""

    key: str
    name: str
    source: str
    """Document, edition and table, as it is cited."""
    limits: tuple[Limit, ...]
    """From best to worst."""
    scope: str = ""
    """What it is meant for, and what it is not."""

    def __post_init__(self) -> None:
        widths = [limit.from_mm for limit in self.limits]
        shares = [limit.from_share for limit in self.limits if limit.from_share is not None]
        if not widths or widths[0] != 0:
            raise ConfigError(f"The first limit of {self.name} must begin at 0 mm.")
        if self.limits[0].from_share or self.limits[0].is_above:
            raise ConfigError(
                f"The first limit of {self.name} must begin at a share of 0, and 0 must belong to it; "
                "leave out its from_share and is_above."
            )
        if widths != sorted(set(widths)) or shares != sorted(set(shares)):
            raise ConfigError(f"The limits of {self.name} must rise from the best grade to the worst.")
        if not all(math.isfinite(w) for w in widths) or any(not 0 <= s <= 1 for s in shares):
            raise ConfigError(f"The limits of {self.name} must be widths in mm, and shares between 0 and 1.")


@dataclass(frozen=True)
class Graded:
    """What a standard says of a measured crack."""

    standard: str
    grades: tuple[str, ...]
    """One grade; two or more, best first, where the band straddles a limit."""
    by: str
    """`width` or `share`, whichever decided, or `both`."""
    words: str

    @property
    def worst(self) -> str:
        """The grade to act on until somebody has measured on site."""
        return self.grades[-1]


def grade(
    standard: Standard, width_mm: tuple[float, float], share: tuple[float, float] | None = None
) -> Graded:
    """The grade of a crack whose widest place lies in the band `width_mm` (low, high).

    `share` is the band of the cracked share of the surface, 0 to 1; where the standard has limits for it,
    the worse of both answers counts ("worst wins"). `ConfigError` for a band that is no band.
    """
    limits = standard.limits
    by, found = "width", _band(standard, [limit.from_mm for limit in limits], width_mm)
    if share is not None and knows_share(standard):
        steps = [0.0] + [math.nan if one.from_share is None else one.from_share for one in limits[1:]]
        other = _band(standard, steps, share)
        worse = (max(found[0], other[0]), max(found[1], other[1]))
        if found != worse or other == worse:
            by = "share" if other == worse != found else "both"
        found = worse
    names = tuple(limit.grade for limit in limits[found[0] : found[1] + 1])
    return Graded(standard.key, names, by, limits[found[1]].words)


def knows_share(standard: Standard) -> bool:
    """True when it also has limits for the share of the surface that is cracked."""
    return any(limit.from_share is not None for limit in standard.limits[1:])


def finest(standard: Standard) -> float | None:
    """The finest width in mm that it asks about; None where it has one grade only."""
    return min((limit.from_mm for limit in standard.limits if limit.from_mm > 0), default=None)


def _band(standard: Standard, steps: Sequence[float], band: tuple[float, float]) -> tuple[int, int]:
    """Positions of the grades at both ends of a band; a step of nan is one the standard does not have."""
    low, high = band
    if not 0 <= low <= high < math.inf:
        raise ConfigError(
            f"{standard.name} was asked for a band from {low:g} to {high:g}; it must not fall or be negative."
        )
    # A width that was computed as 0.3 - 1e-16 is 0.3: limits are printed with two digits, not sixteen.
    known = [
        (step + (1e-9 if standard.limits[i].is_above else -1e-9), i)
        for i, step in enumerate(steps)
        if not math.isnan(step)
    ]

    def reached(value: float) -> int:
        return max(i for step, i in known if value >= step)

    return reached(low), reached(high)


def read(path: Path) -> dict[str, Standard]:
    """Tables of an organisation's own, by key: `[{"key", "name", "source", "limits": [...]}]` in JSON.

    A limit has `grade`, `from_mm`, `words` and, where they apply, `from_share` and `is_above` (`Limit`).
    `ConfigError` says which table does not hold together and why.
    """
    needs = "key, name, source and limits with grade, from_mm and words"
    return own_tables.read(path, _standard, "standards", needs)


def known(settings: Settings) -> dict[str, Standard]:
    """All tables here by their key: those that come with Patina, then the organisation's own."""
    return STANDARDS | (read(settings.standards) if settings.standards else {})


def chosen(settings: Settings) -> Standard:
    """The standard that `PATINA_STANDARD` names; `ConfigError` for an unknown key or a bad table.

    Which one is in force, `core.in_force` knows: a person may have chosen another.
    """
    tables = known(settings)
    if settings.standard not in tables:
        raise ConfigError(
            f"PATINA_STANDARD is {settings.standard!r}, which is no standard here; choose one of "
            f"{', '.join(tables)}."
        )
    return tables[settings.standard]


def written(tables: Mapping[str, Standard]) -> str:
    """These tables as the JSON that `read` takes, to start one's own from."""
    return own_tables.written(tables.values())


def _standard(told: Mapping[str, Any]) -> Standard:
    limits = tuple(map(_limit, told["limits"]))
    return Standard(
        str(told["key"]), str(told["name"]), str(told["source"]), limits, str(told.get("scope", ""))
    )


def _limit(told: Mapping[str, Any]) -> Limit:
    share, is_above = told.get("from_share"), told.get("is_above", False)
    if not isinstance(is_above, bool):
        raise TypeError(f"is_above is {is_above!r}; it must be true or false")
    return Limit(
        str(told["grade"]),
        float(told["from_mm"]),
        str(told["words"]),
        None if share is None else float(share),
        is_above,
    )


_ACI = "ACI 224R-01 (reapproved 2008), Control of Cracking in Concrete Structures, table 4.1"
_MBEI = "AASHTO Manual for Bridge Element Inspection, 2nd edition 2019, defect 1130 / 1110, condition states"
_EC2 = "EN 1992-1-1:2004, table 7.1N, recommended w_max"
_KALIS = (
    "Korea Authority of Land and Infrastructure Safety, detailed guideline on safety inspection and "
    "precise safety diagnosis of facilities, bridges: deck slab"
)


def _one_limit(key: str, name: str, source: str, limit_mm: float, scope: str) -> Standard:
    """A standard that knows only the widest crack that is allowed: made for design, no scale of damage."""
    return Standard(
        key,
        name,
        source,
        (
            Limit("within", 0.0, f"up to {limit_mm:g} mm, which the document allows"),
            Limit("beyond", limit_mm, f"more than the {limit_mm:g} mm that it allows", is_above=True),
        ),
        scope,
    )


STANDARDS: Final[dict[str, Standard]] = {
    s.key: s
    for s in (
        Standard(
            "kr-deck",
            "Korea, bridge deck slab",
            _KALIS,
            (
                Limit("a", 0.0, "below 0.1 mm: no damage that matters", 0.0),
                Limit("b", 0.1, "0.1 to 0.3 mm: light, keep watching"),
                Limit("c", 0.3, "0.3 to 0.5 mm, or 2 to 10 % of the surface: repair", 0.02),
                Limit(
                    "d", 0.5, "0.5 to 1.0 mm, or 10 to 20 % of the surface: strengthen, limit the use", 0.1
                ),
                Limit("e", 1.0, "1.0 mm or more, or 20 % of the surface: stop the use", 0.2),
            ),
            "Reinforced concrete. The worse of width and cracked share counts. Here the share is what the "
            "cracks themselves cover: the least that it is where a strip beside each is counted with it.",
        ),
        Standard(
            "aashto-rc",
            "AASHTO, reinforced concrete",
            _MBEI,
            (
                Limit("CS1 or CS2 by density", 0.0, "below 0.30 mm (0.012 in): insignificant"),
                Limit("CS2", 0.30, "0.30 to 1.27 mm: moderate"),
                Limit("CS3", 1.27, "more than 1.27 mm (0.05 in): wide", is_above=True),
            ),
            "CS4 is a matter of a structural review, which no width decides.",
        ),
        Standard(
            "aashto-pc",
            "AASHTO, prestressed concrete",
            _MBEI,
            (
                Limit("CS1 or CS2 by density", 0.0, "below 0.10 mm (0.004 in): insignificant"),
                Limit("CS2", 0.10, "0.10 to 0.23 mm: moderate"),
                Limit("CS3", 0.23, "more than 0.23 mm (0.009 in): wide", is_above=True),
            ),
            "CS4 is a matter of a structural review, which no width decides.",
        ),
        _one_limit("aci-dry", "ACI 224R, dry air", _ACI, 0.41, "Dry air or a protective membrane."),
        _one_limit("aci-moist", "ACI 224R, moist air or soil", _ACI, 0.30, "Humidity, moist air, soil."),
        _one_limit("aci-salt", "ACI 224R, de-icing chemicals", _ACI, 0.18, "De-icing chemicals."),
        _one_limit(
            "aci-sea", "ACI 224R, seawater", _ACI, 0.15, "Seawater and its spray, wetting and drying."
        ),
        _one_limit("aci-water", "ACI 224R, water-retaining", _ACI, 0.10, "Structures that retain water."),
        _one_limit("ec2-dry", "Eurocode 2, X0 and XC1", _EC2, 0.4, "Reinforced; quasi-permanent load."),
        _one_limit(
            "ec2-rc", "Eurocode 2, XC2 to XC4, XD, XS", _EC2, 0.3, "Reinforced; quasi-permanent load."
        ),
        _one_limit(
            "ec2-pc", "Eurocode 2, prestressed", _EC2, 0.2, "Bonded tendons, X0 to XC4; frequent load."
        ),
    )
}
"""The tables that come with Patina. Japan's repair limits (JCI 2013) are not among them: no copy of their
table could be checked."""
