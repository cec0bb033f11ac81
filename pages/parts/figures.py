"""A row of numbers, each with its name, how it went and the way to the photos behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pages.parts import places
from pages.parts.components import element, held, hold

_figures = element("figures")


def figure(
    name: str,
    number: str,
    *,
    aside: str = "",
    parts: Sequence[int] = (),
    tone: str = "",
    page: str = "inspect",
    query: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """One number. With a `query` it is a link to what it counts; `parts` draws how it went."""
    return {
        "name": name,
        "number": number,
        "aside": aside,
        "parts": list(parts),
        "tone": tone,
        "page": page,
        "query": dict(query or {}),
        "href": places.href(page, **query) if query is not None else "",
    }


def show(figures: Sequence[Mapping[str, Any]], *, key: str) -> None:
    """Draw them; a click goes to the photos."""
    told = [dict(f, id=str(i)) for i, f in enumerate(figures)]
    _figures(key=key, data={"figures": told}, on_open_change=hold(key, "open"))
    clicked = held(key)
    if clicked is not None:
        chosen = told[int(clicked)]
        places.go(chosen["page"], **chosen["query"])
