"""Photos and archives in: whole, or in parts that go on where they broke off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from core import archives, pictures, store, stored_photos
from core.errors import NotFound, PatinaError
from core.rest import answers, asked
from core.rest.answers import V1, in_json
from core.rest.context import Context, in_thread, person
from core.uploads import NAME, Kept, Plan


class Uploading:
    """The handlers of `/photos/{name}` and `/archives`."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.settings = context.settings
        self.uploads = context.uploads

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
            kept = await self.receive(request, body.pieces(), plan, word, request.scope.get(NAME, ""))
        except PatinaError:
            await body.drain()
            raise
        if isinstance(kept, int):
            told = {"received": kept, "total": plan.total}
            return in_json(told, 202, {"upload-offset": str(kept)})
        return in_json(
            answers.photo(kept), 200 if kept.known else 201, {"location": f"{V1}/photos/{kept.sha256}"}
        )

    async def drop(self, request: Request) -> Response:
        """Give up an unfinished upload."""
        word = request.query_params.get("upload")
        if word is None:
            raise PatinaError(
                "Say which unfinished upload: ?upload=<its word>. Stored photos are not deleted."
            )
        await in_thread(lambda: self.uploads.forget(person(request), word))
        return Response(status_code=204)

    async def get_photo(self, request: Request) -> Response:
        """A stored photo, upright, for a browser; with `?upload=` how far an upload came."""
        word = request.query_params.get("upload")
        if word is not None:
            received = await in_thread(lambda: self.uploads.received(person(request), word))
            return in_json({"received": received}, headers={"upload-offset": str(received)})
        sha = asked.sha(request.scope.get(NAME, ""))

        def make() -> tuple[Path, str]:
            stored_photos.require(store.connect(self.settings.database), sha)
            return pictures.upright(self.settings, sha)

        return await self.context.file(request, f"{sha}-upright", make)

    async def put_archive(self, request: Request) -> Response:
        """A zip of photos, or a part of one, for an engineer to import on the Data page."""
        who, body = person(request), asked.Body(request)
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
            received = await in_thread(lambda: self.uploads.flush(place))
        except PatinaError:
            await body.drain()
            raise
        told = {"received": received, "total": plan.total or received}
        return in_json(told, 202 if received < told["total"] else 201, {"upload-offset": str(received)})

    async def get_archive(self, request: Request) -> Response:
        """How far the upload of a zip came; 0 when nothing of it has."""
        who, word = person(request), _upload_word(request)
        who.require("engineer")

        def far() -> int:
            try:
                return self.uploads.received(who, word)
            except NotFound:
                return 0

        received = await in_thread(far)
        return in_json({"received": received}, headers={"upload-offset": str(received)})

    async def receive(
        self, request: Request, stream: AsyncIterator[bytes], plan: Plan, word: str | None, name: str
    ) -> Kept | int:
        """Stream to disk; the photo when it is whole, else how many bytes of it are here."""
        who = person(request)
        place = self.uploads.place(who, word)
        try:
            received = await self.uploads.receive(place, plan, stream)
            if plan.total is not None and received < plan.total:
                return await in_thread(lambda: self.uploads.flush(place))

            whole = await self.uploads.taken(place, received)

            def keep() -> Kept:
                db = store.connect(self.settings.database)
                return self.uploads.keep(db, whole, name, who=who, now=self.context.clock())

            try:
                return await self.context.decoding(keep)
            except BaseException:
                self.uploads.put_back(whole, place)
                raise
        except BaseException:
            if word is None:
                place.unlink(missing_ok=True)
            raise


def _upload_word(request: Request) -> str:
    word = request.query_params.get("upload")
    if word is None:
        raise PatinaError("Say which upload: ?upload=<8 to 64 letters, digits, - or _>.")
    return word
