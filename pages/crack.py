"""Crack: one threshold for the whole page; what it finds, misses and calls falsely, in figures, on photos."""

import streamlit as st

from core import explore
from core.explore import Counts
from core.measuring.stakes import alarms as count_alarms
from core.sweep import THRESHOLDS
from pages.parts import (
    cached,
    charts,
    compare,
    fine,
    lab,
    loss_figure,
    price,
    published,
    sweeps,
    threshold_figures,
    words,
)
from pages.parts.mask import Shown
from pages.parts.strings import t
from pages.parts.walls import Walls, figure

views = {
    "threshold": t("crack.view_threshold"),
    "compare": t("crack.view_compare"),
    "losses": t("crack.view_losses"),
    "published": t("rail.view_published"),
}
told, view = lab.begin_with("crack", views)
evaluation = cached.evaluation(told.model.folder, told.split) or {}
test = cached.masks(told.model.folder, told.split)
walls = Walls(told, evaluation, test, lab.here(told, evaluation))
curve = test.curve()
stakes = cached.stakes(told.model.folder, told.split)


@st.fragment
def live() -> None:
    """All that moves with the threshold."""
    threshold = lab.threshold_slider(told)
    pooled, each = test.at(threshold), test.each(threshold)
    lab.said(told, in_words(pooled, each, threshold), threshold)
    with st.container(key="picture-first"):  # on a phone, where one stands below the other
        left, right = st.columns([5, 7], gap="large")
    with left:
        charts.show(
            threshold_figures.against_threshold(
                THRESHOLDS,
                {k: getattr(curve, k) for k in ("precision", "recall", "accuracy", "f1")},
                threshold,
                unit=t("axis.share_pixels"),
            ),
            t("crack.curve_title"),
            key="crack-curve",
            note=t(
                "crack.curve_note",
                precision=figure(pooled.precision),
                recall=figure(pooled.recall),
                f1=figure(pooled.f1),
                best=f"{float(THRESHOLDS[curve.f1.argmax()]):.3f}",
                top=figure(curve.f1.max()),
            ),
        )
        scale = None
        if stakes is not None and stakes.can_weigh:
            scale = price.slider(stakes, threshold, moves="threshold")
        price.operating_point(pooled, each, stakes, threshold, scale)
        fine.show(told, threshold, scale)
        charts.show(
            threshold_figures.precision_recall(
                curve.precision,
                curve.recall,
                THRESHOLDS,
                threshold,
                base=float((pooled.tp + pooled.fn) / max(1, int(pooled.n))),
            ),
            t("crack.pr_title"),
            key="crack-pr",
            note=t("crack.pr_note"),
        )
    with right:
        walls.explorer(threshold, [Shown(told.card, cached.maps(told.model.folder))], key="mask")


def in_words(pooled: Counts, each: Counts, threshold: float) -> str:
    """What the threshold means: in pixels, and in photos with and without a crack."""
    found = explore.in_photos(each)
    alarms, n_clean = count_alarms(evaluation, threshold)
    said = t(
        "crack.words",
        threshold=f"{threshold:.3f}",
        found=share(pooled.tp, pooled.tp + pooled.fn),
        missed=share(pooled.fn, pooled.tp + pooled.fn),
        false=share(pooled.fp, pooled.tp + pooled.fp),
    )
    said += " " + t("crack.words_photos", overlooked=found.overlooked, cracked=found.n_cracked)
    return said + (" " + t("crack.words_clean", alarms=alarms, clean=n_clean) if n_clean else "")


def share(part: object, whole: object) -> str:
    """A share in per cent; "–" of nothing."""
    return words.percent(int(part) / int(whole)) if int(whole) else "–"  # type: ignore[call-overload]


if view == "compare":
    compare.show(walls)
elif view == "losses":
    sweeps.show(told)
    loss_figure.show()
elif view == "published":
    published.crack()
else:
    live()
    lab.full_card(told.card)
