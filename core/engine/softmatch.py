"""The strong reference: a network that also learns from unlabelled photos, by agreeing with itself.

SoftMatch (Chen et al. 2023, "Addressing the Quantity-Quality Trade-off in Semi-supervised Learning"): a
teacher says what each unlabelled photo is, from a weakly varied view; the network has to say the same of a
strongly varied one. How much a photo counts grows with the teacher's sureness, by a Gaussian that follows
the sureness of the photos seen so far, so nothing is thrown away and little is believed too early.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel

from core.engine import loaders, loop
from core.engine.lessons import CHANGES, Course, Lesson, ready
from core.engine.loop import State

WEAK = CHANGES["flips"]
STRONG = loaders.Augment(flip=True, upside_down=True, scale=0.2, brightness=0.4, contrast=0.4, erase=0.5)
"""ours: what leaves a rail a rail; SoftMatch takes RandAugment, which also turns and shears."""

MEMORY = 0.99
"""Weight of the past in mean and variance of the sureness, a batch; SoftMatch: 0.999 of 2²⁰ steps."""

NARROW = 2.0
"""The Gaussian's deviation is that of the sureness divided by this, as in SoftMatch's own code."""


def trust(sureness: torch.Tensor, mean: float, variance: float) -> torch.Tensor:
    """(n,) 0 to 1, how much photos count: 1 from the mean sureness on, below it by a Gaussian."""
    below = (sureness - mean).clamp_max(0)
    return torch.exp(-(NARROW**2) * below**2 / (2 * max(variance, 1e-8)))


def aligned(p: torch.Tensor, seen: float, share: float) -> torch.Tensor:
    """(n, 2) probabilities whose mean for defects, `seen` so far, is moved to `share`; rows sum to 1.

    SoftMatch aligns to equal classes; ours: to the share of defects that the config assumes.
    """
    seen = min(max(seen, 1e-3), 1 - 1e-3)
    moved = p * torch.tensor([(1 - share) / (1 - seen), share / seen], device=p.device)
    return moved / moved.sum(1, keepdim=True)


@dataclass
class MatchCourse(Course):
    """Lessons in which the pool's unlabelled photos teach too; without any they are plain lessons."""

    def unlabelled(self, learned: np.ndarray) -> np.ndarray:
        """Positions of the pool's other photos."""
        return np.setdiff1d(np.arange(len(self.pictures)), learned)

    def epoch(self, state: State, average: AveragedModel | None, lesson: Lesson) -> float:
        """One pass over the unlabelled photos, labelled ones beside them; the mean loss before each step."""
        if not len(lesson.unlabelled):
            return super().epoch(state, average, lesson)
        config, rng = self.config, state.rng
        n = config.batch_size
        order = list(loaders.batches(len(lesson.unlabelled), n * config.unlabelled, rng))
        taught = [chosen for _ in order for chosen in [rng.integers(0, len(lesson.learned), n)]]
        usual = {"mean": 0.5, "variance": 1.0, "seen": config.share}
        sure: dict[str, float] = state.memory.setdefault("sureness", usual)
        teacher = state.net if average is None else average.module
        fell = 0.0
        for i, (known, open_) in enumerate(zip(taught, order, strict=True)):
            if config.schedule == "cosine":
                steps = len(order) * config.epochs
                factor = loop.cosine(state.step * len(order) + i, steps, steps // 20)
                loop.set_learning_rate(state.optimizer, config.learning_rate * factor)
            labelled = loaders.floats(self.pictures, lesson.learned[known], self.machine)
            plain = loaders.floats(self.pictures, lesson.unlabelled[open_], self.machine)
            said, weight = self._taught_by(teacher, loaders.augment(plain, WEAK, rng), sure)
            x = torch.cat([loaders.augment(labelled, WEAK, rng), loaders.augment(plain, STRONG, rng)])
            state.net.train()
            with self.machine.autocast():
                logits = state.net(ready(x, self.machine))
            labels = torch.from_numpy(lesson.labels[known].astype(np.int64)).to(x.device)
            loss = self.loss(logits[: len(known)], labels, lesson, known)
            each = F.cross_entropy(logits[len(known) :], said, reduction="none")
            fell += loop.descend(state.optimizer, loss + (weight * each).mean())
            if average is not None:
                average.update_parameters(state.net)
        return fell / len(order)

    def _taught_by(
        self, teacher: Any, x: torch.Tensor, sure: dict[str, float]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """What the teacher says of weakly varied photos, (n, 2), and how much each counts, (n,)."""
        with loop.judging(teacher), self.machine.autocast():
            p = teacher(ready(x, self.machine)).float().softmax(1)
        p = p.clone()  # out of inference mode: a loss is computed with it
        sure["seen"] = _follow(sure["seen"], float(p[:, 1].mean()))
        p = aligned(p, sure["seen"], self.config.share)
        high = p.amax(1)
        sure["mean"] = _follow(sure["mean"], float(high.mean()))
        sure["variance"] = _follow(sure["variance"], float(high.var(correction=0)))
        return p, trust(high, sure["mean"], sure["variance"])


def _follow(past: float, now: float) -> float:
    return MEMORY * past + (1 - MEMORY) * now
