"""The few-label experiment of paper 1: train, judge the next group, select, learn from it too."""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core import config as settings_of
from core import cycles, divisions, rail, selection
from core.engine import checkpoint
from core.engine.lessons import Course, Lesson, Told, chance, put_arrays
from core.metrics import plain
from core.records import Progress


@dataclass(frozen=True)
class Outcome:
    """What the last training of an experiment learned from, and the results of all of them."""

    learned: np.ndarray
    """Positions in the pool."""
    sizes: Sequence[int]
    rows: Sequence[Mapping[str, Any]]


def experiment(told: Told, course: Course) -> Generator[Progress, None, Outcome]:
    """Run all repeats in the course's folder, or go on with them; afterwards `course.net` is the last one."""
    config, pool = told.config, told.pool
    first, groups = divisions.sizes(config.division, config.n0, len(pool), int((told.truth >= 0).sum()))
    sizes = divisions.columns(first, groups)
    course.total = config.repeats * sum(sizes) * config.epochs
    shown, rows, notes = told.shown(), [], [told.warning] if told.warning else []
    for repeat in range(1, config.repeats + 1):
        rng = np.random.default_rng(chance(config.seed, f"draw of repeat {repeat}"))
        drawn = divisions.draw(told.truth, first, groups, config.start, rng)
        notes += [f"Repeat {repeat}: {drawn.note}"] if drawn.note else []
        learned, labels, before, counts = drawn.start, told.truth[drawn.start] == 1, "", []
        for number, group in enumerate([*drawn.groups, np.zeros(0, np.int64)], 1):
            lesson = Lesson(
                f"repeat {repeat}, training {number}", learned, labels, config.epochs, before=before
            )
            stored = cycles.cycle(course.folder, repeat, number)
            is_new = stored is None
            if is_new or (repeat == config.repeats and number == len(sizes)):
                yield from course.teach(lesson)  # the last network is the one that is filed
            else:
                course.done += lesson.passes
            if stored is None:
                p = course.p_defect(course.pictures[torch.from_numpy(group)])
                stored = {
                    "learned": learned,
                    "labels": labels,
                    "group": group,
                    "group_p": p,
                    "selected": selection.select(p, config.threshold, config.share, config.rule),
                    "test_p": course.p_defect(shown),
                }
            counts += [selection.mistakes(stored["selected"], told.truth[group])] if len(group) else []
            rows.append(_row(told, repeat, number, stored))
            if is_new:
                _enter(told, course.folder, repeat, number, drawn, stored, counts)
                _tell(told, course.folder, sizes, rows, notes)
                put_arrays(cycles.cycle_file(course.folder, repeat, number), stored)  # from here on it counts
                figures = {k: rows[-1][k] for k in ("labels", *cycles.FIGURES) if rows[-1][k] is not None}
                note = drawn.note if number == 1 else ""
                yield Progress(course.done, course.total + 1, lesson.name, figures, note)
            learned = np.concatenate([learned, group])
            labels = np.concatenate([labels, stored["selected"]])
            before = lesson.name if config.restart == "continue" else ""
    _tell(told, course.folder, sizes, rows, notes)
    return Outcome(learned, sizes, rows)


def _row(told: Told, repeat: int, number: int, stored: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The result of one training: what it learned from and how it did on the test photos."""
    truth = told.truth[stored["learned"]]
    test = {
        "truth": rail.truths(told.tested),
        "p": np.stack([1 - stored["test_p"], stored["test_p"]], 1),
        "group": np.asarray([p.group for p in told.tested]),
    }
    learned = {
        "repeat": repeat,
        "training": number,
        "labels": len(truth),
        "learned_defects": int(stored["labels"].sum()),
        "learned_wrong": selection.mistakes(stored["labels"], truth)["wrong"],
    }
    return learned | rail.score(test, 0.5, draws=0)


def _enter(
    told: Told,
    folder: Path,
    repeat: int,
    number: int,
    drawn: divisions.Draw,
    stored: Mapping[str, np.ndarray],
    counts: Sequence[Mapping[str, int]],
) -> None:
    """Enter a cycle into the ledger; what an interrupted attempt had entered for it is replaced."""
    config, now = told.config, time.time()
    _, entries = cycles.ledger(folder, repeat)
    entries = [entry for entry in entries if entry.cycle < number]
    if number == 1:
        entries = cycles.first_entries(told.pool, drawn.start, config.start, now)
    entries += cycles.cycle_entries(
        told.pool, stored["group"], stored["group_p"], stored["selected"], config.rule, number, now
    )
    head = {
        "repeat": repeat,
        "seed": config.seed,
        "division": config.division,
        "rule": config.rule,
        "threshold": config.threshold,
        "share": config.share,
        "note": drawn.note,
        "cycles": list(counts),
    }
    text = cycles.ledger_json(entries, **head)
    checkpoint.put(cycles.cycle_file(folder, repeat, number).with_name("ledger.json"), text.encode())


def _tell(
    told: Told, folder: Path, sizes: Sequence[int], rows: Sequence[Mapping[str, Any]], notes: Sequence[str]
) -> None:
    """Write down how far the experiment is: all results, the table made of them, and the photos' names."""
    found = {
        "config": settings_of.to_dict(told.config),
        "set": told.photos.name,
        "columns": list(sizes),
        "n_table_columns": divisions.DIVISIONS[told.config.division].n_columns,
        "table": cycles.table(rows),
        "rows": list(rows),
        "notes": list(notes),
        "pool": [p.title for p in told.pool],
        "test": [p.title for p in told.tested],
    }
    text = json.dumps(plain(found), indent=1, ensure_ascii=False, allow_nan=False)
    checkpoint.put(folder / cycles.EXPERIMENT, text.encode())
