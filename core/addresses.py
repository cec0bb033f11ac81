"""Which address leads where: each page for its roles, every other one to the page `lost`.

Left to Streamlit, an address that leads nowhere and one whose page the reader's role does not have both show
the home page under the same dialog, and a deeper one (`/rail/x`) an empty window.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import urlencode

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from core import front
from core.gate import WHO, Visitor
from core.records import Role

OTHERS: Final = ("/_stcore/", "/app/", "/component/", "/media/", "/static/", "/api/", "/healthz")
"""Addresses that are no pages: Streamlit's own files, and what is for programs."""


def routes(pages: Mapping[str, Collection[Role]]) -> list[Route]:
    """The addresses of these pages, each for its roles (`home` is the root), and last every other one."""

    def of(name: str) -> Route:
        def answer(request: Request) -> Response:
            visitor: Visitor | None = request.scope.get(WHO)
            if visitor is None or visitor.person.role not in pages[name]:
                return _lost(request)
            return HTMLResponse(front.html())

        return Route("/" if name == "home" else f"/{name}", answer, methods=["GET"])

    return [*map(of, pages), Route("/home", _home, methods=["GET"]), _Elsewhere("/{path:path}", _lost)]


class _Elsewhere(Route):
    """Every address that no page has, shown as the page `lost`; Streamlit answers for its own files."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As `Route`, for pages only."""
        is_page = (
            scope["type"] == "http"
            and scope["method"] == "GET"
            and not scope["path"].startswith(OTHERS)
            and "text/html" in Headers(scope=scope).get("accept", "")
        )
        return super().matches(scope) if is_page else (Match.NONE, {})


def _home(request: Request) -> Response:
    query = request.url.query
    return RedirectResponse(f"/?{query}" if query else "/", 303)


def _lost(request: Request) -> Response:
    return RedirectResponse(f"/lost?{urlencode({'address': request.url.path.strip('/')})}", 303)
