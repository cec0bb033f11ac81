"""The script behind every page: who is here, what they may see, and the page they asked for."""

import streamlit as st

from core.errors import PatinaError
from pages.parts import access, header, notice, places

person = access.me()
header.look()
header.speak(person)
page = st.navigation(places.menu(person.role), expanded=True)
st.set_page_config(page_title=f"{page.title} · Patina")
header.show(person, page.url_path or places.HOME)
try:
    page.run()
except PatinaError as error:
    notice.show(error)
