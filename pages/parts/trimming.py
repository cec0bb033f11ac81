"""The cut to the part on a photo's own page: draw it, judge it so, see whether that changes the verdict."""

from __future__ import annotations

import time

import streamlit as st

from core import inspections, store
from core.inspections import Inspection
from core.settings import Settings
from pages.parts import access, cropper, notice, words
from pages.parts.strings import t


def show(inspection: Inspection) -> None:
    """The box over the photo; keeping it asks for a verdict on that part, earlier ones stay."""
    settings = Settings.of()
    db = store.connect(settings.database)
    told = words_of(db, inspection)
    if told:
        st.html(f'<p class="line">{told}</p>')
    kept = cropper.draw(
        inspection.photo,
        inspection.width_px,
        inspection.height_px,
        inspection.trim,
        key=f"crop-{inspection.id}-{inspection.verdict_at or 0}",
        alt=inspection.name,
        keep=t("crop.judge"),
    )
    st.html(f'<p class="note">{t("crop.note")}</p>')
    if kept is not None:
        with notice.instead():
            box = None if kept == (0.0, 0.0, 1.0, 1.0) else kept
            now, who = time.time(), access.me().name
            inspections.set_trim(db, inspection.id, box, who=who, now=now, wake=settings.wake)
            st.rerun()


def words_of(db: inspections.Database, inspection: Inspection) -> str:
    """Whether the verdict on this cut is that on another one: "" where there is only one; safe as HTML."""
    now = inspection.verdict
    if now is None:
        return ""
    others = [v for _, _, v in inspections.verdicts(db, inspection.id) if v.trim != now.trim]
    if not others:
        return ""
    names = [words.label(inspection.domain, v.label) for v in (now, others[0])]
    if names[0] == names[1]:
        return t("crop.agree", now=names[0])
    return f"<b>{t('crop.differ', now=names[0], before=names[1])}</b>"
