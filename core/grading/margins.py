"""What trimming is worth, as a curve: a corrosion model's figures against the margin around the trim box.

Paper 3 knows trimmed and untrimmed; between them lie margins from 1.0, the box as it was drawn, to the whole
photo. One evaluation holds the model's answers to the same photos at each margin, `core.engine.work.margins`
makes it. Arrays in, figures out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from core import corrosion
from core.errors import ConfigError
from core.grading import grades
from core.records import Photo, Trim

LOW, HIGH = 1.0, 2.4
WHOLE: Final = math.inf
"""The margin of the whole photo: a box grown without end."""
STEPS: Final = (1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.4, WHOLE)

Evaluation = Mapping[str, np.ndarray]


def checked(margins: Sequence[float]) -> tuple[float, ...]:
    """The margins in order, each once, the whole photo last; `ConfigError` for one outside 1.0 to 2.4."""
    for margin in margins:
        if not (LOW <= margin <= HIGH or margin == WHOLE):
            raise ConfigError(
                f"A margin is {margin:g}; it must lie between {LOW:g}, the box as it was drawn, and {HIGH:g}."
            )
    return tuple(sorted({*margins, WHOLE}))


def name(split: str) -> str:
    """What the evaluation of a split at margins is kept as, beside that of the split itself."""
    return f"{split}-margins"


def box(photo: Photo) -> Trim | None:
    """Where the part lies in the photo with its surroundings; None where nobody has said so."""
    return photo.cut if photo.whole is not None else photo.trim


def stacked(
    photos: Sequence[Photo], wholes: Sequence[str], margins: Sequence[float], p: np.ndarray
) -> dict[str, np.ndarray]:
    """The evaluation of photos at margins, for an .npz without pickle, from `p` (margins, photos, 4).

    As `core.corrosion.evaluation` has them `name sha256 group truth`; `whole` (n,) text, sha256 of the photo
    with its surroundings, `box` (n, 4) in it, `margin` (m,), infinite for the whole photo.
    """
    told = corrosion.evaluation(photos, [{"p": row} for row in p[0]])
    told.pop("unlike")
    return told | {
        "whole": np.asarray(wholes, np.str_),
        "box": np.asarray([box(photo) for photo in photos], np.float32).reshape(-1, 4),
        "margin": np.asarray(margins, np.float32),
        "p": np.asarray(p, np.float32),
    }


def at(evaluation: Evaluation, i: int) -> dict[str, np.ndarray]:
    """The answers at the i-th margin, as `core.grading.grades` takes them."""
    return {name: evaluation[name] for name in ("name", "sha256", "group", "truth")} | {
        "p": evaluation["p"][i]
    }


def curve(evaluation: Evaluation, draws: int = 1000) -> list[dict[str, Any]]:
    """A row a margin: `margin` (None for the whole photo), what `grades.score` says, `less`.

    `less` is the mean F1 less that at the first margin with its 95 % interval over campaigns, the same
    photos drawn for both; None at the first one itself.
    """
    first, rows = at(evaluation, 0), []
    for i, margin in enumerate(evaluation["margin"].tolist()):
        here = at(evaluation, i)
        row = grades.score(here, draws=draws) | {"margin": None if margin == WHOLE else round(margin, 3)}
        less = None
        if i:
            less = list(grades.difference(here, first, draws=draws).figures["mean_f1"])
        rows.append(row | {"less": less})
    return rows


def lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The curve as text: margin, mean F1 with its interval, F1 of grade 2 and 3, within one grade."""
    told = ["margin  mean F1                F1 of 2  F1 of 3  within one"]
    for row in rows:
        margin = "whole" if row["margin"] is None else f"{row['margin']:g}"
        low, high = (row.get(f"mean_f1_{end}") for end in ("low", "high"))
        between = "" if low is None or high is None else f" ({low:.3f}–{high:.3f})"
        f1 = [row["per_grade"][g]["f1"] for g in ("2", "3")]
        two, three = ("–" if f is None else f"{f:.3f}" for f in f1)
        mean = f"{row['mean_f1']:.3f}{between}"
        told.append(f"{margin:6}  {mean:21}  {two:7}  {three:7}  {row['within_one']:.3f}")
    return told
