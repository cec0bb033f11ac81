"""Confusion matrices, one or the difference of two, and whether a model is as sure as it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go

from pages.parts import words
from pages.parts.charts import axis, blank, colour, drawn, mode, rgba
from pages.parts.strings import t


def confusion(
    matrix: np.ndarray,
    labels: Sequence[str],
    *,
    chosen: tuple[int, int] | None = None,
    what: Literal["counts", "shares"] = "counts",
) -> go.Figure:
    """A confusion matrix, rows truth, columns said, in counts or row shares; the chosen cell is framed.

    A click on a cell tells (truth, said) as its customdata.
    """
    rows = matrix.sum(1, keepdims=True)
    shares = np.divide(matrix, rows, out=np.zeros(matrix.shape), where=rows > 0)
    dark = mode() == "dark"
    tints, words, inks = [], [], []
    for i, j in _cells(labels):
        tints.append(rgba(colour("hit" if i == j else "miss"), 0.08 + 0.84 * float(shares[i, j])))
        big, small = f"{matrix[i, j]:,}", f"{100 * shares[i, j]:.0f} %" if rows[i, 0] else "–"
        if what == "shares":
            big, small = small, big
        words.append(f"<b>{big}</b><br><span style='font-size:11px'>{small}</span>")
        # Below 0.8, ink on the paler cell is read more easily than white.
        inks.append("#FFFFFF" if shares[i, j] > 0.8 and not dark else colour("ink"))
    told = [[i, j, int(matrix[i, j]), float(shares[i, j])] for i, j in _cells(labels)]
    return _squares(
        labels,
        tints,
        words,
        inks,
        {
            "customdata": told,
            "selected": {"marker": {"opacity": 1}},
            "unselected": {"marker": {"opacity": 1}},
            "hoverinfo": "none",  # "skip" would take the clicks away too
        },
        [t("axis.photos"), t("axis.share")],
        chosen=chosen,
        clickmode="event+select",
    )


def difference(cells: np.ndarray, labels: Sequence[str]) -> go.Figure:
    """One confusion matrix less another, in photos; green where more are right, copper where more are wrong.

    A mistake that became rarer is as good as a hit that became more frequent, so both are green.
    """
    most = max(1, int(np.abs(cells).max()))
    tints, words = [], []
    for i, j in _cells(labels):
        good = (1 if i == j else -1) * int(cells[i, j])
        tints.append(
            rgba(colour("hit" if good > 0 else "miss"), 0.12 + 0.7 * abs(good) / most if good else 0.04)
        )
        words.append(f"<b>{int(cells[i, j]):+d}</b>" if good else "0")
    told = [[i, j, int(cells[i, j])] for i, j in _cells(labels)]
    inks = [colour("ink")] * len(words)
    return _squares(labels, tints, words, inks, {"customdata": told, "hoverinfo": "skip"}, [t("axis.photos")])


def _cells(labels: Sequence[str]) -> list[tuple[int, int]]:
    """(truth, said) of every cell, row by row."""
    return [(i, j) for i in range(len(labels)) for j in range(len(labels))]


def _squares(
    labels: Sequence[str],
    tints: Sequence[str],
    words: Sequence[str],
    inks: Sequence[str],
    told: Mapping[str, Any],
    columns: Sequence[str],
    *,
    chosen: tuple[int, int] | None = None,
    **layout: Any,
) -> go.Figure:
    """A square a cell with its words, truth from above down, said from left to right.

    Plotly's heatmaps give no clicks: a see-through mark lies over each cell. `told` is what the marks know,
    `columns` what is saved of them besides truth and said.
    """
    n, at = len(labels), _cells(labels)
    squares = [
        {
            "type": "rect",
            "x0": j - 0.48,
            "x1": j + 0.48,
            "y0": i - 0.47,
            "y1": i + 0.47,
            "fillcolor": tint,
            "line": {"width": 2.5 if (i, j) == chosen else 0, "color": colour("ink")},
            "layer": "below",
        }
        for (i, j), tint in zip(at, tints, strict=True)
    ]
    texts = [
        {"x": j, "y": i, "text": text, "showarrow": False, "font": {"size": 16, "color": ink}}
        for (i, j), text, ink in zip(at, words, inks, strict=True)
    ]
    marks = {
        "type": "scatter",
        "x": [j for _, j in at],
        "y": [i for i, _ in at],
        "mode": "markers",
        "marker": {"symbol": "square", "size": 56, "color": "rgba(0,0,0,0)", "line": {"width": 0}},
        "name": t("figure.confusion"),
        "meta": {"columns": [t("axis.truth"), t("axis.said"), *columns], "labels": list(labels)},
    }
    ticks = {"tickvals": list(range(n)), "ticktext": list(labels), "showgrid": False, "ticks": ""}
    return drawn(
        [{**marks, **told}],
        axis(t("axis.said"), range=[-0.5, n - 0.5], side="top", **ticks),
        axis(t("axis.truth"), range=[n - 0.5, -0.5], **ticks),
        shapes=squares,
        annotations=texts,
        height=110 + 68 * n,
        hovermode="closest",
        showlegend=False,
        margin={"t": 8, "b": 4},
        **layout,
    )


def calibration(said: np.ndarray, right: np.ndarray, n: np.ndarray) -> go.Figure:
    """How often an answer was right against how sure it was; the area of a mark grows with its photos.

    On the dashed line 80 % sure is right 80 times in 100; below it, the model promises too much.
    """
    figure = blank(t("axis.confidence"), t("axis.right"), height=330, hovermode="closest", showlegend=False)
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        name=t("figure.honest"),
        line={"color": colour("quiet"), "dash": "dash", "width": 1.5},
        hoverinfo="skip",
    )
    kept = n > 0
    figure.add_scatter(
        x=said[kept],
        y=right[kept],
        customdata=n[kept],
        mode="lines+markers",
        name=t("figure.calibration"),
        line={"color": rgba(colour("f1"), 0.45), "width": 2},
        marker={
            "color": colour("f1"),
            "size": n[kept],
            "sizemode": "area",
            "sizeref": float(n.max(initial=1)) / 500,
            "sizemin": 5,
            "line": {"color": colour("paper"), "width": 1.5},
        },
        hovertemplate=t("figure.calibration_hover"),
        cliponaxis=False,
    )
    shares = [i / 5 for i in range(6)]
    ticks = {"range": [0, 1.02], "tickvals": shares, "ticktext": [words.percent(s) for s in shares]}
    figure.update_xaxes(**ticks)
    figure.update_yaxes(**ticks)
    return figure
