"""Photos of a set that look alike though they lie in different splits or folds: pairs, and what to do."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

from core.findings import BITS
from core.records import Domain, Photo
from core.sets import StoredSet
from pages.parts import gallery, relabel, viewer, words
from pages.parts.strings import t

MOST: Final = 60
"""Pairs shown, the most alike first."""


def pairs(stored: StoredSet, photos: Sequence[Photo]) -> list[tuple[Photo, Photo, str]]:
    """Two photos and in what they are alike, as found when the set came in: the same bytes first."""
    by_name: dict[str, list[Photo]] = {}
    for photo in photos:
        by_name.setdefault(photo.title, []).append(photo)
    told: list[tuple[Photo, Photo, str]] = []
    for names in stored.report.get("duplicates") or ():
        same = [photo for name in dict.fromkeys(names) for photo in by_name.get(name, ())]
        told += [(same[0], other, t("twins.same")) for other in same[1:]]
    alike = [
        (first, second, t("twins.alike", share=words.percent(1 - differ / BITS)))
        for first, second, differ in stored.report.get("near") or ()
    ]
    shifted = [
        (first, second, t("twins.overlap", share=words.percent(share)))
        for first, second, share in stored.report.get("overlaps") or ()
    ]
    for first, second, said in alike + shifted:
        if first in by_name and second in by_name:
            told.append((by_name[first][0], by_name[second][0], said))
    return told


def show(stored: StoredSet, photos: Sequence[Photo]) -> None:
    """The pairs as cards of two photos, if there are any; a click opens both, with labels to correct."""
    found = pairs(stored, photos)
    if not found:
        return
    with st.expander(t("twins.title", n=len(found)), icon=":material/compare:"):
        st.html(f'<p class="note">{t("twins.note")}</p>')
        shown = found[:MOST]
        cards = [card(str(i), *pair) for i, pair in enumerate(shown)]
        clicked = gallery.show(cards, key="twins", layout="cards")
        if len(found) > MOST:
            st.html(f'<p class="note">{t("twins.more", n=len(found) - MOST)}</p>')
    if clicked is not None:
        both(*shown[int(clicked)][:2], stored.domain)


def card(id: str, first: Photo, second: Photo, said: str) -> dict[str, Any]:
    """A pair: in what alike, where each lies, and whether an expert called them the same."""
    labels = [label(photo) for photo in (first, second)]
    lines = [("quiet", " ≈ ".join(f"{where(photo)}" for photo in (first, second)))]
    if labels[0] != labels[1]:
        lines.append(("ask", t("twins.differ", one=labels[0], other=labels[1])))
    told = gallery.tile(
        id,
        first.sha256,
        said,
        lines=lines,
        name=f"{words.shortened(first.title, 18)} ≈ {words.shortened(second.title, 18)}",
    )
    return told | {"photos": [f"/api/v1/thumbs/{photo.sha256}?side=320" for photo in (first, second)]}


def label(photo: Photo) -> str:
    """What an expert says of a photo, as a word of its domain; "–" where nobody has."""
    if photo.grade is not None:
        return words.label("corrosion", str(photo.grade))
    return words.label("rail", photo.label) if photo.label else "–"


def where(photo: Photo) -> str:
    """Split, fold and group in one word each."""
    fold = "" if photo.fold is None else t("confusion.fold_n", fold=photo.fold)
    return " · ".join(part for part in (words.split(photo.split), fold, photo.group) if part)


@st.dialog(" ", width="large", on_dismiss="rerun")
def both(first: Photo, second: Photo, domain: Domain) -> None:
    """The two side by side, each with its label to correct."""
    for place, photo in zip(st.columns(2, gap="medium"), (first, second), strict=True):
        with place:
            viewer.stored(photo, key=f"twin-{photo.sha256}")
            st.html(f'<p class="note">{html.escape(f"{photo.title} · {where(photo)} · {label(photo)}")}</p>')
            if domain != "crack":
                relabel.desk(domain, photo.sha256)
