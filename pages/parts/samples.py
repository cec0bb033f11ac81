"""Sample photos to try Patina with: one click hands one in and shows its verdict."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import streamlit as st

from core import samples, store
from core.records import Person
from core.samples import Sample
from core.settings import Settings
from pages.parts import gallery, places, upload
from pages.parts.strings import t


def offer(person: Person, now: float, *, key: str, only_first: bool = False) -> None:
    """The shipped photos as a wall, or the most telling of each domain as cards; says so where none are."""
    found = _every()
    if only_first:
        domains = dict.fromkeys(s.domain for s in found)
        found = [max((s for s in found if s.domain == d), key=lambda s: s.severity) for d in domains]
    if not found:
        st.html(f'<p class="note">{t("samples.none")}</p>')
        return
    clicked = gallery.show(
        [_tile(s, large=only_first) for s in found], key=key, layout="cards" if only_first else "wall"
    )
    if clicked is not None:
        _take(person, [s for s in found if s.id == clicked], now)


def _take(person: Person, chosen: Sequence[Sample], now: float) -> None:
    settings = Settings.of()
    batch = upload.fresh_batch(now)
    samples.take(store.connect(settings.database), settings, person, chosen, batch=batch, now=now)
    places.go("inspect", batch=batch)


def _tile(sample: Sample, large: bool) -> dict[str, object]:
    title = t(f"samples.{sample.domain}") if large else t(f"domain.{sample.domain}")
    told = gallery.tile(sample.id, "", title, href=places.href("inspect"))
    told["photo"] = _thumb(sample.id, 480 if large else 240)
    told["lines"] = [["quiet", t("samples.try")]] if large else []
    return told


@st.cache_data(max_entries=64, show_spinner=False)
def _thumb(name: str, side: int) -> str:
    """A sample's small picture as an address that holds it."""
    sample = next(s for s in _every() if s.id == name)
    return "data:image/jpeg;base64," + base64.b64encode(samples.thumb(sample, side)).decode()


@st.cache_data(show_spinner=False)
def _every() -> list[Sample]:
    """The shipped photos; they do not change while a server runs."""
    return samples.every(Settings.of().samples)
