"""Grades by what mistakes cost: a table of costs, cell by cell, and what it changes at once."""

from __future__ import annotations

import html
import time
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import streamlit as st

from core import orders
from core.errors import ConfigError
from core.grading import decisions
from core.grading.decisions import Decided
from pages.parts import access, charts, confusion_figures, notice, pick, tables, words
from pages.parts.components import element, held, hold
from pages.parts.lab import Lab
from pages.parts.strings import raw, t
from pages.parts.tables import Column, Row

CELLS: Final = "cost-cells"
"""The session's table as it was typed or taken from the service; None where the two knobs make it."""

_table = element("costs")


@st.fragment
def show(told: Lab, evaluation: Mapping[str, np.ndarray], names: Sequence[str]) -> None:
    """Two knobs fill the table, each cell can be typed over; the matrix and the counts move at once."""
    st.html(f'<p class="lead">{t("corrosion.cost_lead")} {in_service(told)}</p>')
    begin(told)
    left, right = st.columns([7, 6], gap="large")
    with left:
        typed = held("cost-cells-table")  # before the knobs, which say what is shown else
        if typed is not None:
            keep(np.reshape(typed, (decisions.N, decisions.N)))
        table = knobs()
        fault = ""
        try:
            decisions.checked_costs(table)
        except ConfigError as error:
            fault = str(error)
        _table(
            key="cost-cells-table",
            data={
                "names": list(names),
                "cells": [float(c) for c in table.ravel()],
                "words": {
                    "caption": t("corrosion.cost_costs"),
                    "truth": t("axis.truth"),
                    "cell": raw("corrosion.cost_cell"),
                },
            },
            on_cells_change=hold("cost-cells-table", "cells"),
        )
        if fault:
            st.warning(fault, icon=":material/info:")
            return
        was, now = (
            decisions.decided(evaluation["p"], evaluation["truth"], costs, float(told.card.threshold or 0.5))
            for costs in (np.asarray(decisions.EQUAL_COSTS), table)
        )
        counts(was, now)
        if told.person.is_at_least("engineer"):
            use(told, table)
    with right:
        figure = confusion_figures.confusion(now.confusion, names)
        charts.show(figure, t("corrosion.by_cost"), key="cost-matrix")


def begin(told: Lab) -> None:
    """At first: the table of the address, else the knobs of the address, else what is in service."""
    if CELLS in st.session_state:
        return
    st.session_state[CELLS] = None
    text = st.query_params.get("costs", "")
    service = told.service
    if text:
        try:
            cells = [float(c) for c in text.split("_")]
            st.session_state[CELLS] = np.reshape(cells, (decisions.N, decisions.N))
        except ValueError:
            st.query_params.pop("costs")
    elif service is not None and service.costs is not None and not {"worse", "steps"} & {*st.query_params}:
        st.session_state[CELLS] = np.asarray(service.costs)


def keep(table: np.ndarray) -> None:
    """The table as typed, in the session and in the address."""
    st.session_state[CELLS] = table
    st.query_params["costs"] = "_".join(f"{c:g}" for c in table.ravel())


def knobs() -> np.ndarray:
    """The table that counts: the typed one until a knob is moved, which fills all cells anew."""

    def fill() -> None:
        st.session_state[CELLS] = None
        st.query_params.pop("costs", None)

    worse = st.slider(
        t("corrosion.worse"),
        1.0,
        20.0,
        3.0,
        0.5,
        key="worse",
        bind="query-params",
        format="%.1f",
        on_change=fill,
    )
    steps = pick.one(
        "steps",
        ("square", "linear"),
        "square",
        label=t("corrosion.steps"),
        say=lambda name: t(f"corrosion.steps_{name}"),
        is_labelled=True,
        on_change=fill,
    )
    table = st.session_state[CELLS]
    return decisions.costs_of(worse, steps == "square") if table is None else table


def counts(was: Decided, now: Decided) -> None:
    """What the photos of the split would get, beside what the likeliest grade gives."""
    tables.show(
        [
            Column("", bare=True, wide=True),
            Column(t("corrosion.likeliest"), "number"),
            Column(t("corrosion.least_cost"), "number"),
        ],
        [
            Row(key, [t(f"corrosion.cost_{key}"), str(a), str(b)])
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
