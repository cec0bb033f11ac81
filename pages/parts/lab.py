"""What the three laboratories share: the model's card in one strip, its threshold, its photos by verdict."""

from __future__ import annotations

import html
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NoReturn

import numpy as np
import streamlit as st
from sqlite_utils import Database

from core import orders, services, sets, store
from core.errors import PatinaError
from core.records import Card, Domain, Person, Trim
from core.services import Service, Serving
from core.sets import Held
from core.settings import Settings
from pages.parts import access, cached, figures, gallery, notice, pick, places, tables, viewer, words
from pages.parts.strings import t

ROLES: Final = ("manager", "engineer", "admin")
PAGE: Final = 12
"""Photos shown at once; so few that a move of the threshold stays light."""

FIGURES: Final[dict[str, tuple[str, ...]]] = {
    "rail": ("f1", "recall", "precision", "balanced_accuracy"),
    "crack": ("f1", "recall", "precision", "iou"),
    "corrosion": ("mean_f1", "accuracy", "within_one", "kappa"),
}
"""What a card's strip shows of a domain, the first one first."""


@dataclass(frozen=True)
class Lab:
    """What a laboratory page stands on: who looks, which model, which of its answers."""

    person: Person
    settings: Settings
    now: float
    domain: Domain
    model: Serving
    service: Service | None
    """What was promoted last; None while the starter serves unasked."""
    is_serving: bool
    split: str

    @property
    def db(self) -> Database:
        """This thread's connection: a fragment or a callback runs in another thread than the page did."""
        return store.connect(self.settings.database)

    @property
    def card(self) -> Card:
        """The card of the model that is shown."""
        return self.model.card

    @property
    def threshold(self) -> float:
        """Where the page's threshold begins: the one in service for this model, else its card's."""
        return start_of(self.model, self.is_serving)


def begin(domain: Domain, below: Callable[[], object] = lambda: None) -> Lab:
    """The head of a laboratory page; stops with what to do where there is no model or no answers.

    `below` draws what stands right under the title.
    """
    person = access.require(*ROLES)
    settings, now = Settings.of(), time.time()
    db = store.connect(settings.database)
    title, picker = st.columns([3, 2])
    title.title(t(f"page.{domain}"))
    with picker, st.container(key="beside-title"):
        model = pick.model(db, settings.models, domain, on_change=lambda: _begin_anew(domain))
    below()
    if model is None:
        _no_model(person, domain)
    service = services.current(db, domain)
    split = next(iter(cached.splits(model.folder)), "")
    lab = Lab(person, settings, now, domain, model, service, _is_serving(db, settings, model), split)
    strip(lab)
    if not split:
        st.html(f'<p class="lead">{t("lab.no_answers")}</p>')
        st.stop()
    if split != "test":
        st.warning(t("lab.only_validation"), icon=":material/info:")
    return lab


def begin_with(domain: Domain, views: Mapping[str, str]) -> tuple[Lab, str]:
    """The same with the page's views to choose from under the title, and the one that is shown."""
    key = f"{domain}-view"
    first = next(iter(views))

    def choose() -> None:
        pick.one("view", list(views), first, label=t("lab.view"), say=views.__getitem__, key=key)

    return begin(domain, choose), st.session_state.get(key) or first


def _begin_anew(domain: Domain) -> None:
    """Another model begins at its own threshold, with its own worst photo."""
    settings = Settings.of()
    db = store.connect(settings.database)
    chosen = services.find(db, settings.models, f"{domain}/{st.session_state[f'{domain}-model']}")
    if "threshold" in st.session_state:
        st.session_state["threshold"] = start_of(chosen, _is_serving(db, settings, chosen))
    st.session_state.pop("crack-photo", None)
    st.query_params.pop("photo", None)


def start_of(model: Serving, is_serving: bool) -> float:
    """Where the page's threshold begins: the one in service for this model, else its card's."""
    told = model.threshold if is_serving else model.card.threshold
    return round(min(0.999, max(0.001, 0.5 if told is None else told)), 3)


def _is_serving(db: Database, settings: Settings, model: Serving) -> bool:
    try:
        return services.serving(db, settings.models, model.card.domain).card.id == model.card.id
    except PatinaError:
        return False


def _no_model(person: Person, domain: Domain) -> NoReturn:
    st.html(f'<p class="lead">{t(f"lab.no_model_{domain}")}</p>')
    with st.container(horizontal=True):
        if person.is_at_least("engineer"):
            if st.button(t("runs.start"), type="primary", icon=":material/play_arrow:"):
                places.go("runs", new=domain)
            if st.button(t("lab.to_data"), icon=":material/photo_library:"):
                places.go("data")
    st.stop()
    raise AssertionError("st.stop() does not return")


# The card in one strip --------------------------------------------------------------------------------


def strip(lab: Lab) -> None:
    """What the model is, what it learned from, what it is worth and since when it serves."""
    card = lab.card
    told = card.figures.get(lab.split) or {}
    names = [name for name in FIGURES[lab.domain] if told.get(name) is not None]
    if names:
        figures.show([figure_of(told, name) for name in names], key="strip")
    text, button = st.columns([6, 1], vertical_alignment="center")
    text.html(f'<p class="note">{" · ".join(in_short(lab))}</p>')
    if button.button(t("lab.card"), icon=":material/badge:", type="tertiary", key="card"):
        places.go("models", model=f"{card.domain}/{card.id}")


def figure_of(told: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A figure with its interval as one of the numbers of a strip."""
    low, high = told.get(f"{name}_low"), told.get(f"{name}_high")
    aside = (
        t("lab.from_to", low=f"{low:.2f}", high=f"{high:.2f}") if low is not None and high is not None else ""
    )
    return figures.figure(t(f"metric.{name}"), tables.figure(told.get(name), 2), aside=aside)


def in_short(lab: Lab) -> list[str]:
    """The strip's words, safe as HTML: name, network, data, licence, test photos, threshold, service."""
    card = lab.card
    told = [f"<b>{html.escape(card.id)}</b>", html.escape(network(card))]
    if card.is_synthetic:
        told.append(f"<b>{t('lab.synthetic')}</b>")
    told.append(html.escape(t("lab.learned", data=data_words(card))))
    if card.licence:
        said = words.licence(card.licence)
        told.append(html.escape(t("lab.licence", licence=said) if said == card.licence else said))
    n = (card.figures.get(lab.split) or {}).get("n")
    if n:
        told.append(t("lab.test_n" if lab.split == "test" else "lab.val_n", n=int(n)))
    if lab.domain != "corrosion" and card.threshold is not None:
        told.append(
            t(
                "lab.threshold_how",
                threshold=f"{card.threshold:.3f}",
                how=html.escape(words.said(card.threshold_how)),
            )
        )
    told.append(service_words(lab))
    return told


def service_words(lab: Lab) -> str:
    """Whether the model serves, since when and by whose word, safe as HTML."""
    if not lab.is_serving:
        return f"<b>{t('lab.not_serving')}</b>"
    if lab.service is None:
        return t("lab.serving_starter")
    since = f'<span title="{words.exact(lab.service.at)}">{words.ago(lab.service.at, lab.now)}</span>'
    return t("lab.serving", since=since, who=html.escape(lab.service.who))


def network(card: Card) -> str:
    """The network as people write it."""
    return words.NETWORKS.get(card.network, card.network)


def data_words(card: Card) -> str:
    """The sets a model learned from, by name."""
    return ", ".join(str(d.get("name", "?")) for d in card.data) or "–"


# The threshold ----------------------------------------------------------------------------------------


def threshold_slider(lab: Lab) -> float:
    """The page's one threshold, in sight while the page scrolls and kept in its address."""
    with st.container(key="bar"):
        threshold = st.slider(
            t("lab.threshold"),
            0.001,
            0.999,
            lab.threshold,
            0.001,
            format="%.3f",
            key="threshold",
            bind="query-params",
            help=t("lab.threshold_help"),
        )
    return float(threshold)


def said(lab: Lab, sentence: str, threshold: float) -> None:
    """What the threshold means, in words (safe as HTML), and the button that makes it the one in service."""
    words_, button = st.columns([5, 2], vertical_alignment="center", gap="medium")
    words_.html(f'<p class="lead">{sentence}</p>')
    if lab.person.is_at_least("engineer"):
        with button:
            _use_from_now_on(lab, threshold)


def _use_from_now_on(lab: Lab, threshold: float) -> None:
    is_same = lab.is_serving and abs(threshold - lab.threshold) < 5e-4
    with st.popover(t("lab.use"), icon=":material/check_circle:", width="stretch", disabled=is_same):
        now_at = f"{lab.threshold:.3f}"
        st.markdown(t("lab.use_words", threshold=f"{threshold:.3f}", before=now_at, model=lab.card.id))
        if not lab.is_serving:
            st.markdown(t("lab.use_other", model=lab.card.id))
        why = st.text_input(t("lab.why"), key="why", placeholder=t("lab.why_hint"))
        if st.button(t("lab.use_confirm"), type="primary", key="use-threshold", disabled=not why.strip()):
            with notice.instead():
                orders.promote(lab.db, access.me(), lab.card, now=time.time(), why=why, threshold=threshold)
                st.toast(t("lab.used", threshold=f"{threshold:.3f}"), icon=":material/check_circle:")
                st.rerun(scope="app")


# Photos -----------------------------------------------------------------------------------------------


def photos(
    lab: Lab,
    evaluation: cached.Evaluation,
    positions: np.ndarray,
    here: Mapping[str, Held],
    tile: Callable[[int], dict[str, Any]],
    *,
    key: str,
) -> str | None:
    """A page of photos of a list, worst first; the sha256 of the one just clicked.

    Those that are not in this store are counted, not shown; where none is, their names are listed.
    """
    shas = evaluation["sha256"]
    shown = [int(i) for i in positions if str(shas[i]) in here]
    away = len(positions) - len(shown)
    clicked = None
    if not len(positions):
        st.html(f'<p class="note">{t("lab.none_here")}</p>')
    elif shown:
        n_pages = -(-len(shown) // PAGE)
        # The pagination stands below what it turns over, so its value is read from the state first.
        page = min(int(st.session_state.get(f"{key}-page") or 1), n_pages)
        clicked = gallery.show(
            [tile(i) for i in shown[(page - 1) * PAGE : page * PAGE]], key=key, layout="wall"
        )
        if n_pages > 1:
            st.session_state[f"{key}-page"] = page
            st.pagination(n_pages, key=f"{key}-page")
    if away:
        absent(lab, evaluation, [int(i) for i in positions if str(shas[i]) not in here], names=not shown)
    return clicked


def absent(lab: Lab, evaluation: cached.Evaluation, positions: Sequence[int], *, names: bool) -> None:
    """How many photos are not on this machine, which set has them, and their names where asked for."""
    n = len(positions)
    st.html(f'<p class="note">{html.escape(t("lab.absent", n=n, data=data_words(lab.card)))}</p>')
    if names:
        told = [words.shortened(str(evaluation["name"][i]), 34) for i in positions[:8]]
        more = t("lab.and_more", n=n - 8) if n > 8 else ""
        st.html(f'<p class="note">{html.escape(", ".join(told))}{more}</p>')
    if lab.person.is_at_least("engineer") and st.button(
        t("lab.import"), icon=":material/download:", type="tertiary", key=f"import-{n}-{positions[0]}"
    ):
        places.go("data")


def here(lab: Lab, evaluation: cached.Evaluation) -> dict[str, Held]:
    """The photos of an evaluation that are in this store, by sha256."""
    return sets.held(lab.db, (str(sha) for sha in evaluation["sha256"]))


def open_photo(
    held: Held,
    title: str,
    lines: Sequence[str],
    draw: Callable[[], None] | None = None,
    *,
    overlay: str = "",
    trim: Trim | None = None,
    then: Literal["ignore", "rerun"] = "ignore",
) -> None:
    """One photo, large, over the page, with what is known and what was said of it.

    `overlay` is the address of a picture to lie over it; `then` is what the page does when it is closed.
    """

    def opened() -> None:
        left, right = st.columns([3, 2], gap="medium")
        with left:
            key = f"large-{held.photo[:12]}"
            size = held.width_px, held.height_px
            viewer.photo(held.photo, *size, key=key, alt=held.name, overlay=overlay, trim=trim)
        with right:
            for line in lines:
                st.html(f'<p class="line">{html.escape(line)}</p>')
            if draw is not None:
                draw()

    st.dialog(title, width="large", on_dismiss=then)(opened)()


def full_card(card: Card) -> None:
    """What the model cannot do, in its makers' words, when they wrote it down."""
    if card.notes:
        st.html(f'<p class="note">{html.escape(card.notes)}</p>')


def offer(
    lab: Lab,
    label: str,
    *,
    icon: str,
    key: str,
    type: Literal["primary", "tertiary"] = "tertiary",
    **how: Any,
) -> None:
    """A button for engineers that has the photos of this split judged again, as `orders.evaluate` is told.

    Only where the set that the model was tried on is in this store.
    """
    known = {data.get("fingerprint") for data in lab.card.data}
    here = [one for one in sets.all_sets(lab.db, lab.domain) if one.fingerprint in known]
    if not here or not lab.person.is_at_least("engineer"):
        return
    if st.button(label, icon=icon, type=type, key=key):
        with notice.instead():
            data, now, wake = here[0].name, time.time(), lab.settings.wake
            me = access.me()
            id = orders.evaluate(lab.db, me, lab.card, data=data, split=lab.split, now=now, wake=wake, **how)
            places.go("run", id=str(id))
