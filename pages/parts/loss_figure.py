"""The five losses of paper 2, live for any weight, drawn by the formulas that train."""

from __future__ import annotations

import streamlit as st

from core import losses
from core.errors import ConfigError
from pages.parts import charts, tables
from pages.parts.strings import t
from pages.parts.tables import Column, Row


@st.fragment
def show() -> None:
    """The figure (figures 3 to 6 of the paper), the weight as a slider, and what each loss does at e = ±1."""
    w = st.slider(
        t("losses.weight"), 0.0, 2.0, 0.5, 0.01, key="w", bind="query-params", help=t("losses.weight_help")
    )
    left, right = st.columns([3, 2], gap="large")
    with left:
        charts.show(
            charts.losses(w),
            t("losses.title", w=f"{w:.2f}"),
            key="losses",
            note=t("losses.note"),
            name="losses",
        )
    with right:
        rows = []
        for name, loss in losses.LOSSES.items():
            try:
                warning = losses.check(name, w)
                missed, false = (f"{float(loss.formula(e, w)):.3f}" for e in (1.0, -1.0))
            except ConfigError:
                warning, missed, false = t("losses.refused", below=f"{loss.below:g}"), "–", "–"
            tried = ", ".join(f"{x:g}" for x in loss.tried) or "–"
            rows.append(Row(name, [{"text": t(f"loss.{name}"), "sub": loss.text}, missed, false, tried]))
            if warning:
                st.html(f'<p class="note"><b>{t(f"loss.{name}")}</b>: {warning}</p>')
        tables.show(
            [
                Column(t("losses.loss"), wide=True),
                Column(t("losses.missed"), "number", help=t("losses.missed_help")),
                Column(t("losses.false"), "number", help=t("losses.false_help")),
                Column(t("losses.tried"), "number"),
            ],
            rows,
            key="losses-table",
            caption=t("losses.caption"),
        )
