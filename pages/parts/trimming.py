"""The cut to the part on a photo's own page: draw it, judge it so, see whether that changes the verdict."""

from __future__ import annotations

import time

import streamlit as st

from core import asking, store
from core.grading import coach
from core.inspections import Inspection
from core.settings import Settings
from pages.parts import access, cropper, notice, words
from pages.parts.strings import t


def wanted(inspection: Inspection) -> bool:
    """Whether the box is to be drawn now; a switch of the address, so that a card can lead here."""
    if st.session_state.pop("crop-done", False):
        st.session_state["crop"] = False
    return inspection.domain == "corrosion" and st.toggle(
        t("crop.title"), key="crop", bind="query-params", help=t("crop.note")
    )


def show(inspection: Inspection) -> None:
    """The box over the photo; keeping it asks for a verdict on that part, earlier ones stay."""
    settings = Settings.of()
    db = store.connect(settings.database)
    kept = cropper.draw(
        inspection.photo,
        inspection.width_px,
        inspection.height_px,
        inspection.trim,
        key=f"crop-{inspection.id}",
        alt=inspection.name,
        keep=t("crop.judge"),
        proposed=coach.of_figures(inspection.verdict.figures) if inspection.verdict is not None else None,
    )
    st.html(f'<p class="note">{t("crop.note")}</p>')
    if kept is not None:
        with notice.instead():
            box = None if kept == (0.0, 0.0, 1.0, 1.0) else kept
            now, who = time.time(), access.me().name
            asking.set_trim(db, inspection.id, box, who=who, now=now, wake=settings.wake)
            st.session_state["crop-done"] = True
            st.rerun()


def both(inspection: Inspection) -> None:
    """The verdict with and without the box, one line; a proposed box is a tap away."""
    told = words_of(inspection)
    if told:
        st.html(f'<p class="line">{told}</p>')


def words_of(inspection: Inspection) -> str:
    """What the photo looks like with and without the box, "" where only one was looked at; safe as HTML."""
    verdict = inspection.verdict
    beside = verdict.figures.get("beside") if verdict is not None else None
    if verdict is None or beside is None:
        return ""
    names = [words.label(inspection.domain, str(one)) for one in (verdict.label, beside)]
    inside, whole = names if verdict.trim is not None else names[::-1]
    told = t("crop.both_proposed" if verdict.trim is None else "crop.both_drawn", box=inside, whole=whole)
    return told if inside == whole else f"<b>{told} {t('crop.differ')}</b>"
