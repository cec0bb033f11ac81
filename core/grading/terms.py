"""What a grade of corrosion is called elsewhere: condition states and classes of published standards.

Most standards do not speak of grades as experts give them to a photo. Some go by the rusted share of the
surface, which no grade tells; some ask how far the rust spreads, or for a look at the strength of the part. A
table therefore says what it needs, and without that it names no class, or all that are left. An organisation
keeps tables of its own as a JSON file of the same form (`read`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core import own_tables
from core.errors import ConfigError
from core.grading.decisions import N
from core.settings import Settings


@dataclass(frozen=True)
class Class:
    """One class of a standard."""

    name: str
    words: str
    """What the standard says of such a part, in short."""
    grades: tuple[int, ...] = ()
    """The grades, 0 to 3, whose parts may be of this class; () where a grade says nothing of it."""
    up_to_share: float | None = None
    """The class holds surfaces of which up to this share is rusted, 0 to 1; None where shares say nothing."""
    needs: str = ""
    """What must be found out before just this class is written down; "" where nothing."""


@dataclass(frozen=True)
class Terms:
    """The classes of one document, from best to worst: each by grade, or each by rusted share."""

    key: str
    name: str
    source: str
    """Document, edition and table, as it is cited."""
    classes: tuple[Class, ...]
    needs: str = ""
    """What must be known besides the grade before one class can be written down; "" where nothing."""
    scope: str = ""
    """How it was read here, and what it is not meant for."""

    def __post_init__(self) -> None:
        shares = [one.up_to_share for one in self.classes if one.up_to_share is not None]
        graded = {grade for one in self.classes for grade in one.grades}
        if not self.classes or (shares and len(shares) < len(self.classes)) or bool(shares) == bool(graded):
            raise ConfigError(f"Each class of {self.name} must name its grades, or each its up_to_share.")
        if graded and graded != set(range(N)):
            raise ConfigError(f"The classes of {self.name} must together name the grades 0 to 3, no others.")
        if shares and (shares != sorted(set(shares)) or shares[0] < 0 or shares[-1] != 1):
            raise ConfigError(f"The shares of {self.name} must rise from 0 or more to 1.")
        if shares and not self.needs:
            raise ConfigError(f"{self.name} goes by the rusted share; say so in needs.")

    @property
    def is_by_share(self) -> bool:
        """Whether the rusted share of the surface decides, and no grade does."""
        return self.classes[0].up_to_share is not None


@dataclass(frozen=True)
class Named:
    """What a grade is called in other terms."""

    key: str
    name: str
    source: str
    classes: tuple[str, ...]
    """One class; several, best first, where more would have to be known; none where a grade says nothing."""
    words: str
    """Of the worst of these classes; empty without any."""
    needs: str
    """What is still to be found out; empty where nothing is."""


def named(terms: Terms, grade: int, rusted: float | None = None) -> Named:
    """What `terms` call a part of this grade; `rusted`: which share of the surface is, where it was measured.

    A share never comes from a grade: a table that goes by shares names no class without one. `ConfigError`
    for a grade or a share that is none.
    """
    if grade not in range(N):
        raise ConfigError(f"The grade is {grade!r}; grades are 0 (light) to 3 (severe).")
    if rusted is not None and not 0 <= rusted <= 1:
        raise ConfigError(f"The rusted share is {rusted:g}; it must lie between 0 and 1.")
    found: tuple[Class, ...]
    if not terms.is_by_share:
        found = tuple(one for one in terms.classes if grade in one.grades)
    elif rusted is None or math.isnan(rusted):
        found = ()
    else:  # a share that was computed as 0.001 + 1e-16 is 0.001
        found = (next(one for one in terms.classes if rusted <= (one.up_to_share or 0.0) + 1e-9),)
    open_ = terms.needs if len(found) != 1 else ""
    return Named(
        terms.key,
        terms.name,
        terms.source,
        tuple(one.name for one in found),
        found[-1].words if found else "",
        (found[-1].needs if found else "") or open_,
    )


def told(settings: Settings, domain: str, label: str, rusted: float | None = None) -> tuple[Named, ...]:
    """What an answer is called in each of the terms in force here; () for domains without grades."""
    if domain != "corrosion":
        return ()
    return tuple(named(terms, int(label), rusted) for terms in chosen(settings))


def in_one_line(found: Named) -> str:
    """For a table to take along: "AASHTO condition state: CS3", "… : d or e, needs: how far …"."""
    told = " or ".join(found.classes)
    needs = f"needs: {found.needs}" if found.needs else ""
    return f"{found.name}: {', '.join(part for part in (told, needs) if part)}"


def read(path: Path) -> dict[str, Terms]:
    """Tables of an organisation's own, by key: `[{"key", "name", "source", "classes": [...]}]` in JSON.

    `ConfigError` says which table does not hold together and why.
    """
    needs = "key, name, source and classes with name, words and grades or up_to_share"
    return own_tables.read(path, _terms, "terms", needs)


def chosen(settings: Settings) -> tuple[Terms, ...]:
    """The terms that grades are told in here, in their order; `ConfigError` for an unknown key."""
    known = TERMS | (read(settings.terms) if settings.terms else {})
    strange = [key for key in settings.term if key not in known]
    if strange:
        raise ConfigError(
            f"PATINA_TERM names {strange[0]!r}, which is no table of terms here; there are "
            f"{', '.join(known)}."
        )
    return tuple(known[key] for key in settings.term)


def written(tables: Mapping[str, Terms]) -> str:
    """These tables as the JSON that `read` takes, to start one's own from."""
    return own_tables.written(tables.values())


def _terms(told: Mapping[str, Any]) -> Terms:
    classes = tuple(
        Class(
            str(one["name"]),
            str(one["words"]),
            tuple(int(grade) for grade in one.get("grades") or ()),
            None if one.get("up_to_share") is None else float(one["up_to_share"]),
            str(one.get("needs", "")),
        )
        for one in told["classes"]
    )
    name, source = str(told["name"]), str(told["source"])
    needs, scope = str(told.get("needs", "")), str(told.get("scope", ""))
    return Terms(str(told["key"]), name, source, classes, needs, scope)


_SHARE = "the rusted share of the surface, measured on site or in a marked photo"

TERMS: Final[dict[str, Terms]] = {
    terms.key: terms
    for terms in (
        Terms(
            "aashto",
            "AASHTO condition state",
            "AASHTO Manual for Bridge Element Inspection, 2nd edition 2019, defect 1000 Corrosion (steel)",
            (
                Class("CS1", "good: no corrosion", (0,)),
                Class("CS2", "fair: freckled rust, corrosion has begun", (1,)),
                Class("CS3", "poor: pack rust, or section loss that calls for no structural review", (2,)),
                Class(
                    "CS4",
                    "severe: a structural review is called for, or has found weakness",
                    (3,),
                    needs="a hands-on check; a photo cannot prove section loss",
                ),
            ),
            scope="CS4 is a matter of a structural review, which no photo decides.",
        ),
        Terms(
            "iso-4628-3",
            "ISO degree of rusting",
            "ISO 4628-3:2016, Paints and varnishes, assessment of degree of rusting, table 1",
            (
                Class("Ri 0", "no rust", up_to_share=0.0),
                Class("Ri 1", "0.05 % of the surface rusted", up_to_share=0.0005),
                Class("Ri 2", "0.5 % of the surface rusted", up_to_share=0.005),
                Class("Ri 3", "1 % of the surface rusted", up_to_share=0.01),
                Class("Ri 4", "8 % of the surface rusted", up_to_share=0.08),
                Class("Ri 5", "40 to 50 % of the surface rusted", up_to_share=1.0),
            ),
            needs=_SHARE,
            # ours: the standard compares with pictures and sets no limits between them.
            scope="Between two of the standard's pictures the worse one is named.",
        ),
        Terms(
            "astm-d610",
            "ASTM rust grade",
            "ASTM D610-08 (reapproved 2019), Evaluating Degree of Rusting on Painted Steel Surfaces, table 1",
            (
                Class("10", "at most 0.01 % of the surface rusted", up_to_share=0.0001),
                Class("9", "0.01 to 0.03 % of the surface rusted", up_to_share=0.0003),
                Class("8", "0.03 to 0.1 % of the surface rusted", up_to_share=0.001),
                Class("7", "0.1 to 0.3 % of the surface rusted", up_to_share=0.003),
                Class("6", "0.3 to 1 % of the surface rusted", up_to_share=0.01),
                Class("5", "1 to 3 % of the surface rusted", up_to_share=0.03),
                Class("4", "3 to 10 % of the surface rusted", up_to_share=0.1),
                Class("3", "10 to 16 % of the surface rusted", up_to_share=0.16),
                Class("2", "16 to 33 % of the surface rusted", up_to_share=0.33),
                Class("1", "33 to 50 % of the surface rusted", up_to_share=0.5),
                Class("0", "more than 50 % of the surface rusted", up_to_share=1.0),
            ),
            needs=_SHARE,
            scope="Painted steel. Spot, general or pinpoint rust is told apart on site.",
        ),
        Terms(
            "jp-bridge",
            "Japan, damage of road bridges",
            "国土交通省 道路局 国道・技術課「橋梁定期点検要領」平成31年3月 (2019), 付録-2, ① 腐食",
            (
                Class("a", "no damage", (0,)),
                Class("b", "rust on the surface, in a small area", (1,)),
                Class("c", "rust on the surface, over the part or in several spreading areas", (1,)),
                Class("d", "marked swelling or visible loss of plate, in a small area", (2, 3)),
                Class("e", "marked swelling or visible loss of plate, over the part", (2, 3)),
            ),
            needs="how far the rust spreads over the whole part",
            # ours: the document asks for depth (surface only, or swelling and loss) and for area.
            scope="Layers and pack rust are read as marked swelling; pitting alone may be b or c.",
        ),
    )
}
"""The tables that come with Patina. The Korean classes are not among them: no copy of the guideline's table
for steel could be checked; write them as a table of one's own."""
