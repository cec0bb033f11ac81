"""What a photo's grade is called in the terms in force here, each with its source and what it still needs."""

from __future__ import annotations

import html

import streamlit as st

from core.grading import terms
from core.grading.terms import Named
from core.inspections import Inspection
from core.settings import Settings
from pages.parts.strings import t


def show(of: Inspection) -> None:
    """A line for each of the terms; where one goes by the rusted share, a field for it."""
    if of.domain != "corrosion" or of.verdict is None:
        return
    settings, stands = Settings.of(), of.opinion.label if of.opinion else of.verdict.label
    rusted = None
    if any(one.is_by_share for one in terms.chosen(settings)):
        percent = st.number_input(
            t("terms.rusted"), 0.0, 100.0, None, step=1.0, key=f"rusted-{of.id}", help=t("terms.rusted_help")
        )
        rusted = None if percent is None else percent / 100
    for one in terms.told(settings, of.domain, stands, rusted):
        st.html(line(one))


def line(one: Named) -> str:
    """One of the terms as HTML: name, class and wording, what it needs; the source on hover."""
    classes = html.escape(t("terms.or").join(one.classes))
    told = f"{html.escape(one.name)} <b>{classes}</b>" if classes else html.escape(one.name)
    told += f" – {html.escape(one.words)}" if one.words else ""
    if one.needs:
        told += f'<br><span class="note">{html.escape(t("terms.needs", what=one.needs))}</span>'
    return f'<p class="line quiet" title="{html.escape(one.source)}">{told}</p>'
