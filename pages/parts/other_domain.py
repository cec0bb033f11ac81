"""Photos judged in the wrong domain: judge them as what they show after all, one of them or a whole batch."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from core import asking, store
from core.inspections import Inspection
from core.records import DOMAINS, Domain
from core.settings import Settings
from pages.parts import access, notice
from pages.parts.strings import t


def offer(found: Sequence[Inspection], key: str) -> list[int]:
    """A small door to the other domains; the inspections that stand now once one was chosen, else none.

    Domains in which all of the photos were judged anyway are not offered.
    """
    asked = {one.domain for one in found}
    others = [domain for domain in DOMAINS if asked != {domain}]
    if not found:
        return []
    door = "-".join([key, "not", *sorted(asked)])  # another one once they are judged anew: it opens shut
    with st.popover(t("other.title"), icon=":material/swap_horiz:", type="tertiary", key=door):
        st.html(f'<p class="note">{t("other.words", n=len(found))}</p>')
        for domain in others:
            if st.button(t(f"other.{domain}"), key=f"{key}-{domain}", width="stretch"):
                with notice.instead():
                    return ask(found, domain)
    return []


def ask(found: Sequence[Inspection], domain: Domain) -> list[int]:
    """Judge these photos in this domain and return the inspections that stand in their place."""
    settings = Settings.of()
    return asking.ask_as(
        store.connect(settings.database),
        [one.id for one in found],
        domain,
        who=access.me().name,
        now=time.time(),
        wake=settings.wake,
    )
