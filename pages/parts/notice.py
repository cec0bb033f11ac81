"""What a page says when something cannot be done, or went wrong: one sentence where it was asked for."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import traceback
from collections.abc import Iterator

import streamlit as st

from core.errors import PatinaError
from pages.parts import words
from pages.parts.strings import t

log = logging.getLogger("patina.pages")


@contextlib.contextmanager
def instead() -> Iterator[None]:
    """Show a `PatinaError` here instead of ending the page with it."""
    try:
        yield
    except PatinaError as error:
        show(error)


def show(error: PatinaError) -> None:
    """The sentence of an error."""
    st.warning(words.said(str(error)), icon=":material/info:")


def broken(error: Exception) -> bool:
    """What is left to say of an error that no page expected; for `st.App(on_script_error=...)`.

    A click's own `PatinaError` comes this way too and is said as it is. Anything else is a bug: the reader
    gets a number, the log the number and where it happened. True: Streamlit need not show its own box.
    """
    if isinstance(error, PatinaError):
        show(error)
    else:
        told = number(error)
        log.error("Error %s: %s", told, traceback.format_exception_only(error)[-1].strip())
        st.warning(t("error.page", number=told), icon=":material/error:")
    return True


def number(error: BaseException) -> str:
    """Six signs that the same error has every time: made of its kind and the lines that led to it."""
    path = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    return hashlib.sha256("\n".join([type(error).__name__, *path]).encode()).hexdigest()[:6].upper()
