"""What a page is about, chosen by the reader and kept in the address: a model, a data set, a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st
from sqlite_utils import Database

from core import cards, config, orders, queue, services, sets
from core.errors import PatinaError
from core.records import Domain, Run
from core.services import Serving
from core.sets import StoredSet
from pages.parts import form, words
from pages.parts.strings import t

T = TypeVar("T", str, int)


def one(
    name: str,
    options: Sequence[T],
    default: T,
    *,
    label: str,
    say: Callable[[T], str] = str,
    key: str = "",
    is_list: bool = False,
    is_labelled: bool = False,
    on_change: Callable[[], None] | None = None,
    help: str | None = None,
) -> T:
    """One of several things, kept in the address as `name=option`: the address says the same in any language.

    (Streamlit's own binding writes the words on the screen.) A list where there are many, else buttons in a
    row. `key` tells apart what several pages call by the same name.
    """
    key = key or name
    known = {str(option): option for option in options}
    if st.session_state.get(key) not in options:
        st.session_state[key] = known.get(st.query_params.get(name, ""), default)

    def keep() -> None:
        value = st.session_state[key]
        if value == default or value is None:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = str(value)
        if on_change is not None:
            on_change()

    told: dict[str, Any] = {
        "format_func": say,
        "key": key,
        "on_change": keep,
        "help": help,
        "label_visibility": "visible" if is_labelled else "collapsed",
    }
    if is_list:
        return st.selectbox(label, options, **told)
    return st.segmented_control(label, options, required=True, **told)


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
    chosen = one(
        "model",
        first,
        serving,
        label=t("lab.model"),
        say=lambda id: t("lab.in_service", model=id) if id == serving else id,
        key=f"{domain}-model",
        is_list=True,
        on_change=on_change,
    )
    return services.find(db, models, f"{domain}/{chosen}")


def stored_set(db: Database, domain: Domain, *, key: str, default: str = "") -> StoredSet | None:
    """A stored data set of this domain, the largest first; None when there is none."""
    known = {s.name: s for s in sorted(sets.all_sets(db, domain), key=lambda s: -s.n_photos)}
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
    """The preset of a run with the setting that was changed; with how many, where there are more."""
    preset = str(run.config.get("preset") or t("runs.default"))
    changed = run.config.get("set") or {}
    if len(changed) == 1:
        [(name, value)] = changed.items()
        for p in config.params(orders.rules(run.domain).Config):
            if p.name == name:
                told = {"setting": form.label(p), "value": form.value_words(p, value)}
                return t("runs.preset_with", preset=preset, **told)
    return t("runs.preset_changed", preset=preset, n=len(changed)) if changed else preset


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
