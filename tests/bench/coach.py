"""How well a trim box can be proposed: overlap with the set's boxes, on folds by campaign.

    python -m tests.bench.coach --data photos/corrosion

Every proposal is fitted on four folds and measured on the fifth, with the shipped model on whole photos. Test
photos are only used in the end, to see what a second look in the proposed box is worth.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core import cards, datasets
from core import photos as files
from core.engine import corrosion, loaders, looking, loop
from core.grading import coach, margins
from core.settings import ROOT

Fit = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Positions to learn from and positions to propose for, in; boxes (n, 4), out."""


def iou(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(n,) overlap of boxes (n, 4): what both cover as a share of what either covers."""
    low, high = np.maximum(one[:, :2], other[:, :2]), np.minimum(one[:, 2:], other[:, 2:])
    both = np.clip(high - low, 0, None).prod(1)
    return both / ((one[:, 2:] - one[:, :2]).prod(1) + (other[:, 2:] - other[:, :2]).prod(1) - both)


def seen(model: corrosion.Model, pictures: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Where the model looked (n, h, w) uint8, and its last feature map pooled to 3 x 3 (n, 9 c)."""
    told, looks, features = model.card.preprocessing, [], []
    for chunk in loaders.stacks(iter(pictures), int(told["size"])):
        maps: list = []
        with looking.watching(model.net, maps):
            logits, _ = corrosion.look(model.net, model.machine, [chunk], told["mean"], told["std"])
        looks.append(looking.looked(model.net, maps[0], logits.argmax(1)))
        side = maps[0].shape[-1] // 3
        pooled = np.asarray(maps[0].cpu())[..., : 3 * side, : 3 * side]
        n, c = pooled.shape[:2]
        features.append(pooled.reshape(n, c, 3, side, 3, side).mean((3, 5)).reshape(n, -1))
    return np.concatenate(looks), np.concatenate(features)


def middle(share: float) -> np.ndarray:
    """The box of this share of the sides in the middle of a photo."""
    return np.asarray([0.5 - share / 2, 0.5 - share / 2, 0.5 + share / 2, 0.5 + share / 2])


def window(looked: np.ndarray, share: float) -> np.ndarray:
    """The box of this share of the sides that holds most of what was looked at."""
    fine = np.kron(looked.astype(np.float64), np.ones((4, 4)))
    side = round(share * len(fine))
    total = np.pad(fine.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    held = total[side:, side:] - total[:-side, side:] - total[side:, :-side] + total[:-side, :-side]
    y, x = np.unravel_index(held.argmax(), held.shape)
    return np.asarray([x, y, x + side, y + side]) / len(fine)


def ridge(x: np.ndarray, boxes: np.ndarray, much: float) -> Fit:
    """Boxes by ridge regression from features, which are standardised first."""

    def fit(known: np.ndarray, asked: np.ndarray) -> np.ndarray:
        mean, spread = x[known].mean(0), x[known].std(0) + 1e-6
        a, b = ((x[i] - mean) / spread / np.sqrt(x.shape[1]) for i in (known, asked))
        base = boxes[known].mean(0)
        pull = np.linalg.solve(a @ a.T + much * np.eye(len(known)), boxes[known] - base)
        return np.clip(b @ (a.T @ pull) + base, 0, 1)

    return fit


def second_look(model: corrosion.Model, pictures: list[np.ndarray], truth: np.ndarray) -> str:
    """What the coach's box says beside all of each photo: how often both agree, and who is right then."""
    whole = list(corrosion.predict(model, iter(pictures)))
    boxes = (coach.proposed(answer["looked"]) for answer in whole)
    parts = (files.trim(p, box) for p, box in zip(pictures, boxes, strict=True))
    inside = [answer["p"].argmax() for answer in corrosion.predict(model, parts)]
    said = np.asarray([answer["p"].argmax() for answer in whole])
    agree = said == np.asarray(inside)
    return (
        f"agree on {agree.mean():.2f}, right then {(said == truth)[agree].mean():.2f}; else right: "
        f"all of the photo {(said == truth)[~agree].mean():.2f}, the box "
        f"{(np.asarray(inside) == truth)[~agree].mean():.2f}"
    )


def main() -> None:
    """Print a line a proposal: its name, mean IoU, and that of each fold; then the second look on test."""
    words = argparse.ArgumentParser()
    words.add_argument("--data", type=Path, required=True)
    words.add_argument("--model", type=Path, default=ROOT / "models_store" / "corrosion" / "starter-1")
    told = words.parse_args()
    loop.use_threads()
    card = cards.of_folder(told.model)
    model = corrosion.load(card, told.model)
    photos = [p for p in datasets.read(told.data, "corrosion").part("train") if margins.box(p)]
    looked, features = seen(model, [files.open(p.whole or p.path)[0] for p in photos])
    boxes = np.asarray([margins.box(p) for p in photos], np.float64)
    fold = np.asarray([p.fold for p in photos])
    proposals: dict[str, Fit] = {
        "the coach": lambda _, asked: np.asarray([coach.proposed(looked[i]) for i in asked]),
        "the middle, 0.6 of the sides": lambda _, asked: np.repeat(middle(0.6)[None], len(asked), 0),
        "the mean box": lambda known, asked: np.repeat(boxes[known].mean(0)[None], len(asked), 0),
        "most looked at, 0.6 of the sides": lambda _, asked: np.asarray(
            [window(looked[i], 0.6) for i in asked]
        ),
        "ridge regression from the features": ridge(features, boxes, 3.0),
    }
    for name, fit in proposals.items():
        found = np.zeros(len(photos))
        for k in np.unique(fold):
            asked = np.flatnonzero(fold == k)
            found[asked] = iou(fit(np.flatnonzero(fold != k), asked), boxes[asked])
        by_fold = ", ".join(f"{found[fold == k].mean():.3f}" for k in np.unique(fold))
        print(f"| {name} | {found.mean():.3f} | {by_fold} |", flush=True)
    tested = datasets.read(told.data, "corrosion").part("test")
    truth = np.asarray([p.grade for p in tested])
    for view, paths in (("whole", [p.whole for p in tested]), ("cut", [p.path for p in tested])):
        pictures = [files.open(path)[0] for path in paths if path is not None]
        print(f"{view} photos: {second_look(model, pictures, truth)}", flush=True)


if __name__ == "__main__":
    main()
