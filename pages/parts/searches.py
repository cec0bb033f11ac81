"""The search for settings as one watches it: trials, what matters, the winner, the paper's choice beside."""

from __future__ import annotations

import html
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from core import config as settings_of
from core import corrosion, orders, queue, searches
from core.corrosion import Config
from core.grading.ranges import RANGES
from core.records import Run
from pages.parts import access, form, notice, pick, places, search_figures, tables, training, words
from pages.parts.lab import Lab
from pages.parts.strings import t
from pages.parts.tables import Column, Row


def show(told: Lab) -> None:
    """The search in the address, else the newest; the way to begin one."""
    known = [run for run in queue.latest(told.db, ("search",), 40) if run.domain == "corrosion"]
    if not known:
        st.html(f'<p class="lead">{t("search.none")}</p>')
    else:
        by_id = {str(run.id): run for run in known}
        chosen = pick.one(
            "search",
            list(by_id),
            str(known[0].id),
            label=t("search.which"),
            say=lambda id: f"{pick.run_name(by_id[id])} · {t('runs.number', id=int(id))}",
            is_list=True,
            is_labelled=True,
        )
        is_active = by_id[chosen].state in training.ACTIVE
        st.fragment(lambda: watched(told, int(chosen)), run_every=3.0 if is_active else None)()
    if access.me().is_at_least("engineer"):
        with st.expander(t("search.begin"), icon=":material/play_arrow:", expanded=not known):
            begin(told)


def watched(told: Lab, run_id: int) -> None:
    """How far it is, what can be done about it, and what it has found; looked at again while it runs."""
    run = queue.get(told.db, run_id)
    folder = told.settings.runs / str(run.id)
    study = study_of(folder)
    trials = study.get_trials(deepcopy=False) if study is not None else []
    config = config_of(run)
    states = [trial.state.name.lower() for trial in trials]
    done = searches.saved(
        states, [len(trial.intermediate_values) for trial in trials], config.epochs * max(1, config.folds)
    )
    ended = [trial for trial in trials if trial.state.name == "COMPLETE"]
    best = max(ended, key=lambda trial: trial.value, default=None)
    lead = [f"<b>{t(f'runs.state_{run.state}')}</b>"]
    lead.append(t("search.so_far", done=len(ended) + done.pruned, n=int(run.config["trials"])))
    if best is not None:
        lead.append(t("search.best", f1=f"{best.value:.3f}", number=best.number))
    if done.pruned:
        lead.append(
            t("search.saved", n=done.pruned, epochs=done.epochs, share=words.percent(done.epochs / done.of))
        )
    st.html(f'<p class="lead">{" · ".join(lead)}</p>')
    if run.state == "running":
        st.progress(run.fraction, html.escape(training.phase_words(run)))
    if run.error:
        st.error(run.error, icon=":material/error:")
    actions(told, run, best.params if best is not None else None)
    if study is not None and any(trial.intermediate_values for trial in trials):
        names = {p.name: form.label(p) for p in settings_of.params(Config)}
        search_figures.show(study, len(ended), names)
        if best is not None:
            beside_the_paper(config, best.params)
        every_trial(trials)
    was = st.session_state.get(f"search-state-{run_id}")
    st.session_state[f"search-state-{run_id}"] = run.state
    if was is not None and (was in training.ACTIVE) != (run.state in training.ACTIVE):
        st.rerun(scope="app")  # it has ended or goes on: draw it once more, without or with the timer


def actions(told: Lab, run: Run, best: dict[str, Any] | None) -> None:
    """Stop, continue, train the winner, look at the run."""
    with st.container(horizontal=True, key="search-actions"):
        if told.person.is_at_least("engineer"):
            if run.state in training.ACTIVE:
                st.button(
                    t("run.cancel"),
                    icon=":material/stop_circle:",
                    key="search-stop",
                    disabled=run.cancel_at is not None,
                    on_click=_stop,
                    args=(told, run.id),
                )
            elif run.state in ("failed", "cancelled"):
                st.button(
                    t("search.go_on"),
                    icon=":material/resume:",
                    key="search-go-on",
                    on_click=_go_on,
                    args=(told, run.id),
                )
            if best is not None and st.button(
                t("search.train"), type="primary", icon=":material/emoji_events:", key="search-train"
            ):
                with notice.instead():
                    places.go("run", id=str(train_winner(told, run, best)))
            if st.button(t("search.run"), icon=":material/show_chart:", type="tertiary", key="search-run"):
                places.go("run", id=str(run.id))


def _stop(told: Lab, run_id: int) -> None:
    orders.cancel(told.db, access.me(), run_id, time.time())


def _go_on(told: Lab, run_id: int) -> None:
    orders.resume(told.db, access.me(), run_id, time.time(), told.settings.wake)


def train_winner(told: Lab, run: Run, best: dict[str, Any]) -> int:
    """Order the training of the best values on all folds and then on all photos; the run's id."""
    return orders.train(
        told.db,
        access.me(),
        "corrosion",
        data=str(run.config["data"]),
        preset=str(run.config["preset"]),
        changed={**run.config.get("set", {}), **best},
        now=time.time(),
        wake=told.settings.wake,
    )


def beside_the_paper(config: Config, best: dict[str, Any]) -> None:
    """The searched settings: where was looked, what the paper chose, what we found."""
    params = {p.name: p for p in settings_of.params(Config)}
    rows = []
    for name, paper, ours in searches.compared(config.network, best):
        where = RANGES[config.network][name]
        looked = ", ".join(map(str, where.choices)) if where.choices else f"{where.low:g} – {where.high:g}"
        told = [form.value_words(params[name], v) if v is not None else "–" for v in (paper, ours)]
        rows.append(Row(name, [form.label(params[name]), looked, *told]))
    heads = [Column(t("runs.setting"), wide=True), Column(t("search.range"))]
    heads += [Column(t("search.paper"), "number"), Column(t("search.ours"), "number")]
    caption = t("search.beside", network=words.NETWORKS.get(config.network, config.network))
    tables.show(heads, rows, key="search-beside", caption=caption, stack=True)


def every_trial(trials: Sequence[Any]) -> None:
    """All trials, the newest first: how far each came, and with which settings."""
    params = {p.name: p for p in settings_of.params(Config)}
    rows = []
    for trial in reversed(trials):
        reached = list(trial.intermediate_values.values())
        value = trial.value if trial.value is not None else max(reached, default=None)
        told = [f"{form.label(params[k])} {form.value_words(params[k], v)}" for k, v in trial.params.items()]
        state = t(f"search.state_{trial.state.name.lower()}")
        rows.append(
            Row(
                str(trial.number),
                [
                    {"text": t("search.trial_n", n=trial.number), "sub": " · ".join(told)},
                    state,
                    str(len(reached)),
                    tables.figure(value),
                ],
            )
        )
    heads = [Column(t("search.trial"), wide=True, bare=True), Column(t("search.state"))]
    heads += [Column(t("search.epoch"), "number"), Column(t("search.value"), "number")]
    with st.expander(t("search.every", n=len(rows)), icon=":material/list:"):
        tables.show(heads, rows, key="search-trials-table", stack=True)


def study_of(folder: Path) -> Any | None:
    """The study in a run's folder; None before its first trial."""
    path = folder / searches.DATABASE
    if not path.is_file():
        return None
    import optuna

    try:
        return optuna.load_study(study_name=searches.STUDY, storage=f"sqlite:///{path.resolve().as_posix()}")
    except KeyError:
        return None  # the tables are there, the study is being made


def config_of(run: Run) -> Config:
    """The settings that a search began with."""
    told = run.config.get("set", {})
    config: Config = settings_of.preset(Config, corrosion.PRESETS, str(run.config["preset"]), told)
    return config


def begin(told: Lab) -> None:
    """Which network, how many trials of how many epochs; the paper's numbers to begin with."""
    data = pick.stored_set(told.db, "corrosion", key="search-data")
    if data is None:
        st.html(f'<p class="note">{t("runs.no_sets", domain=t("domain.corrosion"))}</p>')
        return
    network = st.segmented_control(
        t("networks.which"),
        list(RANGES),
        default="resnet18",
        required=True,
        format_func=lambda name: words.NETWORKS.get(name, name),
        key="search-network",
    )
    one, two, three = st.columns(3)
    trials = one.number_input(t("search.trials"), 1, 1000, 50, key="search-trials")
    epochs = two.number_input(t("search.epochs"), 1, 2000, 150, key="search-epochs")
    folds = three.number_input(t("networks.folds_f1"), 0, 20, 5, key="search-folds")
    st.html(f'<p class="note">{t("search.paper_note")}</p>')
    if st.button(t("search.start"), type="primary", icon=":material/play_arrow:", key="search-start"):
        with notice.instead():
            run_id = orders.search(
                told.db,
                access.me(),
                "corrosion",
                data=data.name,
                preset="paper",
                changed={"network": network, "epochs": int(epochs), "folds": int(folds)},
                trials=int(trials),
                now=time.time(),
                wake=told.settings.wake,
            )
            st.query_params["search"] = str(run_id)
            st.session_state.pop("search", None)
            st.rerun()
