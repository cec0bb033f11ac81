"""Our own elements in plain JavaScript: one .js and one .css each, no build step, no dependency.

They are handed to the browser inline (Streamlit loads them from a blob: address), so `pip install -r
requirements.txt` is all it takes. Words come from Python as `data["words"]`; pictures by address.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

FOLDER = Path(__file__).parent
HELD_SECONDS: Final = 10.0
"""A click that no run has taken up by then is forgotten; nobody waits for it any more."""


def element(name: str, *shared: str) -> ComponentRenderer:
    """The element of this name, to be mounted with `key=` and `data=`; made once, where a module begins.

    `shared` names scripts that it has in common with others; all are one module in the browser.
    """
    look, script = (
        "".join((FOLDER / f"{part}.{kind}").read_text(encoding="utf-8") for part in parts)
        for kind, parts in (("css", ("common", name)), ("js", ("common", *shared, name)))
    )
    return st.components.v2.component(
        f"patina_{name}",
        html=f'<div class="{name}"></div>',
        css=look,
        js=script,
    )


def hold(key: str, name: str) -> Callable[[], None]:
    """A callback for `on_<name>_change` that keeps what was clicked until `held` is asked for it.

    The run that a click begins may be cut short by the next one (a page that looks every second), and with it
    the click would be gone: a callback has been called by then.
    """

    def heard() -> None:
        clicked = st.session_state[key].get(name)
        if clicked is not None:
            st.session_state[f"held-{key}"] = (clicked, time.monotonic())

    return heard


def held(key: str) -> Any | None:
    """What was clicked in the element of this key, once; None when nothing was."""
    clicked, at = st.session_state.pop(f"held-{key}", (None, 0.0))
    return clicked if time.monotonic() - at < HELD_SECONDS else None
