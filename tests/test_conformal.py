"""Sets of grades with a promise: ranks by hand, coverage on made-up photos, too few labels said."""

import numpy as np
import pytest

from core.errors import ConfigError
from core.grading import conformal


def test_the_rank_is_that_of_the_book():
    # Nine photos of grade 0 with improbabilities 0.1 … 0.9: for 90 % the ceil(10 * 0.9) = 9th, 0.9.
    p = np.column_stack([1 - np.arange(1, 10) / 10, np.arange(1, 10) / 10])
    found = conformal.promise(p, np.zeros(9, int), 0.9)
    assert found.most[0] == pytest.approx(0.9)
    assert conformal.promise(p, np.zeros(9, int), 0.8).most[0] == pytest.approx(0.8)
    assert conformal.promise(p[:8], np.zeros(8, int), 0.9).most[0] == np.inf
    assert (found.needed, found.too_few) == (9, [1])


def test_nineteen_photos_are_needed_for_95_percent():
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(4), 19 * 4)
    truth = np.repeat(np.arange(4), 19)
    assert conformal.promise(p, truth, 0.95).too_few == []
    fewer = np.delete(np.arange(76), 0)
    found = conformal.promise(p[fewer], truth[fewer], 0.95)
    assert (found.needed, found.too_few) == (19, [0])
    assert found.sets(p)[:, 0].all(), "a grade that nothing is known of stays in every set"


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
def test_every_grade_is_covered_as_often_as_promised(coverage):
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 4, 40_000)
    # Grade 3 is hard: its photos often look like grade 2.
    logits = (
        rng.normal(0, 1, (40_000, 4))
        + 3.0 * np.eye(4)[np.where((truth == 3) & (rng.random(40_000) < 0.4), 2, truth)]
    )
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    found = conformal.promise(p[:20_000], truth[:20_000], coverage)
    told = conformal.kept(found, p[20_000:], truth[20_000:])
    assert (told.covered > coverage - 0.02).all()
    assert (told.covered < coverage + 0.02).all()
    assert told.sizes.sum() == 20_000
    assert told.n.sum() == 20_000


def test_photos_of_unknown_grade_do_not_count():
    p = np.full((30, 4), 0.25)
    truth = np.full(30, -1)
    truth[:4] = range(4)
    assert conformal.promise(p, truth, 0.5).n.tolist() == [1, 1, 1, 1]
    assert conformal.kept(conformal.promise(p, truth, 0.5), p, truth).n.sum() == 4


@pytest.mark.parametrize("coverage", [0.0, 0.49, 1.0, 2.0, float("nan")])
def test_a_coverage_that_cannot_be_is_refused(coverage):
    with pytest.raises(ConfigError, match="coverage"):
        conformal.promise(np.full((3, 4), 0.25), np.zeros(3, int), coverage)
