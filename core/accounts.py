"""Who may do what: people, their sessions and one-time links.

Nothing that opens a door is stored, only hashes: Argon2 of passwords, sha256 of the 256-bit secrets that a
session, a link or a token is. Whoever writes here names the person who acts, and the role is checked here.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import math
import os
import secrets
import sqlite3
import tempfile
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlite_utils import Database

from core import passwords
from core.errors import Conflict, Forbidden, NotFound, PatinaError, SignInNeeded, TooMany
from core.store import note_event, row, rows, to_json, writing

Role = Literal["inspector", "manager", "engineer", "admin"]
ROLES: tuple[Role, ...] = ("inspector", "manager", "engineer", "admin")
"""In rising order: each may do what those before it may."""

SESSION_SECONDS = 7 * 86_400.0  # ours: a phone signs in once a week
LINK_SECONDS = 3 * 86_400.0
WINDOW_SECONDS = 900.0
MOST_BY_NAME, MOST_FROM_ADDRESS = 10, 30
"""Wrong passwords within the window before a name, or an address, has to wait."""


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in, or who acts."""

    id: int
    name: str
    role: Role

    def is_at_least(self, role: Role) -> bool:
        """True when this person may do what `role` may."""
        return ROLES.index(self.role) >= ROLES.index(role)

    def require(self, role: Role) -> None:
        """`Forbidden`, in words for this person, unless the role suffices."""
        if not self.is_at_least(role):
            raise Forbidden(f"This needs the role {role}; you are signed in as {self.name}, {self.role}.")


PATINA = Person(0, "Patina", "admin")
"""Patina itself: the command line and the first start. Not an account; nobody can sign in as it."""


@dataclass(frozen=True)
class Account:
    """A row of the list of people."""

    id: int
    name: str
    role: Role
    has_password: bool
    created_at: float
    seen_at: float | None
    disabled_at: float | None

    @property
    def person(self) -> Person:
        """This account as the one who acts."""
        return Person(self.id, self.name, self.role)


@dataclass(frozen=True)
class Session:
    """One signed-in browser. `hash` names it; the secret itself is in the browser's cookie only."""

    hash: str
    person: Person
    expires_at: float


# The key of this Patina


@functools.lru_cache(maxsize=8)
def key(data: Path) -> bytes:
    """32 bytes that sign this installation's cookies and headers; made at the first call, mode 0600.

    Two processes that start together end with the same key.
    """
    place = data / "key"
    if not place.exists():
        data.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(prefix=".key-", dir=data)  # mode 0600
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(aside, place)  # fails when another process was first, unlike a rename
        except FileExistsError:
            pass
        except OSError:  # a file system without links
            if not place.exists():
                os.replace(aside, place)
        Path(aside).unlink(missing_ok=True)
    told = place.read_bytes()
    if len(told) != 32:
        raise PatinaError(f"{place} is damaged; delete it and start again. Everybody signs in anew then.")
    return told


def cookie_name(data: Path) -> str:
    """The session cookie's name: browsers share cookies between ports, so each installation has its own."""
    return "patina_" + hmac.new(key(data), b"cookie name", hashlib.sha256).hexdigest()[:8]


def secret_hash(secret: str) -> str:
    """sha256 is enough for 256 random bits; there is nothing to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()


# Signing in and out


def sign_in(db: Database, name: str, password: str, *, address: str, now: float) -> tuple[str, Session]:
    """Check a password and open a session: (secret for the cookie, session).

    `SignInNeeded` for an unknown name, a wrong password and a disabled account alike, after the same work;
    `TooMany` once a name or an address has guessed too often.
    """
    name = unicodedata.normalize("NFC", name.strip())[:200]
    _note_attempt(db, name, address, now)
    found = row(
        db,
        "select id, password_hash from users where name = :name and disabled_at is null",
        {"name": name},
    )
    known = found["password_hash"] if found else None
    if not passwords.fits(known, password) or found is None or known is None:
        raise SignInNeeded("Name or password is wrong.")
    hashed = passwords.hashed(password) if passwords.is_old(known) else known
    with writing(db):
        if not _replace_hash(db, found["id"], known, hashed):
            raise SignInNeeded("Name or password is wrong.")
        _forgive(db, name, address)
        return open_session(db, found["id"], now=now)


def open_session(db: Database, person_id: int, *, now: float) -> tuple[str, Session]:
    """A new session of a person whose identity is certain: (secret for the cookie, session)."""
    secret = secrets.token_urlsafe(32)
    hashed = secret_hash(secret)
    with writing(db):
        found = _active(db, person_id)
        db.conn.execute(
            """insert into sessions (hash, user_id, created_at, expires_at)
               values (:hash, :id, :now, :until)""",
            {"hash": hashed, "id": person_id, "now": now, "until": now + SESSION_SECONDS},
        )
        db.conn.execute("update users set seen_at = :now where id = :id", {"now": now, "id": person_id})
        db.conn.execute("delete from sessions where expires_at < :long_ago", {"long_ago": now - 30 * 86_400})
    return secret, Session(hashed, found, now + SESSION_SECONDS)


def session(db: Database, secret: str, now: float) -> Session | None:
    """The live session whose secret this is, with the person's role as it is now; None when there is none."""
    return session_of_hash(db, secret_hash(secret), now)


def session_of_hash(db: Database, hashed: str, now: float) -> Session | None:
    """As `session`, for what the gate hands the script: the hash."""
    found = row(
        db,
        """select s.hash, s.expires_at, u.id, u.name, u.role from sessions s join users u on u.id = s.user_id
           where s.hash = :hash and s.ended_at is null and s.expires_at > :now and u.disabled_at is null""",
        {"hash": hashed, "now": now},
    )
    if found is None:
        return None
    return Session(found["hash"], Person(found["id"], found["name"], found["role"]), found["expires_at"])


def live(db: Database, hashes: list[str], now: float) -> dict[str, Role]:
    """Which of these sessions still stand, and with which role."""
    found = rows(
        db,
        """select s.hash, u.role from json_each(:hashes) h join sessions s on s.hash = h.value
           join users u on u.id = s.user_id
           where s.ended_at is null and s.expires_at > :now and u.disabled_at is null""",
        {"hashes": json.dumps(hashes), "now": now},
    )
    return {r["hash"]: r["role"] for r in found}


def sign_out(db: Database, hashed: str, *, now: float) -> None:
    """End one session; the gate closes its open tabs."""
    with writing(db):
        db.conn.execute(
            "update sessions set ended_at = :now where hash = :hash and ended_at is null",
            {"now": now, "hash": hashed},
        )


def seen(db: Database, person_id: int, now: float) -> None:
    """Note that a person is here; at most one write a minute."""
    db.conn.execute(
        "update users set seen_at = :now where id = :id and coalesce(seen_at, 0) < :now - 60",
        {"now": now, "id": person_id},
    )


# Passwords


def change_password(db: Database, by: Person, old: str, new: str, *, address: str, now: float) -> None:
    """Give oneself another password. Other browsers of this person are signed out by `end_others`."""
    _note_attempt(db, by.name, address, now)
    found = row(db, "select password_hash from users where id = :id", {"id": by.id})
    if found is None or not passwords.fits(found["password_hash"], old):
        raise SignInNeeded("The present password is wrong.")
    passwords.check(new, by.name)
    hashed = passwords.hashed(new)
    with writing(db):
        if not _replace_hash(db, by.id, found["password_hash"], hashed):
            raise SignInNeeded("The present password is wrong.")
        _forgive(db, by.name, address)
        note_event(db, by.name, "changed the password", f"person/{by.name}", now)


def end_others(db: Database, by: Person, hashed: str, now: float) -> int:
    """End every other session of a person; returns how many."""
    with writing(db):
        return db.conn.execute(
            "update sessions set ended_at = :now where user_id = :id and hash <> :hash and ended_at is null",
            {"now": now, "id": by.id, "hash": hashed},
        ).rowcount


# One-time links


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
        return link(db, PATINA, name, now=now)


def link(db: Database, by: Person, name: str, *, now: float) -> str:
    """The secret of a link with which this person sets a password and is signed in; good once.

    Also for a person who forgot the password. Earlier unused links of the person are void.
    """
    by.require("admin")
    secret = secrets.token_urlsafe(32)
    with writing(db):
        found = account(db, name)
        if found.disabled_at is not None:
            raise Conflict(f"{found.name} is disabled; enable the account first.")
        db.conn.execute("delete from signin_links where user_id = :id and used_at is null", {"id": found.id})
        db.conn.execute(
            """insert into signin_links (hash, user_id, created_at, expires_at)
               values (:hash, :id, :now, :until)""",
            {"hash": secret_hash(secret), "id": found.id, "now": now, "until": now + LINK_SECONDS},
        )
        note_event(db, by.name, "made a sign-in link", f"person/{found.name}", now)
    return secret


def linked(db: Database, secret: str, now: float) -> Person:
    """Whom a link is for; looking does not use it up. `SignInNeeded` when it is used, old or unknown."""
    found = row(
        db,
        """select u.id, u.name, u.role from signin_links l join users u on u.id = l.user_id
           where l.hash = :hash and l.used_at is null and l.expires_at > :now and u.disabled_at is null""",
        {"hash": secret_hash(secret), "now": now},
    )
    if found is None:
        raise SignInNeeded("This sign-in link has been used or is too old; ask for a new one.")
    return Person(found["id"], found["name"], found["role"])


def use_link(db: Database, secret: str, password: str, *, now: float) -> tuple[str, Session]:
    """Set the password of a link's person and sign in: (secret for the cookie, session).

    The link is used up and every other session of the person ends, or nothing happens at all.
    """
    person = linked(db, secret, now)
    passwords.check(password, person.name)
    hashed = passwords.hashed(password)
    with writing(db):
        used = db.conn.execute(
            "update signin_links set used_at = :now where hash = :hash and used_at is null",
            {"now": now, "hash": secret_hash(secret)},
        ).rowcount
        if used != 1:
            raise SignInNeeded("This sign-in link has been used or is too old; ask for a new one.")
        db.conn.execute(
            "update users set password_hash = :hash where id = :id", {"hash": hashed, "id": person.id}
        )
        db.conn.execute("delete from attempts where key = :key", {"key": _name_key(person.name)})
        _end_sessions(db, person.id, now)
        note_event(db, person.name, "set a password by link", f"person/{person.name}", now)
        return open_session(db, person.id, now=now)


# People


def people(db: Database, by: Person) -> list[Account]:
    """Everybody, active ones first, by name. For admins."""
    by.require("admin")
    found = rows(db, "select * from users order by disabled_at is not null, name collate nocase")
    return [_account(r) for r in found]


def admins(db: Database) -> list[str]:
    """The names of those who can give roles, for those who need one."""
    found = rows(
        db, "select name from users where role = 'admin' and disabled_at is null order by name collate nocase"
    )
    return [str(r["name"]) for r in found]


def account(db: Database, name: str) -> Account:
    """The account of this name; `NotFound` when there is none."""
    found = row(db, "select * from users where name = :name", {"name": name})
    if found is None:
        raise NotFound(f"There is nobody named {name!r}.")
    return _account(found)


def make_person(db: Database, by: Person, name: str, role: Role, *, now: float) -> str:
    """Add a person and return the secret of their first sign-in link. `Conflict` when the name is taken."""
    by.require("admin")
    name = _checked_name(name)
    _check_role(role)
    with writing(db):
        _insert(db, name, role, now)
        note_event(db, by.name, "added a person", f"person/{name}", now, role=role)
        return link(db, by, name, now=now)


def change_role(db: Database, by: Person, name: str, role: Role, *, now: float) -> None:
    """Give a person another role; the gate opens their tabs anew with it. The last admin stays one."""
    by.require("admin")
    _check_role(role)
    with writing(db):
        found = account(db, name)
        if found.role == "admin" and role != "admin":
            _refuse_last_admin(db, found)
        db.conn.execute("update users set role = :role where id = :id", {"role": role, "id": found.id})
        note_event(db, by.name, "changed a role", f"person/{found.name}", now, role=role, before=found.role)


def disable(db: Database, by: Person, name: str, *, now: float) -> None:
    """Shut a person out at once: sessions, links and tokens end. What they did stays under their name."""
    by.require("admin")
    with writing(db):
        found = account(db, name)
        if found.role == "admin":
            _refuse_last_admin(db, found)
        told = {"now": now, "id": found.id}
        db.conn.execute("update users set disabled_at = coalesce(disabled_at, :now) where id = :id", told)
        db.conn.execute("update tokens set revoked_at = coalesce(revoked_at, :now) where user_id = :id", told)
        db.conn.execute("delete from signin_links where user_id = :id and used_at is null", {"id": found.id})
        _end_sessions(db, found.id, now)
        note_event(db, by.name, "disabled a person", f"person/{found.name}", now)


def enable(db: Database, by: Person, name: str, *, now: float) -> None:
    """Let a disabled person sign in again with the password they had. Tokens stay revoked."""
    by.require("admin")
    with writing(db):
        found = account(db, name)
        db.conn.execute("update users set disabled_at = null where id = :id", {"id": found.id})
        note_event(db, by.name, "enabled a person", f"person/{found.name}", now)


# What a person likes


def liking(db: Database, person: Person, name: str, default: Any = None) -> Any:
    """What a person last chose under this name, such as a language; any JSON value."""
    found = row(
        db,
        "select value_json from prefs where user_id = :id and key = :key",
        {"id": person.id, "key": name},
    )
    return json.loads(found["value_json"]) if found else default


def set_liking(db: Database, person: Person, name: str, value: Any) -> None:
    """Keep what a person chose."""
    db.conn.execute(
        """insert into prefs (user_id, key, value_json) values (:id, :key, :value)
           on conflict (user_id, key) do update set value_json = excluded.value_json""",
        {"id": person.id, "key": name, "value": to_json(value)},
    )


def _replace_hash(db: Database, person_id: int, known: str, hashed: str) -> bool:
    """False when the password has become another one while it was checked, which takes a while."""
    done = db.conn.execute(
        "update users set password_hash = :hash where id = :id and password_hash = :known",
        {"hash": hashed, "id": person_id, "known": known},
    )
    return done.rowcount == 1


def _note_attempt(db: Database, name: str, address: str, now: float) -> None:
    """Count a guess before it is checked, so that many at once cannot slip through; too many are refused."""
    with writing(db):
        db.conn.execute("delete from attempts where at <= :old", {"old": now - WINDOW_SECONDS})
        for key_, most in ((_name_key(name), MOST_BY_NAME), (f"from:{address}", MOST_FROM_ADDRESS)):
            found = row(
                db, "select count(*) as n, min(at) as first from attempts where key = :key", {"key": key_}
            )
            if found and found["n"] >= most:
                seconds = found["first"] + WINDOW_SECONDS - now
                minutes = math.ceil(seconds / 60)
                raise TooMany(
                    f"Too many wrong passwords; try again in {minutes} minute{'s' if minutes > 1 else ''}.",
                    seconds,
                )
        for key_ in (_name_key(name), f"from:{address}"):
            db.conn.execute("insert into attempts (key, at) values (:key, :at)", {"key": key_, "at": now})


def _forgive(db: Database, name: str, address: str) -> None:
    """The password was right: the name's guesses are forgotten, and of the address's this one."""
    db.conn.execute("delete from attempts where key = :key", {"key": _name_key(name)})
    db.conn.execute(
        "delete from attempts where rowid = (select max(rowid) from attempts where key = :key)",
        {"key": f"from:{address}"},
    )


def _name_key(name: str) -> str:
    return "name:" + hashlib.sha256(name.casefold().encode()).hexdigest()[:32]


def _active(db: Database, person_id: int) -> Person:
    found = row(
        db,
        "select id, name, role from users where id = :id and disabled_at is null",
        {"id": person_id},
    )
    if found is None:
        raise SignInNeeded("This account is disabled or gone; ask an admin.")
    return Person(found["id"], found["name"], found["role"])


def _end_sessions(db: Database, person_id: int, now: float) -> None:
    db.conn.execute(
        "update sessions set ended_at = :now where user_id = :id and ended_at is null",
        {"now": now, "id": person_id},
    )


def _insert(db: Database, name: str, role: Role, now: float) -> None:
    try:
        db.conn.execute(
            "insert into users (name, role, created_at) values (:name, :role, :now)",
            {"name": name, "role": role, "now": now},
        )
    except sqlite3.IntegrityError:
        raise Conflict(f"There is somebody named {name!r} already; choose another name.") from None


def _refuse_last_admin(db: Database, found: Account) -> None:
    others = row(
        db,
        """select 1 from users where role = 'admin' and disabled_at is null and password_hash is not null
           and id <> :id""",
        {"id": found.id},
    )
    if others is None:
        raise Conflict(f"{found.name} is the last admin; make somebody else one first.")


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise PatinaError(f"There is no role {role!r}; choose one of {', '.join(ROLES)}.")


def _checked_name(name: str) -> str:
    name = unicodedata.normalize("NFC", " ".join(name.split()))
    if not (2 <= len(name) <= 64 and all(c.isalnum() or c in " ._@+'-" for c in name) and name[0].isalnum()):
        raise PatinaError(
            f"{name[:80]!r} cannot be a name: 2 to 64 letters, digits, spaces or . _ - + @ ', a letter first."
        )
    if name.casefold() == PATINA.name.casefold():
        raise PatinaError("Patina signs its own deeds with that name; choose another one.")
    return name


def _account(r: sqlite3.Row) -> Account:
    return Account(
        id=r["id"],
        name=r["name"],
        role=r["role"],
        has_password=r["password_hash"] is not None,
        created_at=r["created_at"],
        seen_at=r["seen_at"],
        disabled_at=r["disabled_at"],
    )
