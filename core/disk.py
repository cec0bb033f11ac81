"""Files put in place whole: a reader sees the old one or the new one, never half, and nothing else stays."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path


def put(path: Path, content: bytes, *, lasting: bool = True) -> None:
    """Write bytes aside, flush them to disk and rename; folders on the way are made.

    On a full disk what was written aside is taken away again. `lasting=False` leaves out the flush, for what
    can be made anew.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".aside-{secrets.token_hex(8)}")
    try:
        with aside.open("xb") as file:
            file.write(content)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        os.replace(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    if lasting:
        flush_folder(path.parent)


def sha256(path: Path) -> str:
    """The hash of a file's bytes as 64 hex digits in lower case; the file is read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def flush_folder(folder: Path) -> None:
    """Make a rename in this folder outlast a power cut; Windows has no such call and needs none."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
