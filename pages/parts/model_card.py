"""A model's card as people read it: data, figures with intervals, how it was made, beside another."""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import numpy as np
import streamlit as st

from core import config as settings_of
from core import orders
from core.records import Card
from core.services import Serving
from pages.parts import cached, form, tables, words
from pages.parts.strings import t
from pages.parts.tables import Column, Row

SHOWN: Final[dict[str, tuple[str, ...]]] = {
    "rail": ("f1", "precision", "recall", "balanced_accuracy", "accuracy"),
    "crack": ("f1", "precision", "recall", "iou", "accuracy"),
    "corrosion": ("mean_f1", "accuracy", "within_one", "off_by_two", "kappa"),
}
LESS_IS_BETTER: Final = ("off_by_two",)


def made(card: Card) -> str:
    """The day a model was made, in the reader's words."""
    try:
        return words.date(datetime.fromisoformat(card.made_at).timestamp())
    except ValueError:
        return card.made_at or "–"


def data(card: Card) -> None:
    """What it learned from and was tested on: each set with its licence and its photos by split."""
    rows = []
    for i, told in enumerate(card.data):
        counts = told.get("n")
        n = counts if isinstance(counts, dict) else _by_split(told)
        name = {"text": str(told.get("name", "?")), "sub": words.licence(str(told.get("licence", "")))}
        if told.get("is_synthetic"):
            name["sub"] = " · ".join(filter(None, (t("lab.synthetic"), name["sub"])))
        splits = words.pairs((words.split(split), k) for split, k in n.items())
        rows.append(Row(str(i), [name, splits or (f"{counts:,}" if isinstance(counts, int) else "–")]))
    tables.show([Column(t("runs.data")), Column(t("models.photos_by_split"))], rows, key="card-data")


def _by_split(told: Mapping[str, Any]) -> dict[str, int]:
    """Photos by split of a set that says them as `n_train`, `n_val` and `n_test`."""
    return {k.removeprefix("n_"): int(v) for k, v in told.items() if k.startswith("n_") and v}


def all_figures(card: Card) -> None:
    """Each figure on each split, with its 95 % interval where the card has one."""
    splits = [s for s in ("test", "val", *card.figures) if s in card.figures]
    splits = list(dict.fromkeys(splits))
    rows = [
        Row(name, [t(f"metric.{name}"), *(tables.with_interval(card.figures[s], name, 3) for s in splits)])
        for name in SHOWN[card.domain]
        if any(card.figures[s].get(name) is not None for s in splits)
    ]
    rows.append(
        Row("n", [t("axis.photos"), *(str(card.figures[s].get("n") or "–") for s in splits)], apart=True)
    )
    heads = [Column(""), *(Column(t(f"split.{s}"), "number") for s in splits)]
    tables.show(heads, rows, key="card-all", caption=t("models.interval_note"))


def facts(card: Card) -> None:
    """Threshold and how it was chosen, licence, command, seed, machine, 8 bits, versions, checksum."""
    told: list[tuple[str, str]] = []
    if card.threshold is not None:
        told.append(
            (t("lab.threshold"), f"{card.threshold:.3f} – {html.escape(words.said(card.threshold_how))}")
        )
    told += [
        (t("models.licence"), html.escape(words.licence(card.licence))),
        (t("models.made"), html.escape(f"{made(card)}{', ' + card.made_by if card.made_by else ''}")),
        (t("models.took"), words.in_about(card.seconds)),
        (t("models.machine"), html.escape(card.device or "–")),
        (t("models.seed"), str(card.seed)),
    ]
    if known := card.known.get("int8"):
        f1, plain = ("–" if known[k] is None else f"{known[k]:.4f}" for k in ("f1", "plain_f1"))
        figures = {"n": known["n"], "f1": f1, "plain": plain}
        may = t("models.int8_may", **figures) if "ranges" in known else t("models.int8_not", **figures)
        told.append((t("models.int8"), may))
    if card.temperature != 1.0:
        told.append((t("models.temperature"), f"{card.temperature:.2f}"))
    if card.command:
        # Broken between its words only: a browser would also break after the first dash of --data.
        words_of = (f"<span>{html.escape(word)}</span>" for word in card.command.split(" "))
        told.append((t("models.command"), f'<code class="command">{" ".join(words_of)}</code>'))
    told.append((t("models.versions"), html.escape(", ".join(f"{k} {v}" for k, v in card.versions.items()))))
    told.append(
        (t("models.checksum"), f'<code title="{card.weights_sha256}">{card.weights_sha256[:16]}…</code>')
    )
    st.html('<dl class="facts">' + "".join(f"<dt>{k}</dt><dd>{v}</dd>" for k, v in told) + "</dl>")


def settings(card: Card) -> None:
    """Its settings by their names on the screen; one that this Patina does not know keeps its own."""
    known = {p.name: p for p in settings_of.params(orders.rules(card.domain).Config)}
    rows = [
        Row(
            k,
            [
                form.label(known[k]) if k in known else k,
                form.value_words(known[k], v) if k in known else str(v),
            ],
        )
        for k, v in card.config.items()
    ]
    tables.show([Column(t("runs.setting")), Column(t("runs.value"))], rows, key="card-settings")


def compare(now: Serving, then: Serving) -> None:
    """What serves beside what would, on the same photos where both answered them; else it says so."""
    domain = then.card.domain
    same = same_photos(now, then)
    a, b = worth(now, same), worth(then, same)
    rows = []
    for name in SHOWN[domain]:
        one, two = a.get(name), b.get(name)
        if one is None and two is None:
            continue
        cell: Any = "–"
        if one is not None and two is not None:
            better = (two > one) != (name in LESS_IS_BETTER)
            gap = two - one
            cell = {"text": f"{gap:+.3f}", "tone": "none" if abs(gap) < 5e-4 else "good" if better else "ask"}
        rows.append(
            Row(
                name,
                [
                    t(f"metric.{name}"),
                    tables.with_interval(a, name, 3),
                    tables.with_interval(b, name, 3),
                    cell,
                ],
            )
        )
    rows.append(Row("n", [t("axis.photos"), str(a.get("n") or "–"), str(b.get("n") or "–"), ""], apart=True))
    if domain != "corrosion":
        both = (f"{m.threshold:.3f}" if m.threshold is not None else "–" for m in (now, then))
        rows.append(Row("threshold", [t("lab.threshold"), *both, ""]))
    heads = [
        Column(""),
        Column(t("models.serves_now", model=now.card.id), "number"),
        Column(t("models.would_serve", model=then.card.id), "number"),
        Column(t("models.change"), "number"),
    ]
    tables.show(heads, rows, key="compare-models")
    st.html(f'<p class="note">{t("models.same_photos") if same else t("models.other_photos")}</p>')


def same_photos(now: Serving, then: Serving) -> bool:
    """True when both models answered exactly the same test photos."""
    first, second = (cached.evaluation(m.folder, "test") for m in (now, then))
    if first is None or second is None:
        return False
    return set(np.asarray(first["sha256"]).tolist()) == set(np.asarray(second["sha256"]).tolist())


def worth(model: Serving, same: bool) -> dict[str, Any]:
    """The card's figures with intervals, or those at the threshold in service where that is another."""
    told = dict(model.card.figures.get("test") or model.card.figures.get("val") or {})
    if same and model.threshold != model.card.threshold:
        told = dict(cached.figures(model.card.domain, model.folder, "test", model.threshold))
    return told
