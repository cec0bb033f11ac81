"""Search for good settings (paper 3: 50 trials of 150 epochs a network): Optuna, resumable, many workers.

One study is one folder: `study.db` and a folder for each trial with its checkpoint. Any number of workers
may call `search` on it; Optuna hands each waiting trial to one of them. A trial whose worker died is taken
up by another, in its folder, from its last finished epoch.
"""

from __future__ import annotations

import json
import math
import os
import queue
import shutil
import socket
import threading
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
import psutil
from optuna.exceptions import ExperimentalWarning, UpdateFinishedTrialError
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from core import config as settings_of
from core.corrosion import Config
from core.engine import checkpoint
from core.engine.stages import prepare
from core.errors import ConfigError, Conflict, NotFound
from core.grading.ranges import RANGES, Range
from core.records import PhotoSet, Progress
from core.searches import DATABASE, STUDY
from core.settings import Settings

# The heartbeat, without which a dead worker's trial would never end.
warnings.filterwarnings("ignore", category=ExperimentalWarning)

TOLD = "search.json"
"""What a study was begun with; a folder is gone on with nothing else."""
OBJECTIVE = "mean validation F1 over the folds, at the best epoch"
"""ours: the paper does not name its objective."""

PRUNERS = ("median", "hyperband", "none")
BEAT_S, GRACE_S = 10, 60


@dataclass(frozen=True)
class Plan:
    """How a search goes about it; what is searched stands in `core.grading.ranges.RANGES`."""

    trials: int = 50
    pruner: str = "median"
    min_epochs: int = 10
    """Epochs that every trial may have before it can be pruned."""
    start_up: int = 5
    """Trials that are drawn at random and never pruned, before the others are compared with them."""
    seed: int = 0


def search(
    config: Config, photos: PhotoSet, folder: Path, settings: Settings, plan: Plan | None = None
) -> Iterator[Progress]:
    """Run trials in folder until `plan.trials` have ended, here or by other workers on the same folder.

    A report an epoch, its phase `trial 17`, its figures the trial's own and `best_f1`; its steps count the
    trials that ended. Stopped or killed, the next call goes on: a trial that was under way keeps its
    finished epochs. `config` gives all that is not searched. `Conflict` when the folder holds another
    search.
    """
    plan = plan or Plan()
    settings_of.check(config)
    study(folder, plan, config)
    _pin(folder, config, photos)
    job = _Job(config, photos, folder, settings, plan, queue.Queue(), threading.Event())
    # Optuna's heartbeat beats in `optimize` alone, which does not yield: it runs beside and reports here.
    work = threading.Thread(target=job.run, name="search")
    work.start()
    try:
        while (report := job.reports.get()) is not None:
            if isinstance(report, BaseException):
                raise report
            yield report
    finally:
        job.stop.set()
        work.join()


def study(folder: Path, plan: Plan | None = None, config: Config | None = None) -> optuna.Study:
    """The study in folder, made when there is none."""
    plan, config = plan or Plan(), config or Config()
    folder.mkdir(parents=True, exist_ok=True)
    return optuna.create_study(
        study_name=STUDY,
        storage=_storage(folder),
        sampler=_sampler(plan, 0),
        pruner=_pruner(plan, config.epochs * max(1, config.folds)),
        direction="maximize",
        load_if_exists=True,
    )


def _storage(folder: Path) -> RDBStorage:
    """The study's database; workers that begin at one moment make its tables one after the other."""
    for wait in (0.2, 0.5, 1.0, 2.0, None):
        try:
            return RDBStorage(
                f"sqlite:///{(folder / DATABASE).resolve().as_posix()}",
                engine_kwargs={"connect_args": {"timeout": 60}},  # seconds to wait while another writes
                heartbeat_interval=BEAT_S,
                grace_period=GRACE_S,
                heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(),
            )
        except SQLAlchemyError:
            if wait is None:
                raise
            time.sleep(wait)
    raise AssertionError("the last attempt returns or raises")


def values(trial: Trial, ranges: Mapping[str, Range]) -> dict[str, Any]:
    """The values of one trial; a setting that its optimiser does not know is not asked for."""
    found: dict[str, Any] = {}
    ordered = sorted(ranges.items(), key=lambda item: bool(item[1].only_for))  # the optimiser comes first
    for name, where in ordered:
        if where.only_for and found.get("optimizer") not in where.only_for:
            continue
        if where.choices:
            found[name] = trial.suggest_categorical(name, where.choices)
        elif isinstance(where.low, int) and isinstance(where.high, int):
            found[name] = trial.suggest_int(name, where.low, where.high)
        else:
            assert where.low is not None
            assert where.high is not None
            found[name] = trial.suggest_float(name, where.low, where.high, log=where.log)
    return found


def table(folder: Path) -> list[dict[str, Any]]:
    """Every trial of the search in folder, in order: `trial state value epochs values`; [] when none."""
    if not (folder / DATABASE).exists():
        return []
    return [
        {
            "trial": t.number,
            "state": t.state.name.lower(),
            "value": t.value,
            "epochs": len(t.intermediate_values),
            "values": dict(t.params),
        }
        for t in study(folder).get_trials(deepcopy=False)
    ]


def best(folder: Path) -> dict[str, Any]:
    """The searched values of the best trial so far, to train with; `NotFound` before one has ended."""
    ended = [row for row in table(folder) if row["state"] == "complete"]
    if not ended:
        raise NotFound(f"No trial of {folder.name} has ended yet; let the search go on.")
    return dict(max(ended, key=lambda row: row["value"])["values"])


class _Stopped(Exception):
    """Nobody listens any more; the trial waits to be resumed."""


class _Enough(Exception):
    """Another worker began the last trial at the same moment."""


@dataclass(frozen=True)
class _Job:
    """What a trial needs to run, and where its reports go."""

    config: Config
    photos: PhotoSet
    folder: Path
    settings: Settings
    plan: Plan
    reports: queue.Queue[Progress | BaseException | None]
    stop: threading.Event

    def run(self) -> None:
        """Trial after trial until all are done; what goes wrong is handed over as it is."""
        try:
            optuna.logging.set_verbosity(optuna.logging.ERROR)  # a stopped trial is no news
            found = study(self.folder, self.plan)
            while not self.stop.is_set() and len(_trials(found, *_ENDED)) < self.plan.trials:
                _take_back(found)
                is_waiting = bool(_trials(found, TrialState.WAITING))
                if is_waiting or len(_trials(found, *_ENDED, TrialState.RUNNING)) < self.plan.trials:
                    found.optimize(self.trial, n_trials=1, catch=(_Stopped, _Enough), callbacks=[self.clear])
                else:  # the last ones run elsewhere; should their worker die, they are ours
                    self.stop.wait(1.0)
            if not self.stop.is_set():
                self.reports.put(self.report(found, "search", {}))
        except BaseException as error:
            self.reports.put(error)
        finally:
            self.reports.put(None)

    def trial(self, trial: Trial) -> float:
        """Train one trial's folds and return its objective; a report an epoch, pruned where that pays."""
        found = trial.study
        counting = _trials(found, *_ENDED, TrialState.RUNNING, TrialState.WAITING)
        if sum(t.number < trial.number for t in counting) >= self.plan.trials:
            raise _Enough
        trial.set_user_attr(_WORKER, _here())
        # One sampler a trial: workers side by side never draw the same, and a seed gives the same search,
        # however often it was stopped: a trial that is gone on with has a new number but draws nothing.
        begun = sum(t.number < trial.number and _first(t) == t.number for t in _trials(found))
        found.sampler = _sampler(self.plan, begun)
        searched = values(trial, RANGES[self.config.network])
        config = settings_of.of(Config, settings_of.to_dict(self.config) | searched)
        home = self.home(found.trials[trial.number])
        training = prepare(config, self.photos, home, self.settings, is_trial=True)
        for epoch, so_far in enumerate(reached(training.f1()), 1):  # before it was stopped or killed
            trial.report(so_far, epoch)
        for progress in training.run(home):
            so_far = reached(training.f1())[-1]
            trial.report(so_far, progress.step)
            told = dict(progress.figures) | {"trial_f1": so_far}
            self.reports.put(self.report(found, f"trial {trial.number}", told, progress.phase))
            if self.stop.is_set():
                found.enqueue_trial(trial.params, user_attrs={_CONTINUES: _first(found.trials[trial.number])})
                raise _Stopped
            if trial.should_prune():
                raise optuna.TrialPruned
        return training.objective()

    def home(self, trial: FrozenTrial) -> Path:
        """The folder of a trial's checkpoint, the same however often it is gone on with."""
        return self.folder / f"trial-{_first(trial)}"

    def clear(self, found: optuna.Study, trial: FrozenTrial) -> None:
        """Drop the checkpoint of a trial that has ended; its figures are in the study, and 50 are large."""
        if trial.state in _ENDED:
            shutil.rmtree(self.home(trial), ignore_errors=True)

    def report(self, found: optuna.Study, phase: str, figures: dict[str, float], note: str = "") -> Progress:
        """How far the search is; its steps are trials that ended."""
        done = [t.value for t in _trials(found, TrialState.COMPLETE) if t.value is not None]
        told = figures | ({"best_f1": max(done)} if done else {})
        n = len(_trials(found, *_ENDED))
        return Progress(min(n, self.plan.trials), self.plan.trials, phase, told, note)


def reached(f1: Sequence[Sequence[float]]) -> list[float]:
    """What a trial had reached after each of its epochs, fold after fold, for the pruner to compare.

    The mean over the folds begun so far of the best F1 each had come to.
    """
    ended: list[float] = []
    found = []
    for fold in f1:
        best_of_fold = -math.inf
        for value in fold:
            best_of_fold = max(best_of_fold, value)
            found.append((sum(ended) + best_of_fold) / (len(ended) + 1))
        ended.append(best_of_fold)
    return found


_ENDED = (TrialState.COMPLETE, TrialState.PRUNED)
_WORKER, _CONTINUES = "worker", "continues"


def _trials(found: optuna.Study, *states: TrialState) -> list[FrozenTrial]:
    return found.get_trials(deepcopy=False, states=states or None)


def _first(trial: FrozenTrial) -> int:
    """The number under which this trial first began, which names its folder."""
    told = trial.user_attrs.get(_CONTINUES)
    if told is None:
        told = RetryHeartbeatStaleTrialCallback.retried_trial_number(trial)
    return trial.number if told is None else int(told)


def _take_back(found: optuna.Study) -> None:
    """Put trials back whose worker on this machine has died; others are found by their heartbeat."""
    for trial in _trials(found, TrialState.RUNNING):
        host, pid, began = trial.user_attrs.get(_WORKER, ("", 0, 0.0))
        if host != socket.gethostname() or _began(pid) == began:
            continue
        try:
            found._storage.set_trial_state_values(trial._trial_id, TrialState.FAIL)
        except UpdateFinishedTrialError:
            continue  # another worker was faster
        found.enqueue_trial(trial.params, user_attrs={_CONTINUES: _first(trial)})
    optuna.storages.fail_stale_trials(found)


def _here() -> tuple[str, int, float]:
    """This worker: machine, process, and when that began, since process ids are reused."""
    return socket.gethostname(), os.getpid(), _began(os.getpid())


def _began(pid: int) -> float:
    try:
        return round(psutil.Process(pid).create_time(), 1)
    except psutil.Error:
        return 0.0


def _sampler(plan: Plan, number: int) -> optuna.samplers.BaseSampler:
    return optuna.samplers.TPESampler(seed=1000 * plan.seed + number, n_startup_trials=plan.start_up)


def _pruner(plan: Plan, epochs: int) -> optuna.pruners.BasePruner:
    match plan.pruner:
        case "median":
            return optuna.pruners.MedianPruner(plan.start_up, plan.min_epochs)
        case "hyperband":
            return optuna.pruners.HyperbandPruner(min(plan.min_epochs, epochs), epochs)
        case "none":
            return optuna.pruners.NopPruner()
    raise ConfigError(f"pruner is {plan.pruner!r}; choose one of {', '.join(PRUNERS)}.")


def _pin(folder: Path, config: Config, photos: PhotoSet) -> None:
    """Write down what a search is begun with, or check that it is resumed with exactly that."""
    told = {"config": settings_of.to_dict(config), "photos": photos.fingerprint}
    path = folder / TOLD
    if not path.exists():
        checkpoint.put(path, json.dumps(told, indent=1).encode())
    elif json.loads(path.read_text(encoding="utf-8")) != told:
        raise Conflict(
            f"{folder.name} holds a search with other settings or photos; go on with the same, or search in "
            "another folder."
        )
