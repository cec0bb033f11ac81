"""What stored answers of a corrosion model are worth: figures with intervals, two models, doubtful labels.

Arrays in, figures out. An evaluation is what `core.corrosion.evaluation` stacked, as it lies beside a model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from core import metrics
from core.grading import decisions
from core.grading.decisions import CLASSES, N

PER_GRADE: Final = ("precision", "recall", "f1")

Evaluation = Mapping[str, np.ndarray]


def part(
    evaluation: Evaluation, *, fold: int | None = None, campaign: str | None = None
) -> dict[str, np.ndarray]:
    """The rows of one fold or of one campaign (group), or of both; all of them where neither is named."""
    kept = np.ones(len(evaluation["truth"]), bool)
    if fold is not None and "fold" in evaluation:
        kept &= np.asarray(evaluation["fold"]) == fold
    if campaign is not None:
        kept &= np.asarray(evaluation["group"]) == campaign
    return {name: values[kept] for name, values in evaluation.items()}


def relabelled(evaluation: Evaluation, grades: Mapping[str, int]) -> dict[str, np.ndarray]:
    """The same answers against the grades that people have said since, by sha256."""
    truth = np.array(evaluation["truth"])
    for i, sha in enumerate(np.asarray(evaluation["sha256"]).tolist()):
        truth[i] = grades.get(sha, truth[i])
    return {**evaluation, "truth": truth}


@dataclass(frozen=True)
class Difference:
    """How two models differ on the photos that both have answered."""

    n: int
    cells: np.ndarray
    """(4, 4) int64, the first one's confusion matrix less the second one's."""
    figures: dict[str, tuple[float, float, float]]
    """`mean_f1 accuracy off_by_two`: the first less the second, with its 95 % interval (nan: no groups)."""


def difference(one: Evaluation, other: Evaluation, *, draws: int = 1000) -> Difference:
    """The first model against the second, on the photos of known grade in both; campaigns are drawn anew.

    The same draws for both, so what they share in luck falls out.
    """
    at = {sha: i for i, sha in enumerate(np.asarray(other["sha256"]).tolist())}
    mine = [i for i, sha in enumerate(np.asarray(one["sha256"]).tolist()) if sha in at]
    pairs = np.asarray([(i, at[str(one["sha256"][i])]) for i in mine], np.int64).reshape(-1, 2)
    truth = np.asarray(one["truth"])[pairs[:, 0]].astype(np.int64)
    pairs, truth = pairs[truth >= 0], truth[truth >= 0]
    said = [decisions.decide(e["p"])[pairs[:, k]] for k, e in enumerate((one, other))]
    cells = np.stack([_cells(truth, s) for s in said], 1)  # (n, 2, 4, 4)
    total = cells.sum(0)
    whole = _gains(total[None])
    between = metrics.intervals(cells, np.asarray(one["group"])[pairs[:, 0]], _gains, draws=draws)
    found = {}
    for name, values in whole.items():
        low, high = (float(between.get(f"{name}_{end}", np.nan)) for end in ("low", "high"))
        found[name] = (float(values[0]), low, high)
    return Difference(len(truth), total[0] - total[1], found)


@dataclass(frozen=True)
class Suspect:
    """A label that the photo itself speaks against."""

    position: int
    """Where the photo stands in the evaluation."""
    truth: int
    likelier: int
    margin: float
    """P(the label) less P(the likelier grade), -1 to 0: the more below 0, the more doubtful."""


def suspects(evaluation: Evaluation) -> list[Suspect]:
    """Labels that are probably wrong, the most doubtful first (confident learning, Northcutt et al. 2021).

    `p` must come from models that had not learned from the photo, as those of a cross validation and of a
    test split do. A label is doubtful when another grade is at least as likely for this photo as it is, on
    average, for the photos that carry that grade: grades a model is shy of are not blamed on the labels.
    """
    truth, p = np.asarray(evaluation["truth"], np.int64), np.asarray(evaluation["p"], np.float64)
    usual = np.asarray([p[truth == g, g].mean() if (truth == g).any() else np.inf for g in range(N)])
    found = []
    for i in np.flatnonzero(truth >= 0).tolist():
        likely = np.where(p[i] >= usual - 1e-12, p[i], -1.0)
        best = int(likely.argmax())
        if likely[best] >= 0 and best != truth[i] and p[i, best] > p[i, truth[i]]:
            found.append(Suspect(i, int(truth[i]), best, float(p[i, truth[i]] - p[i, best])))
    return sorted(found, key=lambda s: (s.margin, s.position))


def score(
    evaluation: Mapping[str, np.ndarray],
    threshold: float | None = None,
    *,
    costs: np.ndarray | None = None,
    draws: int = 1000,
) -> dict[str, Any]:
    """The figures of a set; only photos with a known grade count.

    `accuracy mean_f1 within_one off_by_two kappa` (quadratic), each with `…_low` and `…_high`, the 95 %
    interval when whole groups are drawn again `draws` times (0: none); `per_grade`, for each grade its
    `precision recall f1`, with intervals alike, and `support`; `confusion` (4 × 4, rows truth). With a
    threshold also `sure`: how many photos reach that confidence, and how many of them are right. None where
    a figure does not exist.
    """
    known = np.asarray(evaluation["truth"]) >= 0
    truth = np.asarray(evaluation["truth"])[known].astype(np.int64)
    p = np.asarray(evaluation["p"], np.float64)[known]
    said = decisions.decide(p, costs)
    matrix = metrics.confusion(truth, said, N)
    told = metrics.scores(matrix)
    figures: dict[str, Any] = {
        "accuracy": told.accuracy,
        "mean_f1": told.mean_f1,
        "within_one": metrics.within(matrix),
        "off_by_two": 1 - metrics.within(matrix),
        "kappa": metrics.kappa(matrix),
    }
    group = np.asarray(evaluation["group"])[known]
    between = metrics.intervals(_cells(truth, said), group, _figures, draws=draws)
    figures |= {name: v for name, v in between.items() if not np.ndim(v)}
    figures["per_grade"] = {
        name: {k: getattr(told, k)[g] for k in PER_GRADE}
        | {k: v[g] for k, v in between.items() if np.ndim(v)}
        | {"support": int(told.support[g])}
        for g, name in enumerate(CLASSES)
    }
    figures |= {"confusion": matrix, "n": len(truth)}
    if threshold is not None:
        kept = p[np.arange(len(p)), said] >= threshold
        figures["sure"] = {
            "threshold": float(threshold),
            "n": int(kept.sum()),
            "share": metrics.ratio(kept.sum(), len(p)),
            "accuracy": metrics.ratio((said == truth)[kept].sum(), kept.sum()),
        }
    return metrics.plain(figures)


def _cells(truth: np.ndarray, said: np.ndarray) -> np.ndarray:
    """(n, 4, 4) int64: the confusion matrix of each photo alone."""
    return np.eye(N * N, dtype=np.int64)[truth * N + said].reshape(-1, N, N)


def _gains(matrices: np.ndarray) -> dict[str, np.ndarray]:
    """What the first of two models has more than the second, from (m, 2, 4, 4): (m,) each."""
    one, other = (_figures(matrices[:, k].astype(np.float64)) for k in (0, 1))
    return {name: one[name] - other[name] for name in ("mean_f1", "accuracy", "off_by_two")}


def _figures(matrices: np.ndarray) -> dict[str, np.ndarray]:
    """The same figures as those of `metrics`, for (m, 4, 4) confusion matrices at once: (m,) or (m, 4)."""
    total = matrices.sum((1, 2))
    hits = np.diagonal(matrices, axis1=1, axis2=2)
    true, called = matrices.sum(2), matrices.sum(1)
    apart = np.abs(np.subtract.outer(np.arange(N), np.arange(N)))
    near = metrics.ratio((matrices * (apart <= 1)).sum((1, 2)), total)
    by_chance = true[:, :, None] * called[:, None, :] / np.maximum(total, 1)[:, None, None]
    far = apart**2
    f1 = metrics.ratio(2 * hits, true + called)
    return {
        "accuracy": metrics.ratio(hits.sum(1), total),
        "mean_f1": metrics.ratio(np.nansum(f1, axis=1), (~np.isnan(f1)).sum(1)),
        "within_one": near,
        "off_by_two": 1 - near,
        "kappa": 1 - metrics.ratio((far * matrices).sum((1, 2)), (far * by_chance).sum((1, 2))),
        "precision": metrics.ratio(hits, called),
        "recall": metrics.ratio(hits, true),
        "f1": f1,
    }
