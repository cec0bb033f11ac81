"""Our own elements in plain JavaScript: one .js and one .css each, no build step, no dependency.

They are handed to the browser inline (Streamlit loads them from a blob: address), so `pip install -r
requirements.txt` is all it takes. Words come from Python as `data["words"]`; pictures by address.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

FOLDER = Path(__file__).parent


def element(name: str) -> ComponentRenderer:
    """The element of this name, to be mounted with `key=` and `data=`; made once, where a module begins."""
    look = (FOLDER / "common.css").read_text(encoding="utf-8") + (FOLDER / f"{name}.css").read_text(
        encoding="utf-8"
    )
    return st.components.v2.component(
        f"patina_{name}",
        html=f'<div class="{name}"></div>',
        css=look,
        js=(FOLDER / f"{name}.js").read_text(encoding="utf-8"),
    )
