"""Optuna's own figures of a search, in our words and colours, each readable on a phone."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

import plotly.graph_objects as go
import streamlit as st
from plotly.colors import sample_colorscale

from pages.parts import charts, pick
from pages.parts.strings import t

FIGURES: Final = ("history", "importances", "parallel", "slices", "intermediate")
AXES: Final = 5
"""ours: settings drawn side by side at first, those that matter most; more do not fit on a phone."""
BESIDE: Final = 3


def show(study: Any, n_ended: int, names: Mapping[str, str]) -> None:
    """The figure of the address; before a trial has ended there are only the curves of those under way.

    `names` are the words for the searched settings.
    """
    if not n_ended:
        draw("intermediate", curves(study))
        return
    which = pick.one(
        "figure",
        FIGURES,
        FIGURES[0],
        label=t("runs.figure"),
        say=lambda name: t(f"search.{name}"),
        key="search-figure",
    )
    if which in ("importances", "parallel", "slices") and n_ended < 2:
        st.html(f'<p class="note">{t("search.too_few")}</p>')
    elif which == "importances":
        draw(which, importances(study, names))
    elif which == "parallel":
        first = by_importance(study)
        chosen = st.multiselect(
            t("search.axes"), first, first[:AXES], format_func=lambda k: names.get(k, k), key="search-axes"
        )
        draw(which, together(study, chosen or first[:AXES], names))
    elif which == "slices":
        st.html(f'<p class="note">{t("search.slices_title")}. {t("search.slices_note")}</p>')
        known = by_importance(study)
        for i in range(0, len(known), BESIDE):
            for place, name in zip(st.columns(BESIDE, gap="medium"), known[i : i + BESIDE], strict=False):
                with place:
                    charts.show(one_by_one(study, name), names.get(name, name), key=f"search-slices-{name}")
    else:
        draw(which, history(study) if which == "history" else curves(study))


def draw(which: str, figure: go.Figure) -> None:
    """A figure under its title."""
    charts.show(figure, t(f"search.{which}_title"), key=f"search-{which}")


def by_importance(study: Any) -> list[str]:
    """The searched settings, those that decide most over good and bad first."""
    from optuna import importance  # a second to import, and only this view needs it

    return list(importance.get_param_importances(study, evaluator=importance.PedAnovaImportanceEvaluator()))


def history(study: Any) -> go.Figure:
    """What each trial reached, and the best so far as a line."""
    from optuna import visualization

    figure = ours(visualization.plot_optimization_history(study), x=t("search.trial"), y=t("search.value"))
    figure.update_traces(marker_color=charts.colour("f1"), line_color=charts.colour("f1"))
    for trace, name in zip(figure.data, ("value", "best_so_far"), strict=False):
        trace.name = t(f"search.{name}")
    return figure


def importances(study: Any, names: Mapping[str, str]) -> go.Figure:
    """How much each setting decides over good and bad, as bars."""
    from optuna import importance, visualization

    evaluator = importance.PedAnovaImportanceEvaluator()
    figure = visualization.plot_param_importances(study, evaluator=evaluator)
    figure = ours(figure, x=t("search.share"), y="")
    bar = figure.data[0]
    bar.y = [names.get(name, name) for name in bar.y]
    bar.marker.color = charts.colour("f1")
    bar.cliponaxis = False
    figure.update_yaxes(automargin=True, showgrid=False)
    return figure


def together(study: Any, settings: Sequence[str], names: Mapping[str, str]) -> go.Figure:
    """Every ended trial as a line through its settings; the better, the nearer to the accent."""
    from optuna import visualization

    figure = ours(visualization.plot_parallel_coordinate(study, params=list(settings)))
    figure.update_traces(marker_showscale=False, selector={"mode": "markers"})
    low, high = charts.colour("passed"), charts.colour("f1")
    for line in figure.data:
        if line.mode == "lines":  # its first point is what the trial reached, 0 the worst and 1 the best
            line.line.color = sample_colorscale([low, high], [float(line.y[0])])[0]
            line.opacity = 0.4 + 0.6 * float(line.y[0])
    words = [t("metric.f1"), *(names.get(name, name) for name in figure.layout.xaxis.ticktext[1:])]
    told = ["<br>".join(textwrap.wrap(word, 11)) for word in words]
    figure.update_xaxes(ticktext=told, tickfont={"size": 11}, tickangle=0, side="top", title="")
    figure.update_shapes(line_color=charts.colour("grid"))
    figure.update_annotations(font={"color": charts.colour("ink"), "size": 11})
    figure.update_layout(plot_bgcolor="rgba(0, 0, 0, 0)", margin={"l": 40, "r": 20, "t": 64, "b": 8})
    return figure


def one_by_one(study: Any, setting: str) -> go.Figure:
    """What trials reached against one setting; the later, the nearer to the accent."""
    from optuna import visualization

    figure = ours(visualization.plot_slice(study, params=[setting]), x="", y=t("search.value"), height=250)
    scale = [[0.0, charts.colour("passed")], [1.0, charts.colour("f1")]]
    figure.update_traces(marker={"colorscale": scale, "reversescale": False, "showscale": False})
    return figure


def curves(study: Any) -> go.Figure:
    """What each trial had reached after each of its epochs, those under way too."""
    from optuna import visualization

    figure = ours(visualization.plot_intermediate_values(study), x=t("search.epoch"), y=t("search.value"))
    figure.update_traces(marker={"size": 4}, line={"width": 1.5})
    figure.update_layout(showlegend=False)
    for line in figure.data:
        line.name = f"{t('search.trial')} {str(line.name).removeprefix('Trial')}"
    if max((len(line.x or ()) for line in figure.data), default=0) <= 12:
        figure.update_xaxes(dtick=1)  # there is no epoch 1.5
    return figure


def ours(figure: go.Figure, *, x: str | None = None, y: str | None = None, height: int = 420) -> go.Figure:
    """A figure of Optuna's with our template, axis titles and no title of its own."""
    figure.update_layout(template=charts.template(charts.mode()), title=None, height=height)
    if x is not None:
        figure.update_xaxes(title=x)
    if y is not None:
        figure.update_yaxes(title=y)
    return figure
