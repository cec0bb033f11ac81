"""Models: who serves each domain since when, every card, and the way into service, compared first."""

import html
import time

import streamlit as st
from sqlite_utils import Database

from core import cards, orders, services, store
from core.errors import PatinaError
from core.records import DOMAINS, Card, Domain
from core.services import Serving
from core.settings import Settings
from pages.parts import access, figures, lab, model_card, notice, places, tables, words
from pages.parts.strings import t
from pages.parts.tables import Column, Row

person = access.require("manager", "engineer", "admin")
settings, now = Settings.of(), time.time()


def db() -> Database:
    """This thread's connection: a dialog runs in another thread than the page did."""
    return store.connect(settings.database)


def serving(domain: Domain) -> Serving | None:
    """What answers for a domain; None, with a sentence, where nothing can."""
    try:
        return services.serving(db(), settings.models, domain)
    except PatinaError as error:
        if cards.all(settings.models, domain):
            st.warning(str(error), icon=":material/warning:")
        return None


def domain_part(domain: Domain) -> None:
    """A domain: who serves, and every model of it."""
    st.markdown(f"## {t(f'domain.{domain}')}")
    known, here = cards.all(settings.models, domain), serving(domain)
    if not known:
        st.html(f'<p class="note">{t("models.none", domain=t(f"domain.{domain}"))}</p>')
        if person.is_at_least("engineer") and st.button(
            t("runs.start"), icon=":material/play_arrow:", key=f"start-{domain}"
        ):
            places.go("runs", new=domain)
        return
    main = lab.FIGURES[domain][0]
    rows = []
    for card in sorted(known, key=lambda c: here is None or c.id != here.card.id):
        of = card.figures.get("test") or card.figures.get("val") or {}
        serves = here is not None and card.id == here.card.id
        sub = lab.network(card) + (f" · {t('lab.synthetic')}" if card.is_synthetic else "")
        state = {"text": t("models.serves"), "tone": "good", "sub": since(domain)} if serves else ""
        rows.append(
            Row(
                f"{domain}/{card.id}",
                [
                    {"text": card.id, "sub": sub},
                    state,
                    tables.with_interval(of, main),
                    str(of.get("n") or "–"),
                    lab.data_words(card),
                    {"text": model_card.made(card), "title": card.made_at},
                ],
                href=places.href("models", model=f"{domain}/{card.id}"),
                marked=serves,
            )
        )
    heads = [
        Column(t("lab.model"), wide=True, share=19),
        Column(t("models.service"), wide=True, bare=True, share=20),
        Column(t(f"metric.{main}"), "number", share=17),
        Column(t("models.n_test"), "number", share=11),
        Column(t("models.data"), wide=True, share=18),
        Column(t("models.made"), share=15),
    ]
    clicked = tables.show(heads, rows, key=f"models-{domain}", stack=True)
    if clicked.open is not None:
        places.go("models", model=clicked.open)


def since(domain: Domain) -> str:
    """Since when the model of a domain serves and by whose word."""
    service = services.current(db(), domain)
    if service is None:
        return t("lab.serving_starter")
    return t("models.since", since=words.ago(service.at, now), who=service.who)


def history(domain: Domain) -> None:
    """Everything that ever served a domain, newest first, with the reasons given."""
    lines = services.history(db(), domain)
    if not lines:
        st.html(f'<p class="note">{t("models.no_history")}</p>')
        return
    rows = [
        Row(
            str(i),
            [
                {"text": s.model, "sub": words.said(s.why)},
                f"{s.threshold:.3f}" if s.threshold is not None else t("models.own_threshold"),
                s.who,
                {"text": words.ago(s.at, now), "title": words.exact(s.at)},
            ],
            marked=i == 0,
        )
        for i, s in enumerate(lines)
    ]
    heads = [
        Column(t("lab.model"), wide=True),
        Column(t("lab.threshold"), "number"),
        Column(t("runs.who")),
        Column(t("runs.when")),
    ]
    tables.show(heads, rows, key="history", stack=True)


def one(card: Card) -> None:
    """A card as a page."""
    here = serving(card.domain)
    serves = here is not None and here.card.id == card.id
    st.title(card.id)
    state = (
        f"<b>{t('models.serves')}</b> {html.escape(since(card.domain))}" if serves else t("lab.not_serving")
    )
    st.html(f'<p class="lead">{t(f"domain.{card.domain}")} · {html.escape(lab.network(card))} · {state}</p>')
    if card.is_synthetic:
        st.warning(t("models.synthetic"), icon=":material/info:")
    split = "test" if card.figures.get("test") else next(iter(card.figures), "")
    if split:
        names = [n for n in lab.FIGURES[card.domain] if card.figures[split].get(n) is not None]
        figures.show([lab.figure_of(card.figures[split], n) for n in names], key="card-figures")
        st.html(f'<p class="note">{t("models.figures_note", n=int(card.figures[split].get("n") or 0))}</p>')
    with st.container(horizontal=True):
        if (
            person.is_at_least("engineer")
            and not serves
            and st.button(t("models.promote"), type="primary", icon=":material/check_circle:", key="promote")
        ):
            title = t("models.promote_title", model=card.id, domain=t(f"domain.{card.domain}"))
            st.dialog(title, width="large")(promote)(card, here)
        if st.button(t("models.lab"), icon=":material/science:", key="to-lab"):
            places.go(card.domain, model=card.id)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown(f"### {t('models.data')}")
        model_card.data(card)
        if card.notes:
            st.markdown(f"### {t('models.cannot')}")
            st.markdown(html.escape(card.notes))
        st.markdown(f"### {t('models.all_figures')}")
        model_card.all_figures(card)
    with right:
        st.markdown(f"### {t('models.how')}")
        model_card.facts(card)
        with st.expander(t("models.settings"), icon=":material/tune:"):
            model_card.settings(card)
    st.markdown(f"### {t('models.history')}")
    history(card.domain)


def promote(card: Card, here: Serving | None) -> None:
    """Put a model into service: what serves now beside it on the same photos, then a reason."""
    folder = cards.place(settings.models, card.domain, card.id)
    if here is None:
        st.html(f'<p class="note">{t("models.nothing_serves")}</p>')
    else:
        model_card.compare(here, Serving(card, folder, card.threshold))
    why = st.text_input(t("lab.why"), placeholder=t("lab.why_hint"), key="promote-why")
    st.html(f'<p class="note">{t("models.promote_note")}</p>')
    if st.button(
        t("models.promote_confirm"), type="primary", disabled=not why.strip(), key="promote-confirm"
    ):
        with notice.instead():
            orders.promote(db(), access.me(), card, now=time.time(), why=why)
            st.toast(t("models.promoted", model=card.id), icon=":material/check_circle:")
            st.rerun()


wanted = st.query_params.get("model", "")
if "/" in wanted:
    if st.button(t("models.all"), icon=":material/arrow_back:", type="tertiary", key="all"):
        places.go("models")
    one(cards.read(settings.models, *wanted.split("/", 1)))
else:
    st.title(t("page.models"))
    for domain in DOMAINS:
        domain_part(domain)
