"""Who this page is for. Every page asks `me()` first; without the gate before it, it shows nothing.

The gate's word was true when the websocket opened; the session is looked up anew at every run, so that a
role taken away or a session ended counts at once.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from core import gate, store
from core.people import sessions
from core.people.sessions import Session
from core.records import Person, Role
from core.settings import Settings
from pages.parts.strings import t

_OF = "patina.session of"


def me() -> Person:
    """The person signed in. Stops the script for anybody whom the gate did not let in, or no longer would."""
    return _session().person


def require(*roles: Role) -> Person:
    """The person signed in when the role is one of these; else the page says so in a sentence and stops."""
    person = me()
    if person.role not in roles:
        st.warning(refusal(person, roles))
        st.stop()
    return person


def refusal(person: Person, roles: Sequence[Role]) -> str:
    """The sentence for somebody whose role is none of these."""
    wanted = ", ".join(t(f"role.{role}") for role in roles)
    return t("access.role", wanted=wanted, name=person.name, role=t(f"role.{person.role}"))


def sign_out() -> None:
    """End this session; the gate closes all its tabs within half a second. For a button's `on_click`."""
    sessions.sign_out(store.connect(Settings.of().database), _session().hash, now=time.time())


def _session() -> Session:
    settings = Settings.of()
    word = st.context.headers.get(gate.HEADER)
    now = time.time()
    said = gate.verify(settings.data, word, now) if word else None
    db = store.connect(settings.database)
    session = sessions.session_of_hash(db, said.hash, now) if said else None
    if session is None:
        st.error(t("access.alone"))
        st.stop()
    # A tab that reconnects gets its script session back, whoever signed in meanwhile.
    if st.session_state.get(_OF, session.person.id) != session.person.id:
        st.session_state.clear()
    st.session_state[_OF] = session.person.id
    return session
