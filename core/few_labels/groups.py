"""The photos of a cycle as they are looked at: what the model thought of each, what it was called, the truth.

Read from the files that an experiment leaves (`cycles.py`); the page draws it, `selection.py` asks what if.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from core.few_labels import cycles, selection
from core.few_labels.cycles import Entry
from core.rail import CLASSES

LEFT: Final = -1
"""No pseudo-label: the rule left the photo for a later cycle."""


@dataclass(frozen=True)
class Group:
    """The photos that one cycle, or all cycles of a repeat, gave pseudo-labels or left; arrays are (n,)."""

    lines: Sequence[Entry]
    """In the order of the group, which breaks ties. A photo that was left has an empty label."""
    p: np.ndarray
    """float64, P(defect) when it was labelled."""
    given: np.ndarray
    """int8: 1 defect, 0 normal, -1 left for later."""
    truth: np.ndarray
    """int8: 1 defect, 0 normal, -1 where nobody knows."""
    part: np.ndarray
    """int64, the cycle whose group the photo was selected from; 0 where a person had put it in."""
    is_fixed: np.ndarray
    """bool: no rule made this label (a person did, or views that disagree), so none would change it."""
    share: dict[int, float]
    """The share that each cycle used, where it was not the config's."""


def read(folder: Path, repeat: int, cycle: int | None = None) -> Group:
    """The group of one cycle (from 1 on) of a repeat; of all its cycles where none is named.

    Without any when the repeat has not come so far.
    """
    _, entries = cycles.ledger(folder, repeat)
    own = [e for e in entries if _is_of_a_group(e) and cycle in (None, e.cycle)]
    who, found = cycles.photos(folder), cycles.experiment(folder)
    names = dict(zip(who["pool_sha256"].tolist(), found["pool"], strict=True)) if who else {}
    numbers = sorted({e.cycle for e in own}) if cycle is None else [cycle]
    lines: list[Entry] = []
    given: list[int] = []
    part: list[int] = []
    fixed: list[bool] = []
    shares: dict[int, float] = {}
    truth_of = dict(zip(who["pool_sha256"].tolist(), who["pool_truth"].tolist(), strict=True)) if who else {}
    for number in numbers:
        known = {e.sha256: e for e in own if e.cycle == number}
        stored = cycles.cycle(folder, repeat, number) if who else None
        order = list(known) if stored is None else who["pool_sha256"][stored["group"]].tolist()
        views = np.zeros(len(order), bool) if stored is None else _left_by_views(stored, found["config"])
        for i, sha in enumerate(order):
            line = known.pop(sha, None)
            if line is None:
                assert stored is not None  # an order without arrays is that of the ledger's own lines
                p = float(stored["group_p"][i])
                line = Entry(names[sha], sha, number, "model", "left", "", p, None, None, 0.0)
            lines.append(line)
            given.append(LEFT if not line.label else int(line.label == CLASSES[1]))
            part.append(number)
            fixed.append(line.by == "person" or bool(views[i]))
        for line in known.values():
            lines.append(line)
            given.append(int(line.label == CLASSES[1]))
            part.append(0)
            fixed.append(True)
        if stored is not None and "share_used" in stored:
            shares[number] = float(stored["share_used"])
    return Group(
        lines,
        np.array([0.0 if e.p_defect is None else e.p_defect for e in lines], np.float64),
        np.array(given, np.int8),
        np.array([truth_of.get(e.sha256, _truth(e)) for e in lines], np.int8),
        np.array(part, np.int64),
        np.array(fixed, bool),
        shares,
    )


def _left_by_views(stored: dict[str, np.ndarray], config: dict[str, Any]) -> np.ndarray:
    """(g,) bool: left because views of the photo disagree, which no threshold or share would change."""
    by_rule = selection.leave(
        stored["group_p"],
        float(stored["share_used"]),
        config["rule"],
        sure=config["sure"],
        portion=config["portion"],
    )
    return stored["left"] & ~by_rule


def numbers(folder: Path, repeat: int) -> list[int]:
    """The cycles of a repeat that have given pseudo-labels."""
    return sorted({e.cycle for e in cycles.ledger(folder, repeat)[1] if _is_of_a_group(e)})


def flips(folder: Path, repeat: int, lines: Sequence[Entry], threshold: float) -> dict[str, list[int]]:
    """By sha256, the later trainings whose network calls a photo something else than its label.

    Empty for an experiment that kept no answers on the whole pool.
    """
    who = cycles.photos(folder)
    if not who:
        return {}
    place = {sha: i for i, sha in enumerate(who["pool_sha256"].tolist())}
    called = [e for e in lines if e.label and e.sha256 in place]
    at = np.array([place[e.sha256] for e in called], np.int64)
    is_defect = np.array([e.label == CLASSES[1] for e in called], bool)
    since = np.array([e.cycle for e in called], np.int64)
    turned: dict[str, list[int]] = {}
    number = 2
    while (stored := cycles.cycle(folder, repeat, number)) is not None:
        now = stored["pool_p"][at] > threshold
        for i in np.flatnonzero((since < number) & (now != is_defect)):
            turned.setdefault(called[i].sha256, []).append(number)
        number += 1
    return turned


def _is_of_a_group(entry: Entry) -> bool:
    """Not of the start set: the model labelled it, or a person did after the model."""
    return entry.cycle > 0 and (entry.by == "model" or bool(entry.said))


def _truth(entry: Entry) -> int:
    """What the ledger itself says of the truth: a person's label, or whether the model's is wrong."""
    if entry.wrong is None or not entry.label:
        return -1
    return int((entry.label == CLASSES[1]) != entry.wrong)
