"""Fine cracks at the present threshold: what is found by width, and what would find more at which cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.measuring import fine
from pages.parts import cached, tables, words
from pages.parts.lab import Lab, offer
from pages.parts.strings import t
from pages.parts.tables import Column, Row, figure


def show(lab: Lab, threshold: float, scale_mm_per_px: float | None = None) -> None:
    """Recall by width class and with a tolerance, clDice, and the rescue of fine cracks.

    Nothing where the evaluation was made before cracks were counted by width.
    """
    told = cached.pooled(lab.model.folder, lab.split)
    if told is None:
        return
    found = fine.score(told, threshold, scale_mm_per_px)
    _by_width(found, threshold)
    twice = cached.pooled(lab.model.folder, f"{lab.split}-x2")
    rows = fine.rescue(told, threshold, twice, scale_mm_per_px)
    if len(rows) > 1 or twice is None:
        _rescue(rows)
    if twice is None:
        offer(lab, t("fine.enlarge"), icon=":material/zoom_in:", key="enlarge", enlarge=2)


def _by_width(found: Mapping[str, Any], threshold: float) -> None:
    heads = [Column(t("fine.width")), Column(t("metric.recall"), "number", help=t("sweep.width_help"))]
    heads += [Column(t("fine.found"), "number", help=t("fine.found_help"))]
    heads += [Column(t("fine.length"), "number")]
    rows = [
        Row(
            fine.words(row),
            [
                words.said(fine.words(row)),
                figure(row["recall"], 2),
                figure(row["found"], 2),
                f"{row['length_px']:,.0f}",
            ],
        )
        for row in found["by_width"]
    ]
    tables.show(heads, rows, key="fine-width", caption=t("fine.caption", threshold=f"{threshold:.3f}"))
    near = found["by_tolerance"]
    told = ", ".join(t("fine.tolerance", px=row["px"], f1=figure(row["f1"])) for row in near)
    note = t("fine.note", tolerance=told, cldice=figure(found["cldice"]), at=f"{found['cldice_at']:g}")
    st.html(f'<p class="note">{note}</p>')


def _rescue(rows: Sequence[Mapping[str, Any]]) -> None:
    heads = [Column(t("fine.how")), Column(t("fine.gained"), "number", help=t("fine.gained_help"))]
    heads += [Column(t("fine.added"), "number", help=t("fine.added_help")), Column(t("metric.f1"), "number")]
    told = []
    for row in rows:
        key = str(row["how"]).replace(" ", "_")
        how = t(f"fine.by_{key}")
        low = "" if row["low"] is None else t("fine.from", low=f"{row['low']:g}")
        gained, added = f"{row['gained_px']:+,.0f}\u00a0px", f"{row['added_px']:+,}\u00a0px²"
        if "gained_m" in row:
            gained = f"{row['gained_m']:+.2f} m"
        is_plain = row["how"] == "plain"
        cells: list[Any] = [{"text": how, "sub": low}, "–" if is_plain else gained]
        told.append(Row(row["how"], [*cells, "–" if is_plain else added, figure(row["f1"])]))
    tables.show(heads, told, key="fine-rescue", caption=t("fine.rescue"))
