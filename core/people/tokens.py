"""Tokens: keys for programs, shown once and revoked at any time, with the rights of their owner."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlite_utils import Database

from core.errors import Conflict, NotFound, PatinaError
from core.people import accounts, keys
from core.records import Person
from core.store import note_event, row, rows, writing


@dataclass(frozen=True)
class Token:
    """A key for programs, as the list shows it; the key itself was shown once and is not stored."""

    id: int
    name: str
    owner: str
    created_at: float
    expires_at: float | None
    revoked_at: float | None
    used_at: float | None


def make(
    db: Database, by: Person, name: str, *, now: float, days: int | None = 90, owner: str = ""
) -> tuple[str, Token]:
    """A key for a program: (the key, shown this once; its row). It may do what its owner may.

    Everybody may make their own; for somebody else (`owner`) it takes an admin. `days` None: no end.
    """
    name = " ".join(name.split())
    if not 1 <= len(name) <= 80:
        raise PatinaError("Give the token a name of 1 to 80 letters that says which program uses it.")
    if days is not None and not 1 <= days <= 3650:
        raise PatinaError(f"A token can last 1 to 3,650 days, not {days}.")
    secret = "patina_" + secrets.token_urlsafe(32)
    until = now + days * 86_400 if days is not None else None
    with writing(db):
        found = accounts.account(db, owner or by.name)
        if found.id != by.id:
            by.require("admin")
        if found.disabled_at is not None:
            raise Conflict(f"{found.name} is disabled; enable the account first.")
        token_id = db.conn.execute(
            """insert into tokens (hash, user_id, name, created_at, expires_at)
               values (:hash, :id, :name, :now, :until) returning id""",
            {"hash": keys.secret_hash(secret), "id": found.id, "name": name, "now": now, "until": until},
        ).fetchone()[0]
        note_event(db, by.name, "made a token", f"person/{found.name}", now, token=name)
    return secret, Token(int(token_id), name, found.name, now, until, None, None)


def all(db: Database, by: Person) -> list[Token]:
    """The tokens a person may see, newest first: an admin all, others their own."""
    found = rows(
        db,
        """select t.id, t.name, u.name as owner, t.created_at, t.expires_at, t.revoked_at, t.used_at
           from tokens t join users u on u.id = t.user_id
           where :all or t.user_id = :id order by t.id desc""",
        {"all": by.is_at_least("admin"), "id": by.id},
    )
    return [Token(**dict(r)) for r in found]


def revoke(db: Database, by: Person, token_id: int, *, now: float) -> None:
    """End a token at once; its owner or an admin may."""
    with writing(db):
        found = row(
            db,
            "select t.*, u.name as owner from tokens t join users u on u.id = t.user_id where t.id = :id",
            {"id": token_id},
        )
        if found is None:
            raise NotFound(f"There is no token {token_id}.")
        if found["user_id"] != by.id:
            by.require("admin")
        db.conn.execute(
            "update tokens set revoked_at = coalesce(revoked_at, :now) where id = :id",
            {"now": now, "id": token_id},
        )
        note_event(db, by.name, "revoked a token", f"person/{found['owner']}", now, token=found["name"])


def owner(db: Database, secret: str, now: float) -> Person | None:
    """Whose token this is, or None when it is unknown, revoked, too old, or its owner is disabled."""
    found = row(
        db,
        """select u.id, u.name, u.role
           from tokens t join users u on u.id = t.user_id
           where t.hash = :hash and t.revoked_at is null and coalesce(t.expires_at, :now + 1) > :now
             and u.disabled_at is null""",
        {"hash": keys.secret_hash(secret), "now": now},
    )
    return Person(found["id"], found["name"], found["role"]) if found else None


def note_use(db: Database, secret: str, now: float) -> None:
    """Note when a token was last used, for the list in Admin."""
    db.conn.execute(
        "update tokens set used_at = :now where hash = :hash",
        {"now": now, "hash": keys.secret_hash(secret)},
    )
