"""The desk with the photos of a cycle: what the browser draws of them, and what it tells the address."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, cast

import streamlit as st

from core import sets
from core.few_labels.corrections import Correction
from core.few_labels.cycles import Entry
from core.few_labels.groups import Group
from core.rail import CLASSES
from pages.parts import words
from pages.parts.charts import FONT, colour, rgba
from pages.parts.components import element
from pages.parts.experiments import Experiment, Visitor
from pages.parts.strings import raw, t

ALL: Final = 0
"""In place of a cycle's number: the photos of all cycles."""

Mode = Literal["curve", "ask"]
"""With the curve and its lines, or only photos that a person is asked about, in the order given."""

_ledger = element("ledger", "dots", "selection", "staircase")


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


def draw(
    told: Visitor,
    desk: Desk,
    *,
    on_act: Callable[[Mapping[str, Any]], None],
    on_open: Callable[[str], None],
    mode: Mode = "curve",
) -> None:
    """The desk. `on_act` hears what is said of which photos (`act`, `photos`), `on_open` which is opened."""
    key = f"{mode}-{desk.id}"
    data = data_of(told, desk)
    if mode == "ask":
        data |= {"id": f"{key}-{len(desk.group.lines)}", "filter": "all", "picked": ""}

    def acted() -> None:
        if st.session_state[key].act:
            on_act(st.session_state[key].act)

    def opened() -> None:
        if st.session_state[key].open:
            on_open(str(st.session_state[key].open))

    def seen() -> None:
        if mode == "curve" and st.session_state[key].seen:
            _keep(st.session_state[key].seen)

    _ledger(
        key=key,
        data=data | {"mode": mode},
        on_seen_change=seen,
        on_act_change=acted,
        on_open_change=opened,
    )


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
    *(
        "defect_word",
        "normal_word",
        "left_word",
        "wrong_word",
        "right_word",
        "no_label",
        "by_model",
        "menu",
        "csv",
        "png",
        "svg",
    ),
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


def _keep(seen: Mapping[str, Any]) -> None:
    """What is moved, shown and picked goes into the address, where a reload finds it."""
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


def forget() -> None:
    """Another cycle begins with the run's own lines and nothing picked."""
    for name in (*(told_as for told_as, _ in LINES.values()), "pick", "photo"):
        st.query_params.pop(name, None)
