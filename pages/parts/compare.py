"""Up to six crack models on the same photos: their masks moving together, their curves in one figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core import cards, losses
from core.loss_trials import FOUR
from core.measuring import fine
from core.sweep import THRESHOLDS
from pages.parts import cached, charts, lab, mask, tables, words
from pages.parts.mask import Shown
from pages.parts.strings import t
from pages.parts.tables import Column, Row
from pages.parts.walls import Walls

FINEST: Final = 2
"""Classes of crack width beside the other figures: the fine ones, the paper's very point."""


def comparable(of: Walls) -> dict[str, Shown]:
    """All crack models that kept maps of photos of this set, by id, the page's own first."""
    shas = {str(sha) for sha in of.evaluation["sha256"]}
    own = of.lab.card
    found = {own.id: Shown(own, cached.maps(of.lab.model.folder))}
    for card in cards.all(of.lab.settings.models, "crack"):
        place = cards.place(of.lab.settings.models, "crack", card.id)
        maps = cached.maps(place)
        if card.id != own.id and not shas.isdisjoint(maps) and of.lab.split in cached.splits(place):
            found[card.id] = Shown(card, maps)
    return found


@st.fragment
def show(of: Walls) -> None:
    """The comparison, at the page's threshold or each at its own."""
    known = comparable(of)
    own, *others = known
    threshold = lab.threshold_slider(of.lab)
    if not others:
        st.html(f'<p class="lead">{t("compare.alone")}</p>')
        chosen: list[str] = []
    else:
        chosen = _chosen(others)
    models = [known[name] for name in (own, *chosen)]
    of.explorer(threshold, models, key="compare", layout="side")
    if chosen:
        _curves(of, models, threshold)


def _chosen(others: Sequence[str]) -> list[str]:
    """The models beside the page's own, kept in the address."""
    told = [name for name in st.query_params.get("with", "").split(",") if name in others]
    if "compare-with" not in st.session_state:
        st.session_state["compare-with"] = (told or list(others))[: mask.MOST - 1]

    def keep() -> None:
        st.query_params["with"] = ",".join(st.session_state["compare-with"])

    return list(
        st.multiselect(
            t("compare.with"),
            others,
            key="compare-with",
            max_selections=mask.MOST - 1,
            on_change=keep,
            placeholder=t("compare.choose"),
        )
    )


def _place(of: Walls, shown: Shown) -> Path:
    return cards.place(of.lab.settings.models, "crack", shown.card.id)


def _curves(of: Walls, models: Sequence[Shown], threshold: float) -> None:
    masks = {one.card.id: cached.masks(_place(of, one), of.lab.split) for one in models}
    curves = {name: one.curve() for name, one in masks.items()}
    left, right = st.columns(2, gap="large")
    with left:
        figure = charts.blank(t("axis.threshold"), "F1", height=340)
        for i, (name, curve) in enumerate(curves.items()):
            _line(figure, THRESHOLDS, curve.f1, name, i)
        figure.update_xaxes(range=[0, 1], dtick=0.2, hoverformat=".3f")
        figure.update_yaxes(range=[0, 1.02], dtick=0.2)
        charts.show(charts.mark_threshold(figure, threshold), t("compare.f1_title"), key="compare-f1")
    with right:
        figure = charts.blank(t("axis.recall"), t("axis.precision"), height=340, hovermode="closest")
        for i, (name, curve) in enumerate(curves.items()):
            _line(figure, curve.recall, curve.precision, name, i)
        figure.update_xaxes(range=[0, 1.02], dtick=0.2)
        figure.update_yaxes(range=[0, 1.02], dtick=0.2)
        charts.show(figure, t("compare.pr_title"), key="compare-pr")
    classes = fine.classes()[:FINEST]
    rows, best = [], max(masks, key=lambda name: float(np.nan_to_num(masks[name].at(threshold).f1)))
    for shown in models:
        name = shown.card.id
        counts, curve = masks[name].at(threshold), curves[name]
        top = int(np.nan_to_num(curve.f1, nan=-1.0).argmax())
        loss = str(shown.card.config.get("loss", ""))
        weight = shown.card.config.get("weight")
        how = t(f"loss.{loss}") if loss else ""
        if loss and losses.weighs(loss) and weight is not None:
            how += f", w {weight:g}"
        figures = [tables.figure(float(getattr(counts, k))) for k in FOUR]
        finest = fine.score(cached.pooled(_place(of, shown), of.lab.split) or {}, threshold).get(
            "by_width", []
        )
        figures += [tables.figure(w["recall"], 2) for w in finest[:FINEST]] or ["–"] * FINEST
        at_best = t("compare.at", f1=tables.figure(float(curve.f1[top])), threshold=f"{THRESHOLDS[top]:.3f}")
        rows.append(Row(name, [{"text": name, "sub": how}, *figures, at_best], marked=name == best))
    tables.show(
        [
            Column(t("lab.model"), wide=True, bare=True),
            *(Column(t(f"metric.{k}"), "number") for k in FOUR),
            *(Column(words.said(fine.words(w)), "number", help=t("sweep.width_help")) for w in classes),
            Column(t("compare.best"), "number"),
        ],
        rows,
        key="compare-table",
        caption=t("compare.caption", threshold=f"{threshold:.3f}"),
    )


def _line(figure: go.Figure, x: np.ndarray, y: np.ndarray, name: str, i: int) -> None:
    known = ~(np.isnan(x) | np.isnan(y))
    figure.add_scatter(
        x=np.asarray(x, np.float32)[known],
        y=np.asarray(y, np.float32)[known],
        customdata=THRESHOLDS[known].astype(np.float32),
        name=name,
        mode="lines",
        line={
            "color": charts.series(i),
            "width": 3 if i == 0 else 2,
            "dash": ("solid", "dash", "dot")[i % 3],
        },
        hovertemplate=f"{name} %{{y:.3f}} ({t('axis.threshold')} %{{customdata:.3f}})<extra></extra>",
    )
