"""Data: the sets models learn from, one set as a wall of photos, and the way in for new ones."""

import html
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from core import labels, photos, sets, store
from core.imports import HERE, Import
from core.records import DOMAINS, Domain, Photo
from core.sets import StoredSet
from core.settings import Settings
from pages.parts import (
    access,
    address,
    archive,
    cropper,
    gallery,
    header,
    notice,
    places,
    relabel,
    tables,
    twins,
    viewer,
    words,
)
from pages.parts.strings import t

A_PAGE = 60
N_DRAWN = 120

person = access.require(*places.roles("data"))
settings, now = Settings.of(), time.time()
db = store.connect(settings.database)


def class_name(name: str) -> str:
    """What a report's class is called: rail's and corrosion's own words, "unlabelled" where nobody said."""
    if name in ("defect", "normal", "crack", "no crack", "unlabelled", "masked"):
        return t(f"class.{name.replace(' ', '_')}")
    return words.label("corrosion", name) if name in "0123" else name


def counted(counts: Mapping[str, int]) -> str:
    """Photos by class in one line."""
    return words.pairs((class_name(k), n) for k, n in counts.items() if n)


def every_set() -> None:
    """All sets as cards, newest first; what is being imported stands before them."""
    with header.title(t("page.data")):
        if st.button(t("data.import"), icon=":material/add:", type="primary", key="import"):
            places.go("data", view="import")
    for one in HERE.all(person):
        if one.stage != "kept":
            places.link(
                "data",
                t(f"import_state.{one.stage}", name=words.shortened(one.source)),
                icon=":material/hourglass_top:",
                view="import",
                id=one.id,
            )
    found = sets.all_sets(db)
    if not found:
        st.html(f'<p class="lead">{t("data.empty")}</p>')
        return
    clicked = gallery.show([card(one) for one in found], key="sets", layout="cards")
    if clicked is not None:
        places.go("data", set=clicked)


def card(stored: StoredSet) -> dict[str, Any]:
    """A set as a card: four of its photos, how many of what, what is wrong, under which licence."""
    lines = [("", counted(stored.report.get("counts") or {}))]
    splits = stored.report.get("splits") or {}
    lines.append(("quiet", words.pairs((words.split(name), size(n)) for name, n in splits.items())))
    problems = stored.report.get("problems") or ()
    if problems:
        lines.append(("ask", t("data.problems", n=len(problems))))
    if stored.is_synthetic:
        lines.append(("ask", t("data.synthetic_set")))
    lines.append(("quiet", words.licence(stored.licence)))
    first = sets.first_photos(db, stored.id, 4)
    told = gallery.tile(
        stored.name,
        first[0] if first else "",
        stored.name,
        lines=[(kind, line) for kind, line in lines if line],
        href=places.href("data", set=stored.name),
        name=f"{t(f'domain.{stored.domain}')} · {t('data.photos', n=stored.n_photos)}",
    )
    return told | {
        "photos": [f"/api/v1/thumbs/{sha}?side=320" for sha in first],
        "when": words.ago(stored.imported_at, now),
        "exact": words.exact(stored.imported_at),
    }


def size(told: Any) -> int:
    """How many photos a split has, as reports old and new say it."""
    return int(told["n"]) if isinstance(told, Mapping) else int(told)


def one_set(name: str) -> None:
    """One set: what is in it, what is odd about it, and its photos."""
    places.link("data", t("data.all"), icon=":material/arrow_back:")
    stored = sets.get(db, name)  # where there is none, the way back stands above what is said
    st.title(stored.name)
    facts(stored)
    report(stored.report)
    found = sets.load(db, settings.artifacts, stored.name).photos
    twins.show(stored, found)
    wall(stored, found)
    if stored.imported_by == person.name or person.is_at_least("admin"):
        with st.expander(t("data.remove_title")):
            st.html(f'<p class="note">{t("data.remove_note")}</p>')
            if st.button(t("data.remove", name=stored.name), key="remove"):
                sets.forget(db, stored.name, who=person.name, now=now)
                places.go("data")


def facts(stored: StoredSet) -> None:
    """Domain, licence, who brought it, in one quiet paragraph."""
    told = [
        t(f"domain.{stored.domain}"),
        t("data.photos", n=stored.n_photos),
        html.escape(words.licence(stored.licence)),
        t("data.by", who=html.escape(stored.imported_by), ago=words.ago(stored.imported_at, now)),
    ]
    if stored.is_synthetic:
        told.insert(0, f"<b>{t('data.synthetic_set')}</b>")
    st.html(f'<p class="note" title="{words.exact(stored.imported_at)}">{" · ".join(told)}</p>')


def report(told: Mapping[str, Any]) -> None:
    """Counts by split and class as a table, then every finding as a sentence."""
    splits = told.get("splits") or {}
    detailed = {name: one for name, one in splits.items() if isinstance(one, Mapping)}
    classes = list(told.get("counts") or {})
    if detailed and classes:
        columns = [tables.Column(t("data.split"))] + [
            tables.Column(class_name(name), "number") for name in (*classes, "")
        ]
        columns[-1] = tables.Column(t("data.sum"), "number")
        rows = [
            tables.Row(
                name,
                [words.split(name)]
                + [f"{(one.get('counts') or {}).get(c, 0):,}" for c in classes]
                + [f"{size(one):,}"],
            )
            for name, one in detailed.items()
        ]
        tables.show(columns, rows, key="counts", caption=t("data.counts"))
    elif classes:
        st.html(f"<p>{html.escape(counted(told['counts']))}</p>")
    for problem in told.get("problems") or ():
        st.html(f'<p class="refused">{html.escape(words.said(problem))}</p>')


def wall(stored: StoredSet, found: Sequence[Photo]) -> None:
    """The photos by class, split, group, name and what people said; the filters stand in the address."""
    said = relabel.standing(stored.domain)
    classes = sorted({class_of(p) for p in found})
    splits = sorted({p.split for p in found})
    groups = sorted({p.group for p in found if p.group})
    spoken: dict[str, set[str]] = {}
    for sha, what in said:
        spoken.setdefault(sha, set()).add(what)
    with st.container(horizontal=True, vertical_alignment="bottom", key="set-filters"):
        text = address.text(t("find.text"), "name")
        chosen_class = address.select(
            t("data.class"), "class", ["", *classes], lambda c: class_name(c) if c else t("find.any")
        )
        chosen_split = address.select(
            t("data.split"),
            "split",
            ["", *(s for s in splits if s)],
            lambda s: words.split(s) if s else t("find.any"),
        )
        chosen_group = ""
        if len(groups) > 1:
            chosen_group = address.select(
                t("data.group"), "group", ["", *groups], lambda g: g or t("find.any")
            )
        chosen_word = ""
        if spoken:
            chosen_word = address.select(
                t("data.said"),
                "said",
                ["", "label", "mark", "trim"],
                lambda w: t(f"data.said_{w}") if w else t("find.any"),
            )
    shown = [
        p
        for p in found
        if (not chosen_class or class_of(p) == chosen_class)
        and (not chosen_split or p.split == chosen_split)
        and (not chosen_group or p.group == chosen_group)
        and (not chosen_word or chosen_word in spoken.get(p.sha256, ()))
        and (not text or text.casefold() in f"{p.name} {p.group}".casefold())
    ]
    st.html(f'<p class="note">{t("find.n", n=len(shown))}</p>')
    pages = -(-len(shown) // A_PAGE)
    first = A_PAGE * (address.page(pages) - 1)
    clicked = gallery.show(
        [tile(p, stored.domain, said) for p in shown[first : first + A_PAGE]], key="wall", layout="wall"
    )
    address.turn(pages)
    if clicked is not None:
        large(next(p for p in shown if p.sha256 == clicked), stored.domain)


def class_of(photo: Photo) -> str:
    """What an expert says of a photo, as one word."""
    if photo.label is not None:
        return photo.label
    if photo.grade is not None:
        return str(photo.grade)
    return "masked" if photo.mask is not None else "unlabelled"


def tile(photo: Photo, domain: Domain, said: labels.Standing) -> dict[str, Any]:
    """A photo of a set as a tile, with what people said of it."""
    grade = "" if photo.grade is None else str(photo.grade)
    tone = f"grade-{grade}" if grade else {"defect": "bad", "normal": "fine"}.get(photo.label or "", "none")
    where = " · ".join(part for part in (photo.split and words.split(photo.split), photo.group) if part)
    told = gallery.tile(
        photo.sha256,
        photo.sha256,
        class_name(class_of(photo)),
        tone=tone,
        lines=[*([("quiet", where)] if where else []), *relabel.tile_lines(domain, photo.sha256, said)],
        name=photo.title,
        grade=grade,
    )
    return told


@st.dialog(" ", width="large", on_dismiss="rerun")
def large(photo: Photo, domain: Domain) -> None:
    """One photo of a set, as large as it goes, with what is known of it and what people say of it."""
    if domain == "corrosion" and st.toggle(t("crop.title"), key="crop-this"):
        crop(photo)
    else:
        viewer.stored(photo, key=f"large-{photo.sha256}")
    if domain != "crack":
        relabel.desk(domain, photo.sha256)
    told = [photo.title, class_name(class_of(photo)), words.split(photo.split), photo.group, photo.source]
    st.html(f'<p class="note">{html.escape(" · ".join(part for part in told if part))}</p>')


def crop(photo: Photo) -> None:
    """The cut to the part, drawn anew; people's boxes count before the set's own."""
    said = relabel.standing("corrosion").get((photo.sha256, "trim"))
    size = photos.probe(photo.path, photo.title)
    box = said.trim if said is not None else photo.trim
    key = f"crop-{photo.sha256[:12]}-{said.id if said is not None else 0}"
    kept = cropper.draw(photo.sha256, size.width_px, size.height_px, box, key=key, alt=photo.title)
    st.html(f'<p class="note">{t("crop.note")}</p>')
    if kept is not None:
        with notice.instead():
            labels.retrim(
                store.connect(settings.database),  # a click comes in another thread than the page
                access.me(),
                "corrosion",
                photo.sha256,
                kept,
                time.time(),
            )
            st.toast(t("crop.kept"), icon=":material/check_circle:")
            st.rerun(scope="fragment")


def bring_in() -> None:
    """The way in: a zip or a folder, a look, a report, and only then a place in the store."""
    places.link("data", t("data.all"), icon=":material/arrow_back:")
    st.title(t("data.import"))
    id = st.query_params.get("id")
    if id:
        follow(id)
        return
    st.html(f'<p class="lead">{t("import.lead")}</p>')
    domain = st.segmented_control(
        t("find.domain"),
        DOMAINS,
        default=DOMAINS[0],
        required=True,
        key="import-domain",
        format_func=lambda d: t(f"domain.{d}"),
    )
    licence = st.text_input(t("import.licence"), key="import-licence", placeholder="CC BY 4.0")
    handed = archive.drop(key="archive")
    if handed is not None:
        place = archive.place(settings, person, handed)
        one = HERE.begin(settings, person, domain, place, now=now, called=handed.name, licence=licence)
        places.go("data", view="import", id=one.id)
    with st.form("folder", border=False):
        path = st.text_input(t("import.folder"), key="import-folder", placeholder="/srv/photos/track-7")
        if st.form_submit_button(t("import.look")) and path.strip():
            with notice.instead():
                one = HERE.begin(settings, person, domain, Path(path.strip()), now=now, licence=licence)
                places.go("data", view="import", id=one.id)
    with st.expander(t("import.layouts_title")):
        st.markdown(t("import.layouts"))
    with st.expander(t("import.draw_title")):
        st.html(f'<p class="note">{t("import.draw_note")}</p>')
        if st.button(t("import.draw", n=N_DRAWN), icon=":material/draw:", key="draw"):
            one = HERE.draw(settings, person, domain, N_DRAWN, now=now)
            places.go("data", view="import", id=one.id)


def follow(id: str) -> None:
    """One import: how far it is, then what was found, then the choice."""
    one = HERE.get(person, id)
    if one.is_moving:
        moving(id)
        return
    if one.stage == "failed":
        st.warning(words.said(one.error), icon=":material/info:")
        st.button(t("import.again"), on_click=HERE.drop, args=(person, id), key="again")
        return
    if one.stage == "kept":
        HERE.drop(person, id)
        places.go("data", set=one.name)
    looked(one)


@st.fragment(run_every=0.7)
def moving(id: str) -> None:
    """What is being done and how far it is; goes on without anybody watching."""
    one = HERE.get(person, id)
    if not one.is_moving:
        st.rerun()
    share = one.done / one.n if one.n else 0.0
    st.progress(share, text=t(f"import_state.{one.stage}", name=words.shortened(one.source)))
    if one.n:
        st.html(f'<p class="note">{t("import.done", done=one.done, n=one.n)}</p>')
    st.html(f'<p class="note">{t("import.goes_on")}</p>')


def looked(one: Import) -> None:
    """The report, and the two ways on: keep it, throw it away."""
    assert one.report is not None
    st.html(f'<p class="lead">{t("import.looked", n=one.report.n_photos, name=html.escape(one.name))}</p>')
    report(one.report.to_dict())
    for name in one.report.unreadable[:12]:
        st.html(f'<p class="refused">{t("import.unreadable", name=html.escape(name))}</p>')
    name = st.text_input(t("import.name"), value=one.name, key="import-name")
    with st.container(horizontal=True):
        if st.button(
            t("import.keep", n=one.report.n_photos - len(one.report.unreadable)), type="primary", key="keep"
        ):
            with notice.instead():
                HERE.keep(settings, person, one.id, name)
                st.rerun()
        if st.button(t("import.drop"), key="drop"):
            HERE.drop(person, one.id)
            places.go("data")


if st.query_params.get("view") == "import":
    bring_in()
elif st.query_params.get("set"):
    one_set(st.query_params["set"])
else:
    every_set()
