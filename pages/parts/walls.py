"""The photos of a crack model's test set, the worst at the present threshold first, explored one by one."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import streamlit as st

from core.explore import Counts, Masks
from core.sets import Held
from pages.parts import cached, gallery, lab, mask, words
from pages.parts.lab import Lab
from pages.parts.mask import Shown
from pages.parts.strings import t

STRIP: Final = 8


@dataclass(frozen=True)
class Walls:
    """A test set with what the page's model says of it."""

    lab: Lab
    evaluation: cached.Evaluation
    test: Masks
    here: Mapping[str, Held]
    """The photos that are in this store, by sha256."""

    def sha(self, i: int) -> str:
        """The sha256 of the i-th photo."""
        return str(self.evaluation["sha256"][i])

    def explorer(
        self,
        threshold: float,
        models: Sequence[Shown],
        *,
        key: str,
        layout: mask.Layout = "one",
        is_own: bool = False,
    ) -> None:
        """The mask explorer on the worst photo at this threshold, and the next worst below it."""
        each = self.test.each(threshold)
        worst = [int(i) for i in self.test.worst(threshold)]
        seen = [i for i in worst if self.sha(i) in models[0].maps]
        offered = [i for i in seen if self.sha(i) in self.here] or seen
        if not offered:
            st.html(f'<p class="note">{t("crack.no_maps")}</p>')
            lab.absent(self.lab, self.evaluation, worst, names=True)
            return
        asked = self._asked()
        chosen = next((i for i in offered if self.sha(i) == asked), offered[0])
        head, back = st.columns([4, 1], vertical_alignment="center")
        name = html.escape(words.shortened(str(self.evaluation["name"][chosen]), 40))
        place = worst.index(chosen) + 1
        head.html(
            f'<p class="line"><b>{name}</b> <span class="note">'
            + t("crack.place", place=place, n=len(worst), f1=figure(each.f1[chosen]))
            + "</span></p>"
        )
        is_other = asked is not None and chosen != offered[0]
        if is_other and back.button(t("crack.worst"), type="tertiary", key="worst"):
            st.session_state.pop("crack-photo", None)
            st.query_params.pop("photo", None)
            st.rerun(scope="fragment")
        held = self.here.get(self.sha(chosen))
        mask.explorer(
            models,
            self.evaluation,
            chosen,
            held,
            threshold,
            slider="threshold",
            key=key,
            layout=layout,
            is_own=is_own,
        )
        if len(offered) > 1:
            st.html(f'<p class="note">{t("crack.strip")}</p>')
            others = [i for i in offered if i != chosen][: STRIP - (layout == "side")]  # rows are full
            tiles = [self._tile(i, each, models[0]) for i in others]
            clicked = gallery.show(tiles, key="crack-strip", layout="wall")
            if clicked is not None:
                st.session_state["crack-photo"] = clicked
                st.query_params["photo"] = clicked[:12]
                st.rerun(scope="fragment")
        away = [i for i in worst if i not in offered]
        if away:
            lab.absent(self.lab, self.evaluation, away, names=False)

    def _asked(self) -> str | None:
        """The photo in the address or clicked last; None: the worst one."""
        told = st.session_state.get("crack-photo") or st.query_params.get("photo", "")
        return next((str(s) for s in self.evaluation["sha256"] if told and str(s).startswith(told)), None)

    def _tile(self, i: int, each: Counts, model: Shown) -> dict[str, object]:
        """A photo of the strip: its F1 at the present threshold, and what is wrong with it."""
        sha = self.sha(i)
        shown = gallery.tile(
            sha,
            sha,
            "F1 " + figure(each.f1[i]),
            lines=[("quiet", t("crack.tile", missed=int(each.fn[i]), false=int(each.fp[i])))],
            name=str(self.evaluation["name"][i]),
        )
        if sha in self.here:
            return shown
        return shown | {"photo": model.address(sha)}


def figure(value: object) -> str:
    """A figure with three digits; "–" where it does not exist."""
    number = float(value)  # type: ignore[arg-type]
    return "–" if number != number else f"{number:.3f}"
