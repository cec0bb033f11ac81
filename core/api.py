"""REST: photos in, inspections asked for and found, pictures out. Described in `core.openapi`.

Every answer is JSON or a file; every error is problem+json with one sentence. Work that blocks runs in
threads, what decodes pictures in few of them.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import math
import os
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import anyio
from sqlite_utils import Database
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

import core
from core import (
    archives,
    artifacts,
    asked,
    cards,
    drawings,
    inspections,
    markers,
    openapi,
    opinions,
    photos,
    pictures,
    queue,
    standards,
    store,
    terms,
    workers,
)
from core.accounts import Person
from core.errors import NotFound, PatinaError, SignInNeeded, TooMany
from core.gate import WHO, Visitor, problem
from core.inspections import Inspection
from core.records import Verdict
from core.scales import Scale
from core.settings import Settings
from core.uploads import NAME, Kept, Plan, Uploads, too_large

V1 = "/api/v1"
LONGEST_WAIT_SECONDS = 30.0
MOST_ON_A_PAGE = 200
SMALL_BYTES = 2**20
"""A file up to this size is sent in one piece."""
FOREVER = "private, max-age=31536000, immutable"
"""For what is named by its content: it never changes, but it is not for shared caches."""
ASK_AGAIN = "private, no-cache"

Handler = Callable[[Request], Awaitable[Response]]
T = TypeVar("T")
log = logging.getLogger("patina.api")


def routes(settings: Settings, clock: Callable[[], float] = time.time) -> list[Route]:
    """All routes of REST, the gate to be put before them."""
    rest = _Rest(settings, clock)
    return [
        Route("/healthz", _Door(GET=rest.health)),
        Route(f"{V1}/openapi.json", _Door(GET=rest.description)),
        Route(
            f"{V1}/photos/{{name}}", _Door(PUT=rest.put_photo, GET=rest.get_photo, DELETE=rest.drop_upload)
        ),
        Route(
            f"{V1}/archives",
            _Door(PUT=rest.put_archive, GET=rest.get_archive, DELETE=rest.drop_upload),
        ),
        Route(f"{V1}/inspections", _Door(GET=rest.find, POST=rest.ask)),
        Route(f"{V1}/inspections/{{id}}", _Door(GET=rest.inspection)),
        Route(f"{V1}/inspections/{{id}}/scale", _Door(PUT=rest.put_scale)),
        Route(f"{V1}/inspections/{{id}}/cracks.{{kind}}", _Door(GET=rest.cracks)),
        Route(f"{V1}/artifacts/{{sha}}", _Door(GET=rest.artifact)),
        Route(f"{V1}/thumbs/{{sha}}", _Door(GET=rest.thumb)),
        Route(f"{V1}/overlays/{{id}}.webp", _Door(GET=rest.overlay)),
        Route(f"{V1}/maps/{{id}}", _Door(GET=rest.map)),
        Route(f"{V1}/models/{{domain}}/{{id}}/maps/{{sha}}", _Door(GET=rest.model_map)),
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
            response = _sorry(error)
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


class _Rest:
    """The handlers."""

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        self.settings = settings
        self.clock = clock
        self.uploads = Uploads(settings)
        # Decoded photos are large: few at a time, and the other threads stay free for everybody else.
        self.decoding = anyio.CapacityLimiter(max(1, (os.cpu_count() or 2) // 2))

    # Health and description

    async def health(self, request: Request) -> Response:
        """Whether the server lives, for everybody; how it is, for engineers."""
        visitor: Visitor | None = request.scope.get(WHO)
        is_told = visitor is not None and visitor.person.is_at_least("engineer")
        return _json(await self._with_db(self._health if is_told else lambda _: {"status": "ok"}))

    def _health(self, db: Database) -> dict[str, Any]:
        disk = shutil.disk_usage(self.settings.data)
        states = workers.health(db, self.clock())
        return {
            "status": "ok" if all(w.state != "down" for w in states) else "degraded",
            "version": core.__version__,
            "workers": [dataclasses.asdict(w) for w in states],
            "waiting": queue.waiting(db),
            "disk": {"free_bytes": disk.free, "total_bytes": disk.total},
        }

    async def description(self, request: Request) -> Response:
        """The OpenAPI document."""
        return _json(openapi.document(core.__version__))

    # Photos in

    async def put_photo(self, request: Request) -> Response:
        """A photo, or a part of one, as the body."""
        word, body = request.query_params.get("upload"), asked.Body(request)
        try:
            plan = Plan.of(
                request.headers.get("content-range"),
                request.headers.get("content-length"),
                request.query_params.get("offset"),
            )
            if word is None and (plan.start or plan.total is not None):
                raise PatinaError("A photo in parts needs a word for the upload: ?upload=<8 to 64 letters>.")
            kept = await self._receive(request, body.pieces(), plan, word, request.scope.get(NAME, ""))
        except PatinaError:
            await body.drain()
            raise
        if isinstance(kept, int):
            told = {"received": kept, "total": plan.total}
            return _json(told, 202, {"upload-offset": str(kept)})
        return _json(_kept_json(kept), 200 if kept.known else 201, {"location": f"{V1}/photos/{kept.sha256}"})

    async def drop_upload(self, request: Request) -> Response:
        """Give up an unfinished upload."""
        word = request.query_params.get("upload")
        if word is None:
            raise PatinaError(
                "Say which unfinished upload: ?upload=<its word>. Stored photos are not deleted."
            )
        await _in_thread(lambda: self.uploads.forget(_person(request), word))
        return Response(status_code=204)

    async def get_photo(self, request: Request) -> Response:
        """A stored photo, upright, for a browser; with `?upload=` how far an upload came."""
        word = request.query_params.get("upload")
        if word is not None:
            received = await _in_thread(lambda: self.uploads.received(_person(request), word))
            return _json({"received": received}, headers={"upload-offset": str(received)})
        sha = asked.sha(request.scope.get(NAME, ""))

        def make() -> tuple[Path, str]:
            _known(store.connect(self.settings.database), sha)
            return pictures.upright(self.settings, sha)

        return await self._file(request, f"{sha}-upright", make)

    async def put_archive(self, request: Request) -> Response:
        """A zip of photos, or a part of one, for an engineer to import on the Data page."""
        who, body = _person(request), asked.Body(request)
        try:
            who.require("engineer")
            word = _upload_word(request)
            headers = request.headers
            plan = Plan.of(
                headers.get("content-range"), headers.get("content-length"), None, archives.MAX_TOTAL_BYTES
            )
            if plan.length is None:
                raise PatinaError("Send a zip with its length (Content-Length), not in chunks.")
            place = self.uploads.place(who, word)
            await self.uploads.receive(place, plan, body.pieces())
            received = await _in_thread(lambda: self.uploads.flush(place))
        except PatinaError:
            await body.drain()
            raise
        told = {"received": received, "total": plan.total or received}
        return _json(told, 202 if received < told["total"] else 201, {"upload-offset": str(received)})

    async def get_archive(self, request: Request) -> Response:
        """How far the upload of a zip came; 0 when nothing of it has."""
        who, word = _person(request), _upload_word(request)
        who.require("engineer")

        def far() -> int:
            try:
                return self.uploads.received(who, word)
            except NotFound:
                return 0

        received = await _in_thread(far)
        return _json({"received": received}, headers={"upload-offset": str(received)})

    async def _receive(
        self, request: Request, stream: AsyncIterator[bytes], plan: Plan, word: str | None, name: str
    ) -> Kept | int:
        """Stream to disk; the photo when it is whole, else how many bytes of it are here."""
        who = _person(request)
        place = self.uploads.place(who, word)
        try:
            received = await self.uploads.receive(place, plan, stream)
            if plan.total is not None and received < plan.total:
                return await _in_thread(lambda: self.uploads.flush(place))

            whole = await self.uploads.taken(place, received)

            def keep() -> Kept:
                db = store.connect(self.settings.database)
                return self.uploads.keep(db, whole, name, who=who, now=self.clock())

            try:
                return await _in_thread(keep, self.decoding)
            except BaseException:
                self.uploads.put_back(whole, place)
                raise
        except BaseException:
            if word is None:
                place.unlink(missing_ok=True)
            raise

    # Inspections

    async def ask(self, request: Request) -> Response:
        """A verdict asked for, on a stored photo or on one that comes along; waits for it a while."""
        told, kept = await self._asked(request)
        sha, name = (kept.sha256, kept.name) if kept else (str(told.get("photo", "")), told.get("name"))
        if not sha:
            raise PatinaError("There is no photo: give its sha256 as `photo`, or send the photo itself.")
        if not artifacts.is_sha256(sha):
            raise NotFound("A photo is named by its sha256, 64 hex digits in lower case; upload it first.")
        wait = min(asked.number(told, "wait", LONGEST_WAIT_SECONDS, low=0) or 0.0, LONGEST_WAIT_SECONDS)
        domain, who = asked.domain(told.get("domain")), _person(request)
        trim, scale = (
            asked.trim(told.get("trim")),
            asked.number(told, "scale_mm_per_px", None, low=1e-6, high=1e3),
        )
        marker = asked.number(told, "marker_mm", None, low=1, high=1e4)
        words = {k: asked.text(told, k, 200) for k in ("batch", "place")}

        def submit(db: Database) -> int:
            now = self.clock()
            return inspections.ask(
                db,
                sha,
                domain,
                owner=who.name,
                now=now,
                batch=words["batch"] or f"{datetime.fromtimestamp(now, UTC):%Y%m%d}-{who.name}-rest",
                name=photos.safe_name(str(name)) if name else "",
                trim=trim,
                scale_mm_per_px=scale,
                marker_mm=marker,
                place=words["place"],
                wake=self.settings.wake,
            )

        id = await self._with_db(submit)
        found = await self._awaited(request, id, wait)
        is_over = found.state not in ("waiting", "running")
        return _json(
            _inspection_json(found, self.settings),
            201 if is_over else 202,
            {"location": f"{V1}/inspections/{id}"},
        )

    async def _asked(self, request: Request) -> tuple[dict[str, Any], Kept | None]:
        """What a request asks for, as JSON, as a form with a file, or as bare bytes with a query."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        query = {k: v for k, v in request.query_params.items() if v}
        if kind in ("application/json", ""):
            return query | await asked.json_body(request), None
        if kind == "multipart/form-data":
            return await self._form(request, query)
        body = asked.Body(request)
        try:
            asked.domain(query.get("domain"))  # before 64 MiB are kept in vain
            asked.trim(query.get("trim"))
            plan = Plan.of(None, request.headers.get("content-length"))
            kept = await self._receive(request, body.pieces(), plan, None, query.get("name", ""))
        except PatinaError:
            await body.drain()
            raise
        assert isinstance(kept, Kept)
        return query, kept

    async def _form(self, request: Request, query: dict[str, Any]) -> tuple[dict[str, Any], Kept | None]:
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) > photos.MAX_BYTES + asked.FORM_BYTES:
            await asked.Body(request).drain()
            raise too_large()
        limited = Request(request.scope, asked.limited(request.receive, photos.MAX_BYTES + asked.FORM_BYTES))
        try:
            form = await limited.form(max_files=1, max_fields=20, max_part_size=asked.FORM_BYTES)
        except MultiPartException as error:
            raise PatinaError(f"The form cannot be read: {error.message}") from error
        async with aclosing(_Closing(form)):
            fields = {k: v for k, v in form.items() if isinstance(v, str) and v}
            file = next((v for v in form.values() if isinstance(v, UploadFile)), None)
            if file is None:
                return query | fields, None
            asked.domain((query | fields).get("domain"))  # what cannot be asked leaves no photo behind
            asked.trim((query | fields).get("trim"))
            kept = await self._receive(
                request, _read(file), Plan(0, file.size), None, str(fields.get("name") or file.filename or "")
            )
            assert isinstance(kept, Kept)
            return query | fields, kept

    async def _awaited(self, request: Request, id: int, seconds: float) -> Inspection:
        """The inspection once it is answered, or as it is when the time is over or nobody listens."""
        until, pause = time.monotonic() + seconds, 0.02
        while True:
            found = await self._with_db(lambda db: inspections.get(db, id))
            left = until - time.monotonic()
            if found.state not in ("waiting", "running") or left <= 0 or await request.is_disconnected():
                return found
            await asyncio.sleep(min(pause, left))
            pause = min(0.25, pause * 1.3)

    async def find(self, request: Request) -> Response:
        """Inspections, newest first, a page at a time."""
        query = request.query_params
        limit = int(asked.number(query, "limit", 60, low=1, high=MOST_ON_A_PAGE) or 60)
        before = asked.number(query, "before", None, low=0, high=2**53)
        filters: dict[str, Any] = {
            "domain": asked.domain(query["domain"]) if query.get("domain") else None,
            "since": asked.moment(query.get("since")),
            "needs_person": asked.claim(query, "needs_person"),
            "decided": asked.claim(query, "decided"),
            "text": asked.text(query, "text", 200) or None,
        } | {k: query.get(k) or None for k in ("batch", "owner", "label", "photo")}
        found = await self._with_db(
            lambda db: inspections.find(
                db, **filters, before=int(before) if before is not None else None, limit=limit + 1
            )
        )
        page, more = found[:limit], len(found) > limit
        following = None
        if more:
            url = request.url.include_query_params(before=page[-1].id)
            following = f"{url.path}?{url.query}"
        return _json({"inspections": [_inspection_json(i, self.settings) for i in page], "next": following})

    async def inspection(self, request: Request) -> Response:
        """One inspection, with every verdict it had and what people said of them."""
        id = _id(request)

        def read(db: Database) -> dict[str, Any]:
            found = _inspection_json(inspections.get(db, id), self.settings)
            past = inspections.verdicts(db, id)
            return found | {
                "verdicts": [_verdict_json(v) | {"at": _iso(at), "by": who} for at, who, v in past],
                "opinions": [dataclasses.asdict(o) | {"at": _iso(o.at)} for o in opinions.of(db, id)],
            }

        return _json(await self._with_db(read))

    async def put_scale(self, request: Request) -> Response:
        """How large a pixel of a crack photo is; its verdict is told in millimetres at once."""
        id, who = _id(request), _person(request)
        told = await asked.json_body(request)
        found = await self._with_db(lambda db: inspections.get(db, id))

        def measure() -> Scale:
            if told.get("how") != "marker":
                return asked.scale(told, found.width_px, found.height_px)
            mm = asked.number(told, "mm", None, low=1, high=1e4)
            if mm is None:
                raise PatinaError("mm is missing; give the side of the marker's black square.")
            return markers.of_photo(artifacts.read(self.settings.artifacts, found.photo), found.name, mm)

        scale = await _in_thread(measure, self.decoding)

        def keep(db: Database) -> Inspection:
            inspections.set_scale(
                db, id, scale, who=who.name, now=self.clock(), standard=standards.chosen(self.settings)
            )
            return inspections.get(db, id)

        return _json(_inspection_json(await self._with_db(keep), self.settings))

    async def cracks(self, request: Request) -> Response:
        """The cracks of the newest verdict as a drawing, a table or a mask."""
        kind = request.path_params["kind"]
        found = await self._with_db(lambda db: inspections.get(db, _id(request)))
        content = await _in_thread(lambda: drawings.drawn(self.settings, found, kind), self.decoding)
        name = f"patina-{found.id}-cracks.{kind}"
        told = {"cache-control": ASK_AGAIN, "content-disposition": f'attachment; filename="{name}"'}
        return Response(content, 200, told, drawings.KINDS[kind])

    # Files out

    async def artifact(self, request: Request) -> Response:
        """A file of the store as it is."""
        sha = asked.sha(request.path_params["sha"])

        def find() -> tuple[Path, str]:
            db = store.connect(self.settings.database)
            found = store.row(db, "select media_type from artifacts where sha256 = :sha", {"sha": sha})
            if found is None:
                raise NotFound(f"There is no file {sha[:12]}… in the store.")
            return artifacts.path(self.settings.artifacts, sha), found["media_type"]

        return await self._file(request, sha, find)

    async def thumb(self, request: Request) -> Response:
        """A small picture of a stored photo."""
        sha = asked.sha(request.path_params["sha"])
        side = pictures.side_of(int(asked.number(request.query_params, "side", 320, low=1) or 320))

        def make() -> tuple[Path, str]:
            _known(store.connect(self.settings.database), sha)
            return pictures.thumbnail(self.settings, sha, side), "image/webp"

        return await self._file(request, f"{sha}-{side}", make)

    async def overlay(self, request: Request) -> Response:
        """What the newest verdict calls crack, to be laid over the photo."""
        found = await self._with_db(lambda db: inspections.get(db, _id(request)))
        query = request.query_params
        said = found.verdict.threshold if found.verdict else None
        threshold = asked.number(query, "threshold", said, low=0, high=1)
        if found.arrays is None or found.domain != "crack" or threshold is None:
            raise NotFound(f"There is nothing to draw into the photo of inspection {found.id}.")
        wanted = asked.number(query, "side", None, low=1)
        side = pictures.side_of(int(wanted)) if wanted is not None else None
        sha = found.arrays

        def make() -> tuple[Path, str]:
            return pictures.overlay(self.settings, sha, threshold, side), "image/webp"

        return await self._file(request, f"{sha}-{threshold:g}-{side or 'full'}", make, ASK_AGAIN)

    async def map(self, request: Request) -> Response:
        """The stored crack map of the newest verdict: 8-bit grey, 255 is certain."""
        found = await self._with_db(lambda db: inspections.get(db, _id(request)))
        sha = found.arrays
        if sha is None or found.domain != "crack":
            raise NotFound(f"Inspection {found.id} has no probability map.")
        return await self._file(
            request, sha, lambda: (artifacts.path(self.settings.artifacts, sha), "image/png"), ASK_AGAIN
        )

    async def model_map(self, request: Request) -> Response:
        """The map that a model's evaluation kept for a photo."""
        told = request.path_params
        domain, id, sha = told["domain"], told["id"], asked.sha(told["sha"])

        def find() -> tuple[Path, str]:
            path = pictures.model_map(self.settings.models, domain, id, sha)
            return path, "image/png" if path.suffix == ".png" else "image/webp"

        # A model's folder never changes once it is filed; one of this name can be removed and filed anew.
        card = await _in_thread(lambda: cards.read(self.settings.models, domain, id))
        return await self._file(request, f"{sha}-{card.weights_sha256[:16]}", find, ASK_AGAIN)

    async def _file(
        self, request: Request, tag: str, make: Callable[[], tuple[Path, str]], keep: str = FOREVER
    ) -> Response:
        """The file that `make` finds or makes, unless the browser has this very one."""
        # Said to be encoded as it is, else Streamlit's gzip layer spends 100 ms on noise.
        headers = {"etag": f'"{tag}"', "cache-control": keep, "content-encoding": "identity"}
        if f'"{tag}"' in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        path, kind = await _in_thread(make, self.decoding)
        if "range" not in request.headers and path.stat().st_size <= SMALL_BYTES:
            return Response(await _in_thread(path.read_bytes), 200, headers, kind)
        return FileResponse(path, 200, headers, kind)

    async def _with_db(self, work: Callable[[Database], T]) -> T:
        """Work on the database in a thread, on that thread's own connection."""
        return await _in_thread(lambda: work(store.connect(self.settings.database)))


class _Closing:
    """A form whose files are closed at the end of `aclosing`."""

    def __init__(self, form: Any) -> None:
        self.form = form

    async def aclose(self) -> None:
        await self.form.close()


async def _in_thread(work: Callable[[], T], limiter: anyio.CapacityLimiter | None = None) -> T:
    return await anyio.to_thread.run_sync(work, limiter=limiter)


async def _read(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(2**18):
        yield piece


def _upload_word(request: Request) -> str:
    word = request.query_params.get("upload")
    if word is None:
        raise PatinaError("Say which upload: ?upload=<8 to 64 letters, digits, - or _>.")
    return word


def _person(request: Request) -> Person:
    visitor: Visitor | None = request.scope.get(WHO)
    if visitor is None:  # the gate has let nobody else this far
        raise SignInNeeded("Sign in first, or send a bearer token.")
    return visitor.person


def _sorry(error: PatinaError) -> Response:
    headers, told = {}, {}
    if isinstance(error, TooMany):
        headers["retry-after"] = str(math.ceil(error.seconds))
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    if reason := getattr(error, "reason", None):
        told["reason"] = reason
    return problem(error.status, str(error), headers, **told)


def _json(told: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    text = json.dumps(told, ensure_ascii=False, allow_nan=False)
    return Response(text, status, {"cache-control": "no-store", **(headers or {})}, "application/json")


def _kept_json(kept: Kept) -> dict[str, Any]:
    return {
        "photo": kept.sha256,
        "known": kept.known,
        "width_px": kept.width_px,
        "height_px": kept.height_px,
        "name": kept.name,
    }


def _verdict_json(verdict: Verdict) -> dict[str, Any]:
    return dataclasses.asdict(verdict) | {"figures": dict(verdict.figures)}


def _inspection_json(found: Inspection, settings: Settings) -> dict[str, Any]:
    plain = ("id", "state", "error", "photo", "name", "domain", "batch", "owner", "place", "note", "trim")
    told = {k: getattr(found, k) for k in plain} | {
        "scale_mm_per_px": found.scale_mm_per_px,
        "scale": None,
        "width_px": found.width_px,
        "height_px": found.height_px,
        "taken_at": found.taken_at,
        "created_at": _iso(found.created_at),
        "verdict": None,
        "opinion": None,
        "links": {
            "self": f"{V1}/inspections/{found.id}",
            "photo": f"{V1}/photos/{found.photo}",
            "thumb": f"{V1}/thumbs/{found.photo}",
        },
    }
    if found.verdict is not None:
        told["verdict"] = _verdict_json(found.verdict) | {
            "at": _iso(found.verdict_at or 0.0),
            "by": found.verdict_by,
            "severity": found.severity,
        }
    if found.scale is not None:
        told["scale"] = dataclasses.asdict(found.scale) | {
            "told": dict(found.scale.told),
            "by": found.scale_by or found.owner,
            "at": _iso(found.scale_at or found.created_at),
        }
    if found.opinion is not None:
        told["opinion"] = dataclasses.asdict(found.opinion) | {"at": _iso(found.opinion.at)}
    if found.verdict is not None:
        stands = found.opinion.label if found.opinion else found.verdict.label
        told["terms"] = [dataclasses.asdict(one) for one in terms.told(settings, found.domain, stands)]
    if found.arrays is not None and found.domain == "crack":
        told["links"] |= {
            "overlay": f"{V1}/overlays/{found.id}.webp",
            "map": f"{V1}/maps/{found.id}",
        } | {kind: f"{V1}/inspections/{found.id}/cracks.{kind}" for kind in drawings.KINDS}
    return told


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _known(db: Database, sha: str) -> None:
    if store.row(db, "select 1 from photos where sha256 = :sha", {"sha": sha}) is None:
        raise NotFound(f"There is no photo {sha[:12]}… in the store.")


def _id(request: Request) -> int:
    word = request.path_params["id"]
    if not (word.isascii() and word.isdecimal() and len(word) < 16):
        raise NotFound(f"There is no inspection {word[:40]!r}.")
    return int(word)
