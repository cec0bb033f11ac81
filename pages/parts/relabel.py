"""What people say of a photo that models learn from: correct its label, mark it, see who said what."""

from __future__ import annotations

import html
import time

import streamlit as st
from sqlite_utils import Database

from core import labels, store
from core.labels import Word
from core.records import Domain
from core.settings import Settings
from pages.parts import access, words
from pages.parts.strings import t

_SPOKEN = "relabel-spoken"


def standing(domain: Domain) -> labels.Standing:
    """What people say now, by photo and matter."""
    return labels.standing(_db(), domain)


def has_spoken() -> bool:
    """Whether this reader said something since this was asked last: what else is shown is out of date."""
    return bool(st.session_state.pop(_SPOKEN, False))


def desk(domain: Domain, photo: str) -> None:
    """Buttons to correct and to mark for engineers, and for everybody who has said what.

    Each click is a line in the history.
    """
    db = _db()
    own = labels.original(db, domain, photo)
    if access.me().is_at_least("engineer"):
        said = labels.standing(db, domain)
        label, mark = said.get((photo, "label")), said.get((photo, "mark"))
        _label_buttons(domain, photo, present=label.value if label is not None else own.label)
        with st.container(horizontal=True, vertical_alignment="center"):
            if own.is_test:
                st.html(f'<span class="note">{t("relabel.test")}</span>')
            else:
                _mark_button(domain, photo, is_marked=mark is not None)
            if label is not None:
                st.button(
                    t("relabel.back"),
                    icon=":material/undo:",
                    type="tertiary",
                    key=f"back-{photo[:12]}",
                    on_click=_withdraw,
                    args=(domain, photo, "label"),
                )
    for word in labels.history(db, domain, photo):
        st.html(
            f'<p class="line">{html.escape(line(domain, word))}<br>'
            f'<span class="note" title="{words.exact(word.at)}">{words.ago(word.at, time.time())}</span></p>'
        )


def _label_buttons(domain: Domain, photo: str, *, present: str | None) -> None:
    """A button for each label, the present one pressed, and a line for why it is changed."""
    key = photo[:12]
    st.markdown(f"##### {t('relabel.which')}")
    with st.container(horizontal=True, key=f"relabel-{key}", gap="small"):
        for name in labels.LABELS[domain]:
            st.button(
                words.label(domain, name),
                key=f"relabel-{key}-{name}",
                type="primary" if name == present else "secondary",
                icon=":material/check:" if name == present else None,
                disabled=name == present,
                on_click=_relabel,
                args=(domain, photo, name, f"note-{key}"),
            )
    st.text_input(
        t("relabel.note"),
        key=f"note-{key}",
        placeholder=t("relabel.note_hint"),
        label_visibility="collapsed",
        max_chars=200,
    )


def _mark_button(domain: Domain, photo: str, *, is_marked: bool) -> None:
    """Mark a photo for the next training, or take the mark back."""
    st.button(
        t("relabel.marked") if is_marked else t("relabel.mark"),
        icon=":material/bookmark_added:" if is_marked else ":material/bookmark:",
        type="tertiary",
        key=f"mark-{photo[:12]}",
        on_click=_withdraw if is_marked else _mark,
        args=(domain, photo, "mark") if is_marked else (domain, photo),
        help=t("relabel.mark_help"),
    )


def line(domain: Domain, word: Word) -> str:
    """One line of the history in words: who said what, and why."""
    if word.what == "label":
        names = {"was": _name(domain, word.was), "now": _name(domain, word.value)}
        told = t("relabel.said" if word.value else "relabel.unsaid", who=word.who, **names)
    else:
        told = t(f"relabel.{word.what}_{'done' if word.value else 'undone'}", who=word.who)
    return f"{told} – {word.note}" if word.note else told


def tile_lines(domain: Domain, photo: str, said: labels.Standing) -> list[tuple[str, str]]:
    """What a photo's tile says of people's words: (kind, text), nothing where nobody spoke."""
    told = []
    label, mark = said.get((photo, "label")), said.get((photo, "mark"))
    if label is not None:
        told.append(("done", t("relabel.now", label=_name(domain, label.value), who=label.who)))
    if mark is not None:
        told.append(("done", t("relabel.mark_done", who=mark.who)))
    return told


def _name(domain: Domain, value: str) -> str:
    return words.label(domain, value) if value else t("relabel.none")


def _relabel(domain: Domain, photo: str, label: str, note: str) -> None:
    labels.relabel(_db(), access.me(), domain, photo, label, time.time(), st.session_state.get(note, ""))
    st.session_state[note] = ""
    st.session_state[_SPOKEN] = True


def _mark(domain: Domain, photo: str) -> None:
    labels.mark(_db(), access.me(), domain, photo, time.time())
    st.session_state[_SPOKEN] = True


def _withdraw(domain: Domain, photo: str, what: labels.What) -> None:
    labels.withdraw(_db(), access.me(), domain, photo, what, time.time())
    st.session_state[_SPOKEN] = True


def _db() -> Database:
    """A click comes in another thread than the page."""
    return store.connect(Settings.of().database)
