"""What a page knows of its reader: the gate's word, checked against the database at every run."""

from __future__ import annotations

import time
from unittest.mock import PropertyMock, patch

import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from core import gate
from core.people import accounts, sessions
from core.people.accounts import PATINA
from tests.serving import World


@pytest.fixture
def world(tmp_path, monkeypatch):
    world = World.at(tmp_path)
    monkeypatch.setenv("PATINA_DATA", str(world.settings.data))
    return world


def page():
    import streamlit as st

    from pages.parts import access

    person = access.me()
    st.session_state.setdefault("seen", []).append(person.name)
    st.text(f"{person.name} is {person.role}; seen {st.session_state['seen']}")
    access.require("engineer", "admin")
    st.text("engine room")


def page_that_signs_out():
    from pages.parts import access

    access.me()
    access.sign_out()


def shown(app, word):
    """Run the page with the word that the gate would hand it: (texts, warnings, errors)."""
    told = {} if word is None else {gate.HEADER: word}
    # The only stand-in: AppTest has no websocket whose headers it could show.
    with patch.object(ContextProxy, "headers", new_callable=PropertyMock, return_value=told):
        app.run()
    assert not app.exception
    return [t.value for t in app.text], [w.value for w in app.warning], [e.value for e in app.error]


def word(world, name):
    return gate.sign(world.settings.data, world.session_of(name))


def test_a_page_knows_who_reads_it(world):
    texts, warnings, errors = shown(AppTest.from_function(page), word(world, "engineer"))
    assert (texts, warnings, errors) == (["engineer is engineer; seen ['engineer']", "engine room"], [], [])


@pytest.mark.parametrize("told", [None, "", "forged", "e30.x"])
def test_without_the_gates_word_a_page_shows_one_sentence(world, told):
    texts, _, errors = shown(AppTest.from_function(page), told)
    assert texts == []
    assert len(errors) == 1
    assert "not reached this way" in errors[0]


@pytest.mark.parametrize("how", ["signed out", "disabled", "out of time"])
def test_a_word_outlives_its_session_and_is_worth_nothing_then(world, how):
    told, app = word(world, "engineer"), AppTest.from_function(page)
    assert shown(app, told)[0]
    if how == "signed out":
        sessions.sign_out(world.db, world.hashes["engineer"], now=time.time())
    elif how == "disabled":
        accounts.disable(world.db, PATINA, "engineer", now=time.time())
    else:
        world.db.conn.execute("update sessions set expires_at = 1")
    texts, _, errors = shown(app, told)
    assert texts == []
    assert len(errors) == 1


def test_a_role_taken_away_counts_at_the_next_run(world):
    told, app = word(world, "engineer"), AppTest.from_function(page)
    shown(app, told)
    accounts.change_role(world.db, PATINA, "engineer", "inspector", now=time.time())
    texts, warnings, _ = shown(app, told)
    assert texts == ["engineer is inspector; seen ['engineer', 'engineer']"]
    assert warnings == ["This page is for: Engineer, Admin. You are signed in as engineer, Inspector."]


def test_whoever_signs_in_next_at_the_same_tab_finds_nothing_of_the_one_before(world):
    app = AppTest.from_function(page)
    shown(app, word(world, "engineer"))
    assert shown(app, word(world, "admin"))[0][0] == "admin is admin; seen ['admin']"
    assert shown(app, word(world, "admin"))[0][0] == "admin is admin; seen ['admin', 'admin']"


def test_a_page_can_sign_its_reader_out(world):
    shown(AppTest.from_function(page_that_signs_out), word(world, "manager"))
    assert world.session_of("manager") is None
