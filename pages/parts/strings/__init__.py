"""Every word on the screen, by key, in each language. `t("inspect.drop")` gives it in the reader's own.

A key that is built (`t(f"grade.{grade}")`) starts with a fixed word and a dot, so that a test can find its
family. English is complete by definition; a test holds the others to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.parts.strings import en, ja, ko

Words = Mapping[str, str | tuple[str, str]]
"""A text, or two of them: for one, and for any other number `n`."""

LANGUAGES: Final[dict[str, str]] = {"en": "English", "ko": "한국어", "ja": "日本語"}
CATALOGUES: Final[dict[str, Words]] = {"en": en.WORDS, "ko": ko.WORDS, "ja": ja.WORDS}
SESSION_KEY: Final = "language"


def t(key: str, **told: object) -> str:
    """The text of this key in the reader's language, its {names} filled in from the keywords.

    Numbers of four digits and more get their thousands apart. An unknown key raises `KeyError`: a bug.
    """
    return say(language(), key, **told)


def say(tongue: str, key: str, **told: object) -> str:
    """As `t`, in a named language; a key that this language lacks is said in English."""
    words = CATALOGUES[tongue].get(key)
    if words is None:
        words = CATALOGUES["en"][key]
    text = words if isinstance(words, str) else words[0 if told.get("n") == 1 else 1]
    shown = {k: f"{v:,}" if isinstance(v, int) and not isinstance(v, bool) else v for k, v in told.items()}
    return text.format(**shown)


def raw(key: str) -> str | tuple[str, str]:
    """The text of this key with its {names} still open, for words that are put together in the browser."""
    return CATALOGUES[language()].get(key) or CATALOGUES["en"][key]


def language() -> str:
    """The reader's language: the chosen one, else the browser's where we speak it, else English."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return "en"
    chosen = st.session_state.get(SESSION_KEY)
    return chosen if chosen in CATALOGUES else spoken(st.context.locale)


def spoken(locale: str | None) -> str:
    """Our language for a browser's locale: "ko-KR" is ko, "de" or none is en."""
    tongue = (locale or "en").replace("_", "-").split("-")[0].lower()
    return tongue if tongue in CATALOGUES else "en"
