"""Photos with what was found, as cards, rows or a wall; a click opens the photo's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from core.inspections import Inspection
from pages.parts import places, words
from pages.parts.components import element, held, hold
from pages.parts.strings import t

Layout = Literal["cards", "rows", "wall"]

_gallery = element("gallery")

CROP: Final = {"crop": "true"}
"""The word in a photo's address that opens it with the box to be drawn."""


def inspections(
    found: Sequence[Inspection],
    *,
    key: str,
    now: float,
    layout: Layout = "cards",
    link: Mapping[str, str] | None = None,
) -> None:
    """Results with their evidence drawn in; a click opens one, `link` keeps the list in its address."""
    told = dict(link or {})
    clicked = show([card(i, now, told) for i in found], key=key, layout=layout)
    if clicked is not None:
        id, _, is_crop = clicked.partition("#")
        places.go("photo", id=id, **(CROP if is_crop else {}), **told)


def show(cards: Sequence[Mapping[str, Any]], *, key: str, layout: Layout = "cards") -> str | None:
    """The `id` of the card just clicked, else None; `id#crop` where its crop sign was.

    A card is what `card` or `tile` makes.
    """
    _gallery(
        key=key,
        data={
            "cards": list(cards),
            "layout": layout,
            "words": {"evidence": t("gallery.evidence"), "crop": t("crop.title")},
        },
        on_open_change=hold(key, "open"),
    )
    clicked = held(key)
    return str(clicked) if clicked is not None else None


def tile(
    id: str,
    photo: str,
    title: str,
    *,
    tone: str = "none",
    lines: Sequence[tuple[str, str]] = (),
    href: str = "",
    name: str = "",
    grade: str = "",
    overlay: str = "",
    shares: Sequence[Mapping[str, Any]] = (),
    side: int = 320,
) -> dict[str, Any]:
    """A card for any photo in the store; `photo` is its sha256, `lines` are (kind, text).

    Kinds: "" plain, "quiet", "ask" (a person is needed), "done" (a person has spoken).
    `shares` are drawn as small columns: {"name", "short": the word below, "share": 0 to 1, "tone"}.
    """
    return {
        "id": id,
        "href": href or f"/api/v1/photos/{photo}",
        "photo": f"/api/v1/thumbs/{photo}?side={side}",
        "overlay": overlay,
        "title": title,
        "tone": tone,
        "grade": grade,
        "lines": list(lines),
        "shares": list(shares),
        "name": words.shortened(name),
        "full_name": name,
    }


def card(inspection: Inspection, now: float, link: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What the card of an inspection says, in each of the states it can be in."""
    verdict, spoken = inspection.verdict, inspection.opinion
    asks = verdict is not None and verdict.needs_person and spoken is None
    told = tile(
        str(inspection.id),
        inspection.photo,
        title(inspection),
        tone=words.tone(inspection),
        lines=lines(inspection),
        href=places.href("photo", id=inspection.id, **(link or {})),
        name=inspection.name,
        side=480,
    )
    grade = spoken.label if spoken else verdict.label if verdict else ""
    is_metal = inspection.domain == "corrosion"
    return told | {
        "grade": grade if is_metal else "",
        "crop": places.href("photo", id=inspection.id, **CROP, **(link or {})) if is_metal else "",
        "overlay": f"/api/v1/overlays/{inspection.id}.webp?side=480" if has_overlay(inspection) else "",
        "person": asks,
        "when": words.ago(inspection.created_at, now),
        "exact": words.exact(inspection.created_at),
    }


def title(inspection: Inspection) -> str:
    """The first line: the verdict, or a person's word where it differs, or what is being waited for."""
    if inspection.verdict is None:
        if inspection.state in ("failed", "cancelled"):
            return t("state.failed")
        return t("state.running") if inspection.state == "running" else t("state.waiting")
    if inspection.opinion and not inspection.opinion.agrees:
        return words.label(inspection.domain, inspection.opinion.label)
    return words.headline(inspection.verdict)


def lines(inspection: Inspection) -> list[tuple[str, str]]:
    """How sure, what to do, why a person, what a person said: (kind, text), the most pressing first."""
    verdict, spoken = inspection.verdict, inspection.opinion
    if verdict is None:
        return [("ask", words.said(inspection.error))] if inspection.error else []
    told = []
    if spoken is not None:
        told.append(("done", words.said_by(inspection)))
        if spoken.note:
            told.append(("", spoken.note))
    elif verdict.needs_person:
        told.append(("ask", words.why_ask(verdict.reason)))
    told.append(("", words.said(verdict.next_step)))
    told.append(("quiet", words.sureness(verdict.confidence)))
    if inspection.place:
        told.append(("quiet", inspection.place))
    return told


def has_overlay(inspection: Inspection) -> bool:
    """True where there is something to draw into the photo: a crack mask."""
    verdict = inspection.verdict
    return verdict is not None and inspection.arrays is not None and inspection.domain == "crack"
