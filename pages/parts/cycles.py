"""The few-label experiments of paper 1: results by number of labels, each cycle with its pseudo-labels."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import streamlit as st

from core import published as papers
from core import queue, rail, sets
from core.rail import Entry
from core.records import Run
from pages.parts import charts, gallery, lab, pick, places, tables
from pages.parts.lab import Lab
from pages.parts.strings import t
from pages.parts.tables import Column, Row

MOST_PHOTOS: Final = 24


def show(told: Lab) -> None:
    """The experiment in the address, else the newest: its results, then one cycle at a time."""
    known = [
        run
        for run in queue.latest(told.db, ("train",), limit=200)
        if run.domain == "rail" and rail.experiment(folder_of(told, run))
    ]
    if not known:
        st.html(f'<p class="lead">{t("cycles.none")}</p>')
        if told.person.is_at_least("engineer") and st.button(
            t("cycles.start"), type="primary", icon=":material/play_arrow:"
        ):
            places.go("runs", new="rail", preset="table3")
        published()
        return
    by_id = {run.id: run for run in known}
    chosen = pick.one(
        "run",
        list(by_id),
        known[0].id,
        label=t("cycles.run"),
        say=lambda id: f"{pick.run_name(by_id[id])} · {t('runs.number', id=id)}",
        is_list=True,
        is_labelled=True,
    )
    run = by_id[chosen]
    found = rail.experiment(folder_of(told, run))
    results(found)
    cycle(told, folder_of(told, run), found)


def folder_of(told: Lab, run: Run) -> Path:
    """Where a run keeps what it has found."""
    return told.settings.runs / str(run.id)


def results(found: Mapping[str, Any]) -> None:
    """The figure and the table of paper 1 from this experiment, the published one beside it."""
    division = str(found["config"]["division"])
    name = pick.one("figure", rail.FIGURES, "f1", label=t("cycles.figure"), say=lambda n: t(f"metric.{n}"))
    ours = [{"labels": c["labels"], **c[name]} for c in found["table"] if c[name]["mean"] is not None]
    repeats: dict[int, list[Mapping[str, Any]]] = {}
    for row in found["rows"]:
        repeats.setdefault(int(row["repeat"]), []).append(row)
    lines = [([r["labels"] for r in rows], [r[name] for r in rows]) for rows in repeats.values()]
    printed = papers.RAIL.get(division) if name == "accuracy" else None
    floor = found["rows"][0].get("always_normal") if found["rows"] else None
    left, right = st.columns([3, 2], gap="large")
    with left:
        charts.show(
            charts.by_labels(
                ours,
                lines,
                [vars(column) for column in printed or ()],
                name,
                floor if name == "accuracy" else 0.0 if name == "f1" else 0.5,
            ),
            t("cycles.title", figure=t(f"metric.{name}")),
            key="cycles",
            note=t("cycles.note"),
            name=f"rail-{division}",
        )
    with right:
        rows = [
            Row(
                str(c["labels"]),
                [str(c["labels"]), *(tables.figure(c[name][k]) for k in ("mean", "std", "min", "max"))],
            )
            for c in found["table"]
        ]
        tables.show(table_columns(), rows, key="cycles-table", caption=t("cycles.ours", n=len(repeats)))
        if printed:
            published_table(division)
        for note in dict.fromkeys(found.get("notes", ())):
            if note:
                st.html(f'<p class="note">{html.escape(note)}</p>')


def table_columns() -> list[Column]:
    """The heads of tables 1 to 3."""
    heads = [Column(t("axis.labels"), "number")]
    return heads + [Column(t(f"cycles.{k}"), "number") for k in ("mean", "std", "min", "max")]


def published_table(division: str) -> None:
    """A table of paper 1 as printed; it is of other photos."""
    rows = [
        Row(str(c.labels), [str(c.labels), *(f"{x:.4f}" for x in (c.mean, c.std, c.min, c.max))])
        for c in papers.RAIL[division]
    ]
    tables.show(
        table_columns(), rows, key=f"published-{division}", caption=t("cycles.published", table=division[-1])
    )


def published() -> None:
    """All three published tables."""
    st.html(f'<p class="note">{t("published.rail")}</p>')
    for column, division in zip(st.columns(3, gap="large"), papers.RAIL, strict=False):
        with column:
            published_table(division)


# One cycle --------------------------------------------------------------------------------------------


def cycle(told: Lab, folder: Path, found: Mapping[str, Any]) -> None:
    """One cycle of one repeat: its staircase, and what another threshold or share would have chosen."""
    n_repeats = max((int(row["repeat"]) for row in found["rows"]), default=0)
    if not n_repeats:
        st.html(f'<p class="note">{t("cycles.not_yet")}</p>')
        return
    st.markdown(f"## {t('cycles.cycles')}")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        repeat = pick.one(
            "repeat", list(range(1, n_repeats + 1)), 1, label=t("cycles.repeat"), is_labelled=True
        )
        head, entries = rail.ledger(folder, repeat)
        numbers = sorted({e.cycle for e in entries if e.cycle > 0})
        if not numbers:
            st.html(f'<p class="note">{t("cycles.no_groups")}</p>')
            return
        number = pick.one("cycle", numbers, numbers[0], label=t("cycles.cycle"), is_labelled=True)
    if head.get("note"):
        st.html(f'<p class="note">{html.escape(str(head["note"]))}</p>')
    own = [e for e in entries if e.cycle == number]
    what_if(told, own, found["config"])


@st.fragment
def what_if(told: Lab, own: Sequence[Entry], config: Mapping[str, Any]) -> None:
    """The two lines of the selection as sliders, the changes counted beside them at once."""
    p = np.array([e.p_defect or 0.0 for e in own])
    given = np.array([e.label == "defect" for e in own])
    truth = np.array([-1 if e.wrong is None else int((e.label == "defect") != e.wrong) for e in own], np.int8)
    left, right = st.columns([3, 2], gap="large")
    with right:
        threshold = st.slider(
            t("cycles.threshold"),
            0.0,
            1.0,
            float(config["threshold"]),
            0.005,
            format="%.3f",
            key="what-threshold",
        )
        percent = st.slider(
            t("cycles.share"), 0, 100, round(100 * float(config["share"])), key="what-share", format="%d %%"
        )
        then = rail.what_if(p, threshold, percent / 100, str(config["rule"]), given=given, truth=truth)
        was = rail.mistakes(given, truth)
        rows = [
            Row(
                name,
                [t(f"cycles.count_{name}"), str(was[name]), str(then.mistakes[name])],
                marked=name == "wrong",
            )
            for name in ("defect", "wrong", "false_defects", "missed_defects")
        ]
        tables.show(
            [Column(""), Column(t("cycles.was"), "number"), Column(t("cycles.would"), "number")],
            rows,
            key="what-table",
            caption=t("cycles.changed", n=int(then.changed.sum()), of=len(own)),
        )
        st.html(f'<p class="note">{t("cycles.what_note")}</p>')
    with left:
        wrong = (truth >= 0) & (then.is_defect != (truth == 1))
        charts.show(
            charts.staircase(p, then.is_defect, wrong, threshold, percent / 100),
            t("cycles.stairs_title"),
            key="stairs",
            note=t("cycles.stairs_note"),
        )
    order = [int(i) for i in np.argsort(-p, kind="stable")]
    held = sets.held(told.db, (e.sha256 for e in own))
    shown = [i for i in order if own[i].sha256 in held]
    if shown:
        gallery.show(
            [tile(own[i], bool(then.is_defect[i]), int(truth[i])) for i in shown[:MOST_PHOTOS]],
            key="cycle-photos",
            layout="wall",
        )
    if len(shown) < len(own):
        st.html(
            f'<p class="note">{t("lab.absent", n=len(own) - len(shown), data=lab.data_words(told.card))}</p>'
        )


def tile(entry: Entry, is_defect: bool, truth: int) -> dict[str, Any]:
    """A photo of the group: its rank and probability, its pseudo-label, and whether that is wrong."""
    said = t("cycles.pseudo", label=t(f"label.{rail.CLASSES[int(is_defect)]}"))
    lines = [("quiet", said)]
    if truth >= 0 and is_defect != bool(truth):
        lines = [("ask", t("cycles.wrong", label=t(f"label.{rail.CLASSES[truth]}")))]
    return gallery.tile(
        entry.sha256, entry.sha256, f"{entry.rank}. {entry.p_defect or 0:.3f}", lines=lines, name=entry.photo
    )
