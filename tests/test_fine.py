"""Fine cracks counted by width, tolerance and length: by hand, and against comparisons at each threshold."""

import numpy as np
import pytest
from scipy import ndimage
from skimage.morphology import skeletonize

from core import sweep
from core.measuring import fine, widths
from core.metrics import Counts


def walls():
    """Two bars, 2 and 6 pixels wide, and a noisy answer that knows the wide one better."""
    truth = np.zeros((80, 120), bool)
    truth[20:22, 10:110] = True
    truth[50:56, 10:110] = True
    rng = np.random.default_rng(0)
    p = np.where(truth, 0.55, 0.1) + rng.normal(0, 0.15, truth.shape)
    p[50:56, 10:110] += 0.3
    return sweep.store(p), truth


def evaluation(*pairs):
    counted = [fine.count(*pair) for pair in pairs]
    stacked = {key: np.stack([one[key] for one in counted]) for key in counted[0]}
    return stacked | {"histogram": np.stack([sweep.histogram(*pair) for pair in pairs])}


@pytest.mark.parametrize("cut", [0.0, 0.2, 0.5, 0.801, 1.0])
def test_recall_of_each_class_is_that_of_its_own_bar(cut):
    stored, truth = walls()
    told = fine.score(evaluation((stored, truth)), cut)
    said = sweep.mask(stored, cut)
    thin, wide = (Counts.of(truth[rows], said[rows]).recall for rows in (slice(15, 30), slice(45, 60)))
    found = {fine.words(row): row["recall"] for row in told["by_width"]}
    assert found["1–2 px"] == pytest.approx(float(thin))
    assert found["5–8 px"] == pytest.approx(float(wide))
    assert np.isnan(found["3–4 px"])


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.801])
def test_a_tolerance_forgives_what_lies_beside(cut):
    stored, truth = walls()
    shifted = np.roll(truth, 2, axis=0)
    said = sweep.mask(stored, cut)
    rows = fine.score(evaluation((stored, shifted)), cut)["by_tolerance"]
    strict = Counts.of(shifted, said)
    assert [row["px"] for row in rows] == [0, 2, 4]
    assert (rows[0]["precision"], rows[0]["recall"], rows[0]["f1"]) == pytest.approx(
        (float(strict.precision), float(strict.recall), float(strict.f1))
    )
    for row in rows[1:]:  # the slow twin: distances from each to the other
        to_truth, to_said = (ndimage.distance_transform_edt(~m) for m in (shifted, said))
        assert row["precision"] == pytest.approx((to_truth[said] <= row["px"]).mean())
        assert row["recall"] == pytest.approx((to_said[shifted] <= row["px"]).mean())
    assert rows[2]["f1"] >= rows[1]["f1"] > rows[0]["f1"]


def test_a_mask_against_itself_is_perfect_in_every_figure():
    _, truth = walls()
    told = fine.score(evaluation((sweep.store(truth.astype(float)), truth)), 0.5)
    assert told["cldice"] == 1.0
    assert told["found"] == 1.0
    assert told["missed_px"] == 0.0
    assert [row["f1"] for row in told["by_tolerance"]] == [1.0, 1.0, 1.0]


def test_length_is_told_by_class_and_missed_in_pixels():
    stored, truth = walls()
    stored[:40] = 0  # the thin one is overlooked altogether
    told = fine.score(evaluation((stored, truth)), 0.3)
    rows = {fine.words(row): row for row in told["by_width"]}
    assert rows["1–2 px"]["length_px"] == pytest.approx(100, rel=0.05)
    assert rows["1–2 px"]["found"] == 0.0
    assert rows["5–8 px"]["found"] == 1.0
    assert told["missed_px"] == pytest.approx(rows["1–2 px"]["length_px"])


def test_cldice_falls_for_a_line_where_none_is():
    _, truth = walls()
    right = sweep.store(truth * 0.9)
    wrong = right.copy()
    wrong[70:72, 10:110] = 230
    good, bad = (fine.score(evaluation((s, truth)), 0.5)["cldice"] for s in (right, wrong))
    assert good == 1.0
    assert bad == pytest.approx(2 * (2 / 3) / (1 + 2 / 3), abs=0.02)


@pytest.mark.parametrize(("threshold", "at"), [(0.003, 0.1), (0.149, 0.1), (0.476, 0.5), (1.0, 0.9)])
def test_cldice_takes_both_lines_at_the_cut_that_it_names(threshold, at):
    stored, truth = walls()
    told = fine.score(evaluation((stored, truth)), threshold)
    said = sweep.mask(stored, at)  # the slow twin: thinned at that very cut
    line, places = skeletonize(said), widths.measure(truth).places
    precision, sensitivity = (line & truth).sum() / line.sum(), said[places[:, 0], places[:, 1]].mean()
    assert told["cldice_at"] == pytest.approx(at)
    assert told["cldice"] == pytest.approx(2 * precision * sensitivity / (precision + sensitivity))


def test_a_scale_gives_the_classes_in_millimetres():
    told = fine.score(evaluation(walls()), 0.5, 0.1)
    assert [fine.words(row) for row in told["by_width"]][:2] == ["0–0.25 mm", "0.25–0.45 mm"]
    assert fine.words(told["by_width"][-1]) == "1.65 mm and more"


def test_nothing_and_everything_cracked_have_the_figures_that_exist():
    empty, full = np.zeros((20, 30), bool), np.ones((20, 30), bool)
    silent = np.zeros((20, 30), np.uint8)
    nothing = fine.score(evaluation((silent, empty)), 0.5)
    assert np.isnan([nothing["cldice"], nothing["found"], nothing["by_tolerance"][0]["f1"]]).all()
    assert nothing["missed_px"] == 0.0
    alarmed = fine.score(evaluation((silent + 200, empty)), 0.5)
    assert alarmed["by_tolerance"][1]["precision"] == 0.0
    everything = fine.score(evaluation((silent + 255, full)), 0.5)
    assert everything["by_width"][-1]["recall"] == 1.0, "no edge to measure: the widest class"
    assert everything["by_tolerance"][0]["f1"] == 1.0


def test_models_are_compared_where_they_are_equally_precise():
    told = evaluation(walls())
    cut = fine.at_precision(told, 0.9)
    counts = sweep.of_histogram(told["histogram"].sum(0))
    assert counts.precision[sweep.at(cut)] >= 0.9
    assert counts.precision[sweep.at(cut) - 1] < 0.9
    assert fine.at_precision(told, 1.1) is None


@pytest.mark.parametrize("low", [0.1, 0.3])
@pytest.mark.parametrize("high", [0.35, 0.6, 0.801])
def test_a_raised_map_cut_once_is_the_mask_of_two_thresholds(low, high):
    stored, _ = walls()
    seeds = ndimage.binary_propagation(
        sweep.mask(stored, high), structure=np.ones((3, 3)), mask=sweep.mask(stored, low)
    )
    assert np.array_equal(sweep.mask(fine.raised(stored, low), high), seeds)


def test_a_rescue_tells_what_is_gained_and_what_it_costs():
    truth = np.zeros((60, 120), bool)
    truth[30:32, 10:110] = True
    p = np.where(truth, 0.32, 0.0)
    p[30:32, 10:50] = 0.8  # the crack fades on its way …
    p[10:12, 10:40] = 0.35  # … and a stain is as faint, but nowhere sure
    told = fine.rescue(evaluation((sweep.store(p), truth)), 0.6, scale_mm_per_px=2.0)
    plain, grown = told
    assert (plain["how"], plain["gained_px"], plain["added_px"]) == ("plain", 0, 0)
    assert (grown["how"], grown["low"]) == ("two thresholds", 0.3)
    assert grown["gained_px"] == pytest.approx(58, abs=2)
    assert grown["gained_m"] == pytest.approx(0.12, abs=0.01)
    assert grown["added_px"] == 0
    assert grown["f1"] == 1.0 > plain["f1"]
    p[12:30, 60] = 0.4  # now the stain touches the crack, and is called with it
    _, grown = fine.rescue(evaluation((sweep.store(p), truth)), 0.6)
    assert grown["added_px"] > 0
    assert grown["f1"] < 1.0
    assert [row["how"] for row in fine.rescue(evaluation((sweep.store(p), truth)), 0.15)] == ["plain"]


def test_photos_seen_enlarged_are_set_against_the_plain_ones():
    stored, truth = walls()
    better = np.where(truth, np.maximum(stored, 200), stored).astype(np.uint8)
    rows = fine.rescue(evaluation((stored, truth)), 0.6, evaluation((better, truth)))
    assert [row["how"] for row in rows] == ["plain", "two thresholds", "enlarged", "both"]
    assert rows[2]["recall"] == 1.0
    assert rows[2]["gained_px"] == pytest.approx(rows[2]["found_px"] - rows[0]["found_px"])


def test_an_evaluation_made_before_has_no_such_figures():
    stored, truth = walls()
    assert fine.score({"histogram": sweep.histogram(stored, truth)[None]}, 0.5) == {}
