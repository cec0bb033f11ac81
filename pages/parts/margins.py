"""What trimming is worth: the model's figures against the margin around the trim box, and photos at each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st
from plotly import graph_objects as go

from core import corrosion, sets
from core.grading import margins
from pages.parts import (
    cached,
    charts,
    confusion,
    gallery,
    lab,
    spotlight,
    tables,
    words,
)
from pages.parts.lab import Lab
from pages.parts.strings import t

END = margins.HIGH + 0.2
"""Where the whole photo stands on the axis of margins."""


def show(told: Lab) -> None:
    """The curve, the slider and the photos; where nobody has measured it yet, the way to."""
    evaluation = cached.evaluation(told.model.folder, margins.name(told.split))
    if evaluation is None:
        st.html(f'<p class="lead">{t("margins.none")}</p>')
        lab.offer(
            told,
            t("margins.measure"),
            icon=":material/crop_free:",
            key="measure-margins",
            type="primary",
            margins=margins.STEPS,
        )
        return
    rows = cached.margins(told.model.folder, margins.name(told.split))
    st.html(f'<p class="lead">{in_words(rows)}</p>')
    _moved(told, evaluation, rows)
    st.html(f'<p class="note">{t("margins.note", n=len(evaluation["name"]))}</p>')


def in_words(rows: list[dict[str, Any]]) -> str:
    """The best margin, and the whole photo against the box as drawn, with what that is worth; as HTML."""
    best = max(rows, key=lambda row: row["mean_f1"] or 0.0)
    f1 = tables.with_interval(best, "mean_f1")
    told = t("margins.best", n=len(rows), margin=name(best["margin"]), f1=f1)
    value, low, high = rows[-1]["less"] or (0.0, 0.0, 0.0)
    told_as = {"less": value, "low": low, "high": high}
    between = {k: f"{v:+.2f}".replace("-", "\u2212") for k, v in told_as.items()}
    return f"{told} {t('margins.sure' if low > 0 or high < 0 else 'margins.chance', **between)}"


def name(margin: float | None) -> str:
    """A margin as people say it."""
    return t("margins.whole") if margin is None else f"{margin:.1f}"


@st.fragment
def _moved(told: Lab, evaluation: Mapping[str, np.ndarray], rows: list[dict[str, Any]]) -> None:
    """What moves with the slider: the mark in the figure, the figures beside it, the photos below."""
    names = [name(row["margin"]) for row in rows]
    at = names.index(st.select_slider(t("margins.slider"), names, key="margin", help=t("margins.help")))
    left, right = st.columns([7, 4], gap="large", vertical_alignment="center")
    with left:
        charts.show(curve(rows, at), t("margins.title"), key="margins")
    with right:
        row = rows[at]
        figures = [(t("metric.mean_f1"), tables.with_interval(row, "mean_f1"))]
        for g in ("2", "3"):
            f1 = tables.with_interval(row["per_grade"][g], "f1")
            figures.append((f"{t('metric.f1')}, {confusion.name(g)}", f1))
        st.html("".join(f'<p class="line">{label} <b>{value}</b></p>' for label, value in figures))
    _photos(told, evaluation, rows, at)


def curve(rows: list[dict[str, Any]], at: int) -> go.Figure:
    """Mean F1 with its interval, F1 of grades 2 and 3, against the margin; the chosen one marked."""
    x = [END if row["margin"] is None else row["margin"] for row in rows]
    figure = charts.blank(t("margins.axis"), t("metric.f1"))
    low, high = ([row.get(f"mean_f1_{end}") for row in rows] for end in ("low", "high"))
    if None not in [*low, *high]:
        area = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
        figure.add_scatter(x=x, y=high, **area)
        fill = charts.rgba(charts.colour("f1"), 0.14)
        figure.add_scatter(x=x, y=low, fill="tonexty", fillcolor=fill, **area)
    drawn = [(t("metric.mean_f1"), [row["mean_f1"] for row in rows], charts.colour("f1"), "solid")]
    for g, dash in (("2", "dash"), ("3", "dot")):
        f1 = [row["per_grade"][g]["f1"] for row in rows]
        drawn.append((confusion.name(g), f1, charts.colour(f"grade.{g}"), dash))
    for label, y, colour, dash in drawn:
        line = {"color": colour, "width": 2.5, "dash": dash}
        figure.add_scatter(x=x, y=y, name=label, mode="lines+markers", line=line, hovertemplate="%{y:.3f}")
    figure.add_vline(x[at], line={"color": charts.colour("ink"), "width": 1.5})
    ticks = [name(row["margin"]) for row in rows]
    figure.update_xaxes(tickvals=x, ticktext=ticks, range=[x[0] - 0.08, x[-1] + 0.12])
    figure.update_yaxes(range=[0, 1.02], dtick=0.2)
    return figure


def _photos(told: Lab, evaluation: Mapping[str, np.ndarray], rows: list[dict[str, Any]], at: int) -> None:
    """The photos whose grade hangs on the margin first, each with what the model sees of it now."""
    said = corrosion.decisions.decide(evaluation["p"].reshape(-1, corrosion.N)).reshape(len(rows), -1)
    kinds = np.asarray([len(set(column)) for column in said.T.tolist()])
    order = np.lexsort((np.arange(len(kinds)), -np.abs(said[0] - said[-1]), -kinds))
    st.markdown(f"##### {t('margins.photos', n=int((kinds > 1).sum()), of=len(kinds))}")
    seen = {**evaluation, "sha256": evaluation["whole"]}
    here = sets.held(told.db, evaluation["whole"].tolist())

    def tile(i: int) -> dict[str, Any]:
        truth, sha = int(evaluation["truth"][i]), str(evaluation["whole"][i])
        held, grade, first = here[sha], int(said[at, i]), int(said[0, i])
        x0, y0, x1, y1 = (float(v) for v in evaluation["box"][i])
        margin = rows[at]["margin"]
        lines = [("quiet", t("lab.truth", label=confusion.name(truth) if truth >= 0 else t("relabel.none")))]
        if grade != first:
            lines.append(("ask", t("margins.was", label=confusion.name(first))))
        box = None if margin is None else spotlight.grown((x0, y0, x1, y1), margin)
        return gallery.tile(
            sha,
            sha,
            words.percent(float(evaluation["p"][at, i, grade])),
            tone=f"grade-{grade}",
            grade=str(grade),
            lines=lines,
            name=str(evaluation["name"][i]),
            overlay="" if box is None else spotlight.window(box, held.width_px, held.height_px),
        )

    lab.photos(told, seen, order, here, tile, key="margins-photos")
