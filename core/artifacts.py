"""Files by what they hold: artifacts/ab/cdef… under their sha256. Written once, never changed.

The folder sits behind fsspec, so a bucket can take its place. On a disk a file is written aside, flushed
and renamed before anybody hears of it; the row in `artifacts` comes after, never before.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any, BinaryIO

import fsspec
from sqlite_utils import Database

from core import disk
from core.errors import NotFound
from core.store import row


def put(root: Path | str, content: bytes | Path) -> str:
    """Keep these bytes (or this finished file, which is moved) and return their sha256."""
    sha = hashlib.sha256(content).hexdigest() if isinstance(content, bytes) else disk.sha256(content)
    fs, base = _open(root)
    place = f"{base}/{sha[:2]}/{sha[2:]}"
    if fs.exists(place):
        if isinstance(content, Path):
            content.unlink()
        return sha
    fs.makedirs(f"{base}/{sha[:2]}", exist_ok=True)
    if "file" not in _protocols(fs):
        if isinstance(content, Path):
            fs.put_file(str(content), place)
            content.unlink()
        else:
            fs.pipe_file(place, content)  # object stores show a file only when it is whole
    elif isinstance(content, Path):
        with content.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(content, place)
        disk.flush_folder(Path(place).parent)
    else:
        disk.put(Path(place), content)
    return sha


def keep(db: Database, root: Path | str, content: bytes | Path, media_type: str, now: float) -> str:
    """`put`, then the row that makes it part of the store; returns the sha256."""
    size = len(content) if isinstance(content, bytes) else content.stat().st_size
    sha = put(root, content)
    note(db, sha, media_type, size, now)
    return sha


def note(db: Database, sha: str, media_type: str, size: int, now: float) -> None:
    """The row of a file that is `put` already; for a caller that writes other rows with it."""
    db.conn.execute(
        """insert into artifacts (sha256, media_type, bytes, created_at)
           values (:sha, :media_type, :size, :now) on conflict do nothing""",
        {"sha": sha, "media_type": media_type, "size": size, "now": now},
    )


def media_type(db: Database, sha: str) -> str:
    """What kind of file this is, such as `image/jpeg`; `NotFound` when it is not part of the store."""
    found = row(db, "select media_type from artifacts where sha256 = :sha", {"sha": sha})
    if found is None:
        raise NotFound(f"There is no file {sha[:12]}… in the store.")
    return str(found["media_type"])


def read(root: Path | str, sha: str) -> bytes:
    """The bytes under this sha256; `NotFound` when there are none."""
    fs, base = _open(root)
    try:
        content: bytes = fs.cat_file(_place(base, sha))
    except FileNotFoundError:
        raise NotFound(f"There is no file {sha[:12]}… in the store.") from None
    return content


def opened(root: Path | str, sha: str) -> BinaryIO:
    """The file under this sha256, opened for reading."""
    fs, base = _open(root)
    try:
        file: BinaryIO = fs.open(_place(base, sha), "rb")
    except FileNotFoundError:
        raise NotFound(f"There is no file {sha[:12]}… in the store.") from None
    return file


def path(root: Path | str, sha: str) -> Path:
    """Where the file lies on this machine; `NotFound` when it does not."""
    _, base = _open(root)
    place = Path(_place(base, sha))
    if not place.is_file():
        raise NotFound(f"There is no file {sha[:12]}… in the store.")
    return place


def is_sha256(word: str) -> bool:
    """True for 64 hex digits in lower case: the only names this store has."""
    return len(word) == 64 and all(c in "0123456789abcdef" for c in word)


def _place(base: str, sha: str) -> str:
    if not is_sha256(sha):
        raise NotFound("A file in the store is named by 64 hex digits.")
    return f"{base}/{sha[:2]}/{sha[2:]}"


def _open(root: Path | str) -> tuple[Any, str]:
    fs, base = fsspec.core.url_to_fs(str(root))
    return fs, base.rstrip("/")


def _protocols(fs: Any) -> tuple[str, ...]:
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)
