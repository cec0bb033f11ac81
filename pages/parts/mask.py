"""The mask explorer: photo, label, map and errors of one photo, the threshold at the screen's rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from core.records import Card
from core.sets import Held
from pages.parts import cached
from pages.parts.components import element
from pages.parts.strings import t

WORDS: Final = (
    "errors mask heat truth photo side tool_minus tool_plus tool_fit tool_full loading gone found missed "
    "false precision recall crack_px pixels"
).split()

_mask = element("mask")


def explorer(
    card: Card,
    evaluation: cached.Evaluation,
    i: int,
    held: Held | None,
    threshold: float,
    maps: Mapping[str, str],
    *,
    slider: str,
) -> None:
    """The i-th photo of a crack model's test set; it follows the slider `slider` while that is dragged.

    Keys in the picture: + - 0 arrows to move, v for the next view, [ and ] for the threshold.
    """
    sha = str(evaluation["sha256"][i])
    if held is not None:
        width, height = held.width_px, held.height_px
    else:
        height, width = (int(n) for n in evaluation["size"][i])
    name = str(evaluation["name"][i])
    st.session_state.setdefault("mask-view", "errors")

    def take_over() -> None:
        value = st.session_state["mask"].threshold
        if value is not None:
            st.session_state[slider] = float(value)

    def keep_view() -> None:
        st.session_state["mask-view"] = st.session_state["mask"].view

    _mask(
        key="mask",
        data={
            "photo": f"/api/v1/photos/{sha}" if held is not None else "",
            "map": f"/api/v1/models/crack/{card.id}/maps/{sha}",
            "truth": f"/api/v1/artifacts/{held.mask}" if held is not None and held.mask else "",
            "width": width,
            "height": height,
            "threshold": threshold,
            "view": st.session_state["mask-view"],
            "follow": slider,
            "alt": name,
            "words": {word: t(f"mask.{word}") for word in WORDS},
        },
        on_threshold_change=take_over,
        on_view_change=keep_view,
    )
