"""Pictures out: stored files as they are, thumbnails, and what was seen in a photo."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from core import artifacts, cards, inspections, pictures, store, stored_photos
from core.errors import NotFound
from core.measuring import certainty, drawings
from core.rest import asked
from core.rest.context import ASK_AGAIN, Context, in_thread, inspection_id


class Showing:
    """The handlers of `/artifacts`, `/thumbs`, `/overlays` and `/maps`."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.settings = context.settings

    async def artifact(self, request: Request) -> Response:
        """A file of the store as it is."""
        sha = asked.sha(request.path_params["sha"])

        def find() -> tuple[Path, str]:
            db = store.connect(self.settings.database)
            kind = artifacts.media_type(db, sha)
            return artifacts.path(self.settings.artifacts, sha), kind

        return await self.context.file(request, sha, find)

    async def thumb(self, request: Request) -> Response:
        """A small picture of a stored photo."""
        sha = asked.sha(request.path_params["sha"])
        side = pictures.side_of(int(asked.number(request.query_params, "side", 320, low=1) or 320))

        def make() -> tuple[Path, str]:
            stored_photos.require(store.connect(self.settings.database), sha)
            return pictures.thumbnail(self.settings, sha, side), "image/webp"

        return await self.context.file(request, f"{sha}-{side}", make)

    async def overlay(self, request: Request) -> Response:
        """What the newest verdict calls crack, to be laid over the photo."""
        found = await self.context.with_db(lambda db: inspections.get(db, inspection_id(request)))
        query = request.query_params
        said = found.verdict.threshold if found.verdict else None
        threshold = asked.number(query, "threshold", said, low=0, high=1)
        if found.arrays is None or found.domain != "crack" or threshold is None:
            raise NotFound(f"There is nothing to draw into the photo of inspection {found.id}.")
        wanted = asked.number(query, "side", None, low=1)
        side = pictures.side_of(int(wanted)) if wanted is not None else None
        sha = found.arrays

        card = await in_thread(lambda: drawings.card_of(self.settings, found))
        smallest_px = certainty.smallest_of(card)

        def make() -> tuple[Path, str]:
            return pictures.overlay(self.settings, sha, threshold, side, smallest_px), "image/webp"

        tag = f"{sha}-{threshold:g}-{smallest_px:g}-{side or 'full'}"
        return await self.context.file(request, tag, make, ASK_AGAIN)

    async def map(self, request: Request) -> Response:
        """The stored crack map of the newest verdict: 8-bit grey, 255 is certain."""
        found = await self.context.with_db(lambda db: inspections.get(db, inspection_id(request)))
        sha = found.arrays
        if sha is None or found.domain != "crack":
            raise NotFound(f"Inspection {found.id} has no probability map.")
        return await self.context.file(
            request,
            sha,
            lambda: (artifacts.path(self.settings.artifacts, sha), "image/png"),
            ASK_AGAIN,
        )

    async def model_map(self, request: Request) -> Response:
        """The map that a model's evaluation kept for a photo."""
        told = request.path_params
        domain, id, sha = told["domain"], told["id"], asked.sha(told["sha"])

        def find() -> tuple[Path, str]:
            path = pictures.model_map(self.settings.models, domain, id, sha)
            return path, "image/png" if path.suffix == ".png" else "image/webp"

        # A model's folder never changes once it is filed; one of this name can be removed and filed anew.
        card = await in_thread(lambda: cards.read(self.settings.models, domain, id))
        return await self.context.file(request, f"{sha}-{card.weights_sha256[:16]}", find, ASK_AGAIN)

    async def trial_map(self, request: Request) -> Response:
        """The same of one training of a sweep."""
        told = request.path_params
        run, sha = told["run"], asked.sha(told["sha"])
        if not told["trial"].isdecimal() or len(told["trial"]) > 6:
            raise NotFound(f"Trainings of a sweep are numbered; there is no {told['trial'][:20]!r}.")

        def find() -> tuple[Path, str]:
            path = pictures.trial_map(self.settings.runs, run, int(told["trial"]), sha)
            return path, "image/png" if path.suffix == ".png" else "image/webp"

        return await self.context.file(request, f"{run}-{told['trial']}-{sha}", find, ASK_AGAIN)
