"""Rail: what the model in service finds and misses at any threshold, and the few-label experiments."""

import numpy as np
import streamlit as st

from core import explore, rail
from core.sweep import THRESHOLDS
from pages.parts import (
    advice,
    bars,
    cached,
    charts,
    confusion_figures,
    cycles,
    experiments,
    few_labels,
    gallery,
    lab,
    pick,
    threshold_figures,
    trace,
    words,
)
from pages.parts.strings import t

VIEWS = ("threshold", "labels", "cycles", "trace", "advice")


def choose_view() -> str:
    """The model's threshold, or one of the views of the few-label experiments."""
    return pick.one(
        "view", VIEWS, VIEWS[0], label=t("lab.view"), say=lambda v: t(f"rail.view_{v}"), key="rail-view"
    )


view = st.session_state.get("rail-view") or st.query_params.get("view")
if view in VIEWS[1:]:
    visitor = experiments.visitor()
    st.title(t("page.rail"))
    choose_view()
    shows = {"labels": few_labels.show, "cycles": cycles.show, "trace": trace.show, "advice": advice.show}
    known = experiments.known(visitor.db, visitor.settings)
    if known:
        shows[view](visitor, known)
    else:
        few_labels.none(visitor)
    st.stop()

told = lab.begin("rail", choose_view)
evaluation = cached.evaluation(told.model.folder, told.split) or {}
test = cached.yes_no(told.model.folder, told.split)
here = lab.here(told, evaluation)
LISTS = ("miss", "false_alarm", "hit", "passed")


def tile(i: int) -> dict[str, object]:
    """A photo of the test set: its probability first, then what it is and what was said."""
    p, sha = float(evaluation["p"][i, 1]), str(evaluation["sha256"][i])
    name = str(evaluation["name"][i])
    truth = t(f"label.{rail.CLASSES[int(evaluation['truth'][i])]}")
    return gallery.tile(sha, sha, f"{p:.3f}", lines=[("quiet", t("lab.truth", label=truth))], name=name)


def open_photo(sha: str, threshold: float) -> None:
    """The photo large, with the verdict that an inspector would get at this threshold."""
    i = int(np.flatnonzero(evaluation["sha256"] == sha)[0])
    verdict = rail.judge({k: evaluation[k][i] for k in ("p", "unlike")}, threshold, told.card)
    truth = t(f"label.{rail.CLASSES[int(evaluation['truth'][i])]}")
    lines = [
        t("lab.truth", label=truth),
        t("lab.said", label=words.label("rail", verdict.label)),
        words.sureness(verdict.confidence),
        words.said(verdict.reason),
    ]
    lab.open_photo(
        here[sha], words.shortened(str(evaluation["name"][i]), 48), lines, lambda: bars.why(verdict)
    )


def choose(points: list[dict[str, object]]) -> None:
    """A cell of the confusion matrix was clicked: show its photos."""
    truth, said = points[0]["customdata"][:2]  # type: ignore[index]
    cells = {(1, 0): "miss", (0, 1): "false_alarm", (1, 1): "hit", (0, 0): "passed"}
    st.session_state["show"] = st.query_params["show"] = cells[truth, said]


@st.fragment
def live() -> None:
    """All that moves with the threshold."""
    threshold = lab.threshold_slider(told)
    counts = test.at(threshold)
    lab.said(told, in_words(counts, threshold), threshold)
    left, right = st.columns(2, gap="large")
    with left:
        charts.show(
            threshold_figures.against_threshold(
                THRESHOLDS,
                {
                    "precision": test.counts.precision,
                    "recall": test.counts.recall,
                    "f1": test.counts.f1,
                    "balanced_accuracy": explore.balanced_accuracy(test.counts),
                },
                threshold,
                unit=t("axis.share_photos"),
            ),
            t("rail.curve_title"),
            key="rail-curve",
            note=t("rail.curve_note", **now(counts)),
        )
        matrix = np.array([[counts.tn, counts.fp], [counts.fn, counts.tp]])
        charts.show(
            confusion_figures.confusion(matrix, [t("label.normal"), t("label.defect")]),
            t("rail.confusion_title"),
            key="rail-confusion",
            note=t("lab.click_cell"),
            on_click=choose,
        )
        charts.show(
            threshold_figures.spread(test.p, test.truth.astype(int), rail.CLASSES, threshold),
            t("rail.spread_title"),
            key="rail-spread",
            note=t("rail.spread_note"),
        )
    with right:
        lists = test.by_verdict(threshold)
        show = pick.one(
            "show",
            LISTS,
            "miss",
            label=t("lab.which"),
            say=lambda name: t(f"rail.list_{name}", n=len(lists[name])),
        )
        st.html(f'<p class="note">{t(f"rail.order_{show}")}</p>')
        clicked = lab.photos(told, evaluation, lists[show], here, tile, key=f"rail-{show}")
        if clicked is not None:
            open_photo(clicked, threshold)


def now(counts: explore.Counts) -> dict[str, str]:
    """The figures at the present threshold, for a sentence."""
    return {
        name: "–" if value != value else f"{float(value):.3f}"
        for name, value in (("precision", counts.precision), ("recall", counts.recall), ("f1", counts.f1))
    }


def in_words(counts: explore.Counts, threshold: float) -> str:
    """What the threshold means, counted in photos."""
    tp, fp, fn, tn = (int(n) for n in (counts.tp, counts.fp, counts.fn, counts.tn))
    return t(
        "rail.words",
        threshold=f"{threshold:.3f}",
        found=tp,
        defects=tp + fn,
        missed=fn,
        false=fp,
        normal=fp + tn,
        share=words.percent(tp / (tp + fn)) if tp + fn else "–",
    )


live()
lab.full_card(told.card)
