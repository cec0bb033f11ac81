"""A crack model's figures on DeepCrack's test photos with and without those that leak from its train part.

    python -m tests.bench.leaks --data photos/crack/deepcrack --model models_store/crack/deepcrack-2

Read from the counts filed with the model, at its own threshold: nothing is judged again. `leak` in the set's
table says `overlap` where a test photo shows what a training photo shows, `same_source` where both only come
from one source.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np

from core import cards, crack


def main() -> None:
    """Print a line a choice of photos: how many, F1 with its interval, precision, recall."""
    words = argparse.ArgumentParser()
    words.add_argument("--data", type=Path, required=True)
    words.add_argument("--model", type=Path, required=True)
    told = words.parse_args()
    card, kept = cards.of_folder(told.model), cards.evaluation(told.model, "test")
    if kept is None:
        words.error(f"{told.model} has no figures of test photos; train it with a set that has some")
    with (told.data / "labels.csv").open(newline="") as table:
        leak = {Path(row["file"]).name: row["leak"] for row in csv.DictReader(table)}
    kinds = np.asarray([leak[Path(name).name] for name in kept["name"]])
    for what, chosen in (
        ("all", np.full(len(kinds), True)),
        ("without overlaps", kinds != "overlap"),
        ("without any leak", kinds == ""),
    ):
        found = crack.score({k: v[chosen] for k, v in kept.items()}, card.threshold)
        between = f"{found['f1_low']:.3f} to {found['f1_high']:.3f}"
        shares = [f"{name} {found[name]:.3f}" for name in ("precision", "recall")]
        print(
            f"{what}: {chosen.sum()} photos, F1 {found['f1']:.3f} ({between}), {', '.join(shares)}",
            flush=True,
        )


if __name__ == "__main__":
    main()
