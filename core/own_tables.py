"""An organisation's own tables of limits or terms: JSON files with a list of tables, each under its key."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol, TypeVar

from core.errors import ConfigError


class Table(Protocol):
    """A frozen dataclass that is found by its key."""

    @property
    def key(self) -> str:
        """One word that settings name it by."""


T = TypeVar("T", bound=Table)


def read(path: Path, one: Callable[[Mapping[str, Any]], T], of: str, needs: str) -> dict[str, T]:
    """The tables in a file by key, each made by `one` from its part of the JSON.

    `of` and `needs` complete the sentences of `ConfigError`: "… is no table of standards (…); each needs …".
    """
    try:
        return {table.key: table for table in map(one, json.loads(path.read_text("utf-8")))}
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ConfigError(f"{path.name} cannot be read as a table of {of}: {error}.") from error
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{path.name} is no table of {of} ({error}); each needs {needs}.") from error


def written(tables: Iterable[Any]) -> str:
    """Tables, which are dataclasses, as the JSON that `read` takes, to start one's own from."""
    return json.dumps([asdict(table) for table in tables], indent=1, ensure_ascii=False)
