"""Sweeps of crack trainings: paper 2's losses at several weights, and the table it makes of them.

What `core.trials` asks of a domain: which trainings a choice of values is, a row for each that has ended, and
the rows for a terminal.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from core import config as settings_of
from core import losses, metrics, published, sweep, terminal
from core.crack import Config
from core.measuring import fine
from core.records import Card

PUBLISHED: Final = "published"
"""In place of weights: those that each loss was published with."""
WANTED: Final = "loss=mse,relu weight=0.5,0.97"


def budget(config: Config) -> int:
    """How many steps a training reports."""
    return config.steps


def read(key: str, given: Sequence[Any]) -> list[Any]:
    """The values of one axis, each of its setting's kind; `weight` may be `PUBLISHED` alone."""
    if key == "weight" and list(given) == [PUBLISHED]:
        return [PUBLISHED]
    # Kind and range are the setting's own; whether a loss can take a weight is for `combinations` to say.
    alone = {"loss": "relu"} if key == "weight" else {"weight": 0.0} if key == "loss" else {}
    return [getattr(settings_of.of(Config, {**alone, key: value}), key) for value in given]


def combinations(
    config: Config, chosen: Mapping[str, Sequence[Any]]
) -> Iterator[tuple[str, dict[str, Any], Config]]:
    """Name, values and config of every training, loss by loss, the last axis fastest.

    Weights are not multiplied for a loss in which they play no part; `weight=published` takes those that each
    loss was published with.
    """
    for loss in chosen.get("loss", (config.loss,)):
        own = {"loss": (loss,)} | {name: tuple(v) for name, v in chosen.items() if name != "loss"}
        if not losses.weighs(loss):
            own.pop("weight", None)
        elif own.get("weight") == (PUBLISHED,):
            own["weight"] = losses.tried(loss)
        for row in itertools.product(*own.values()):
            values = dict(zip(own, row, strict=True))
            # Where the weight plays no part it is 0, so that no loss is refused for it.
            own_weight = {} if losses.weighs(loss) else {"weight": 0.0}
            whole = settings_of.of(Config, {**settings_of.to_dict(config), **values, **own_weight})
            yield _name(values, chosen), values, whole


def rows(
    ended: Sequence[tuple[Mapping[str, Any], Config, Card]],
    split: str,
    told: Sequence[Mapping[str, np.ndarray] | None],
) -> list[dict[str, Any]]:
    """What each training that has ended adds to its row: see `core.trials.table`; `told` is what each said.

    `loss weight`, what `crack.score` says of the split at the threshold from validation, `published` (the
    paper's rows of this loss and weight, ours at the same threshold beside), `at_equal_precision`, `curve`.
    """
    found = [
        {**base, **_row(config, card, split, one)}
        for (base, config, card), one in zip(ended, told, strict=True)
    ]
    for row, one in zip(found, told, strict=True):
        row["at_equal_precision"] = _against_mse(row, found, one)
    return found


def _row(config: Config, found: Card, split: str, told: Mapping[str, np.ndarray] | None) -> dict[str, Any]:
    loss, weight = config.loss, config.weight
    beside = []
    for row in published.CRACK:
        if told is not None and row.loss == loss and row.weight in (None, weight):
            ours = sweep.query(np.asarray(told["histogram"]).sum(0), row.threshold)
            own = {"table": row.table, "threshold": row.threshold}
            finer = fine.score(told, row.threshold).get("by_width", [])
            beside.append(
                own | {"published": _four(row), "ours": _four(ours), "by_width": metrics.plain(finer)}
            )
    return {
        "loss": loss,
        "weight": weight if losses.weighs(loss) else None,
        "val_f1": found.figures["val"]["f1"],
        **found.figures[split],
        "published": beside,
        "curve": {name: list(found.known["curves"][name]) for name in ("step", "loss", "val_f1")},
    }


def _against_mse(
    row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], told: Mapping[str, np.ndarray] | None
) -> dict[str, Any] | None:
    """A row at the threshold where it is as precise as `mse` with the same other settings; None without one.

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
    """A table for a terminal, the best row marked; at the end, the paper's rows beside ours."""
    wide = max((len(row["name"]) for row in told["rows"]), default=4)
    heads = [f"{'':2}{'trial':{wide + 3}}", "val F1", "cut  ", "prec. ", "recall", "accur.", "F1    "]
    shown = told["rows"][0].get("by_width", []) if told["rows"] else []
    said = ["  ".join([*heads, *(fine.words(w) for w in shown)])]
    for row in told["rows"]:
        mark = "*" if row["trial"] == told["best"] else " "
        cells = [f"{mark} {row['trial']:2} {row['name']:{wide}}", terminal.digits(row["val_f1"])]
        cells += [f"{row['threshold']:.3f}", *(terminal.digits(row[k]) for k in ("precision", "recall"))]
        cells += [terminal.digits(row["accuracy"]), terminal.digits(row["f1"])]
        cells += [f"{terminal.digits(w['recall']):{len(fine.words(w))}}" for w in row.get("by_width", [])]
        said.append("  ".join(cells))
    beside = [(row, one) for row in told["rows"] for one in row["published"]]
    if beside:
        said.append("beside the paper's, of other photos, at its thresholds (precision recall accuracy F1):")
    for row, one in beside:
        four = [" ".join(terminal.digits(one[who][k]) for k in FOUR) for who in ("ours", "published")]
        said.append(f"  {row['name']:{wide}}  {one['threshold']:.2f}  ours {four[0]}  paper {four[1]}")
    return said


FOUR: Final = ("precision", "recall", "accuracy", "f1")
"""The figures of the paper's tables."""


def _others(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in row["values"].items() if k not in ("loss", "weight")}


def _four(found: Any) -> dict[str, Any]:
    told: dict[str, Any] = metrics.plain({name: getattr(found, name) for name in FOUR})
    return told


def _name(values: Mapping[str, Any], chosen: Mapping[str, Sequence[Any]]) -> str:
    """Loss and weight as they are, of the others those that are compared."""
    told = [str(values["loss"])]
    for name, value in values.items():
        if name == "weight":
            told.append(f"{value:g}")
        elif name != "loss" and len(chosen[name]) > 1:
            told.append(f"{name} {value}")
    return " ".join(told)
