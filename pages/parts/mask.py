"""The mask explorer: a photo, its label and what up to six models say of it, the threshold live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import streamlit as st

from core.records import Card
from core.sets import Held
from pages.parts import cached
from pages.parts.components import element
from pages.parts.strings import t

MOST: Final = 6
"""Models that are compared at once."""
WORDS: Final = (
    "errors mask heat truth photo one side swipe own own_help left right brightness contrast drawing plain "
    "tool_light tool_minus tool_plus tool_fit tool_full loading gone no_map found missed false precision "
    "recall threshold crack_px pixels"
).split()

Layout = Literal["one", "side", "swipe"]

_mask = element("mask", "stage")


@dataclass(frozen=True)
class Shown:
    """A model whose maps can be shown: its card, and the files of its maps by the photo's sha256.

    A training of a sweep that is not filed as a model has a `name` and `lies_at`, the address of its maps.
    """

    card: Card
    maps: Mapping[str, str]
    name: str = ""
    lies_at: str = ""

    def address(self, sha: str) -> str:
        """Where the browser finds the map of this photo; "" where none was kept."""
        if sha not in self.maps:
            return ""
        return f"{self.lies_at or f'/api/v1/models/crack/{self.card.id}/maps'}/{sha}"

    @property
    def threshold(self) -> float | None:
        """The cut it was filed with."""
        return self.card.threshold


def explorer(
    models: Sequence[Shown],
    evaluation: cached.Evaluation,
    i: int,
    held: Held | None,
    threshold: float,
    *,
    slider: str,
    key: str = "mask",
    layout: Layout = "one",
    is_own: bool = False,
) -> None:
    """The i-th photo of the first model's test set; all follow the slider `slider` while that is dragged.

    With `is_own` each model is shown at its own threshold first, the first one too.

    Keys in the picture: + - 0 arrows to move, v for the next view, c for the next arrangement, [ and ] for
    the threshold.
    """
    sha = str(evaluation["sha256"][i])
    if held is not None:
        width, height = held.width_px, held.height_px
    else:
        height, width = (int(n) for n in evaluation["size"][i])
    st.session_state.setdefault(f"{key}-view", "errors")
    st.session_state.setdefault(f"{key}-layout", layout)

    def take_over() -> None:
        value = st.session_state[key].threshold
        if value is not None:
            st.session_state[slider] = float(value)

    def keep(what: str) -> None:
        st.session_state[f"{key}-{what}"] = st.session_state[key][what]

    _mask(
        key=key,
        data={
            "photo": f"/api/v1/photos/{sha}" if held is not None else "",
            "models": [
                {
                    "name": shown.name or shown.card.id,
                    "map": shown.address(sha),
                    "threshold": shown.threshold,
                }
                for shown in models[:MOST]
            ],
            "truth": f"/api/v1/artifacts/{held.mask}" if held is not None and held.mask else "",
            "width": width,
            "height": height,
            "threshold": threshold,
            "view": st.session_state[f"{key}-view"],
            "layout": st.session_state[f"{key}-layout"],
            "follow": slider,
            "own": is_own,
            "alt": str(evaluation["name"][i]),
            "words": {word: t(f"mask.{word}") for word in WORDS},
        },
        on_threshold_change=take_over,
        on_view_change=lambda: keep("view"),
        on_layout_change=lambda: keep("layout"),
    )
