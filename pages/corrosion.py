"""Corrosion: which grades are taken for which, on which photos, and whether it is as sure as it says."""

from typing import Any

import numpy as np
import streamlit as st

from core import corrosion, explore, metrics
from pages.parts import bars, cached, charts, gallery, grades, lab, pick, published, tables, words
from pages.parts.strings import t
from pages.parts.tables import Column, Row

told = lab.begin("corrosion")
evaluation = cached.evaluation(told.model.folder, told.split) or {}
figures = cached.figures("corrosion", told.model.folder, told.split)
matrix = np.asarray(figures["confusion"])
here = lab.here(told, evaluation)
NAMES = [t("label.grade", grade=g) for g in corrosion.CLASSES]
GRADES = list(range(corrosion.N))


def tile(i: int) -> dict[str, object]:
    """A photo: what was said and how surely, what an expert says, and its four probabilities."""
    p, sha = evaluation["p"][i], str(evaluation["sha256"][i])
    said = int(p.argmax())
    likely = [g for g in np.argsort(-p)[:2].tolist() if p[g] >= 0.005]
    two = " · ".join(f"{NAMES[g]}: {words.percent(float(p[g]))}".replace(" ", "\u00a0") for g in likely)
    return gallery.tile(
        sha,
        sha,
        words.percent(float(p[said])),
        tone=f"grade-{said}",
        grade=str(said),
        lines=[("quiet", t("lab.truth", label=NAMES[int(evaluation["truth"][i])])), ("quiet", two)],
        name=str(evaluation["name"][i]),
    )


def open_photo(sha: str) -> None:
    """The photo large, with the verdict that an inspector would get."""
    i = int(np.flatnonzero(evaluation["sha256"] == sha)[0])
    verdict = corrosion.judge({k: evaluation[k][i] for k in ("p", "unlike")}, None, told.card)
    truth = int(evaluation["truth"][i])
    lines = [
        t("lab.truth", label=f"{NAMES[truth]} – {t(f'grade.{truth}')}"),
        t("lab.said", label=f"{words.label('corrosion', verdict.label)} – {t(f'grade.{verdict.label}')}"),
        words.sureness(verdict.confidence),
        words.said(verdict.reason),
    ]
    lab.open_photo(
        here[sha], words.shortened(str(evaluation["name"][i]), 48), lines, lambda: bars.why(verdict)
    )


def choose(points: list[dict[str, object]]) -> None:
    """A cell was clicked: show its photos."""
    truth, said = points[0]["customdata"][:2]  # type: ignore[index]
    for name, value in (("truth", truth), ("said", said)):
        st.session_state[name] = int(value)
        st.query_params[name] = str(value)


def grade(g: int) -> str:
    """A grade's name on the screen."""
    return NAMES[g]


def worst_cell() -> tuple[int, int]:
    """The mistake with the most photos; where there is none, grade 0 said 0."""
    wrong = np.where(np.eye(len(matrix), dtype=bool), -1, matrix)
    i, j = np.unravel_index(int(wrong.argmax()), matrix.shape)
    return (int(i), int(j)) if matrix[i, j] and i != j else (0, 0)


@st.fragment
def cells() -> None:
    """The matrix and the photos of one of its cells."""
    first = worst_cell()
    as_list: dict[str, Any] = {"is_list": True, "is_labelled": True}
    left, right = st.columns([6, 7], gap="large")
    with right:
        one, two = st.columns(2)
        with one:
            truth = pick.one("truth", GRADES, first[0], label=t("axis.truth"), say=grade, **as_list)
        with two:
            said = pick.one("said", GRADES, first[1], label=t("axis.said"), say=grade, **as_list)
        found = explore.cell(evaluation["truth"], evaluation["p"], truth, said)
        key = "corrosion.cell_right" if truth == said else "corrosion.cell_wrong"
        st.html(f'<p class="note">{t(key, n=len(found), truth=NAMES[truth], said=NAMES[said])}</p>')
        clicked = lab.photos(told, evaluation, found, here, tile, key=f"cell-{truth}-{said}")
        if clicked is not None:
            open_photo(clicked)
    with left:
        what = pick.one(
            "as",
            ("counts", "shares"),
            "counts",
            label=t("corrosion.show_as"),
            say=lambda w: t(f"corrosion.{w}"),
        )
        charts.show(
            charts.confusion(
                matrix, NAMES, chosen=(truth, said), what="shares" if what == "shares" else "counts"
            ),
            t("corrosion.matrix_title"),
            key="corrosion-matrix",
            note=t("lab.click_cell"),
            on_click=choose,
        )
        per_grade()


def per_grade() -> None:
    """Precision, recall and F1 of each grade, with its wording."""
    rows = []
    for g in corrosion.CLASSES:
        of = figures["per_grade"][g]
        wording = {"text": NAMES[int(g)], "sub": t(f"grade.{g}"), "tone": f"grade-{g}"}
        numbers = [tables.figure(of[k], 2) for k in ("precision", "recall", "f1")]
        rows.append(Row(g, [wording, *numbers, str(of["support"])]))
    mean = metrics.scores(matrix)
    means = [
        float(np.nanmean(v)) if not np.isnan(v).all() else float("nan")
        for v in (mean.precision, mean.recall, mean.f1)
    ]
    rows.append(
        Row(
            "mean",
            [t("corrosion.mean"), *(tables.figure(m, 2) for m in means), str(figures["n"])],
            apart=True,
        )
    )
    columns = [Column(t("corrosion.grade"), wide=True)]
    columns += [Column(t(f"metric.{k}"), "number") for k in ("precision", "recall", "f1")]
    tables.show(
        [*columns, Column(t("axis.photos"), "number")],
        rows,
        key="per-grade",
        caption=t("corrosion.per_grade"),
    )


def in_words() -> str:
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


def honesty() -> None:
    """Are 80 % really 80 %."""
    found = cached.calibration("corrosion", told.model.folder, told.split)
    left, right = st.columns([3, 2], gap="large")
    with left:
        charts.show(
            charts.calibration(found.said, found.right, found.n),
            t("corrosion.honest_title"),
            key="calibration",
            note=t(
                "corrosion.honest_note",
                error=words.percent(found.error),
                temperature=f"{told.card.temperature:.2f}",
            ),
        )
    with right:
        rows = [
            Row(str(i), [words.percent(float(said)), words.percent(float(true)), str(int(n))])
            for i, (said, true, n) in enumerate(zip(found.said, found.right, found.n, strict=True))
            if n
        ]
        heads = [
            Column(t("axis.confidence"), "number"),
            Column(t("axis.right"), "number"),
            Column(t("axis.photos"), "number"),
        ]
        tables.show(heads, rows, key="calibration-table")


views = {
    "matrix": t("corrosion.view_matrix"),
    "costs": t("corrosion.view_costs"),
    "honest": t("corrosion.view_honest"),
    "published": t("rail.view_published"),
}
view = pick.one(
    "view", list(views), "matrix", label=t("lab.view"), say=lambda name: views[name], key="corrosion-view"
)
if view == "costs":
    grades.costs(told, evaluation, NAMES)
elif view == "honest":
    honesty()
    grades.promise(told, evaluation, NAMES)
elif view == "published":
    published.corrosion(told)
else:
    st.html(f'<p class="lead">{in_words()}</p>')
    cells()
    lab.full_card(told.card)
