"""Sweeps of corrosion trainings: paper 3's networks, trimmed and untrimmed, and its table 4 made of them.

What `core.trials` asks of a domain: which trainings a choice of values is, a row for each that has ended, and
the rows for a terminal.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from core import config as settings_of
from core import published, terminal
from core.corrosion import CHOSEN, OWN, Config
from core.grading.decisions import CLASSES
from core.grading.grades import PER_GRADE
from core.records import Card

WANTED: Final = "network=cnn5,resnet18,alexnet trimmed=true,false"
_FULL: Final = ("fc1", "fc2", "dropout1", "dropout2")


def budget(config: Config) -> int:
    """How many reports a training may take: each epoch of each fold and of the last training, and the end."""
    return config.epochs * (config.folds + 1 if config.folds else 1) + 1


def read(key: str, given: Sequence[Any]) -> list[Any]:
    """The values of one axis, each of its setting's kind."""
    # Kind and range are the setting's own; whether a network can take it is for `combinations` to say.
    alone = {} if key == "network" else {"network": "cnn5" if key in _FULL else "mobilenet_v2"}
    return [getattr(settings_of.of(Config, {**alone, key: value}), key) for value in given]


def combinations(
    config: Config, chosen: Mapping[str, Sequence[Any]]
) -> Iterator[tuple[str, dict[str, Any], Config]]:
    """Name, values and config of every training, the last axis fastest."""
    for row in itertools.product(*chosen.values()):
        values = dict(zip(chosen, row, strict=True))
        whole = {**of_network(config, values.get("network", config.network)), **values}
        yield _name(values, chosen), values, settings_of.of(Config, whole)


def of_network(config: Config, network: str) -> dict[str, Any]:
    """The settings with another network: what paper 3's search chose for the one gives way to the other's.

    Settings that differ from what was chosen were meant for all networks and stay; a network that the paper
    does not have takes those of the present one. Weights at the start and frozen blocks are left out where
    a network has none.
    """
    told = settings_of.to_dict(config) | {"network": network}
    if network == config.network:
        return told
    told |= dict.fromkeys(_FULL)
    for name, value in CHOSEN[network].items():
        if name not in _FULL and told[name] == CHOSEN[config.network].get(name):
            told[name] = value
    if network in OWN:
        told |= {"init": None, "frozen": 0, "keep_norm": False}
    return told


def rows(
    ended: Sequence[tuple[Mapping[str, Any], Config, Card]],
    split: str,
    told: Sequence[Mapping[str, np.ndarray] | None],
) -> list[dict[str, Any]]:
    """What each training that has ended adds to its row: see `core.trials.table`.

    `network trimmed origin` (where the first weights came from), what `corrosion.score` says of the split,
    `validation` (the same of the folds, each photo by a model that had not learned from it), `published` (the
    paper's row of this network, of other photos; None where it has none) and `curve`.
    """
    return [
        {
            **base,
            "network": config.network,
            "trimmed": config.trimmed,
            "origin": card.preprocessing["origin"],
            **card.figures[split],
            "validation": card.figures["val"],
            "published": printed(config.network, config.trimmed),
            "curve": {name: list(values) for name, values in card.known["curves"].items()},
        }
        for base, config, card in ended
    ]


def printed(network: str, trimmed: bool) -> dict[str, Any] | None:
    """Table 4 of paper 3 for one network: precision, recall, F1 and the same `per_grade`; None if absent."""
    own = [r for r in published.CORROSION if (r.network, r.trimmed) == (network, trimmed)]
    by = {r.grade: {k: getattr(r, k) for k in PER_GRADE} for r in own}
    return {**by[None], "per_grade": {g: by[int(g)] for g in CLASSES}} if own else None


def means(row: Mapping[str, Any]) -> dict[str, float | None]:
    """Mean precision, recall and F1 over the grades of a row; a grade without a figure counts as 0."""
    each = row["per_grade"].values()
    return {k: float(np.mean([g[k] or 0.0 for g in each])) if row["n"] else None for k in PER_GRADE}


def lines(told: Mapping[str, Any]) -> list[str]:
    """A table for a terminal in the form of table 4, the best row marked, the paper's figure beside ours."""
    wide = max((len(row["name"]) for row in told["rows"]), default=4)
    heads = [
        "prec. ",
        "recall",
        "F1    ",
        *(f"F1 of {g}" for g in CLASSES),
        "off by two",
        "folds F1",
        "paper F1",
    ]
    said = ["  ".join([f"{'':2}{'trial':{wide + 3}}", *heads])]
    for row in told["rows"]:
        mark = "*" if row["trial"] == told["best"] else " "
        cells = [f"{mark} {row['trial']:2} {row['name']:{wide}}"]
        cells += [terminal.digits(v) for v in means(row).values()]
        cells += [f"{terminal.digits(row['per_grade'][g]['f1']):7}" for g in CLASSES]
        cells += [f"{terminal.digits(row['off_by_two']):10}", f"{terminal.digits(row['val_f1']):8}"]
        said.append("  ".join([*cells, f"{row['published']['f1']:.2f}" if row["published"] else "–"]))
    said += [f"  {row['name']}: starts from {row['origin']}" for row in told["rows"]]
    return said


def _name(values: Mapping[str, Any], chosen: Mapping[str, Sequence[Any]]) -> str:
    """The network and the view as they are, of the others those that are compared."""
    told = [str(values["network"])] if "network" in values else []
    for name, value in values.items():
        if name == "trimmed":
            told.append("trimmed" if value else "untrimmed")
        elif name != "network" and len(chosen[name]) > 1:
            told.append(f"{name} {value}")
    return " ".join(told) or "as it is"
