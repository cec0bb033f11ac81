"""One run: how far it is, its curves, settings and log; stop it, go on with it, begin again with changes."""

import html
import time

import streamlit as st
from sqlite_utils import Database

from core import curves, orders, queue, store
from core.records import Run
from core.settings import Settings
from pages.parts import access, pick, places, tables, training, words
from pages.parts.strings import t

COMPARED = {"crack": "losses", "corrosion": "networks"}
"""Where a laboratory shows the table of a run that compares trainings."""

person = access.require("engineer", "admin")
settings = Settings.of()


def db() -> Database:
    """This thread's connection: a fragment or a callback runs in another thread than the page did."""
    return store.connect(settings.database)


found = pick.runs(db(), st.query_params.get("id", ""))
if not found:
    st.title(t("page.runs"))
    st.html(f'<p class="lead">{t("run.unknown")}</p>')
    if st.button(t("runs.all"), icon=":material/arrow_back:", type="primary"):
        places.go("runs")
    st.stop()
run_id = found[0].id


def act(name: str) -> None:
    """Stop or resume; the role is checked anew where it is written."""
    by, now = access.me(), time.time()
    if name == "cancel":
        orders.cancel(db(), by, run_id, now)
    else:
        orders.resume(db(), by, run_id, now, settings.wake)


def head(run: Run, now: float) -> None:
    """State, progress and time left, and what can be done about it."""
    lead = [f"<b>{t(f'runs.state_{run.state}')}</b>"]
    if run.state == "running":
        lead = [f"<b>{t('runs.stopping') if run.cancel_at else t('runs.state_running')}</b>"]
        lead.append(html.escape(training.phase_words(run)))
    lead.append(html.escape(training.when_words(db(), run, now)))
    best = training.best_words(db(), run)
    if best:
        lead.append(f"<b>{html.escape(best)}</b>")
    st.html(f'<p class="lead">{" · ".join(lead)}</p>')
    if run.state == "running":
        st.progress(run.fraction, words.percent(run.fraction))
    if run.error:
        st.error(run.error, icon=":material/error:")
    with st.container(horizontal=True, key="run-actions"):
        if run.state in training.ACTIVE:
            st.button(
                t("run.cancel"),
                icon=":material/stop_circle:",
                on_click=act,
                args=("cancel",),
                key="cancel",
                disabled=run.cancel_at is not None,
            )
        if run.state in ("failed", "cancelled"):
            st.button(
                t("run.resume"),
                icon=":material/resume:",
                type="primary",
                on_click=act,
                args=("resume",),
                key="resume",
            )
        model = run.result.get("model")
        if run.state == "done" and model and run.kind == "train":
            if st.button(t("run.model"), icon=":material/deployed_code:", type="primary", key="model-of"):
                places.go("models", model=str(model))
            if st.button(t("run.lab"), icon=":material/science:", key="lab-of"):
                places.go(run.domain, model=str(model).partition("/")[2])
        if "sweep" in run.config and st.button(t("run.sweep"), icon=":material/table_chart:", key="sweep-of"):
            places.go(run.domain, view=COMPARED[run.domain], sweep=str(run.id))
        if run.kind == "train":
            if st.button(t("run.again"), icon=":material/edit:", key="again"):
                places.go("runs", again=str(run.id))
            if rail_cycles(run) and st.button(t("run.cycles"), icon=":material/stairs:", key="cycles-of"):
                places.go("rail", view="cycles", run=str(run.id))


def rail_cycles(run: Run) -> bool:
    """True for a rail run with cycles to look into."""
    return run.domain == "rail" and (settings.runs / str(run.id) / "experiment.json").is_file()


def body() -> None:
    """All of the run that moves."""
    run, now = queue.get(db(), run_id), time.time()
    head(run, now)
    reports = queue.reports(db(), run_id)
    lines = curves.of(reports)
    left, right = st.columns([7, 5], gap="large")
    with left:
        if lines:
            training.show_curves(lines, key="run")
        elif run.state in training.ACTIVE:
            st.html(f'<p class="note">{t("run.no_curves_yet")}</p>')
        log(run)
    with right:
        told(run)
        if run.kind in ("train", "search"):
            training.settings_table(run)
    was = st.session_state.get("run-state")
    st.session_state["run-state"] = run.state
    if (was in training.ACTIVE) != (run.state in training.ACTIVE):
        st.rerun(scope="app")  # ended, or taken up again: draw it once more, without or with the timer


def told(run: Run) -> None:
    """Who asked for what, when, on which machine."""
    rows = [(t("runs.data"), html.escape(str(run.config.get("data") or run.config.get("folder") or "–")))]
    if run.kind == "evaluate":
        rows.append((t("lab.model"), html.escape(str(run.config.get("model", "–")))))
    rows.append((t("runs.who"), f"{html.escape(run.owner)}, {moment(run.created_at)}"))
    if run.started_at:
        rows.append((t("run.started"), moment(run.started_at)))
    if run.claimed_by:
        rows.append((t("run.worker"), html.escape(run.claimed_by)))
    if run.attempt > 1:
        rows.append((t("run.attempts"), t("run.attempts_n", n=run.attempt)))
    st.html('<dl class="facts">' + "".join(f"<dt>{k}</dt><dd>{v}</dd>" for k, v in rows) + "</dl>")
    metrics = run.result.get("metrics")
    if isinstance(metrics, dict):
        shown = {
            k: v
            for k, v in metrics.items()
            if isinstance(v, int | float) and not k.endswith(("_low", "_high"))
        }
        tables.show(
            [tables.Column(t("runs.figure")), tables.Column(t("runs.value"), "number")],
            [tables.Row(k, [training.figure_words(k), tables.with_interval(metrics, k)]) for k in shown],
            key="metrics",
        )


def moment(at: float) -> str:
    """A relative time with the exact one on hover."""
    return f'<span title="{words.exact(at)}">{words.ago(at, time.time())}</span>'


def log(run: Run) -> None:
    """The end of the run's log, newest below, as it was written."""
    lines = curves.log_lines(settings.runs / str(run.id))
    with st.expander(t("run.log", n=len(lines)), icon=":material/notes:", expanded=run.state == "failed"):
        if lines:
            st.code("\n".join(lines), language=None, height=360, wrap_lines=True)
        else:
            st.html(f'<p class="note">{t("run.no_log")}</p>')


back, _ = st.columns([1, 3])
if back.button(t("runs.all"), icon=":material/arrow_back:", type="tertiary", key="to-runs"):
    places.go("runs")
run = found[0]
st.title(pick.run_name(run))
st.html(f'<p class="note">{html.escape(training.what(run))}</p>')
st.session_state["run-state"] = run.state
st.fragment(body, run_every=1.5 if run.state in training.ACTIVE else None)()
