"""Runs: what is trained now and was before, the way to start one, and runs laid over each other."""

import time

import streamlit as st
from sqlite_utils import Database

from core import queue, store
from core.settings import Settings
from pages.parts import access, header, pick, places, training
from pages.parts.strings import t

PAGE = 40

access.require("engineer", "admin")
settings = Settings.of()


def db() -> Database:
    """This thread's connection: a fragment or a callback runs in another thread than the page did."""
    return store.connect(settings.database)


def compare(picked: list[str]) -> None:
    """The ticked runs, in the address."""
    st.query_params.pop("new", None)
    st.query_params["runs"] = ",".join(picked)


def list_() -> None:
    """The newest runs; looks again while one of them is at work."""
    runs = queue.latest(db(), limit=PAGE)
    told = [str(run.id) for run in pick.runs(db(), st.query_params.get("runs", ""))]
    clicked = training.listed(db(), runs, time.time(), key="runs-list", picked=told)
    if clicked.open is not None:
        places.go("run", id=clicked.open)
    picked = [id for id in clicked.picked if id in {str(run.id) for run in runs}]
    if len(picked) > 1 and picked != told:
        st.button(
            t("runs.compare", n=len(picked)),
            icon=":material/compare_arrows:",
            on_click=compare,
            args=(picked,),
            key="compare",
        )
    if st.session_state.pop("runs-active", False) and not training.is_active(runs):
        st.rerun(scope="app")  # the last one has ended: draw the list once more, without the timer
    st.session_state["runs-active"] = training.is_active(runs)


ordering = "new" in st.query_params or "again" in st.query_params
top = header.title(t("runs.start" if ordering else "page.runs"))
if ordering:
    with top:
        if st.button(t("runs.back"), icon=":material/arrow_back:", key="back"):
            places.go("runs")
    st.html(f'<p class="lead">{t("runs.order_lead")}</p>')
    training.order(db(), settings, st.query_params.to_dict())
    st.stop()

known = queue.latest(db(), limit=PAGE)
with top:
    if st.button(t("runs.start"), type="primary", icon=":material/play_arrow:", key="new"):
        places.go("runs", new="rail")
overlaid = pick.runs(db(), st.query_params.get("runs", ""))
if len(overlaid) > 1:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"## {t('runs.compared', n=len(overlaid))}")
        if st.button(t("runs.close"), icon=":material/close:", type="tertiary", key="close"):
            places.go("runs")
    training.overlay(db(), overlaid)
    st.markdown(f"## {t('runs.all')}")
if not known:
    st.html(f'<p class="lead">{t("runs.none")}</p>')
    st.stop()
st.session_state["runs-active"] = training.is_active(known)
st.fragment(list_, run_every=2.0 if training.is_active(known) else None)()
