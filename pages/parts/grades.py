"""Corrosion beyond the likeliest grade: by what mistakes cost, and as sets that keep a promise."""

from __future__ import annotations

import html
import time
from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from core import conformal, corrosion, decisions, orders
from pages.parts import access, cached, charts, confusion_figures, notice, pick, tables, words
from pages.parts.lab import Lab
from pages.parts.strings import t
from pages.parts.tables import Column, Row


@st.fragment
def costs(told: Lab, evaluation: Mapping[str, np.ndarray], names: Sequence[str]) -> None:
    """Two knobs make the table of costs; the matrix and the counts move at once, without a model."""
    st.html(f'<p class="lead">{t("corrosion.cost_lead")} {in_service(told)}</p>')
    one, two = st.columns([3, 2], gap="large", vertical_alignment="bottom")
    with one:
        worse = st.slider(
            t("corrosion.worse"), 1.0, 20.0, 3.0, 0.5, key="worse", bind="query-params", format="%.1f"
        )
    with two:
        steps = pick.one(
            "steps",
            ("square", "linear"),
            "square",
            label=t("corrosion.steps"),
            say=lambda name: t(f"corrosion.steps_{name}"),
            is_labelled=True,
        )
    table = decisions.costs_of(worse, steps == "square")
    threshold = float(told.card.threshold or 0.5)
    p, truth = evaluation["p"], evaluation["truth"]
    was = decisions.decided(p, truth, np.asarray(decisions.EQUAL_COSTS), threshold)
    now = decisions.decided(p, truth, table, threshold)
    left, right = st.columns([6, 7], gap="large")
    with left:
        charts.show(
            confusion_figures.confusion(now.confusion, names), t("corrosion.by_cost"), key="cost-matrix"
        )
    with right:
        tables.show(
            [
                Column(""),
                Column(t("corrosion.likeliest"), "number"),
                Column(t("corrosion.least_cost"), "number"),
            ],
            [
                Row(key, [t(f"corrosion.cost_{key}"), str(a), str(b)], marked=a != b)
                for key, a, b in (
                    ("right", int(was.confusion.trace()), int(now.confusion.trace())),
                    ("off", was.off_by_two, now.off_by_two),
                    ("missed", was.missed_3, now.missed_3),
                    ("cried", was.cried_3, now.cried_3),
                    ("person", was.to_a_person, now.to_a_person),
                )
            ],
            key="cost-counts",
            caption=t("corrosion.cost_table"),
        )
        heads = [Column(t("axis.truth")), *(Column(name, "number") for name in names)]
        cells = [
            Row(f"cost-{i}", [names[i], *(f"{c:g}" if c else "–" for c in table[i])])
            for i in range(corrosion.N)
        ]
        tables.show(heads, cells, key="cost-table", caption=t("corrosion.cost_costs"))
        if told.person.is_at_least("engineer"):
            use(told, table)


def in_service(told: Lab) -> str:
    """By what grades are said now."""
    service = told.service
    if service is None or service.costs is None:
        return t("corrosion.cost_now", what=t("corrosion.cost_now_none"))
    since = words.ago(service.at, told.now)
    return t(
        "corrosion.cost_now", what=t("corrosion.cost_now_some", who=html.escape(service.who), since=since)
    )


def use(told: Lab, table: np.ndarray) -> None:
    """The button that puts these costs into service, with a reason."""
    with st.popover(t("lab.use"), icon=":material/check_circle:"):
        st.markdown(t("corrosion.cost_use", model=told.card.id))
        why = st.text_input(t("lab.why"), key="cost-why", placeholder=t("lab.why_hint"))
        if st.button(t("corrosion.cost_confirm"), type="primary", key="use-costs", disabled=not why.strip()):
            with notice.instead():
                orders.promote(told.db, access.me(), told.card, now=time.time(), why=why, costs=table)
                st.toast(t("corrosion.cost_used"), icon=":material/check_circle:")
                st.rerun(scope="app")


def honesty(told: Lab) -> None:
    """Are 80 % really 80 %."""
    found = cached.calibration("corrosion", told.model.folder, told.split)
    left, right = st.columns([3, 2], gap="large")
    with left:
        charts.show(
            confusion_figures.calibration(found.said, found.right, found.n),
            t("corrosion.honest_title"),
            key="calibration",
            note=t(
                "corrosion.honest_note",
                error=words.percent(found.error),
                temperature=f"{told.card.temperature:.2f}",
            ),
        )
    with right:
        rows = [
            Row(str(i), [words.percent(float(said)), words.percent(float(true)), str(int(n))])
            for i, (said, true, n) in enumerate(zip(found.said, found.right, found.n, strict=True))
            if n
        ]
        heads = [
            Column(t("axis.confidence"), "number"),
            Column(t("axis.right"), "number"),
            Column(t("axis.photos"), "number"),
        ]
        tables.show(heads, rows, key="calibration-table")


@st.fragment
def promise(told: Lab, evaluation: Mapping[str, np.ndarray], names: Sequence[str]) -> None:
    """How many grades must be named so that the true one is among them as often as asked for."""
    learned = cached.evaluation(told.model.folder, "val")
    if learned is None or told.split == "val":
        return
    st.markdown(f"## {t('corrosion.promise_title')}")
    percent = st.slider(
        t("corrosion.coverage"), 50, 99, 90, key="coverage", bind="query-params", format="%d %%"
    )
    promised = conformal.promise(learned["p"], learned["truth"], percent / 100)
    found = conformal.kept(promised, evaluation["p"], evaluation["truth"])
    if promised.too_few:
        few = ", ".join(names[g] for g in promised.too_few)
        st.html(
            '<p class="note">'
            + t("corrosion.promise_few", coverage=percent, grades=few, needed=promised.needed)
            + "</p>"
        )
    rows = [
        Row(
            f"kept-{g}",
            [names[g], words.percent(float(found.covered[g])) if found.n[g] else "–", str(found.n[g])],
        )
        for g in range(corrosion.N)
    ]
    tables.show(
        [
            Column(t("corrosion.promise_grade")),
            Column(t("corrosion.promise_kept"), "number"),
            Column(t("axis.photos"), "number"),
        ],
        rows,
        key="promise",
        caption=t("corrosion.promise_note", n=int(promised.n.sum())),
    )
    n = int(found.sizes.sum())
    one, two = int(found.sizes[1]), int(found.sizes[2])
    told_ = t("corrosion.promise_sizes", one=one, two=two, more=n - one - two, n=n)
    st.html(f'<p class="lead">{told_}</p>')
