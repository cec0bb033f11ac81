"""The element that takes a zip of photos: streamed to disk by `/api/v1/archives`, in parts where it must."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.records import Person
from core.settings import Settings
from core.uploads import Uploads
from pages.parts.components import element, held, hold
from pages.parts.strings import raw

_archive = element("archive")
WORDS = ("drop", "choose", "sending", "waiting", "none")


@dataclass(frozen=True)
class Archive:
    """A zip that has arrived: the word it was sent under, and its name."""

    word: str
    name: str


def drop(*, key: str) -> Archive | None:
    """The zip that has just arrived, else None."""
    _archive(
        key=key,
        data={"words": {word: raw(f"archive.{word}") for word in WORDS}},
        on_arrived_change=hold(key, "arrived"),
    )
    told = held(key)
    return Archive(str(told["word"]), str(told["name"])) if told else None


def place(settings: Settings, person: Person, archive: Archive) -> Path:
    """Where an arrived zip lies until it is unpacked."""
    return Uploads(settings).place(person, archive.word)
