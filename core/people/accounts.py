"""The people of this Patina and their roles. Whoever writes here names the person who acts.

How somebody comes in is in `invitations`, who is signed in where in `sessions`.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from sqlite_utils import Database

from core.errors import Conflict, NotFound, PatinaError
from core.people import sessions
from core.records import ROLES, Person, Role
from core.store import note_event, row, rows, writing

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


def change_role(db: Database, by: Person, name: str, role: Role, *, now: float) -> None:
    """Give a person another role; the gate opens their tabs anew with it. The last admin stays one."""
    by.require("admin")
    check_role(role)
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
        sessions.end_all(db, found.id, now)
        note_event(db, by.name, "disabled a person", f"person/{found.name}", now)


def enable(db: Database, by: Person, name: str, *, now: float) -> None:
    """Let a disabled person sign in again with the password they had. Tokens stay revoked."""
    by.require("admin")
    with writing(db):
        found = account(db, name)
        db.conn.execute("update users set disabled_at = null where id = :id", {"id": found.id})
        note_event(db, by.name, "enabled a person", f"person/{found.name}", now)


def check_role(role: str) -> None:
    """`PatinaError` unless there is this role."""
    if role not in ROLES:
        raise PatinaError(f"There is no role {role!r}; choose one of {', '.join(ROLES)}.")


def _refuse_last_admin(db: Database, found: Account) -> None:
    others = row(
        db,
        """select 1 from users where role = 'admin' and disabled_at is null and password_hash is not null
           and id <> :id""",
        {"id": found.id},
    )
    if others is None:
        raise Conflict(f"{found.name} is the last admin; make somebody else one first.")


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
