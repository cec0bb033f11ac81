"""Results by the number of labels: the figure says what the table says, published photos stay apart."""

from __future__ import annotations

import csv
import dataclasses
import io
import json

import numpy as np
import pytest

from core import published as papers
from core import queue, store
from core.few_labels import cycles
from pages.parts import experiments as ours
from pages.parts import few_labels, label_figures
from pages.parts.label_figures import Line
from tests import experiments, stock


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    folder = tmp_path_factory.mktemp("few")
    settings = stock.settings(folder)
    pool, tested = experiments.photos(settings, folder / "scratch", 160, 40, name="tiles")
    for preset, repeats, gain in (("table3", 3, 0.6), ("table1", 1, -0.3)):
        more = {} if preset == "table3" else {"start": "stratified"}
        experiments.run(
            settings, pool, tested, data="tiles", preset=preset, repeats=repeats, gain=gain, **more
        )
    return ours.known(store.connect(settings.database), settings)


def test_the_newest_experiment_comes_first_and_others_are_passed_over(known, tmp_path):
    assert [e.division for e in known] == ["table1", "table3"]
    settings = stock.settings(tmp_path)
    queue.submit(store.connect(settings.database), "train", "rail", {"data": "x"}, owner="e", now=1.0)
    assert ours.known(store.connect(settings.database), settings) == []


def test_the_mean_in_the_figure_is_the_mean_in_the_table(known):
    e = known[1]
    line = Line("ours", e.column("f1"), e.lines("f1"), 0)
    figure = label_figures.by_labels([line], "f1", 0.0)
    mean = next(d for d in figure.data if d.name == "ours")
    assert list(mean.y) == [c["f1"]["mean"] for c in e.found["table"]]
    assert [row[0] for row in mean.customdata] == list(e.found["columns"])
    repeats = [d for d in figure.data if d.name and d.name.startswith("ours:")]
    assert len(repeats) == 3
    assert np.allclose(np.mean([d.y for d in repeats], 0), mean.y)


def test_what_is_published_is_dashed_and_hollow(known):
    lines = [Line("ours", known[1].column("accuracy"), (), 0)]
    lines += [Line("paper", [vars(c) for c in papers.RAIL["table3"]], is_published=True)]
    figure = label_figures.by_labels(lines, "accuracy", 0.75)
    mean, paper = (next(d for d in figure.data if d.name == name) for name in ("ours", "paper"))
    assert (mean.line.dash, paper.line.dash) == ("solid", "dash")
    assert (mean.marker.symbol, paper.marker.symbol) == ("circle", "circle-open")
    assert figure.layout.shapes[0].y0 == 0.75
    assert [d for d in figure.data if d.name == "always “normal”"], "in the legend of a saved picture"
    assert mean.x[0] != paper.x[0], "moved apart, so that both can be seen"


def test_every_training_is_a_row_of_the_csv(known):
    rows = list(csv.DictReader(io.StringIO(few_labels.as_csv(known))))
    assert len(rows) == sum(len(e.found["rows"]) for e in known)
    first, told = rows[0], known[0].found["rows"][0]
    assert (int(first["run"]), float(first["accuracy"])) == (known[0].id, told["accuracy"])
    assert int(first["tp"]) + int(first["fn"]) == told["n_defect"]


def test_the_sentence_says_whether_the_cycles_help(known):
    helped, harmed = known[1], known[0]
    assert "help in every repeat" in few_labels.sentence(helped)
    assert f"{helped.column('f1')[-1]['mean']:.2f}" in few_labels.sentence(helped)
    assert "in one repeat" in few_labels.sentence(harmed), "one repeat proves nothing"


def test_what_is_no_better_than_always_normal_is_said_to_fail(known):
    helped = known[1]
    assert few_labels.failure(helped) == []
    always = helped.found["rows"][0]["always_normal"]
    for accuracy, fails in ((always, True), (always - 0.1, True), (always + 0.01, False)):
        found = json.loads(json.dumps(dict(helped.found)))
        found["table"][-1]["accuracy"]["mean"] = accuracy
        told = few_labels.failure(dataclasses.replace(helped, found=found))
        assert bool(told) == fails
        assert not fails or f"({always:.3f})" in told[0]


def test_a_note_that_repeats_share_stands_once_and_names_them():
    notes = ["Repeat 1: All normal.", "Two places.", "Repeat 3: All normal.", "Repeat 4: Another.", ""]
    assert few_labels.noted(notes) == ["Repeats 1, 3: All normal.", "Two places.", "Repeat 4: Another."]


def test_figures_stand_in_the_order_that_matters():
    assert set(few_labels.ORDER) == set(cycles.FIGURES)
    assert few_labels.ORDER[0] == "f1"
