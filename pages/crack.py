"""Crack: one threshold for the whole page; what it finds, misses and calls falsely, in figures, on photos."""

import html

import streamlit as st

from core import explore
from core.explore import Counts
from core.sweep import THRESHOLDS
from pages.parts import cached, charts, gallery, lab, loss_figure, mask, pick, price, published, words
from pages.parts.strings import t

STRIP = 8

told = lab.begin("crack")
evaluation = cached.evaluation(told.model.folder, told.split) or {}
test = cached.masks(told.model.folder, told.split)
here = lab.here(told, evaluation)
maps = cached.maps(told.model.folder)
curve = test.curve()
stakes = cached.stakes(told.model.folder, told.split)


def look_at(sha: str) -> None:
    """Keep the photo that was clicked, in the address too."""
    st.session_state["crack-photo"] = sha
    st.query_params["photo"] = sha[:12]


def asked() -> str | None:
    """The photo in the address or clicked last; None: the worst one."""
    told_sha = st.session_state.get("crack-photo") or st.query_params.get("photo", "")
    return next((str(s) for s in evaluation["sha256"] if told_sha and str(s).startswith(told_sha)), None)


@st.fragment
def live() -> None:
    """All that moves with the threshold."""
    threshold = lab.threshold_slider(told)
    pooled, each = test.at(threshold), test.each(threshold)
    lab.said(told, in_words(pooled, each, threshold), threshold)
    left, right = st.columns([5, 7], gap="large")
    with left:
        scale = None
        if stakes is not None and stakes.can_weigh:
            scale = price.slider(stakes, threshold, moves="threshold")
        price.operating_point(pooled, each, stakes, threshold, scale)
        charts.show(
            charts.against_threshold(
                THRESHOLDS,
                {"precision": curve.precision, "recall": curve.recall, "f1": curve.f1},
                threshold,
                unit=t("axis.share_pixels"),
            ),
            t("crack.curve_title"),
            key="crack-curve",
            note=t(
                "crack.curve_note",
                precision=figure(pooled.precision),
                recall=figure(pooled.recall),
                f1=figure(pooled.f1),
                best=f"{float(THRESHOLDS[curve.f1.argmax()]):.3f}",
                top=figure(curve.f1.max()),
            ),
        )
        charts.show(
            charts.precision_recall(
                curve.precision,
                curve.recall,
                THRESHOLDS,
                threshold,
                base=float((pooled.tp + pooled.fn) / max(1, int(pooled.n))),
            ),
            t("crack.pr_title"),
            key="crack-pr",
            note=t("crack.pr_note"),
        )
    with right:
        explorer(threshold, each)


def explorer(threshold: float, each: Counts) -> None:
    """The mask explorer on the worst photo at this threshold, and the next worst below it."""
    worst = [int(i) for i in test.worst(threshold)]
    seen = [i for i in worst if str(evaluation["sha256"][i]) in maps]
    with_photo = [i for i in seen if str(evaluation["sha256"][i]) in here]
    offered = with_photo or seen
    if not offered:
        st.html(f'<p class="note">{t("crack.no_maps")}</p>')
        lab.absent(told, evaluation, worst, names=True)
        return
    sha = asked()
    chosen = next((i for i in offered if str(evaluation["sha256"][i]) == sha), offered[0])
    held = here.get(str(evaluation["sha256"][chosen]))
    place = worst.index(chosen) + 1
    head, back = st.columns([4, 1], vertical_alignment="center")
    name = html.escape(words.shortened(str(evaluation["name"][chosen]), 40))
    head.html(
        f'<p class="line"><b>{name}</b> <span class="note">'
        + t("crack.place", place=place, n=len(worst), f1=figure(each.f1[chosen]))
        + "</span></p>"
    )
    if (
        sha is not None
        and chosen != offered[0]
        and back.button(t("crack.worst"), type="tertiary", key="worst")
    ):
        st.session_state.pop("crack-photo", None)
        st.query_params.pop("photo", None)
        st.rerun(scope="fragment")
    mask.explorer(told.card, evaluation, chosen, held, threshold, maps, slider="threshold")
    if len(offered) > 1:
        st.html(f'<p class="note">{t("crack.strip")}</p>')
        others = [i for i in offered if i != chosen][:STRIP]
        clicked = gallery.show([tile(i, each) for i in others], key="crack-strip", layout="wall")
        if clicked is not None:
            look_at(clicked)
            st.rerun(scope="fragment")
    away = [i for i in worst if i not in offered]
    if away:
        lab.absent(told, evaluation, away, names=False)


def tile(i: int, each: Counts) -> dict[str, object]:
    """A photo of the strip: its F1 at the present threshold, and what is wrong with it."""
    sha = str(evaluation["sha256"][i])
    shown = gallery.tile(
        sha,
        sha,
        "F1 " + figure(each.f1[i]),
        lines=[("quiet", t("crack.tile", missed=int(each.fn[i]), false=int(each.fp[i])))],
        name=str(evaluation["name"][i]),
    )
    return shown if sha in here else shown | {"photo": f"/api/v1/models/crack/{told.card.id}/maps/{sha}"}


def in_words(pooled: Counts, each: Counts, threshold: float) -> str:
    """What the threshold means: in pixels, and in photos with and without a crack."""
    found = explore.in_photos(each)
    said = t(
        "crack.words",
        threshold=f"{threshold:.3f}",
        found=share(pooled.tp, pooled.tp + pooled.fn),
        missed=share(pooled.fn, pooled.tp + pooled.fn),
        false=share(pooled.fp, pooled.tp + pooled.fp),
    )
    said += " " + t("crack.words_photos", overlooked=found.overlooked, cracked=found.n_cracked)
    return said + (
        " " + t("crack.words_clean", alarms=found.alarms, clean=found.n_clean) if found.n_clean else ""
    )


def share(part: object, whole: object) -> str:
    """A share in per cent; "–" of nothing."""
    return words.percent(int(part) / int(whole)) if int(whole) else "–"  # type: ignore[call-overload]


def figure(value: object) -> str:
    """A figure with three digits; "–" where it does not exist."""
    number = float(value)  # type: ignore[arg-type]
    return "–" if number != number else f"{number:.3f}"


views = {
    "threshold": t("crack.view_threshold"),
    "losses": t("crack.view_losses"),
    "published": t("rail.view_published"),
}
view = pick.one(
    "view", list(views), "threshold", label=t("lab.view"), say=lambda name: views[name], key="crack-view"
)
if view == "losses":
    loss_figure.show()
elif view == "published":
    published.crack()
else:
    live()
    lab.full_card(told.card)
