"""Inspections as a table to take along: one line a photo, as CSV that spreadsheets open as it is."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from core.grading import terms
from core.inspections import Inspection
from core.settings import Settings

COLUMNS: Final = (
    "inspection",
    "photo",
    "place",
    "domain",
    "state",
    "answer",
    "in_terms",
    "confidence",
    "threshold",
    "max_width_px",
    "max_width_mm",
    "needs_person",
    "reason",
    "next_step",
    "person",
    "person_says",
    "person_note",
    "model",
    "judged_at",
    "handed_in_by",
    "handed_in_at",
    "taken_at",
    "batch",
    "sha256",
)
"""What each line says, in this order. `answer` is the model's, `person_says` a person's newest word on it.

`in_terms` is what the grade that stands, a person's before the model's, is called in the terms in force.
"""

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet compute a cell; text from people that begins so gets an apostrophe before it."""


def table(found: Iterable[Inspection], settings: Settings) -> str:
    """CSV with a heading, for any number of inspections; times are UTC in ISO 8601, empty is not known.

    Begins with a byte order mark: without it Excel reads Korean and Japanese names wrongly.
    """
    out = io.StringIO()
    out.write("\ufeff")
    lines = csv.writer(out)
    lines.writerow(COLUMNS)
    lines.writerows(_line(one, settings) for one in found)
    return out.getvalue()


def _line(one: Inspection, settings: Settings) -> list[object]:
    verdict, spoken = one.verdict, one.opinion
    told: dict[str, object] = {
        "inspection": one.id,
        "photo": _text(one.name),
        "place": _text(one.place),
        "domain": one.domain,
        "state": one.state,
        "reason": one.error or "",
        "handed_in_by": _text(one.owner),
        "handed_in_at": _moment(one.created_at),
        "taken_at": one.taken_at or "",
        "batch": one.batch,
        "sha256": one.photo,
    }
    if verdict is not None:
        told |= {
            "answer": verdict.label,
            "in_terms": "; ".join(
                terms.in_one_line(named)
                for named in terms.told(settings, one.domain, spoken.label if spoken else verdict.label)
            ),
            "confidence": f"{verdict.confidence:.4f}",
            "threshold": "" if verdict.threshold is None else f"{verdict.threshold:.4f}",
            "max_width_px": _figure(verdict.figures.get("max_width_px")),
            "max_width_mm": _figure(verdict.figures.get("max_width_mm")),
            "needs_person": "yes" if verdict.needs_person else "no",
            "reason": verdict.reason,
            "next_step": verdict.next_step,
            "model": _text(verdict.model),
            "judged_at": _moment(one.verdict_at),
        }
    if spoken is not None:
        told |= {
            "person": _text(spoken.who),
            "person_says": spoken.label,
            "person_note": _text(spoken.note),
        }
    return [told.get(name, "") for name in COLUMNS]


def _text(said: str) -> str:
    return f"'{said}" if said.startswith(FORMULA) else said


def _figure(value: float | int | str | None) -> str:
    return f"{value:.3f}" if isinstance(value, int | float) else ""


def _moment(at: float | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
