"""Widgets whose value stands in the page's address under a word of ours, so that what is seen is a link.

Streamlit's own binding writes what is shown, which is another word in each language.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

PAGE = "page"


def select(label: str, name: str, options: Sequence[str], said: Callable[[str], str]) -> str:
    """A choice from a list, the first option when the address has none; `said` gives its words."""
    st.selectbox(
        label,
        options,
        key=_key(name, _known(name, options)),
        format_func=said,
        on_change=_tell,
        args=(name, options[0]),
    )
    return _known(name, options)


def segments(label: str, name: str, options: Sequence[str], said: Callable[[str], str]) -> str:
    """A choice among a few, side by side; the label is for those who cannot see it."""
    st.segmented_control(
        label,
        options,
        required=True,
        key=_key(name, _known(name, options)),
        format_func=said,
        on_change=_tell,
        args=(name, options[0]),
        label_visibility="collapsed",
    )
    return _known(name, options)


def text(label: str, name: str, hint: str = "") -> str:
    """A line of text, empty when the address has none."""
    value = st.query_params.get(name, "")
    st.text_input(label, key=_key(name, value), on_change=_tell, args=(name, ""), placeholder=hint)
    return value


def page(n_pages: int) -> int:
    """Which page of a list is shown, from 1; the control stands where `turn` is called."""
    told = st.query_params.get(PAGE, "1")
    return min(max(int(told), 1), max(n_pages, 1)) if told.isdigit() else 1


def turn(n_pages: int) -> None:
    """The pages of a list to choose from; nothing when there is only one."""
    if n_pages > 1:
        key = _key(PAGE, page(n_pages))
        st.pagination(n_pages, key=key, on_change=_tell, args=(PAGE, 1))


def _known(name: str, options: Sequence[str]) -> str:
    value = st.query_params.get(name, options[0])
    return value if value in options else options[0]


def _key(name: str, value: object) -> str:
    """The widget's key, its value set to the address's before it is drawn."""
    key = f"address-{name}"
    st.session_state[key] = value
    return key


def _tell(name: str, default: object) -> None:
    """Write what was chosen into the address; another filter begins at the first page."""
    value = st.session_state[f"address-{name}"]
    if value in (None, default):
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = str(value)
    if name != PAGE:
        st.query_params.pop(PAGE, None)
