"""The few-label experiment of paper 1: train, judge the next group, select, learn from it too."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core import config as settings_of
from core import rail
from core.engine import checkpoint
from core.engine.lessons import Course, Lesson, Told, chance
from core.engine.likeness import as_bytes
from core.errors import DataError
from core.few_labels import cycles, divisions, selection
from core.few_labels.cycles import DESCRIBED, Begin
from core.few_labels.divisions import Draw
from core.metrics import plain
from core.records import Progress


@dataclass(frozen=True)
class Outcome:
    """What the last training of an experiment learned from, and the results of all of them."""

    learned: np.ndarray
    """Positions in the pool."""
    sizes: Sequence[int]
    rows: Sequence[Mapping[str, Any]]


def experiment(told: Told, course: Course, begin: Begin | None = None) -> Generator[Progress, None, Outcome]:
    """Run all repeats in the course's folder, or go on with them; afterwards `course.net` is the last one.

    With `begin` there is one repeat: that of the earlier run, taken up where it says.
    """
    config = told.config
    first, groups = divisions.sizes(config.division, config.n0, len(told.pool), int((told.truth >= 0).sum()))
    sizes = divisions.columns(first, groups)
    repeats, kept = (config.repeats, 0) if begin is None else (1, begin.cycle - 1)
    open_ = [2 * len(course.unlabelled(np.arange(n))) for n in sizes[kept:]]
    course.total = repeats * (sum(sizes[kept:]) + sum(open_)) * config.epochs
    notes = [told.warning] if told.warning else []
    if begin is not None:
        notes.append(
            f"Taken up from repeat {begin.repeat} of run {begin.run_folder.name} at training {begin.cycle}, "
            f"with {len(begin.labels)} labels that people gave."
        )
    book = Book(told, course.folder, sizes, told.shown(), notes=notes)
    book.open(begin)
    learned = np.zeros(0, np.int64)
    for repeat in range(1, repeats + 1):
        drawn = _draw(told, course, repeat, first, groups)
        book.notes += [f"Repeat {repeat}: {drawn.note}"] if drawn.note else []
        learned = yield from _repeat(book, course, repeat, drawn, begin, is_last=repeat == repeats)
    book.tell()
    return Outcome(learned, sizes, book.rows)


def _draw(told: Told, course: Course, repeat: int, first: int, groups: Sequence[int]) -> Draw:
    """The draw of a repeat: that in the folder, else a new one, which is there afterwards."""
    drawn = cycles.drawn(course.folder, repeat)
    if drawn is None:
        rng = np.random.default_rng(chance(told.config.seed, f"draw of repeat {repeat}"))
        start = told.config.start
        seen = course.features_before() if start == "typical" else None
        drawn = divisions.draw(told.truth, first, groups, start, rng, seen)
        checkpoint.put_arrays(cycles.draw_file(course.folder, repeat), cycles.draw_arrays(drawn))
    return drawn


def _repeat(
    book: Book, course: Course, repeat: int, drawn: Draw, begin: Begin | None, *, is_last: bool
) -> Generator[Progress, None, np.ndarray]:
    """One repeat: teach, judge the next group, select, teach again; what the last training learned from."""
    config, truth = course.config, course.truth
    learned, labels = drawn.start, truth[drawn.start] == 1
    persons = set(drawn.start.tolist())
    left, before = np.zeros(0, np.int64), ""
    for number, group in enumerate([*drawn.groups, np.zeros(0, np.int64)], 1):
        is_end = number > len(drawn.groups)
        group = group if is_end else np.concatenate([left, group])
        if begin is not None and number >= begin.cycle:
            said = book.said(begin)
            learned, labels = _put_in(learned, labels, said)
            group = group[~np.isin(group, list(said))]
            persons |= said.keys()
        origin = repeat if begin is None else begin.repeat
        lesson = Lesson(
            f"repeat {repeat}, training {number}",
            learned,
            labels,
            config.epochs,
            before=before,
            unlabelled=course.unlabelled(learned),
            weights=_weights(learned, persons, config.trust),
            chances=f"repeat {origin}, training {number}",
        )
        stored = cycles.cycle(course.folder, repeat, number)
        is_new = stored is None
        if is_new or (is_last and is_end):
            yield from course.teach(lesson)  # the last network is the one that is filed
        elif begin is None or number >= begin.cycle:  # what was copied was never to be done
            course.done += lesson.passes
        if stored is None:
            stored, seen = _judged(book, course, lesson, group, persons, drawn.start)
            if number == 1 or course.changes_features:
                checkpoint.put_arrays(cycles.features_file(course.folder, repeat, number), seen)
        figures = book.enter(repeat, number, drawn, stored, is_new=is_new)
        if is_new:
            checkpoint.put_arrays(
                cycles.cycle_file(course.folder, repeat, number), stored
            )  # from here on it counts
            note = drawn.note if number == 1 else ""
            yield Progress(course.done, course.total + 1, lesson.name, figures, note)
        given = ~stored["left"]
        learned = np.concatenate([learned, stored["group"][given]])
        labels = np.concatenate([labels, stored["selected"][given]])
        left = stored["group"][~given]
        # ours: the states of an earlier run are not kept, so the first training after `begin` starts anew.
        is_here = begin is None or number >= begin.cycle
        before = lesson.name if config.restart == "continue" and is_here else ""
    return learned


def _weights(learned: np.ndarray, persons: set[int], trust: float) -> np.ndarray | None:
    """1 for a person's label, `trust` for a pseudo-label; None where they count alike."""
    if trust == 1:
        return None
    return np.where(np.isin(learned, list(persons)), 1.0, trust).astype(np.float32)


def _put_in(
    learned: np.ndarray, labels: np.ndarray, said: Mapping[int, bool]
) -> tuple[np.ndarray, np.ndarray]:
    """What people said in place of the labels there, and at the end where there was none."""
    labels = np.asarray([said.get(i, label) for i, label in zip(learned.tolist(), labels, strict=True)], bool)
    more = [i for i in said if i not in set(learned.tolist())]
    return (
        np.concatenate([learned, np.asarray(more, np.int64)]),
        np.concatenate([labels, np.asarray([said[i] for i in more], bool)]),
    )


def _judged(
    book: Book, course: Course, lesson: Lesson, group: np.ndarray, persons: set[int], start: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """What the network now says of the pool and the test photos, and which pseudo-labels follow from it."""
    config = course.config
    pool_p, pool_features = course.answers(course.pictures)
    test_p, test_features = course.answers(book.shown)
    p = pool_p[group]
    rest = np.setdiff1d(np.arange(len(pool_p)), list(persons))
    place = np.asarray([book.told.pool[i].group or f"\0{i}" for i in rest])
    # Only labels of photos that were drawn at random say how many defects there are.
    own = lesson.labels[np.isin(lesson.learned, start)] == 1
    labels = (int(own.sum()), int((~own).sum())) if config.start == "random" else (0, 0)
    ratio = selection.class_ratio(pool_p[rest], course.taught(lesson), place=place, labels=labels)
    share = config.share if config.ratio == "assumed" or ratio is None else ratio.share
    rules: dict[str, Any] = {"sure": config.sure, "portion": config.portion}
    sides = course.sides(group) if config.agreement > 1 else None
    stored = {
        "learned": lesson.learned,
        "labels": lesson.labels,
        "group": group,
        "group_p": p,
        "selected": selection.select(p, config.threshold, share, config.rule, **rules),
        "left": selection.leave(p, share, config.rule, sides=sides, **rules),
        "test_p": test_p,
        "pool_p": pool_p,
        "share": np.asarray(dataclasses.astuple(ratio) if ratio else [np.nan] * 3),
        "share_used": np.asarray(share),
    }
    seen = {
        name: as_bytes(torch.from_numpy(f)).numpy()
        for name, f in (("pool", pool_features), ("test", test_features))
    }
    return stored, seen


@dataclass
class Book:
    """What an experiment writes down: who takes part, the ledgers, the results so far."""

    told: Told
    folder: Path
    sizes: Sequence[int]
    shown: torch.Tensor
    """The test photos, (t, 3, S, S) uint8."""
    rows: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    counts: dict[int, list[dict[str, int]]] = field(default_factory=dict)
    """What was right and wrong in each cycle, by repeat."""

    def open(self, begin: Begin | None) -> None:
        """Write down who takes part; copy what an earlier run has found, when this one goes on from it."""
        arrays = {
            f"{side}_{key}": value
            for side, photos in (("pool", self.told.pool), ("test", self.told.tested))
            for key, value in {
                "sha256": np.asarray([p.sha256 for p in photos], np.str_),
                "group": np.asarray([p.group for p in photos], np.str_),
                "truth": rail.truths(photos),
            }.items()
        }
        checkpoint.put_arrays(self.folder / cycles.PHOTOS, arrays)
        if begin is not None and not cycles.ledger_file(self.folder, 1).is_file():
            self._take_over(begin, arrays)

    def _take_over(self, begin: Begin, here: Mapping[str, np.ndarray]) -> None:
        old, drawn = cycles.photos(begin.run_folder), cycles.drawn(begin.run_folder, begin.repeat)
        if not old or drawn is None:
            raise DataError(
                f"Repeat {begin.repeat} of run {begin.run_folder.name} has not begun, or was run by an "
                "earlier Patina; run the experiment again, then go on from it."
            )
        if any(
            not np.array_equal(old[f"{side}_sha256"], here[f"{side}_sha256"]) for side in ("pool", "test")
        ):
            raise DataError(
                f"Run {begin.run_folder.name} had other photos than {self.told.photos.name} has now; "
                "run the experiment again with the photos of now."
            )
        there = set(here["pool_sha256"].tolist())
        strange = [sha for sha in begin.labels if sha not in there]
        if strange:
            raise DataError(
                f"{len(strange)} labels are for photos outside the pool, {strange[0][:12]}… for one; test "
                "photos never teach. Take their labels back."
            )
        if begin.cycle > len(drawn.groups) + 1:
            raise DataError(
                f"The run has {len(drawn.groups) + 1} trainings, so it cannot be taken up at {begin.cycle}."
            )
        if (first := len(drawn.start)) != self.sizes[0] or len(self.sizes) != len(drawn.groups) + 1:
            raise DataError(
                f"Run {begin.run_folder.name} began with {first} labels and {len(drawn.groups)} groups, "
                f"these settings with {self.sizes[0]} and {len(self.sizes) - 1}; keep division and n0."
            )
        files = [(cycles.draw_file(begin.run_folder, begin.repeat), cycles.draw_file(self.folder, 1))]
        for number in range(1, begin.cycle):
            kept = cycles.features_file(begin.run_folder, begin.repeat, number)
            if kept.is_file():  # a training that left them as they were has none
                files.append((kept, cycles.features_file(self.folder, 1, number)))
            source = cycles.cycle_file(begin.run_folder, begin.repeat, number)
            files.append((source, cycles.cycle_file(self.folder, 1, number)))
        missing = [source.name for source, _ in files if not source.is_file()]
        if missing:
            raise DataError(
                f"Repeat {begin.repeat} of run {begin.run_folder.name} has not come to {missing[0]}; "
                f"take it up earlier than cycle {begin.cycle}, or let it go on first."
            )
        files += [(seen, self.folder / seen.name) for seen in begin.run_folder.glob(f"{DESCRIBED}-*.npz")]
        for source, target in files:
            checkpoint.put(target, source.read_bytes())
        head, _ = cycles.ledger(begin.run_folder, begin.repeat)
        entries = cycles.begun_entries(begin, self.told.pool, time.time())
        text = cycles.ledger_json(entries, **head)
        checkpoint.put(cycles.ledger_file(self.folder, 1), text.encode())  # last: now all is taken over

    def said(self, begin: Begin) -> dict[int, bool]:
        """People's labels by position in the pool."""
        where = {photo.sha256: i for i, photo in enumerate(self.told.pool)}
        return {where[sha]: label == 1 for sha, label in begin.labels.items()}

    def enter(
        self, repeat: int, number: int, drawn: Draw, stored: Mapping[str, np.ndarray], *, is_new: bool
    ) -> dict[str, float]:
        """Add a training to the results, and when it is new write ledger and results; its figures."""
        truth, own = self.told.truth, self.counts.setdefault(repeat, [])
        if number < len(self.sizes):  # the last training has no group; people may have emptied another
            given = ~stored["left"]
            wrong = selection.mistakes(stored["selected"][given], truth[stored["group"][given]])
            own.append(wrong | {"left": int(stored["left"].sum())})
        self.rows.append(_row(self.told, repeat, number, stored))
        if is_new:
            self._ledger(repeat, number, drawn, stored)
            self.tell()
        names = ("labels", *cycles.FIGURES)
        return {k: self.rows[-1][k] for k in names if self.rows[-1][k] is not None}

    def _ledger(self, repeat: int, number: int, drawn: Draw, stored: Mapping[str, np.ndarray]) -> None:
        """Enter a cycle into the ledger; what an interrupted attempt had entered for it is replaced."""
        config, pool, now = self.told.config, self.told.pool, time.time()
        _, entries = cycles.ledger(self.folder, repeat)
        entries = [entry for entry in entries if entry.cycle < number]
        entries = entries or cycles.first_entries(pool, drawn.start, config.start, now)
        given = ~stored["left"]
        group, p, chosen = (stored[key][given] for key in ("group", "group_p", "selected"))
        ranks = selection.ranks(stored["group_p"])[given]
        entries += cycles.cycle_entries(pool, group, p, chosen, config.rule, number, now, ranks)
        head = {
            "repeat": repeat,
            "seed": config.seed,
            "division": config.division,
            "rule": config.rule,
            "threshold": config.threshold,
            "share": config.share,
            "note": drawn.note,
            "cycles": self.counts[repeat],
        }
        checkpoint.put(cycles.ledger_file(self.folder, repeat), cycles.ledger_json(entries, **head).encode())

    def tell(self) -> None:
        """Write down how far the experiment is: all results, the table made of them, the photos' names."""
        told = self.told
        found = {
            "config": settings_of.to_dict(told.config),
            "set": told.photos.name,
            "columns": list(self.sizes),
            "n_table_columns": divisions.DIVISIONS[told.config.division].n_columns,
            "table": cycles.table(self.rows),
            "rows": list(self.rows),
            "notes": list(self.notes),
            "pool": [p.title for p in told.pool],
            "test": [p.title for p in told.tested],
        }
        text = json.dumps(plain(found), indent=1, ensure_ascii=False, allow_nan=False)
        checkpoint.put(self.folder / cycles.EXPERIMENT, text.encode())


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
