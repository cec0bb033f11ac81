"""The right end of the top bar: what the workers do, who is here; and the look every page shares."""

from __future__ import annotations

import html
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import queue, store, workers
from core.people import preferences
from core.records import LANES, Person, Run
from core.settings import Settings
from core.workers import WorkerState
from pages.parts import words
from pages.parts.components import element
from pages.parts.strings import LANGUAGES, SESSION_KEY, language, t

HERE = Path(__file__).parent
STATIC = HERE / "static"

_menu = element("menu")


def look() -> None:
    """Title, icon, logo and style sheet; once at the top of every run."""
    st.set_page_config(page_icon=str(STATIC / "mark.svg"), layout="wide", initial_sidebar_state=240)
    is_dark = st.context.theme.type == "dark"
    st.logo(str(STATIC / ("logo-dark.svg" if is_dark else "logo.svg")), size="large")
    st.html(HERE / "style.css")
    # Menus and dialogs hang beside Streamlit's own frame, which alone says by night that it is night.
    st.html(f"<style>:root {{ color-scheme: {'dark' if is_dark else 'light'} }}</style>")


def speak(person: Person) -> None:
    """Take up the language this person chose last; before the first word is said."""
    if SESSION_KEY not in st.session_state:
        db = store.connect(Settings.of().database)
        st.session_state[SESSION_KEY] = preferences.get(db, person, SESSION_KEY)


def title(text: str) -> DeltaGenerator:
    """A page's title; what is written into what comes back stands at the other end of its line."""
    row = st.container(horizontal=True, vertical_alignment="center", key="top")
    row.title(text)
    return row


def show(person: Person, page: str) -> None:
    """The chip of the workers and the menu of the person; `page` is the name of the page below."""
    _menu(key="menu", data={"page": page}, on_begun_change=st.query_params.clear)
    with st.container(key="header", horizontal=True, vertical_alignment="center", gap="small"):
        _chip()
        _account(person)


@st.fragment(run_every=2.0)
def _chip() -> None:
    """One word on the workers that opens the rest; looked at every two seconds while a page is open."""
    settings, now = Settings.of(), time.time()
    db = store.connect(settings.database)
    health = workers.health(db, now)
    runs = {w.run_id: queue.get(db, w.run_id) for w in health if w.run_id is not None}
    state, label = chip(health, runs, settings.lanes)
    waiting = queue.waiting(db)
    with st.container(key=f"chip-{state}"), st.popover(label, key="chip"):
        told = "".join(_told(worker, runs, settings.lanes) for worker in health)
        if waiting["judge"]:
            told += f'<p class="note">{html.escape(t("chip.waiting", n=waiting["judge"]))}</p>'
        if waiting["train"]:
            told += f'<p class="note">{html.escape(t("chip.waiting_runs", n=waiting["train"]))}</p>'
        st.html(told)


def chip(
    health: Sequence[WorkerState], runs: Mapping[int, Run], own: Collection[str] = tuple(LANES)
) -> tuple[str, str]:
    """(state, words) of the chip: what keeps people waiting goes before what merely goes on.

    States: down, off, starting, busy, ready. `own`: the lanes whose workers the app starts, and restarts.
    """
    by_lane = {worker.lane: worker for worker in health}
    judge, train = by_lane["judge"], by_lane["train"]
    if judge.state == "starting" or (judge.since is None and "judge" in own):
        return "starting", t("chip.starting")
    if judge.since is None:
        return "off", t("chip.off")
    if judge.state == "down":
        return "down", t("chip.down" if "judge" in own else "chip.down_since", time=words.clock(judge.since))
    if train.state == "down" and train.since is not None:
        return "down", t("chip.part_down", time=words.clock(train.since))
    run = runs.get(train.run_id) if train.run_id is not None else None
    if train.state == "busy" and run is not None:
        return "busy", progress(train, run)
    if judge.state == "busy":
        return "busy", t("chip.judging")
    return "ready", t("chip.ready")


def progress(worker: WorkerState, run: Run) -> str:
    """A running training in a few words: "Training 43 % · 6 min left"; its end has no clock."""
    left = worker.seconds_left if worker.fraction < 1 else None
    return t(
        "chip.training",
        what=t(f"kind.{run.kind}"),
        percent=words.percent(worker.fraction),
        left=t("chip.left", time=words.in_about(left)) if left is not None else "",
    )


def _told(worker: WorkerState, runs: Mapping[int, Run], own: Collection[str]) -> str:
    since = words.clock(worker.since) if worker.since is not None else ""
    is_own = worker.lane in own
    if since:
        state = t(f"chip.state.{worker.state if is_own or worker.state != 'down' else 'gone'}", time=since)
    else:
        state = t("chip.state.starting") if is_own else t("chip.state.absent", lane=worker.lane)
    run = runs.get(worker.run_id) if worker.run_id is not None else None
    if run is not None and worker.lane == "train":
        state = f"{run.name or t(f'domain.{run.domain}')}: {progress(worker, run)}"
    return (
        f"<p><b>{html.escape(t(f'chip.lane.{worker.lane}'))}</b><br>{html.escape(state)}"
        f'<br><span class="note">{html.escape(worker.device)}</span></p>'
    )


def _account(person: Person) -> None:
    name, role = html.escape(person.name), t(f"role.{person.role}")
    with st.popover(person.name, icon=":material/account_circle:", key="account"):
        st.html(f'<p><b>{name}</b><br><span class="note">{role}</span></p>')
        st.segmented_control(
            t("header.language"),
            list(LANGUAGES),
            format_func=LANGUAGES.__getitem__,
            default=language(),
            required=True,
            key="header-language",
            on_change=_choose_language,
            args=(person,),
        )
        # Plain links and forms: passwords and signing out are the server's, no script sees them.
        st.html(f'<p><a href="/password" target="_self">{t("header.password")}</a></p>')
        st.html(f'<form method="post" action="/signout"><button>{t("header.sign_out")}</button></form>')


def _choose_language(person: Person) -> None:
    chosen = st.session_state["header-language"]
    st.session_state[SESSION_KEY] = chosen
    preferences.keep(store.connect(Settings.of().database), person, SESSION_KEY, chosen)
