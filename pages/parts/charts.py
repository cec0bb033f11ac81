"""Every figure: one look by day and by night, the same colour for the same thing, a menu to take it along.

The functions give plotly figures without a title; `show` puts the title above, as text that wraps on a phone,
with a menu that saves what is drawn as CSV, PNG or SVG and copies the page's address. A figure's threshold is
one vertical line, the same in all figures of a page.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np
import plotly.graph_objects as go
import plotly.io as pio
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.losses import LOSSES
from pages.parts.components import element
from pages.parts.strings import t

Mode = Literal["light", "dark"]

COLOURS: Final[dict[str, tuple[str, str]]] = {
    # what it is: (by day, by night)
    "ink": ("#1E2A2E", "#E6ECEA"),
    "quiet": ("#6B777A", "#93A0A2"),
    "grid": ("#E3E5DD", "#263235"),
    "paper": ("#FAFAF7", "#12191B"),
    "f1": ("#2A7F74", "#55B3A5"),
    "precision": ("#2F65A7", "#7FAEE0"),
    "recall": ("#B66A3C", "#E59A68"),
    "balanced_accuracy": ("#1E2A2E", "#E6ECEA"),
    "accuracy": ("#6B777A", "#93A0A2"),
    "iou": ("#C79A2B", "#E3C567"),
    "hit": ("#2A7F74", "#55B3A5"),
    "miss": ("#B66A3C", "#E59A68"),
    "false_alarm": ("#3B6EA5", "#7FAEE0"),
    "passed": ("#B9C0BB", "#4B585B"),
    "crack": ("#D6228F", "#E870B4"),
    "defect": ("#A23B3B", "#D96B6B"),
    "normal": ("#2A7F74", "#55B3A5"),
    "unknown": ("#B9C0BB", "#4B585B"),
    "published": ("#1E2A2E", "#E6ECEA"),
    "grade.0": ("#9CC5A1", "#9CC5A1"),
    "grade.1": ("#E3C567", "#E3C567"),
    "grade.2": ("#D98943", "#D98943"),
    "grade.3": ("#A23B3B", "#C25555"),
    "loss.mse": ("#1E2A2E", "#E6ECEA"),
    "loss.balanced_step": ("#3B6EA5", "#7FAEE0"),
    "loss.squared_balanced_step": ("#C79A2B", "#E3C567"),
    "loss.step": ("#2A7F74", "#55B3A5"),
    "loss.relu": ("#B66A3C", "#E59A68"),
}
"""The same thing has the same colour in every figure; a dash or a mark says it a second time."""

DASHES: Final[dict[str, str]] = {
    "precision": "solid",
    "recall": "solid",
    "f1": "solid",
    "balanced_accuracy": "dash",
    "accuracy": "dot",
    "loss.mse": "dot",
    "loss.balanced_step": "solid",
    "loss.squared_balanced_step": "dash",
    "loss.step": "longdash",
    "loss.relu": "solid",
}

SERIES: Final[tuple[tuple[str, str], ...]] = (
    ("#2A7F74", "#55B3A5"),
    ("#B66A3C", "#E59A68"),
    ("#3B6EA5", "#7FAEE0"),
    ("#B0307F", "#E07AB6"),
    ("#C79A2B", "#E3C567"),
    ("#6B777A", "#93A0A2"),
)
"""For things without a colour of their own: runs laid over each other."""

FONT: Final = "'Atkinson Hyperlegible Next', system-ui, sans-serif"

_figure = element("figure")


def mode() -> Mode:
    """Whether the reader's theme is light or dark; light where nobody looks (a test)."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return "light"
    return "dark" if st.context.theme.type == "dark" else "light"


def colour(name: str, of: Mode | None = None) -> str:
    """The colour of a thing, e.g. `f1`, `grade.2`, `loss.relu`, in the reader's theme."""
    return COLOURS[name][(of or mode()) == "dark"]


def series(i: int, of: Mode | None = None) -> str:
    """The colour of the i-th of several alike things; after six they begin again."""
    return SERIES[i % len(SERIES)][(of or mode()) == "dark"]


def rgba(hex_colour: str, alpha: float) -> str:
    """A colour made see-through, as plotly wants it."""
    red, green, blue = (int(hex_colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"


@functools.cache
def template(of: Mode) -> str:
    """The name of our plotly template for a theme, registered on first use."""
    ink, quiet, grid = (colour(name, of) for name in ("ink", "quiet", "grid"))
    axis = {
        "gridcolor": grid,
        "linecolor": quiet,
        "zeroline": False,
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": grid,
        "tickfont": {"color": quiet, "size": 12},
        "title": {"font": {"color": quiet, "size": 13}, "standoff": 8},
        "fixedrange": True,
        "automargin": True,
    }
    name = f"patina-{of}"
    pio.templates[name] = go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 13, "color": ink},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": [pair[of == "dark"] for pair in SERIES],
            "margin": {"l": 8, "r": 12, "t": 30, "b": 8},
            "xaxis": axis,
            "yaxis": axis | {"ticks": ""},
            "legend": {
                "orientation": "h",
                "yanchor": "bottom",
                "y": 1.0,
                "x": 0,
                "xanchor": "left",
                "font": {"size": 13},
                "itemclick": "toggle",
                "bgcolor": "rgba(0,0,0,0)",
            },
            "hoverlabel": {
                "bgcolor": "#FFFFFF" if of == "light" else "#182124",
                "bordercolor": grid,
                "font": {"family": FONT, "size": 13, "color": ink},
            },
            "hovermode": "x unified",
            "dragmode": False,
            "height": 320,
            "separators": ".\u2009",
        }
    )
    return name


def blank(x: str, y: str, *, height: int = 320, of: Mode | None = None, **layout: Any) -> go.Figure:
    """An empty figure in our look; the words for the axes name their units."""
    # All at once: plotly checks each later change anew, which takes longer than the figure itself.
    axes = {"xaxis": {"title": {"text": x}}, "yaxis": {"title": {"text": y}}}
    return go.Figure(layout={"template": template(of or mode()), "height": height, **axes, **layout})


def drawn(
    lines: Sequence[Mapping[str, Any]],
    x: Mapping[str, Any],
    y: Mapping[str, Any],
    *,
    mark: float | None = None,
    shapes: Sequence[Mapping[str, Any]] = (),
    annotations: Sequence[Mapping[str, Any]] = (),
    height: int = 320,
    **layout: Any,
) -> go.Figure:
    """A figure from parts in plotly's own words; `mark` draws the page's threshold.

    Plotly's checks of its parts, ten times as long as all the rest, are left to the tests: these figures are
    drawn anew for everybody who moves a slider.
    """
    told = {"template": _template(mode()), "height": height, "xaxis": x, "yaxis": y} | layout
    if mark is not None:
        shapes = [*shapes, _mark_line(mark)]
        annotations = [*annotations, _mark_number(mark)]
    if shapes:
        told["shapes"] = list(shapes)
    if annotations:
        told["annotations"] = list(annotations)
    return go.Figure(data=list(lines), layout=told, _validate=False)


@functools.cache
def _template(of: Mode) -> dict[str, Any]:
    return dict(pio.templates[template(of)].to_plotly_json())


def axis(title: str, **told: Any) -> dict[str, Any]:
    """An axis and its title, which names the unit."""
    return {"title": {"text": title}} | told


def show(
    figure: go.Figure,
    title: str,
    *,
    key: str,
    note: str = "",
    name: str = "",
    on_click: Callable[[list[dict[str, Any]]], None] | None = None,
) -> None:
    """Draw a figure under its title, which says what the figure shows.

    `name` begins the files that the menu saves. `on_click` gets the points of a click, before the page is
    drawn anew; points are dicts with `x`, `y` and `customdata`.
    """
    with st.container(key=f"figure-{key}", gap="xsmall"):
        _figure(
            key=f"{key}-menu",
            data={
                "title": title,
                "note": note,
                "of": f"figure-{key}",
                "name": name or key,
                "paper": colour("paper"),
                "words": {
                    word: t(f"figure.{word}") for word in ("menu", "csv", "png", "svg", "link", "copied")
                },
            },
        )
        drawn: dict[str, Any] = {
            "theme": None,
            "key": key,
            "alt": f"{title}. {note}".strip(),
            "config": {
                "displaylogo": False,
                "displayModeBar": True,
                "modeBarButtons": [["toImage"]],
                "scrollZoom": False,
                "doubleClick": "reset",
                "toImageButtonOptions": {"filename": name or key, "scale": 2},
            },
        }
        if on_click is None:
            st.plotly_chart(figure, **drawn)
            return
        st.plotly_chart(figure, on_select=_hear(key, on_click), selection_mode="points", **drawn)


def _hear(key: str, on_click: Callable[[list[dict[str, Any]]], None]) -> Callable[[], None]:
    def heard() -> None:
        points = list(st.session_state[key]["selection"]["points"])
        if points:  # a click beside all points takes the selection away and says nothing
            on_click(points)

    return heard


# Figures against the threshold ------------------------------------------------------------------------


def mark_threshold(figure: go.Figure, threshold: float | None) -> go.Figure:
    """The current threshold as the one vertical line of this page; returns the figure."""
    if threshold is not None:
        figure.add_shape(_mark_line(threshold))
        figure.add_annotation(_mark_number(threshold))
    return figure


def _mark_line(threshold: float) -> dict[str, Any]:
    line = {"color": colour("ink"), "width": 1.5}
    return {"type": "line", "x0": threshold, "x1": threshold, "y0": 0, "y1": 1, "yref": "paper", "line": line}


def _mark_number(threshold: float) -> dict[str, Any]:
    is_left = threshold < 0.8
    return {
        "x": threshold,
        "y": 0,
        "yref": "paper",
        "yanchor": "bottom",
        "text": f"<b>{threshold:.3f}</b>",
        "showarrow": False,
        "xanchor": "left" if is_left else "right",
        "xshift": 4 if is_left else -4,
        "font": {"color": colour("ink"), "size": 12},
        "bgcolor": rgba(colour("paper"), 0.8),
    }


def against_threshold(
    thresholds: np.ndarray, figures: Mapping[str, np.ndarray], mark: float | None, *, unit: str
) -> go.Figure:
    """Precision, recall, F1 … against the threshold, one line each; nan leaves a gap. `unit` names 0 to 1."""
    lines = [
        {
            "type": "scatter",
            "x": thresholds.astype(np.float32),
            "y": np.asarray(values, np.float32),
            "name": t(f"metric.{name}"),
            "mode": "lines",
            "line": {
                "color": colour(name),
                "dash": DASHES.get(name, "solid"),
                "width": 3 if name == "f1" else 2,
            },
            "hovertemplate": "%{y:.3f}",
        }
        for name, values in figures.items()
    ]
    return drawn(
        lines,
        axis(t("axis.threshold"), range=[0, 1], hoverformat=".3f", dtick=0.2),
        axis(unit, range=[0, 1.02], dtick=0.2),
        mark=mark,
        height=330,
    )


def precision_recall(
    precision: np.ndarray,
    recall: np.ndarray,
    thresholds: np.ndarray,
    mark: float,
    *,
    base: float | None = None,
) -> go.Figure:
    """Precision against recall over all thresholds, with the point of the current one marked.

    `base` draws the precision of calling everything, the floor that a model has to beat.
    """
    lines: list[dict[str, Any]] = []
    if base is not None:
        lines.append(
            {
                "type": "scatter",
                "x": [0, 1],
                "y": [base, base],
                "mode": "lines",
                "name": t("figure.call_all"),
                "line": {"color": colour("quiet"), "dash": "dot", "width": 1.5},
                "hovertemplate": t("figure.call_all") + ": %{y:.3f}<extra></extra>",
            }
        )
    known = ~(np.isnan(precision) | np.isnan(recall))
    lines.append(
        {
            "type": "scatter",
            "x": recall[known].astype(np.float32),
            "y": precision[known].astype(np.float32),
            "customdata": thresholds[known].astype(np.float32),
            "mode": "lines",
            "name": t("figure.pr"),
            "line": {"color": colour("f1"), "width": 3},
            "hovertemplate": f"{t('metric.precision')} %{{y:.3f}}<br>{t('metric.recall')} %{{x:.3f}}"
            f"<br>{t('axis.threshold')} %{{customdata:.3f}}<extra></extra>",
        }
    )
    here = int(np.abs(thresholds - mark).argmin())
    if known[here]:
        lines.append(
            {
                "type": "scatter",
                "x": [float(recall[here])],
                "y": [float(precision[here])],
                "mode": "markers+text",
                "name": t("figure.here"),
                "marker": {
                    "color": colour("ink"),
                    "size": 11,
                    "line": {"color": colour("paper"), "width": 2},
                },
                "text": [f"<b>{mark:.3f}</b>"],
                "textposition": "bottom left" if recall[here] > 0.5 else "top right",
                "hoverinfo": "skip",
            }
        )
    return drawn(
        lines,
        axis(t("axis.recall"), range=[0, 1.02], dtick=0.2),
        axis(t("axis.precision"), range=[0, 1.02], dtick=0.2),
        hovermode="closest",
        showlegend=False,
        margin={"t": 10},
    )


def spread(p: np.ndarray, truth: np.ndarray, names: tuple[str, str], mark: float | None) -> go.Figure:
    """How many photos got which probability, the two truths mirrored: `names[1]` above, `names[0]` below."""
    edges = np.linspace(0, 1, 41)
    middle = (edges[:-1] + edges[1:]) / 2
    counts = [np.histogram(p[truth == which], edges)[0] for which in (1, 0)]
    bars = [
        {
            "type": "bar",
            "x": middle,
            "y": sign * n,
            "customdata": n,
            "name": t(f"label.{names[which]}"),
            "marker": {"color": colour(names[which])},
            "hovertemplate": "%{customdata}",
        }
        for sign, which, n in ((1, 1, counts[0]), (-1, 0, counts[1]))
    ]
    ticks = _even_ticks(max(1, *(int(n.max()) for n in counts)))
    zero = {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": 0,
        "y1": 0,
        "line": {"color": colour("quiet"), "width": 1},
    }
    return drawn(
        bars,
        axis(t("axis.p_defect"), range=[0, 1], dtick=0.2, hoverformat=".3f"),
        axis(
            t("axis.photos"),
            tickvals=[-v for v in ticks[:0:-1]] + ticks,
            ticktext=[str(v) for v in ticks[:0:-1] + ticks],
        ),
        mark=mark,
        shapes=[zero],
        height=260,
        barmode="relative",
        bargap=0.06,
    )


def _even_ticks(most: int) -> list[int]:
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 10**9) if most / s <= 4)
    return list(range(0, most + 1, step))


# Confusion --------------------------------------------------------------------------------------------


def confusion(
    matrix: np.ndarray,
    labels: Sequence[str],
    *,
    chosen: tuple[int, int] | None = None,
    what: Literal["counts", "shares"] = "counts",
) -> go.Figure:
    """A confusion matrix, rows truth, columns said, in counts or row shares; the chosen cell is framed.

    Plotly's heatmaps give no clicks: a see-through square lies over each cell, with (truth, said) as its
    customdata.
    """
    n = len(labels)
    rows = matrix.sum(1, keepdims=True)
    shares = np.divide(matrix, rows, out=np.zeros(matrix.shape), where=rows > 0)
    dark = mode() == "dark"
    right, wrong = colour("hit"), colour("miss")
    tones, numbers = [], []
    for i in range(n):
        for j in range(n):
            tones.append(
                {
                    "type": "rect",
                    "x0": j - 0.48,
                    "x1": j + 0.48,
                    "y0": i - 0.47,
                    "y1": i + 0.47,
                    "fillcolor": rgba(right if i == j else wrong, 0.08 + 0.84 * float(shares[i, j])),
                    "line": {"width": 2.5 if (i, j) == chosen else 0, "color": colour("ink")},
                    "layer": "below",
                }
            )
            big, small = f"{matrix[i, j]:,}", f"{100 * shares[i, j]:.0f} %" if rows[i, 0] else "–"
            if what == "shares":
                big, small = small, big
            strong = shares[i, j] > 0.8  # below, ink on the paler cell is read more easily than white
            numbers.append(
                {
                    "x": j,
                    "y": i,
                    "text": f"<b>{big}</b><br><span style='font-size:11px'>{small}</span>",
                    "showarrow": False,
                    "font": {"size": 16, "color": "#FFFFFF" if strong and not dark else colour("ink")},
                }
            )
    at = [(i, j) for i in range(n) for j in range(n)]
    cells = {
        "type": "scatter",
        "x": [j for _, j in at],
        "y": [i for i, _ in at],
        "customdata": [[i, j, int(matrix[i, j]), float(shares[i, j])] for i, j in at],
        "mode": "markers",
        "marker": {"symbol": "square", "size": 56, "color": "rgba(0,0,0,0)", "line": {"width": 0}},
        "selected": {"marker": {"opacity": 1}},
        "unselected": {"marker": {"opacity": 1}},
        "hoverinfo": "none",  # "skip" would take the clicks away too
        "name": t("figure.confusion"),
        "meta": {
            "columns": [t("axis.truth"), t("axis.said"), t("axis.photos"), t("axis.share")],
            "labels": list(labels),
        },
    }
    ticks = {"tickvals": list(range(n)), "ticktext": list(labels), "showgrid": False, "ticks": ""}
    return drawn(
        [cells],
        axis(t("axis.said"), range=[-0.5, n - 0.5], side="top", **ticks),
        axis(t("axis.truth"), range=[n - 0.5, -0.5], **ticks),
        shapes=tones,
        annotations=numbers,
        height=110 + 68 * n,
        hovermode="closest",
        showlegend=False,
        clickmode="event+select",
        margin={"t": 8, "b": 4},
    )


def difference(cells: np.ndarray, labels: Sequence[str]) -> go.Figure:
    """One confusion matrix less another, in photos; green where more are right, copper where more are wrong.

    A mistake that became rarer is as good as a hit that became more frequent, so both are green.
    """
    n, most = len(labels), max(1, int(np.abs(cells).max()))
    ticks = {"tickvals": list(range(n)), "ticktext": list(labels), "showgrid": False, "ticks": ""}
    at = [(i, j) for i in range(n) for j in range(n)]
    good = [(1 if i == j else -1) * int(cells[i, j]) for i, j in at]
    tints = [
        rgba(colour("hit" if g > 0 else "miss"), 0.12 + 0.7 * abs(g) / most if g else 0.04) for g in good
    ]
    figure = blank(
        t("axis.said"),
        t("axis.truth"),
        height=110 + 68 * n,
        hovermode="closest",
        showlegend=False,
        shapes=[
            {
                "type": "rect",
                "x0": j - 0.48,
                "x1": j + 0.48,
                "y0": i - 0.47,
                "y1": i + 0.47,
                "fillcolor": tint,
                "line": {"width": 0},
                "layer": "below",
            }
            for (i, j), tint in zip(at, tints, strict=True)
        ],
        annotations=[
            {
                "x": j,
                "y": i,
                "text": f"<b>{int(cells[i, j]):+d}</b>" if cells[i, j] else "0",
                "showarrow": False,
                "font": {"size": 16, "color": colour("ink")},
            }
            for i, j in at
        ],
        margin={"t": 8, "b": 4},
    )
    figure.add_scatter(
        x=[j for _, j in at],
        y=[i for i, _ in at],
        customdata=[[i, j, int(cells[i, j])] for i, j in at],
        mode="markers",
        marker={"symbol": "square", "size": 56, "color": "rgba(0,0,0,0)", "line": {"width": 0}},
        hoverinfo="skip",
        name=t("figure.confusion"),
        meta={
            "columns": [t("axis.truth"), t("axis.said"), t("axis.photos")],
            "labels": list(labels),
        },
    )
    figure.update_xaxes(range=[-0.5, n - 0.5], side="top", **ticks)
    figure.update_yaxes(range=[n - 0.5, -0.5], **ticks)
    return figure


def per_grade(figures: Mapping[str, Sequence[float | None]], labels: Sequence[str]) -> go.Figure:
    """Precision, recall and F1 of each grade as bars beside each other; None leaves a gap."""
    figure = blank("", t("axis.share01"), height=260, barmode="group", bargap=0.28, bargroupgap=0.06)
    for name, values in figures.items():
        figure.add_bar(
            x=list(labels),
            y=list(values),
            name=t(f"metric.{name}"),
            marker_color=colour(name),
            hovertemplate="%{y:.2f}",
        )
    figure.update_yaxes(range=[0, 1.02], dtick=0.2)
    return figure


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
            "sizeref": max(1.0, float(n.max(initial=1)) / 500),
            "sizemin": 5,
            "line": {"color": colour("paper"), "width": 1.5},
        },
        hovertemplate=t("figure.calibration_hover"),
    )
    figure.update_xaxes(range=[0, 1.02], dtick=0.2, tickformat=".0%")
    figure.update_yaxes(range=[0, 1.02], dtick=0.2, tickformat=".0%")
    return figure


# Losses -----------------------------------------------------------------------------------------------


def losses(w: float, names: Sequence[str] = tuple(LOSSES)) -> go.Figure:
    """Each loss against the error e at the weight w, as figures 3 to 6 of paper 2, from the very formulas.

    A loss that cannot take this weight is left out.
    """
    figure = blank(t("axis.error"), t("axis.loss"), height=380)
    e = np.linspace(-1, 1, 401)
    for name in names:
        loss = LOSSES[name]
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


# Trainings --------------------------------------------------------------------------------------------


def curves(
    lines: Sequence[tuple[str, Sequence[float], Sequence[float | None], int]], x: str, y: str, *, unit: bool
) -> go.Figure:
    """Curves of one or more trainings: (name, steps, values, colour number); `unit`: they lie in 0 to 1."""
    figure = blank(x, y, height=300, dragmode="zoom")
    for name, steps, values, i in lines:
        figure.add_scatter(
            x=list(steps),
            y=list(values),
            name=name,
            mode="lines+markers" if max(len(line[1]) for line in lines) < 30 else "lines",
            line={"color": series(i), "width": 2.5, "dash": ("solid", "dash", "dot")[i // len(SERIES) % 3]},
            marker={"size": 5},
            hovertemplate="%{y:.4g}",
        )
    figure.update_xaxes(fixedrange=False)
    if unit:
        figure.update_yaxes(range=[0, 1.02], dtick=0.2)
    if len(lines) == 1:
        figure.update_layout(showlegend=False, margin={"t": 10})
    return figure
