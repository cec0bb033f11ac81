"""Figures 4 to 6 of paper 1 in our form: a figure of the test photos against the number of labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from pages.parts.charts import blank, colour, rgba, series
from pages.parts.strings import t


@dataclass(frozen=True)
class Line:
    """One experiment or one published table in a figure."""

    name: str
    columns: Sequence[Mapping[str, Any]]
    """`labels mean std min max`, in the order of the labels."""
    repeats: Sequence[tuple[Sequence[int], Sequence[float | None]]] = ()
    """Single repeats: (labels, values)."""
    number: int | None = None
    """Which of several alike things it is; None for what is published and stands alone."""
    is_published: bool = False
    """Of other photos: dashed and hollow, in the colour of the experiment of ours that it is beside."""

    @property
    def tint(self) -> str:
        """Its colour, in the figure and in the legend above it."""
        return colour("published") if self.number is None else series(self.number)


def by_labels(
    lines: Sequence[Line], figure_name: str, floor: float | None, *, height: int = 300
) -> go.Figure:
    """A figure after each training against the number of labels, pseudo-labels counted as labels.

    Bold: the mean; thick bar: one deviation each way; hairline: least to most; thin lines: single repeats.
    What is published is dashed and hollow, as it is of other photos. `floor` is "always normal".
    """
    figure = blank(t("axis.labels"), "", height=height, hovermode="closest", showlegend=False)
    figure.update_layout(margin={"t": 8, "r": 6}, meta={"legend": True})
    shown = [line for line in lines if line.columns]
    for i, line in enumerate(shown):
        for labels, values in line.repeats if len(line.repeats) > 1 else ():
            figure.add_scatter(
                x=list(labels),
                y=list(values),
                mode="lines",
                line={"color": rgba(line.tint, 0.35), "width": 1},
                name=f"{line.name}: {t('figure.repeat')}",
                hoverinfo="skip",
                showlegend=False,
            )
        _add(figure, line, 1.1 * (i - (len(shown) - 1) / 2))
    _table(figure, shown)
    if floor is not None:
        dotted = {"color": colour("quiet"), "dash": "dot", "width": 1.5}
        figure.add_hline(y=floor, line=dotted)
        # A shape has no place in the legend that a saved picture has.
        figure.add_scatter(x=[None], y=[None], mode="lines", line=dotted, name=t("figure.always_normal"))
    low = min((c["min"] for line in shown for c in line.columns), default=0.0)
    bottom = 0.0 if figure_name == "f1" or low < 0.4 else 0.4
    figure.update_yaxes(range=[bottom - 0.02, 1.02], dtick=0.2)
    ticks = sorted({int(c["labels"]) for line in shown for c in line.columns})
    figure.update_xaxes(tickvals=_apart(ticks), rangemode="tozero")
    return figure


def _add(figure: go.Figure, line: Line, shift: float) -> None:
    """A line's mean, deviation and extremes, moved a little sideways so that several can be told apart."""
    x = [c["labels"] + shift for c in line.columns]
    mean = [c["mean"] for c in line.columns]
    std = [c.get("std") or 0.0 for c in line.columns]
    is_ours = not line.is_published
    for low, high, width, alpha in (
        ([c["min"] for c in line.columns], [c["max"] for c in line.columns], 1, 0.9),
        (
            [m - s for m, s in zip(mean, std, strict=True)],
            [m + s for m, s in zip(mean, std, strict=True)],
            5,
            0.28,
        ),
    ):
        bars_x = [v for at in x for v in (at, at, None)]
        bars_y = [v for a, b in zip(low, high, strict=True) for v in (a, b, None)]
        figure.add_scatter(
            x=bars_x,
            y=bars_y,
            mode="lines",
            line={"color": rgba(line.tint, alpha), "width": width},
            hoverinfo="skip",
            showlegend=False,
        )
    figure.add_scatter(
        x=x,
        y=mean,
        customdata=[[c["labels"], s, c["min"], c["max"]] for c, s in zip(line.columns, std, strict=True)],
        name=line.name,
        mode="lines+markers",
        line={"color": line.tint, "width": 2.5 if is_ours else 1.5, "dash": "solid" if is_ours else "dash"},
        marker={"size": 7, "symbol": "circle" if is_ours else "circle-open", "color": line.tint},
        hovertemplate=t("figure.labels_hover") + f"<extra>{line.name}</extra>",
    )


def _table(figure: go.Figure, shown: Sequence[Line]) -> None:
    """What the figure's menu saves as CSV: a row for each mean, with the number of labels as it is."""
    counts = sorted({int(c["labels"]) for line in shown for c in line.columns})
    if not counts:
        return
    names = [line.name for line in shown]
    figure.add_scatter(
        x=counts[:1],
        y=[None],
        mode="markers",
        showlegend=False,
        hoverinfo="skip",
        customdata=[
            [i, len(names) + counts.index(c["labels"]), c["mean"], c.get("std"), c["min"], c["max"]]
            for i, line in enumerate(shown)
            for c in line.columns
        ],
        meta={
            "columns": [
                t("cycles.run"),
                t("axis.labels"),
                *(t(f"cycles.{k}") for k in ("mean", "std", "min", "max")),
            ],
            "labels": [*names, *map(str, counts)],
        },
    )


def _apart(ticks: Sequence[int]) -> list[int]:
    """The numbers of labels that are far enough apart to be written under the axis."""
    span = max(ticks, default=1) - min(ticks, default=0)
    kept: list[int] = []
    for tick in ticks:
        if not kept or tick - kept[-1] >= 0.09 * span:
            kept.append(tick)
    return kept
