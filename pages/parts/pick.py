"""What a page is about, chosen by the reader and kept in the address: a model, a data set, a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st
from sqlite_utils import Database

from core import cards, queue, services, sets
from core.errors import PatinaError
from core.records import Domain, Run
from core.services import Serving
from core.sets import StoredSet
from pages.parts import words
from pages.parts.strings import t


def model(
    db: Database, models: Path, domain: Domain, *, on_change: Callable[[], None] | None = None
) -> Serving | None:
    """The model of the page: the one in the address, else the one in service; None when there is none.

    The select box appears only where there is a choice.
    """
    known = [card.id for card in cards.all(models, domain)]
    if not known:
        return None
    try:
        serving = services.serving(db, models, domain).card.id
    except PatinaError as error:
        st.warning(str(error), icon=":material/warning:")
        serving = known[0]
    if serving not in known:
        serving = known[0]
    first = [serving, *(id for id in known if id != serving)]
    if len(first) == 1:
        return services.find(db, models, f"{domain}/{serving}")
    chosen = st.selectbox(
        t("lab.model"),
        first,
        key="model",
        format_func=lambda id: t("lab.in_service", model=id) if id == serving else id,
        label_visibility="collapsed",
        bind="query-params",
        on_change=on_change,
    )
    return services.find(db, models, f"{domain}/{chosen if chosen in known else serving}")


def stored_set(db: Database, domain: Domain, *, key: str, default: str = "") -> StoredSet | None:
    """A stored data set of this domain; None when there is none."""
    known = {s.name: s for s in sets.all_sets(db, domain)}
    if not known:
        return None
    names = list(known)
    chosen = st.selectbox(
        t("runs.data"),
        names,
        index=names.index(default) if default in names else 0,
        key=key,
        format_func=lambda name: set_words(known[name]),
    )
    return known[chosen]


def set_words(stored: StoredSet) -> str:
    """A set in a list: its name, its size, and whether its photos are generated."""
    told = t("runs.set", name=stored.name, n=stored.n_photos)
    return f"{told} · {t('lab.synthetic')}" if stored.is_synthetic else told


def run_name(run: Run) -> str:
    """What a run is called where a person reads it: its given name, else what it learns from and how."""
    if run.name:
        return run.name
    data = str(
        run.config.get("data") or Path(str(run.config.get("folder", ""))).name or run.config.get("model", "")
    )
    return t("runs.named", data=words.shortened(data, 40), preset=preset_name(run))


def preset_name(run: Run) -> str:
    """The preset of a run and how many of its settings were changed."""
    preset = str(run.config.get("preset") or t("runs.default"))
    changed = len(run.config.get("set") or {})
    return t("runs.preset_changed", preset=preset, n=changed) if changed else preset


def runs(db: Database, told: str) -> list[Run]:
    """The runs that an address names, "3,5": those that exist, in that order, each once."""
    found: dict[int, Run] = {}
    for word in told.split(","):
        if word.strip().isdecimal() and int(word) not in found:
            try:
                found[int(word)] = queue.get(db, int(word))
            except PatinaError:
                continue  # a run of another Patina, or one that never was: the others are shown
    return list(found.values())
