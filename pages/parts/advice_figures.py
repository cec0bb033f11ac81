"""Figures of the advice: what the cycles gained, how many defects there are, how much was luck."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from core.few_labels.advice import Helping
from core.few_labels.luck import Luck
from pages.parts.charts import blank, colour, rgba
from pages.parts.strings import t


def gains(trainings: Sequence[int], labels: Sequence[int], found: Sequence[Helping]) -> go.Figure:
    """F1 against that of the labels alone after each training, with its interval; zero is no gain."""
    figure = blank(t("axis.labels"), t("advice.gain_axis"), height=280, hovermode="closest", showlegend=False)
    figure.update_layout(margin={"t": 10})
    tints = {"better": colour("hit"), "worse": colour("miss"), "unclear": colour("quiet")}
    figure.add_hline(y=0, line={"color": colour("quiet"), "width": 1.2, "dash": "dot"})
    for number, n, one in zip(trainings, labels, found, strict=True):
        figure.add_scatter(
            x=[n, n],
            y=[one.low, one.high],
            mode="lines",
            line={"color": tints[one.key], "width": 2},
            hoverinfo="skip",
            name=t("advice.interval", training=number),
        )
    figure.add_scatter(
        x=list(labels),
        y=[one.better for one in found],
        customdata=[[k, one.low, one.high] for k, one in zip(trainings, found, strict=True)],
        mode="markers",
        name=t("advice.gain_axis"),
        marker={
            "size": 11,
            "color": [tints[one.key] for one in found],
            "symbol": ["circle" if one.key != "unclear" else "circle-open" for one in found],
            "line": {"width": 2},
        },
        hovertemplate=t("advice.gain_hover"),
    )
    far = max([0.1, *(abs(v) for one in found for v in (one.low, one.high))])
    figure.update_yaxes(range=[-1.1 * far, 1.1 * far], tickformat="+.2f")
    figure.update_xaxes(tickvals=list(labels))
    return figure


def ratio(
    labels: Sequence[int],
    estimated: Sequence[tuple[float, float, float]],
    assumed: float,
    true: float | None,
) -> go.Figure:
    """The estimated share of defects after each training with its interval, the assumed one as a line.

    Trainings for which it cannot be told (nan) leave a gap; `true` is drawn where the labels are known.
    """
    figure = blank(t("axis.labels"), t("advice.ratio_axis"), height=280, hovermode="closest")
    share, low, high = (np.array(v, np.float64) for v in zip(*estimated, strict=True))
    main = colour("f1")
    known = ~np.isnan(share)
    figure.add_scatter(
        x=[v for n in np.array(labels)[known].tolist() for v in (n, n, None)],
        y=[v for a, b in zip(low[known], high[known], strict=True) for v in (a, b, None)],
        mode="lines",
        line={"color": rgba(main, 0.45), "width": 5},
        hoverinfo="skip",
        showlegend=False,
        name=t("advice.ratio_interval"),
    )
    figure.add_scatter(
        x=list(labels),
        y=[None if np.isnan(v) else v for v in share],
        mode="lines+markers",
        name=t("advice.estimated"),
        line={"color": main, "width": 2.5},
        marker={"size": 8},
        hovertemplate="%{y:.1%}",
    )
    ends = [min(labels), max(labels)]
    told = [("advice.assumed", assumed, "dash", colour("ink"))]
    told += [("advice.true", true, "dot", colour("quiet"))] if true is not None else []
    for name, at, dash, tint in told:
        figure.add_scatter(
            x=ends,
            y=[at, at],
            mode="lines",
            name=t(name),
            line={"color": tint, "dash": dash, "width": 1.6},
            hovertemplate="%{y:.1%}",
        )
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    figure.update_xaxes(tickvals=list(labels))
    return figure


def luck(found: Luck, bound: float) -> go.Figure:
    """F1 that random start sets reach, by their size: mean, and 5 to 95 % of the draws.

    What the labels alone reach is drawn dotted beside it, where the rest is told after the cycles.
    """
    figure = blank(
        t("advice.start_axis"), t("advice.luck_axis"), height=280, hovermode="closest", showlegend=False
    )
    figure.update_layout(margin={"t": 10})
    main = colour("f1")
    figure.add_scatter(
        x=[*found.sizes, *reversed(found.sizes)],
        y=[*found.high, *reversed(found.low)],
        fill="toself",
        fillcolor=rgba(main, 0.16),
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        name=t("advice.luck_band"),
    )
    figure.add_scatter(
        x=list(found.sizes),
        y=list(found.mean),
        customdata=np.stack([found.std, found.low, found.high], 1),
        mode="lines+markers",
        name=t("advice.luck_mean"),
        line={"color": main, "width": 2.5},
        marker={"size": [11 if n == found.enough else 7 for n in found.sizes]},
        hovertemplate=t("advice.luck_hover"),
    )
    if found.alone is not None:
        for values, width in ((found.alone.low, 1), (found.alone.mean, 1.8), (found.alone.high, 1)):
            figure.add_scatter(
                x=list(found.sizes),
                y=list(values),
                mode="lines",
                name=t("advice.luck_alone"),
                line={"color": colour("quiet"), "width": width, "dash": "dot"},
                hovertemplate=t("advice.luck_alone_hover") if values is found.alone.mean else None,
                hoverinfo=None if values is found.alone.mean else "skip",
            )
    if found.enough is not None:
        figure.add_vline(x=found.enough, line={"color": colour("ink"), "width": 1.5, "dash": "dash"})
        figure.add_annotation(
            x=np.log10(found.enough),
            y=0.02,
            yref="paper",
            yanchor="bottom",
            xanchor="right",
            xshift=-5,
            showarrow=False,
            text=f"<b>{t('advice.enough_mark', n=found.enough, bound=f'{bound:.2f}')}</b>",
            font={"color": colour("ink"), "size": 12},
        )
    figure.update_xaxes(type="log", tickvals=list(found.sizes), ticktext=[str(n) for n in found.sizes])
    figure.update_yaxes(range=[0, 1.02], dtick=0.2)
    return figure
