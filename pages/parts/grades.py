"""Corrosion beyond the likeliest grade: is it as sure as it says, and sets that keep a promise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from core import corrosion
from core.grading import conformal
from core.grading.conformal import Promise
from pages.parts import cached, charts, confusion_figures, tables, words
from pages.parts.lab import Lab
from pages.parts.strings import t
from pages.parts.tables import Column, Row


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
    named(promised, evaluation, names)


def named(promised: Promise, evaluation: Mapping[str, np.ndarray], names: Sequence[str]) -> None:
    """Which sets of grades are named how often, and how often the true one is among them."""
    truth = np.asarray(evaluation["truth"])
    rows = []
    for which, at in promised.by_set(evaluation["p"][truth >= 0]):
        true = truth[truth >= 0][at]
        told = t("terms.or").join(names[g] for g in which) if which else t("corrosion.promise_none")
        holds = float(np.isin(true, which).mean())
        to_do = "" if len(which) == 1 else t("corrosion.promise_person")
        rows.append(Row("set-" + "".join(map(str, which)), [told, str(len(at)), words.percent(holds), to_do]))
    tables.show(
        [
            Column(t("corrosion.promise_set"), bare=True),
            Column(t("axis.photos"), "number"),
            Column(t("corrosion.promise_holds"), "number"),
            Column("", bare=True),
        ],
        rows,
        key="promise-sets",
        stack=True,
    )
