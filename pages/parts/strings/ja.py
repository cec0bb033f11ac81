"""Japanese. Keys as in en.py."""

from __future__ import annotations

WORDS: dict[str, str | tuple[str, str]] = {}

# The laboratories and the engine room

WORDS |= {}
