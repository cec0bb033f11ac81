"""The shooting rules of a crack photo: which it keeps, which it breaks and what to do about that."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st

from core.inspections import Inspection
from core.measuring import shooting
from core.measuring.shooting import Rule
from pages.parts import scale
from pages.parts.strings import t

MARKS = {True: "✓", False: "✗", None: "?"}


def of(inspection: Inspection) -> tuple[Rule, ...]:
    """The rules for a photo with a verdict."""
    assert inspection.verdict is not None
    seen = shooting.quality(inspection.verdict.figures)
    return shooting.rules(seen, inspection.scale, scale.finest())


def gate(inspection: Inspection) -> None:
    """Before the verdict: what is wrong with the photo and how to take it again; nothing where nothing is."""
    wrong = shooting.broken(of(inspection))
    if wrong:
        short = scale.short_of(inspection)
        told = " ".join(
            scale.too_far(short) if rule.fault == "far" and short else t(f"rules.do_{rule.fault}")
            for rule in wrong
        )
        head = t("rules.only_wide" if _is_wide(inspection, wrong) else "rules.again")
        st.warning(f"**{head}** {told}", icon=":material/photo_camera:")


def _is_wide(inspection: Inspection, wrong: Sequence[Rule]) -> bool:
    """The camera stood too far for the finest crack, but what was found is wider than that: it stands."""
    verdict = inspection.verdict
    found = verdict is not None and verdict.label == "crack" and "finer_than_mm" not in verdict.figures
    return found and {rule.fault for rule in wrong} == {"far"}


def listed(inspection: Inspection) -> None:
    """All rules, with a mark and a word each."""
    rows = []
    for rule in of(inspection):
        state = {True: "kept", False: "broken", None: "unknown"}[rule.is_kept]
        kind = "ask" if rule.is_kept is False else ""
        more = t(f"rules.do_{rule.fault}") if rule.fault else ""
        if rule.is_kept is None:
            more = t(f"rules.open_{rule.name}") if rule.name in ("near", "square") else t("rules.open_old")
        mark = f'<span title="{html.escape(t(f"rules.is_{state}"))}">{MARKS[rule.is_kept]}</span>'
        aside = f' <span class="note">{html.escape(more)}</span>' if more else ""
        rows.append(f'<p class="line {kind}">{mark} {html.escape(t(f"rules.{rule.name}"))}{aside}</p>')
    st.html("".join(rows))
