"""Trainings as the engine room shows them: state, time left, curves, settings; the form that orders one."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import streamlit as st
from sqlite_utils import Database

from core import config as settings_of
from core import curves, datasets, orders, queue, sets
from core.curves import Curve
from core.records import DOMAINS, Domain, Run
from core.settings import Settings
from pages.parts import access, charts, form, networks, pick, places, sweeps, tables, words
from pages.parts.strings import t
from pages.parts.tables import Cell, Column, Row

TONES: Final = {"waiting": "wait", "running": "busy", "done": "good", "failed": "ask", "cancelled": "none"}
CHOOSE: Final[Mapping[Domain, Callable[..., tuple[dict[str, Any], str]]]] = {
    "crack": sweeps.choose,
    "corrosion": networks.choose,
}
"""Where several trainings can be compared in one run: the form that asks which."""
ACTIVE: Final = ("waiting", "running")
PHASES: Final = ("train", "test", "validation", "evaluate", "without labels")
"""What the engines call what they do; a sweep's and a search's trials have names of their own."""
MOST_LINES: Final = 8
"""Phases (folds, cycles) that a figure shows at once, the newest ones."""


# In a list --------------------------------------------------------------------------------------------


def listed(
    db: Database, runs: Sequence[Run], now: float, *, key: str, picked: Sequence[str]
) -> tables.Clicked:
    """Runs as a live table: what, state with progress, best figure, who, when and how long still."""
    rows = [
        Row(
            str(run.id),
            [
                {"text": pick.run_name(run), "sub": what(run)},
                state_cell(run),
                best_cell(db, run),
                run.owner,
                when_cell(db, run, now),
            ],
            href=places.href("run", id=run.id),
            name=pick.run_name(run),
        )
        for run in runs
    ]
    heads = [
        Column(t("runs.name"), wide=True, bare=True, share=28),
        Column(t("runs.state"), wide=True, bare=True, share=32),
        Column(t("runs.best"), share=14),
        Column(t("runs.who"), share=10),
        Column(t("runs.when"), share=16),
    ]
    return tables.show(heads, rows, key=key, stack=True, pick=t("runs.pick"), picked=picked)


def what(run: Run) -> str:
    """The second line of a run: its kind and domain, and its number."""
    return " · ".join((t(f"kind.{run.kind}"), t(f"domain.{run.domain}"), t("runs.number", id=run.id)))


def state_cell(run: Run) -> Cell:
    """A run's state as a chip, with a bar and what is being done while it runs."""
    told: dict[str, Any] = {"text": t(f"runs.state_{run.state}"), "tone": TONES[run.state]}
    if run.state == "running":
        if run.cancel_at is not None:
            told["text"] = t("runs.stopping")
        told |= {"fraction": run.fraction, "sub": f"{words.percent(run.fraction)} · {phase_words(run)}"}
    elif run.state == "failed" and run.error:
        told["sub"] = run.error
    return told


def phase_words(run: Run) -> str:
    """What a run is doing: that it prepares, a phase we know, else what it says itself.

    After its last step a training still works on its card, which takes as long as many steps do.
    """
    told = str(run.progress.get("phase") or "")
    if not told:
        return t("runs.preparing")
    if run.fraction >= 1:
        return t("runs.finishing")
    return t(f"runs.phase_{told.replace(' ', '_')}") if told in PHASES else told


def best_of(db: Database, run: Run) -> tuple[str, float] | None:
    """The figure that stands for a run, and its best value so far; None before there is one."""
    told = [{"figures": run.progress.get("figures") or {}}]
    if run.state != "done":
        told = queue.reports(db, run.id) or told
    return curves.best(told)


def best_words(db: Database, run: Run) -> str:
    """The figure that stands for a run in one line; "" before there is one."""
    found = best_of(db, run)
    return "" if found is None else f"{figure_words(found[0])} {found[1]:.3f}"


def best_cell(db: Database, run: Run) -> Cell:
    """The same as a cell: the value, its name below."""
    found = best_of(db, run)
    return "–" if found is None else {"text": f"{found[1]:.3f}", "sub": figure_words(found[0])}


def when_words(db: Database, run: Run, now: float) -> str:
    """How long still for a running one, when it ended and how long it took, since when it waits."""
    told = when_cell(db, run, now)
    return f"{told['text']} · {told['sub']}" if told.get("sub") else str(told["text"])


def when_cell(db: Database, run: Run, now: float) -> dict[str, Any]:
    """The same as a cell with the exact time on hover."""
    exact = {"title": words.exact(run.ended_at or run.created_at)}
    if run.state == "running":
        left = queue.seconds_left(db, run, now)
        if run.fraction >= 1:
            return exact | {"text": t("runs.nearly")}
        told = t("runs.left", time=words.in_about(left)) if left is not None else t("runs.just_begun")
        return exact | {"text": told}
    if run.state == "waiting":
        return exact | {"text": t("runs.waits", since=words.ago(run.created_at, now))}
    ended = run.ended_at or run.created_at
    took = t("runs.took", time=words.in_about(ended - (run.started_at or ended)))
    return exact | {"text": words.ago(ended, now), "sub": took}


def figure_words(name: str) -> str:
    """A figure of a report in words: `val_f1` is "validation F1"; an unknown one keeps its name."""
    where, _, rest = name.partition("_")
    known = {"f1", "mean_f1", "accuracy", "balanced_accuracy", "precision", "recall", "loss", "kappa", "iou"}
    if name in known:
        return t(f"metric.{name}")
    if where in ("val", "test", "train") and rest in known | {"threshold"}:
        figure = t("lab.threshold") if rest == "threshold" else t(f"metric.{rest}")
        return t(f"runs.on_{where}", figure=figure)
    return name.replace("_", " ")


# Curves -----------------------------------------------------------------------------------------------


def show_curves(found: Sequence[Curve], *, key: str) -> None:
    """The curves of one run: losses in one figure, what lies between 0 and 1 in another, a line a phase."""
    phases = list(dict.fromkeys(c.phase for c in found))
    several = len({c.phase for c in found if len(c.steps) > 1}) > 1
    for which in (True, False):
        own = [
            c for c in found if curves.is_share(c.figure) is which and any(v is not None for v in c.values)
        ]
        own = [c for c in own if len(c.steps) > 1] or own
        names = list(dict.fromkeys(c.figure for c in own))
        if not own:
            continue
        if several and len(names) > 1:
            chosen = st.segmented_control(
                t("runs.figure"),
                names,
                default=names[0],
                required=True,
                format_func=figure_words,
                key=f"{key}-{which}",
                label_visibility="collapsed",
            )
            own = [c for c in own if c.figure == chosen][-MOST_LINES:]
            lines = [(c.phase, within(c), c.values, phases.index(c.phase)) for c in own]
        else:
            lines = [
                (figure_words(c.figure), within(c) if several else c.steps, c.values, i)
                for i, c in enumerate(own)
            ]
        axis = t("axis.share01") if which else t("axis.loss")
        if len(names) == 1 or several:
            axis = t("axis.of", figure=figure_words(own[0].figure)) if which else figure_words(own[0].figure)
        charts.show(
            charts.curves(lines, t("axis.step"), axis, unit=which),
            t("runs.scores_title") if which else t("runs.losses_title"),
            key=f"{key}-chart-{which}",
            note=t("runs.zoom") if len(own[0].steps) > 10 else "",
        )


def within(curve: Curve) -> tuple[float, ...]:
    """The reports of a phase counted from 1, so that folds and cycles lie over each other."""
    return tuple(float(i) for i in range(1, len(curve.steps) + 1))


def overlay(db: Database, runs: Sequence[Run]) -> None:
    """Two or more runs over each other in one figure, and what differs between their settings."""
    told = {run.id: curves.of(queue.reports(db, run.id)) for run in runs}
    names = list(dict.fromkeys(c.figure for found in told.values() for c in found if len(c.steps) > 1))
    if not names:
        st.html(f'<p class="note">{t("runs.no_curves")}</p>')
    else:
        first = next((n for n in (*curves.BEST, "loss") if n in names), names[0])
        chosen = st.segmented_control(
            t("runs.figure"),
            names,
            default=first,
            required=True,
            format_func=figure_words,
            key="overlay",
            label_visibility="collapsed",
        )
        lines = []
        for i, run in enumerate(runs):
            for curve in [c for c in told[run.id] if c.figure == chosen and len(c.steps) > 1]:
                share = [
                    step / max(1, run.progress.get("total") or curve.steps[-1]) * 100 for step in curve.steps
                ]
                lines.append((f"{pick.run_name(run)} ({run.id})", share, curve.values, i))
        unit = curves.is_share(str(chosen))
        charts.show(
            charts.curves(lines, t("axis.done"), t("axis.share01") if unit else t("axis.loss"), unit=unit),
            t("runs.overlay_title", figure=figure_words(str(chosen))),
            key="overlay-chart",
        )
    differences(runs)


def differences(runs: Sequence[Run]) -> None:
    """The settings in which runs differ, one column a run."""
    told = [settings_of_run(run) for run in runs]
    rows = []
    for name in dict.fromkeys(name for settings in told for name in settings):
        values = [settings.get(name, "–") for settings in told]
        if len(set(values)) > 1:
            rows.append(Row(name, [name, *values]))
    rows.append(Row("best", [t("runs.best"), *(curve_best(run) for run in runs)], apart=True, marked=True))
    heads = [Column(t("runs.setting"), wide=True), *(Column(pick.run_name(run)) for run in runs)]
    tables.show(heads, rows, key="differences", caption=t("runs.differences"), stack=len(runs) > 2)


def curve_best(run: Run) -> str:
    """The figure that stands for a run by its last report."""
    found = curves.best([{"figures": run.progress.get("figures") or {}}])
    return "–" if found is None else f"{figure_words(found[0])} {found[1]:.3f}"


# Settings ---------------------------------------------------------------------------------------------


def settings_of_run(run: Run) -> dict[str, str]:
    """Every setting of a run by its name on the screen, as it was trained."""
    module = orders.rules(run.domain)
    preset = module.PRESETS.get(run.config.get("preset", ""), {})
    given = {**preset, **(run.config.get("set") or {})}
    told = {t("runs.data"): str(run.config.get("data") or run.config.get("folder") or "–")}
    for p in settings_of.params(module.Config):
        told[form.label(p)] = form.value_words(p, given.get(p.name, p.default))
    return told


def settings_table(run: Run) -> None:
    """A run's settings in groups: value, and whether it is the preset's, changed, or the paper's."""
    module = orders.rules(run.domain)
    preset = module.PRESETS.get(run.config.get("preset", ""), {})
    changed = run.config.get("set") or {}
    rows = []
    for group, members in form.grouped(settings_of.params(module.Config)):
        for i, p in enumerate(members):
            value = changed.get(p.name, preset.get(p.name, p.default))
            origin = "changed" if p.name in changed else "preset" if p.name in preset else "default"
            rows.append(
                Row(
                    p.name,
                    [
                        {"text": form.label(p), "title": form.explained(p)},
                        form.value_words(p, value),
                        {"text": t(f"runs.from_{origin}"), "quiet": origin != "changed"},
                    ],
                    marked=origin == "changed",
                    apart=i == 0 and group != "network",
                )
            )
    heads = [Column(t("runs.setting")), Column(t("runs.value")), Column(t("runs.origin"))]
    tables.show(heads, rows, key="settings", caption=t("runs.settings_caption", preset=pick.preset_name(run)))


# Ordering one -----------------------------------------------------------------------------------------


def order(db: Database, settings: Settings, told: Mapping[str, str]) -> None:
    """Domain, data set, preset, settings, start. `told` are the values of the address: new, preset, again."""
    before = next(iter(pick.runs(db, told.get("again", ""))), None)
    domain = _domain(before.domain if before else told.get("new"))
    known = sets.all_sets(db, domain)
    if max((one.n_photos for one in known), default=0) < datasets.FEW:
        st.html(f'<p class="lead">{t("runs.no_sets", domain=t(f"domain.{domain}"))}</p>')
        if st.button(t("lab.to_data"), type="primary", icon=":material/photo_library:"):
            places.go("data", view="import")
    if not known:
        return
    again = before if before is not None and before.domain == domain else None
    earlier = again.config if again else {}
    module = orders.rules(domain)
    data = pick.stored_set(db, domain, key=f"new-set-{domain}", default=str(earlier.get("data", "")))
    preset = _preset(domain, str(earlier.get("preset", "")) if again else told.get("preset", ""))
    kept = again is not None and preset == earlier.get("preset")
    key = f"new-{domain}-{preset}-{again.id if again else 0}"
    changed, wrong = form.settings(
        module.Config,
        module.PRESETS[preset],
        key=key,
        changed=(earlier.get("set") or {}) if kept else None,
    )
    axes: dict[str, Any] = {}
    if domain in CHOOSE and not wrong:
        config = settings_of.preset(module.Config, module.PRESETS, preset, changed)
        axes, wrong = CHOOSE[domain](
            config, key=key, is_wanted="sweep" in told, before=earlier.get("sweep") if again else None
        )
    name = st.text_input(t("runs.name_it"), key="new-name", placeholder=t("runs.name_hint"), max_chars=60)
    if wrong:
        st.warning(wrong, icon=":material/error:")
    elif changed:
        st.html(f'<p class="note">{t("runs.changed", n=len(changed))}</p>')
    starts = st.button(
        t("runs.start_now"),
        type="primary",
        icon=":material/play_arrow:",
        disabled=bool(wrong),
        key="start",
    )
    if starts and data:
        run_id = orders.train(
            db,
            access.me(),
            domain,
            data=data.name,
            preset=preset,
            changed=changed,
            now=time.time(),
            name=name,
            wake=settings.wake,
            sweep=axes,
        )
        places.go("run", id=str(run_id))


def _domain(given: str | None) -> Domain:
    """The domain chosen; at first the one given, or rail."""
    chosen: Domain = st.segmented_control(
        t("runs.domain"),
        DOMAINS,
        default=given if given in DOMAINS else "rail",
        required=True,
        format_func=lambda d: t(f"domain.{d}"),
        key="new-domain",
    )
    return chosen


def _preset(domain: Domain, wanted: str) -> str:
    """The preset chosen; at first the one wanted, or the domain's first."""
    names = list(orders.rules(domain).PRESETS)
    chosen = st.segmented_control(
        t("runs.preset"),
        names,
        default=wanted if wanted in names else names[0],
        required=True,
        key=f"new-preset-{domain}",
        help=t("runs.preset_help"),
        format_func=lambda name: name.replace("_", " "),
    )
    return str(chosen)


def is_active(runs: Sequence[Run]) -> bool:
    """True while any of them waits or runs, so that a page keeps looking."""
    return any(run.state in ACTIVE for run in runs)
