"""Paper 1: train a rail classifier from few labels or from all of them, load it, and judge photos.

A run is a row of lessons, each one network taught from a set of photos with labels. An experiment has
one lesson a cycle and repeat; a training with validation has one a fold, then the one that is filed. A
lesson that is over has left an .npz in the run's folder; within a lesson there is a checkpoint. So a
killed run goes on where it was, and ends with the very same figures.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import io
import json
import platform
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save
from torch import nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from core import cards, rail
from core import config as settings_of
from core.engine import checkpoint, classifiers, loaders, loop
from core.engine.loop import Machine, State
from core.errors import DataError, ModelError
from core.metrics import Counts, plain
from core.rail import CLASSES, Config
from core.records import Card, Photo, PhotoSet, Progress
from core.settings import Settings

NEAREST = 3
"""ours: a photo is as far from the training photos as it is, on average, from its three nearest."""

REPORT_AFTER = 200
"""ours: photos taught between two checkpoints, at least; epochs of 3 photos are no reason to write 36 MB."""

CHANGES = {
    "none": loaders.Augment(),
    "flips": loaders.Augment(flip=True, upside_down=True),
    # The 99th percentile of brightness is set by hand in line scans, so brightness says little.
    "strong": loaders.Augment(flip=True, upside_down=True, brightness=0.25, contrast=0.25, scale=0.1),
}
"""What may happen to a training photo, by the name in the config. A rail looks the same upside down."""


@dataclass
class Model:
    """A loaded model and what it needs to say "unlike anything it has learned from"."""

    card: Card
    net: nn.Module
    machine: Machine
    known: torch.Tensor
    """(n, d) float32: features of the photos it learned from; only their directions count."""
    distances: np.ndarray
    """(m,) float32, sorted: how far photos of other places were from the photos learned from."""


@dataclass(frozen=True)
class Lesson:
    """One training of a run: which photos of the pool teach it what, and for how long."""

    name: str
    learned: np.ndarray
    """Positions in the pool."""
    labels: np.ndarray
    """What each is said to be: 1 `defect`, 0 `normal`; a person's label or a pseudo-label."""
    epochs: int
    watched: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    """Positions of validation photos, judged after each epoch."""
    before: str = ""
    """The lesson whose last state it goes on from; empty: from the start."""

    @property
    def passes(self) -> int:
        """How many times a photo is learned from."""
        return len(self.learned) * self.epochs


@dataclass
class Course:
    """What the lessons of one run share, and the network of the present one."""

    config: Config
    settings: Settings
    machine: Machine
    folder: Path
    pictures: torch.Tensor
    """(n, 3, S, S) uint8, the pool. Test photos are never in it, so no lesson can be given one."""
    truth: np.ndarray
    """(n,) int8, for the figures of watched photos only."""
    total: int = 0
    """Photo passes of the whole run, as far as is known."""
    done: int = 0
    net: nn.Module = field(default_factory=nn.Identity)
    """The network whose answers count: the running average where there is one, else the last state."""
    watched: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 2), np.float32))
    """(epochs, n, 2): logits of the lesson's validation photos after each epoch."""
    origin: str = ""
    has_begun: bool = False
    memory: dict[str, Any] = field(default_factory=dict)
    """What goes from lesson to lesson: the model's id, the seconds so far."""

    def teach(self, lesson: Lesson) -> Iterator[Progress]:
        """Teach a network this lesson, or go on in its midst; afterwards `net` is the taught one.

        The checkpoint is on disk before each report. The first report of a run says where it stands, so
        that the time left can be told from the next; a lesson that was over already reports nothing else.
        """
        state, average = self.begin(lesson)
        if not self.has_begun:
            self.has_begun = True
            yield Progress(self.done + state.step * len(lesson.learned), self.total + 1, lesson.name)
        since = time.monotonic()
        often = -(-REPORT_AFTER // len(lesson.learned))
        while state.step < lesson.epochs:
            figures = {"loss": self.epoch(state, average, lesson)}
            state.step += 1
            if len(lesson.watched):
                figures |= self.watch(state, lesson)
            if state.step % often and state.step < lesson.epochs:
                continue
            self.memory["seconds"] += time.monotonic() - since
            since = time.monotonic()
            state.memory |= self.memory
            state.memory["average"] = None if average is None else dict(average.state_dict())
            state.save(self.folder)
            yield Progress(self.done + state.step * len(lesson.learned), self.total + 1, lesson.name, figures)
        if len(lesson.watched):
            self.watched = torch.stack(state.memory["watched"]).numpy()
        self.done += lesson.passes

    def begin(self, lesson: Lesson) -> tuple[State, AveragedModel | None]:
        """The state in the folder when it is of this lesson, else a fresh one."""
        config, path = self.config, self.folder / State.FILE
        tree = checkpoint.read(path) if path.exists() else {}
        left: dict[str, Any] = tree.get("memory", {"lesson": ""})
        rng = loop.chances(chance(config.seed, lesson.name))
        net = classifiers.build(
            config.network,
            len(CLASSES),
            init=config.init,
            weights_dir=self.settings.weights,
            size=config.image_size,
        )
        self.origin = net.origin
        if lesson.before and left["lesson"] == lesson.before:
            net.load_state_dict(_averaged(left["average"]) if left["average"] else tree["net"])
        elif lesson.before and left["lesson"] != lesson.name:
            raise ModelError(
                f"The checkpoint of {lesson.before}, which {lesson.name} goes on from, is gone. "
                "Remove the run's folder to start it anew."
            )
        self.machine.put(net)
        optimizer = loop.optimizer(
            net, config.optimizer, config.learning_rate, weight_decay=config.weight_decay
        )
        average = None
        if config.ema:
            average = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(config.ema), use_buffers=True)
        state = State(net, optimizer, rng, 0, {"lesson": lesson.name, "watched": []})
        if left["lesson"] == lesson.name:
            state.resume(self.folder)
            if average is not None:
                average.load_state_dict(state.memory["average"])
        if not self.memory:
            began = f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
            name = f"{config.division}-{config.network.replace('_', '')}-{began}"
            self.memory = {"id": left.get("id", name), "seconds": left.get("seconds", 0.0)}
        self.net = net if average is None else average.module
        return state, average

    def epoch(self, state: State, average: AveragedModel | None, lesson: Lesson) -> float:
        """One pass over the lesson's photos; the mean loss before each step."""
        config = self.config
        state.net.train()
        order = list(loaders.batches(len(lesson.learned), config.batch_size, state.rng))
        # The plan is that of all epochs, also when a lesson ends at the epoch that validation advised.
        steps = len(order) * config.epochs
        fell = 0.0
        for i, chosen in enumerate(order):
            if config.schedule == "cosine":
                factor = loop.cosine(state.step * len(order) + i, steps, steps // 20)
                loop.set_learning_rate(state.optimizer, config.learning_rate * factor)
            x = loaders.floats(self.pictures, lesson.learned[chosen], self.machine)
            x = ready(loaders.augment(x, CHANGES[config.augment], state.rng), self.machine)
            labels = torch.from_numpy(lesson.labels[chosen].astype(np.int64)).to(x.device)
            with self.machine.autocast():
                logits = state.net(x)
            loss = F.cross_entropy(logits, labels, label_smoothing=config.label_smoothing)
            fell += loop.descend(state.optimizer, loss) * len(chosen)
            if average is not None:
                average.update_parameters(state.net)
        return fell / len(lesson.learned)

    def watch(self, state: State, lesson: Lesson) -> dict[str, float]:
        """Judge the validation photos, keep their logits, and say how good the answers are."""
        logits, _ = self.look(lesson.watched)
        state.memory["watched"].append(torch.from_numpy(logits))
        margin, truth = rail.margins(logits), self.truth[lesson.watched]
        f1 = Counts.of(truth == 1, margin >= 0).f1
        return {"val_loss": rail.log_loss(margin, truth), "val_f1": float(np.nan_to_num(f1))}

    def look(self, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits (n, 2) and features (n, d), float32, of these photos of the pool."""
        chunks = (self.pictures[torch.from_numpy(index[b])] for b in loaders.batches(len(index), 32))
        return look(self.net, self.machine, chunks, self.config.views)

    def p_defect(self, pictures: torch.Tensor) -> np.ndarray:
        """(n,) float32 P(defect) of these uint8 photos, what a cycle selects by; temperature 1."""
        if not len(pictures):
            return np.zeros(0, np.float32)
        logits, _ = look(self.net, self.machine, pictures.split(32), self.config.views)
        return rail.probabilities(logits)[:, 1]


def train(
    config: Config, photos: PhotoSet, folder: Path, settings: Settings, command: str = ""
) -> Iterator[Progress]:
    """Train a rail model, or run a few-label experiment, in folder; go on where it was left off.

    The last report carries the card; folder then holds weights.safetensors and evaluation-test.npz, with
    folds also evaluation-val.npz (every photo of the pool as judged by a network that had not learned from
    its place). An experiment leaves experiment.json and, for each repeat, ledger.json and the arrays of
    each training (`core.rail.experiment`, `ledger`, `cycle`); its card is that of the last training of the
    last repeat.

    `ConfigError` and `DataError` say what does not fit: too few photos, one class only, a test photo in
    the pool, no test photos for an experiment.
    """
    settings_of.check(config)
    pool, tested = rail.pool(photos), photos.part("test")
    told = Told(config, photos, pool, tested, rail.truths(pool), command, rail.apart(pool, tested))
    told.check()
    machine = Machine.here()
    pictures = loaders.decode(pool, config.image_size)
    if machine.device.type == "cuda":
        pictures = pictures.to(machine.device)
    course = Course(config, settings, machine, folder, pictures, told.truth)
    folder.mkdir(parents=True, exist_ok=True)
    yield from _with_validation(told, course) if config.folds else _experiment(told, course)


@dataclass(frozen=True)
class Told:
    """What a run was given."""

    config: Config
    photos: PhotoSet
    pool: tuple[Photo, ...]
    tested: tuple[Photo, ...]
    truth: np.ndarray
    """(n,) int8 of the pool."""
    command: str
    warning: str

    def check(self) -> None:
        """Refuse what cannot be learned or tested, before anything is decoded."""
        rail.sizes(self.config.division, self.config.n0, len(self.pool), int((self.truth >= 0).sum()))
        if self.config.division == "full" and len(np.unique(self.truth[self.truth >= 0])) < 2:
            raise DataError(
                f"The photos of {self.photos.name} to learn from are labelled with one class at most; "
                "both `defect` and `normal` are needed."
            )
        if not self.config.folds and not (rail.truths(self.tested) >= 0).any():
            raise DataError(
                f"{self.photos.name} has no labelled photos in its split `test`, so an experiment cannot be "
                "scored; name some in the table, or train with folds=5."
            )

    def shown(self) -> torch.Tensor:
        """The test photos, (t, 3, S, S) uint8; none where there is no test split."""
        return loaders.decode(self.tested, self.config.image_size)


# Few labels: the paper's cycles -----------------------------------------------------------------------


def _experiment(told: Told, course: Course) -> Iterator[Progress]:
    config, pool = told.config, told.pool
    first, groups = rail.sizes(config.division, config.n0, len(pool), int((told.truth >= 0).sum()))
    sizes = rail.columns(first, groups)
    course.total = config.repeats * sum(sizes) * config.epochs
    shown, rows, notes = told.shown(), [], [told.warning] if told.warning else []
    for repeat in range(1, config.repeats + 1):
        rng = np.random.default_rng(chance(config.seed, f"draw of repeat {repeat}"))
        drawn = rail.draw(told.truth, first, groups, config.start, rng)
        notes += [f"Repeat {repeat}: {drawn.note}"] if drawn.note else []
        learned, labels, before, cycles = drawn.start, told.truth[drawn.start] == 1, "", []
        for number, group in enumerate([*drawn.groups, np.zeros(0, np.int64)], 1):
            lesson = Lesson(
                f"repeat {repeat}, training {number}", learned, labels, config.epochs, before=before
            )
            stored = rail.cycle(course.folder, repeat, number)
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
                    "selected": rail.select(p, config.threshold, config.share, config.rule),
                    "test_p": course.p_defect(shown),
                }
            cycles += [rail.mistakes(stored["selected"], told.truth[group])] if len(group) else []
            rows.append(_row(told, repeat, number, stored))
            if is_new:
                _enter(told, course.folder, repeat, number, drawn, stored, cycles)
                _tell(told, course.folder, sizes, rows, notes)
                put_arrays(rail.cycle_file(course.folder, repeat, number), stored)  # from here on it counts
                figures = {k: rows[-1][k] for k in ("labels", *rail.FIGURES) if rows[-1][k] is not None}
                note = drawn.note if number == 1 else ""
                yield Progress(course.done, course.total + 1, lesson.name, figures, note)
            learned = np.concatenate([learned, group])
            labels = np.concatenate([labels, stored["selected"]])
            before = lesson.name if config.restart == "continue" else ""
    _tell(told, course.folder, sizes, rows, notes)
    card = _card(told, course, rows[-1]["labels"], "paper 1: a defect above 0.5")
    known = course.look(learned)[1]
    far = apart_from_other_places(torch.from_numpy(known), [pool[i].group for i in learned])
    card = dataclasses.replace(
        card,
        known={**card.known, "experiment": rail.table(rows), "columns": list(sizes)},
        notes=f"{card.notes} The network of the last training of repeat {config.repeats} of an experiment.",
    )
    yield _finish(told, course, card, known, far, shown, {})


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
        "learned_wrong": rail.mistakes(stored["labels"], truth)["wrong"],
    }
    return learned | rail.score(test, 0.5, draws=0)


def _enter(
    told: Told,
    folder: Path,
    repeat: int,
    number: int,
    drawn: rail.Draw,
    stored: Mapping[str, np.ndarray],
    cycles: Sequence[Mapping[str, int]],
) -> None:
    """Enter a cycle into the ledger; what an interrupted attempt had entered for it is replaced."""
    config, now = told.config, time.time()
    _, entries = rail.ledger(folder, repeat)
    entries = [entry for entry in entries if entry.cycle < number]
    if number == 1:
        entries = rail.first_entries(told.pool, drawn.start, config.start, now)
    entries += rail.cycle_entries(
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
        "cycles": list(cycles),
    }
    text = rail.ledger_json(entries, **head)
    checkpoint.put(rail.cycle_file(folder, repeat, number).with_name("ledger.json"), text.encode())


def _tell(
    told: Told, folder: Path, sizes: Sequence[int], rows: Sequence[Mapping[str, Any]], notes: Sequence[str]
) -> None:
    """Write down how far the experiment is: all results, the table made of them, and the photos' names."""
    found = {
        "config": settings_of.to_dict(told.config),
        "set": told.photos.name,
        "columns": list(sizes),
        "n_table_columns": rail.DIVISIONS[told.config.division].n_columns,
        "table": rail.table(rows),
        "rows": list(rows),
        "notes": list(notes),
        "pool": [p.title for p in told.pool],
        "test": [p.title for p in told.tested],
    }
    text = json.dumps(plain(found), indent=1, ensure_ascii=False, allow_nan=False)
    checkpoint.put(folder / rail.EXPERIMENT, text.encode())


# All labels: validation by place, then one network from everything ----------------------------------------


def _with_validation(told: Told, course: Course) -> Iterator[Progress]:
    config = told.config
    known = np.flatnonzero(told.truth >= 0)
    if config.n0 is not None:
        rng = np.random.default_rng(chance(config.seed, "draw of repeat 1"))
        known = np.sort(rail.draw(told.truth, config.n0, (), config.start, rng).start)
    place = np.asarray([told.pool[i].group for i in known])
    part = rail.fold_of(told.truth[known], place, config.folds, config.seed)
    course.total = config.folds * len(known) * config.epochs  # the folds but their own photos, and the last
    found: list[dict[str, np.ndarray]] = []
    for k in range(config.folds):
        fit, val = known[part != k], known[part == k]
        lesson = Lesson(f"fold {k + 1}", fit, told.truth[fit], config.epochs, val)
        stored = load_arrays(course.folder / f"fold-{k + 1}.npz")
        if stored is None:
            yield from course.teach(lesson)
            apart = distances(*(torch.from_numpy(course.look(index)[1]) for index in (fit, val)))
            stored = {"photo": val, "logits": course.watched, "far": apart.numpy()}
            put_arrays(course.folder / f"fold-{k + 1}.npz", stored)
        else:
            course.done += lesson.passes
        found.append(stored)
    index = np.concatenate([f["photo"] for f in found])
    logits = np.concatenate([f["logits"] for f in found], 1)  # (epochs, n, 2)
    truth = told.truth[index]
    margins = rail.margins(logits)
    epoch = rail.best_epoch(margins, truth)
    t = rail.temperature(margins[epoch - 1], truth)
    p = rail.probabilities(logits[epoch - 1], t)
    threshold = rail.best_threshold(p[:, 1])
    lesson = Lesson("all labels", known, told.truth[known], epoch)
    course.total = course.done + lesson.passes
    yield from course.teach(lesson)

    how = (
        f"highest expected F1 of defect, from calibrated probabilities of {len(index)} validation photos "
        f"of the pool in {config.folds} parts by place"
    )
    card = _card(told, course, len(known), how, threshold, t)
    curve = [round(rail.log_loss(m, truth), 4) for m in margins]
    card = dataclasses.replace(card, known={**card.known, "epoch": epoch, "val_loss": curve})
    far = np.concatenate([f["far"] for f in found])
    own = np.searchsorted(np.sort(far), far, "left") / len(far)
    answers = [{"p": p[i], "unlike": own[i]} for i in range(len(index))]
    validated = rail.evaluation([told.pool[i] for i in index], answers)
    features = course.look(known)[1]
    yield _finish(told, course, card, features, torch.from_numpy(far), told.shown(), {"val": validated})


# What is left of a run ----------------------------------------------------------------------------------


def _finish(
    told: Told,
    course: Course,
    card: Card,
    known: np.ndarray,
    far: torch.Tensor,
    shown: torch.Tensor,
    files: dict[str, dict[str, np.ndarray]],
) -> Progress:
    """Write weights and evaluations; the last report, with the card."""
    stored = {f"net.{k}": v.detach().cpu().contiguous() for k, v in course.net.state_dict().items()}
    stored |= {
        "known": _bytes(torch.from_numpy(known)),
        "distances": far.float().sort().values.contiguous(),
    }
    card, stored = _halved(card, course, stored)
    checkpoint.put(course.folder / cards.WEIGHTS, save(stored))
    if len(told.tested):
        answers = list(_answers(_model(card, stored), shown.split(32)))
        files["test"] = rail.evaluation(told.tested, answers)
    for split, arrays in files.items():
        put_arrays(course.folder / f"evaluation-{split}.npz", arrays)
    figures = {split: rail.score(arrays, card.threshold) for split, arrays in files.items()}
    card = dataclasses.replace(card, figures=figures)
    curves = {f"{s}_{k}": f[k] for s, f in figures.items() for k in rail.FIGURES if f[k] is not None}
    last = course.total + 1
    return Progress(last, last, "test" if told.tested else "validation", curves, card.threshold_how, card)


def _card(
    told: Told,
    course: Course,
    n_learned: int,
    how: str,
    threshold: float = 0.5,
    temperature: float = 1.0,
) -> Card:
    """The card but for its figures and the hash of its weights."""
    config, photos = told.config, told.photos
    return Card(
        id=course.memory["id"],
        domain="rail",
        network=config.network,
        classes=CLASSES,
        config=settings_of.to_dict(config),
        preprocessing={
            "size": config.image_size,
            "mean": list(classifiers.IMAGENET_MEAN),
            "std": list(classifiers.IMAGENET_STD),
            "views": config.views,
            "origin": course.origin,
        },
        data=(
            {
                "name": photos.name,
                "fingerprint": photos.fingerprint,
                "licence": photos.licence,
                "is_synthetic": photos.is_synthetic,
                "n_pool": len(told.pool),
                "n_learned": n_learned,
                "n_test": len(told.tested),
            },
        ),
        threshold=threshold,
        threshold_how=how,
        temperature=temperature,
        known={"nearest": NEAREST},
        versions=versions(),
        command=told.command,
        seed=config.seed,
        device=str(course.machine),
        seconds=round(course.memory["seconds"], 1),
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        licence=photos.licence,
        notes=f"{NOTES} {told.warning}".strip(),
    )


NOTES = (
    "Judges a photo of the rail head, seen from above, that fills the picture; taught on line-scan tiles of "
    "one line. It names no kind of defect and measures no depth. Plain rail joints and crushed ones look "
    "alike to it."
)


def _halved(
    card: Card, course: Course, stored: dict[str, torch.Tensor]
) -> tuple[Card, dict[str, torch.Tensor]]:
    """The weights in half precision where the config asks for it and no verdict on the pool changes.

    Batch norm stays in float32: its running variance spans more than half precision holds well.
    """
    if not course.config.half:
        return card, stored
    small = {k: v.half() if k.startswith("net.") and v.ndim > 1 else v for k, v in stored.items()}
    said = []
    for tensors in (stored, small):
        p = [a["p"][1] for a in _answers(_model(card, tensors), course.pictures.split(32))]
        said.append(np.asarray(p, np.float64) >= (card.threshold or 0.5))
    changed = int((said[0] != said[1]).sum())
    if changed:
        note = f"Filed in float32: half precision would change {changed} of {len(said[0])} verdicts."
        return dataclasses.replace(card, notes=f"{card.notes} {note}"), stored
    note = f"Filed in half precision, which changes none of {len(said[0])} verdicts."
    return dataclasses.replace(card, notes=f"{card.notes} {note}"), small


# Judging ------------------------------------------------------------------------------------------------


def load(card: Card, folder: Path) -> Model:
    """The model in folder, checked against its card and ready to predict on this machine.

    `ModelError` when the weights are missing, damaged, not the card's, or not of this network.
    """
    if card.domain != "rail":
        raise ModelError(f"{card.id} is a {card.domain} model; rail needs one of its own.")
    return _model(card, load_file(str(cards.weights(folder, card))))


def predict(model: Model, pictures: Iterable[np.ndarray]) -> Iterator[dict[str, np.ndarray]]:
    """`p` (2,) [normal, defect] and `unlike` (), float32, of each upright uint8 RGB photo, in order.

    `p` is calibrated already, with the card's temperature. `unlike` is the share of photos of other places
    that were nearer to the photos learned from: 1 is farther than all of them.
    """
    yield from _answers(model, loaders.stacks(pictures, int(model.card.preprocessing["size"])))


def _answers(model: Model, chunks: Iterable[torch.Tensor]) -> Iterator[dict[str, np.ndarray]]:
    for chunk in chunks:
        logits, features = look(model.net, model.machine, [chunk], int(model.card.preprocessing["views"]))
        far = distances(model.known, torch.from_numpy(features)).numpy()
        share = np.searchsorted(model.distances, far, "left") / max(1, len(model.distances))
        for p, unlike in zip(rail.probabilities(logits, model.card.temperature), share, strict=True):
            yield {"p": p, "unlike": np.asarray(unlike, np.float32)}


def look(
    net: nn.Module, machine: Machine, chunks: Iterable[torch.Tensor], views: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Logits (n, 2) and features (n, d), float32, of uint8 photos in chunks; averaged over the views."""
    logits, features = [], []
    with loop.judging(net):
        for chunk in chunks:
            x = ready(loaders.floats(chunk, None, machine), machine)
            with machine.autocast():
                f = torch.stack([classifiers.features(net, v) for v in turned(x, views)]).mean(0)
            features.append(f.cpu())
            logits.append(net.head(f).cpu())  # type: ignore[operator]  # linear: the mean of the views' logits
    return torch.cat(logits).numpy(), torch.cat(features).numpy()


def turned(x: torch.Tensor, views: int) -> list[torch.Tensor]:
    """The views of photos (n, 3, S, S): as they are; from 2 on turned by 180°; with 4 mirrored as well."""
    return [x, x.flip((2, 3)), x.flip(3), x.flip(2)][:views]


def ready(x: torch.Tensor, machine: Machine) -> torch.Tensor:
    """Photos of 0 to 1 as the network wants them."""
    return loaders.normalise(x, classifiers.IMAGENET_MEAN, classifiers.IMAGENET_STD, machine)


def distances(known: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
    """(n,) float32, 0 to 2: mean cosine distance of each photo to its three nearest known ones."""
    near = F.normalize(features.float(), dim=1) @ F.normalize(known.float(), dim=1).T
    return 1 - near.topk(min(NEAREST, len(known)), dim=1).values.mean(1)


def _bytes(features: torch.Tensor) -> torch.Tensor:
    """Features as int8, each row scaled to its own largest value: its direction is all that counts."""
    return (127 * features / features.abs().amax(1, keepdim=True).clamp_min(1e-12)).round().to(torch.int8)


def apart_from_other_places(features: torch.Tensor, place: Sequence[str]) -> torch.Tensor:
    """(n,) float32: how far each known photo is from those of all other places, where there are others."""
    names = np.asarray([p or f"\0{i}" for i, p in enumerate(place)])
    found = []
    for name in np.unique(names):
        own = torch.from_numpy(names == name)
        if (~own).any():
            found.append(distances(features[~own], features[own]))
    return torch.cat(found) if found else torch.zeros(0)


def chance(seed: int, name: str) -> int:
    """A seed for what is named, 0 to 2³² - 1: the same whatever else a run does before it."""
    return zlib.crc32(f"{seed} {name}".encode())


def versions() -> dict[str, str]:
    """What was at work: Python and the packages that shape a result."""
    named = ("torch", "torchvision", "numpy")
    return {"python": platform.python_version()} | {n: importlib.metadata.version(n) for n in named}


def put_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write an .npz whole or not at all."""
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)  # type: ignore[arg-type]
    checkpoint.put(path, out.getvalue())


def load_arrays(path: Path) -> dict[str, np.ndarray] | None:
    """What `put_arrays` wrote, None where there is nothing."""
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as stored:
        return {key: stored[key] for key in stored.files}


def _model(card: Card, stored: Mapping[str, torch.Tensor]) -> Model:
    machine = Machine.here()
    try:
        size = int(card.preprocessing["size"])
        net = classifiers.build(card.network, len(CLASSES), init="random", size=size)
        net.load_state_dict({k[4:]: v for k, v in stored.items() if k.startswith("net.")})
        known, far = stored["known"].float(), stored["distances"].numpy()
    except (RuntimeError, KeyError) as error:
        raise ModelError(
            f"The weights of rail/{card.id} are not those of {card.network}; copy the model again."
        ) from error
    return Model(card, machine.put(net).eval(), machine, known, far)


def _averaged(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The network's own weights out of the state of its running average."""
    return {k.removeprefix("module."): v for k, v in state.items() if k.startswith("module.")}
