"""Tables 1 to 3 and figures 4 to 6 of paper 1, made of our own runs, any set of them in one figure."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

from core import published as papers
from core.few_labels import cycles
from pages.parts import charts, experiments, label_figures, pick, places, tables, words
from pages.parts.experiments import Experiment, Visitor
from pages.parts.label_figures import Line
from pages.parts.strings import t
from pages.parts.tables import Column, Row

STATISTICS: Final = ("mean", "std", "min", "max")
ORDER: Final = ("f1", "balanced_accuracy", "accuracy")
"""The figures that count first: accuracy alone misleads where most photos are normal."""
FLOORS: Final = {"accuracy": None, "balanced_accuracy": 0.5, "f1": 0.0}
"""What "always normal" reaches; its accuracy is the share of normal test photos, told by each run."""


def show(told: Visitor, known: Sequence[Experiment]) -> None:
    """The experiments in the address, else the newest; looks again while one of them is at work."""
    is_active = any(e.is_active for e in known)
    st.fragment(results, run_every=5.0 if is_active else None)(told)


def none(told: Visitor) -> None:
    """What an experiment is, and the way to the first one; the published tables meanwhile."""
    st.html(f'<p class="lead">{t("cycles.none")}</p>')
    if told.person.is_at_least("engineer") and st.button(
        t("cycles.start"), type="primary", icon=":material/play_arrow:"
    ):
        places.go("runs", new="rail", preset="table3")
    published()


def results(told: Visitor) -> None:
    """All of it."""
    known = experiments.known(told.db, told.settings)
    shown = choose(known)
    if not shown:
        st.html(f'<p class="note">{t("few.choose")}</p>')
        return
    for e in shown[:3]:
        st.html(f'<p class="lead">{" ".join([sentence(e), *failure(e)])}</p>')
    names = [e.name if [x.name for x in shown].count(e.name) == 1 else e.numbered for e in shown]
    printed = [
        Line(
            t("few.published", table=division[-1]),
            _printed(division),
            (),
            next(i for i, e in enumerate(shown) if e.division == division),
            is_published=True,
        )
        for division in papers.RAIL
        if any(e.division == division for e in shown)
    ]
    legend([Line(name, (), (), i) for i, name in enumerate(names)] + printed)
    for column, name in zip(st.columns(len(cycles.FIGURES), gap="medium"), ORDER, strict=True):
        lines = [Line(names[i], e.column(name), e.lines(name), i) for i, e in enumerate(shown)]
        if name == "accuracy":
            lines += printed
        with column:
            charts.show(
                label_figures.by_labels(lines, name, floor(shown, name)),
                t(f"few.title_{name}"),
                key=f"few-{name}",
                name=f"rail-{name}-by-labels",
            )
    st.html(f'<p class="note">{t("few.note")}</p>')
    table_part(shown, names)
    with st.expander(t("few.all_published"), key="all-published", on_change="rerun") as part:
        if part.open:
            published()


def choose(known: Sequence[Experiment]) -> list[Experiment]:
    """Any set of experiments, kept in the address as `runs=3,5`; the newest where it names none."""
    by_id = {e.id: e for e in known}
    if "few-runs" not in st.session_state:
        asked = [int(w) for w in st.query_params.get("runs", "").split(",") if w.strip().isdecimal()]
        st.session_state["few-runs"] = [id for id in asked if id in by_id] or [known[0].id]

    def keep() -> None:
        st.query_params["runs"] = ",".join(str(id) for id in st.session_state["few-runs"])

    picked = st.multiselect(
        t("few.runs"),
        list(by_id),
        format_func=lambda id: by_id[id].numbered if id in by_id else str(id),
        key="few-runs",
        on_change=keep,
        placeholder=t("few.runs_hint"),
    )
    return [by_id[id] for id in picked if id in by_id]


def sentence(e: Experiment) -> str:
    """What an experiment came to, in words, safe as HTML: F1 with the labels alone, and after the cycles.

    That the cycles help, or do harm, is said when every one of at least three repeats shows it.
    """
    column = e.column("f1")
    name = html.escape(e.name)
    if not column:
        return t("few.no_f1", name=name)
    first, last = column[0], column[-1]
    told: dict[str, Any] = {"name": name, "labels": int(first["labels"]), "first": f"{first['mean']:.2f}"}
    if len(column) == 1:
        return t("few.one", **told)
    ends = [(line[0], line[-1]) for _, line in e.lines("f1")]
    gains = [b - a for a, b in ends if a is not None and b is not None]
    better = sum(gain > 0 for gain in gains)
    many = len(gains) >= 3
    low = t("few.range", low=f"{last['min']:.2f}", high=f"{last['max']:.2f}") if e.n_repeats > 1 else ""
    told |= {"last": f"{last['mean']:.2f}", "cycles": len(column) - 1, "range": low}
    told |= {"better": better, "of": len(gains)}
    if many and better == len(gains):
        return t("few.helped", **told)
    if many and not any(gain >= 0 for gain in gains):
        return t("few.harmed", **told)
    return t("few.mixed" if len(gains) > 1 else "few.single", **told)


def failure(e: Experiment) -> list[str]:
    """That an experiment ends no better than calling every photo normal, where it does; nothing else."""
    column = e.column("accuracy")
    always = floor([e], "accuracy")
    if not column or always is None or round(column[-1]["mean"], 3) > round(always, 3):
        return []
    return [t("few.fails", accuracy=f"{column[-1]['mean']:.3f}", always=f"{always:.3f}")]


def floor(shown: Sequence[Experiment], name: str) -> float | None:
    """Where "always normal" lies; None where the experiments were tested on different photos."""
    if name != "accuracy":
        return FLOORS[name]
    found = {e.found["rows"][0].get("always_normal") for e in shown if e.found["rows"]}
    return found.pop() if len(found) == 1 else None


def legend(lines: Sequence[Line]) -> None:
    """One legend for all figures: colour and kind of line say what is what."""
    told = [
        f'<span class="swatch{" dashed" if line.is_published else ""}" style="--tint:{line.tint}">'
        f"{html.escape(line.name)}</span>"
        for line in lines
    ]
    quiet = charts.colour("quiet")
    told += [f'<span class="swatch dotted" style="--tint:{quiet}">{t("figure.always_normal")}</span>']
    st.html(f'<p class="legend">{"".join(told)}</p>')


# Tables -----------------------------------------------------------------------------------------------


def table_part(shown: Sequence[Experiment], names: Sequence[str]) -> None:
    """The paper's tables from our runs, each with the printed one beside it; everything as CSV."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        name = pick.one("figure", ORDER, "f1", label=t("cycles.figure"), say=lambda n: t(f"metric.{n}"))
        st.download_button(
            t("few.csv"),
            as_csv(shown),
            file_name="rail-few-labels.csv",
            mime="text/csv",
            icon=":material/download:",
            type="tertiary",
            key="few-csv",
            on_click="ignore",
        )
    printed: set[str] = set()
    for e, told in zip(shown, names, strict=True):
        left, right = st.columns(2, gap="large")
        with left:
            rows = e.column(name)
            extra = max(0, len(e.found["columns"]) - int(e.found["n_table_columns"]))
            caption = f"{told}: {t('few.repeats', n=e.n_repeats)}"
            table(rows, key=f"ours-{e.id}-{name}", caption=caption)
            if extra and len(rows) == len(e.found["columns"]):
                st.html(f'<p class="note">{t("few.extra", labels=int(rows[-1]["labels"]))}</p>')
            for note in noted(e.found.get("notes", ())):
                st.html(f'<p class="note">{html.escape(note)}</p>')
        if e.division in papers.RAIL and e.division not in printed:
            printed.add(e.division)
            with right:
                caption = t("cycles.published", table=e.division[-1])
                table(_printed(e.division), key=f"printed-{e.division}", caption=caption)
    if printed and name != "accuracy":
        st.html(f'<p class="note">{t("few.only_accuracy")}</p>')


def noted(notes: Sequence[str]) -> list[str]:
    """The notes of an experiment, each once: what several repeats share names them all."""
    repeats: dict[str, list[str]] = {}
    for note in filter(None, notes):
        told = re.fullmatch(r"Repeat (\d+): (.*)", note, re.DOTALL)
        repeats.setdefault(told[2] if told else note, []).extend([told[1]] if told else [])
    return [
        t("few.in_repeats", n=len(own), repeats=", ".join(own), note=words.said(note))
        if own
        else words.said(note)
        for note, own in repeats.items()
    ]


def table(columns: Sequence[dict[str, Any]], *, key: str, caption: str) -> None:
    """One table in the form of tables 1 to 3: a column for each number of labels."""
    heads = [Column(t("axis.labels")), *(Column(str(c["labels"]), "number") for c in columns)]
    rows = [
        Row(name, [t(f"cycles.{name}"), *(tables.figure(c[name]) for c in columns)]) for name in STATISTICS
    ]
    tables.show(heads, rows, key=key, caption=caption)


def published() -> None:
    """Tables 1 to 3 of paper 1 as printed, each with its figure."""
    st.html(f'<p class="note">{t("published.rail")}</p>')
    for number, division in enumerate(papers.RAIL, 1):
        left, right = st.columns([3, 2], gap="large", vertical_alignment="center")
        with left:
            table(_printed(division), key=f"printed-{division}", caption=t("cycles.published", table=number))
        with right:
            line = Line(t("few.published", table=number), _printed(division), is_published=True)
            figure = label_figures.by_labels([line], "accuracy", papers.RAIL_ALWAYS_NORMAL, height=230)
            title = t("few.figure", figure=number + 3)
            charts.show(figure, title, key=f"printed-{division}-figure", name=f"paper1-figure{number + 3}")


def as_csv(shown: Sequence[Experiment]) -> str:
    """Every training of these experiments as a row: run, repeat, labels, figures, confusion."""
    figures = ("accuracy", "balanced_accuracy", "f1", "precision", "recall", "always_normal")
    heads = ("run", "name", "repeat", "training", "labels", "learned_defects", "learned_wrong", *figures)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*heads, "tn", "fp", "fn", "tp"])
    for e in shown:
        for row in e.found["rows"]:
            cells = [n for line in row["confusion"] for n in line]
            writer.writerow([e.id, e.name, *(row.get(head) for head in heads[2:]), *cells])
    return out.getvalue()


def _printed(division: str) -> list[dict[str, Any]]:
    return [vars(column) for column in papers.RAIL[division]]
