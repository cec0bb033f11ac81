"""Networks of corrosion compared in one run: figures 2 to 4 and table 4 of paper 3, from our trainings."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import streamlit as st

from core import corrosion, trials
from core.corrosion import NETWORKS, Config
from core.errors import ConfigError
from core.grade_trials import means
from pages.parts import access, charts, confusion, confusion_figures, places, sweeps, tables, words
from pages.parts.lab import Lab
from pages.parts.strings import t
from pages.parts.tables import Column, Row, figure

PAPER: Final = ("cnn5", "resnet18", "alexnet")
BESIDE: Final = 3
"""Confusion matrices in a row."""


def choose(
    config: Config, *, key: str, is_wanted: bool = False, before: trials.Axes | None = None
) -> tuple[dict[str, Any], str]:
    """The networks and views to compare in one run, {} where none are asked for, and "" or what cannot be.

    `before` are those of an earlier run, to begin with.
    """
    before = before or {}
    if not st.toggle(
        t("sweep.compare"), is_wanted or bool(before), key=f"{key}-sweep", help=t("networks.compare_help")
    ):
        return {}, ""
    left, right = st.columns([3, 2])
    with left:
        networks = st.multiselect(
            t("networks.which"),
            NETWORKS,
            before.get("network", list(PAPER)),
            format_func=lambda name: words.NETWORKS.get(name, name),
            key=f"{key}-sweep-networks",
        )
    with right:
        views = st.multiselect(
            t("networks.views"),
            [True, False],
            before.get("trimmed", [True, False]),
            format_func=_view,
            key=f"{key}-sweep-views",
        )
    chosen = {name: list(v) for name, v in (("network", networks), ("trimmed", views)) if v}
    try:
        planned = trials.plan(config, chosen)
    except ConfigError as error:
        return chosen, str(error)
    told = t("networks.planned", n=len(planned), epochs=config.epochs, folds=config.folds)
    st.html(f'<p class="note">{told}</p>')
    return chosen, ""


def show(told: Lab) -> None:
    """The comparison in the address, else the newest; how to begin one where there is none."""
    folder = sweeps.which(told.db, told.settings, "corrosion")
    found = sweeps.table(folder) if folder is not None else None
    if found is None or folder is None:
        st.html(f'<p class="lead">{t("networks.none")}</p>')
    elif not found["rows"]:
        st.html(f'<p class="lead">{t("sweep.not_yet", n=found["trials"])}</p>')
    else:
        best = next(row for row in found["rows"] if row["trial"] == found["best"])
        st.html(f'<p class="lead">{_in_words(found, best)}</p>')
        _table_4(found)
        _figures_2_and_3(found)
        _figure_4(found)
        if access.me().is_at_least("engineer"):
            said = {row["trial"]: f"{name(row)} · {figure(row['mean_f1'], 2)}" for row in found["rows"]}
            sweeps.file(told.db, told.settings, "corrosion", folder, said, best["trial"])
    if access.me().is_at_least("engineer") and st.button(
        t("networks.begin"), icon=":material/play_arrow:", key="networks-begin"
    ):
        places.go("runs", new="corrosion", preset="paper", sweep="1")


def _in_words(told: Mapping[str, Any], best: Mapping[str, Any]) -> str:
    """Which one is best by what, what trimming is worth, how far the run is; safe as HTML."""
    said = t(
        "networks.best_test" if told["split"] == "test" else "networks.best_val",
        name=f"<b>{html.escape(name(best))}</b>",
        val=figure(best["val_f1"], 2),
        f1=tables.with_interval(best, "mean_f1"),
        photos=int(best["n"]),
    )
    if told["done"] < told["trials"]:
        said += " " + t("sweep.so_far", done=told["done"], n=told["trials"])
    return said


def _table_4(told: Mapping[str, Any]) -> None:
    """Table 4 in the paper's form, one row a training, the published figure under ours."""
    heads = [Column(t("published.network"), wide=True, bare=True)]
    heads += [Column(t(f"metric.{k}"), "number") for k in ("precision", "recall")]
    heads += [Column(t("published.mean"), "number", help=t("networks.mean_help"))]
    heads += [Column(confusion.name(g), "number", help=t("networks.grade_help")) for g in corrosion.CLASSES]
    heads += [Column(t("metric.off_by_two"), "number"), Column(t("networks.folds_f1"), "number")]
    rows = []
    for row in told["rows"]:
        mean, paper = means(row), row["published"]
        cells: list[Any] = [{"text": network(row), "sub": _view(row["trimmed"])}]
        cells += [_beside(figure(mean[k], 2), paper and paper[k]) for k in ("precision", "recall")]
        cells.append(_beside(figure(row["mean_f1"], 2), paper and paper["f1"]))
        for g in corrosion.CLASSES:
            cells.append(_beside(figure(row["per_grade"][g]["f1"], 2), paper and paper["per_grade"][g]["f1"]))
        share = row["off_by_two"]
        cells += ["–" if share is None else words.percent(share), figure(row["val_f1"], 2)]
        rows.append(Row(str(row["trial"]), cells, marked=row["trial"] == told["best"]))
    tables.show(heads, rows, key="table-4", caption=t("networks.table_4"), stack=True)
    if any(row["published"] for row in told["rows"]):
        st.html(f'<p class="note">{t("networks.published_note")}</p>')
    starts = dict.fromkeys((network(row), row["origin"]) for row in told["rows"])
    lacking = [f"{html.escape(n)}: {html.escape(o)}" for n, o in starts if ";" in o]
    if lacking:
        st.html(f'<p class="note">{t("networks.lacking", which="; ".join(lacking))}</p>')


def _beside(ours: str, theirs: float | None) -> Any:
    return ours if theirs is None else {"text": ours, "sub": t("sweep.theirs", value=figure(theirs, 2))}


def _figures_2_and_3(told: Mapping[str, Any]) -> None:
    """Validation loss and accuracy by epoch, the mean over the folds; whole photos dashed."""
    known = list(dict.fromkeys(row["network"] for row in told["rows"]))
    titles = {"val_loss": t("networks.figure_2"), "val_accuracy": t("networks.figure_3")}
    for place, (k, title) in zip(st.columns(2, gap="large"), titles.items(), strict=True):
        lines = [
            (
                name(row),
                range(1, len(row["curve"][k]) + 1),
                row["curve"][k],
                known.index(row["network"]) + (0 if row["trimmed"] else len(charts.SERIES)),
            )
            for row in told["rows"]
        ]
        unit = k == "val_accuracy"
        axis = t("metric.accuracy") if unit else t("metric.loss")
        with place:
            charts.show(charts.curves(lines, t("networks.epoch"), axis, unit=unit), title, key=k)


def _figure_4(told: Mapping[str, Any]) -> None:
    """The row shares of every training side by side."""
    st.markdown(f"## {t('networks.figure_4')}")
    grades = [confusion.name(g) for g in corrosion.CLASSES]
    for i in range(0, len(told["rows"]), BESIDE):
        for place, row in zip(st.columns(BESIDE, gap="medium"), told["rows"][i : i + BESIDE], strict=False):
            with place:
                charts.show(
                    confusion_figures.confusion(np.asarray(row["confusion"]), grades, what="shares"),
                    name(row),
                    key=f"figure-4-{row['trial']}",
                )


def name(row: Mapping[str, Any]) -> str:
    """A training in a list: its network and view, and what else sets it apart."""
    rest = [f"{k} {v}" for k, v in row["values"].items() if k not in ("network", "trimmed")]
    return ", ".join([network(row), _view(row["trimmed"]), *rest])


def network(row: Mapping[str, Any]) -> str:
    """The network as people write it."""
    return words.NETWORKS.get(row["network"], row["network"])


def _view(trimmed: bool) -> str:
    return t("networks.trimmed") if trimmed else t("networks.whole")
