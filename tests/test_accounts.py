"""People, passwords, sessions, links and tokens, on a real database with a clock in hand."""

import os
import stat
import threading
import time

import pytest

from core import gate, store
from core.errors import Conflict, Forbidden, NotFound, PatinaError, SignInNeeded, TooMany
from core.people import accounts, invitations, keys, passwords, preferences, sessions, tokens
from core.people.accounts import PATINA
from core.records import ROLES, Person

NOW = 1_000_000.0
GOOD = "copper roof rain"
ADDRESS = "192.0.2.7"


@pytest.fixture
def db(tmp_path):
    return store.connect(tmp_path / "patina.db")


def join(db, name="eva", role="inspector", password=GOOD, now=NOW):
    secret, session = invitations.use_link(
        db, invitations.make_person(db, PATINA, name, role, now=now), password, now=now
    )
    return secret, session


def test_the_first_start_gives_one_link_and_its_user_sets_a_password(db):
    link = invitations.first_link(db, NOW)
    assert invitations.linked(db, link, NOW).role == "admin"
    secret, session = invitations.use_link(db, link, GOOD, now=NOW)
    assert session.person == Person(session.person.id, "admin", "admin")
    assert sessions.session(db, secret, NOW) == session
    assert invitations.first_link(db, NOW) is None, "an admin can sign in now"


def test_a_link_is_good_once_and_looking_at_it_does_not_use_it_up(db):
    link = invitations.first_link(db, NOW)
    for _ in range(3):
        invitations.linked(db, link, NOW)
    invitations.use_link(db, link, GOOD, now=NOW)
    with pytest.raises(SignInNeeded, match="used or is too old"):
        invitations.use_link(db, link, "another fine one", now=NOW)


def test_a_refused_password_leaves_the_link_good(db):
    link = invitations.first_link(db, NOW)
    with pytest.raises(PatinaError, match="at least 10"):
        invitations.use_link(db, link, "short", now=NOW)
    invitations.use_link(db, link, GOOD, now=NOW)


def test_a_link_ends_after_three_days_and_when_a_new_one_is_made(db):
    old = invitations.first_link(db, NOW)
    new = invitations.first_link(db, NOW + 60)
    for link, now in ((old, NOW + 61), (new, NOW + 60 + invitations.LINK_SECONDS)):
        with pytest.raises(SignInNeeded):
            invitations.use_link(db, link, GOOD, now=now)


def test_two_who_use_a_link_at_the_same_moment_do_not_both_get_in(tmp_path, db):
    link = invitations.first_link(db, NOW)
    got, refused = [], []

    def go():
        mine = store.connect(tmp_path / "patina.db", fresh=True)
        try:
            got.append(invitations.use_link(mine, link, GOOD, now=NOW))
        except SignInNeeded as error:
            refused.append(error)

    threads = [threading.Thread(target=go) for _ in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert (len(got), len(refused)) == (1, 3)


def test_nothing_that_opens_a_door_is_stored(tmp_path, db):
    link = invitations.make_person(db, PATINA, "eva", "engineer", now=NOW)
    secret, session = invitations.use_link(db, link, GOOD, now=NOW)
    token, _ = tokens.make(db, session.person, "bench", now=NOW)
    db.conn.execute("pragma wal_checkpoint(truncate)")
    stored = (tmp_path / "patina.db").read_bytes()
    for word in (link, secret, token, GOOD):
        assert word.encode() not in stored
    assert b"$argon2id$" in stored


def test_signing_in_needs_the_right_password_and_says_the_same_of_unknown_names(db):
    join(db)
    _, session = sessions.sign_in(db, "EVA", GOOD, address=ADDRESS, now=NOW)
    assert session.person.name == "eva"
    said = set()
    for name, password in (("eva", "wrong password"), ("nobody", GOOD), ("", ""), ("eva", "x" * 5000)):
        with pytest.raises(SignInNeeded) as told:
            sessions.sign_in(db, name, password, address=ADDRESS, now=NOW)
        said.add(str(told.value))
    assert said == {"Name or password is wrong."}


def test_an_unknown_name_takes_as_long_as_a_wrong_password(db):
    join(db)

    def seconds(name):
        spent = []
        for n in range(5):
            began = time.process_time()
            with pytest.raises(SignInNeeded):
                sessions.sign_in(db, name, "wrong password", address=f"{name}{n}", now=NOW)
            spent.append(time.process_time() - began)
        return sorted(spent)[2]

    known, unknown = seconds("eva"), seconds("nobody")
    assert 0.5 < known / unknown < 2


def test_after_ten_wrong_passwords_a_name_has_to_wait_even_with_the_right_one(db):
    join(db)
    for n in range(sessions.MOST_BY_NAME):
        with pytest.raises(SignInNeeded):
            sessions.sign_in(db, "eva", "wrong password", address=f"10.0.0.{n}", now=NOW)
    with pytest.raises(TooMany, match="15 minutes") as told:
        sessions.sign_in(db, "eva", GOOD, address="10.0.1.1", now=NOW)
    assert told.value.seconds == sessions.WINDOW_SECONDS
    sessions.sign_in(db, "eva", GOOD, address="10.0.1.1", now=NOW + sessions.WINDOW_SECONDS)


def test_an_address_that_tries_many_names_has_to_wait_and_others_do_not(db):
    join(db)
    for n in range(sessions.MOST_FROM_ADDRESS):
        with pytest.raises(SignInNeeded):
            sessions.sign_in(db, f"nobody{n}", "wrong password", address=ADDRESS, now=NOW)
    with pytest.raises(TooMany):
        sessions.sign_in(db, "eva", GOOD, address=ADDRESS, now=NOW)
    sessions.sign_in(db, "eva", GOOD, address="192.0.2.8", now=NOW)


def test_signing_in_rightly_costs_no_attempts(db):
    join(db)
    for _ in range(sessions.MOST_FROM_ADDRESS + 2):
        sessions.sign_in(db, "eva", GOOD, address=ADDRESS, now=NOW)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("ninechars", "at least 10"),
        ("x" * 1025, "longer than"),
        ("eva eva eva eva", "little more than the name"),
        ("password2024", "tried first"),
        ("1234567890123", "tried first"),
        ("qwertyuiop", "tried first"),
        ("aaaaaaaaaaaa", "tried first"),
    ],
)
def test_a_password_that_is_tried_first_is_refused(password, why):
    with pytest.raises(PatinaError, match=why):
        passwords.check(password, "eva")


@pytest.mark.parametrize(
    "password", [GOOD, "구리 지붕 위의 비 소리", "correct horse battery", "Tr0ub4dor&3x"]
)
def test_an_ordinary_password_is_taken(password):
    passwords.check(password, "eva")


def test_a_password_typed_on_another_keyboard_is_the_same(db):
    join(db, password="café am Fluß")
    sessions.sign_in(db, "eva", "café am Fluß", address=ADDRESS, now=NOW)


def test_changing_the_password_needs_the_old_one_and_ends_the_other_sessions(db):
    here, session = join(db)
    there, _ = sessions.sign_in(db, "eva", GOOD, address=ADDRESS, now=NOW)
    with pytest.raises(SignInNeeded, match="present password"):
        sessions.change_password(db, session.person, "wrong", "green bridge wind", address=ADDRESS, now=NOW)
    sessions.change_password(db, session.person, GOOD, "green bridge wind", address=ADDRESS, now=NOW)
    assert sessions.end_others(db, session.person, session.hash, NOW) == 1
    assert sessions.session(db, here, NOW) is not None
    assert sessions.session(db, there, NOW) is None
    sessions.sign_in(db, "eva", "green bridge wind", address=ADDRESS, now=NOW)


@pytest.fixture
def meanwhile(db, monkeypatch):
    """Another browser sets eva's password by link while this one's is being checked, which takes a while."""
    join(db)
    fits = passwords.fits

    def slow(known, password):
        is_it = fits(known, password)
        invitations.use_link(db, invitations.link(db, PATINA, "eva", now=NOW), "another fine one", now=NOW)
        return is_it

    monkeypatch.setattr(passwords, "fits", slow)


@pytest.mark.parametrize("is_old", [False, True])
def test_a_password_that_is_changed_while_it_is_checked_lets_nobody_in(db, meanwhile, monkeypatch, is_old):
    monkeypatch.setattr(passwords, "is_old", lambda known: is_old)
    with pytest.raises(SignInNeeded):
        sessions.sign_in(db, "eva", GOOD, address=ADDRESS, now=NOW)
    monkeypatch.undo()
    sessions.sign_in(db, "eva", "another fine one", address=ADDRESS, now=NOW)


def test_a_password_set_by_link_is_not_changed_back(db, meanwhile, monkeypatch):
    with pytest.raises(SignInNeeded, match="present password"):
        sessions.change_password(
            db, accounts.account(db, "eva").person, GOOD, "the thief's own", address=ADDRESS, now=NOW
        )
    monkeypatch.undo()
    sessions.sign_in(db, "eva", "another fine one", address=ADDRESS, now=NOW)


def test_a_session_ends_by_time_by_signing_out_and_when_its_person_is_disabled(db):
    secret, session = join(db)
    join(db, "boss", "admin")
    assert sessions.session(db, secret, NOW + sessions.SESSION_SECONDS - 1) is not None
    assert sessions.session(db, secret, NOW + sessions.SESSION_SECONDS) is None
    other, other_session = sessions.sign_in(db, "eva", GOOD, address=ADDRESS, now=NOW)
    sessions.sign_out(db, session.hash, now=NOW + 1)
    assert sessions.session(db, secret, NOW + 2) is None
    assert sessions.live(db, [session.hash, other_session.hash], NOW + 2) == {other_session.hash: "inspector"}
    accounts.disable(db, PATINA, "eva", now=NOW + 3)
    assert sessions.session(db, other, NOW + 4) is None
    with pytest.raises(SignInNeeded):
        sessions.sign_in(db, "eva", GOOD, address=ADDRESS, now=NOW + 4)
    accounts.enable(db, PATINA, "eva", now=NOW + 5)
    assert sessions.session(db, other, NOW + 6) is None, "enabling brings no old session back"
    sessions.sign_in(db, "eva", GOOD, address=ADDRESS, now=NOW + 6)


def test_a_session_knows_the_role_of_now(db):
    secret, _ = join(db)
    accounts.change_role(db, PATINA, "eva", "engineer", now=NOW)
    assert sessions.session(db, secret, NOW).person.role == "engineer"


@pytest.mark.parametrize("role", [r for r in ROLES if r != "admin"])
def test_only_an_admin_writes_about_people(db, role):
    _, session = join(db, "somebody", role)
    by = session.person
    for act in (
        lambda: accounts.people(db, by),
        lambda: invitations.make_person(db, by, "new one", "inspector", now=NOW),
        lambda: accounts.change_role(db, by, "somebody", "admin", now=NOW),
        lambda: accounts.disable(db, by, "somebody", now=NOW),
        lambda: accounts.enable(db, by, "somebody", now=NOW),
        lambda: invitations.link(db, by, "somebody", now=NOW),
    ):
        with pytest.raises(Forbidden, match=f"role admin; you are signed in as somebody, {role}"):
            act()


def test_the_last_admin_stays(db):
    join(db, "boss", "admin")
    for act in (
        lambda: accounts.change_role(db, PATINA, "boss", "manager", now=NOW),
        lambda: accounts.disable(db, PATINA, "boss", now=NOW),
    ):
        with pytest.raises(Conflict, match="last admin"):
            act()
    invitations.make_person(db, PATINA, "second", "admin", now=NOW)  # has no password yet
    with pytest.raises(Conflict):
        accounts.disable(db, PATINA, "boss", now=NOW)
    join(db, "third", "admin")
    accounts.disable(db, PATINA, "boss", now=NOW)


@pytest.mark.parametrize(
    "name", ["x", "", "a" * 65, "<b>eva</b>", "a\nb\x00", "Patina", "../eva", "eva\u202e"]
)
def test_a_name_that_misleads_is_refused(db, name):
    with pytest.raises(PatinaError):
        invitations.make_person(db, PATINA, name, "inspector", now=NOW)


def test_a_name_is_one_persons_whatever_its_case(db):
    join(db, "Eva Berg")
    with pytest.raises(Conflict, match="already"):
        invitations.make_person(db, PATINA, "eva  berg", "inspector", now=NOW)


def test_a_token_acts_for_its_owner_until_it_ends(db):
    _, session = join(db, role="engineer")
    token, row = tokens.make(db, session.person, "nightly", now=NOW, days=2)
    assert tokens.owner(db, token, NOW) == session.person
    assert tokens.owner(db, token + "x", NOW) is None
    assert tokens.owner(db, token, NOW + 2 * 86_400) is None
    accounts.change_role(db, PATINA, "eva", "inspector", now=NOW)
    assert tokens.owner(db, token, NOW).role == "inspector"
    tokens.revoke(db, session.person, row.id, now=NOW + 1)
    assert tokens.owner(db, token, NOW + 2) is None
    assert tokens.all(db, session.person)[0].revoked_at == NOW + 1


def test_a_token_ends_with_its_owner(db):
    _, session = join(db)
    token, _ = tokens.make(db, session.person, "nightly", now=NOW, days=None)
    accounts.disable(db, PATINA, "eva", now=NOW)
    accounts.enable(db, PATINA, "eva", now=NOW)
    assert tokens.owner(db, token, NOW + 1) is None


def test_one_makes_and_revokes_ones_own_tokens_and_an_admin_those_of_all(db):
    _, eva = join(db)
    _, max_ = join(db, "max")
    _, boss = join(db, "boss", "admin")
    with pytest.raises(Forbidden):
        tokens.make(db, eva.person, "spy", now=NOW, owner="max")
    _, row = tokens.make(db, boss.person, "robot", now=NOW, owner="max")
    assert row.owner == "max"
    with pytest.raises(Forbidden):
        tokens.revoke(db, eva.person, row.id, now=NOW)
    with pytest.raises(NotFound):
        tokens.revoke(db, eva.person, 99, now=NOW)
    assert tokens.all(db, eva.person) == []
    assert [t.name for t in tokens.all(db, boss.person)] == ["robot"]
    assert [t.name for t in tokens.all(db, max_.person)] == ["robot"]


def test_the_key_is_ours_alone_and_the_same_for_everybody(tmp_path):
    keys.key.cache_clear()
    found = set()
    threads = [threading.Thread(target=lambda: found.add(keys.key.__wrapped__(tmp_path))) for _ in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert len(found) == 1
    assert len(found.pop()) == 32
    assert [p.name for p in tmp_path.iterdir()] == ["key"]
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_the_word_for_the_script_is_worth_nothing_elsewhere_changed_or_late(tmp_path, db):
    _, session = join(db)
    here, there = tmp_path / "here", tmp_path / "there"
    word = gate.sign(here, session)
    assert gate.verify(here, word, NOW) == session
    assert gate.verify(there, word, NOW) is None
    other = "A" if word[-9] != "A" else "B"  # not the last one: two of its bits stand for nothing
    assert gate.verify(here, word[:-9] + other + word[-8:], NOW) is None
    assert gate.verify(here, gate.cookie(here, word).popitem()[1], NOW) is None, "a cookie is no word"
    assert gate.verify(here, word, session.expires_at) is None


def test_what_a_person_likes_is_kept(db):
    _, session = join(db)
    assert preferences.get(db, session.person, "language", "en") == "en"
    preferences.keep(db, session.person, "language", "ko")
    preferences.keep(db, session.person, "language", "ja")
    assert preferences.get(db, session.person, "language") == "ja"
