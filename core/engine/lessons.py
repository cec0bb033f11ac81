"""How a network of paper 1 is trained: one lesson after another, each of which can be resumed.

A run is a row of lessons, each one network taught from a set of photos with labels. Within a lesson there is
a checkpoint, so a killed run goes on where it was, and ends with the very same figures.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from core import rail, validation
from core.engine import checkpoint, classifiers, loaders, loop
from core.engine.classifiers import Classifier
from core.engine.loop import Machine, State
from core.errors import DataError, ModelError
from core.few_labels import divisions
from core.metrics import Counts
from core.rail import CLASSES, Config
from core.records import Photo, PhotoSet, Progress
from core.settings import Settings

REPORT_AFTER = 200
"""ours: photos taught between two checkpoints, at least; epochs of 3 photos are no reason to write 36 MB."""

PRETRAINED = "pretrained.safetensors"
"""The network that `core/engine/pretrain.py` leaves in a run's folder: `key origin body`."""

CHANGES = {
    "none": loaders.Augment(),
    "flips": loaders.Augment(flip=True, upside_down=True),
    # The 99th percentile of brightness is set by hand in line scans, so brightness says little.
    "strong": loaders.Augment(flip=True, upside_down=True, brightness=0.25, contrast=0.25, scale=0.1),
}
"""What may happen to a training photo, by the name in the config. A rail looks the same upside down."""


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
        divisions.sizes(self.config.division, self.config.n0, len(self.pool), int((self.truth >= 0).sum()))
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
        return loaders.decode(self.tested, self.config.image_size, stripes=self.config.stripes)


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
    unlabelled: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    """Positions of photos that teach without a label, where the method has use for them."""
    weights: np.ndarray | None = None
    """(n,) float32, how much each photo counts; None: all alike."""
    chances: str = ""
    """The name its chances hang on; empty: its own."""

    @property
    def size(self) -> int:
        """Photos an epoch passes through: an unlabelled one is looked at twice."""
        return len(self.learned) + 2 * len(self.unlabelled)

    @property
    def passes(self) -> int:
        """How many times a photo is learned from."""
        return self.size * self.epochs


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
    changes_features: ClassVar[bool] = True
    """True where a lesson changes how the network sees a photo, not only what it answers."""
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
            yield Progress(self.done + state.step * lesson.size, self.total + 1, lesson.name)
        since = time.monotonic()
        often = -(-REPORT_AFTER // lesson.size)
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
            yield Progress(self.done + state.step * lesson.size, self.total + 1, lesson.name, figures)
        if len(lesson.watched):
            self.watched = torch.stack(state.memory["watched"]).numpy()
        self.done += lesson.passes

    def begin(self, lesson: Lesson) -> tuple[State, AveragedModel | None]:
        """The state in the folder when it is of this lesson, else a fresh one."""
        config, path = self.config, self.folder / State.FILE
        tree = checkpoint.read(path) if path.exists() else {}
        left: dict[str, Any] = tree.get("memory", {"lesson": ""})
        rng = loop.chances(chance(config.seed, lesson.chances or lesson.name))
        net = self.untaught()
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
        self.remember(left)
        self.net = net if average is None else average.module
        return state, average

    def remember(self, left: Mapping[str, Any]) -> None:
        """The model's id and the seconds so far, from a checkpoint's memory where one is left."""
        if not self.memory:
            began = f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
            name = f"{self.config.division}-{self.config.network.replace('_', '')}-{began}"
            self.memory = {"id": left.get("id", name), "seconds": left.get("seconds", 0.0)}

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
            loss = self.loss(logits, labels, lesson, chosen)
            fell += loop.descend(state.optimizer, loss) * len(chosen)
            if average is not None:
                average.update_parameters(state.net)
        return fell / len(lesson.learned)

    def loss(
        self, logits: torch.Tensor, labels: torch.Tensor, lesson: Lesson, chosen: np.ndarray
    ) -> torch.Tensor:
        """The mean cross entropy of a batch, in nats, each photo counted by its weight."""
        smoothing = self.config.label_smoothing
        if lesson.weights is None:
            return F.cross_entropy(logits, labels, label_smoothing=smoothing)
        weights = torch.from_numpy(lesson.weights[chosen]).to(logits.device)
        each = F.cross_entropy(logits, labels, label_smoothing=smoothing, reduction="none")
        return (weights * each).sum() / weights.sum()

    def watch(self, state: State, lesson: Lesson) -> dict[str, float]:
        """Judge the validation photos, keep their logits, and say how good the answers are."""
        logits, _ = self.look(lesson.watched)
        state.memory["watched"].append(torch.from_numpy(logits))
        margin, truth = validation.margins(logits), self.truth[lesson.watched]
        f1 = Counts.of(truth == 1, margin >= 0).f1
        return {"val_loss": validation.log_loss(margin, truth), "val_f1": float(np.nan_to_num(f1))}

    def look(self, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits (n, 2) and features (n, d), float32, of these photos of the pool."""
        chunks = (self.pictures[torch.from_numpy(index[b])] for b in loaders.batches(len(index), 32))
        return look(self.net, self.machine, chunks, self.config.views)

    def untaught(self) -> Classifier:
        """The network that a lesson begins with: the pretrained one where there is one.

        What is neither that nor of ImageNet is drawn by torch's chances.
        """
        config, path = self.config, self.folder / PRETRAINED
        net = classifiers.build(
            config.network,
            len(CLASSES),
            init=config.init,
            weights_dir=self.settings.weights,
            size=config.image_size,
        )
        if path.is_file():
            made = checkpoint.read(path)
            net.body.load_state_dict(made["body"])
            net.origin = made["origin"]
        return net

    def unlabelled(self, learned: np.ndarray) -> np.ndarray:
        """Positions of the pool's other photos, for a method that has use for them; this one has none."""
        return np.zeros(0, np.int64)

    def features_before(self) -> np.ndarray:
        """(n, d) float32 features of the pool before anything is taught, which a start set is chosen by."""
        loop.chances(chance(self.config.seed, "features before"))
        net = self.machine.put(self.untaught())
        return look(net, self.machine, self.pictures.split(32), self.config.views)[1]

    def taught(self, lesson: Lesson) -> float:
        """The share of defects, 0 to 1, that the answers assume after this lesson."""
        return float(lesson.labels.mean())

    def answers(self, pictures: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
        """P(defect) (n,) at temperature 1, which a cycle selects by, and features (n, d), both float32."""
        logits, features = look(self.net, self.machine, pictures.split(32), self.config.views)
        return validation.probabilities(logits)[:, 1], features

    def sides(self, index: np.ndarray) -> np.ndarray:
        """(agreement, n) float32: P(defect) of each view of these photos of the pool on its own."""
        if not len(index):
            return np.zeros((self.config.agreement, 0), np.float32)
        found = []
        for view in range(self.config.agreement):
            chunks = (self.pictures[torch.from_numpy(index[b])] for b in loaders.batches(len(index), 32))
            turned_chunks = (turned(chunk, self.config.agreement)[view] for chunk in chunks)
            logits, _ = look(self.net, self.machine, turned_chunks)
            found.append(validation.probabilities(logits)[:, 1])
        return np.stack(found)


def look(
    net: nn.Module, machine: Machine, chunks: Iterable[torch.Tensor], views: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Logits (n, 2) and features (n, d), float32, of uint8 photos in chunks; averaged over the views."""
    batches = (turned(ready(loaders.floats(chunk, None, machine), machine), views) for chunk in chunks)
    return classifiers.look(net, machine, batches)


def turned(x: torch.Tensor, views: int) -> list[torch.Tensor]:
    """The views of photos (n, 3, S, S): as they are; from 2 on turned by 180°; with 4 mirrored as well."""
    return [x, x.flip((2, 3)), x.flip(3), x.flip(2)][:views]


def ready(x: torch.Tensor, machine: Machine) -> torch.Tensor:
    """Photos of 0 to 1 as the network wants them."""
    return loaders.normalise(x, classifiers.IMAGENET_MEAN, classifiers.IMAGENET_STD, machine)


def chance(seed: int, name: str) -> int:
    """A seed for what is named, 0 to 2³² - 1: the same whatever else a run does before it."""
    return zlib.crc32(f"{seed} {name}".encode())


def _averaged(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The network's own weights out of the state of its running average."""
    return {k.removeprefix("module."): v for k, v in state.items() if k.startswith("module.")}
