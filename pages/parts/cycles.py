"""One cycle of a few-label experiment: what it labelled by which rule, what if, and what people say of it."""

from __future__ import annotations

import html
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import streamlit as st

from core import orders, sets
from core.errors import PatinaError
from core.few_labels import corrections, cycles, groups, selection
from core.few_labels.corrections import Correction
from core.few_labels.cycles import Entry
from core.few_labels.groups import Group
from core.rail import CLASSES
from pages.parts import (
    access,
    experiments,
    helping,
    ledger,
    notice,
    pick,
    places,
    tables,
    training,
    viewer,
    words,
)
from pages.parts.experiments import Experiment, Visitor
from pages.parts.ledger import ALL, Desk, mark
from pages.parts.strings import t
from pages.parts.tables import Column, Row

MOST_LINES: Final = 12
"""Lines of the history that stand on the page at once."""


def show(told: Visitor, known: Sequence[Experiment]) -> None:
    """One experiment, one repeat, one cycle of it."""
    found = experiments.choose(known, cycle_of)
    if found is None:
        return
    e, repeat, number = found
    if number is None:
        st.html(f'<p class="note">{t("cycles.no_groups")}</p>')
        return
    head, _ = e.ledger(repeat)
    if head.get("note"):
        st.html(f'<p class="note">{html.escape(str(head["note"]))}</p>')
    is_active = any(x.is_active for x in known)
    st.fragment(lay_out, run_every=10.0 if is_active else None)(told, e, repeat, number)


def cycle_of(e: Experiment, repeat: int) -> int | None:
    """The cycle of the page: the one in the address, else the first; None where no group was judged."""
    numbers = groups.numbers(e.folder, repeat)
    if not numbers:
        return None
    return pick.one(
        "cycle",
        [*numbers, ALL] if len(numbers) > 1 else numbers,
        numbers[0],
        label=t("cycles.cycle"),
        say=lambda n: t("cycles.all") if n == ALL else str(n),
        is_labelled=True,
        on_change=ledger.forget,
    )


def desk_of(told: Visitor, e: Experiment, repeat: int, number: int) -> Desk:
    """The photos of a cycle (of all cycles: `ALL`), with what people and later networks say of them."""
    # The ledger is written before the arrays of a training: only both together say how far it is.
    written = experiments.stamp(cycles.ledger_file(e.folder, repeat))
    for k in range(1, len(e.found["columns"]) + 1):
        written += experiments.stamp(cycles.cycle_file(e.folder, repeat, k))
    threshold = float(e.found["config"]["threshold"])
    group, turned = _group(str(e.folder), repeat, number, threshold, written)
    said = corrections.of(told.db, e.id, repeat)
    return Desk(e, repeat, number, group, said, flip_words(group, turned))


@st.cache_resource(max_entries=48, show_spinner=False)
def _group(
    folder: str, repeat: int, number: int, threshold: float, written: int
) -> tuple[Group, Mapping[str, list[int]]]:
    """The group and what later networks say of it, read once for all who look."""
    group = groups.read(Path(folder), repeat, None if number == ALL else number)
    return group, groups.flips(Path(folder), repeat, group.lines, threshold)


def flip_words(group: Group, turned: Mapping[str, Sequence[int]]) -> dict[str, str]:
    """Which photos a later network calls something else than their label, in words, by sha256."""
    label = {line.sha256: line.label for line in group.lines}
    return {
        sha: t(
            "cycles.flip",
            label=t(f"label.{CLASSES[label[sha] == CLASSES[0]]}"),
            trainings=", ".join(map(str, trainings)),
        )
        for sha, trainings in turned.items()
    }


# The desk ---------------------------------------------------------------------------------------------


def lay_out(told: Visitor, e: Experiment, repeat: int, number: int) -> None:
    """The sentence, the curve with its photos, and what has been corrected; all that a click changes."""
    desk = desk_of(told, e, repeat, number)
    told_of = [sentence(desk)]
    if number != ALL and helping.of(e, repeat, number + 1) is not None:
        told_of.append(helping.in_words(e, repeat, number + 1, asks_here=False))
    for line in told_of:
        st.html(f'<p class="lead">{line}</p>')
    refused = st.session_state.pop("cycles-refused", None)
    if refused is not None:
        notice.show(refused)
    corrected(told, desk)
    ledger.draw(
        told,
        desk,
        on_act=lambda said: act(told, e, repeat, said),
        on_open=lambda sha: st.query_params.__setitem__("photo", sha[:12]),
    )
    if "photo" in st.query_params:
        open_photo(told, desk, st.query_params["photo"])


def sentence(desk: Desk) -> str:
    """What this cycle did, in words, safe as HTML: how many by which rule, how many wrong, of which kind."""
    group, rule = desk.group, str(desk.config["rule"])
    is_defect, n_left = group.given == 1, int((group.given == groups.LEFT).sum())
    threshold = float(desk.config["threshold"])
    sizes = [(part, int((group.part == part).sum())) for part in np.unique(group.part) if part]
    room = sum(int(group.share.get(int(k), float(desk.config["share"])) * n + 1e-9) for k, n in sizes)
    told = {
        "n": len(group.lines),
        "above": int((group.p > threshold).sum()),
        "threshold": f"{threshold:g}",
        "room": room,
        "share": f"{100 * desk.share:.0f}",
        "sure": f"{desk.config.get('sure', 0):g}",
        "portion": f"{100 * desk.config.get('portion', 0):.0f}",
        "defect": int(is_defect.sum()),
        "which": t("cycles.of_all") if desk.number == ALL else t("cycles.of_one", cycle=desk.number),
    }
    text = t(f"cycles.taken_{rule}", **told)
    if n_left:
        text += " " + t("cycles.left", n=n_left)
    n_people = sum(line.by == "person" for line in group.lines)
    if n_people:
        text += " " + t("cycles.by_people", n=n_people)
    is_given = group.given != groups.LEFT
    found = selection.mistakes(is_defect[is_given], group.truth[is_given])
    if found["known"]:
        text += " " + t(
            "cycles.are_wrong" if found["wrong"] else "cycles.none_wrong",
            wrong=found["wrong"],
            false=found["false_defects"],
            missed=found["missed_defects"],
            share=words.percent(found["wrong"] / found["known"]),
        )
    return text


def act(told: Visitor, e: Experiment, repeat: int, said: Mapping[str, Any]) -> None:
    """A person confirms, overturns or takes back what the ledger says of photos."""
    write, chosen = ACTS[said["act"]], set(said["photos"])
    entries = [line for line in e.ledger(repeat)[1] if line.cycle > 0 and line.sha256 in chosen]
    writing(lambda: write(told.db, access.me(), e.id, repeat, entries, time.time()))


ACTS: Final[Mapping[str, Callable[..., int]]] = {
    "confirm": corrections.confirm,
    "overturn": corrections.overturn,
    "withdraw": corrections.withdraw,
}


def writing(write: Callable[[], object]) -> None:
    """Write from a callback; what is refused is said when the page is drawn."""
    try:
        write()
    except PatinaError as error:
        st.session_state["cycles-refused"] = error


def open_photo(told: Visitor, desk: Desk, sha12: str) -> None:
    """One photo of the group, large, with all that is known of it, and a person's word on it."""
    line = next((e for e in desk.group.lines if e.sha256.startswith(sha12)), None)
    held = sets.held(told.db, [line.sha256]).get(line.sha256) if line else None
    if line is None or held is None:
        st.query_params.pop("photo", None)
        return

    def opened() -> None:
        left, right = st.columns([3, 2], gap="medium")
        with left:
            key = f"large-{held.photo[:12]}"
            viewer.photo(held.photo, held.width_px, held.height_px, key=key, alt=held.name)
        with right:
            st.html("".join(f'<p class="line">{html.escape(text)}</p>' for text in known_of(desk, line)))
            if told.may_correct:
                _say_of(told, desk, line)

    st.dialog(words.shortened(line.photo, 48), width="large", on_dismiss=closed)(opened)()


def known_of(desk: Desk, line: Entry) -> list[str]:
    """All that is known of a photo of the group, a line each."""
    told = [
        t("cycles.line", cycle=line.cycle, rank=line.rank, p=f"{line.p_defect or 0:.3f}"),
        t("cycles.pseudo", label=t(f"label.{line.label}")),
    ]
    truth = int(desk.group.truth[list(desk.group.lines).index(line)])
    if truth >= 0:
        told.append(t("lab.truth", label=t(f"label.{CLASSES[truth]}")))
    if line.sha256 in desk.flips:
        told.append(desk.flips[line.sha256])
    spoken = mark(desk, line)
    if spoken is not None:
        told.append(str(spoken["words"]))
    return told


def _say_of(told: Visitor, desk: Desk, line: Entry) -> None:
    about = (told.db, access.me(), desk.e.id, desk.repeat)
    if line.label:
        other = CLASSES[line.label == CLASSES[0]]
        acts: dict[str, Callable[[], object]] = {
            t("cycles.confirm", label=t(f"label.{line.label}")): lambda: corrections.confirm(
                *about, [line], time.time()
            ),
            t("cycles.overturn", label=t(f"label.{other}")): lambda: corrections.overturn(
                *about, [line], time.time()
            ),
        }
    else:
        acts = {
            t("cycles.confirm", label=t(f"label.{name}")): partial(
                corrections.label, *about, line.cycle, {line.sha256: name == CLASSES[1]}, time.time()
            )
            for name in CLASSES
        }
    if line.sha256 in desk.said:
        acts[t("ledger.withdraw")] = lambda: corrections.withdraw(*about, [line], time.time())
    for i, (label, say) in enumerate(acts.items()):
        if st.button(label, key=f"say-{i}", width="stretch"):
            with notice.instead():
                say()
                closed()
                st.rerun(scope="app")


def closed() -> None:
    """No photo is open any more."""
    st.query_params.pop("photo", None)


# What has been corrected ------------------------------------------------------------------------------


def corrected(told: Visitor, desk: Desk) -> None:
    """Who has said what of this repeat, undoing the cycle, and training again with it."""
    undone = corrections.undone(told.db, desk.e.id, desk.repeat)
    lines = corrections.history(told.db, desk.e.id, desk.repeat)
    if not told.may_correct and not lines:
        return
    if desk.number in undone:
        line = undone[desk.number]
        since = words.ago(line.at, time.time())
        st.html(f'<p class="line ask">{html.escape(t("cycles.is_undone", who=line.who, since=since))}</p>')
    with st.container(horizontal=True, vertical_alignment="center", key="corrected"):
        st.html(f'<p class="note">{html.escape(said_words(desk))}</p>')
        if lines:
            with st.popover(t("cycles.history_of", n=len(lines)), icon=":material/history:", type="tertiary"):
                _history(desk, lines)
        if told.may_correct:
            _undo(told, desk, undone)
            train_again(told, desk.e, desk.repeat, first_anew(desk, undone), len(desk.said))
    anew = again(told, desk.e, desk.repeat)
    if anew:
        tables.show(
            [
                Column(t("cycles.again")),
                Column(t("runs.state")),
                Column(t("cycles.f1_was"), "number"),
                Column(t("cycles.f1_now"), "number"),
            ],
            anew,
            key=f"again-{desk.e.id}-{desk.repeat}",
        )


def said_words(desk: Desk) -> str:
    """How many labels of the repeat people have spoken about, and who they are."""
    if not desk.said:
        return t("cycles.nothing_said")
    turned = sum(c.act == "overturned" for c in desk.said.values())
    who = ", ".join(dict.fromkeys(c.who for c in desk.said.values()))
    return t("cycles.said", n=len(desk.said), turned=turned, who=who)


def _history(desk: Desk, lines: Sequence[Correction]) -> None:
    names = {line.sha256: line.photo for line in desk.e.ledger(desk.repeat)[1]}
    tables.show(
        [
            Column(t("cycles.who")),
            Column(t("cycles.what"), wide=True),
            Column(t("cycles.photo"), wide=True),
            Column(t("cycles.when")),
        ],
        [
            Row(
                str(i),
                [
                    line.who,
                    act_words(line),
                    words.shortened(names.get(line.photo, line.photo[:12]), 40) if line.photo else "",
                    {"text": words.ago(line.at, time.time()), "title": words.exact(line.at)},
                ],
            )
            for i, line in enumerate(lines[:MOST_LINES])
        ],
        key=f"history-{desk.e.id}-{desk.repeat}",
        caption=t("cycles.history", n=len(lines)),
        stack=True,
    )


def act_words(line: Correction) -> str:
    """What was done, in words: "overturned to defect, 0.712 said the model"."""
    told = {"cycle": line.cycle, "label": t(f"label.{line.label}") if line.label else ""}
    told["p"] = "–" if line.p_defect is None else f"{line.p_defect:.3f}"
    return t(f"cycles.act_{line.act}", **told)


def first_anew(desk: Desk, undone: Mapping[int, Correction]) -> int:
    """The training from which on another run would differ: that after the cycle, or its own where undone."""
    cycles_said = [c.cycle + 1 for c in desk.said.values()]
    after = desk.number + 1 if desk.number != ALL else min(cycles_said, default=1)
    return min([after, *undone])


def train_again(told: Visitor, e: Experiment, repeat: int, first: int, n_said: int) -> None:
    """The button that orders the repeat anew from training `first` on, and what that means."""
    label = t("cycles.train_again", cycle=first - 1) if first > 1 else t("cycles.train_from_start")
    with st.popover(label, icon=":material/replay:", type="primary", disabled=not n_said):
        st.markdown(t("cycles.train_words", n=n_said, first=first, last=len(e.found["columns"])))
        if st.button(t("cycles.train_confirm"), type="primary", key=f"retrain-{e.id}-{repeat}-{first}"):
            with notice.instead():
                at, wake = time.time(), told.settings.wake
                new = orders.retrain(told.db, access.me(), e.id, repeat, first, at, wake)
                st.toast(t("cycles.ordered", id=new), icon=":material/check_circle:")
                st.rerun(scope="app")


def _undo(told: Visitor, desk: Desk, undone: Mapping[int, Correction]) -> None:
    if desk.number == ALL:
        return
    is_undone = desk.number in undone
    turn = corrections.restore_cycle if is_undone else corrections.undo_cycle
    st.button(
        t("cycles.restore" if is_undone else "cycles.undo", cycle=desk.number),
        icon=":material/redo:" if is_undone else ":material/undo:",
        key=f"undo-{desk.id}",
        help=t("cycles.undo_help"),
        on_click=lambda: writing(
            lambda: turn(told.db, access.me(), desk.e.id, desk.repeat, desk.number, time.time())
        ),
    )


def again(told: Visitor, e: Experiment, repeat: int) -> list[Row]:
    """The runs that began from this repeat: how far each is, and F1 at the end before and now."""
    rows = []
    by_id = {x.id: x for x in experiments.known(told.db, told.settings)}
    before = [row for row in e.found["rows"] if row["repeat"] == repeat]
    for run in experiments.begun_from(told.db, e.id, repeat):
        now = by_id.get(run.id)
        last = now.found["rows"][-1] if now and now.found["rows"] else None
        was = next((row for row in before if last and row["training"] == last["training"]), None)
        rows.append(
            Row(
                str(run.id),
                [
                    t("cycles.again_from", id=run.id, training=run.config["begin"]["cycle"]),
                    training.state_cell(run),
                    tables.figure(was["f1"]) if was else "–",
                    tables.figure(last["f1"]) if last else "–",
                ],
                href=places.href("rail", view="cycles", run=run.id),
            )
        )
    return rows
