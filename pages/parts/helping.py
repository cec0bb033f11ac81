"""Whether the pseudo-labels of a training help, against the labels alone: one sentence with its interval."""

from __future__ import annotations

import math
from pathlib import Path

import streamlit as st

from core.errors import PatinaError
from core.few_labels import cycles
from core.few_labels.advice import Helping
from pages.parts import experiments
from pages.parts.experiments import Experiment
from pages.parts.strings import t


def in_words(e: Experiment, repeat: int, training: int, *, asks_here: bool = True) -> str:
    """Whether the pseudo-labels that taught a training help, with its interval, and what to do; as HTML.

    `asks_here` is true on the page that lists the photos to label.
    """
    found = of(e, repeat, training)
    if found is None:
        return t("advice.alone") if training == 1 else t("advice.unknown")
    told = {
        "training": training,
        "gain": _signed(found.better),
        "low": _signed(found.low),
        "high": _signed(found.high),
        "n": found.n_photos,
        "places": found.n_places,
    }
    advice = "label_there" if found.advice == "label" and not asks_here else found.advice
    return f"{t(f'advice.{found.key}', **told)} {t(f'advice.{advice}')}"


def of(e: Experiment, repeat: int, training: int) -> Helping | None:
    """`core.few_labels.cycles.helping`, worked out once; None where it cannot be told."""
    stamp = experiments.stamp(cycles.cycle_file(e.folder, repeat, training))
    return _helping(str(e.folder), repeat, training, stamp) if stamp else None


@st.cache_data(max_entries=400, show_spinner=False)
def _helping(folder: str, repeat: int, training: int, stamp: int) -> Helping | None:
    try:
        return cycles.helping(Path(folder), repeat, training)
    except PatinaError:  # no test photo has a label: then nobody can tell
        return None


def _signed(value: float) -> str:
    """A difference with its sign, minus as printers set it; "–" where it does not exist."""
    return "–" if math.isnan(value) else f"{value:+.2f}".replace("-", "\u2212")
