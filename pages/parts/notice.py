"""What a page says when something cannot be done: one sentence where it was asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import streamlit as st

from core.errors import PatinaError
from pages.parts import words


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
