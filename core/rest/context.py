"""What all handlers of REST share: the settings, the clock, threads for what blocks, and files sent back."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import anyio
from sqlite_utils import Database
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from core import store
from core.errors import NotFound, SignInNeeded
from core.gate import WHO, Visitor
from core.records import Person
from core.settings import Settings
from core.uploads import Uploads

SMALL_BYTES = 2**20
"""A file up to this size is sent in one piece."""
FOREVER = "private, max-age=31536000, immutable"
"""For what is named by its content: it never changes, but it is not for shared caches."""
ASK_AGAIN = "private, no-cache"
"""For what keeps its address and may change: the browser asks each time whether it has."""

T = TypeVar("T")


class Context:
    """One server's REST."""

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        self.settings = settings
        self.clock = clock
        self.uploads = Uploads(settings)
        # Decoded photos are large: few at a time, and the other threads stay free for everybody else.
        self._decoding = anyio.CapacityLimiter(max(1, (os.cpu_count() or 2) // 2))

    async def with_db(self, work: Callable[[Database], T]) -> T:
        """Work on the database in a thread, on that thread's own connection."""
        return await in_thread(lambda: work(store.connect(self.settings.database)))

    async def decoding(self, work: Callable[[], T]) -> T:
        """Work that decodes pictures, in one of the few threads for it."""
        return await in_thread(work, self._decoding)

    async def file(
        self, request: Request, tag: str, make: Callable[[], tuple[Path, str]], keep: str = FOREVER
    ) -> Response:
        """The file that `make` finds or makes, with its media type; 304 when the browser has `tag`."""
        # Said to be encoded as it is, else Streamlit's gzip layer spends 100 ms on noise.
        headers = {"etag": f'"{tag}"', "cache-control": keep, "content-encoding": "identity"}
        if f'"{tag}"' in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        path, kind = await self.decoding(make)
        if "range" not in request.headers and path.stat().st_size <= SMALL_BYTES:
            return Response(await in_thread(path.read_bytes), 200, headers, kind)
        return FileResponse(path, 200, headers, kind)


async def in_thread(work: Callable[[], T], limiter: anyio.CapacityLimiter | None = None) -> T:
    """Work that blocks, off the event loop."""
    return await anyio.to_thread.run_sync(work, limiter=limiter)


def person(request: Request) -> Person:
    """Who asks; `SignInNeeded` for nobody, should the gate have let them by."""
    visitor: Visitor | None = request.scope.get(WHO)
    if visitor is None:
        raise SignInNeeded("Sign in first, or send a bearer token.")
    return visitor.person


def inspection_id(request: Request) -> int:
    """The number in the path; `NotFound` for anything else."""
    word = request.path_params["id"]
    if not (word.isascii() and word.isdecimal() and len(word) < 16):
        raise NotFound(f"There is no inspection {word[:40]!r}.")
    return int(word)
