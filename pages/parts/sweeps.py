"""Sweeps of crack trainings: the choice of what to compare, and the table of what came of it (paper 2)."""

from __future__ import annotations

import html
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from sqlite_utils import Database

from core import losses, orders, queue, sweep, trials
from core.crack import Config
from core.errors import ConfigError, PatinaError
from core.explore import Counts
from core.loss_trials import FOUR, PUBLISHED
from core.measuring import fine
from core.records import Domain
from core.settings import Settings
from core.sweep import THRESHOLDS
from pages.parts import access, cached, charts, lab, mask, notice, pick, places, tables, words
from pages.parts.lab import Lab
from pages.parts.strings import t
from pages.parts.tables import Column, Row, figure
from pages.parts.walls import Walls

WEIGHTS = (0.2, 0.3, 0.4, 0.5, 0.69, 0.7, 0.83, 0.9, 0.97, 1.3)
"""Offered to choose from: those that somebody has published."""
MOST_LINES = 6
"""Curves in a figure at once, the best ones."""


# Choosing ---------------------------------------------------------------------------------------------


def choose(
    config: Config, *, key: str, is_wanted: bool = False, before: trials.Axes | None = None
) -> tuple[dict[str, Any], str]:
    """The values to compare in one run, {} where none are asked for, and "" or what cannot be.

    `before` are those of an earlier run, to begin with.
    """
    before = before or {}
    begins = is_wanted or bool(before)
    if not st.toggle(t("sweep.compare"), begins, key=f"{key}-sweep", help=t("sweep.compare_help")):
        return {}, ""
    told: dict[str, Any] = {}
    all_losses = (*losses.LOSSES, *losses.PEERS)
    told["loss"] = st.multiselect(
        t("losses.loss"),
        all_losses,
        before.get("loss", list(losses.LOSSES)),
        format_func=lambda name: t(f"loss.{name}"),
        key=f"{key}-losses",
    )
    left, middle, right = st.columns([2, 1, 1])
    with left:
        told["weight"] = st.multiselect(
            t("losses.weight"),
            [PUBLISHED, *WEIGHTS],
            before.get("weight", [PUBLISHED]),
            format_func=lambda w: t("sweep.published_weights") if w == PUBLISHED else f"{w:g}",
            key=f"{key}-weights",
        )
    for place, name, offered in ((middle, "kernel", (3, 5, 7)), (right, "levels", (4, 5))):
        with place:
            told[name] = st.multiselect(
                t(f"sweep.{name}"), offered, before.get(name, [getattr(config, name)]), key=f"{key}-{name}s"
            )
    usual = {name: [getattr(config, name)] for name in ("kernel", "levels")}
    chosen = {name: list(values) for name, values in told.items() if values and values != usual.get(name)}
    try:
        planned = trials.plan(config, chosen)
    except ConfigError as error:
        return chosen, str(error)
    st.html(f'<p class="note">{t("sweep.planned", n=len(planned), steps=config.steps)}</p>')
    return chosen, ""


# The table --------------------------------------------------------------------------------------------


def show(of: Lab) -> None:
    """The sweep in the address, else the newest; how to begin one where there is none."""
    db, settings = of.db, of.settings
    folder = which(db, settings, "crack")
    if folder is None:
        st.html(f'<p class="lead">{t("sweep.none")}</p>')
        _begin()
        return
    told = table(folder)
    if not told["rows"]:
        st.html(f'<p class="lead">{t("sweep.not_yet", n=told["trials"])}</p>')
        return
    best = next(row for row in told["rows"] if row["trial"] == told["best"])
    st.html(f'<p class="lead">{_in_words(told, best)}</p>')
    _rows(told)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _against_threshold(told, folder)
    with right:
        _at_equal_precision(told)
    _curves(told)
    _beside_the_paper(told)
    folded = st.expander(t("sweep.masks"), icon=":material/compare:", key="sweep-masks", on_change="rerun")
    if folded.open:
        with folded:
            _side_by_side(of, told, folder)
    if access.me().is_at_least("engineer"):
        said = {row["trial"]: _with_f1(row) for row in told["rows"]}
        file(db, settings, "crack", folder, said, best["trial"])
        _begin()


def which(db: Database, settings: Settings, domain: Domain) -> Path | None:
    """The folder of the sweep in the address, else of the newest one; None where there is none."""
    known = [folder for folder in trials.known(settings.runs) if trials.domain(folder) == domain]
    if not known:
        return None
    by_name = {folder.name: folder for folder in known}
    called = {name: _named(db, name) for name in by_name}
    chosen = pick.one(
        "sweep",
        list(by_name),
        known[0].name,
        label=t("sweep.which"),
        say=lambda name: called[name],
        key=f"{domain}-sweep",
        is_list=True,
        is_labelled=True,
    )
    return by_name[chosen]


def table(folder: Path) -> Mapping[str, Any]:
    """The table of a sweep as far as it is, read anew whenever a training of it has ended."""
    return _table(str(folder), trials.stamp(folder))


def _in_words(told: Mapping[str, Any], best: Mapping[str, Any]) -> str:
    """Which one is best by what, how far the sweep is, and what that is worth on other photos; safe HTML."""
    said = t(
        "sweep.best_test" if told["split"] == "test" else "sweep.best_val",
        name=f"<b>{html.escape(name(best))}</b>",
        val=figure(best["val_f1"]),
        f1=figure(best["f1"]),
        photos=int(best["n"]),
    )
    if told["done"] < told["trials"]:
        said += " " + t("sweep.so_far", done=told["done"], n=told["trials"])
    return said


def _rows(told: Mapping[str, Any]) -> None:
    """Tables 1 and 4 to 8 in the paper's form, one row a training, and recall by the width of the crack."""
    shown = told["rows"][0].get("by_width") or []
    heads = [Column(t("losses.loss"), wide=True, bare=True), Column("w", "number")]
    heads += [Column(t("lab.threshold"), "number", help=t("sweep.threshold_help"))]
    heads += [Column(t(f"metric.{k}"), "number") for k in ("precision", "recall", "accuracy", "f1")]
    heads += [Column(words.said(fine.words(w)), "number", help=t("sweep.width_help")) for w in shown]
    heads += [Column(t("sweep.val_f1"), "number", help=t("sweep.val_help"))]
    rows = []
    for row in told["rows"]:
        cells: list[Any] = [{"text": _loss(row), "sub": _apart(row)}]
        cells += [_weight(row), figure(row["threshold"])]
        cells += [figure(row[k]) for k in ("precision", "recall", "accuracy", "f1")]
        cells += [figure(w["recall"], 2) for w in row.get("by_width") or []]
        cells += [figure(row["val_f1"])]
        rows.append(Row(str(row["trial"]), cells, marked=row["trial"] == told["best"]))
    # Not as the table's caption, which is as narrow as its first column where it becomes a list.
    st.html(f'<p class="note">{t("sweep.caption")}</p>')
    tables.show(heads, rows, key="sweep-rows", stack=True)


@st.fragment
def _against_threshold(told: Mapping[str, Any], folder: Path) -> None:
    """One figure of the paper's tables at every threshold, of the best trainings, each one's own marked."""
    metric = (
        st.segmented_control(
            t("sweep.which_figure"),
            FOUR,
            default="f1",
            format_func=lambda k: t(f"metric.{k}"),
            key="sweep-figure",
            label_visibility="collapsed",
        )
        or "f1"
    )
    found = charts.blank(t("axis.threshold"), t("axis.share_pixels"), height=380)
    for i, row in enumerate(_best(told)):
        values = getattr(_curve(folder, row["trial"], told["split"]), metric)
        at = int(np.abs(THRESHOLDS - row["threshold"]).argmin())
        line = {"color": charts.series(i), "width": 2.5, "dash": ("solid", "dash", "dot")[i // 6 % 3]}
        found.add_scatter(
            x=THRESHOLDS.astype(np.float32),
            y=values.astype(np.float32),
            name=name(row),
            mode="lines",
            line=line,
            legendgroup=str(i),
            hovertemplate="%{y:.3f}",
        )
        found.add_scatter(
            x=[THRESHOLDS[at]],
            y=[values[at]],
            mode="markers",
            marker={"color": charts.series(i), "size": 9},
            legendgroup=str(i),
            showlegend=False,
            hoverinfo="skip",
        )
    found.update_xaxes(range=[0, 1], dtick=0.2, hoverformat=".3f")
    found.update_yaxes(range=[0, 1.02], dtick=0.2)
    charts.show(
        found,
        t("sweep.threshold_title", metric=t(f"metric.{metric}")),
        key="sweep-thresholds",
        note=t("sweep.threshold_note"),
    )


def _best(told: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return sorted(told["rows"], key=lambda row: -(row["val_f1"] or 0.0))[:MOST_LINES]


def _curves(told: Mapping[str, Any]) -> None:
    """F1 on validation photos while it was learned, of the best trainings."""
    best = _best(told)
    lines = [(name(row), row["curve"]["step"], row["curve"]["val_f1"], i) for i, row in enumerate(best)]
    charts.show(
        charts.curves(lines, t("axis.step"), t("sweep.val_f1"), unit=True),
        t("sweep.curves_title"),
        key="sweep-curves",
        note=t("sweep.curves_note", n=len(best)),
    )


def _at_equal_precision(told: Mapping[str, Any]) -> None:
    """Each training where it is as precise as MSE: what its weight buys in fine cracks, if anything."""
    found = [(row, row["at_equal_precision"]) for row in told["rows"] if row["at_equal_precision"]]
    found = [(row, one) for row, one in found if row["loss"] != "mse" and one["by_width"]]
    if not found:
        return
    shown = found[0][1]["by_width"][:2]
    heads = [Column(t("losses.loss")), Column(t("metric.recall"), "number")]
    heads += [Column(words.said(fine.words(w)), "number") for w in shown]
    rows = []
    for row, one in found:
        cells: list[Any] = [name(row), {"text": figure(one["recall"]), "sub": _more(one, None)}]
        cells += [
            {"text": figure(w["recall"], 2), "sub": _more(one, k)} for k, w in enumerate(one["by_width"][:2])
        ]
        rows.append(Row(str(row["trial"]), cells))
    tables.show(heads, rows, key="sweep-equal", caption=t("sweep.equal_caption"))
    st.html(f'<p class="note">{t("sweep.equal_note")}</p>')


def _more(one: Mapping[str, Any], k: int | None) -> str:
    """How much more or less than MSE, in points of a hundredth, with its sign."""
    ours, theirs = (
        (side["recall"] if k is None else side["by_width"][k]["recall"]) for side in (one, one["mse"])
    )
    return "" if ours is None or theirs is None else f"{ours - theirs:+.3f}"


def _beside_the_paper(told: Mapping[str, Any]) -> None:
    """Our figures at the paper's thresholds, the published ones under them."""
    beside = [(row, one) for row in told["rows"] for one in row["published"]]
    if not beside:
        return
    heads = [Column(t("losses.loss"), wide=True, bare=True), Column("w", "number")]
    heads += [Column(t("lab.threshold"), "number")]
    heads += [Column(t(f"metric.{k}"), "number") for k in ("precision", "recall", "accuracy", "f1")]
    shown = beside[0][1].get("by_width", [])[:2]
    heads += [Column(words.said(fine.words(w)), "number", help=t("sweep.width_help")) for w in shown]
    rows = []
    for i, (row, one) in enumerate(beside):
        cells: list[Any] = [{"text": _loss(row), "sub": _apart(row)}]
        cells += [_weight(row), format(one["threshold"], "g")]
        for k in ("precision", "recall", "accuracy", "f1"):
            theirs = t("sweep.theirs", value=figure(one["published"][k]))
            cells.append({"text": figure(one["ours"][k]), "sub": theirs})
        cells += [figure(w["recall"], 2) for w in one.get("by_width", [])[:2]]
        rows.append(Row(f"{row['trial']}-{i}", cells))
    with st.expander(t("sweep.beside"), icon=":material/menu_book:"):
        st.html(f'<p class="note">{t("published.crack")}</p>')
        tables.show(heads, rows, key="sweep-beside", stack=True)


@st.fragment
def _side_by_side(of: Lab, told: Mapping[str, Any], folder: Path) -> None:
    """The masks of up to six trainings on one photo (figures 8 to 13), first the best of each loss."""
    by_number = {row["trial"]: row for row in told["rows"]}
    best: dict[str, int] = {}
    for row in sorted(told["rows"], key=lambda row: -(row["val_f1"] or 0.0)):
        best.setdefault(row["loss"], row["trial"])
    chosen = st.multiselect(
        t("sweep.masks_which"),
        list(by_number),
        list(best.values())[: mask.MOST],
        format_func=lambda n: name(by_number[n]),
        max_selections=mask.MOST,
        key="sweep-masks-of",
    )
    if not chosen:
        return
    shown = []
    for number in chosen:
        card, place = trials.model(folder, number)
        at = f"/api/v1/sweeps/{folder.name}/{number}/maps"
        shown.append(mask.Shown(card, cached.maps(place), name(by_number[number]), at))
    _, place = trials.model(folder, chosen[0])
    evaluation = cached.evaluation(place, told["split"]) or {}
    photos = Walls(of, evaluation, cached.masks(place, told["split"]), lab.here(of, evaluation))
    photos.explorer(lab.threshold_slider(of), shown, key="sweep-mask", layout="side", is_own=True)


def file(
    db: Database, settings: Settings, domain: Domain, folder: Path, said: Mapping[int, str], best: int
) -> None:
    """Any training as a model among the others, `said` by its number; the best one is there already."""
    with st.expander(t("sweep.file"), icon=":material/deployed_code:"):
        number = st.selectbox(
            t("sweep.trial"),
            list(said),
            index=list(said).index(best),
            format_func=lambda n: said[n],
            key="sweep-trial",
        )
        called = st.text_input(t("sweep.name"), key="sweep-name", max_chars=56)
        if st.button(t("sweep.file_now"), key="sweep-file", type="primary", disabled=not called.strip()):
            with notice.instead():
                filed = orders.file_trial(
                    db,
                    access.me(),
                    settings.runs,
                    settings.models,
                    folder.name,
                    int(number),
                    name=called,
                    now=time.time(),
                )
                places.go("models", model=f"{domain}/{filed.id}")


def _begin() -> None:
    if access.me().is_at_least("engineer") and st.button(
        t("sweep.begin"), icon=":material/play_arrow:", key="sweep-begin"
    ):
        places.go("runs", new="crack", sweep="1")


def name(row: Mapping[str, Any]) -> str:
    """A training in a list: its loss in the reader's words, weight, and what else sets it apart."""
    weight = "" if row["weight"] is None else f" {_weight(row)}"
    apart = _apart(row)
    return f"{_loss(row)}{weight}" + (f" · {apart}" if apart else "")


def _with_f1(row: Mapping[str, Any]) -> str:
    return " · ".join((name(row), t("metric.f1") + " " + figure(row["f1"])))


def _apart(row: Mapping[str, Any]) -> str:
    told = [(k, v) for k, v in row["values"].items() if k not in ("loss", "weight")]
    said = {"kernel": t("sweep.kernel"), "levels": t("sweep.levels")}
    return ", ".join(f"{said.get(k, k)} {v}" for k, v in told)


def _loss(row: Mapping[str, Any]) -> str:
    which = row["loss"]
    return t(f"loss.{which}")


def _weight(row: Mapping[str, Any]) -> str:
    return "–" if row["weight"] is None else format(row["weight"], "g")


def _named(db: Database, folder: str) -> str:
    """A sweep in a list: its run's name, or its folder's where the command line began it."""
    if not folder.isdecimal():
        return folder
    try:
        return pick.run_name(queue.get(db, int(folder)))
    except PatinaError:
        return t("runs.number", id=int(folder))


def _curve(folder: Path, number: int, split: str) -> Counts:
    """The pooled counts of a trial at every threshold, summed once."""
    _, place = trials.model(folder, number)
    told = cached.pooled(place, split)
    assert told is not None, "a trial that has ended has said something of its photos"
    return sweep.of_histogram(np.asarray(told["histogram"]).sum(0))


@st.cache_resource(max_entries=16, show_spinner=False)
def _table(folder: str, stamp: int) -> Mapping[str, Any]:
    return trials.table(Path(folder))
