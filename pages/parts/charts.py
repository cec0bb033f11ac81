"""Every figure: one look by day and by night, the same colour for the same thing, a menu to take it along.

The functions give plotly figures without a title; `show` puts the title above, as text that wraps on a phone,
with a menu that saves what is drawn as CSV, PNG or SVG and copies the page's address. A figure's threshold is
one vertical line, the same in all figures of a page.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

import plotly.graph_objects as go
import plotly.io as pio
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.parts.components import element
from pages.parts.strings import t

Mode = Literal["light", "dark"]

COLOURS: Final[dict[str, tuple[str, str]]] = {
    # what it is: (by day, by night)
    "ink": ("#1E2A2E", "#E6ECEA"),
    "quiet": ("#5B686C", "#93A0A2"),
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

_figure = element("figure", "dots")


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
        told: dict[str, Any] = {
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
            st.plotly_chart(figure, **told)
            return
        st.plotly_chart(figure, on_select=_hear(key, on_click), selection_mode="points", **told)


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
