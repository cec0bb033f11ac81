"""The head of method `head` in closed form: few labels, and what is known of rails before any is given.

The answer to a photo is the mean of a Gaussian process whose prior mean is the photo's oddness, on a scale
from -1 (sound) to 1 (a defect). `core/engine/heads.py` describes photos and files the head as a network's
last layer; `core/few_labels/luck.py` asks the same head about other start sets.
"""

from __future__ import annotations

import numpy as np

PRIOR = 0.3
"""ours: the answer moves by so much, on a scale from -1 to 1, for one standard deviation of oddness."""

NOISE = 3.0
"""ours: variance of a label about the answer, beside a prior variance of 1. Both were chosen on halves of the
pool by place, with 3, 13, 21 and 61 labels; `tests/bench/rail.md` has the figures."""

SLOPE = 4.0
"""ours: the logit of defect for an answer of 1. Of 2, 4, 6, 8 and 12 it had the least log loss on held-out
places, both classes weighing the same, with 3, 13, 21 and 61 labels alike."""


def scale_of(found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(3 d + 1,) float32 mean and factor of descriptions (n, 3 d + 1) as they were made; then
    `(found - mean) * factor` is what the head sees.

    Each number has deviation 1, and all but the last one, the oddness, together have length 1 on average.
    """
    mean, spread = found.mean(0, dtype=np.float64), found.std(0, dtype=np.float64)
    factor = 1 / np.where(spread > 1e-6, spread, 1.0)
    factor[:-1] /= (found.shape[1] - 1) ** 0.5
    return mean.astype(np.float32), factor.astype(np.float32)


def weights_of(
    known: np.ndarray, is_defect: np.ndarray, trust: np.ndarray | None = None
) -> tuple[np.ndarray, float]:
    """Weights (3 d + 1,) and bias of the answer, from descriptions (n, 3 d + 1) and labels (n,) bool.

    The kernel is linear, with a free bias; the last number of a description is its oddness. Targets are 1 and
    -1 with noise. Both classes weigh the same, whatever their numbers; a photo counts by `trust` (n,).
    Without photos it is the prior.
    """
    phi, odd = np.asarray(known[:, :-1], np.float64), np.asarray(known[:, -1], np.float64)
    pull = _pull(phi @ phi.T + 1.0, odd, is_defect, trust)
    return np.append(phi.T @ pull, PRIOR), float(pull.sum())


def answers(
    kernel: np.ndarray,
    odd: np.ndarray,
    learned: np.ndarray,
    is_defect: np.ndarray,
    trust: np.ndarray | None = None,
) -> np.ndarray:
    """(n,) the same answers without the weights: to all photos at once, from a start among them.

    `kernel` (n, n) are the products of their descriptions but for the oddness `odd` (n,), plus 1; `learned`
    (m,) positions, `is_defect` and `trust` (m,) as above. Made once, it serves any number of start sets.
    """
    pull = _pull(kernel[np.ix_(learned, learned)], odd[learned], is_defect, trust)
    found: np.ndarray = kernel[:, learned] @ pull + PRIOR * odd
    return found


def _pull(inner: np.ndarray, odd: np.ndarray, is_defect: np.ndarray, trust: np.ndarray | None) -> np.ndarray:
    told = np.asarray(is_defect, bool)
    n = len(told)
    counts = np.where(told, max(1, told.sum()), max(1, (~told).sum()))
    weight = n / (2 * counts) * (1.0 if trust is None else np.asarray(trust, np.float64))
    found: np.ndarray = np.linalg.solve(
        inner + np.diag(NOISE / np.maximum(weight, 1e-6)), np.where(told, 1.0, -1.0) - PRIOR * odd
    )
    return found
