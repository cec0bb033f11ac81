"""The standards that cracks are graded by: which is in force, its limits, another one, a table to edit."""

from __future__ import annotations

import html
import time

import streamlit as st
from sqlite_utils import Database

from core import in_force
from core.errors import ConfigError
from core.measuring import standards
from core.measuring.standards import Limit, Standard
from core.records import Person
from core.settings import Settings
from pages.parts import notice, tables, words
from pages.parts.strings import t


def show(db: Database, person: Person) -> None:
    """What is in force and since when, the limits of any table here, and the button that chooses it."""
    settings, now = Settings.of(), time.time()
    with notice.instead():
        known = standards.known(settings)
        current = _in_force(settings)
        st.html(f'<p class="lead">{html.escape(_since(db, current, now))}</p>')
        keys = list(known)
        key = st.selectbox(
            t("limits.which"),
            keys,
            index=keys.index(current.key) if current else 0,
            format_func=lambda one: known[one].name,
            key="standard",
        )
        _limits(known[key])
        with st.container(horizontal=True):
            is_asked = st.button(
                t("limits.choose"),
                type="primary",
                key="choose-standard",
                disabled=current is not None and current.key == key,
            )
            st.download_button(
                t("limits.take"),
                standards.written({key: known[key]}),
                file_name=f"standard-{key}.json",
                mime="application/json",
                icon=":material/download:",
                on_click="ignore",
                key="take-standard",
            )
        st.html(f'<p class="note">{t("limits.note")}</p>')
        if is_asked:
            in_force.choose_standard(db, person, settings, key, now=now)
            st.rerun()


def _in_force(settings: Settings) -> Standard | None:
    """The standard in force; None where what was chosen is gone, which is said in its place."""
    try:
        return in_force.standard(settings)
    except ConfigError as error:
        st.html(f'<p class="refused">{html.escape(str(error))}</p>')
        return None


def _since(db: Database, current: Standard | None, now: float) -> str:
    choice = in_force.chosen(db)
    if current is None:
        return t("limits.none")
    if choice is None:
        return t("limits.default", name=current.name)
    return t("limits.chosen", name=current.name, who=choice.who, when=words.ago(choice.at, now))


def _limits(of: Standard) -> None:
    with_share = standards.knows_share(of)
    columns = [tables.Column(t("limits.grade"), bare=True), tables.Column(t("limits.width"))]
    columns += [tables.Column(t("limits.share"))] if with_share else []
    rows = []
    for one in of.limits:
        share = [_from(one, words.percent(one.from_share)) if one.from_share else "–"] if with_share else []
        rows.append(tables.Row(one.grade, [one.grade, _from(one, f"{one.from_mm:g} mm"), *share, one.words]))
    tables.show([*columns, tables.Column(t("limits.means"), wide=True)], rows, key="limits", stack=True)
    st.html(
        f'<p class="note">{html.escape(" ".join(part for part in (of.source + ".", of.scope) if part))}</p>'
    )


def _from(limit: Limit, value: str) -> str:
    return t("limits.above" if limit.is_above else "limits.from", value=value)
