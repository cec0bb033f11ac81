"""The cracks of one photo measured one by one: how wide along the way, how long, and files to take along."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core import inspections, store
from core.inspections import Inspection
from core.measuring import drawings, traces
from core.measuring.traces import Crack
from core.settings import Settings
from pages.parts import charts, tables
from pages.parts.strings import t
from pages.parts.tables import Column, Row

MOST = 8
"""Cracks that are listed; the table to take along has all."""


def show(of: Inspection) -> None:
    """The width along the chosen crack and the table of all; nothing where none was found."""
    assert of.verdict is not None
    found = _cracks(of.id, of.arrays or "", of.verdict.threshold)
    if not found:
        st.html(f'<p class="note">{t("measured.none")}</p>')
        return
    scale = of.scale.mm_per_px if of.scale is not None else None
    unit = "mm" if scale else "px"
    number = 0
    if len(found) > 1:
        number = int(
            st.segmented_control(
                t("measured.which"),
                range(min(len(found), MOST)),
                default=0,
                format_func=lambda i: t("measured.crack", n=i + 1),
                key="measured-crack",
                required=True,
            )
            or 0
        )
    charts.show(
        profile(found[number], scale),
        t("measured.profile", n=number + 1),
        key="width-profile",
        note=t("measured.profile_note" if len(found[number].lines) == 1 else "measured.branches_note"),
        name=f"crack-{of.id}-{number + 1}",
    )
    tables.show(
        [
            Column(t("measured.number"), bare=True),
            Column(t("measured.length", unit=unit), "number"),
            Column(t("measured.max", unit=unit), "number"),
            Column(t("measured.mean", unit=unit), "number"),
            Column(t("measured.angle"), "number", help=t("measured.angle_help")),
            Column(t("measured.forks"), "number"),
        ],
        _rows(found[:MOST], scale, number),
        key="measured-table",
        caption=t("measured.more", n=len(found) - MOST) if len(found) > MOST else "",
        stack=True,
    )


def profile(crack: Crack, scale_mm_per_px: float | None) -> charts.go.Figure:
    """The width along a crack, a line a branch, the longest one first."""
    by, unit = (scale_mm_per_px, "mm") if scale_mm_per_px else (1.0, "px")
    figure = charts.blank(
        t("measured.along", unit=unit), t("measured.width", unit=unit), height=280, showlegend=False
    )
    for i, line in enumerate(crack.lines):
        figure.add_scatter(
            x=(line.along_px * by).astype(np.float32),
            y=(line.width_px * by).astype(np.float32),
            mode="lines",
            name=t("measured.branch", n=i + 1),
            line={"color": charts.series(i), "width": 2.5 if i == 0 else 1.5},
            hovertemplate="%{y:.3g} " + unit,
        )
    figure.update_yaxes(rangemode="tozero")
    return figure


def take_along(of: Inspection) -> None:
    """One button a format; each file is made when it is asked for."""
    settings = Settings.of()

    def make(kind: str) -> bytes:
        db = store.connect(settings.database)  # asked for from a thread of its own
        return drawings.drawn(settings, inspections.get(db, of.id), kind)

    with st.container(horizontal=True, key="take-along"):
        for kind, media in drawings.KINDS.items():
            st.download_button(
                t(f"measured.take_{kind}"),
                lambda kind=kind: make(kind),  # type: ignore[misc]
                file_name=f"patina-{of.id}-cracks.{kind}",
                mime=media,
                icon=":material/download:",
                on_click="ignore",
                key=f"take-{kind}",
            )


@st.cache_resource(max_entries=32, show_spinner=False)
def _cracks(id: int, sha: str, threshold: float | None) -> list[Crack]:
    settings = Settings.of()
    of = inspections.get(store.connect(settings.database), id)
    said = drawings.mask(settings, of)
    return traces.cracks(said, drawings.grey(settings, of, said.shape))


def _rows(found: Sequence[Crack], scale: float | None, marked: int) -> list[Row]:
    by, digits = (scale, 2) if scale else (1.0, 1)
    return [
        Row(
            str(i),
            [
                t("measured.crack", n=i + 1),
                f"{one.length_px * by:.0f}",
                tables.figure(one.max_width_px * by, digits),
                tables.figure(one.mean_width_px * by, digits),
                f"{one.angle:.0f}°",
                str(one.forks),
            ],
            marked=i == marked and len(found) > 1,
        )
        for i, one in enumerate(found)
    ]
