"""The few-label experiments of paper 1: results by number of labels, each cycle with its pseudo-labels."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import streamlit as st

from core import cycles, queue, rail, selection, sets
from core import published as papers
from core.cycles import Entry
from core.records import Run
from pages.parts import charts, experiments, few_labels, gallery, lab, pick, tables
from pages.parts.experiments import Visitor
from pages.parts.strings import t
from pages.parts.tables import Column, Row

MOST_PHOTOS: Final = 24


def show(told: Visitor) -> None:
    """One experiment, one repeat, one cycle of it."""
    known = experiments.known(told.db, told.settings)
    if not known:
        few_labels.none(told)
        return
    e = experiments.chosen(known)
    cycle(told, e.folder, e.found)


# One cycle --------------------------------------------------------------------------------------------


def cycle(told: Visitor, folder: Path, found: Mapping[str, Any]) -> None:
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
        head, entries = cycles.ledger(folder, repeat)
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
def what_if(told: Visitor, own: Sequence[Entry], config: Mapping[str, Any]) -> None:
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
        then = selection.what_if(p, threshold, percent / 100, str(config["rule"]), given=given, truth=truth)
        was = selection.mistakes(given, truth)
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
