"""The tables that papers 2 and 3 print, in their form, with what can be said of them."""

from __future__ import annotations

import streamlit as st

from core import published as papers
from pages.parts import cached, tables
from pages.parts.lab import Lab, network
from pages.parts.strings import t
from pages.parts.tables import Column, Row


def crack() -> None:
    """Table 8 (the best of each loss), then tables 1 and 4 to 7 with their best rows marked."""
    st.html(f'<p class="note">{t("published.crack")}</p>')
    best = papers.best_of_losses()
    top = max(best, key=lambda r: r.f1)
    left, right = st.columns(2, gap="large")
    with left:
        _crack_table("8", best, {top}, t("published.table8"), with_loss=True)
    groups: dict[int, list[papers.CrackRow]] = {}
    for row in papers.CRACK:
        groups.setdefault(row.table, []).append(row)
    for i, (number, rows) in enumerate(groups.items()):
        with right if i % 2 == 0 else left:
            caption = t("published.table", table=number, what=t(f"loss.{rows[0].loss}"))
            _crack_table(str(number), rows, set(best), caption, with_loss=False)
    if any(row.differs for row in papers.CRACK):
        st.html(f'<p class="note">{t("published.differs")}</p>')


def _crack_table(
    key: str,
    rows: list[papers.CrackRow] | tuple[papers.CrackRow, ...],
    marked: set[papers.CrackRow],
    caption: str,
    *,
    with_loss: bool,
) -> None:
    heads = [Column(t("losses.loss"))] if with_loss else []
    heads += [Column("w", "number"), Column(t("lab.threshold"), "number")]
    heads += [Column(t(f"metric.{k}"), "number") for k in ("precision", "recall", "accuracy", "f1")]
    told = []
    for i, row in enumerate(rows):
        f1 = f"{row.f1:.3f}" + ("*" if row.differs else "")
        cells = [t(f"loss.{row.loss}")] if with_loss else []
        cells += ["–" if row.weight is None else f"{row.weight:g}", f"{row.threshold:g}"]
        cells += [f"{row.precision:.3f}", f"{row.recall:.3f}", f"{row.accuracy:.3f}", f1]
        told.append(Row(str(i), cells, marked=row in marked))
    tables.show(heads, told, key=f"paper2-table{key}", caption=caption)


def corrosion(told: Lab) -> None:
    """Table 4 of paper 3, mean F1 and F1 of each grade, the model of this page beside it."""
    st.html(f'<p class="note">{t("published.corrosion")}</p>')
    ours = cached.figures("corrosion", told.model.folder, told.split)
    heads = [Column(t("published.network")), Column(t("published.mean"), "number")]
    heads += [Column(t("label.grade", grade=g), "number") for g in range(4)]
    rows = []
    for name, trimmed in dict.fromkeys((r.network, r.trimmed) for r in papers.CORROSION):
        own = {r.grade: r for r in papers.CORROSION if (r.network, r.trimmed) == (name, trimmed)}
        how = t("published.trimmed") if trimmed else t("published.untrimmed")
        label = {"text": _written(name), "sub": how}
        rows.append(Row(f"{name}-{trimmed}", [label, *(f"{own[g].f1:.2f}" for g in (None, 0, 1, 2, 3))]))
    card = told.card
    how = t("published.trimmed") if card.preprocessing.get("trimmed") else t("published.untrimmed")
    label = {"text": card.id, "sub": f"{network(card)} · {how}"}
    mean = tables.figure(ours["mean_f1"], 2)
    grades = [tables.figure(ours["per_grade"][str(g)]["f1"], 2) for g in range(4)]
    rows.append(Row("ours", [label, mean, *grades], marked=True, apart=True))
    tables.show(heads, rows, key="paper3-table4", caption=t("published.table4"))


def _written(name: str) -> str:
    return {"cnn5": "CNN-5", "resnet18": "ResNet-18", "alexnet": "AlexNet"}[name]
