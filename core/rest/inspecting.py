"""Inspections: asked for, waited for, found, given a scale."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlite_utils import Database
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import Response

from core import artifacts, asking, in_force, inspections, opinions, photos
from core.errors import NotFound, PatinaError
from core.inspections import Inspection
from core.measuring import drawings, sources
from core.measuring.scales import Scale
from core.rest import answers, asked
from core.rest.answers import V1, in_json, iso
from core.rest.context import ASK_AGAIN, Context, inspection_id, person
from core.rest.uploading import Uploading
from core.uploads import Kept, Plan, n_bytes, too_large

LONGEST_WAIT_SECONDS = 30.0
MOST_ON_A_PAGE = 200
MOST_IN_A_FORM_BYTES = photos.MAX_BYTES + asked.FORM_BYTES


class Inspecting:
    """The handlers of `/inspections`."""

    def __init__(self, context: Context, uploading: Uploading) -> None:
        self.context = context
        self.settings = context.settings
        self.uploading = uploading

    async def ask(self, request: Request) -> Response:
        """A verdict asked for, on a stored photo or on one that comes along; waits for it a while."""
        told, kept = await self._asked(request)
        wanted = _wanted(told, kept, owner=person(request).name, now=self.context.clock())
        wait = asked.number(told, "wait", LONGEST_WAIT_SECONDS, low=0) or 0.0
        id = await self.context.with_db(lambda db: asking.ask(db, **wanted, wake=self.settings.wake))
        found = await self._awaited(request, id, min(wait, LONGEST_WAIT_SECONDS))
        is_over = found.state not in ("waiting", "running")
        return in_json(
            answers.inspection(found, self.settings),
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
            _refuse_early(query)
            plan = Plan.of(None, request.headers.get("content-length"))
            kept = await self.uploading.receive(request, body.pieces(), plan, None, query.get("name", ""))
        except PatinaError:
            await body.drain()
            raise
        assert isinstance(kept, Kept)
        return query, kept

    async def _form(self, request: Request, query: dict[str, Any]) -> tuple[dict[str, Any], Kept | None]:
        """The fields of a form over those of the query, and the photo where the form brings one."""
        length = request.headers.get("content-length", "")
        if length.isdecimal() and n_bytes(length) > MOST_IN_A_FORM_BYTES:
            await asked.Body(request).drain()
            raise too_large()
        limited = Request(request.scope, asked.limited(request.receive, MOST_IN_A_FORM_BYTES))
        try:
            form = await limited.form(max_files=1, max_fields=20, max_part_size=asked.FORM_BYTES)
        except MultiPartException as error:
            raise PatinaError(f"The form cannot be read: {error.message}") from error
        except HTTPException as error:  # what starlette makes of the above inside an app
            raise PatinaError(f"The form cannot be read: {error.detail}") from error
        try:
            told = query | {k: v for k, v in form.items() if isinstance(v, str) and v}
            file = next((v for v in form.values() if isinstance(v, UploadFile)), None)
            if file is None:
                return told, None
            _refuse_early(told)
            name = str(told.get("name") or file.filename or "")
            kept = await self.uploading.receive(request, _pieces(file), Plan(0, file.size), None, name)
            assert isinstance(kept, Kept)
            return told, kept
        finally:
            await form.close()

    async def _awaited(self, request: Request, id: int, seconds: float) -> Inspection:
        """The inspection once it is answered, or as it is when the time is over or nobody listens."""
        until, pause = time.monotonic() + seconds, 0.02
        while True:
            found = await self.context.with_db(lambda db: inspections.get(db, id))
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
        found = await self.context.with_db(
            lambda db: inspections.find(
                db, **filters, before=int(before) if before is not None else None, limit=limit + 1
            )
        )
        page, more = found[:limit], len(found) > limit
        following = None
        if more:
            url = request.url.include_query_params(before=page[-1].id)
            following = f"{url.path}?{url.query}"
        return in_json(
            {"inspections": [answers.inspection(i, self.settings) for i in page], "next": following}
        )

    async def inspection(self, request: Request) -> Response:
        """One inspection, with every verdict it had and what people said of them."""
        id = inspection_id(request)

        def read(db: Database) -> dict[str, Any]:
            found = answers.inspection(inspections.get(db, id), self.settings)
            past = inspections.verdicts(db, id)
            return found | {
                "verdicts": [answers.verdict(v) | {"at": iso(at), "by": who} for at, who, v in past],
                "opinions": [dataclasses.asdict(o) | {"at": iso(o.at)} for o in opinions.of(db, id)],
            }

        return in_json(await self.context.with_db(read))

    async def put_scale(self, request: Request) -> Response:
        """How large a pixel of a crack photo is; its verdict is told in millimetres at once."""
        id, who = inspection_id(request), person(request)
        told = await asked.json_body(request)
        found = await self.context.with_db(lambda db: inspections.get(db, id))

        way = asked.scale(told)

        def measure() -> Scale:
            is_read = way["how"] in ("marker", "distance")  # a marker or the lens is looked for in the photo
            photo = artifacts.read(self.settings.artifacts, found.photo) if is_read else b""
            return sources.of_photo(way, photo, found.name, (found.width_px, found.height_px))

        scale = await self.context.decoding(measure)

        def keep(db: Database) -> Inspection:
            asking.set_scale(
                db,
                id,
                scale,
                who=who.name,
                now=self.context.clock(),
                standard=in_force.standard(self.settings),
            )
            return inspections.get(db, id)

        return in_json(answers.inspection(await self.context.with_db(keep), self.settings))

    async def cracks(self, request: Request) -> Response:
        """The cracks of the newest verdict as a drawing, a table or a mask."""
        kind = request.path_params["kind"]
        found = await self.context.with_db(lambda db: inspections.get(db, inspection_id(request)))
        content = await self.context.decoding(lambda: drawings.drawn(self.settings, found, kind))
        name = f"patina-{found.id}-cracks.{kind}"
        told = {"cache-control": ASK_AGAIN, "content-disposition": f'attachment; filename="{name}"'}
        return Response(content, 200, told, drawings.KINDS[kind])


def _wanted(told: Mapping[str, Any], kept: Kept | None, *, owner: str, now: float) -> dict[str, Any]:
    """What `asking.ask` takes, from the words of a request; `PatinaError` for what does not fit."""
    sha, name = (kept.sha256, kept.name) if kept else (str(told.get("photo", "")), told.get("name"))
    if not sha:
        raise PatinaError("There is no photo: give its sha256 as `photo`, or send the photo itself.")
    if not artifacts.is_sha256(sha):
        raise NotFound("A photo is named by its sha256, 64 hex digits in lower case; upload it first.")
    batch = asked.text(told, "batch", 200)
    return {
        "photo": sha,
        "domain": asked.domain(told.get("domain")),
        "owner": owner,
        "now": now,
        "batch": batch or f"{datetime.fromtimestamp(now, UTC):%Y%m%d}-{owner}-rest",
        "name": photos.safe_name(str(name)) if name else "",
        "trim": asked.trim(told.get("trim")),
        "scale_mm_per_px": asked.number(told, "scale_mm_per_px", None, low=1e-6, high=1e3),
        "marker_mm": asked.number(told, "marker_mm", None, low=1, high=1e4),
        "place": asked.text(told, "place", 200),
    }


def _refuse_early(told: Mapping[str, Any]) -> None:
    """Before 64 MiB are kept in vain: what cannot be asked for leaves no photo behind."""
    asked.domain(told.get("domain"))
    asked.trim(told.get("trim"))


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(2**18):
        yield piece
