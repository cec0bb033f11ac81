"""Photos judged in the wrong domain: judge them as what they show after all, one of them or a whole batch."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

import streamlit as st

from core import asking, store
from core.records import DOMAINS, Domain
from core.settings import Settings
from pages.parts import access, notice
from pages.parts.strings import t


def offer(domains: Collection[Domain], n: int, ids: Callable[[], Sequence[int]], key: str) -> list[int]:
    """A small door to the other domains; the inspections that stand now once one was chosen, else none.

    `domains` are those that the `n` photos were judged in: one that all of them were is not offered. `ids`
    is asked for the inspections only then, for a batch is looked at every second.
    """
    others = [domain for domain in DOMAINS if set(domains) != {domain}]
    door = "-".join([key, "not", *sorted(domains)])  # another one once they are judged anew: it opens shut
    with st.popover(t("other.title"), icon=":material/swap_horiz:", type="tertiary", key=door):
        st.html(f'<p class="note">{t("other.words", n=n)}</p>')
        for domain in others:
            if st.button(t(f"other.{domain}"), key=f"{key}-{domain}", width="stretch"):
                with notice.instead():
                    return ask(ids(), domain)
    return []


def ask(ids: Sequence[int], domain: Domain) -> list[int]:
    """Judge these inspections' photos in this domain and return those that stand in their place."""
    settings = Settings.of()
    db, wake = store.connect(settings.database), settings.wake
    return asking.ask_as(db, ids, domain, who=access.me().name, now=time.time(), wake=wake)
