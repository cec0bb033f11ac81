"""Inspect: hand photos in, see the verdicts come, find everything judged before."""

import html
import time
from typing import Any

import streamlit as st

from core import batches, inspections, report, store
from core.batches import Batch
from core.people import preferences
from core.records import DOMAINS
from core.settings import Settings
from pages.parts import access, address, found, gallery, other_domain, places, samples, upload, words
from pages.parts.strings import t

A_PAGE = 24

person = access.require(*places.roles("inspect"))
settings, now = Settings.of(), time.time()
db = store.connect(settings.database)


def hand_in() -> upload.Handed:
    """The target for photos; remembers the domain, and the files of a batch that were no photos."""
    handed = upload.heard("upload")
    if handed.show and handed.show != st.query_params.get("batch"):
        st.query_params.from_dict({"batch": handed.show})
    if handed.batch and handed.refused:
        known = batches.refused(db, handed.batch)
        for name, why in handed.refused:
            if (name, why) not in known:
                batches.refuse(db, handed.batch, name, why, who=person.name, now=now)
    liked = preferences.get(db, person, "domain")
    if handed.domain is not None and handed.domain != liked:
        preferences.keep(db, person, "domain", liked := handed.domain)
    upload.drop(liked if liked in DOMAINS else None, st.query_params.get("batch"), key="upload")
    return handed


def about(batch: str) -> None:
    """What a batch is: of what, how many, where, whose."""
    db = store.connect(settings.database)  # each look comes in a thread of its own
    for one in batches.find(db, batch=batch):
        st.subheader(_title(one))
        with st.container(horizontal=True, vertical_alignment="center", key="about"):
            told = t("inspect.of", who=one.owner, ago=words.ago(one.at, now))
            st.html(f'<p class="note" title="{words.exact(one.at)}">{html.escape(told)}</p>')
            if not one.waiting:
                take_along({"batch": batch, "order": "batch"}, batch)
            if other_domain.offer(
                one.domains, one.n, lambda: inspections.ids(db, batch=batch, limit=1_000_000), key="other"
            ):
                st.rerun()


def take_along(asked: dict[str, Any], name: str) -> None:
    """All that a list holds as a table; made when it is asked for."""

    def table() -> str:
        db = store.connect(settings.database)  # asked for from a thread of its own
        return report.table(inspections.find(db, **asked, limit=1_000_000), settings)

    st.download_button(
        t("inspect.export"),
        table,
        file_name=f"patina-{name}.csv",
        mime="text/csv",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
        key="export",
    )


def results(batch: str) -> None:
    """One batch: the bar that counts, then its photos, those for a person first."""
    db = store.connect(settings.database)  # each look comes in a thread of its own
    counts = inspections.count(db, batch=batch)
    refused = batches.refused(db, batch)
    failed = counts["failed"] + len(refused)
    bar = {
        "": t("bar.judged", n=counts["judged"]),
        "ask": t("bar.ask", n=counts["needs_person"]),
        "failed": t("bar.failed", n=failed),
        "waiting": t("bar.waiting", n=counts["waiting"]),
    }
    some = {"": True, "ask": counts["needs_person"], "failed": failed, "waiting": counts["waiting"]}
    with st.container(key="bar"):
        chosen = address.segments(
            t("bar.title"), "found", [which for which in bar if some[which]], bar.__getitem__
        )
    if counts["waiting"] and not chosen:
        st.progress(counts["judged"] / max(counts["all"], 1), text=t("bar.goes_on"))
    if chosen in ("", "failed"):
        for name, why in refused:
            told = why if name in why else f"{name}: {why}"
            st.html(f'<p class="refused">{html.escape(words.said(told))}</p>')
    asked = {"batch": batch, "order": "batch"} | found.FOUND.get(chosen, {})
    pages = -(-len(inspections.ids(db, **asked)) // A_PAGE)
    first = A_PAGE * (address.page(pages) - 1)
    listed = inspections.find(db, **asked, limit=A_PAGE, offset=first)
    gallery.inspections(listed, key="results", now=time.time(), link=found.link())
    address.turn(pages)


def live_results(batch: str, is_busy: bool) -> None:
    """The results, looked at every second while something is on its way, and once when nothing is."""

    def look() -> None:
        about(batch)
        results(batch)
        if is_live and not is_busy and not waiting():
            st.rerun()

    def waiting() -> int:
        return inspections.count(store.connect(settings.database), batch=batch)["waiting"]

    is_live = is_busy or waiting() > 0
    st.fragment(look, run_every=1.0 if is_live else None)()


def recent() -> None:
    """The newest batches, one line each, as links."""
    newest = batches.find(db, limit=6)
    if not newest:
        return
    st.subheader(t("inspect.recent"))
    clicked = gallery.show([_line(batch) for batch in newest], key="recent", layout="rows")
    if clicked is not None:
        places.go("inspect", batch=clicked)


def _line(batch: Batch) -> dict[str, object]:
    told = [("quiet", t("inspect.of", who=batch.owner, ago=words.ago(batch.at, now)))]
    if batch.needs_person:
        told.append(("ask", t("bar.ask", n=batch.needs_person)))
    if batch.bad:
        told.append(("", t("inspect.bad", n=batch.bad)))
    if batch.waiting:
        told.append(("quiet", t("bar.waiting", n=batch.waiting)))
    href = places.href("inspect", batch=batch.batch)
    tile = gallery.tile(batch.batch, batch.photos[0], _title(batch), lines=told, href=href)
    return tile | {"exact": words.exact(batch.at)}


def _title(batch: Batch) -> str:
    what = ", ".join(t(f"domain.{d}") for d in batch.domains)
    return t("inspect.batch", what=what, n=batch.n) + (f" · {batch.place}" if batch.place else "")


def search() -> None:
    """Everything ever handed in, by filters that stand in the address."""
    st.subheader(t("inspect.find"))
    with st.container(horizontal=True, vertical_alignment="bottom", key="filters"):
        address.text(t("find.text"), "text", t("find.text_hint"))
        address.select(
            t("find.domain"), "domain", ["", *DOMAINS], lambda d: t(f"domain.{d}") if d else t("find.any")
        )
        address.select(
            t("find.found"), "found", ["", *found.FOUND], lambda f: t(f"found.{f}") if f else t("find.any")
        )
        address.select(t("find.owner"), "owner", ["", "me"], lambda o: t(f"find.{o}") if o else t("find.any"))
    asked = found.filters(person.name)
    n = len(inspections.ids(db, **asked))
    if not n:
        st.html(f'<p class="lead">{t("find.none")}</p>')
        return
    pages = -(-n // A_PAGE)
    first = A_PAGE * (address.page(pages) - 1)
    with st.container(horizontal=True, vertical_alignment="center", key="found-top"):
        st.html(f'<p class="note">{t("find.n", n=n)}</p>')
        take_along(asked, "inspections")
    gallery.inspections(
        inspections.find(db, **asked, limit=A_PAGE, offset=first),
        key="found-photos",
        now=now,
        link=found.link(),
    )
    address.turn(pages)


st.title(t("page.inspect"))
handed = hand_in()
batch = st.query_params.get("batch")
if batch:
    if (
        not inspections.count(db, batch=batch)["all"]
        and not batches.refused(db, batch)
        and not handed.is_busy
    ):
        st.html(f'<p class="lead">{t("inspect.no_batch")}</p>')
        places.link("inspect", t("inspect.all"), icon=":material/arrow_back:")
    else:
        places.link("inspect", t("inspect.all"), icon=":material/arrow_back:")
        live_results(batch, handed.is_busy)
elif not inspections.count(db)["all"]:
    st.subheader(t("samples.title"))
    samples.offer(person, now, key="samples")
else:
    if not found.link():
        recent()
    search()
    folded = st.expander(t("samples.title"), key="samples-folded", on_change="rerun")
    if folded.open:  # eighteen pictures: sent to those who want them
        with folded:
            samples.offer(person, now, key="samples")
