"""What is read once and shared by all sessions: evaluations of models and what is counted from them.

Everything here is read-only. The keys hold the file's time, so that a new evaluation is seen at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from core import cards, corrosion, crack, explore, rail
from core.explore import Masks, YesNo
from core.grading import margins as around
from core.measuring.stakes import Stakes

Evaluation = Mapping[str, np.ndarray]

SPLITS = ("test", "val")


def splits(folder: Path) -> list[str]:
    """The splits of which this model's answers are kept, test first."""
    return [split for split in SPLITS if _stamp(folder, split)]


def evaluation(folder: Path, split: str) -> Evaluation | None:
    """What a model said of a split; None when it was not kept. `ModelError` when the file is damaged."""
    stamp = _stamp(folder, split)
    return _evaluation(str(folder), split, stamp) if stamp else None


def yes_no(folder: Path, split: str) -> YesNo:
    """A rail model's known test photos with the counts at every threshold."""
    return _yes_no(str(folder), split, _stamp(folder, split))


def masks(folder: Path, split: str) -> Masks:
    """A crack model's histograms as running sums."""
    return _masks(str(folder), split, _stamp(folder, split))


def stakes(folder: Path, split: str) -> Stakes | None:
    """What a crack model's thresholds mean in length and in clean walls; None for an older evaluation."""
    return _stakes(str(folder), split, _stamp(folder, split))


def figures(domain: str, folder: Path, split: str, threshold: float | None = None) -> dict[str, Any]:
    """The figures of a split at a threshold, as `evaluate` gives them, without intervals."""
    return _figures(domain, str(folder), split, _stamp(folder, split), threshold)


def maps(folder: Path) -> dict[str, str]:
    """The file of each stored probability map of a crack model, by the photo's sha256."""
    place = folder / cards.MAPS
    return _maps(str(place), place.stat().st_mtime_ns) if place.is_dir() else {}


def pooled(folder: Path, split: str) -> Evaluation | None:
    """A crack evaluation summed over its photos, for figures that are asked for at every move of a slider.

    None where it was not kept, or was made before cracks were counted by width.
    """
    stamp = _stamp(folder, split)
    return _pooled(str(folder), split, stamp) if stamp else None


def _stamp(folder: Path, split: str) -> int:
    path = folder / f"evaluation-{split}.npz"
    return path.stat().st_mtime_ns if path.is_file() else 0


@st.cache_resource(max_entries=24, show_spinner=False)
def _evaluation(folder: str, split: str, stamp: int) -> Evaluation | None:
    return cards.evaluation(Path(folder), split)


@st.cache_resource(max_entries=24, show_spinner=False)
def _yes_no(folder: str, split: str, stamp: int) -> YesNo:
    return YesNo.of(_known(folder, split, stamp))


@st.cache_resource(max_entries=12, show_spinner=False)
def _masks(folder: str, split: str, stamp: int) -> Masks:
    return Masks.of(_known(folder, split, stamp)["histogram"])


@st.cache_resource(max_entries=12, show_spinner=False)
def _stakes(folder: str, split: str, stamp: int) -> Stakes | None:
    return Stakes.of_evaluation(_known(folder, split, stamp))


@st.cache_resource(max_entries=256, show_spinner=False)
def _figures(domain: str, folder: str, split: str, stamp: int, threshold: float | None) -> dict[str, Any]:
    told = _known(folder, split, stamp)
    match domain:
        case "rail":
            return rail.score(told, threshold, draws=0)
        case "corrosion":
            return corrosion.score(told, threshold, draws=0)
    return crack.score(told, threshold, draws=0)


def margins(folder: Path, split: str) -> list[dict[str, Any]]:
    """The figures of a corrosion model at each margin around the trim box, with their intervals."""
    return _margins(str(folder), split, _stamp(folder, split))


@st.cache_resource(max_entries=12, show_spinner=False)
def _margins(folder: str, split: str, stamp: int) -> list[dict[str, Any]]:
    return around.curve(_known(folder, split, stamp))


def grades_of(evaluation: Evaluation) -> dict[str, Any]:
    """The figures of any corrosion answers with their intervals, worked out once for the same answers."""
    told = hashlib.sha256()
    for name in ("truth", "p"):
        told.update(np.ascontiguousarray(evaluation[name]).tobytes())
    told.update("\0".join(np.asarray(evaluation["group"]).tolist()).encode())
    return _grades_of(told.hexdigest(), evaluation)


@st.cache_resource(max_entries=64, show_spinner=False)
def _grades_of(key: str, _evaluation: Evaluation) -> dict[str, Any]:
    return corrosion.score(_evaluation)


@st.cache_resource(max_entries=24, show_spinner=False)
def _maps(place: str, stamp: int) -> dict[str, str]:
    return {path.stem: path.name for path in sorted(Path(place).iterdir()) if path.is_file()}


@st.cache_resource(max_entries=24, show_spinner=False)
def agreement(domain: str, folder: str, split: str, stamp: int) -> explore.Calibration:
    """How sure a model's answers were and how often right, over the photos whose truth is known."""
    told = _known(folder, split, stamp)
    known = np.asarray(told["truth"]) >= 0
    p, truth = np.asarray(told["p"], np.float64)[known], np.asarray(told["truth"])[known]
    return explore.calibration(p.max(1), p.argmax(1) == truth)


def calibration(domain: str, folder: Path, split: str) -> explore.Calibration:
    """How sure a model's answers were and how often right."""
    return agreement(domain, str(folder), split, _stamp(folder, split))


@st.cache_resource(max_entries=24, show_spinner=False)
def _pooled(folder: str, split: str, stamp: int) -> Evaluation | None:
    told = _known(folder, split, stamp)
    counted = ("histogram", "reached", "middle", "near", "length_px", "thin", "raised")
    if any(name not in told for name in counted):
        return None
    return {name: np.asarray(told[name]).sum(0, dtype=np.float64, keepdims=True) for name in counted}


def _known(folder: str, split: str, stamp: int) -> Evaluation:
    told = _evaluation(folder, split, stamp)
    if told is None:
        raise FileNotFoundError(f"evaluation-{split}.npz in {folder}")
    return told
