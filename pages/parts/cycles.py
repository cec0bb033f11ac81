"""One cycle of a few-label experiment: what it labelled by which rule, what if, and what people say of it."""

from __future__ import annotations

import html
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, cast

import numpy as np
import streamlit as st

from core import corrections, groups, orders, selection, sets
from core.corrections import Correction
from core.cycles import Entry
from core.errors import PatinaError
from core.groups import Group
from core.rail import CLASSES
from pages.parts import (
    access,
    experiments,
    few_labels,
    notice,
    pick,
    places,
    tables,
    training,
    viewer,
    words,
)
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
class Desk:
    """The photos of one cycle, or of all cycles, of one repeat, and who spoke of them."""

    e: Experiment
    repeat: int
    number: int
    group: Group
    said: Mapping[str, Correction]
    flips: Mapping[str, str]
    """What later networks say of a photo, where it is not what was said in its cycle; by sha256."""

    @property
    def id(self) -> str:
        """Which group it is."""
        return f"{self.e.id}-{self.repeat}-{self.number}"

    @property
    def config(self) -> Mapping[str, Any]:
        """The settings of the run."""
        return cast(Mapping[str, Any], self.e.found["config"])

    @property
    def share(self) -> float:
        """The share that the run used here: the estimated one where it estimates."""
        return self.group.share.get(self.number, float(self.config["share"]))


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
        repeat = experiments.repeat_of(e)
        numbers = groups.numbers(e.folder, repeat)
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
    st.fragment(lay_out, run_every=10.0 if is_active else None)(told, e, repeat, number)


def desk_of(told: Visitor, e: Experiment, repeat: int, number: int) -> Desk:
    """The photos of a cycle (of all cycles: `ALL`), with what people and later networks say of them."""
    group = groups.read(e.folder, repeat, None if number == ALL else number)
    said = corrections.of(told.db, e.id, repeat)
    return Desk(e, repeat, number, group, said, flips(e, repeat, group))


def flips(e: Experiment, repeat: int, group: Group) -> dict[str, str]:
    """Which photos a later network calls something else than their label, in words, by sha256."""
    label = {line.sha256: line.label for line in group.lines}
    found = groups.flips(e.folder, repeat, group.lines, float(e.found["config"]["threshold"]))
    return {
        sha: t(
            "cycles.flip",
            label=t(f"label.{CLASSES[label[sha] == CLASSES[0]]}"),
            trainings=", ".join(map(str, trainings)),
        )
        for sha, trainings in found.items()
    }


# The desk ---------------------------------------------------------------------------------------------


def lay_out(told: Visitor, e: Experiment, repeat: int, number: int) -> None:
    """The sentence, the curve with its photos, and what has been corrected; all that a click changes."""
    desk = desk_of(told, e, repeat, number)
    st.html(f'<p class="lead">{sentence(desk)}</p>')
    refused = st.session_state.pop("cycles-refused", None)
    if refused is not None:
        notice.show(refused)
    corrected(told, desk)
    key = f"ledger-{desk.id}"
    _ledger(
        key=key,
        data=data_of(told, desk),
        on_seen_change=lambda: _keep(key),
        on_act_change=lambda: _act(told, key, e, repeat),
        on_open_change=lambda: _opened(key),
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


def data_of(told: Visitor, desk: Desk) -> dict[str, Any]:
    """What the element draws; the address says what is shown, moved and picked."""
    group, config, asked = desk.group, desk.config, st.query_params
    run = {
        "threshold": float(config["threshold"]),
        "share": desk.share,
        "sure": float(config.get("sure", 0.9)),
        "portion": float(config.get("portion", 0.5)),
        "size": 0,
    }
    held = sets.held(told.db, (line.sha256 for line in group.lines))
    return {
        "id": desk.id,
        "file": f"rail-run{desk.e.id}-repeat{desk.repeat}-cycle{desk.number or 'all'}",
        "sha": [line.sha256 for line in group.lines],
        "name": [line.photo for line in group.lines],
        "p": group.p.tolist(),
        "given": group.given.tolist(),
        "truth": group.truth.tolist(),
        "part": group.part.tolist(),
        "fixed": group.is_fixed.astype(int).tolist(),
        "shares": {str(part): share for part, share in group.share.items()},
        "held": [int(line.sha256 in held) for line in group.lines],
        "marks": [mark(desk, line) for line in group.lines],
        "flips": [desk.flips.get(line.sha256, "") for line in group.lines],
        "rule": config["rule"],
        "run": run,
        "lines": {
            name: _number(asked.get(told_as), run[name], len(group.lines) if name == "size" else 1.0)
            for name, (told_as, _) in LINES.items()
        },
        "filter": asked.get("only", "all"),
        "picked": asked.get("pick", ""),
        "may": told.may_correct,
        "words": {name: str(raw(f"ledger.{name}")) for name in WORDS},
        "colours": {
            "defect": colour("defect"),
            "normal": colour("normal"),
            "left": colour("unknown"),
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
    *("title", "note", "x", "y", "threshold", "share", "sure", "portion", "size", "as_run", "back", "aside"),
    *("changed", "was", "would", "people", "defect", "wrong", "false_defects", "missed_defects", "left"),
    *(f"show_{name}" for name in ("all", "defect", "normal", "left", "changed", "wrong", "said", "flipped")),
    *("picked", "confirm", "overturn", "withdraw", "clear", "above", "those", "hint", "pick"),
    *("defect_word", "normal_word", "left_word", "wrong_word", "right_word", "menu", "csv", "png", "svg"),
)


def mark(desk: Desk, line: Entry) -> dict[str, Any] | None:
    """What a person said of a photo, as its tile shows it: in this run, else before it was begun."""
    said = desk.said.get(line.sha256)
    if said is None and line.by != "person":
        return None
    who, at = (said.who, said.at) if said else (line.who, line.at)
    label = said.label if said else line.label
    act = said.act if said else "confirmed" if label == line.said else "overturned"
    when = words.ago(at, time.time())
    return {
        "label": CLASSES.index(label),
        "who": who,
        "words": t(f"ledger.{act}", who=who, when=when),
        "exact": words.exact(at),
        "iso": f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}",
        "is_now": said is not None,
    }


def _number(text: str | None, otherwise: float, most: float) -> float:
    """A number of the address from 0 to 1, or a count to `most`; what cannot be read counts as not there."""
    try:
        value = float(text) if text else otherwise
    except ValueError:
        return otherwise
    return min(most, max(0.0, value)) if value == value else otherwise


LINES: Final = {
    "threshold": ("cut", "{:.3f}"),
    "share": ("share", "{:.2f}"),
    "sure": ("sure", "{:.3f}"),
    "portion": ("portion", "{:.2f}"),
    "size": ("size", "{:.0f}"),
}
"""What can be moved: its word in the address (`threshold` there is the model's) and how it is written."""


def _keep(key: str) -> None:
    """What is moved, shown and picked goes into the address, where a reload finds it."""
    seen = st.session_state[key].seen
    if not seen:
        return
    told = {
        told_as: form.format(seen[name]) if name in seen["moved"] else ""
        for name, (told_as, form) in LINES.items()
    }
    told |= {"only": "" if seen["filter"] == "all" else str(seen["filter"]), "pick": str(seen["picked"])}
    for name, value in told.items():
        if value and len(value) <= 1500:
            st.query_params[name] = value
        else:
            st.query_params.pop(name, None)


def _forget_view() -> None:
    """Another cycle begins with the run's own lines and nothing picked."""
    for name in (*(told_as for told_as, _ in LINES.values()), "pick", "photo"):
        st.query_params.pop(name, None)


def _act(told: Visitor, key: str, e: Experiment, repeat: int) -> None:
    """A person confirms, overturns or takes back."""
    asked = st.session_state[key].act
    if not asked:
        return
    write, chosen = ACTS[asked["act"]], set(asked["photos"])
    entries = [line for line in e.ledger(repeat)[1] if line.cycle > 0 and line.sha256 in chosen]
    _writing(lambda: write(told.db, access.me(), e.id, repeat, entries, time.time()))


ACTS: Final[Mapping[str, Callable[..., int]]] = {
    "confirm": corrections.confirm,
    "overturn": corrections.overturn,
    "withdraw": corrections.withdraw,
}


def _writing(write: Callable[[], object]) -> None:
    """Write from a callback; what is refused is said when the page is drawn."""
    try:
        write()
    except PatinaError as error:
        st.session_state["cycles-refused"] = error


def _opened(key: str) -> None:
    """A photo was clicked: it stands in the address while it is open."""
    sha = st.session_state[key].open
    if sha:
        st.query_params["photo"] = str(sha)[:12]


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

    st.dialog(words.shortened(line.photo, 48), width="large", on_dismiss=_closed)(opened)()


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
    for i, (label, act) in enumerate(acts.items()):
        if st.button(label, key=f"say-{i}", width="stretch"):
            with notice.instead():
                act()
                _closed()
                st.rerun(scope="app")


def _closed() -> None:
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
    act = corrections.restore_cycle if is_undone else corrections.undo_cycle
    st.button(
        t("cycles.restore" if is_undone else "cycles.undo", cycle=desk.number),
        icon=":material/redo:" if is_undone else ":material/undo:",
        key=f"undo-{desk.id}",
        help=t("cycles.undo_help"),
        on_click=lambda: _writing(
            lambda: act(told.db, access.me(), desk.e.id, desk.repeat, desk.number, time.time())
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
