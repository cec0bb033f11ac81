"""What a standard says of a crack: its grade, by what it was found, and by whose limits."""

from __future__ import annotations

from core.errors import ConfigError
from core.measuring import standards
from core.records import Verdict
from core.settings import Settings
from pages.parts import words
from pages.parts.strings import t


def line(verdict: Verdict) -> str:
    """ "d, by the cracked share, 12 % – Korea, bridge deck slab", plain text; "" without a grade.

    Where the standard has limits for the cracked share and nobody said how large a surface the photo shows,
    the line says that the share was not graded.
    """
    figures = verdict.figures
    if not figures.get("grade"):
        return ""
    told, state = str(figures["grade"]), figures.get("grade_share")
    if state == "judged":
        share = words.percent(float(figures.get("crack_fraction") or 0.0))
        told += ", " + t(f"fact.by_{figures['grade_by']}", share=share)
    told += f" – {name(str(figures['standard']))}"
    return told + (". " + t("fact.no_surface") if state == "no surface" else "")


def name(key: str) -> str:
    """What a standard is called; its key where no table here has it any more."""
    try:
        found = standards.known(Settings.of()).get(key)
    except ConfigError:  # the organisation's own file cannot be read just now; the page is for the photo
        found = standards.STANDARDS.get(key)
    return found.name if found else key
