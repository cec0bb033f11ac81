"""The trainings of a sweep, one after the other in one folder; what they found is read by `core.trials`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from core import cards, trials
from core import config as settings_of
from core.engine import checkpoint
from core.engine.loop import State
from core.records import PhotoSet, Progress
from core.settings import Settings


def train(
    learn: Callable[..., Iterator[Progress]],
    config: Any,
    axes: trials.Axes,
    photos: PhotoSet,
    folder: Path,
    settings: Settings,
    command: Callable[[Mapping[str, Any]], str],
) -> Iterator[Progress]:
    """Train each trial in its own folder; go on where one was cut short, and leave those alone that ended.

    `learn` is the domain's `train`.

    Steps count over all trials; a report's phase is its trial's name. Every trial begins from the same seed:
    it sees the same crops in the same order, and is what a training of these settings alone would give.
    A trial has ended once its card lies beside its weights; its checkpoint is of no use then.
    """
    planned = trials.plan(config, axes)
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint.put(folder / trials.PLAN, trials.to_json(planned))
    total = sum(trials.budget(trial) for trial in planned)
    done, usual = 0, settings_of.to_dict(config)
    for trial in planned:
        place = folder / trial.folder
        if trials.card(folder, trial) is None:
            own = settings_of.to_dict(trial.config)
            words = command({key: value for key, value in own.items() if value != usual[key]})
            for progress in learn(trial.config, photos, place, settings, words):
                if progress.card is not None:
                    cards.seal(progress.card, place)
                step = min(done + progress.step, done + trials.budget(trial))
                yield dataclasses.replace(progress, step=step, total=total, phase=trial.name, card=None)
        (place / State.FILE).unlink(missing_ok=True)
        done += trials.budget(trial)
