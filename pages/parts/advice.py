"""What next: is it helping, which photos to label, how many defects there are, how much was luck."""

from __future__ import annotations

import html
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import streamlit as st

from core import sets
from core.errors import PatinaError
from core.few_labels import corrections, cycles
from core.few_labels.cycles import Entry
from core.few_labels.groups import LEFT, Group
from core.few_labels.luck import Luck
from core.few_labels.selection import Ratio
from core.rail import CLASSES
from pages.parts import (
    access,
    advice_figures,
    charts,
    experiments,
    helping,
    ledger,
    notice,
    pick,
    viewer,
    words,
)
from pages.parts import cycles as page
from pages.parts.experiments import Experiment, Visitor
from pages.parts.strings import t

COUNTS: Final = (8, 16, 40)
"""How many photos a person may be asked about at once."""
BOUND: Final = 0.05
"""The deviation of F1 that a start set should stay within."""
UNTOLD: Final = (math.nan, math.nan, math.nan)
"""In place of a share that cannot be estimated."""


def show(told: Visitor, known: Sequence[Experiment]) -> None:
    """One training of one repeat, and what it advises."""
    found = experiments.choose(known, experiments.training_of)
    if found is None:
        return
    e, repeat, training = found
    rows = [row for row in e.found["rows"] if row["repeat"] == repeat]
    st.html(f'<p class="lead">{helping.in_words(e, repeat, training)}</p>')
    left, right = st.columns(2, gap="large")
    with left:
        gained(e, repeat, rows)
    with right:
        shares(e, repeat, rows)
    st.fragment(asked)(told, e, repeat, training)
    st.fragment(lucky)(e, repeat)


# Is it helping? ---------------------------------------------------------------------------------------


def gained(e: Experiment, repeat: int, rows: Sequence[Any]) -> None:
    """What each training gained over the labels alone."""
    found = {int(row["training"]): helping.of(e, repeat, int(row["training"])) for row in rows}
    told = {k: one for k, one in found.items() if one is not None}
    if not told:
        return
    labels = {int(row["training"]): int(row["labels"]) for row in rows}
    charts.show(
        advice_figures.gains(list(told), [labels[k] for k in told], list(told.values())),
        t("advice.gain_title"),
        key="advice-gain",
        note=t("advice.gain_note"),
    )


# How many defects are there? --------------------------------------------------------------------------


def shares(e: Experiment, repeat: int, rows: Sequence[Any]) -> None:
    """The estimated share of defects after each training, beside the assumed one."""
    stored = [cycles.cycle(e.folder, repeat, int(row["training"])) for row in rows]
    told = [
        (int(row["labels"]), tuple(float(v) for v in one["share"]))
        for row, one in zip(rows, stored, strict=True)
        if one is not None and "share" in one
    ]
    # Runs of an earlier version hold estimates at their bound, too.
    told = [(n, share if Ratio(*share).tells else UNTOLD) for n, share in told]
    if not told:
        return
    untold = [n for n, share in told if share is UNTOLD]
    if len(untold) == len(told):
        st.html(f'<p class="note">{t("advice.ratio_never")}</p>')
        return
    note = t("advice.ratio_note")
    if untold:
        note += " " + t("advice.ratio_not_yet", labels=", ".join(map(str, untold)))
    truth = cycles.photos(e.folder)["pool_truth"]
    is_known = bool((truth >= 0).mean() > 0.9)
    charts.show(
        advice_figures.ratio(
            [n for n, _ in told],
            [(share[0], share[1], share[2]) for _, share in told],
            float(e.found["config"]["share"]),
            float((truth == 1).sum() / (truth >= 0).sum()) if is_known else None,
        ),
        t("advice.ratio_title"),
        key="advice-ratio",
        note=note,
    )


# Ask a person -----------------------------------------------------------------------------------------


def asked(told: Visitor, e: Experiment, repeat: int, training: int) -> None:
    """The photos whose label would help most, to be answered at once."""
    st.markdown(f"## {t('advice.ask')}")
    n = pick.one("n", COUNTS, COUNTS[0], label=t("advice.how_many"), say=lambda n: t("advice.photos", n=n))
    spoken = corrections.of(told.db, e.id, repeat)
    shas = _ask(str(e.folder), repeat, training, n, experiments.stamp(e.folder / cycles.EXPERIMENT))
    if not shas:
        st.html(f'<p class="note">{t("advice.nothing_to_ask")}</p>')
        return
    n_open = sum(sha not in spoken for sha in shas)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(f'<p class="note">{t("advice.ask_note" if n_open else "advice.all_answered", n=n_open)}</p>')
        if told.may_correct and spoken:
            page.train_again(told, e, repeat, training, len(spoken))
    ledger.draw(
        told,
        desk_of(told, e, repeat, training, shas, spoken),
        on_act=lambda said: answer(told, e, repeat, training, said),
        on_open=lambda sha: st.query_params.__setitem__("photo", sha[:12]),
        mode="ask",
    )
    opened = next((sha for sha in shas if sha.startswith(st.query_params.get("photo", "-"))), None)
    if opened is not None:
        open_asked(told, e, repeat, training, opened)
    refused = st.session_state.pop("cycles-refused", None)
    if refused is not None:
        notice.show(refused)


@st.cache_data(max_entries=200, show_spinner=False)
def _ask(folder: str, repeat: int, training: int, n: int, stamp: int) -> list[str]:
    return cycles.ask(Path(folder), repeat, training, n)


def desk_of(
    told: Visitor,
    e: Experiment,
    repeat: int,
    training: int,
    shas: Sequence[str],
    spoken: dict[str, corrections.Correction],
) -> ledger.Desk:
    """The asked photos as a desk: what this training thinks of each, and its pseudo-label if it has one."""
    who, now = cycles.photos(e.folder), cycles.cycle(e.folder, repeat, training)
    assert now is not None  # it was asked after this training
    place = {sha: i for i, sha in enumerate(who["pool_sha256"].tolist())}
    labelled = {line.sha256: line for line in e.ledger(repeat)[1]}
    lines = []
    for rank, sha in enumerate(shas, 1):
        p, old = float(now["pool_p"][place[sha]]), labelled.get(sha)
        name, label, at = e.found["pool"][place[sha]], old.label if old else "", old.at if old else 0.0
        lines.append(Entry(name, sha, training, "model", "asked", label, p, rank, None, at))
    n = len(lines)
    group = Group(
        lines,
        np.array([line.p_defect for line in lines], np.float64),
        np.array([int(line.label == CLASSES[1]) if line.label else LEFT for line in lines], np.int8),
        np.full(n, -1, np.int8),  # what a person is asked must not be given away
        np.full(n, training, np.int64),
        np.ones(n, bool),
        {},
    )
    return ledger.Desk(e, repeat, training, group, spoken, {})


def open_asked(told: Visitor, e: Experiment, repeat: int, training: int, sha: str) -> None:
    """The asked photo, large, and its two answers."""
    held = sets.held(told.db, [sha]).get(sha)
    if held is None:
        page.closed()
        return

    def opened() -> None:
        viewer.photo(sha, held.width_px, held.height_px, key=f"asked-{sha[:12]}", alt=held.name)
        if not told.may_correct:
            return
        with st.container(horizontal=True):
            for name in reversed(CLASSES):
                if st.button(t(f"label.{name}"), key=f"asked-{name}"):
                    answer(told, e, repeat, training, {"act": name, "photos": [sha]})
                    page.closed()
                    st.rerun(scope="app")

    st.dialog(words.shortened(held.name, 48), width="large", on_dismiss=page.closed)(opened)()


def answer(told: Visitor, e: Experiment, repeat: int, training: int, said: Mapping[str, Any]) -> None:
    """A person says what asked photos are, or takes it back."""
    now, about = time.time(), (told.db, access.me(), e.id, repeat)
    if said["act"] == "withdraw":
        lines = [Entry("", sha, training, "model", "", "", None, None, None, now) for sha in said["photos"]]
        page.writing(lambda: corrections.withdraw(*about, lines, now))
    else:
        labels = {sha: said["act"] == "defect" for sha in said["photos"]}
        page.writing(lambda: corrections.label(*about, training, labels, now))


# How much was luck? -----------------------------------------------------------------------------------


def lucky(e: Experiment, repeat: int) -> None:
    """The spread that a random start of this size has, and how many labels would bring it under the bound."""
    found = _luck(str(e.folder), repeat, experiments.stamp(e.folder / cycles.EXPERIMENT))
    if found is None:
        return
    left, right = st.columns([3, 2], gap="large", vertical_alignment="center")
    with left:
        charts.show(
            advice_figures.luck(found, BOUND),
            t("advice.luck_title"),
            key="advice-luck",
            note=t("advice.luck_note" if found.alone is None else "advice.luck_note_head"),
        )
    first = e.found["rows"][0]["labels"]
    told = {
        "n": int(first),
        "std": f"{found.std[0]:.2f}",
        "low": f"{found.low[0]:.2f}",
        "high": f"{found.high[0]:.2f}",
        "one": words.percent(found.one_class),
        "bound": f"{BOUND:.2f}",
    }
    if found.enough is None:
        enough = t("advice.never_enough", **told)
    elif found.enough == int(first):
        enough = t("advice.enough_already", **told)
    else:
        enough = t("advice.enough", more=found.enough - int(first), all=found.enough, **told)
    said = [t("advice.luck_words", **told), html.escape(enough)]
    if found.alone is not None:
        alone = {"std": f"{found.alone.std[0]:.2f}", "low": f"{found.alone.low[0]:.2f}"}
        said.insert(1, t("advice.luck_alone_words", high=f"{found.alone.high[0]:.2f}", **alone))
    right.html(f'<p class="lead">{" ".join(said)}</p>')


@st.cache_data(max_entries=100, show_spinner=False)
def _luck(folder: str, repeat: int, stamp: int) -> Luck | None:
    try:
        return cycles.luck(Path(folder), repeat, bound=BOUND)
    except PatinaError:  # a pool too small for its start set: then there is no spread to tell
        return None
