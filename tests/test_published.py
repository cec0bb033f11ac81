"""The papers' tables are kept as data: held to the specification, and to their own arithmetic."""

import re

import numpy as np
import pytest

from core import losses, published
from core.few_labels.divisions import DIVISIONS, columns, sizes
from tests.conftest import SHARED

PAPERS = SHARED / "papers"
needs_papers = pytest.mark.skipif(not PAPERS.is_dir(), reason="the papers' specifications are not here")


def rows_of(name, head):
    """The cells of the tables that stand under a heading, as text."""
    text = (PAPERS / f"{name}.md").read_text(encoding="utf-8")
    body = text[text.index(head) + len(head) :]
    body = body[: m.start()] if (m := re.search(r"\n(Tables? |## |Figures)", body)) else body
    return [
        [c.strip() for c in line.strip("|").split("|")] for line in body.splitlines() if line.startswith("|")
    ]


@needs_papers
@pytest.mark.parametrize(("number", "n0"), [(1, 3), (2, 13), (3, 21)])
def test_a_rail_table_is_the_printed_one(number, n0):
    told = rows_of("rail", f"\nTable {number}, n0 = {n0}\n")
    kept = published.RAIL[f"table{number}"]
    assert [c.labels for c in kept] == [int(x) for x in told[0][1:]]
    for name, row in zip(("mean", "std", "min", "max"), told[2:], strict=True):
        assert row[0] == name
        assert [getattr(c, name) for c in kept] == [float(x) for x in row[1:]]


@needs_papers
def test_the_crack_tables_are_the_printed_ones():
    first = rows_of("crack", "\nTable 1, `mse`\n")[2:]
    assert [
        (r.threshold, r.precision, r.recall, r.accuracy, r.f1) for r in published.CRACK if r.table == 1
    ] == [tuple(map(float, row)) for row in first]
    loss, told = "", []
    for row in rows_of("crack", "\nTables 4–7\n")[2:]:
        loss = row[0] or loss
        told.append((loss, *map(float, row[1:])))
    kept = [(r.loss, r.weight, r.threshold, r.precision, r.recall, r.accuracy, r.f1) for r in published.CRACK]
    assert kept[4:] == told


@needs_papers
def test_the_corrosion_table_is_the_printed_one():
    network, told = ("", False), []
    for row in rows_of("corrosion", "\n## Published results (120 test photos)\n")[2:]:
        if row[0]:
            name, _, how = row[0].partition(", ")
            network = (name, how != "untrimmed")
        told.append((*network, None if row[1] == "mean" else int(row[1]), *map(float, row[2:])))
    kept = [(r.network, r.trimmed, r.grade, r.precision, r.recall, r.f1) for r in published.CORROSION]
    assert kept == told


def test_table_8_is_the_best_row_of_each_loss():
    best = {r.loss: (r.f1, r.weight, r.threshold) for r in published.best_of_losses()}
    assert best == {
        "mse": (0.910, None, 0.4),
        "balanced_step": (0.909, 0.83, 0.9),
        "squared_balanced_step": (0.892, 0.5, 0.75),
        "step": (0.900, 0.69, 0.5),
        "relu": (0.928, 0.97, 0.5),
    }


def test_the_weights_of_the_tables_are_those_a_loss_says_were_tried():
    for name, loss in losses.LOSSES.items():
        tried = tuple(r.weight for r in published.CRACK if r.loss == name and r.weight is not None)
        assert loss.tried == tried


def test_a_printed_f1_that_does_not_follow_is_found():
    odd = published.CrackRow(1, "mse", None, 0.5, 0.9, 0.9, 0.99, 0.91)
    assert odd.differs
    assert not published.CRACK[1].differs


def test_the_presets_of_a_rail_table_learn_from_its_columns():
    for name, kept in published.RAIL.items():
        first, groups = sizes(name, None, 600, 600)
        n = DIVISIONS[name].n_columns
        assert columns(first, groups)[:n] == tuple(c.labels for c in kept)


def test_the_printed_means_follow_from_the_grades_but_for_rounding():
    kept = published.CORROSION
    for row in (r for r in kept if r.grade is None):
        own = [r for r in kept if (r.network, r.trimmed) == (row.network, row.trimmed) and r is not row]
        mean = np.mean([(r.precision, r.recall, r.f1) for r in own], axis=0)
        assert mean == pytest.approx((row.precision, row.recall, row.f1), abs=0.0101)
