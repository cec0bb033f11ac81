"""Home: is anything bad, what changed, can it be believed. A manager's five minutes."""

import html
import time

import streamlit as st

from core import inspections, overview, store
from core.overview import Change, Trust
from core.people import preferences
from core.settings import Settings
from pages.parts import access, address, figures, gallery, header, places, samples, words
from pages.parts.strings import t

DAY = 86_400.0
ON = ":material/arrow_forward:"

person = access.require(*places.roles("home"))
settings, now = Settings.of(), time.time()
db = store.connect(settings.database)


def last_visit() -> float:
    """When this person was here before this session; a month ago for a first visit."""
    if "home-before" not in st.session_state:
        st.session_state["home-before"] = preferences.get(db, person, "home-seen", now - 30 * DAY)
        preferences.keep(db, person, "home-seen", now)
    return float(st.session_state["home-before"])


def told(change: Change) -> dict[str, object]:
    """A count as a figure: with the time before it beside it, and a link to its photos."""
    query = {
        "photos": {},
        "defects": {"domain": "rail", "found": "bad"},
        "cracks": {"domain": "crack", "found": "bad"},
        "grades": {"domain": "corrosion", "found": "bad"},
        "people": {"found": "sent"},
    }[change.kind]
    return figures.figure(
        t(f"home.{change.kind}"),
        f"{change.n:,}",
        aside=t("home.before", n=change.before),
        parts=change.parts,
        tone="" if change.kind == "photos" else "ask",
        query={**query, "since": f"{since:.0f}"},
    )


def believed(trust: Trust) -> None:
    """One domain: which model, how often people agreed, how much it sends to them."""
    st.markdown(f"#### {t(f'domain.{trust.domain}')}")
    if trust.card is None:
        st.html(f'<p class="note">{t("home.no_model")}</p>')
        return
    low, high = trust.agreement
    agreed = (
        t(
            "home.agreed",
            agreed=trust.agreed,
            n=trust.looked_at,
            low=words.percent(low),
            high=words.percent(high),
        )
        if trust.looked_at
        else t("home.nobody_looked")
    )
    sent = (
        t("home.sent", share=words.percent(trust.sent / trust.judged), judged=trust.judged)
        if trust.judged
        else t("home.none_judged")
    )
    small = [html.escape(trust.card.id)]
    if trust.since:
        small.append(t("home.in_service", since=words.ago(trust.since, now)))
    if trust.card.is_synthetic:
        small.append(t("data.synthetic"))
    st.html(f'<p>{agreed}</p><p>{sent}</p><p class="note">{" · ".join(small)}</p>')


with header.title(t("page.home")):
    if st.button(t("home.hand_in"), icon=":material/photo_camera:", type="primary", key="hand-in"):
        places.go("inspect")
counts = inspections.count(db)
if not counts["all"]:
    st.html(f'<p class="lead">{t("home.empty")}</p>')
    samples.offer(person, now, key="home-samples", only_first=True)
    st.stop()

pressing = overview.pressing(db)
if counts["needs_person"]:
    st.html(f'<p class="lead">{t("home.pressing", n=counts["needs_person"])}</p>')
    gallery.inspections(pressing, key="pressing", now=now, layout="rows", link={"found": "ask"})
    if counts["needs_person"] > len(pressing):
        places.link("inspect", t("home.all_pressing", n=counts["needs_person"]), ON, found="ask")
else:
    st.html(f'<p class="lead">{t("home.calm")}</p>')
bad = overview.bad(db, now - 30 * DAY, limit=4)
if bad:
    st.subheader(t("home.bad"))
    since_then = {"found": "bad", "since": f"{now - 30 * DAY:.0f}"}
    gallery.inspections(bad, key="bad", now=now, layout="rows", link=since_then)
    places.link("inspect", t("home.all_bad"), ON, **since_then)

st.subheader(t("home.changed"))
spans = {"visit": last_visit(), "7": now - 7 * DAY, "30": now - 30 * DAY}
chosen = address.segments(
    t("home.changed"), "span", ("7", "visit", "30"), lambda span: t(f"home.span.{span}")
)
since = spans[chosen]
figures.show([told(change) for change in overview.changes(db, since, now)], key="changes")

st.subheader(t("home.believe"))
for column, trust in zip(st.columns(3, border=True), overview.trust(db, settings.models), strict=True):
    with column:
        believed(trust)
