"""What a person chose last, such as a language, kept under a name."""

from __future__ import annotations

import json
from typing import Any

from sqlite_utils import Database

from core.records import Person
from core.store import row, to_json


def get(db: Database, person: Person, name: str, default: Any = None) -> Any:
    """What a person last chose under this name, any JSON value; `default` where nothing was."""
    found = row(
        db,
        "select value_json from prefs where user_id = :id and key = :key",
        {"id": person.id, "key": name},
    )
    return json.loads(found["value_json"]) if found else default


def keep(db: Database, person: Person, name: str, value: Any) -> None:
    """Keep what a person chose, in place of what they chose before."""
    db.conn.execute(
        """insert into prefs (user_id, key, value_json) values (:id, :key, :value)
           on conflict (user_id, key) do update set value_json = excluded.value_json""",
        {"id": person.id, "key": name, "value": to_json(value)},
    )
