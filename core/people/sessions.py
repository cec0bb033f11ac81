"""Who is signed in, where: passwords checked, sessions opened and ended, guesses counted.

Nothing that opens a door is stored, only hashes: Argon2 of passwords, sha256 of a session's 256-bit secret.
"""

from __future__ import annotations

import hashlib
import json
import math
import secrets
import unicodedata
from dataclasses import dataclass

from sqlite_utils import Database

from core.errors import SignInNeeded, TooMany
from core.people import keys, passwords
from core.records import Person, Role
from core.store import note_event, row, rows, writing

SESSION_SECONDS = 7 * 86_400.0  # ours: a phone signs in once a week
WINDOW_SECONDS = 900.0
MOST_BY_NAME, MOST_FROM_ADDRESS = 10, 30
"""Wrong passwords within the window before a name, or an address, has to wait."""


@dataclass(frozen=True)
class Session:
    """One signed-in browser. `hash` names it; the secret itself is in the browser's cookie only."""

    hash: str
    person: Person
    expires_at: float


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
        _was_right(db, name, address)
        return open_session(db, found["id"], now=now)


def open_session(db: Database, person_id: int, *, now: float) -> tuple[str, Session]:
    """A new session of a person whose identity is certain: (secret for the cookie, session)."""
    secret = secrets.token_urlsafe(32)
    hashed = keys.secret_hash(secret)
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
    return session_of_hash(db, keys.secret_hash(secret), now)


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
        _was_right(db, by.name, address)
        note_event(db, by.name, "changed the password", f"person/{by.name}", now)


def end_others(db: Database, by: Person, hashed: str, now: float) -> int:
    """End every other session of a person; returns how many."""
    with writing(db):
        return db.conn.execute(
            "update sessions set ended_at = :now where user_id = :id and hash <> :hash and ended_at is null",
            {"now": now, "id": by.id, "hash": hashed},
        ).rowcount


def end_all(db: Database, person_id: int, now: float) -> None:
    """End every session of a person."""
    db.conn.execute(
        "update sessions set ended_at = :now where user_id = :id and ended_at is null",
        {"now": now, "id": person_id},
    )


def forgive(db: Database, name: str) -> None:
    """Forget the wrong passwords that were tried under a name."""
    db.conn.execute("delete from attempts where key = :key", {"key": _name_key(name)})


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


def _was_right(db: Database, name: str, address: str) -> None:
    """The password was right: the name's guesses are forgotten, and of the address's this one."""
    forgive(db, name)
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
