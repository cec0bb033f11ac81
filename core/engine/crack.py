"""Paper 2: train a crack U-Net, choose on validation photos what is filed of it, and load it again."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import io
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save
from torch import nn

from core import cards, crack, losses, metrics, sweep
from core import config as settings_of
from core import photos as files
from core.crack import Config
from core.engine import checkpoint, classifiers, int8, loop, peers
from core.engine.loaders import Augment, augment
from core.engine.loop import Machine, State
from core.engine.tiling import CORE, NEAREST, Known, Model, known_of, predict, ready, tiles
from core.engine.unet import MEAN, SPREAD, Network, Pretrained, UNet
from core.engine.walls import Walls, fitting, shrink
from core.errors import Conflict, DataError, ModelError
from core.measuring import certainty
from core.records import Card, Photo, PhotoSet, Progress
from core.settings import Settings


def train(
    config: Config, photos: PhotoSet, folder: Path, settings: Settings, command: str = ""
) -> Iterator[Progress]:
    """Train a crack U-Net in folder; go on where a checkpoint there left off.

    A report every `validate_every` steps, with the pooled F1 on the validation photos at its best threshold.
    Filed is the last state, unless the one with the best F1 is clearly better. The last report carries the
    card, and folder then holds weights.safetensors, evaluation-val.npz, and of a test split
    evaluation-test.npz and maps/<sha256>.png.
    """
    settings_of.check(config)
    machine = Machine.here()
    rng = loop.chances(config.seed)
    parts = split(photos, config.seed)
    walls = Walls.read(parts["train"], config.longest_px)
    net = _network(config, walls.crack_share)
    is_new = not (folder / State.FILE).exists()
    origin = _begin_with(net, settings.weights) if is_new and isinstance(net, Pretrained) else "random"
    net = machine.put(net)
    optimizer = loop.optimizer(net, config.optimizer, config.learning_rate, weight_decay=config.weight_decay)
    state, smooth = State(net, optimizer, rng), copy.deepcopy(net)
    begun = {"config": settings_of.to_dict(config), "set": photos.fingerprint}
    if state.resume(folder):
        if state.memory["begun"] != begun:
            raise Conflict(
                f"{folder.name} holds a run with other settings or photos. Choose another folder, or "
                "give the settings and photos it was begun with."
            )
        smooth.load_state_dict(state.memory["smooth"])
    else:
        made_at = datetime.now(UTC).isoformat(timespec="seconds")
        state.memory = {"begun": begun, "best": None, "curve": [], "seconds": 0.0, "made_at": made_at}
        state.memory["origin"] = origin
    since, fell = time.monotonic(), []
    while state.step < config.steps:
        loop.set_learning_rate(
            optimizer, config.learning_rate * loop.cosine(state.step, config.steps, config.warm_up)
        )
        fell.append(step(net, optimizer, *walls.crops(config, rng), config, machine, rng))
        state.step += 1
        average(smooth, net, min(config.smoothing, state.step / (state.step + 10)))
        if state.step % config.validate_every and state.step < config.steps:
            continue
        model = Model(smooth, machine, config.longest_px)
        total = _pooled(_answered(model, parts["val"]))
        threshold = sweep.best(total)
        figures = {
            "loss": float(np.mean(fell)),
            "val_f1": float(np.nan_to_num(total.f1[sweep.at(threshold)])),
            "val_threshold": threshold,
        }
        if state.memory["best"] is None or figures["val_f1"] > state.memory["best"]["val_f1"]:
            state.memory["best"] = figures | {"step": state.step, "net": copy.deepcopy(smooth.state_dict())}
        state.memory["curve"].append({"step": state.step} | figures)
        state.memory["smooth"] = dict(smooth.state_dict())
        state.memory["seconds"] += time.monotonic() - since
        state.save(folder)
        since, fell = time.monotonic(), []
        yield Progress(state.step, config.steps, "train", figures)
    card, stored = _finished(state, config, photos, parts, machine, command)
    checkpoint.put(folder / cards.WEIGHTS, save(stored))
    yield _tested(_model(card, stored, machine), parts, folder, config.steps)


def _finished(
    state: State[Network],
    config: Config,
    photos: PhotoSet,
    parts: Mapping[str, Sequence[Photo]],
    machine: Machine,
    command: str,
) -> tuple[Card, dict[str, torch.Tensor]]:
    """The card without figures, and the tensors to file: all that validation photos have to say.

    Chosen on them, in this order: the state, the threshold, the smallest crack, the calibration, and
    whether half precision changes anything.
    """
    memory = state.memory
    net, step = _kept(state, config, parts["val"], machine)
    tensors = {f"net.{key}": value.detach().cpu().contiguous() for key, value in net.state_dict().items()}
    model = Model(net, machine, config.longest_px, config.views)
    known = known_of(model, parts["train"])
    stored = tensors | {
        "known": known.features,
        "spread": known.spread,
        "distances": known.distances,
    }
    answered = list(_answered(model, parts["val"]))
    pooled = _pooled(answered)
    threshold = sweep.best(pooled)
    smallest_px = certainty.smallest(answered, threshold)
    told = [piece for pair in answered for piece in certainty.pieces(*pair, smallest_px)]
    calibration = certainty.calibrate(*(np.asarray(column) for column in zip(*told, strict=True)))
    card = Card(
        id="unset",
        domain="crack",
        network="unet" if config.encoder == "none" else f"unet_{config.encoder}",
        classes=crack.CLASSES,
        config=settings_of.to_dict(config),
        preprocessing={
            "mean": MEAN,
            "std": SPREAD,
            "longest_px": config.longest_px,
            "views": config.views,
            "core_px": CORE,
            "halo_px": net.halo_px,
            "origin": memory["origin"],
        },
        data=(
            {
                "name": photos.name,
                "fingerprint": photos.fingerprint,
                "licence": photos.licence,
                "is_synthetic": photos.is_synthetic,
            }
            | {f"n_{name}": len(part) for name, part in parts.items()},
        ),
        threshold=threshold,
        threshold_how=f"best pooled F1 on {len(parts['val'])} validation photos",
        known={
            "smallest_px": smallest_px,
            "calibration": calibration,
            "calibrated_on": len(told),
            "nearest": NEAREST,
            "step": step,
            "curves": {
                name: [row[name] for row in memory["curve"]]
                for name in ("step", "loss", "val_f1", "val_threshold")
            },
        },
        versions=cards.versions("torch", "numpy", "scipy", "scikit-image"),
        command=command,
        seed=config.seed,
        device=str(machine),
        seconds=round(memory["seconds"], 1),
        made_at=memory["made_at"],
        licence=photos.licence,
        notes=NOTES,
    )
    if config.half:
        card, stored = _halved(card, stored, answered, parts["val"], machine)
    digest = _digest(stored)
    if machine.device.type == "cpu" and int8.runs_here():
        small = in_int8(_model(card, stored, machine), digest, parts["train"], parts["val"])
        card = dataclasses.replace(card, known={**card.known, "int8": small})
    return dataclasses.replace(card, id=f"unet-{digest[:8]}"), stored


def _kept(
    state: State[Network], config: Config, photos: Sequence[Photo], machine: Machine
) -> tuple[Network, int]:
    """The network to file and its step: the last one, or an earlier one clearly better on `photos`."""
    best = state.memory["best"]
    states = {state.step: state.memory["smooth"], best["step"]: best["net"]}
    if len(states) == 1:
        net = machine.put(_network(config))
        net.load_state_dict(best["net"])
        return net, state.step
    nets, histograms = {}, {}
    for step, weights in states.items():
        nets[step] = machine.put(_network(config))
        nets[step].load_state_dict(weights)
        answered = _answered(Model(nets[step], machine, config.longest_px), photos)
        histograms[step] = np.stack([sweep.histogram(*pair) for pair in answered])
    is_earlier = crack.is_clearly_better(histograms[best["step"]], histograms[state.step])
    step = best["step"] if is_earlier else state.step
    return nets[step], step


NOTES = (
    "Marks what looks like a crack on a wall seen square-on; joints, edges, scratches and cables may look "
    "like one, and hairlines under two pixels are often missed. Widths are those of the mask, in pixels "
    "unless a scale is given; a photo shows nothing of a crack's depth or cause."
)


def _tested(model: Model, parts: Mapping[str, Sequence[Photo]], folder: Path, steps: int) -> Progress:
    """Judge validation and test photos with the model as it is filed; the last report, with the card."""
    card = model.card
    assert card is not None
    figures = {}
    for name in ("val", "test"):
        if not parts[name]:
            continue
        arrays = []
        shown = (files.open(photo.path, photo.title)[0] for photo in parts[name])
        for photo, said in zip(parts[name], predict(model, shown), strict=True):
            arrays.append(said)
            if name == "test":
                out = io.BytesIO()
                Image.fromarray(said["p"]).save(out, "PNG")
                checkpoint.put(folder / cards.MAPS / f"{crack.sha256(photo)}.png", out.getvalue())
        told = crack.evaluation(parts[name], arrays, card)
        checkpoint.put_arrays(folder / f"evaluation-{name}.npz", told)
        figures[name] = crack.score(told, card.threshold)
    card = dataclasses.replace(card, figures=figures)
    shown_as = {f"{name}_f1": float(f["f1"]) for name, f in figures.items() if f["f1"] is not None}
    phase = "test" if parts["test"] else "validation"
    return Progress(steps, steps, phase, shown_as, note=card.threshold_how, card=card)


def step(
    net: nn.Module,
    optimizer: torch.optim.Optimizer,
    pictures: torch.Tensor,
    masks: torch.Tensor,
    config: Config,
    machine: Machine,
    rng: np.random.Generator,
) -> float:
    """One step down the loss on these crops (uint8 and bool); its value before the step."""
    x = pictures.to(machine.device, torch.float32).div_(255)
    change = Augment(brightness=config.jitter, contrast=config.jitter, colour=config.jitter)
    x = ready(augment(x, change, rng) if config.jitter else x, machine)
    with machine.autocast():
        logits = net(x)
    truth, logits = masks.to(machine.device).float(), logits.float()  # the loss is summed up in fp32
    if config.loss in peers.LOSSES:
        return loop.descend(optimizer, peers.LOSSES[config.loss](logits, truth, config.weight))
    e = truth - logits.sigmoid()  # the paper's e = y - p
    return loop.descend(optimizer, losses.LOSSES[config.loss].formula(e, config.weight).mean())


@torch.no_grad()
def average(smooth: nn.Module, net: nn.Module, keep: float) -> None:
    """Move the running average of all weights and batch-norm statistics towards `net`."""
    for kept, new in zip(smooth.state_dict().values(), net.state_dict().values(), strict=True):
        if kept.is_floating_point():
            kept.lerp_(new, 1 - keep)
        else:
            kept.copy_(new)


def split(photos: PhotoSet, seed: int) -> dict[str, tuple[Photo, ...]]:
    """Photos for train, val and test.

    ours: where nobody set photos aside for validation, every sixth group of train is, drawn by the seed, so
    that no threshold is chosen on photos the model learned from or is reported on.
    """
    parts = {name: photos.part(name) for name in ("train", "val", "test")}
    if not parts["train"]:
        raise DataError(f"{photos.name} has no photos in its split `train`.")
    if not parts["val"]:
        groups = sorted({p.group or p.title for p in parts["train"]})
        if len(groups) < 2:
            raise DataError(f"{photos.name} needs photos of two groups at least, or some in its split `val`.")
        drawn = np.random.default_rng(seed).permutation(groups)[: max(1, len(groups) // 6)]
        aside = set(drawn.tolist())
        parts["val"] = tuple(p for p in parts["train"] if (p.group or p.title) in aside)
        parts["train"] = tuple(p for p in parts["train"] if (p.group or p.title) not in aside)
    return parts


def load(card: Card, folder: Path) -> Model:
    """The model in folder, checked against its card and ready to predict on this machine.

    `ModelError` when the weights are missing, damaged, not the card's, or not of this network.
    """
    if card.domain != "crack":
        raise ModelError(f"{card.id} is a {card.domain} model; crack needs one of its own.")
    return _model(card, load_file(str(cards.weights(folder, card))), Machine.here())


def _digest(stored: Mapping[str, torch.Tensor]) -> str:
    """The hash that a weights file with these tensors will have."""
    return hashlib.sha256(save(dict(stored))).hexdigest()


def _network(config: Config, crack_share: float = 0.02) -> Network:
    share = min(0.5, crack_share + 1e-4)
    if config.encoder == "none":
        return UNet(config.levels, config.kernel, config.filters, share)
    return Pretrained(config.filters, share)


def _begin_with(net: Pretrained, folder: Path | None) -> str:
    """Put ImageNet weights from `folder` into the way down; where they came from."""
    weights, origin = classifiers.pretrained("mobilenet_v2", folder, otherwise="train with encoder=none")
    net.learned(weights)
    return origin


def _model(card: Card, stored: Mapping[str, torch.Tensor], machine: Machine) -> Model:
    config = settings_of.of(Config, card.config)
    net = _network(config)
    weights = {key[4:]: value for key, value in stored.items() if key.startswith("net.")}
    try:
        net.load_state_dict(weights)
        known = Known(stored["known"], stored["spread"], stored["distances"])
    except (RuntimeError, KeyError) as error:
        raise ModelError(
            f"The weights of crack/{card.id} are not those of its network; copy the model again."
        ) from error
    net = machine.put(net).eval()
    return Model(net, machine, config.longest_px, config.views, known, card)


def _halved(
    card: Card,
    stored: dict[str, torch.Tensor],
    answered: Sequence[tuple[np.ndarray, np.ndarray]],
    photos: Sequence[Photo],
    machine: Machine,
) -> tuple[Card, dict[str, torch.Tensor]]:
    """Convolutions in half precision, if that changes no label and no F1 by more than 0.0005 on `photos`.

    Batch norm stays in float32: its running variance spans more than half precision holds well.
    """
    small = {k: v.half() if k.startswith("net.") and v.ndim > 1 else v for k, v in stored.items()}
    other = list(_answered(_model(card, small, machine), photos))
    cut, smallest_px = cast(float, card.threshold), float(card.known["smallest_px"])
    labels, f1 = [], []
    for pairs in (answered, other):
        labels.append([certainty.holds_to(p, smallest_px) >= cut for p, _ in pairs])
        counts = (metrics.Counts.of(mask, sweep.mask(p, cut)) for p, mask in pairs)
        f1.append(float(sum(counts, metrics.Counts.zero()).f1))
    changed = sum(a != b for a, b in zip(*labels, strict=True))
    if changed or abs(f1[0] - f1[1]) > 5e-4:
        note = (
            f" Filed in float32: in half precision {changed} of {len(other)} verdicts change, F1 {f1[1]:.4f}."
        )
        return dataclasses.replace(card, notes=card.notes + note), stored
    note = f" Filed in half precision, which changes none of {len(other)} verdicts."
    return dataclasses.replace(card, notes=card.notes + note), small


def in_int8(model: Model, digest: str, train: Sequence[Photo], val: Sequence[Photo]) -> dict[str, Any]:
    """Whether the model may answer in 8 bits, for its card's `known["int8"]` (`int8.measured`).

    `digest` is the sha256 of its weights, for which alone this holds. Ranges are learned on photos of
    `train`; their choice and the F1 at the card's threshold are of `val`.
    """
    cut = cast(float, cast(Card, model.card).threshold)
    once = dataclasses.replace(model, known=None)
    taught = [train[i] for i in np.linspace(0, len(train) - 1, min(len(train), int8.PHOTOS)).astype(int)]

    def show(net: Network) -> None:
        for photo in taught:
            picture = fitting(photo)[0]
            picture = shrink(picture, model.longest_px) if model.longest_px else picture
            for _ in tiles(dataclasses.replace(once, net=net), picture):
                pass

    def f1(net: Network) -> float:
        said = _answered(dataclasses.replace(once, net=net), val)
        counts = (metrics.Counts.of(mask, sweep.mask(p, cut)) for p, mask in said)
        return float(sum(counts, metrics.Counts.zero()).f1)

    return int8.measured(model.net, show, f1) | {"n": len(val), "weights_sha256": digest}


def _pooled(answered: Iterable[tuple[np.ndarray, np.ndarray]]) -> metrics.Counts:
    """Counts at the 999 thresholds of all these maps together."""
    return sweep.of_histogram(np.sum([sweep.histogram(*pair) for pair in answered], axis=0))


def _answered(model: Model, photos: Sequence[Photo]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Stored map and truth of each photo."""
    once = dataclasses.replace(model, known=None)
    for photo in photos:
        picture, mask = fitting(photo)
        yield next(predict(once, [picture]))["p"], mask
