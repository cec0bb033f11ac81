"""Why a verdict is what it is, as a few bars: how likely each answer is, and where the limit lies."""

from __future__ import annotations

import html

import streamlit as st

from core.records import Verdict
from pages.parts import words
from pages.parts.strings import t


def why(verdict: Verdict) -> None:
    """The bars of a verdict with their title; nothing where a domain has no such figures."""
    told = shares(verdict)
    if not told:
        return
    rows = "".join(
        f'<span class="bar-name">{html.escape(name)}</span>'
        f'<span class="bar-line"><i class="bar-fill {tone}" style="width:{100 * share:.1f}%"></i>'
        + (f'<i class="bar-mark" style="left:{100 * mark:.1f}%"></i>' if mark is not None else "")
        + f'</span><span class="bar-number">{words.percent(share)}</span>'
        for name, share, tone, mark in told
    )
    st.html(f'<div class="bars" role="img" aria-label="{html.escape(t("why.title"))}">{rows}</div>')
    if any(mark is not None for *_, mark in told):
        st.html(f'<p class="note">{t("why.mark")}</p>')


def shares(verdict: Verdict) -> list[tuple[str, float, str, float | None]]:
    """(name, share, tone, where the limit lies) of each bar, in the order of the answers."""
    figures = verdict.figures
    if verdict.domain == "corrosion":
        found = [(g, figures.get(f"p_{g}")) for g in range(4)]
        return [
            (words.label("corrosion", str(g)), float(p), f"grade-{g}", None)
            for g, p in found
            if isinstance(p, int | float)
        ]
    p = figures.get("p_defect")
    if verdict.domain == "rail" and isinstance(p, int | float):
        return [(words.label("rail", "defect"), float(p), "bad", verdict.threshold)]
    return []
