"""What a command shows: one JSON document or lines on stdout, everything else on stderr.

A bar is drawn on a terminal only; in a log there is one line a report.
"""

from __future__ import annotations

import getpass
import json
import math
import sys
import time
from collections.abc import Callable, Generator, Mapping
from typing import Any, TypeVar

from core.records import Progress

T = TypeVar("T")
WIDTH = 24
"""Signs of a bar."""


def say(text: str) -> None:
    """One line on stderr."""
    print(text, file=sys.stderr, flush=True)


def tell(as_json: bool, document: Any, lines: Callable[[], list[str]]) -> None:
    """The answer on stdout: the document as JSON, or lines for a person."""
    if as_json:
        indent = 1 if sys.stdout.isatty() else None
        print(json.dumps(document, ensure_ascii=False, indent=indent, allow_nan=False))
    else:
        print("\n".join(lines()))


def me() -> str:
    """Whoever gives the command, by the name the machine knows."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return "command line"


def listen(reports: Generator[Progress, None, T]) -> T:
    """Show each report as it comes; returns what the work returns at its end."""
    bar = Bar()
    try:
        while True:
            bar.show(next(reports))
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        bar.close()


class Bar:
    """One line that grows on a terminal, many lines in a log."""

    def __init__(self) -> None:
        self.is_terminal = sys.stderr.isatty()
        self.first: tuple[int, float] | None = None
        """Step and moment of the first report: the pace is measured from there, a resumed run's too."""
        self.said_at = -math.inf

    def show(self, progress: Progress) -> None:
        """Show where the work is; in a log only every 10 s, with a note, with figures, or at the end."""
        now = time.monotonic()
        self.first = self.first or (progress.step, now)
        gone, to_go = progress.step - self.first[0], progress.total - progress.step
        told = [f"{progress.phase} {progress.step}/{progress.total}"]
        told += [f"{name} {figure(value)}" for name, value in progress.figures.items()]
        if gone > 0 and to_go > 0:
            told += [f"{duration((now - self.first[1]) / gone * to_go)} left"]
        line = "  ".join(told)
        if self.is_terminal:
            done = round(WIDTH * progress.step / max(1, progress.total))
            note = f"\r\x1b[K{progress.note}\n" if progress.note else ""
            text = f"{note}\r\x1b[K{'█' * done}{'░' * (WIDTH - done)} {line}"
            print(text, end="", file=sys.stderr, flush=True)
        elif progress.note or progress.figures or not to_go or now - self.said_at > 10:
            self.said_at = now
            say(f"{line}  {progress.note}".rstrip())

    def close(self) -> None:
        """End the line."""
        if self.is_terminal and self.first is not None:
            say("")


def figures(told: Mapping[str, Any], indent: str = "") -> list[str]:
    """Figures by name, one a line; what is nested stands below, indented, a row of a table on one line."""
    lines = []
    for name, value in told.items():
        if isinstance(value, Mapping):
            lines += [f"{indent}{name}", *figures(value, indent + "  ")]
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            rows = ["  ".join(f"{k} {figure(v)}" for k, v in row.items()) for row in value]
            lines += [f"{indent}{name}", *(f"{indent}  {row}" for row in rows)]
        else:
            lines.append(f"{indent}{name:20} {figure(value)}")
    return lines


def figure(value: Any) -> str:
    """A figure for a person: four digits, – for one that does not exist."""
    if value is None or value != value:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def digits(value: float | None) -> str:
    """A figure of a column, six signs wide: `0.8312`, or – for one that does not exist."""
    return "–     " if value is None else f"{value:.4f}"


def duration(seconds: float) -> str:
    """`0:42`, `12 min` or `3 h 05 min`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_of_hour = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes_of_hour:02} min"
    return f"{minutes} min" if minutes > 9 else f"{minutes}:{rest:02}"
