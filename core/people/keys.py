"""The key of this Patina, which signs its cookies, and hashes of the secrets it hands out."""

from __future__ import annotations

import functools
import hashlib
import hmac
import os
import secrets
import tempfile
from pathlib import Path

from core.errors import PatinaError


@functools.lru_cache(maxsize=8)
def key(data: Path) -> bytes:
    """32 bytes that sign this installation's cookies and headers; made at the first call, mode 0600.

    Two processes that start together end with the same key.
    """
    place = data / "key"
    if not place.exists():
        data.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(prefix=".key-", dir=data)  # mode 0600
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(aside, place)  # fails when another process was first, unlike a rename
        except FileExistsError:
            pass
        except OSError:  # a file system without links
            if not place.exists():
                os.replace(aside, place)
        Path(aside).unlink(missing_ok=True)
    told = place.read_bytes()
    if len(told) != 32:
        raise PatinaError(f"{place} is damaged; delete it and start again. Everybody signs in anew then.")
    return told


def cookie_name(data: Path) -> str:
    """The session cookie's name: browsers share cookies between ports, so each installation has its own."""
    return "patina_" + hmac.new(key(data), b"cookie name", hashlib.sha256).hexdigest()[:8]


def secret_hash(secret: str) -> str:
    """sha256 is enough for 256 random bits; there is nothing to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()
