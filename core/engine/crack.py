"""Paper 2: train a crack U-Net, load it, and map cracks on photos of any size."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import io
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save
from torch import nn
from torch.nn import functional as F

from core import cards, certainty, crack, losses, metrics, sweep
from core import config as settings_of
from core import photos as files
from core.crack import Config
from core.engine import checkpoint, classifiers, int8, loop, peers
from core.engine.loaders import Augment, augment
from core.engine.loop import Machine, State
from core.engine.unet import MEAN, SPREAD, Network, Pretrained, UNet
from core.engine.walls import Walls, fitting, shrink
from core.errors import Conflict, DataError, ModelError
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
    net = cast(Network, machine.put(net))
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
    state: State,
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
    known = _known(model, parts["train"])
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


def _kept(state: State, config: Config, photos: Sequence[Photo], machine: Machine) -> tuple[Network, int]:
    """The network to file and its step: the last one, or an earlier one clearly better on `photos`."""
    best = state.memory["best"]
    states = {state.step: state.memory["smooth"], best["step"]: best["net"]}
    if len(states) == 1:
        net = cast(Network, machine.put(_network(config)))
        net.load_state_dict(best["net"])
        return net, state.step
    nets, histograms = {}, {}
    for step, weights in states.items():
        nets[step] = cast(Network, machine.put(_network(config)))
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
        told = crack.evaluation(parts[name], arrays)
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


def ready(x: torch.Tensor, machine: Machine) -> torch.Tensor:
    """Photos of 0 to 1 as the network wants them."""
    return x.sub(MEAN).div(SPREAD).contiguous(memory_format=machine.memory_format)


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


CORE = 768
"""ours: side of the part of a tile that is kept; around it lies as much photo as a pixel can look at."""
WHOLE = 1_500_000
"""ours: photos up to so many pixels are taken in one piece, which is cheaper than tiles with margins."""
NEAREST = 3
"""ours: a photo is as far from the training photos as the mean of so many nearest ones."""
KNOWN = 512
"""ours: training photos that are kept to say "unlike", at most."""


@dataclass
class Model:
    """A network ready to predict, and what is needed to say "unlike the training photos"."""

    net: Network
    machine: Machine
    longest_px: int | None = None
    views: int = 1
    known: Known | None = None
    card: Card | None = None
    enlarge: int = 1
    """So many times as large a photo is looked at: 2 is for fine cracks, at four times the time."""
    seen: Callable[[int, int], None] | None = None
    """Told after each part of a photo how many of how many were looked at; what it raises ends the look."""
    told: str = ""
    """In which arithmetic it answers on this machine, and why; empty where nothing was chosen."""


@dataclass(frozen=True)
class Known:
    """The training photos as the network saw them, and how alike they are: what "unlike" is measured by."""

    features: torch.Tensor
    """(n, k) float16, each feature divided by its spread."""
    spread: torch.Tensor
    """(k,) float32."""
    distances: torch.Tensor
    """(n,) float32, sorted: how far each photo is from those of other groups."""

    @classmethod
    def of(cls, rows: torch.Tensor, groups: np.ndarray) -> Known:
        """From the features (n, k) of photos and their groups; from other photos where there is one group."""
        spread = rows.std(0, correction=0).clamp_min(1e-6).float()
        features = (rows / spread).half()
        far = []
        for i, row in enumerate(features.float()):
            others = groups != groups[i] if (groups != groups[i]).any() else np.arange(len(groups)) != i
            far.append(distance(features.float()[torch.from_numpy(others)], row) if others.any() else 0.0)
        return cls(features, spread, torch.tensor(sorted(far)))

    def share(self, features: np.ndarray) -> float:
        """The share of training photos that are nearer to each other than a photo with these features is."""
        far = distance(self.features.float(), torch.from_numpy(features) / self.spread)
        return float((self.distances < far).float().mean())


def distance(known: torch.Tensor, row: torch.Tensor) -> float:
    """Root mean square difference of a feature row to known ones, the mean of the `NEAREST` nearest."""
    apart = (known - row.float()).square().mean(1).sqrt()
    return float(apart.sort().values[:NEAREST].mean())


def load(card: Card, folder: Path) -> Model:
    """The model in folder, checked against its card and ready to predict on this machine.

    `ModelError` when the weights are missing, damaged, not the card's, or not of this network.
    """
    if card.domain != "crack":
        raise ModelError(f"{card.id} is a {card.domain} model; crack needs one of its own.")
    return _model(card, load_file(str(cards.weights(folder, card))), Machine.here())


def predict(model: Model, pictures: Iterable[np.ndarray]) -> Iterator[dict[str, np.ndarray]]:
    """`p` (H, W) uint8 = round(255 p) at the photo's own size and `unlike` () of each photo, in order.

    Photos are upright uint8 RGB (H, W, 3) of any size; large ones go through in tiles, so that memory stays
    bounded. Without known training photos there is no `unlike`.
    """
    for picture in pictures:
        height, width = picture.shape[:2]
        small = shrink(picture, model.longest_px) if model.longest_px else picture
        if model.enlarge > 1:
            small = _grown(small, model.enlarge)
        said = np.empty(small.shape[:2], np.uint8 if small is picture else np.float32)
        features = np.zeros(0)
        of = _count(model.net, small)
        for n, (part, p, seen) in enumerate(tiles(model, small), 1):
            if model.seen is not None:
                model.seen(n, of)
            said[part] = sweep.store(p) if said.dtype == np.uint8 else p
            features = features + seen if features.size else seen
        if said.dtype != np.uint8:
            # Enlarged parts are averaged, reduced ones drawn out again.
            how = "area" if model.enlarge > 1 else "bilinear"
            sized = F.interpolate(torch.from_numpy(said)[None, None], (height, width), mode=how)
            said = sweep.store(sized[0, 0].numpy())
        told = {"p": said}
        if model.known is not None:
            told["unlike"] = np.asarray(model.known.share(features / small[..., 0].size), np.float32)
        yield told


def _count(net: Network, picture: np.ndarray, core: int = CORE, whole: int = WHOLE) -> int:
    """How many parts `windows` makes of a photo."""
    height, width = picture.shape[:2]
    core = -(-core // net.multiple) * net.multiple
    return 1 if height * width <= whole else -(-height // core) * -(-width // core)


def _grown(picture: np.ndarray, times: int) -> np.ndarray:
    """The photo `times` as large, (H, W, 3) uint8."""
    x = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None]
    x = F.interpolate(x, scale_factor=times, mode="bilinear", align_corners=False)
    return x[0].permute(1, 2, 0).numpy()


def probabilities(model: Model, picture: np.ndarray) -> np.ndarray:
    """The crack probability of every pixel of a photo, (H, W) float32, before it is stored in 8 bits."""
    p = np.empty(picture.shape[:2], np.float32)
    for part, said, _ in tiles(model, picture):
        p[part] = said
    return p


def tiles(
    model: Model, picture: np.ndarray, core: int = CORE, whole: int = WHOLE
) -> Iterator[tuple[tuple[slice, slice], np.ndarray, np.ndarray]]:
    """Each part of a photo, its probabilities (h, w) float32, and its feature sums (features,) float64."""
    for part, seen, own in windows(model.net, picture, core, whole):
        p, features = _look(model, seen, own)
        yield part, p, features


def windows(
    net: Network, picture: np.ndarray, core: int = CORE, whole: int = WHOLE
) -> Iterator[tuple[tuple[slice, slice], np.ndarray, tuple[slice, slice]]]:
    """Each part of a photo, what the network must see of the photo for it, and where the part lies in that.

    A tile is seen with a halo as wide as the network's reach and lies on the grid of its poolings, so the
    parts equal the answer to the whole photo. Photos of up to `whole` pixels are one tile.
    """
    m, halo = net.multiple, net.halo_px
    height, width = picture.shape[:2]
    if height * width <= whole:
        core = max(height, width)
    core = -(-core // m) * m
    for top in range(0, height, core):
        for left in range(0, width, core):
            bottom, right = min(height, top + core), min(width, left + core)
            y, x = max(0, top - halo), max(0, left - halo)
            seen = picture[y : bottom + halo, x : right + halo]
            seen = np.pad(seen, ((0, -seen.shape[0] % m), (0, -seen.shape[1] % m), (0, 0)), mode="edge")
            yield (
                (slice(top, bottom), slice(left, right)),
                seen,
                (
                    slice(top - y, bottom - y),
                    slice(left - x, right - x),
                ),
            )


def _look(model: Model, picture: np.ndarray, own: tuple[slice, slice]) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of the own part of a padded tile, and its features summed over that part's pixels."""
    machine = model.machine
    total: Any = 0
    with loop.judging(model.net):
        x = _entering(picture, machine)
        for view in range(model.views):
            turned = _view(x, view).contiguous(memory_format=machine.memory_format)
            with machine.autocast():
                logits, levels = model.net.look(turned)
            total = total + _view(logits.float().sigmoid(), view, back=True)
            if not view:
                features = _features(model.net, levels, own)
        p = (total / model.views)[0, 0][own]
    return p.cpu().numpy(), features


def _seen(model: Model, picture: np.ndarray, own: tuple[slice, slice]) -> np.ndarray:
    """The features of `_look` alone: half of the network has nothing to say to them."""
    with loop.judging(model.net), model.machine.autocast():
        return _features(model.net, model.net.descend(_entering(picture, model.machine)), own)


def _entering(picture: np.ndarray, machine: Machine) -> torch.Tensor:
    x = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None]
    return ready(x.to(machine.device, torch.float32).div_(255), machine)


def _features(net: Network, levels: Sequence[torch.Tensor], own: tuple[slice, slice]) -> np.ndarray:
    steps = net.steps or [(1.0, 0)] * len(levels)
    sums = []
    for k, (level, (step, zero)) in enumerate(zip(levels, steps, strict=True)):
        sums.append(_summed(level, own, 2**k, zero) * step)
    return torch.cat(sums).cpu().numpy()


def _view(x: torch.Tensor, view: int, back: bool = False) -> torch.Tensor:
    """The eight ways to look at a square: turned by `view` quarters, mirrored from the fifth on."""
    if back:
        x = x.flip(-1) if view >= 4 else x
        return torch.rot90(x, -view, (-2, -1))
    x = torch.rot90(x, view, (-2, -1))
    return x.flip(-1) if view >= 4 else x


def _summed(level: torch.Tensor, own: tuple[slice, slice], cell: int, zero: int = 0) -> torch.Tensor:
    """Channel sums (c,) float64 over the own part of one level, in pixels of the photo."""
    rows, columns = (slice(s.start // cell, -(-s.stop // cell)) for s in own)
    inside = level[0, :, rows, columns].double()
    share = (own[0].stop - own[0].start) * (own[1].stop - own[1].start) / max(1, inside[0].numel())
    return (inside.sum((1, 2)) - zero * inside[0].numel()) * share


def _known(model: Model, photos: Sequence[Photo]) -> Known:
    """What "unlike" needs to know of the training photos."""
    if len(photos) > KNOWN:
        photos = [photos[i] for i in np.linspace(0, len(photos) - 1, KNOWN).astype(int)]
    rows = []
    for photo in photos:
        picture, _ = files.open(photo.path, photo.title)
        picture = shrink(picture, model.longest_px) if model.longest_px else picture
        sums = [_seen(model, seen, own) for _, seen, own in windows(model.net, picture)]
        rows.append(np.sum(sums, axis=0) / picture[..., 0].size)
    groups = np.asarray([photo.group or photo.title for photo in photos])
    return Known.of(torch.from_numpy(np.asarray(rows)), groups)


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
    net = cast(Network, machine.put(net).eval())
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
