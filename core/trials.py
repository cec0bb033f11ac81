"""Sweeps: trainings that differ in a few settings, at equal budget and with the same chances, in one run.

Paper 2 compares five losses at several weights, paper 3 three networks on trimmed and whole photos; here the
choices are `axes`, each combination of them is a trial, and a run's folder holds a folder for each. What is
read here is what `core.engine.trials` leaves: a finished trial's folder is that of a model, and can be filed
as one. Which combinations make sense, and what a row of the table says, is the domain's: `core.loss_trials`
and `core.grade_trials`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core import cards, corrosion, crack, grade_trials, loss_trials
from core import config as settings_of
from core.errors import ConfigError, NotFound
from core.records import Card

PLAN: Final = "sweep.json"
"""The trials of a run's folder, written when it begins."""
MOST: Final = 200
"""ours: more trials than that are a slip of the hand, not a comparison."""

Axes = Mapping[str, Sequence[Any]]

KINDS: Final[Mapping[str, tuple[Any, Any]]] = {
    "crack": (crack.Config, loss_trials),
    "corrosion": (corrosion.Config, grade_trials),
}
"""What can be swept: the domain's settings, and what it says of its combinations and rows."""


@dataclass(frozen=True)
class Trial:
    """One training of a sweep."""

    number: int
    """Counts from 1."""
    name: str
    """What sets it apart: "relu 0.97 kernel 5"."""
    values: Mapping[str, Any]
    """The settings that set it apart, without those that play no part in it."""
    config: Any

    @property
    def folder(self) -> str:
        """Its place in the run's folder."""
        return f"trial-{self.number:02d}"


def axes(words: Sequence[str]) -> dict[str, list[str]]:
    """`["loss=mse,relu", "weight=0.5,0.97"]` as words by setting, for `refined` to read."""
    return {key: text.split(",") for key, text in settings_of.words(words).items()}


def refined(config: Any, told: Axes) -> dict[str, list[Any]]:
    """The axes as a run keeps them, each value of its setting's kind, once all their trials can be.

    `ConfigError` as in `plan`, so nothing has been written when it is refused.
    """
    plan(config, told)
    return {name: list(values) for name, values in _read(kind(config), told).items()}


def plan(config: Any, told: Axes) -> tuple[Trial, ...]:
    """Every combination of the axes over a config, in the order of the domain.

    `ConfigError` for a combination that cannot be, with the reason, before anything is trained; for no axis,
    an unknown one or one that names a value twice, and for more than `MOST` trials.
    """
    own = kind(config)
    chosen = _read(own, told)
    if not chosen:
        raise ConfigError(f"A sweep needs values to compare, for example {own.WANTED}.")
    found = [Trial(n, *one) for n, one in enumerate(own.combinations(config, chosen), 1)]
    if len(found) > MOST:
        raise ConfigError(f"These are {len(found)} trainings; a sweep takes {MOST} at most. Choose fewer.")
    return tuple(found)


def kind(config: Any) -> Any:
    """The module that knows how to sweep this config; `ConfigError` where nothing can be swept."""
    for of, room in KINDS.values():
        if isinstance(config, of):
            return room
    raise ConfigError(f"Only {' and '.join(KINDS)} trainings can be swept; leave --sweep out.")


def budget(trial: Trial) -> int:
    """How many reports a trial may take."""
    return int(kind(trial.config).budget(trial.config))


def to_json(trials: Sequence[Trial]) -> bytes:
    """What `PLAN` holds of these trials."""
    told = [
        {"number": t.number, "name": t.name, "values": dict(t.values)}
        | {"config": settings_of.to_dict(t.config)}
        for t in trials
    ]
    domain = next((d for d, (of, _) in KINDS.items() if trials and isinstance(trials[0].config, of)), "")
    return json.dumps({"domain": domain, "trials": told}, ensure_ascii=False, indent=1).encode()


def of_folder(folder: Path) -> tuple[Trial, ...]:
    """The trials of a run; () where it is no sweep."""
    path = folder / PLAN
    if not path.is_file():
        return ()
    told = json.loads(path.read_text(encoding="utf-8"))
    of, _ = KINDS[told["domain"]]
    return tuple(Trial(**one | {"config": settings_of.of(of, one["config"])}) for one in told["trials"])


def known(runs: Path) -> list[Path]:
    """The folders of all sweeps that have begun, the newest first, whoever began them."""
    found = [path.parent for path in runs.glob(f"*/{PLAN}")]
    return sorted(found, key=lambda folder: ((folder / PLAN).stat().st_mtime, folder.name), reverse=True)


def domain(folder: Path) -> str:
    """Of which domain the sweep in a run's folder is; "" where it is none."""
    path = folder / PLAN
    return str(json.loads(path.read_text(encoding="utf-8"))["domain"]) if path.is_file() else ""


def stamp(folder: Path) -> int:
    """A text that changes whenever another trial of a sweep has ended, for the key of a cache."""
    return max((p.stat().st_mtime_ns for p in folder.glob(f"trial-*/{cards.CARD}")), default=0)


def card(folder: Path, trial: Trial) -> Card | None:
    """The card of a trial in a run's folder; None before it has ended."""
    place = folder / trial.folder
    return cards.of_folder(place) if (place / cards.CARD).is_file() else None


def model(folder: Path, number: int) -> tuple[Card, Path]:
    """Card and folder of one finished trial, to file it as a model; `NotFound` when there is none."""
    for trial in of_folder(folder):
        found = card(folder, trial) if trial.number == number else None
        if found is not None:
            return found, folder / trial.folder
    raise NotFound(f"Trial {number} of {folder.name} does not exist or has not ended yet.")


def table(folder: Path) -> dict[str, Any]:
    """The sweep of a run's folder so far, as JSON takes it; the same after any number of deaths.

    `trials` how many, `done` of them, `best` the number of the one with the best F1 on validation photos
    (None before one has ended), `split` the test photos, or the validation photos of a set without, and
    `rows`, one for each that has ended: `trial name values val_f1 seconds` (which alone differs from run to
    run), and what its domain adds.
    """
    trials = of_folder(folder)
    ended = [(trial, found) for trial in trials if (found := card(folder, trial)) is not None]
    split = "test" if any("test" in found.figures for _, found in ended) else "val"
    told = [cards.evaluation(folder / trial.folder, split) for trial, _ in ended]
    rows: list[dict[str, Any]] = []
    if ended:
        rows = kind(trials[0].config).rows([_begun(*one) for one in ended], split, told)
    best = max(rows, key=lambda row: row["val_f1"] or 0.0, default=None)
    return {
        "trials": len(trials),
        "done": len(rows),
        "split": split,
        "best": None if best is None else best["trial"],
        "rows": rows,
    }


def lines(told: Mapping[str, Any]) -> list[str]:
    """A `table` for a terminal, the best row marked."""
    room = loss_trials if told["rows"] and "loss" in told["rows"][0] else grade_trials
    found: list[str] = room.lines(told)
    return found


def _begun(trial: Trial, found: Card) -> tuple[dict[str, Any], Any, Card]:
    """What every row says, with what its domain needs to say more."""
    val = found.figures["val"]
    row = {
        "trial": trial.number,
        "name": trial.name,
        "values": dict(trial.values),
        "val_f1": val.get("f1", val.get("mean_f1")),
        "seconds": found.seconds,
    }
    return row, trial.config, found


def _read(room: Any, told: Axes) -> dict[str, tuple[Any, ...]]:
    """The values of each axis as its setting's kind."""
    found: dict[str, tuple[Any, ...]] = {}
    for key, values in told.items():
        given = [v.strip() if isinstance(v, str) else v for v in values]
        if not given or "" in given:
            raise ConfigError(f"{key} has no values; write them as {key}=a,b.")
        read = room.read(key, given)
        if len(set(read)) < len(read):
            raise ConfigError(f"{key} names a value twice; leave one out.")
        found[key] = tuple(read)
    return found
