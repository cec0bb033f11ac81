"""Sweeps: trainings that differ in a few settings, at equal budget and with the same chances, in one run.

Paper 2 compares five losses at several weights, with two kernels and two depths; here the choices are `axes`,
each combination of them is a trial, and a run's folder holds a folder for each. What is read here is what
`core.engine.trials` leaves: a finished trial's folder is that of a model, and can be filed as one.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from core import cards, fine, losses, metrics, published, sweep
from core import config as settings_of
from core.crack import Config
from core.errors import ConfigError, NotFound
from core.records import Card

PLAN: Final = "sweep.json"
"""The trials of a run's folder, written when it begins."""
PUBLISHED: Final = "published"
"""In place of weights: those that each loss was published with."""
MOST: Final = 200
"""ours: more trials than that are a slip of the hand, not a comparison."""

Axes = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class Trial:
    """One training of a sweep."""

    number: int
    """Counts from 1."""
    name: str
    """What sets it apart: "relu 0.97 kernel 5"."""
    values: Mapping[str, Any]
    """The settings that set it apart, without the weight where the loss has none."""
    config: Config

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
    return {name: list(values) for name, values in _read(told).items()}


def plan(config: Any, told: Axes) -> tuple[Trial, ...]:
    """Every combination of the axes over a config, loss by loss, the last axis fastest.

    Weights are not multiplied for a loss in which they play no part; `weight=published` takes those that each
    loss was published with. `ConfigError` for a combination that cannot be, with the reason, before anything
    is trained; for no axis, an unknown one or one that names a value twice, and for more than `MOST` trials.
    """
    if not isinstance(config, Config):
        raise ConfigError("Only crack trainings can be swept (paper 2); leave --sweep out.")
    chosen = _read(told)
    if not chosen:
        raise ConfigError("A sweep needs values to compare, for example loss=mse,relu weight=0.5,0.97.")
    found: list[Trial] = []
    for loss in chosen.get("loss", (config.loss,)):
        own = {"loss": (loss,)} | {name: values for name, values in chosen.items() if name != "loss"}
        if not losses.weighs(loss):
            own.pop("weight", None)
        elif own.get("weight") == (PUBLISHED,):
            own["weight"] = losses.tried(loss)
        for row in itertools.product(*own.values()):
            values = dict(zip(own, row, strict=True))
            # Where the weight plays no part it is 0, so that no loss is refused for it.
            own_weight = {} if losses.weighs(loss) else {"weight": 0.0}
            whole = settings_of.of(Config, {**settings_of.to_dict(config), **values, **own_weight})
            found.append(Trial(len(found) + 1, _name(values, chosen), values, whole))
    if len(found) > MOST:
        raise ConfigError(f"These are {len(found)} trainings; a sweep takes {MOST} at most. Choose fewer.")
    return tuple(found)


def to_json(trials: Sequence[Trial]) -> bytes:
    """What `PLAN` holds of these trials."""
    told = [
        {"number": t.number, "name": t.name, "values": dict(t.values)}
        | {"config": settings_of.to_dict(t.config)}
        for t in trials
    ]
    return json.dumps({"trials": told}, ensure_ascii=False, indent=1).encode()


def of_folder(folder: Path) -> tuple[Trial, ...]:
    """The trials of a run; () where it is no sweep."""
    path = folder / PLAN
    if not path.is_file():
        return ()
    told = json.loads(path.read_text(encoding="utf-8"))["trials"]
    return tuple(Trial(**one | {"config": settings_of.of(Config, one["config"])}) for one in told)


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
    `rows`, one for each that has ended: `trial name loss weight values val_f1`, what `crack.score` says of
    the split at the threshold from validation, `published` (the paper's rows of this loss and weight, ours
    at the same threshold beside), `at_equal_precision`, `curve` and `seconds`, which alone differs from run
    to run.
    """
    trials = of_folder(folder)
    ended = [(trial, found) for trial in trials if (found := card(folder, trial)) is not None]
    split = "test" if any("test" in found.figures for _, found in ended) else "val"
    told = {trial.number: cards.evaluation(folder / trial.folder, split) for trial, _ in ended}
    rows = [_row(trial, found, split, told[trial.number]) for trial, found in ended]
    for row in rows:
        row["at_equal_precision"] = _against_mse(row, rows, told[row["trial"]])
    best = max(rows, key=lambda row: row["val_f1"] or 0.0, default=None)
    return {
        "trials": len(trials),
        "done": len(rows),
        "split": split,
        "best": None if best is None else best["trial"],
        "rows": rows,
    }


def _row(trial: Trial, found: Card, split: str, told: Mapping[str, np.ndarray] | None) -> dict[str, Any]:
    loss, weight = trial.config.loss, trial.config.weight
    beside = []
    for row in published.CRACK:
        if told is not None and row.loss == loss and row.weight in (None, weight):
            ours = sweep.query(np.asarray(told["histogram"]).sum(0), row.threshold)
            own = {"table": row.table, "threshold": row.threshold}
            beside.append(own | {"published": _four(row), "ours": _four(ours)})
    return {
        "trial": trial.number,
        "name": trial.name,
        "loss": loss,
        "weight": weight if losses.weighs(loss) else None,
        "values": dict(trial.values),
        "val_f1": found.figures["val"]["f1"],
        **found.figures[split],
        "published": beside,
        "curve": {name: list(found.known["curves"][name]) for name in ("step", "loss", "val_f1")},
        "seconds": found.seconds,
    }


def _against_mse(
    row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], told: Mapping[str, np.ndarray] | None
) -> dict[str, Any] | None:
    """A row where it is as precise as `mse` with the same other settings; None where there is no such place.

    `precision` (of mse at its threshold), the row's `threshold` there, its `recall` and `by_width`, and
    under `mse` these two of mse.
    """
    plain = next((r for r in rows if r["loss"] == "mse" and _others(r) == _others(row)), None)
    if plain is None or told is None or plain["precision"] is None:
        return None
    cut = fine.at_precision(told, plain["precision"])
    if cut is None:
        return None
    here = {"recall": sweep.query(np.asarray(told["histogram"]).sum(0), cut).recall}
    here |= {"by_width": fine.score(told, cut).get("by_width", [])}
    theirs = {name: plain.get(name) for name in here}
    compared: dict[str, Any] = metrics.plain(
        {"precision": plain["precision"], "threshold": cut, **here, "mse": theirs}
    )
    return compared


def lines(told: Mapping[str, Any]) -> list[str]:
    """A `table` for a terminal, the best row marked; at the end, the paper's rows beside ours."""
    wide = max((len(row["name"]) for row in told["rows"]), default=4)
    heads = [f"{'':2}{'trial':{wide + 3}}", "val F1", "cut  ", "prec. ", "recall", "accur.", "F1    "]
    shown = told["rows"][0].get("by_width", []) if told["rows"] else []
    said = ["  ".join([*heads, *(fine.words(w) for w in shown)])]
    for row in told["rows"]:
        mark = "*" if row["trial"] == told["best"] else " "
        cells = [f"{mark} {row['trial']:2} {row['name']:{wide}}", _digits(row["val_f1"])]
        cells += [f"{row['threshold']:.3f}", *(_digits(row[k]) for k in ("precision", "recall"))]
        cells += [_digits(row["accuracy"]), _digits(row["f1"])]
        cells += [f"{_digits(w['recall']):{len(fine.words(w))}}" for w in row.get("by_width", [])]
        said.append("  ".join(cells))
    beside = [(row, one) for row in told["rows"] for one in row["published"]]
    if beside:
        said.append("beside the paper's, of other photos, at its thresholds (precision recall accuracy F1):")
    for row, one in beside:
        four = [" ".join(_digits(one[who][k]) for k in FOUR) for who in ("ours", "published")]
        said.append(f"  {row['name']:{wide}}  {one['threshold']:.2f}  ours {four[0]}  paper {four[1]}")
    return said


def _digits(value: float | None) -> str:
    return "–     " if value is None else f"{value:.4f}"


FOUR: Final = ("precision", "recall", "accuracy", "f1")
"""The figures of the paper's tables."""


def _others(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in row["values"].items() if k not in ("loss", "weight")}


def _four(found: Any) -> dict[str, Any]:
    told: dict[str, Any] = metrics.plain({name: getattr(found, name) for name in FOUR})
    return told


def _read(told: Axes) -> dict[str, tuple[Any, ...]]:
    """The values of each axis as its setting's kind; `weight` may be `PUBLISHED` alone."""
    found: dict[str, tuple[Any, ...]] = {}
    for key, values in told.items():
        given = [v.strip() if isinstance(v, str) else v for v in values]
        if not given or "" in given:
            raise ConfigError(f"{key} has no values; write them as {key}=a,b.")
        if key == "weight" and given == [PUBLISHED]:
            found[key] = (PUBLISHED,)
            continue
        # Kind and range are the setting's own; whether a loss can take a weight is for `plan` to say.
        alone = {"loss": "relu"} if key == "weight" else {"weight": 0.0} if key == "loss" else {}
        read = [getattr(settings_of.of(Config, {**alone, key: value}), key) for value in given]
        if len(set(read)) < len(read):
            raise ConfigError(f"{key} names a value twice; leave one out.")
        found[key] = tuple(read)
    return found


def _name(values: Mapping[str, Any], chosen: Axes) -> str:
    """Loss and weight as they are, of the others those that are compared."""
    told = [str(values["loss"])]
    for name, value in values.items():
        if name == "weight":
            told.append(f"{value:g}")
        elif name != "loss" and len(chosen[name]) > 1:
            told.append(f"{name} {value}")
    return " ".join(told)
