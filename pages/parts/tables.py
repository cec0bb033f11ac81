"""Tables of words, figures, states and progress; on a phone they become lists, nothing scrolls sideways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pages.parts.components import element, held, hold
from pages.parts.strings import t

Cell = str | Mapping[str, Any]
"""A text, or a dict: text, sub (a second, quiet line), tone (a chip), fraction (a bar), title (on hover)."""

_table = element("table")


@dataclass(frozen=True)
class Column:
    """A column's heading and how it is set: text to the left, numbers to the right."""

    label: str
    kind: Literal["text", "number"] = "text"
    help: str = ""
    wide: bool = False
    """Takes a line of its own in the list on a phone."""
    bare: bool = False
    """Speaks for itself in that list, without its heading before it."""
    share: int = 0
    """Of the table's width, in per cent, so that tables below each other align; 0 as its content wants."""


@dataclass(frozen=True)
class Row:
    """One line; `href` makes it a link, `marked` lifts it out, `apart` draws a line above it."""

    id: str
    cells: Sequence[Cell | None]
    href: str = ""
    marked: bool = False
    apart: bool = False
    name: str = ""


@dataclass(frozen=True)
class Clicked:
    """The row that was just opened, and the rows that are ticked."""

    open: str | None = None
    picked: list[str] = field(default_factory=list)


def show(
    columns: Sequence[Column],
    rows: Sequence[Row],
    *,
    key: str,
    caption: str = "",
    stack: bool = False,
    pick: str = "",
    picked: Sequence[str] = (),
) -> Clicked:
    """Draw a table. `stack` makes a list of it on a phone; `pick` names the tick boxes, "" for none."""
    result = _table(
        key=key,
        data={
            "columns": [
                {
                    "label": c.label,
                    "kind": c.kind,
                    "help": c.help,
                    "wide": c.wide,
                    "bare": c.bare,
                    "share": c.share,
                }
                for c in columns
            ],
            "rows": [
                {
                    "id": r.id,
                    "cells": list(r.cells),
                    "href": r.href,
                    "marked": r.marked,
                    "apart": r.apart,
                    "name": r.name,
                }
                for r in rows
            ],
            "caption": caption,
            "stack": stack,
            "pick": pick,
            "picked": list(picked),
        },
        on_open_change=hold(key, "open"),
        on_picked_change=_nothing,
        default={"picked": list(picked)},
    )
    return Clicked(held(key), list(result.picked or []))


def figure(value: float | None, digits: int = 3) -> str:
    """A figure as tables show it; "–" where it does not exist."""
    return "–" if value is None or value != value else f"{value:.{digits}f}"


def with_interval(told: Mapping[str, Any], name: str, digits: int = 2) -> str:
    """A figure with its 95 % interval where it has one: "0.83 (0.77 to 0.87)"."""
    value, low, high = (told.get(k) for k in (name, f"{name}_low", f"{name}_high"))
    if value is None or low is None or high is None:
        return figure(value, digits)
    return t("lab.interval", value=figure(value, digits), low=figure(low, digits), high=figure(high, digits))


def between(told: Mapping[str, Any], name: str, digits: int = 2) -> Cell:
    """A figure as a cell, its 95 % interval below it where it has one."""
    low, high = told.get(f"{name}_low"), told.get(f"{name}_high")
    text = figure(told.get(name), digits)
    if low is None or high is None:
        return text
    return {"text": text, "sub": f"{figure(low, digits)} … {figure(high, digits)}"}


def _nothing() -> None:
    """A callback that is only there so that the result has the attribute."""
