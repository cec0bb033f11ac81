"""The five losses of paper 2, live for any weight, drawn by the formulas that train."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core import losses
from core.errors import ConfigError
from pages.parts import charts, tables
from pages.parts.charts import DASHES, blank, colour
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
            drawn(w),
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


def drawn(w: float) -> go.Figure:
    """Each loss against the error e at the weight w, as figures 3 to 6 of paper 2, from the very formulas.

    A loss that cannot take this weight is left out.
    """
    figure = blank(t("axis.error"), t("axis.loss"), height=380)
    e = np.linspace(-1, 1, 401)
    for name, loss in losses.LOSSES.items():
        if w >= loss.below:
            continue
        figure.add_scatter(
            x=e,
            y=loss.formula(e, w),
            name=t(f"loss.{name}"),
            mode="lines",
            line={"color": colour(f"loss.{name}"), "dash": DASHES[f"loss.{name}"], "width": 2.5},
            hovertemplate="%{y:.3f}",
        )
    figure.add_vline(x=0, line={"color": colour("quiet"), "width": 1})
    for x, word in ((-0.5, "figure.side_false"), (0.5, "figure.side_missed")):
        figure.add_annotation(
            x=x,
            y=0.98,
            yref="paper",
            text=t(word),
            showarrow=False,
            font={"color": colour("quiet"), "size": 12},
        )
    figure.update_xaxes(range=[-1, 1], dtick=0.5, hoverformat=".2f")
    figure.update_yaxes(rangemode="tozero")
    return figure
