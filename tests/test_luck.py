"""How much was luck: restarts by hand, against the experiment itself, and as the page draws them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from core import config as settings_of
from core import rail
from core.errors import DataError
from core.few_labels import divisions, head, luck, selection
from pages.parts import advice_figures

TEXT = settings_of.preset(rail.Config, rail.PRESETS, "recommended", {})


def test_luck_shrinks_with_labels_and_is_nought_where_the_classes_lie_apart():
    rng = np.random.default_rng(0)
    truth = (np.arange(200) % 4 == 0).astype(np.int8)
    apart = rng.normal(size=(200, 5)) * 0.1 + truth[:, None]
    mixed = rng.normal(size=(200, 5)) + 0.5 * truth[:, None]
    clear, dim = (luck.of_features(features, truth, 6, draws=60) for features in (apart, mixed))
    assert clear.sizes == (6, 12, 24, 48, 96)
    assert clear.mean[-1] > 0.99
    assert dim.std[0] > dim.std[-1]
    assert clear.enough in clear.sizes
    assert clear.one_class == pytest.approx(divisions.chance_of_one_class(50, 150, 6))
    assert clear.alone is None, "no cycle is told of"


@pytest.mark.parametrize("truth", [np.zeros(9, int), np.ones(9, int)])
def test_luck_needs_both_classes(truth):
    with pytest.raises(DataError, match="both classes"):
        luck.of_features(np.eye(9), truth, 3)
    with pytest.raises(DataError, match="both classes"):
        luck.of_head(np.eye(9), truth, 3, TEXT, (2, 2))


def described(n: int = 120, *, odd: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Descriptions (n, 9) of photos of which every fourth is a defect, odd by so much more; their truth."""
    rng = np.random.default_rng(3)
    truth = (np.arange(n) % 4 == 0).astype(np.int8)
    phi = rng.normal(size=(n, 8)) / 8**0.5 + 0.3 * truth[:, None]
    return np.column_stack([phi, rng.normal(size=n) + odd * truth]), truth


def test_what_is_known_beforehand_leaves_less_to_luck():
    dull, sharp = (luck.of_head(*described(odd=odd), 3, TEXT, (20,) * 5, draws=20) for odd in (0.0, 3.0))
    assert sharp.mean[0] > dull.mean[0] + 0.2
    assert sharp.std[0] < dull.std[0]
    assert sharp.alone is not None
    assert sharp.alone.mean[0] > 0, "also where a start set holds one class only"


@pytest.mark.parametrize("seed", range(6))
def test_a_restart_is_the_experiment_with_the_same_start(seed):
    known, truth = described(40, odd=1.0)
    config = dataclasses.replace(TEXT, portion=0.4, trust=0.8)
    order = np.random.default_rng(seed).permutation(40)
    kernel = known[:, :-1] @ known[:, :-1].T + 1
    found = luck._experiment(kernel, known[:, -1], truth == 1, config, order, 6, (12, 12, 10))

    def said(learned: np.ndarray, labels: np.ndarray) -> np.ndarray:
        trust = np.where(np.arange(len(learned)) < 6, 1.0, 0.8)
        weights, bias = head.weights_of(known[learned], labels, trust)
        return known @ weights + bias

    learned, labels, left, f1 = order[:6], truth[order[:6]] == 1, order[:0], []
    for group in (order[6:18], order[18:30], order[30:], order[:0]):
        answer = said(learned, labels)
        hit, alarm = (int(((answer > 0) & (truth == k))[order[6:]].sum()) for k in (1, 0))
        f1.append(2 * hit / (hit + alarm + int((truth[order[6:]] == 1).sum())))
        group = np.concatenate([left, group])
        chosen = selection.select(answer[group], 0.5, 0.25, "balanced", portion=0.4)
        waits = selection.leave(answer[group], 0.25, "balanced", portion=0.4)
        left, learned = group[waits], np.concatenate([learned, group[~waits]])
        labels = np.concatenate([labels, chosen[~waits]])
    assert found == pytest.approx((f1[0], f1[-1]))


def test_a_start_set_that_leaves_little_over_has_smaller_groups():
    known, truth = described(40, odd=1.0)
    found = luck.of_head(known, truth, 10, TEXT, (6,) * 5, draws=4)
    assert found.sizes == (10, 20)
    assert np.isfinite(found.mean).all()


def test_the_answer_to_all_photos_at_once_is_that_of_the_weights():
    known, truth = described()
    learned, trust = np.asarray([4, 9, 17, 20]), np.asarray([1.0, 1.0, 0.1, 0.1])
    weights, bias = head.weights_of(known[learned], truth[learned] == 1, trust)
    kernel = known[:, :-1] @ known[:, :-1].T + 1
    at_once = head.answers(kernel, known[:, -1], learned, truth[learned] == 1, trust)
    assert at_once == pytest.approx(known @ weights + bias)


def test_the_labels_alone_are_dotted_beside_the_cycles():
    found = luck.of_head(*described(odd=2.0), 6, TEXT, (20,) * 5, draws=5)
    assert found.alone is not None
    figure = advice_figures.luck(found, 0.05)
    dotted = [d for d in figure.data if d.line.dash == "dot"]
    assert list(found.alone.mean) in [list(d.y) for d in dotted]
    assert not [d for d in advice_figures.luck(found.alone, 0.05).data if d.line.dash == "dot"]
