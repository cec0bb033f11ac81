"""Curves of a training from what it reported: one line a figure and phase, and its best figure so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BEST = ("test_f1", "val_f1", "test_mean_f1", "val_mean_f1", "f1", "mean_f1", "val_accuracy", "accuracy")
"""Which figure stands for a run in a list, the first one it has."""


@dataclass(frozen=True)
class Curve:
    """One line: a figure of one phase (fold 2, cycle 3, or the only one)."""

    figure: str
    phase: str
    steps: tuple[float, ...]
    values: tuple[float | None, ...]


def of(reports: Sequence[Mapping[str, Any]]) -> list[Curve]:
    """The curves in `reports` (as `queue.reports` gives them), figures in their first order, then phases.

    A step that was reported twice, because the run went on from an earlier checkpoint, counts once: the last.
    Figures that say what was learned from (`labels`) and times are no curves.
    """
    points: dict[tuple[str, str], dict[float, float | None]] = {}
    for report in reports:
        for name, value in report["figures"].items():
            if name not in ("labels", "step", "epoch") and not name.startswith("seconds"):
                points.setdefault((name, report["phase"]), {})[report["step"]] = value
    order = list(dict.fromkeys(name for name, _ in points))
    found = []
    for name in order:
        for (figure, phase), line in points.items():
            if figure == name:
                steps = sorted(line)
                found.append(Curve(name, phase, tuple(steps), tuple(line[step] for step in steps)))
    return found


def best(reports: Sequence[Mapping[str, Any]]) -> tuple[str, float] | None:
    """The figure that stands for a run and its highest value so far; None when it reported no such figure."""
    for name in BEST:
        values = [r["figures"][name] for r in reports if r["figures"].get(name) is not None]
        if values:
            return name, float(values[-1] if name.startswith("test") else max(values))
    return None


def is_share(figure: str) -> bool:
    """True for figures that lie between 0 and 1; losses and learning rates do not."""
    words = set(figure.split("_"))
    return not words & {"loss", "rate", "lr", "seconds", "nats"}


def log_lines(folder: Path, most: int = 400) -> list[str]:
    """The last lines of a run's log, oldest first; none before a worker has taken the run.

    Only the end of the file is read, so a log of days costs no more than one of minutes.
    """
    path = folder / "log.txt"
    if not path.is_file():
        return []
    room = 200 * most
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - room))
        text = file.read().decode("utf-8", errors="replace")
    lines = text.splitlines()
    return lines[1:][-most:] if size > room else lines[-most:]
