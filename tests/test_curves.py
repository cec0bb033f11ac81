"""Curves of a training from its reports."""

from core import curves


def report(step, phase="train", **figures):
    return {"step": step, "phase": phase, "figures": figures}


def test_a_step_reported_twice_counts_once_with_its_last_value():
    found = curves.of([report(1, loss=0.9), report(2, loss=0.8), report(2, loss=0.7), report(3, loss=0.6)])
    assert found[0].steps == (1, 2, 3)
    assert found[0].values == (0.9, 0.7, 0.6)


def test_each_phase_is_a_line_of_its_own():
    found = curves.of([report(1, "fold 1", loss=1, val_f1=0.5), report(2, "fold 2", loss=2)])
    assert [(c.figure, c.phase) for c in found] == [
        ("loss", "fold 1"),
        ("loss", "fold 2"),
        ("val_f1", "fold 1"),
    ]


def test_a_figure_that_was_no_number_leaves_a_gap():
    assert curves.of([report(1, loss=None), report(2, loss=1.0)])[0].values == (None, 1.0)


def test_the_number_of_labels_is_no_curve():
    assert [c.figure for c in curves.of([report(1, labels=21, f1=0.5)])] == ["f1"]


def test_the_test_figure_stands_for_a_finished_run_and_the_best_validation_for_a_running_one():
    assert curves.best([report(1, val_f1=0.6), report(2, val_f1=0.5)]) == ("val_f1", 0.6)
    assert curves.best([report(1, val_f1=0.6), report(2, test_f1=0.4)]) == ("test_f1", 0.4)
    assert curves.best([report(1, loss=0.4)]) is None


def test_losses_are_no_shares():
    assert curves.is_share("val_f1")
    assert not curves.is_share("val_loss")
    assert not curves.is_share("learning_rate")


def test_of_a_long_log_only_the_end_is_read(tmp_path):
    (tmp_path / "log.txt").write_text("".join(f"line {i}\n" for i in range(50_000)), encoding="utf-8")
    lines = curves.log_lines(tmp_path, most=10)
    assert lines == [f"line {i}" for i in range(49_990, 50_000)]


def test_a_run_that_no_worker_has_taken_has_no_log(tmp_path):
    assert curves.log_lines(tmp_path) == []
