"""How people come in: added by an admin, with a one-time link by which they set their password.

Only the sha256 of a link's secret is stored. A person who forgot the password is sent another link.
"""

from __future__ import annotations

import secrets
import sqlite3
import unicodedata

from sqlite_utils import Database

from core.errors import Conflict, PatinaError, SignInNeeded
from core.people import accounts, keys, passwords, sessions
from core.records import Person, Role
from core.store import note_event, row, writing

LINK_SECONDS = 3 * 86_400.0


def make_person(db: Database, by: Person, name: str, role: Role, *, now: float) -> str:
    """Add a person and return the secret of their first sign-in link. `Conflict` when the name is taken."""
    by.require("admin")
    name = _checked_name(name)
    accounts.check_role(role)
    with writing(db):
        _insert(db, name, role, now)
        note_event(db, by.name, "added a person", f"person/{name}", now, role=role)
        return link(db, by, name, now=now)


def first_link(db: Database, now: float) -> str | None:
    """The secret of a sign-in link for the first admin while nobody can administer yet, else None.

    Asked at every start: an earlier link that was never used is void from then on.
    """
    with writing(db):
        if row(
            db,
            """select 1 from users where role = 'admin' and disabled_at is null
               and password_hash is not null""",
        ):
            return None
        found = row(db, "select name from users where role = 'admin' and disabled_at is null order by id")
        name = found["name"] if found else "admin"
        if found is None:
            _insert(db, name, "admin", now)
        return link(db, accounts.PATINA, name, now=now)


def link(db: Database, by: Person, name: str, *, now: float) -> str:
    """The secret of a one-time link by which this person sets a password and is signed in.

    Also for a person who forgot the password. Earlier unused links of the person are void.
    """
    by.require("admin")
    secret = secrets.token_urlsafe(32)
    with writing(db):
        found = accounts.account(db, name)
        if found.disabled_at is not None:
            raise Conflict(f"{found.name} is disabled; enable the account first.")
        db.conn.execute("delete from signin_links where user_id = :id and used_at is null", {"id": found.id})
        db.conn.execute(
            """insert into signin_links (hash, user_id, created_at, expires_at)
               values (:hash, :id, :now, :until)""",
            {"hash": keys.secret_hash(secret), "id": found.id, "now": now, "until": now + LINK_SECONDS},
        )
        note_event(db, by.name, "made a sign-in link", f"person/{found.name}", now)
    return secret


def linked(db: Database, secret: str, now: float) -> Person:
    """Whom a link is for; asking does not use it up. `SignInNeeded` when it is used, old or unknown."""
    found = row(
        db,
        """select u.id, u.name, u.role from signin_links l join users u on u.id = l.user_id
           where l.hash = :hash and l.used_at is null and l.expires_at > :now and u.disabled_at is null""",
        {"hash": keys.secret_hash(secret), "now": now},
    )
    if found is None:
        raise SignInNeeded("This sign-in link has been used or is too old; ask for a new one.")
    return Person(found["id"], found["name"], found["role"])


def use_link(db: Database, secret: str, password: str, *, now: float) -> tuple[str, sessions.Session]:
    """Set the password of a link's person and sign in: (secret for the cookie, session).

    The link is used up and every other session of the person ends, or nothing happens at all.
    """
    person = linked(db, secret, now)
    passwords.check(password, person.name)
    hashed = passwords.hashed(password)
    with writing(db):
        used = db.conn.execute(
            "update signin_links set used_at = :now where hash = :hash and used_at is null",
            {"now": now, "hash": keys.secret_hash(secret)},
        ).rowcount
        if used != 1:
            raise SignInNeeded("This sign-in link has been used or is too old; ask for a new one.")
        db.conn.execute(
            "update users set password_hash = :hash where id = :id", {"hash": hashed, "id": person.id}
        )
        sessions.forgive(db, person.name)
        sessions.end_all(db, person.id, now)
        note_event(db, person.name, "set a password by link", f"person/{person.name}", now)
        return sessions.open_session(db, person.id, now=now)


def _insert(db: Database, name: str, role: Role, now: float) -> None:
    try:
        db.conn.execute(
            "insert into users (name, role, created_at) values (:name, :role, :now)",
            {"name": name, "role": role, "now": now},
        )
    except sqlite3.IntegrityError:
        raise Conflict(f"There is somebody named {name!r} already; choose another name.") from None


def _checked_name(name: str) -> str:
    name = unicodedata.normalize("NFC", " ".join(name.split()))
    if not (2 <= len(name) <= 64 and all(c.isalnum() or c in " ._@+'-" for c in name) and name[0].isalnum()):
        raise PatinaError(
            f"{name[:80]!r} cannot be a name: 2 to 64 letters, digits, spaces or . _ - + @ ', a letter first."
        )
    if name.casefold() == accounts.PATINA.name.casefold():
        raise PatinaError("Patina signs its own deeds with that name; choose another one.")
    return name
