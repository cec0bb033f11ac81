"""What a moved slider costs the server: stored answers counted anew, without a model.

    python -m tests.bench.live

Medians in milliseconds of what the laboratories do at each move: the what-if of 600 pseudo-labels, the
figures of 639 rail photos, costs over 5,000 grades (the counts alone, and all that a typed cell asks of the
server: both counts and the matrix as the browser gets it), one threshold over 237 crack maps.
"""

from __future__ import annotations

import json

import numpy as np

from core import corrosion, rail, sweep
from core.few_labels import selection
from core.grading import decisions
from pages.parts import confusion_figures
from tests.bench.clock import ms


def main() -> None:
    """Measure and print."""
    rng = np.random.default_rng(0)
    p = rng.random(600)
    truth = (rng.random(600) < 0.25).astype(np.int8)
    rails = {
        "truth": np.resize([1, 0, 0, 0], 639),
        "p": np.column_stack([1 - p[:1].repeat(639), rng.random(639)]),
        "group": np.asarray([f"g{i % 74}" for i in range(639)]),
    }
    grades = rng.dirichlet(np.ones(4), 5000)
    known = rng.integers(0, 4, 5000).astype(np.int8)
    costs = decisions.costs_of(2, True)
    evaluation = {"truth": known, "p": grades, "group": np.asarray([f"g{i % 100}" for i in range(5000)])}
    pooled = rng.integers(0, 1000, (237, 256, 2)).sum(0)
    told = {
        "what_if_600_ms": ms(
            lambda: selection.what_if(p, 0.5, 0.3, group_size=24, given=p > 0.5, truth=truth)
        ),
        "rail_figures_639_ms": ms(lambda: rail.score(rails, 0.3, draws=0)),
        "costs_5000_ms": ms(lambda: decisions.decided(grades, known, costs, 0.5)),
        "costs_cell_5000_ms": ms(lambda: typed(grades, known, costs)),
        "corrosion_figures_5000_with_intervals_ms": ms(
            lambda: corrosion.score(evaluation, 0.5, costs=costs), 5
        ),
        "crack_threshold_237_ms": ms(lambda: sweep.query(pooled, 0.42)),
    }
    print(json.dumps(told))


def typed(p: np.ndarray, truth: np.ndarray, costs: np.ndarray) -> str:
    """One cell of the table of costs was typed over: what the page counts and draws then."""
    decisions.checked_costs(costs)
    decisions.decided(p, truth, np.asarray(decisions.EQUAL_COSTS), 0.5)
    now = decisions.decided(p, truth, costs, 0.5)
    return str(confusion_figures.confusion(now.confusion, decisions.CLASSES).to_json())


if __name__ == "__main__":
    main()
