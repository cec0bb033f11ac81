"""What a threshold does: figures that carry it as their one vertical line, or as a point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from pages.parts.charts import DASHES, axis, colour, drawn
from pages.parts.strings import t


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
