"""What a request says, read and checked: its bytes, its JSON, and the numbers, times and claims in it.

Whatever does not fit raises `PatinaError` with a sentence that names the field and what was found in it.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

from core import artifacts, labels, photos
from core.errors import NotFound, PatinaError
from core.records import DOMAINS, Domain, Trim
from core.uploads import too_large

FORM_BYTES = 65_536
"""What a form may have besides the photo, and a JSON body altogether."""
DRAIN_SECONDS = 5.0


class Body:
    """The bytes of a request, once, and what is left of them when nobody wants them any more."""

    def __init__(self, request: Request) -> None:
        self._receive = request.receive
        # A client that waits for leave to send (curl, with large files) is refused before it sends.
        self._is_over = bool(request.headers.get("expect"))

    async def pieces(self) -> AsyncIterator[bytes]:
        """As they come; `ClientDisconnect` when the sender has gone."""
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self._is_over = True
                raise ClientDisconnect
            self._is_over = not message.get("more_body", False)
            yield message.get("body", b"")
            if self._is_over:
                return

    async def drain(self) -> None:
        """Read on for a moment, so that a browser that is still sending hears the answer; never for long."""
        came = 0
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                while not self._is_over and came < 2 * photos.MAX_BYTES:
                    message = await self._receive()
                    came += len(message.get("body", b""))
                    self._is_over = message["type"] != "http.request" or not message.get("more_body", False)
        except TimeoutError:
            return


def limited(receive: Receive, most: int) -> Receive:
    """`receive` that refuses more than so many bytes, whatever the request announced."""
    came = 0

    async def counted() -> Any:
        nonlocal came
        message = await receive()
        came += len(message.get("body", b""))
        if came > most:
            raise too_large()
        return message

    return counted


async def json_body(request: Request) -> dict[str, Any]:
    """The JSON object that the body is; an empty body is an empty object."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > FORM_BYTES:
            raise PatinaError("This JSON is too long; send the photo itself as PUT /api/v1/photos/{name}.")
    try:
        told = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise PatinaError('The body is no JSON; write {"photo": "<sha256>", "domain": "rail"}.') from None
    if not isinstance(told, dict):
        raise PatinaError('The body must be a JSON object: {"photo": "<sha256>", "domain": "rail"}.')
    for name, value in told.items():
        if isinstance(value, dict) or (isinstance(value, list) and any(map(_is_nested, value))):
            raise PatinaError(
                f"{name[:40]!r} holds lists in lists or objects; nothing here is told by those."
            )
    return told


def _is_nested(value: object) -> bool:
    return isinstance(value, dict | list)


def domain(word: object) -> Domain:
    """One of the three domains."""
    for known in DOMAINS:
        if word == known:
            return known
    found = "missing" if word in (None, "") else repr(word)[:60]
    raise PatinaError(f"domain is {found}; choose one of {', '.join(DOMAINS)}.")


def trim(told: object) -> Trim | None:
    """Four fractions, as a JSON list or as `0.1,0.1,0.9,0.9`; `DataError` for a box outside the photo."""
    if told in (None, "", []):
        return None
    parts: Any = told.split(",") if isinstance(told, str) else told
    try:
        x0, y0, x1, y1 = (float(p) for p in parts)
    except (TypeError, ValueError, OverflowError):
        raise PatinaError(f"trim is {told!r:.60}; it must be four numbers: x0, y0, x1, y1.") from None
    return labels.checked((x0, y0, x1, y1))


SCALED_BY: Final = ("mm_per_px", "error", "x0", "y0", "x1", "y1", "mm", "m", "focal_px")
"""The numbers that a scale is told by; how large the photo is, the store knows better than the client."""


def scale(told: Mapping[str, Any]) -> dict[str, Any]:
    """`how` a scale is told and its numbers, as `core.measuring.sources` takes them."""
    is_marker = told.get("how") == "marker"
    numbers = {name: number(told, name, None) for name in SCALED_BY}
    if is_marker and number(told, "mm", None, low=1, high=1e4) is None:
        raise PatinaError("mm is missing; give the side of the marker's black square.")
    return {"how": told.get("how")} | {name: value for name, value in numbers.items() if value is not None}


def number(
    told: Mapping[str, Any], name: str, default: float | None, low: float = -math.inf, high: float = math.inf
) -> float | None:
    """The number of this name, `default` when there is none; both ends of the range are allowed."""
    value: Any = told.get(name)
    if value in (None, ""):
        return default
    try:
        found = float(value) if not isinstance(value, bool) else math.nan
    except (TypeError, ValueError, OverflowError):  # JSON's whole numbers have no end
        found = math.nan
    if not (low <= found <= high) or math.isinf(found):
        wanted = f" from {low:g} to {high:g}" if math.isfinite(high) else f" of at least {low:g}"
        wanted = wanted if math.isfinite(low) else ""
        raise PatinaError(f"{name} is {value!r:.40}; it must be a number{wanted}.")
    return found


def text(told: Mapping[str, Any], name: str, most: int) -> str:
    """The text of this name on one line, without what cannot be seen; empty when there is none."""
    value = told.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > most:
        raise PatinaError(f"{name} must be a text of at most {most} letters.")
    return " ".join("".join(c for c in value if c.isprintable()).split())


def claim(told: Mapping[str, str], name: str) -> bool | None:
    """True or false as a query says it, None when it says nothing."""
    word = told.get(name, "").lower()
    if word in ("", "true", "1", "yes", "false", "0", "no"):
        return None if not word else word in ("true", "1", "yes")
    raise PatinaError(f"{name} is {word[:20]!r}; it must be true or false.")


def moment(word: str | None) -> float | None:
    """Seconds since 1970, or a time in ISO 8601; without a zone it is UTC."""
    if not word:
        return None
    if word.replace(".", "", 1).isdecimal():
        return float(word)
    try:
        # "+" is a space in a query, and a zone's "+02:00" often comes unescaped.
        found = datetime.fromisoformat(word.replace(" ", "+") if "T" in word else word)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise PatinaError(f"since is {word[:40]!r}; write it as 2026-01-31T08:00:00Z.") from None


def sha(word: str) -> str:
    """A sha256 as the store writes it."""
    if not artifacts.is_sha256(word):
        raise NotFound("A photo or file is named by its sha256, 64 hex digits in lower case.")
    return word
