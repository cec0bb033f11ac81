"""Uploads: streamed to a file aside, resumed where they broke off, kept when whole.

An upload is known by its person and a word the client chose. What has arrived of it lies in data/uploads and
is as good as its length says; a photo gets its name in the store only when all of it is there and opens.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import logging
import os
import re
import secrets
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from sqlite_utils import Database
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from core import artifacts, disk, photos, pictures, stored_photos
from core.errors import Conflict, NoRoom, NotFound, PatinaError, PhotoError
from core.records import Person
from core.settings import Settings
from core.store import row, writing

PATH = "/api/v1/photos/"
NAME = "patina.name"
RESERVE_BYTES = 256 * 2**20
"""Left free on the disk for the database and the models."""
PIECE_BYTES = 2**20
"""Written at a time, so that an upload costs a megabyte of memory whatever its size."""
IDLE_SECONDS = 60.0
"""A sender that is silent for longer has to come again; what arrived is kept."""

log = logging.getLogger("patina.uploads")

_WORD = re.compile(r"[A-Za-z0-9_-]{8,64}")
_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})")


class TooLarge(PhotoError):
    """More bytes than a photo may have."""

    status = 413


class BrokenOff(PatinaError):
    """The sender fell silent; what arrived is kept where the upload has a word."""

    status = 408


@dataclass(frozen=True)
class Kept:
    """A photo that is in the store now. `known`: it was there before."""

    sha256: str
    known: bool
    width_px: int
    height_px: int
    name: str


@dataclass(frozen=True)
class Plan:
    """What a request says of the bytes it carries: from where, to where, of how many."""

    start: int = 0
    length: int | None = None
    """None: not told (chunked)."""
    total: int | None = None
    """None: the photo ends where the request does."""

    @classmethod
    def of(
        cls,
        content_range: str | None,
        content_length: str | None,
        offset: str | None = None,
        most: int = photos.MAX_BYTES,
    ) -> Plan:
        """Read from the headers `Content-Range` and `Content-Length` or the query's `offset`; limits first.

        `most` bytes may come in all, over every part.
        """
        length = n_bytes(content_length) if content_length and content_length.isdecimal() else None
        if content_range:
            found = _RANGE.fullmatch(content_range.strip())
            if not found:
                raise PatinaError(
                    f"Content-Range is {content_range!r:.60}; write it as: bytes 0-1048575/5000000."
                )
            start, end, total = map(int, found.groups())
            if not start <= end < total:
                raise PatinaError(f"Content-Range {content_range!r:.60} runs backwards or past its end.")
            if length is not None and length != end - start + 1:
                raise PatinaError(
                    f"Content-Range names {end - start + 1} bytes, Content-Length {length}; they must agree."
                )
            plan = cls(start, end - start + 1, total)
        elif offset:
            if not offset.isdecimal():
                raise PatinaError(f"offset is {offset[:20]!r}; it must be a number of bytes.")
            plan = cls(n_bytes(offset), length, None)
        else:
            plan = cls(0, length, None)
        if max(plan.total or 0, plan.start + (plan.length or 0)) > most:
            raise too_large(most)
        return plan


def n_bytes(digits: str) -> int:
    """A number of bytes; what has more digits than any file has bytes is too many, however many it is."""
    return int(digits) if len(digits) < 19 else sys.maxsize


@dataclass(eq=False)
class _Part:
    """An upload somebody is writing: only the newest sender may, one piece at a time."""

    sender: object = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Uploads:
    """The uploads of one server. `reserve` are the bytes of disk that are never used up."""

    def __init__(self, settings: Settings, reserve: int = RESERVE_BYTES) -> None:
        self.settings = settings
        self.reserve = reserve
        self._parts: dict[Path, _Part] = {}

    def place(self, person: Person, word: str | None) -> Path:
        """Where an upload lies; without a word it cannot be continued and has a place of its own."""
        if word is None:
            return self.settings.uploads / f"{secrets.token_hex(16)}.part"
        if not _WORD.fullmatch(word):
            raise PatinaError("upload must be 8 to 64 letters, digits, - or _, for example a random UUID.")
        return self.settings.uploads / (
            hashlib.sha256(f"{person.id}:{word}".encode()).hexdigest()[:32] + ".part"
        )

    def received(self, person: Person, word: str) -> int:
        """How many bytes of an upload are here for good; `NotFound` when none of it came."""
        try:
            return self.flush(self.place(person, word))
        except FileNotFoundError:
            raise NotFound("Nothing of this upload has arrived, or it was finished; send it whole.") from None

    def flush(self, place: Path) -> int:
        """Make what has arrived outlast a power cut, and return how many bytes that are."""
        with place.open("rb+") as file:
            try:
                os.fsync(file.fileno())
            except OSError as error:  # some file systems find out only now that there is no room
                raise _no_room(error) from error
            return file.seek(0, os.SEEK_END)

    def forget(self, person: Person, word: str) -> None:
        """Throw away what has arrived of an upload."""
        self.place(person, word).unlink(missing_ok=True)

    async def receive(self, place: Path, plan: Plan, stream: AsyncIterator[bytes]) -> int:
        """Write what comes at its place and return how much is here now; `flush` makes it outlast the power.

        `Conflict` when it starts past what has arrived, or when a newer sender took over; `TooLarge`,
        `NoRoom` and `BrokenOff` in the midst. What was written before stays.
        """
        await run_in_threadpool(self._make_room, plan)
        part = self._parts.setdefault(place, _Part())
        part.sender = me = object()
        end = plan.start + plan.length if plan.length is not None else photos.MAX_BYTES
        at = plan.start
        try:
            async with part.lock:
                file = await run_in_threadpool(_opened, place, plan.start)
            try:
                async for piece in _pieces(stream):
                    if at + len(piece) > end:
                        raise (
                            too_large()
                            if plan.length is None
                            else PatinaError("More bytes came than the request announced.")
                        )
                    async with part.lock:
                        if part.sender is not me:
                            raise Conflict("This upload is being sent anew; this sender has been cut off.")
                        await run_in_threadpool(_write, file, piece)
                    at += len(piece)
            finally:
                file.close()
        finally:
            if part.sender is me:
                self._parts.pop(place, None)
        return at

    async def taken(self, place: Path, n_bytes: int) -> Path:
        """A whole upload under a name that no sender knows: it can be looked at without changing meanwhile.

        A phone that never heard the answer sends again, perhaps just now. `Conflict` when it has begun to:
        the photo is left to the newer sender. `put_back` what could not be kept.
        """
        part = self._parts.setdefault(place, _Part())
        try:
            async with part.lock:
                whole = await run_in_threadpool(_moved_aside, place, n_bytes)
                part.sender = None  # whoever has it open still writes nothing more
                return whole
        finally:
            if part.sender is None:
                self._parts.pop(place, None)

    def put_back(self, whole: Path, place: Path) -> None:
        """Leave what was `taken` where its sender can go on with it, unless something newer lies there."""
        with contextlib.suppress(OSError):
            if place.exists():
                whole.unlink(missing_ok=True)
            elif whole.exists():
                whole.rename(place)

    def keep(self, db: Database, place: Path, name: str, *, who: Person, now: float) -> Kept:
        """Take a whole upload into the store; the upload is gone after. `PhotoError` when it is no photo."""
        shown = photos.safe_name(name)
        try:
            sha = disk.sha256(place)
            known = row(db, "select width_px, height_px from photos where sha256 = :sha", {"sha": sha})
            if known is not None:
                place.unlink()
                return Kept(sha, True, known["width_px"], known["height_px"], shown)
            picture, facts = photos.open(place, shown)
            pictures.keep_thumbnail(self.settings, sha, picture)
            artifacts.put(self.settings.artifacts, place)
        except PhotoError:
            place.unlink(missing_ok=True)
            raise
        except OSError as error:
            raise _no_room(error) from error
        with writing(db):
            artifacts.note(db, sha, pictures.MEDIA_TYPES[facts.format], facts.bytes, now)
            is_new = stored_photos.keep(db, facts, shown, who=who.name, now=now)
        return Kept(sha, not is_new, facts.width_px, facts.height_px, shown)

    def _make_room(self, plan: Plan) -> None:
        self.settings.uploads.mkdir(parents=True, exist_ok=True)
        wanted = plan.total or plan.length or photos.MAX_BYTES
        free = shutil.disk_usage(self.settings.uploads).free
        if free < wanted - plan.start + self.reserve:
            raise NoRoom(
                f"The disk is nearly full ({free // 2**20:,} MiB free); the photo was not taken. "
                "Ask an admin to make room, then send it again."
            )


class NameAside:
    """ASGI middleware: what follows /api/v1/photos/ is a photo's name, never a path, whatever is in it.

    It travels beside the path, so that `../x.jpg` and `C:\\x.jpg` are odd names and nothing else.
    """

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Hand the name on as `scope[NAME]`."""
        if scope["type"] == "http" and scope["path"].startswith(PATH):
            name = scope["path"].removeprefix(PATH)
            scope = dict(scope, path=f"{PATH}named", raw_path=f"{PATH}named".encode()) | {NAME: name}
        await self.app(scope, receive, send)


def too_large(most: int = photos.MAX_BYTES) -> TooLarge:
    """The sentence for more bytes than a photo, or a zip, may have."""
    if most > photos.MAX_BYTES:
        told = f"The zip has more than {most // 2**30} GiB, which is the most. Make several smaller ones."
    else:
        told = f"The photo has more than {most // 2**20} MiB, which is the most. Save it as JPEG."
    return TooLarge(told, "too_large")


async def _pieces(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The stream in larger pieces; what came before it broke off is handed on first."""
    gathered = bytearray()
    broken: PatinaError | None = None
    while True:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                chunk = await anext(stream)
        except StopAsyncIteration:
            break
        except (TimeoutError, ClientDisconnect):
            broken = BrokenOff("The upload broke off; ask how far it came and send the rest.")
            break
        gathered += chunk
        if len(gathered) >= PIECE_BYTES:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)
    if broken:
        raise broken


def _opened(place: Path, start: int) -> BinaryIO:
    """The part, ready to be written from `start` on; what lay beyond it is cut off."""
    try:
        file = place.open("r+b", buffering=0) if start else place.open("wb", buffering=0)
    except FileNotFoundError:
        raise Conflict("Nothing of this upload has arrived; begin at offset 0.") from None
    have = file.seek(0, os.SEEK_END)
    if start > have:
        file.close()
        raise Conflict(f"{have} bytes of this upload have arrived; go on from there, not from {start}.")
    if have > start:
        file.truncate(start)
    file.seek(start)
    return file  # type: ignore[return-value]


def _moved_aside(place: Path, n_bytes: int) -> Path:
    aside = place.with_name(f"{secrets.token_hex(16)}.part")
    try:
        if place.stat().st_size == n_bytes:
            return place.rename(aside)
    except OSError:  # gone; or, on Windows, still open in the other sender's hands
        log.info("%s was taken by another sender", place.name)
    raise Conflict("This upload is being sent anew; this sender has been cut off.")


def _write(file: BinaryIO, piece: bytes) -> None:
    rest = memoryview(piece)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError as error:
        raise _no_room(error) from error


def _no_room(error: OSError) -> PatinaError:
    """A full disk in words; anything else is a bug and stays one."""
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return NoRoom("The disk is full; the photo was not taken. Ask an admin to make room.")
    raise error
