"""One cycle of a few-label experiment: what it labelled by which rule, what if, and what people say of it."""

from __future__ import annotations

import html
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import streamlit as st

from core import corrections, cycles, orders, selection, sets
from core.corrections import Correction
from core.cycles import Entry
from core.errors import PatinaError
from core.rail import CLASSES
from pages.parts import access, experiments, few_labels, lab, notice, pick, places, tables, training, words
from pages.parts.charts import FONT, colour, rgba
from pages.parts.components import element
from pages.parts.experiments import Experiment, Visitor
from pages.parts.strings import raw, t
from pages.parts.tables import Column, Row

ALL: Final = 0
"""In place of a cycle's number: the photos of all cycles."""
MOST_LINES: Final = 12
"""Lines of the history that stand on the page at once."""

_ledger = element("ledger")


@dataclass(frozen=True)
class Group:
    """What is on the desk: the pseudo-labels of one cycle, or of all cycles, of one repeat."""

    e: Experiment
    repeat: int
    number: int
    entries: Sequence[Entry]
    """Of the model only; in the ledger's order."""
    said: Mapping[str, Correction]
    flips: Mapping[str, str]
    """What later networks say of a photo, where it is not what was said in its cycle; by sha256."""

    @property
    def id(self) -> str:
        """Which group it is."""
        return f"{self.e.id}-{self.repeat}-{self.number}"

    @property
    def p(self) -> np.ndarray:
        """(n,) P(defect) when it was labelled."""
        return np.array([e.p_defect or 0.0 for e in self.entries])

    @property
    def given(self) -> np.ndarray:
        """(n,) bool, the pseudo-labels: is it called a defect?"""
        return np.array([e.label == CLASSES[1] for e in self.entries], bool)

    @property
    def truth(self) -> np.ndarray:
        """(n,) int8: 1 defect, 0 normal, -1 where nobody knows."""
        return np.array(
            [-1 if e.wrong is None else int((e.label == CLASSES[1]) != e.wrong) for e in self.entries],
            np.int8,
        )


def show(told: Visitor) -> None:
    """One experiment, one repeat, one cycle of it."""
    known = experiments.known(told.db, told.settings)
    if not known:
        few_labels.none(told)
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        e = experiments.chosen(known)
        if not e.n_repeats:
            st.html(f'<p class="note">{t("cycles.not_yet")}</p>')
            return
        repeat = pick.one(
            "repeat", list(range(1, e.n_repeats + 1)), 1, label=t("cycles.repeat"), is_labelled=True
        )
        numbers = cycle_numbers(e, repeat)
        if numbers:
            number = pick.one(
                "cycle",
                [*numbers, ALL] if len(numbers) > 1 else numbers,
                numbers[0],
                label=t("cycles.cycle"),
                say=lambda n: t("cycles.all") if n == ALL else str(n),
                is_labelled=True,
                on_change=_forget_view,
            )
    if not numbers:
        st.html(f'<p class="note">{t("cycles.no_groups")}</p>')
        return
    head, _ = e.ledger(repeat)
    if head.get("note"):
        st.html(f'<p class="note">{html.escape(str(head["note"]))}</p>')
    is_active = any(x.is_active for x in known)
    st.fragment(desk, run_every=10.0 if is_active else None)(told, e, repeat, number)


def cycle_numbers(e: Experiment, repeat: int) -> list[int]:
    """The cycles of a repeat that have given pseudo-labels."""
    return sorted({line.cycle for line in e.ledger(repeat)[1] if line.by == "model"})


def group_of(told: Visitor, e: Experiment, repeat: int, number: int) -> Group:
    """The pseudo-labels of a cycle (of all cycles: `ALL`), with what people said of them."""
    _, entries = e.ledger(repeat)
    own = [line for line in entries if line.by == "model" and number in (ALL, line.cycle)]
    said = corrections.of(told.db, e.id, repeat)
    return Group(e, repeat, number, own, said, flips(e, repeat, own))


def flips(e: Experiment, repeat: int, entries: Sequence[Entry]) -> dict[str, str]:
    """Which photos a later network calls something else than their pseudo-label, in words, by sha256.

    Empty for experiments that kept no answers on the whole pool.
    """
    pool = cycles.photos(e.folder).get("pool_sha256")
    if pool is None:
        return {}
    place = {str(sha): i for i, sha in enumerate(pool)}
    turned: dict[str, list[int]] = {}
    threshold = float(e.found["config"]["threshold"])
    for number in range(2, len(e.found["columns"]) + 1):
        stored = cycles.cycle(e.folder, repeat, number)
        if stored is None or "pool_p" not in stored:
            continue
        for line in entries:
            if line.cycle < number and line.sha256 in place:
                now = bool(stored["pool_p"][place[line.sha256]] > threshold)
                if now != (line.label == CLASSES[1]):
                    turned.setdefault(line.sha256, []).append(number)
    label = {line.sha256: CLASSES[line.label != CLASSES[1]] for line in entries}
    return {
        sha: t("cycles.flip", label=t(f"label.{label[sha]}"), trainings=", ".join(map(str, trainings)))
        for sha, trainings in turned.items()
    }


# The desk ---------------------------------------------------------------------------------------------


def desk(told: Visitor, e: Experiment, repeat: int, number: int) -> None:
    """The sentence, the curve with its photos, and what has been corrected; all that a click changes."""
    group = group_of(told, e, repeat, number)
    st.html(f'<p class="lead">{sentence(group)}</p>')
    refused = st.session_state.pop("cycles-refused", None)
    if refused is not None:
        notice.show(refused)
    corrected(told, group)
    key = f"ledger-{group.id}"
    _ledger(
        key=key,
        data=data_of(told, group),
        on_seen_change=lambda: _keep(key),
        on_act_change=lambda: _act(told, key, e, repeat),
        on_open_change=lambda: None,
    )
    opened = st.session_state.get(key, {}).get("open")
    if opened:
        open_photo(told, group, str(opened))


def sentence(group: Group) -> str:
    """What this cycle did, in words, safe as HTML: how many by which rule, how many wrong, of which kind."""
    config = group.e.found["config"]
    threshold, share = float(config["threshold"]), float(config["share"])
    above = int((group.p > threshold).sum())
    told = {
        "n": len(group.entries),
        "above": above,
        "threshold": f"{threshold:g}",
        "room": sum(int(share * size + 1e-9) for size in _sizes(group.entries)),
        "share": f"{100 * share:.0f}",
        "defect": int(group.given.sum()),
    }
    which = t("cycles.of_all") if group.number == ALL else t("cycles.of_one", cycle=group.number)
    text = t(
        f"cycles.taken_{config['rule']}" if config["rule"] in selection.RULES[:3] else "cycles.taken",
        which=which,
        **told,
    )
    found = selection.mistakes(group.given, group.truth)
    if found["known"]:
        text += " " + t(
            "cycles.are_wrong" if found["wrong"] else "cycles.none_wrong",
            wrong=found["wrong"],
            false=found["false_defects"],
            missed=found["missed_defects"],
            share=words.percent(found["wrong"] / found["known"]),
        )
    return text


def _sizes(entries: Sequence[Entry]) -> list[int]:
    return [int(n) for n in np.unique([e.cycle for e in entries], return_counts=True)[1]]


def data_of(told: Visitor, group: Group) -> dict[str, Any]:
    """What the element draws; the address says what is shown, moved and picked."""
    config = group.e.found["config"]
    run = {"threshold": float(config["threshold"]), "share": float(config["share"])}
    asked = st.query_params
    held = sets.held(told.db, (e.sha256 for e in group.entries))
    return {
        "id": group.id,
        "file": f"rail-run{group.e.id}-repeat{group.repeat}-cycle{group.number or 'all'}",
        "sha": [e.sha256 for e in group.entries],
        "name": [e.photo for e in group.entries],
        "p": [float(p) for p in group.p],
        "given": [int(is_defect) for is_defect in group.given],
        "truth": [int(true) for true in group.truth],
        "group": [e.cycle for e in group.entries],
        "n_groups": len(_sizes(group.entries)),
        "held": [int(e.sha256 in held) for e in group.entries],
        "marks": [mark(group.said[e.sha256]) if e.sha256 in group.said else None for e in group.entries],
        "flips": [group.flips.get(e.sha256, "") for e in group.entries],
        "rule": config["rule"],
        "run": run,
        "threshold": _number(asked.get("cut"), run["threshold"]),
        "share": _number(asked.get("share"), run["share"]),
        "size": int(_number(asked.get("size"), 0, most=len(group.entries))),
        "filter": asked.get("only", "all"),
        "picked": asked.get("pick", ""),
        "may": told.may_correct,
        "words": {name: str(raw(f"ledger.{name}")) for name in WORDS},
        "colours": {
            "defect": colour("defect"),
            "normal": colour("normal"),
            "ink": colour("ink"),
            "quiet": colour("quiet"),
            "grid": colour("grid"),
            "paper": colour("paper"),
            "ask": colour("miss"),
            "pick": rgba(colour("f1"), 0.2),
            "font": FONT,
        },
    }


WORDS: Final = (
    *("title", "note", "x", "y", "threshold", "share", "size", "as_run", "back", "aside"),
    *("changed", "was", "would", "people", "defect", "wrong", "false_defects", "missed_defects"),
    *(f"show_{name}" for name in ("all", "defect", "normal", "changed", "wrong", "said", "flipped")),
    *("picked", "confirm", "overturn", "withdraw", "clear", "above", "those", "hint", "pick"),
    *("defect_word", "normal_word", "wrong_word", "right_word", "menu", "csv", "png", "svg"),
)


def mark(said: Correction) -> dict[str, Any]:
    """What a person said of a photo, as its tile shows it."""
    when = words.ago(said.at, time.time())
    return {
        "label": CLASSES.index(said.label),
        "who": said.who,
        "words": t(f"ledger.{said.act}", who=said.who, when=when),
        "exact": words.exact(said.at),
        "iso": f"{datetime.fromtimestamp(said.at, UTC):%Y-%m-%dT%H:%M:%SZ}",
    }


def _number(text: str | None, otherwise: float, most: float = 1.0) -> float:
    """A number of the address between 0 and `most`; what cannot be read is as if it were not there."""
    try:
        value = float(text) if text else otherwise
    except ValueError:
        return otherwise
    return min(most, max(0.0, value)) if value == value else otherwise


def _keep(key: str) -> None:
    """What is moved, shown and picked goes into the address, where a reload finds it."""
    seen = st.session_state[key].seen
    if not seen:
        return
    told = {
        "cut": f"{seen['threshold']:.3f}",
        "share": f"{seen['share']:.2f}",
        "size": str(int(seen["size"] or 0)),
        "only": str(seen["filter"]),
        "pick": str(seen["picked"]),
    }
    nothing = {"size": "0", "only": "all", "pick": ""}
    for name, value in told.items():
        if value == nothing.get(name) or len(value) > 1500:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = value


def _forget_view() -> None:
    """Another cycle begins with the run's own lines and nothing picked."""
    for name in ("cut", "share", "size", "pick"):
        st.query_params.pop(name, None)


def _act(told: Visitor, key: str, e: Experiment, repeat: int) -> None:
    """A person confirms, overturns or takes back."""
    asked = st.session_state[key].act
    if not asked:
        return
    chosen = set(asked["photos"])
    entries = [line for line in e.ledger(repeat)[1] if line.by == "model" and line.sha256 in chosen]
    write = {
        "confirm": corrections.confirm,
        "overturn": corrections.overturn,
        "withdraw": corrections.withdraw,
    }[asked["act"]]
    _writing(lambda: write(told.db, access.me(), e.id, repeat, entries, time.time()))


def _writing(write: Any) -> None:
    """Write from a callback; what is refused is said when the page is drawn."""
    try:
        write()
    except PatinaError as error:
        st.session_state["cycles-refused"] = error


def open_photo(told: Visitor, group: Group, sha: str) -> None:
    """One photo of the group, large, with all that is known of it."""
    line = next((e for e in group.entries if e.sha256 == sha), None)
    held = sets.held(told.db, [sha]).get(sha)
    if line is None or held is None:
        return
    lines = [
        t("cycles.line", cycle=line.cycle, rank=line.rank, p=f"{line.p_defect:.3f}"),
        t("cycles.pseudo", label=t(f"label.{line.label}")),
    ]
    if line.wrong is not None:
        truth = CLASSES[(line.label == CLASSES[1]) != line.wrong]
        lines.append(t("lab.truth", label=t(f"label.{truth}")))
    if sha in group.flips:
        lines.append(group.flips[sha])
    if sha in group.said:
        lines.append(str(mark(group.said[sha])["words"]))
    lab.open_photo(held, words.shortened(line.photo, 48), lines)


# What has been corrected ------------------------------------------------------------------------------


def corrected(told: Visitor, group: Group) -> None:
    """Who has said what of this repeat, undoing the cycle, and training again with it."""
    undone = corrections.undone(told.db, group.e.id, group.repeat)
    lines = corrections.history(told.db, group.e.id, group.repeat)
    if not told.may_correct and not lines:
        return
    if group.number in undone:
        line = undone[group.number]
        since = words.ago(line.at, time.time())
        st.html(f'<p class="line ask">{html.escape(t("cycles.is_undone", who=line.who, since=since))}</p>')
    with st.container(horizontal=True, vertical_alignment="center", key="corrected"):
        st.html(f'<p class="note">{html.escape(said_words(group))}</p>')
        if lines:
            with st.popover(t("cycles.history_of", n=len(lines)), icon=":material/history:", type="tertiary"):
                _history(group, lines)
        if told.may_correct:
            _undo(told, group, undone)
            _train_again(told, group, undone)
    anew = again(told, group.e, group.repeat)
    if anew:
        tables.show(
            [
                Column(t("cycles.again")),
                Column(t("runs.state")),
                Column(t("cycles.f1_was"), "number"),
                Column(t("cycles.f1_now"), "number"),
            ],
            anew,
            key=f"again-{group.e.id}-{group.repeat}",
        )


def said_words(group: Group) -> str:
    """How many labels of the repeat people have spoken about, and who they are."""
    if not group.said:
        return t("cycles.nothing_said")
    turned = sum(c.act == "overturned" for c in group.said.values())
    who = ", ".join(dict.fromkeys(c.who for c in group.said.values()))
    return t("cycles.said", n=len(group.said), turned=turned, who=who)


def _history(group: Group, lines: Sequence[Correction]) -> None:
    names = {line.sha256: line.photo for line in group.e.ledger(group.repeat)[1]}
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
        key=f"history-{group.e.id}-{group.repeat}",
        caption=t("cycles.history", n=len(lines)),
        stack=True,
    )


def act_words(line: Correction) -> str:
    """What was done, in words: "overturned to defect, 0.712 said the model"."""
    told = {"cycle": line.cycle, "label": t(f"label.{line.label}") if line.label else ""}
    told["p"] = "–" if line.p_defect is None else f"{line.p_defect:.3f}"
    return t(f"cycles.act_{line.act}", **told)


def first_anew(group: Group, undone: Mapping[int, Correction]) -> int:
    """The training from which on another run would differ: that after the cycle, or its own where undone."""
    cycles_said = [c.cycle + 1 for c in group.said.values()]
    after = group.number + 1 if group.number != ALL else min(cycles_said, default=1)
    return min([after, *undone])


def _train_again(told: Visitor, group: Group, undone: Mapping[int, Correction]) -> None:
    first, last = first_anew(group, undone), len(group.e.found["columns"])
    label = t("cycles.train_again", cycle=first - 1) if first > 1 else t("cycles.train_from_start")
    with st.popover(label, icon=":material/replay:", type="primary", disabled=not group.said):
        st.markdown(t("cycles.train_words", n=len(group.said), first=first, last=last))
        if st.button(t("cycles.train_confirm"), type="primary", key=f"retrain-{group.id}"):
            with notice.instead():
                new = orders.retrain(
                    told.db,
                    access.me(),
                    group.e.id,
                    group.repeat,
                    first,
                    time.time(),
                    told.settings.wake,
                )
                st.toast(t("cycles.ordered", id=new), icon=":material/check_circle:")
                st.rerun(scope="app")


def _undo(told: Visitor, group: Group, undone: Mapping[int, Correction]) -> None:
    if group.number == ALL:
        return
    is_undone = group.number in undone
    act = corrections.restore_cycle if is_undone else corrections.undo_cycle
    st.button(
        t("cycles.restore" if is_undone else "cycles.undo", cycle=group.number),
        icon=":material/redo:" if is_undone else ":material/undo:",
        key=f"undo-{group.id}",
        help=t("cycles.undo_help"),
        on_click=lambda: _writing(
            lambda: act(told.db, access.me(), group.e.id, group.repeat, group.number, time.time())
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
