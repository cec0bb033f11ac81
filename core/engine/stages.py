"""A training of corrosion grades: a row of stages, each a network from the start, one a fold and a last one.

The last one learns from all photos for as long as validation advised, and is filed. Every epoch ends with a
checkpoint, so a killed run goes on in the middle of a fold.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from core import config as settings_of
from core import corrosion, metrics
from core.corrosion import Config, N
from core.engine import checkpoint, classifiers, loaders, looking, loop
from core.engine.likeness import distances
from core.engine.loop import Machine, State
from core.errors import ConfigError
from core.grading import decisions, folds
from core.records import Photo, PhotoSet, Progress
from core.settings import Settings


@dataclass(frozen=True)
class Stage:
    """One training from the start: positions of the photos it learns from and is validated on."""

    name: str
    fit: np.ndarray
    val: np.ndarray


def stages(config: Config, learned: Sequence[Photo]) -> tuple[list[Stage], str]:
    """The trainings of a run, in order, and a note on how the photos were divided.

    `folds` folds and a last one on all photos without validation; with folds=0 a single one, validated
    on the split `val` where there is one, else on a sixth of the groups.
    """
    everything = np.arange(len(learned))
    if not config.folds:
        aside = np.asarray([p.split == "val" for p in learned])
        note = f"validated on the {aside.sum()} photos of the split val"
        if not aside.any() or aside.all():
            aside = folds.aside(learned, config.seed)
            note = f"validated on {aside.sum()} photos of groups that were set aside"
        return [Stage("train", everything[~aside], everything[aside])], note
    part, note = folds.deal(learned, config.folds, config.seed)
    found = [Stage(f"fold {k}", everything[part != k], everything[part == k]) for k in range(config.folds)]
    return [*found, Stage("train", everything, everything[:0])], note


def prepare(
    config: Config, photos: PhotoSet, folder: Path, settings: Settings, *, is_trial: bool = False
) -> Training:
    """A training ready to run in folder, or to go on there; a trial of a search has no last stage."""
    settings_of.check(config)
    chosen = [p for p in photos.photos if p.split in ("train", "val")]
    chosen = chosen or [p for p in photos.photos if p.split != "test"]
    learned = folds.graded(chosen, photos.name)
    row, note = stages(config, learned)
    training = Training(config, settings, learned, [s for s in row if len(s.val)] if is_trial else row, note)
    training.take_up(folder, {"config": settings_of.to_dict(config), "set": photos.fingerprint})
    return training


class Training:
    """A run of several stages: the photos, the state of the present stage, and what the others left.

    All that must survive is in `state`: the present network and its optimiser, and in `state.memory` the
    curves, logits and distances of every stage so far.
    """

    def __init__(
        self, config: Config, settings: Settings, photos: Sequence[Photo], row: list[Stage], note: str
    ) -> None:
        self.config, self.settings, self.photos, self.row, self.note = config, settings, photos, row, note
        self.machine = Machine.here()
        pictures = loaders.decode(photos, config.image_size, trimmed=config.trimmed, margin=config.margin)
        self.pictures = pictures.to(self.machine.device)
        self.grades = corrosion.truths(photos).astype(np.int64)
        self.is_marked = np.asarray([p.is_marked for p in photos], bool)
        self.since = time.monotonic()

    # Beginning and going on

    def take_up(self, folder: Path, told: Mapping[str, Any]) -> None:
        """The state in folder, or a fresh one; `ConfigError` when another run lies there."""
        path = folder / State.FILE
        memory: dict[str, Any] = {"stage": 0, "seconds": 0.0, "curves": [], "logits": [], "distances": []}
        memory["id"] = f"{self.config.network.replace('_', '')}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
        if path.exists():
            memory = checkpoint.read(path)["memory"]
            if memory["told"] != told:
                raise ConfigError(
                    f"{folder.name} holds a run with other settings or photos. Choose another folder, or "
                    "remove this one to start anew."
                )
        self.begin(memory["stage"], memory | {"told": dict(told)})
        if self.state.resume(folder) and self.average is not None:
            self.average.load_state_dict(self.state.memory["average"])

    def begin(self, stage: int, memory: dict[str, Any], step: int = 0) -> None:
        """A network from the start for this stage; every stage draws its own chances from the seed."""
        config = self.config
        rng = loop.chances(config.seed * 1000 + stage)
        if config.start == "random":
            self.mean, self.std = loaders.colours(self.pictures[torch.from_numpy(self.row[stage].fit)])
        else:
            self.mean, self.std = classifiers.IMAGENET_MEAN, classifiers.IMAGENET_STD
        net = classifiers.build(
            config.network,
            N if config.head == "plain" else N - 1,
            init=config.start,
            weights_dir=self.settings.weights,
            size=config.image_size,
            **config.sizes,
        )
        self.machine.put(net)
        for block in classifiers.blocks(net)[: config.frozen]:
            for layer in block:
                layer.requires_grad_(False)
        self.origin = net.origin
        optimizer = loop.optimizer(
            net,
            config.optimizer,
            config.learning_rate,
            weight_decay=config.weight_decay,
            momentum=config.momentum,
        )
        # The last layer begins at random and may learn faster than what ImageNet has taught already.
        body, head = optimizer.param_groups[0], list(net.head.parameters())
        body["params"] = [w for w in body["params"] if not any(w is h for h in head)]
        optimizer.add_param_group({"params": head})
        self.average = None
        if config.ema:
            self.average = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(config.ema), use_buffers=True)
        memory = memory | {"stage": stage, "epoch": 0, "average": None, "best": None}
        self.state: State[classifiers.Classifier] = State(net, optimizer, rng, step, memory)

    @property
    def judged(self) -> nn.Module:
        """The network whose answers count: the running average where there is one."""
        return self.state.net if self.average is None else self.average.module

    # Learning

    def run(self, folder: Path) -> Iterator[Progress]:
        """All epochs of all stages that are still to do; the checkpoint is written before each report."""
        while True:
            memory = self.state.memory
            stage = self.row[memory["stage"]]
            while memory["epoch"] < self.epochs(stage):
                figures = self.epoch(stage)
                memory["seconds"] += time.monotonic() - self.since
                self.since = time.monotonic()
                self.state.save(folder)
                yield Progress(self.state.step, self.total() + 1, stage.name, figures)
            if memory["stage"] + 1 == len(self.row):
                return
            self.begin(memory["stage"] + 1, memory, self.state.step)

    def epochs(self, stage: Stage) -> int:
        """How many epochs this stage runs: all of them with validation, else as many as that advised."""
        if len(stage.val) or not self.config.choose_epoch:
            return self.config.epochs
        return self.chosen_epoch()

    def chosen_epoch(self) -> int:
        """The epoch with the best F1 over the validated stages; the last one where it is not chosen."""
        if not self.config.choose_epoch:
            return self.config.epochs
        return decisions.best_epoch(self.f1())

    def f1(self) -> list[list[float]]:
        """The validation F1 of every epoch so far, fold by fold."""
        curves = self.state.memory["curves"][: max(1, self.config.folds)]
        return [[epoch["val_f1"] for epoch in curve] for curve in curves]

    def objective(self) -> float:
        """What a search maximises: validation F1 at the best epoch, the mean over the folds."""
        return float(np.mean(self.f1(), axis=0)[decisions.best_epoch(self.f1()) - 1])

    def total(self) -> int:
        """How many epochs the whole run has, as far as is known."""
        n = len(self.row)
        done = sum(len(curve) for curve in self.state.memory["curves"])
        is_last = self.state.memory["stage"] + 1 == n
        left = 0 if is_last else (n - 1 - self.state.memory["stage"]) * self.config.epochs
        present = self.epochs(self.row[self.state.memory["stage"]]) - self.state.memory["epoch"]
        return done + left + present

    def epoch(self, stage: Stage) -> dict[str, float]:
        """One pass over the stage's photos and a look at its validation photos; the curves' figures."""
        config, memory = self.config, self.state.memory
        seen = np.concatenate([stage.fit, stage.fit[self.is_marked[stage.fit]]])  # the marked ones twice
        order = [seen[b] for b in loaders.batches(len(seen), config.batch_size, self.state.rng)]
        # ours: a rest of less than half a batch waits for the next epoch, it would upset batch norm.
        if len(order) > 1 and 2 * len(order[-1]) < config.batch_size:
            order.pop()
        steps = len(order) * config.epochs
        self.teach()
        fell = []
        for i, index in enumerate(order):
            factor = 1.0
            if config.schedule == "cosine":
                factor = loop.cosine(memory["epoch"] * len(order) + i, steps, steps // 20)
            for group, times in zip(self.state.optimizer.param_groups, (1.0, config.head_rate), strict=True):
                group["lr"] = config.learning_rate * factor * times
            fell.append(self.step(index))
        memory["epoch"] += 1
        self.state.step += 1
        figures = {"loss": float(np.mean(fell))}
        if len(stage.val):
            figures |= self.validate(stage)
        if memory["epoch"] == 1:
            memory["curves"].append([])
        memory["curves"][-1].append(figures)
        if self.average is not None:
            memory["average"] = dict(self.average.state_dict())
        return figures

    def teach(self) -> None:
        """The network in training mode, but for what stays as it was."""
        net = self.state.net
        net.train()
        for i, block in enumerate(classifiers.blocks(net)):
            for layer in (m for part in block for m in part.modules()):
                if i < self.config.frozen or (self.config.keep_norm and isinstance(layer, nn.BatchNorm2d)):
                    layer.eval()

    def step(self, index: np.ndarray) -> float:
        """One step down the loss on these photos, changed by chance; its value before the step."""
        config, rng = self.config, self.state.rng
        x = loaders.floats(self.pictures, index, self.machine)
        x = loaders.augment(x, changes(config), rng)
        grades = torch.from_numpy(self.grades[index]).to(x.device)
        share, partner = 1.0, torch.arange(len(index), device=x.device)
        if config.mixup:
            share = float(rng.beta(config.mixup, config.mixup))
            partner = torch.from_numpy(rng.permutation(len(index))).to(x.device)
            x = share * x + (1 - share) * x[partner]
        x = loaders.normalise(x, self.mean, self.std, self.machine)
        with self.machine.autocast():
            logits = self.state.net(x)
        loss = losses(logits, grades, config.soft, config.focus)
        if config.mixup:
            loss = share * loss + (1 - share) * losses(logits, grades[partner], config.soft, config.focus)
        fell = loop.descend(self.state.optimizer, loss.mean())
        if self.average is not None:
            self.average.update_parameters(self.state.net)
        return fell

    def validate(self, stage: Stage) -> dict[str, float]:
        """The validation photos' figures; their logits are kept for every epoch."""
        memory = self.state.memory
        logits, _ = self.look(stage.val)
        first = memory["epoch"] == 1
        before = [] if first else [memory["logits"].pop()]
        memory["logits"].append(torch.cat([*before, torch.from_numpy(logits)[None]]))
        p, truth = decisions.probabilities(logits), self.grades[stage.val]
        told = metrics.scores(metrics.confusion(truth, decisions.decide(p), N))
        figures = {
            "val_loss": decisions.log_loss(p, truth),
            "val_f1": told.mean_f1,
            "val_accuracy": told.accuracy,
        }
        if self.config.folds:
            if memory["epoch"] == self.config.epochs:
                memory["distances"].append(self.far(stage))
        elif not self.config.choose_epoch or not memory["best"] or told.mean_f1 > memory["best"]["val_f1"]:
            # The one stage gives the model that is filed: its best state is kept.
            net = {k: v.detach().cpu().clone() for k, v in self.judged.state_dict().items()}
            memory["best"] = {"val_f1": told.mean_f1, "epoch": memory["epoch"], "net": net}
        return figures

    def far(self, stage: Stage) -> torch.Tensor:
        """How far the stage's validation photos are from those it learned from, (n_val,) float32."""
        return distances(*(torch.from_numpy(self.look(index)[1]) for index in (stage.fit, stage.val)))

    def look(self, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits (n, k) and features (n, d) of these photos as they are, float32."""
        chunks = (self.pictures[torch.from_numpy(index[b])] for b in loaders.batches(len(index), 32))
        views = self.config.views
        return look(self.judged, self.machine, chunks, self.mean, self.std, views)

    # What is left when all is learned

    def kept(self) -> nn.Module:
        """The network to file."""
        if self.state.memory["best"] is not None:
            self.judged.load_state_dict(self.state.memory["best"]["net"])
        return self.judged

    def known(self) -> torch.Tensor:
        """Features of the photos that the filed network learned from, (n, d), each of length 1."""
        return F.normalize(torch.from_numpy(self.look(self.row[-1].fit)[1]), dim=1)

    def distances(self) -> torch.Tensor:
        """How far validation photos were from what their network had learned from, sorted."""
        found = self.state.memory["distances"] or [self.far(self.row[-1])]
        return torch.cat(found).sort().values

    def logits(self) -> tuple[np.ndarray, np.ndarray]:
        """Logits of the validated photos at the chosen epoch, and the photos' positions."""
        memory = self.state.memory
        epoch = self.chosen_epoch() if self.config.folds else memory["best"]["epoch"]
        validated = [stage for stage in self.row if len(stage.val)]
        index = np.concatenate([stage.val for stage in validated])
        logits = np.concatenate([kept[epoch - 1].numpy() for kept in memory["logits"]])
        order = np.argsort(index, kind="stable")
        return logits[order], index[order]

    def validation(self) -> dict[str, np.ndarray]:
        """Each validated photo as judged by a network that had not learned from it, calibrated."""
        logits, index = self.logits()
        p = decisions.probabilities(logits, decisions.temperature(logits, self.grades[index]))
        found = corrosion.evaluation([self.photos[i] for i in index], [{"p": row} for row in p])
        if self.config.folds:
            fold = np.zeros(len(self.photos), np.int8)
            for k, stage in enumerate(self.row[: self.config.folds]):
                fold[stage.val] = k
            found["fold"] = fold[index]
        return found

    def looked(self, net: classifiers.Classifier, grade: np.ndarray) -> np.ndarray:
        """Where the filed network looks on each validated photo, (n, h, w) uint8, for the grade said of it.

        # ours: the fold's own network, which had not learned from the photo, is not kept.
        """
        index, found = self.logits()[1], []
        for b in loaders.batches(len(index), 32):
            maps: list[torch.Tensor] = []
            with looking.watching(net, maps):
                look(net, self.machine, [self.pictures[torch.from_numpy(index[b])]], self.mean, self.std)
            found.append(looking.looked(net, maps[0], grade[b]))
        return np.concatenate(found)

    def curves(self) -> dict[str, list[float]]:
        """Each validated figure by epoch, the mean over the folds, for the paper's figures 2 and 3."""
        rows = self.state.memory["curves"][: max(1, self.config.folds)]
        names = [name for name in rows[0][0]]
        return {
            n: [round(float(np.mean(v)), 4) for v in zip(*([e[n] for e in r] for r in rows), strict=True)]
            for n in names
        }


def changes(config: Config) -> loaders.Augment:
    """What may happen to a training photo: steps 3 and 4 of paper 3, and ours where asked for."""
    return loaders.Augment(
        flip=True,
        angle=config.angle,
        scale=config.scale,
        brightness=config.colour,
        contrast=config.colour,
        colour=config.colour,
        erase=config.erase,
    )


def losses(logits: torch.Tensor, grades: torch.Tensor, soft: float = 0.0, focus: float = 1.0) -> torch.Tensor:
    """The loss of each photo, (n,) float32; `logits` (n, 4) or (n, 3) float32, `grades` (n,) int64.

    Four logits: cross entropy; `soft` > 0 gives each grade d steps away the share soft^d of the true one's,
    so the labels know the order. Three logits: CORN (Shi et al. 2021), a yes-or-no question a step, each
    asked only of the photos that reach it; averaged over the three questions. The loss of a photo of grade 2
    counts `focus` times.
    """
    times = 1 + (focus - 1) * (grades == 2).float()
    k = torch.arange(logits.shape[1], device=logits.device)
    if logits.shape[1] == N:
        apart = (grades[:, None] - k).abs().float()
        target = torch.where(apart == 0, 1.0, soft**apart)
        return -times * (target / target.sum(1, keepdim=True) * logits.log_softmax(1)).sum(1)
    is_worse = (grades[:, None] > k).float()
    is_asked = (grades[:, None] >= k).float()
    each = F.binary_cross_entropy_with_logits(logits, is_worse, reduction="none")
    return times * (each * is_asked).sum(1) / logits.shape[1]


def look(
    net: nn.Module,
    machine: Machine,
    chunks: Iterable[torch.Tensor],
    mean: Sequence[float],
    std: Sequence[float],
    views: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """Logits (n, k) and features (n, d), float32, of uint8 photos in chunks; averaged over the views."""
    photos = (loaders.normalise(loaders.floats(chunk, None, machine), mean, std, machine) for chunk in chunks)
    return classifiers.look(net, machine, ([x] if views == 1 else [x, x.flip(3)] for x in photos))
