"""Lost: an address that leads nowhere, or to a page of other roles; who can grant them, and the way back."""

import html

import streamlit as st

from core import store
from core.people import accounts
from core.settings import Settings
from pages.parts import access, places, words
from pages.parts.strings import t

person = access.require(*places.roles("lost"))
asked = st.query_params.get("address", "")
known = {place.name for place in places.PLACES}
seen = {place.name for place in places.seen_by(person.role)}

if asked in known - seen:
    admins = accounts.admins(store.connect(Settings.of().database))
    title, note = t(f"page.{asked}"), t("lost.ask", who=", ".join(admins))
    sentence = access.refusal(person, places.roles(asked))
else:
    title, note = t("page.lost"), ""
    sentence = t("lost.missing", name=words.shortened(asked, 40)) if asked else t("lost.nothing")

st.title(title)
st.html(f'<p class="lead">{html.escape(sentence)}</p>')
if note:
    st.html(f'<p class="note">{html.escape(note)}</p>')
if st.button(t("lost.home"), icon=":material/arrow_back:", type="primary"):
    places.go("home")
