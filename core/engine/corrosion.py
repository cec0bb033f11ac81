"""Paper 3: train a classifier of four corrosion grades, load it, and grade photos.

How it learns, fold by fold, is `core.engine.stages`.
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

from core import cards, corrosion
from core import config as settings_of
from core.corrosion import CLASSES, Config, N
from core.engine import checkpoint, classifiers, loaders, looking
from core.engine.likeness import NEAREST, distances
from core.engine.loop import Machine
from core.engine.stages import Training, look, prepare
from core.errors import ModelError
from core.grading import decisions
from core.records import Card, PhotoSet, Progress
from core.settings import Settings

NOTES = (
    "Grades what is seen of one metal part that fills the photo. It cannot measure loss of section, see "
    "behind paint, dirt or shadow, or tell rust from stain by more than its look; grades 2 and 3 are the "
    "ones it confuses most."
)
"""On every card: what the model cannot do."""


@dataclass
class Model:
    """A loaded model and what it needs to say "unlike anything it has learned from"."""

    card: Card
    net: classifiers.Classifier
    machine: Machine
    known: torch.Tensor
    """(n, d) float32: features of the training photos, each of length 1."""
    distances: np.ndarray
    """(m,) float32, sorted: how far validation photos were from the photos learned from."""


def train(
    config: Config, photos: PhotoSet, folder: Path, settings: Settings, command: str = ""
) -> Iterator[Progress]:
    """Train the folds, then the model that is filed, in folder; go on where a checkpoint there left off.

    A report every epoch; the last one carries the card, and folder holds weights.safetensors,
    evaluation-val.npz (every photo judged by a model that had not learned from it) and, where the set has
    a test split, evaluation-test.npz. Temperature, threshold and epochs come from validation photos.
    """
    training = prepare(config, photos, folder, settings)

    yield from training.run(folder)

    card = _card(training, photos, command)
    files, tested = {}, [p for p in photos.part("test") if p.grade is not None]
    files["val"] = training.validation()
    net = training.kept()
    stored = _stored(net, training.machine, training.known(), training.distances())
    card, stored = _halved(card, config, training, net, stored)
    checkpoint.put(folder / cards.WEIGHTS, save(stored))
    model = _model(card, stored)
    files["val"]["looked"] = training.looked(model.net, decisions.decide(files["val"]["p"]))
    if tested:
        shown = (loaders.picture(p, trimmed=config.trimmed, margin=config.margin) for p in tested)
        files["test"] = corrosion.evaluation(tested, list(predict(model, shown)))
    for split, arrays in files.items():
        checkpoint.put_arrays(folder / f"evaluation-{split}.npz", arrays)
    figures = {split: corrosion.score(arrays, card.threshold) for split, arrays in files.items()}
    card = dataclasses.replace(card, figures=figures)
    total = training.state.step + 1
    told = {f"{split}_f1": f["mean_f1"] for split, f in figures.items()}
    yield Progress(total, total, "test" if tested else "validation", told, note=card.threshold_how, card=card)


def load(card: Card, folder: Path) -> Model:
    """The model in folder, checked against its card and ready to predict on this machine.

    `ModelError` when the weights are missing, damaged, not the card's, or not of this network.
    """
    if card.domain != "corrosion":
        raise ModelError(f"{card.id} is a {card.domain} model; corrosion needs one of its own.")
    return _model(card, load_file(str(cards.weights(folder, card))))


def predict(model: Model, pictures: Iterable[np.ndarray]) -> Iterator[dict[str, np.ndarray]]:
    """`p` (4,) and `unlike` (), float32, and `looked` (h, w) uint8 of each photo (H, W, 3) uint8, in order.

    `looked` is coarse, 255 where most spoke for the likeliest grade (`core.engine.looking`). A photo is
    taken as it is: cut it to the part first (`core.photos.trim`) where the card says that the
    model was trained on trimmed photos. `p` is calibrated already, with the card's temperature.
    """
    told = model.card.preprocessing
    for chunk in loaders.stacks(pictures, int(told["size"])):
        maps: list[torch.Tensor] = []
        with looking.watching(model.net, maps):
            logits, features = look(
                model.net, model.machine, [chunk], told["mean"], told["std"], int(told["views"])
            )
        far = distances(model.known, torch.from_numpy(features)).numpy()
        share = np.searchsorted(model.distances, far, side="left") / max(1, len(model.distances))
        p = decisions.probabilities(logits, model.card.temperature)
        seen = looking.looked(
            model.net, maps[0], decisions.decide(p)
        )  # of the first view, the photo as it is
        for i in range(len(p)):
            yield {"p": p[i], "unlike": np.asarray(share[i], np.float32), "looked": seen[i]}


def _card(training: Training, photos: PhotoSet, command: str) -> Card:
    """The model's card but for its figures and the hash of its weights."""
    config, memory = training.config, training.state.memory
    logits, index = training.logits()
    truth = training.grades[index]
    t = decisions.temperature(logits, truth)
    threshold = decisions.least_confidence(decisions.probabilities(logits, t), truth)
    epoch = training.chosen_epoch() if config.folds else memory["best"]["epoch"]
    config_now = settings_of.to_dict(config)
    counts = {split: len(photos.part(split)) for split in ("train", "val", "test")}
    return Card(
        id=memory["id"],
        domain="corrosion",
        network=config.network,
        classes=CLASSES,
        config=config_now,
        preprocessing={
            "size": config.image_size,
            "mean": list(training.mean),
            "std": list(training.std),
            "trimmed": config.trimmed,
            "margin": config.margin,
            "views": config.views,
            "origin": training.origin,
        },
        data=(
            {
                "name": photos.name,
                "fingerprint": photos.fingerprint,
                "licence": photos.licence,
                "is_synthetic": photos.is_synthetic,
                "learned_from": corrosion.in_words([training.photos[i] for i in training.row[-1].fit]),
            }
            | {f"n_{split}": n for split, n in counts.items()},
        ),
        threshold=threshold,
        threshold_how=(
            f"lowest confidence from which 4 of 5 answers are right, on {len(index)} validation photos"
            if threshold < 1
            else f"no confidence was right 4 times of 5 on {len(index)} validation photos"
        ),
        temperature=t,
        known={
            "nearest": NEAREST,
            "epoch": epoch,
            "dealt": training.note,
            "curves": training.curves(),
        },
        versions=cards.versions("torch", "torchvision", "numpy"),
        command=command,
        seed=config.seed,
        device=str(training.machine),
        seconds=round(memory["seconds"], 1),
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        licence=photos.licence,
        notes=NOTES + (f" Weights at the start: {training.origin}." if ";" in training.origin else ""),
    )


def _stored(
    net: nn.Module, machine: Machine, known: torch.Tensor, far: torch.Tensor
) -> dict[str, torch.Tensor]:
    """The tensors of weights.safetensors: the network's, and what "unlike" needs."""
    tensors = {f"net.{key}": value.detach().cpu().contiguous() for key, value in net.state_dict().items()}
    return tensors | {"known": known.half().contiguous(), "distances": far.float().contiguous()}


def _halved(
    card: Card, config: Config, training: Training, net: nn.Module, stored: dict[str, torch.Tensor]
) -> tuple[Card, dict[str, torch.Tensor]]:
    """The weights of convolutions and full layers in half precision, if that changes no grade.

    Batch norm stays in float32: its running variance spans more than half precision holds well.
    """
    if not config.half:
        return card, stored
    small = {k: v.half() if k.startswith("net.") and v.ndim > 1 else v for k, v in stored.items()}
    chunks = [training.pictures[b] for b in loaders.batches(len(training.pictures), 32)]
    told = card.preprocessing
    said = [
        decisions.decide(
            decisions.probabilities(
                look(
                    _model(card, tensors).net,
                    training.machine,
                    chunks,
                    told["mean"],
                    told["std"],
                    config.views,
                )[0]
            )
        )
        for tensors in (stored, small)
    ]
    changed = int((said[0] != said[1]).sum())
    if changed:
        note = f" Filed in float32: half precision would change {changed} of {len(said[0])} grades."
        return dataclasses.replace(card, notes=card.notes + note), stored
    note = f" Filed in half precision, which changes none of {len(said[0])} grades."
    return dataclasses.replace(card, notes=card.notes + note), small


def _model(card: Card, stored: Mapping[str, torch.Tensor]) -> Model:
    config = settings_of.of(Config, card.config)
    machine = Machine.here()
    net = classifiers.build(
        config.network,
        N if config.head == "plain" else N - 1,
        init="random",
        size=config.image_size,
        **config.sizes,
    )
    weights = {key[4:]: value for key, value in stored.items() if key.startswith("net.")}
    try:
        net.load_state_dict(weights)
        known, far = stored["known"].float(), stored["distances"].numpy()
    except (RuntimeError, KeyError) as error:
        raise ModelError(
            f"The weights of corrosion/{card.id} are not those of {config.network}; copy the model again."
        ) from error
    machine.put(net).eval()
    return Model(card, net, machine, known, far)
