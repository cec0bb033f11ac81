"""From a wrong test verdict back to the pseudo-labels that taught it: overturn them, train again, compare."""

from __future__ import annotations

import html
import time
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import streamlit as st

from core import sets
from core.few_labels import corrections, cycles
from core.few_labels.cycles import Entry, Near
from core.rail import CLASSES
from pages.parts import access, experiments, gallery, notice, pick, tables, viewer, words
from pages.parts import cycles as page
from pages.parts.experiments import Experiment, Visitor
from pages.parts.strings import t
from pages.parts.tables import Column, Row

LIKE: Final = 8
"""Pseudo-labelled photos shown for a verdict."""
MOST: Final = 60
"""Wrong verdicts shown of each kind, the surest first."""
KINDS: Final = ("missed", "false")
CUT: Final = 0.5
"""Where an experiment's test verdicts are cut, as in paper 1; the furthest from it is the surest mistake."""


def show(told: Visitor, known: Sequence[Experiment]) -> None:
    """One training of one repeat: its wrong verdicts, and for the chosen one what taught it."""
    found = experiments.choose(known, experiments.training_of)
    if found is None:
        return
    e, repeat, training = found
    st.fragment(verdicts)(told, e, repeat, training)


def verdicts(told: Visitor, e: Experiment, repeat: int, training: int) -> None:
    """All that a click changes."""
    who, now = cycles.photos(e.folder), cycles.cycle(e.folder, repeat, training)
    if not who or now is None:
        st.html(f'<p class="lead">{t("trace.kept_nothing")}</p>')
        return
    truth, p = who["test_truth"], now["test_p"].astype(np.float64)
    wrong = {
        "missed": np.flatnonzero((truth == 1) & (p < CUT)),
        "false": np.flatnonzero((truth == 0) & (p >= CUT)),
    }
    sorted_ = {kind: own[np.argsort(-np.abs(p[own] - CUT), kind="stable")] for kind, own in wrong.items()}
    told_of = {name: len(own) for name, own in wrong.items()} | {"n": int((truth >= 0).sum())}
    st.html(f'<p class="lead">{t("trace.lead", training=training, **told_of)}</p>')
    kind = pick.one(
        "kind",
        KINDS,
        "missed" if len(wrong["missed"]) else "false",
        label=t("lab.which"),
        say=lambda name: t(f"trace.{name}", n=len(wrong[name])),
    )
    own = sorted_[kind]
    if not len(own):
        st.html(f'<p class="note">{t("trace.none")}</p>')
        return
    shas = [str(who["test_sha256"][i]) for i in own[:MOST]]
    asked = st.query_params.get("test", "")
    chosen = next((sha for sha in shas if asked and sha.startswith(asked)), shas[0])
    names = dict(zip(who["test_sha256"].tolist(), e.found["test"], strict=True))
    held = sets.held(told.db, shas)
    i = int(np.flatnonzero(who["test_sha256"] == chosen)[0])
    one_verdict(told, e, repeat, training, chosen, names[chosen], float(p[i]), int(truth[i]))
    st.markdown(f"## {t('trace.others', n=len(own))}")
    st.html(f'<p class="note">{t("trace.others_note")}</p>')
    place = {sha: float(p[j]) for sha, j in zip(shas, own[:MOST], strict=True)}
    clicked = gallery.show(
        [
            gallery.tile(sha, sha, f"{place[sha]:.3f}", lines=[("quiet", names[sha])])
            for sha in shas
            if sha in held and sha != chosen
        ],
        key=f"wrong-{e.id}-{repeat}-{training}-{kind}",
        layout="wall",
    )
    if clicked is not None and clicked != chosen:
        st.query_params["test"] = clicked[:12]
        st.rerun(scope="fragment")


def one_verdict(
    told: Visitor, e: Experiment, repeat: int, training: int, sha: str, name: str, p: float, truth: int
) -> None:
    """The photo large, what was said and is true, the photos that taught it, what came of correcting them."""
    said = CLASSES[int(p >= CUT)]
    left, right = st.columns([2, 5], gap="large")
    with left:
        held = sets.held(told.db, [sha]).get(sha)
        if held is not None:
            viewer.photo(sha, held.width_px, held.height_px, key=f"test-{sha[:12]}", alt=name)
        st.html(
            f'<p class="line"><b>{html.escape(words.shortened(name, 40))}</b></p>'
            f'<p class="line">{t("trace.said", label=t(f"label.{said}"), p=f"{p:.3f}")}</p>'
            f'<p class="line ask">{t("lab.truth", label=t(f"label.{CLASSES[truth]}"))}</p>'
        )
        since(told, e, repeat, training, sha, p)
    with right:
        near = cycles.nearest(e.folder, repeat, training, sha, LIKE)
        if not near:
            st.html(f'<p class="note">{t("trace.no_near" if training > 1 else "trace.labels_only")}</p>')
            return
        st.html(f'<p class="note">{t("trace.near", training=training)}</p>')
        entries = {line.sha256: line for line in e.ledger(repeat)[1]}
        spoken = corrections.of(told.db, e.id, repeat)
        with st.container(horizontal=True, gap="small"):
            for one in near:
                with st.container(width=162, gap="xsmall"):
                    teacher(told, e, repeat, one, entries[one.sha256], spoken.get(one.sha256))
        own = [spoken[one.sha256].cycle for one in near if one.sha256 in spoken]
        if own and told.may_correct:
            page.train_again(told, e, repeat, min(own) + 1, len(spoken))


def teacher(
    told: Visitor,
    e: Experiment,
    repeat: int,
    one: Near,
    line: Entry,
    spoken: corrections.Correction | None,
) -> None:
    """One pseudo-labelled photo: how alike, what it was called, whether that is true; the word against it."""
    is_wrong = one.truth is not None and one.truth != one.label
    label = t(f"label.{one.label}")
    truth = t("cycles.wrong", label=t(f"label.{one.truth}")) if is_wrong and one.truth else ""
    mark = t(f"ledger.{spoken.act}", who=spoken.who, when=words.ago(spoken.at, time.time())) if spoken else ""
    st.html(
        f'<figure class="teacher"><img src="/api/v1/thumbs/{one.sha256}?side=320" '
        f'alt="{html.escape(line.photo)}">'
        f"<figcaption><b>{one.cosine:.3f}</b> · {html.escape(label)}<br>"
        f'<span class="quiet">{t("trace.of_cycle", cycle=line.cycle, p=f"{line.p_defect or 0:.3f}")}</span>'
        f'<br><span class="ask">{html.escape(truth)}</span>{"<br>" if truth and mark else ""}'
        f'<span class="done">{html.escape(mark)}</span>'
        "</figcaption></figure>"
    )
    if not told.may_correct:
        return
    act, word = (
        (corrections.withdraw, t("ledger.withdraw"))
        if spoken
        else (corrections.overturn, t("ledger.overturn"))
    )
    if st.button(word, key=f"teacher-{one.sha256[:12]}", width="stretch"):
        with notice.instead():
            act(told.db, access.me(), e.id, repeat, [line], time.time())
            st.rerun(scope="fragment")


def since(told: Visitor, e: Experiment, repeat: int, training: int, sha: str, p: float) -> None:
    """What runs that were begun from this repeat say of the photo after the same training."""
    rows = [Row("was", [t("runs.number", id=e.id), f"{p:.3f}", t(f"label.{CLASSES[int(p >= CUT)]}")])]
    by_id = {x.id: x for x in experiments.known(told.db, told.settings)}
    for run in experiments.begun_from(told.db, e.id, repeat):
        cells: list[Any] = [t("runs.number", id=run.id), "–", t(f"runs.state_{run.state}")]
        now = by_id.get(run.id)
        found = _verdict(now, training, sha) if now else None
        if found is not None:
            label = CLASSES[int(found >= CUT)]
            cells = [t("runs.number", id=run.id), f"{found:.3f}", t(f"label.{label}")]
        rows.append(Row(str(run.id), cells, marked=found is not None))
    if len(rows) > 1:
        heads = [Column(t("trace.run")), Column(t("trace.p"), "number"), Column(t("trace.verdict"))]
        tables.show(heads, rows, key=f"since-{sha[:12]}", caption=t("trace.since", training=training))


def _verdict(e: Experiment, training: int, sha: str) -> float | None:
    """P(defect) of a test photo after a training of a run that has one repeat; None before it is there."""
    who, now = cycles.photos(e.folder), cycles.cycle(e.folder, 1, training)
    if not who or now is None:
        return None
    at = np.flatnonzero(who["test_sha256"] == sha)
    return float(now["test_p"][at[0]]) if len(at) else None
