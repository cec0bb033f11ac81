"""What may be a password, and whether one is the right one: Argon2id, as slow for a name nobody has."""

from __future__ import annotations

import functools
import secrets
import threading
import unicodedata
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from core.errors import PatinaError

SHORTEST: Final = 10
LONGEST: Final = 1024
"""Letters of a password."""

_hasher = PasswordHasher()
"""Argon2id with the library's defaults: RFC 9106, low memory (64 MiB, 3 passes)."""
_hashing = threading.BoundedSemaphore(2)
"""So that a crowd at the door costs time, not a gigabyte."""

_ROWS = ("12345678901234567890", "qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "zxcvbnm")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_COMMON = frozenset(
    "password passwort passw0rd p4ssword letmein welcome administrator admin changeme secret iloveyou "
    "qwerty qwertz patina patinaadmin inspector inspection football baseball superman trustnoone "
    "passwordpassword test testtest default guest".split()
)


def check(password: str, name: str) -> None:
    """`PatinaError` with what to change unless this may be the password of `name`."""
    plain = unicodedata.normalize("NFKC", password)
    low = plain.casefold()
    if len(plain) < SHORTEST:
        raise PatinaError(
            f"The password has {len(plain)} letters; at least {SHORTEST} are needed. Three words will do."
        )
    if len(plain) > LONGEST:
        raise PatinaError(f"The password is longer than {LONGEST:,} letters; choose a shorter one.")
    bare = "".join(c for c in low if c.isalnum())
    if len(name) >= 3 and len(low.replace(name.casefold(), "")) < SHORTEST - 4:
        raise PatinaError("The password is little more than the name; choose something nobody would try.")
    if len(set(low)) < 5 or _is_row_of_keys(bare) or _stem(bare) in _COMMON:
        raise PatinaError(
            "The password is one of those tried first; choose one nobody would try. Three words will do."
        )


def fits(known: str | None, password: str) -> bool:
    """True when `known` is the Argon2 hash of `password`; as much work when there is no hash at all."""
    if len(password) > LONGEST:
        return False
    plain = unicodedata.normalize("NFKC", password)
    nobody = _nobody()  # asked for with and without `known`: the first call makes it, and takes its time
    try:
        with _hashing:
            is_it = _hasher.verify(known or nobody, plain)
    except (VerifyMismatchError, InvalidHashError):
        return False
    return is_it and known is not None


def hashed(password: str) -> str:
    """The Argon2 hash that is stored; letters that look alike are made one (NFKC) before."""
    with _hashing:
        return _hasher.hash(unicodedata.normalize("NFKC", password))


def is_old(known: str) -> bool:
    """Whether a hash was made with weaker parameters than today's and should be made anew."""
    return _hasher.check_needs_rehash(known)


@functools.cache
def _nobody() -> str:
    """A hash that no password has, for names without one; not made before somebody signs in."""
    return _hasher.hash(secrets.token_urlsafe(16))


def _stem(bare: str) -> str:
    """`password2024` → `password`: what is left when the digits at both ends are gone."""
    return bare.strip("0123456789")


def _is_row_of_keys(bare: str) -> bool:
    rows_of_keys = (*_ROWS, _ALPHABET)
    return any(bare in r * 2 or bare in r[::-1] * 2 for r in rows_of_keys) if bare else False
