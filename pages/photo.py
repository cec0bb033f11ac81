"""One photo and its verdict: large, why, by what, what a person says, and everything said before."""

import html
import time

import streamlit as st

from core import asking, inspections, opinions, orders, queue, store
from core.errors import NotFound
from core.inspections import Inspection
from core.opinions import LABELS
from core.settings import Settings
from pages.parts import (
    access,
    bars,
    found,
    gallery,
    in_standard,
    in_terms,
    measured,
    other_domain,
    places,
    rules,
    scale,
    trimming,
    viewer,
    words,
)
from pages.parts.strings import t

person = access.require(*places.roles("photo"))
settings, now = Settings.of(), time.time()
db = store.connect(settings.database)


def asked() -> Inspection:
    """The photo of the address; where there is none, the way back stands above what is said."""
    told = st.query_params.get("id", "")
    try:
        if not told.isdigit():
            raise NotFound(t("photo.which"))
        return inspections.get(db, int(told))
    except NotFound:
        places.link("inspect", t("inspect.all"), icon=":material/arrow_back:")
        raise


inspection = asked()
verdict = inspection.verdict


def neighbours() -> None:
    """Back to the list this photo was opened from, and its neighbours there (← →)."""
    link = found.link()
    ids = inspections.ids(db, **found.filters(person.name))
    at = ids.index(inspection.id) if inspection.id in ids else None
    with st.container(horizontal=True, vertical_alignment="center", key="steps"):
        places.link("inspect", t("photo.back"), icon=":material/arrow_back:", **link)
        st.space("stretch")
        if at is None or len(ids) < 2:
            return
        st.html(f'<span class="note">{t("photo.position", at=at + 1, n=len(ids))}</span>', width="content")
        for step, icon, key in ((-1, "chevron_left", "left"), (1, "chevron_right", "right")):
            there = at + step
            if st.button(
                t(f"photo.{key}"),
                icon=f":material/{icon}:",
                key=f"step-{key}",
                shortcut=key,
                disabled=not 0 <= there < len(ids),
                help=words.shortened(t(f"photo.{key}_help")),
            ):
                places.go("photo", id=str(ids[there]), **link)


def say(label: str) -> None:
    """Write down what this person says, with the note beside the buttons."""
    opinions.say(
        store.connect(settings.database),  # a click comes in another thread than the page
        inspection.id,
        label,
        who=person.name,
        now=time.time(),
        note=st.session_state.get("note", ""),
    )
    st.session_state["note"] = ""


def ask_again() -> None:
    """Judge the photo once more, with the model now in service."""
    asking.ask_again(
        store.connect(settings.database),
        inspection.id,
        who=person.name,
        now=time.time(),
        wake=settings.wake,
    )


def stop(run_id: int) -> None:
    """Give up a photo that takes too long; it can be judged again."""
    orders.cancel(store.connect(settings.database), person, run_id, time.time())


@st.fragment(run_every=1.0)
def wait() -> None:
    """Look once a second while a verdict is on its way; then show the whole page anew.

    An earlier one stays in sight below.
    """
    current = inspections.get(store.connect(settings.database), inspection.id)
    if current.state not in ("waiting", "running"):
        st.rerun()
    st.html(f'<p class="lead">{t(f"state.{current.state}")} …</p><p class="note">{t("photo.goes_on")}</p>')
    if current.run_id is None:
        return
    run = queue.get(store.connect(settings.database), current.run_id)
    if run.fraction:  # a large photo, looked at part by part
        told = {"n": run.progress["step"], "of": run.progress["total"]}
        st.progress(run.fraction, text=t("photo.parts", **told))
        if run.owner == person.name or person.is_at_least("engineer"):
            st.button(t("run.cancel"), icon=":material/stop:", key="stop", on_click=stop, args=(run.id,))


def decide() -> None:
    """Confirm or correct: the verdict's own answer first, the others beside it."""
    assert verdict is not None
    spoken = inspection.opinion
    st.markdown(f"##### {t('photo.your_word') if spoken is None else t('photo.changed_mind')}")
    with st.container(horizontal=True, key=f"answers-{inspection.domain}"):
        for label in sorted(LABELS[inspection.domain], key=lambda one: one != verdict.label):
            own = label == verdict.label
            stands = label == spoken.label if spoken is not None else own
            name = words.label(inspection.domain, label)
            st.button(
                t("photo.confirm", label=name) if own else name,
                key=f"say-{label}",
                icon=":material/check:" if stands else None,
                type="primary" if own and spoken is None else "secondary",
                on_click=say,
                args=(label,),
                disabled=spoken is not None and spoken.label == label,
            )
    st.text_input(t("photo.note"), key="note", placeholder=t("photo.note_hint"), label_visibility="collapsed")


def facts(of: Inspection) -> str:
    """The small print: what the verdict was made with, and where the photo comes from."""
    told: list[tuple[str, str]] = []
    if verdict is not None:
        told.append((t("fact.model"), html.escape(verdict.model)))
        if verdict.threshold is not None:
            told.append((t("fact.threshold"), f"{verdict.threshold:.2f}"))
        if of.verdict_at is not None:
            told.append((t("fact.judged"), moment(of.verdict_at)))
        if verdict.trim is not None:
            told.append((t("fact.trim"), t("fact.trim_shown")))
        if verdict.figures.get("grade"):
            told.append((t("fact.grade"), html.escape(in_standard.line(verdict))))
        if of.scale is not None:
            told.append((t("fact.scale"), t("fact.mm_per_px", scale=f"{of.scale.mm_per_px:.3g}")))
        elif of.domain == "crack":
            told.append((t("fact.scale"), t("scale.none")))
    told.append((t("fact.from"), html.escape(of.owner) + ", " + moment(of.created_at)))
    if of.taken_at:
        told.append((t("fact.taken"), html.escape(of.taken_at.replace("T", " "))))
    if of.camera:
        told.append((t("fact.camera"), html.escape(of.camera)))
    if of.place:
        told.append((t("fact.place"), html.escape(of.place)))
    told.append((t("fact.size"), f"{of.width_px:,} × {of.height_px:,}"))
    told.append((t("fact.name"), html.escape(of.name)))
    return '<dl class="facts">' + "".join(f"<dt>{k}</dt><dd>{v}</dd>" for k, v in told) + "</dl>"


def moment(at: float) -> str:
    """A relative time with the exact one on hover."""
    return f'<span title="{words.exact(at)}">{words.ago(at, now)}</span>'


def history() -> list[tuple[float, str]]:
    """Everything ever said about this photo, newest first: (when, one line)."""
    told = [
        (
            at,
            t(
                "history.verdict" if given.trim is None else "history.with_box",
                model=given.model,
                verdict=words.headline(given),
            ),
        )
        for at, _, given in inspections.verdicts(db, inspection.id)
    ]
    before = inspections.stood_before(db, inspection.id)
    if before is not None:
        domain = t(f"domain.{before.domain}")
        told.append((before.created_at, t("history.stood_before", who=before.owner, domain=domain)))
    for opinion in opinions.of(db, inspection.id):
        line = t(
            "history.confirmed" if opinion.agrees else "history.corrected",
            who=opinion.who,
            label=words.label(inspection.domain, opinion.label),
        )
        told.append((opinion.at, f"{line} – {opinion.note}" if opinion.note else line))
    return sorted(told, reverse=True)


def elsewhere(stands: int) -> None:
    """Say that the photo is judged as something else now, and lead there."""
    now_as = inspections.get(db, stands)
    told = t("other.instead", domain=t(f"domain.{now_as.domain}"))
    st.html(f'<p class="lead">{html.escape(told)}</p>')
    places.link("photo", t("other.open"), icon=":material/arrow_forward:", id=str(stands))


neighbours()
if inspection.instead is not None:
    elsewhere(inspection.instead)
left, right = st.columns([7, 4], gap="large")
with left:
    if trimming.wanted(inspection):
        trimming.show(inspection)
    else:
        scale.drawn(inspection, viewer.show(inspection, key=f"viewer-{inspection.id}"))
    if verdict is not None and verdict.label == "crack" and inspection.arrays is not None:
        folded = st.expander(t("measured.title"), key="measured", on_change="rerun")
        if folded.open:  # measuring every crack takes a moment: done for those who want it
            with folded:
                measured.take_along(inspection)
                measured.show(inspection)
with right:
    is_waited_for = inspection.state in ("waiting", "running")
    if is_waited_for:
        wait()
    if inspection.instead is None and (verdict is not None or not is_waited_for):
        if inspection.domain == "crack" and verdict is not None:
            rules.gate(inspection)
        st.markdown(f"## {html.escape(gallery.title(inspection))}")
        st.html(
            "".join(
                f'<p class="line {kind}">{html.escape(line)}</p>' for kind, line in gallery.lines(inspection)
            )
        )
        if verdict is not None:
            trimming.both(inspection)
            bars.why(verdict)
            decide()
        with st.container(horizontal=True, key="anew"):
            st.button(
                t("photo.again"), icon=":material/refresh:", on_click=ask_again, key="again", type="tertiary"
            )
            for stands in other_domain.offer(
                [inspection.domain], 1, lambda: [inspection.id], key=f"other-{inspection.id}"
            ):
                places.go("photo", id=str(stands), **found.link())
    in_terms.show(inspection)
    st.html(facts(inspection))
    if inspection.domain == "crack" and verdict is not None:
        with st.expander(t("photo.scale")):
            scale.panel(inspection, now)
        with st.expander(t("rules.title")):
            rules.listed(inspection)
    lines = history()
    if len(lines) > 1:
        with st.expander(t("history.title", n=len(lines))):
            for at, line in lines:
                st.html(f'<p class="line">{html.escape(line)}<br><span class="note">{moment(at)}</span></p>')
    others = [i for i in inspections.find(db, photo=inspection.photo, limit=6) if i.id != inspection.id]
    if others:
        with st.expander(t("photo.others", n=len(others))):
            gallery.inspections(others, key="others", now=now, layout="rows")
