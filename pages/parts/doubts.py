"""Labels: what people corrected and marked for the next training, and which ones photos speak against."""

from __future__ import annotations

import dataclasses
import time
from typing import Final

import numpy as np
import streamlit as st

from core import sets
from core.grading import grades
from core.sets import Held
from pages.parts import cached, confusion, gallery, lab, places, relabel, words
from pages.parts.lab import Lab
from pages.parts.strings import t

MOST: Final = 60
"""Doubtful labels shown, the most doubtful first; after so many, they are the model's doubts alone."""


def show(told: Lab) -> None:
    """First what goes into the next training, then what should be looked at."""
    said = relabel.standing("corrosion")
    listed(told, said)
    st.markdown(f"## {t('doubts.title')}")
    st.html(f'<p class="note">{t("doubts.note")}</p>')
    for split in reversed(cached.splits(told.model.folder)):  # those that a model learns from come first
        doubtful(told, split, said)


def listed(told: Lab, said: relabel.labels.Standing) -> None:
    """What people said of photos, newest first, and the way to train with it."""
    st.markdown(f"## {t('doubts.listed')}")
    if not said:
        st.html(f'<p class="note">{t("doubts.none")}</p>')
        return
    held = sets.held(told.db, (photo for photo, _ in said))
    cards = [_card(photo, said, held.get(photo)) for photo in dict.fromkeys(photo for photo, _ in said)]
    n_labels = sum(what == "label" for _, what in said)
    n_marks = sum(what == "mark" for _, what in said)
    st.html(f'<p class="lead">{t("doubts.lead", labels=n_labels, marks=n_marks)}</p>')
    clicked = gallery.show(cards, key="listed", layout="wall")
    if clicked is not None and clicked in held:
        here = held[clicked]
        lab.open_photo(
            here,
            words.shortened(here.name, 48),
            [],
            lambda: relabel.desk("corrosion", clicked),
            trim=here.trim,
            then="rerun",
        )
    if told.person.is_at_least("engineer") and st.button(
        t("doubts.train"), type="primary", icon=":material/play_arrow:", key="train-corrected"
    ):
        places.go("runs", new="corrosion")


def _card(photo: str, said: relabel.labels.Standing, here: Held | None) -> dict[str, object]:
    """A photo with what people said of it: the new label, each word, when the last one was."""
    own = [w for (sha, _), w in said.items() if sha == photo]
    newest = max(own, key=lambda w: w.id)
    label = said.get((photo, "label"))
    if label is None:
        title = t(f"relabel.only_{newest.what}")
    else:
        title = f"{label.was or '–'} → {words.label('corrosion', label.value)}"
    return gallery.tile(
        photo,
        photo,
        title,
        tone=f"grade-{label.value}" if label else "none",
        grade=label.value if label else "",
        lines=[("", relabel.line("corrosion", w)) for w in own]
        + [("quiet", words.ago(newest.at, time.time()))],
        name=here.name if here else "",
    )


def doubtful(told: Lab, split: str, said: relabel.labels.Standing) -> None:
    """The doubtful labels of one split, the most doubtful first, without those that somebody changed."""
    evaluation = cached.evaluation(told.model.folder, split) or {}
    found = grades.suspects(evaluation)
    left = [s for s in found if (str(evaluation["sha256"][s.position]), "label") not in said]
    st.markdown(f"### {t(f'split.{split}')}")
    n = len(evaluation["truth"])
    st.html(f'<p class="lead">{t("doubts.found", n=len(found), of=n, seen=len(found) - len(left))}</p>')
    if not left:
        return
    by = {s.position: s for s in left[:MOST]}
    wall = confusion.Wall(
        dataclasses.replace(told, split=split), evaluation, lab.here(told, evaluation), said
    )

    def tile(i: int) -> dict[str, object]:
        likelier = t("doubts.likelier", grade=confusion.name(by[i].likelier), margin=f"{-by[i].margin:.2f}")
        return confusion.tile(wall, i, [("ask", likelier)])

    positions = np.asarray(list(by))
    clicked = lab.photos(told, evaluation, positions, wall.here, tile, key=f"doubts-{split}")
    if clicked is not None:
        confusion.open_photo(wall, clicked)
