"""Paper 1: train a rail classifier from few labels or from all of them, load it, and judge photos.

An experiment has one lesson a cycle and repeat (`core/engine/cycles.py`); a training with validation has one
a fold, then the one that is filed. A lesson that is over has left an .npz in the run's folder.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save
from torch import nn

from core import arrays, cards, rail, validation
from core import config as settings_of
from core.engine import checkpoint, classifiers, loaders
from core.engine import cycles as experiments
from core.engine.heads import HeadCourse, described
from core.engine.lessons import Course, Lesson, Told, chance, look
from core.engine.likeness import NEAREST, apart_from_other_places, as_bytes, distances
from core.engine.loop import Machine
from core.engine.pretrain import pretrain
from core.engine.softmatch import MatchCourse
from core.errors import ModelError
from core.few_labels import cycles, divisions
from core.few_labels.cycles import Begin
from core.rail import CLASSES, Config
from core.records import Card, PhotoSet, Progress
from core.settings import Settings

COURSES: Mapping[str, type[Course]] = {"finetune": Course, "head": HeadCourse, "softmatch": MatchCourse}
"""How a lesson is taught, by the method in the config."""


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


def train(
    config: Config,
    photos: PhotoSet,
    folder: Path,
    settings: Settings,
    command: str = "",
    begin: Begin | None = None,
) -> Iterator[Progress]:
    """Train a rail model, or run a few-label experiment, in folder; go on where it was left off.

    The last report carries the card; folder then holds weights.safetensors and evaluation-test.npz, with
    folds also evaluation-val.npz (every photo of the pool as judged by a network that had not learned from
    its place). An experiment leaves experiment.json and, for each repeat, ledger.json and the arrays of
    each training (`core.few_labels.cycles`: `experiment`, `ledger`, `cycle`); its card is that of the last
    training of the last repeat.

    `ConfigError` and `DataError` say what does not fit: too few photos, one class only, a test photo in
    the pool, no test photos for an experiment.
    """
    settings_of.check(config)
    pool, tested = rail.pool(photos), photos.part("test")
    told = Told(config, photos, pool, tested, rail.truths(pool), command, rail.apart(pool, tested))
    told.check()
    machine = Machine.here()
    pictures = loaders.decode(pool, config.image_size, stripes=config.stripes)
    if machine.device.type == "cuda":
        pictures = pictures.to(machine.device)
    course = COURSES[config.method](config, settings, machine, folder, pictures, told.truth)
    folder.mkdir(parents=True, exist_ok=True)
    yield from pretrain(course, begin)
    yield from _with_validation(told, course) if config.folds else _few_labels(told, course, begin)


def _few_labels(told: Told, course: Course, begin: Begin | None) -> Iterator[Progress]:
    config = told.config
    outcome = yield from experiments.experiment(told, course, begin)
    repeat = config.repeats if begin is None else begin.repeat
    card = _card(told, course, outcome.rows[-1]["labels"], "paper 1: a defect above 0.5")
    known = course.look(outcome.learned)[1]
    far = apart_from_other_places(torch.from_numpy(known), [told.pool[i].group for i in outcome.learned])
    card = dataclasses.replace(
        card,
        known={**card.known, "experiment": cycles.table(outcome.rows), "columns": list(outcome.sizes)},
        notes=f"{card.notes} The network of the last training of repeat {repeat} of an experiment.",
    )
    yield _finish(told, course, card, known, far, told.shown(), {})


# All labels: validation by place, then one network from everything ----------------------------------------


def _with_validation(told: Told, course: Course) -> Iterator[Progress]:
    config = told.config
    known = np.flatnonzero(told.truth >= 0)
    if config.n0 is not None:
        rng = np.random.default_rng(chance(config.seed, "draw of repeat 1"))
        known = np.sort(divisions.draw(told.truth, config.n0, (), config.start, rng).start)
    place = np.asarray([told.pool[i].group for i in known])
    part = validation.fold_of(told.truth[known], place, config.folds, config.seed)
    course.total = config.folds * len(known) * config.epochs  # the folds but their own photos, and the last
    found: list[dict[str, np.ndarray]] = []
    for k in range(config.folds):
        fit, val = known[part != k], known[part == k]
        lesson = Lesson(f"fold {k + 1}", fit, told.truth[fit], config.epochs, val)
        stored = arrays.of_file(course.folder / f"fold-{k + 1}.npz")
        if stored is None:
            yield from course.teach(lesson)
            apart = distances(*(torch.from_numpy(course.look(index)[1]) for index in (fit, val)))
            stored = {"photo": val, "logits": course.watched, "far": apart.numpy()}
            checkpoint.put_arrays(course.folder / f"fold-{k + 1}.npz", stored)
        else:
            course.done += lesson.passes
        found.append(stored)
    index = np.concatenate([f["photo"] for f in found])
    logits = np.concatenate([f["logits"] for f in found], 1)  # (epochs, n, 2)
    truth = told.truth[index]
    margins = validation.margins(logits)
    epoch = validation.best_epoch(margins, truth)
    t = validation.temperature(margins[epoch - 1], truth)
    p = validation.probabilities(logits[epoch - 1], t)
    threshold = validation.best_threshold(p[:, 1])
    lesson = Lesson("all labels", known, told.truth[known], epoch)
    course.total = course.done + lesson.passes
    yield from course.teach(lesson)

    how = (
        f"highest expected F1 of defect, from calibrated probabilities of {len(index)} validation photos "
        f"of the pool in {config.folds} parts by place"
    )
    card = _card(told, course, len(known), how, threshold, t)
    curve = [round(validation.log_loss(m, truth), 4) for m in margins]
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
        "known": as_bytes(torch.from_numpy(known)),
        "distances": far.float().sort().values.contiguous(),
    }
    card, stored = _halved(card, course, stored)
    checkpoint.put(course.folder / cards.WEIGHTS, save(stored))
    if len(told.tested):
        answers = list(_answers(_model(card, stored), shown.split(32)))
        files["test"] = rail.evaluation(told.tested, answers)
    for split, stacked in files.items():
        checkpoint.put_arrays(course.folder / f"evaluation-{split}.npz", stacked)
    figures = {split: rail.score(stacked, card.threshold) for split, stacked in files.items()}
    card = dataclasses.replace(card, figures=figures)
    curves = {f"{s}_{k}": f[k] for s, f in figures.items() for k in cycles.FIGURES if f[k] is not None}
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
            "stripes": config.stripes,
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
        versions=cards.versions("torch", "torchvision", "numpy"),
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
    told = model.card.preprocessing
    chunks = loaders.stacks(pictures, int(told["size"]), stripes=str(told.get("stripes", "keep")))
    yield from _answers(model, chunks)


def _answers(model: Model, chunks: Iterable[torch.Tensor]) -> Iterator[dict[str, np.ndarray]]:
    for chunk in chunks:
        logits, features = look(model.net, model.machine, [chunk], int(model.card.preprocessing["views"]))
        far = distances(model.known, torch.from_numpy(features)).numpy()
        share = np.searchsorted(model.distances, far, "left") / max(1, len(model.distances))
        for p, unlike in zip(validation.probabilities(logits, model.card.temperature), share, strict=True):
            yield {"p": p, "unlike": np.asarray(unlike, np.float32)}


def empty(card: Card) -> nn.Module:
    """The network of a card, its weights still to be loaded."""
    size = int(card.preprocessing["size"])
    net = classifiers.build(card.network, len(CLASSES), init="random", size=size)
    if card.config.get("method") == "head":
        return described(net, str(card.preprocessing["stripes"]))
    return net


def _model(card: Card, stored: Mapping[str, torch.Tensor]) -> Model:
    machine = Machine.here()
    try:
        net = empty(card)
        net.load_state_dict({k[4:]: v for k, v in stored.items() if k.startswith("net.")})
        known, far = stored["known"].float(), stored["distances"].numpy()
    except (RuntimeError, KeyError) as error:
        raise ModelError(
            f"The weights of rail/{card.id} are not those of {card.network}; copy the model again."
        ) from error
    return Model(card, machine.put(net).eval(), machine, known, far)
