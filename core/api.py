"""REST: every path with its handlers, and one way to answer when something goes wrong.

`core.rest` has the handlers, and in `core.rest.openapi` their description. Every answer is JSON or a file;
every error is problem+json with one sentence. Work that blocks runs in threads, what decodes pictures in few
of them.
"""

from __future__ import annotations

import dataclasses
import logging
import shutil
import time
from collections.abc import Awaitable, Callable
from typing import Any

from sqlite_utils import Database
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

import core
from core import queue, workers
from core.errors import NotFound, PatinaError
from core.gate import WHO, Visitor, problem
from core.rest import openapi
from core.rest.answers import V1, in_json, sorry
from core.rest.context import Context
from core.rest.inspecting import Inspecting
from core.rest.showing import Showing
from core.rest.uploading import Uploading
from core.settings import Settings

Handler = Callable[[Request], Awaitable[Response]]
log = logging.getLogger("patina.api")


def routes(settings: Settings, clock: Callable[[], float] = time.time) -> list[Route]:
    """All routes of REST, the gate to be put before them."""
    context = Context(settings, clock)
    site, showing, uploading = _Site(context), Showing(context), Uploading(context)
    inspecting = Inspecting(context, uploading)
    doors = {
        "/photos/{name}": _Door(PUT=uploading.put_photo, GET=uploading.get_photo, DELETE=uploading.drop),
        "/archives": _Door(PUT=uploading.put_archive, GET=uploading.get_archive, DELETE=uploading.drop),
        "/inspections": _Door(GET=inspecting.find, POST=inspecting.ask),
        "/inspections/{id}": _Door(GET=inspecting.inspection),
        "/inspections/{id}/scale": _Door(PUT=inspecting.put_scale),
        "/inspections/{id}/cracks.{kind}": _Door(GET=inspecting.cracks),
        "/artifacts/{sha}": _Door(GET=showing.artifact),
        "/thumbs/{sha}": _Door(GET=showing.thumb),
        "/overlays/{id}.webp": _Door(GET=showing.overlay),
        "/maps/{id}": _Door(GET=showing.map),
        "/models/{domain}/{id}/maps/{sha}": _Door(GET=showing.model_map),
        "/sweeps/{run}/{trial}/maps/{sha}": _Door(GET=showing.trial_map),
        "/openapi.json": _Door(GET=site.description),
    }
    return [
        Route("/healthz", _Door(GET=site.health)),
        *(Route(f"{V1}{path}", door) for path, door in doors.items()),
        Route("/api/{rest:path}", _Door()),
    ]


class _Door:
    """A path with a handler a method; whatever goes wrong inside is answered in one sentence."""

    def __init__(self, **handlers: Handler) -> None:
        self.handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except PatinaError as error:
            response = sorry(error)
        except ClientDisconnect:
            return
        except Exception:
            log.exception("%s %s", request.method, request.url.path)
            response = problem(500, "Something went wrong in Patina itself; its log says what. Try again.")
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        if not self.handlers:
            raise NotFound(f"There is nothing at {request.url.path}; {V1}/openapi.json lists what there is.")
        if method not in self.handlers:
            allowed = sorted(self.handlers) + (["HEAD"] if "GET" in self.handlers else [])
            told = f"{request.method} cannot be done here; {', '.join(allowed)} can."
            return problem(405, told, {"allow": ", ".join(allowed)})
        return await self.handlers[method](request)


class _Site:
    """The handlers of `/healthz` and `/openapi.json`."""

    def __init__(self, context: Context) -> None:
        self.context = context

    async def health(self, request: Request) -> Response:
        """Whether the server lives, for everybody; how it is, for engineers."""
        visitor: Visitor | None = request.scope.get(WHO)
        is_told = visitor is not None and visitor.person.is_at_least("engineer")
        return in_json(await self.context.with_db(self._health if is_told else lambda _: {"status": "ok"}))

    def _health(self, db: Database) -> dict[str, Any]:
        disk = shutil.disk_usage(self.context.settings.data)
        states = workers.health(db, self.context.clock())
        return {
            "status": "ok" if all(w.state != "down" for w in states) else "degraded",
            "version": core.__version__,
            "workers": [dataclasses.asdict(w) for w in states],
            "waiting": queue.waiting(db),
            "disk": {"free_bytes": disk.free, "total_bytes": disk.total},
        }

    async def description(self, request: Request) -> Response:
        """The OpenAPI document."""
        return in_json(openapi.document(core.__version__))
