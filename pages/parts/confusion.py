"""Which grade is taken for which: the matrix, the photos of a cell, what people correct there."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import streamlit as st

from core import cards, corrosion, explore, metrics, sets
from core.grading import grades
from core.sets import Held
from pages.parts import (
    bars,
    cached,
    charts,
    confusion_figures,
    gallery,
    lab,
    pick,
    relabel,
    spotlight,
    tables,
    words,
)
from pages.parts.lab import Lab
from pages.parts.strings import t
from pages.parts.tables import Column, Row

GRADES = list(range(corrosion.N))


def name(grade: int | str) -> str:
    """A grade's name on the screen."""
    return t("label.grade", grade=grade)


@dataclass(frozen=True)
class Wall:
    """What the matrix is made of: a model's answers to a part of a split, and the photos that are here."""

    told: Lab
    evaluation: Mapping[str, np.ndarray]
    here: Mapping[str, Held]
    said: relabel.labels.Standing

    def position(self, sha: str) -> int:
        """Where a photo stands in the evaluation."""
        return int(np.flatnonzero(self.evaluation["sha256"] == sha)[0])


def show(told: Lab) -> None:
    """The view: which photos, in words, the matrix beside the photos of a cell, each grade on its own."""
    told, evaluation = chosen(told)
    said = relabel.standing("corrosion")
    spoken = {p: int(w.value) for (p, what), w in said.items() if what == "label"}
    n = sum(
        spoken.get(sha, g) != g
        for sha, g in zip(evaluation["sha256"].tolist(), evaluation["truth"], strict=True)
    )
    if n and st.toggle(t("confusion.as_corrected", n=int(n)), key="as-corrected", bind="query-params"):
        evaluation = grades.relabelled(evaluation, spoken)
    st.html(f'<p class="lead">{in_words(matrix_of(evaluation))}</p>')
    cells(Wall(told, evaluation, lab.here(told, evaluation), said))
    per_grade(evaluation)
    other = compared(told)
    if other is not None:
        difference(told, evaluation, other)
    lab.full_card(told.card)


def chosen(told: Lab) -> tuple[Lab, dict[str, np.ndarray]]:
    """The split, fold and campaign that the reader wants, all of the address, and the answers to them."""
    splits = cached.splits(told.model.folder)
    with st.container(horizontal=True, vertical_alignment="center", key="which-photos"):
        if len(splits) > 1:
            split = pick.one("split", splits, told.split, label=t("confusion.split"), say=_split_words)
            told = dataclasses.replace(told, split=split)
        whole = cached.evaluation(told.model.folder, told.split) or {}
        fold: int | None = None
        if "fold" in whole and len(whole["truth"]):
            folds = sorted(set(np.asarray(whole["fold"]).tolist()))
            fold = pick.one(
                "fold", [-1, *folds], -1, label=t("confusion.fold"), say=_fold_words, is_list=True
            )
            fold = None if fold < 0 else fold
        places = sorted({g for g in np.asarray(whole["group"]).tolist() if g})
        campaign = ""
        if len(places) > 1:
            campaign = pick.one(
                "campaign",
                ["", *places],
                "",
                label=t("confusion.campaign"),
                say=lambda g: g or t("confusion.every_campaign", n=len(places)),
                is_list=True,
            )
    return told, grades.part(whole, fold=fold, campaign=campaign or None)


def _split_words(split: str) -> str:
    return t(f"split.{split}")


def _fold_words(fold: int) -> str:
    return t("confusion.every_fold") if fold < 0 else t("confusion.fold_n", fold=fold)


def matrix_of(evaluation: Mapping[str, np.ndarray]) -> np.ndarray:
    """The confusion matrix of the photos whose grade is known."""
    known = np.asarray(evaluation["truth"]) >= 0
    said = corrosion.decisions.decide(evaluation["p"][known]) if known.any() else np.zeros(0, np.int64)
    return metrics.confusion(np.asarray(evaluation["truth"])[known], said, corrosion.N)


def in_words(matrix: np.ndarray) -> str:
    """How often the grade is right, off by one, off by two or more; counted in photos."""
    n = int(matrix.sum())
    apart = np.abs(np.subtract.outer(GRADES, GRADES))
    right, one = int(matrix[apart == 0].sum()), int(matrix[apart == 1].sum())
    return t(
        "corrosion.words",
        right=right,
        n=n,
        share=words.percent(right / n) if n else "–",
        one=one,
        two=n - right - one,
        missed=int(matrix[3, :2].sum()),
    )


def worst_cell(matrix: np.ndarray) -> tuple[int, int]:
    """The mistake with the most photos; where there is none, grade 0 said 0."""
    wrong = np.where(np.eye(len(matrix), dtype=bool), -1, matrix)
    i, j = np.unravel_index(int(wrong.argmax()), matrix.shape)
    return (int(i), int(j)) if matrix[i, j] and i != j else (0, 0)


# The matrix and the photos of one of its cells ---------------------------------------------------------


@st.fragment
def cells(wall: Wall) -> None:
    """The matrix and the photos of one of its cells, with what people have said by now."""
    if relabel.has_spoken():
        st.rerun(scope="app")  # what stands outside this part counts labels too
    wall = dataclasses.replace(wall, said=relabel.standing("corrosion"))
    matrix = matrix_of(wall.evaluation)
    first = worst_cell(matrix)
    as_list: dict[str, Any] = {"is_list": True, "is_labelled": True, "say": name}
    left, right = st.columns([6, 7], gap="large")
    with right:
        one, two = st.columns(2)
        with one:
            truth = pick.one("truth", GRADES, first[0], label=t("axis.truth"), **as_list)
        with two:
            said = pick.one("said", GRADES, first[1], label=t("axis.said"), **as_list)
        found = explore.cell(wall.evaluation["truth"], wall.evaluation["p"], truth, said)
        key = "corrosion.cell_right" if truth == said else "corrosion.cell_wrong"
        st.html(f'<p class="note">{t(key, n=len(found), truth=name(truth), said=name(said))}</p>')
        clicked = lab.photos(
            wall.told, wall.evaluation, found, wall.here, lambda i: tile(wall, i), key=f"cell-{truth}-{said}"
        )
        if clicked is not None:
            open_photo(wall, clicked)
    with left:
        what = pick.one(
            "as",
            ("counts", "shares"),
            "counts",
            label=t("corrosion.show_as"),
            say=lambda w: t(f"corrosion.{w}"),
        )
        shown = cast(Literal["counts", "shares"], what)
        charts.show(
            confusion_figures.confusion(matrix, [name(g) for g in GRADES], chosen=(truth, said), what=shown),
            t("corrosion.matrix_title"),
            key="corrosion-matrix",
            note=t("lab.click_cell"),
            on_click=choose,
        )


def choose(points: list[dict[str, Any]]) -> None:
    """A cell was clicked: show its photos."""
    for word, value in zip(("truth", "said"), points[0]["customdata"][:2], strict=True):
        st.session_state[word] = int(value)
        st.query_params[word] = str(value)


def tile(wall: Wall, i: int, more: list[tuple[str, str]] | None = None) -> dict[str, object]:
    """A photo: what was said and how surely, what an expert says, each grade's share, people's words."""
    evaluation = wall.evaluation
    p, sha = evaluation["p"][i], str(evaluation["sha256"][i])
    said = int(corrosion.decisions.decide(p[None])[0])
    truth = int(evaluation["truth"][i])
    return gallery.tile(
        sha,
        sha,
        words.percent(float(p[said])),
        tone=f"grade-{said}",
        grade=str(said),
        lines=[
            *(more or []),
            ("quiet", t("lab.truth", label=name(truth) if truth >= 0 else t("relabel.none"))),
            *relabel.tile_lines("corrosion", sha, wall.said),
        ],
        shares=[
            {"name": name(g), "short": str(g), "share": round(float(p[g]), 3), "tone": f"grade-{g}"}
            for g in GRADES
        ],
        name=str(evaluation["name"][i]),
    )


def open_photo(wall: Wall, sha: str) -> None:
    """The photo large: what the model looked at, what it said, what people say; correct it or mark it."""
    i, told, evaluation = wall.position(sha), wall.told, wall.evaluation
    held = wall.here[sha]
    answers = {k: evaluation[k][i] for k in ("p", "unlike")}
    verdict = corrosion.judge(answers, None, told.card)
    truth = int(evaluation["truth"][i])
    lines = [
        t("lab.truth", label=f"{name(truth)} – {t(f'grade.{truth}')}") if truth >= 0 else t("relabel.none"),
        t("lab.said", label=f"{words.label('corrosion', verdict.label)} – {t(f'grade.{verdict.label}')}"),
        words.sureness(verdict.confidence),
        words.said(verdict.reason),
    ]
    is_trimmed = bool(told.card.preprocessing.get("trimmed", True))
    if not is_trimmed and held.whole is not None:
        held = sets.held(told.db, [held.whole]).get(held.whole, held)
    spoken = wall.said.get((sha, "trim"))
    trim = spoken.trim if spoken is not None else held.trim
    box = None
    if is_trimmed and trim is not None:
        box = spotlight.grown(trim, float(told.card.preprocessing.get("margin", 1.0)))
    seen = ""
    if "looked" in evaluation:
        seen = spotlight.overlay(evaluation["looked"][i], held.width_px, held.height_px, box)

    def draw() -> None:
        bars.why(verdict)
        if seen:
            st.html(f'<p class="note">{t("confusion.looked", label=name(verdict.label))}</p>')
        relabel.desk("corrosion", sha)

    title = words.shortened(str(evaluation["name"][i]), 48)
    lab.open_photo(held, title, lines, draw, overlay=seen, trim=trim, then="rerun")


def per_grade(evaluation: Mapping[str, np.ndarray]) -> None:
    """Precision, recall and F1 of each grade with their intervals, each with its wording."""
    figures = cached.grades_of(evaluation)
    rows = []
    for g in corrosion.CLASSES:
        of = figures["per_grade"][g]
        wording = {"text": name(g), "sub": t(f"grade.{g}"), "tone": f"grade-{g}"}
        numbers = [tables.between(of, k) for k in grades.PER_GRADE]
        rows.append(Row(g, [wording, *numbers, str(of["support"])]))
    mean = metrics.scores(np.asarray(figures["confusion"]))
    means: list[tables.Cell] = []
    for k in ("precision", "recall"):
        values = getattr(mean, k)
        means.append(tables.figure(None if np.isnan(values).all() else float(np.nanmean(values)), 2))
    means.append(tables.between(figures, "mean_f1"))
    rows.append(Row("mean", [t("corrosion.mean"), *means, str(figures["n"])], apart=True))
    columns = [Column(t("corrosion.grade"), wide=True)]
    columns += [Column(t(f"metric.{k}"), "number") for k in grades.PER_GRADE]
    tables.show(
        [*columns, Column(t("axis.photos"), "number")],
        rows,
        key="per-grade",
        caption=t("corrosion.per_grade"),
        stack=True,
    )
    rest = [
        f"{t(f'metric.{k}')} {tables.with_interval(figures, k)}"
        for k in ("within_one", "off_by_two", "kappa")
    ]
    st.html(f'<p class="note">{" · ".join(rest)}. {t("confusion.intervals")}</p>')


# Another model beside it --------------------------------------------------------------------------------


def compared(told: Lab) -> str | None:
    """The model that the reader wants beside this one, of the address; None where there is none."""
    others = [c.id for c in cards.all(told.settings.models, "corrosion") if c.id != told.card.id]
    others = [
        id for id in others if told.split in cached.splits(cards.place(told.settings.models, "corrosion", id))
    ]
    if not others:
        return None
    st.markdown(f"## {t('confusion.compare_title')}")
    found = pick.one(
        "with",
        ["", *others],
        "",
        label=t("confusion.compare"),
        say=lambda id: id or t("confusion.nobody"),
        is_list=True,
        is_labelled=True,
    )
    return found or None


def difference(told: Lab, evaluation: Mapping[str, np.ndarray], other: str) -> None:
    """This model's matrix less another's, on the photos both have answered, with what that is worth."""
    theirs = cached.evaluation(cards.place(told.settings.models, "corrosion", other), told.split)
    found = grades.difference(evaluation, theirs or {})
    if not found.n:
        st.html(f'<p class="note">{t("confusion.no_common", other=other)}</p>')
        return
    left, right = st.columns([6, 7], gap="large")
    with left:
        charts.show(
            confusion_figures.difference(found.cells, [name(g) for g in GRADES]),
            t("confusion.difference_title", one=told.card.id, other=other),
            key="difference",
            note=t("confusion.difference_note", n=found.n),
        )
    with right:
        rows = []
        for k, (value, low, high) in found.figures.items():
            cell = {"text": f"{value:+.3f}", "sub": "" if np.isnan(low) else f"{low:+.3f} … {high:+.3f}"}
            sure = not np.isnan(low) and (low > 0 or high < 0)
            rows.append(Row(k, [t(f"metric.{k}"), cell, t(f"confusion.{'sure' if sure else 'chance'}")]))
        heads = [
            Column(t("runs.figure")),
            Column(t("confusion.less"), "number"),
            Column(t("confusion.worth")),
        ]
        tables.show(heads, rows, key="difference-table", caption=t("confusion.difference_caption"))
