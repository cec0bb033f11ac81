"""Korean. Keys as in en.py."""

from __future__ import annotations

from pages.parts.strings import ko_lab

WORDS: dict[str, str | tuple[str, str]] = {}

# The laboratories and the engine room

WORDS |= ko_lab.WORDS
