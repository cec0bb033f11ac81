"""The gate: one pure-ASGI layer in front of everything the server serves, websockets included.

It knows who comes (cookie or bearer token), refuses strangers, refuses writes that come from another site,
hands the script a signed word on who is there, ends open websockets when their session ends, and puts the
protecting headers on every answer.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import dataclasses
import hashlib
import json
import logging
import re
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from itsdangerous import BadData, URLSafeSerializer
from sqlite_utils import Database
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse, Response

from core import front, store
from core.errors import PatinaError, SignInNeeded
from core.people import keys, sessions, tokens
from core.people.sessions import Session
from core.records import Person, Role
from core.settings import Settings

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

HEADER = "X-Patina-Person"
"""The signed word on who is there. A client's own header of this name never gets through."""
WHO = "patina.who"
"""Where own routes find the `Visitor` in the ASGI scope, which no client can write to."""

OPEN = ("/signin", "/healthz")
"""Paths for everybody, besides one-time links: signing in, and whether the server lives."""
LINK = "/welcome/"
REST = "/api/"
"""What a bearer token opens; pages are for people with a session."""

SIGNED_OUT = 4401
LOOK_SECONDS = 0.5
"""How often open websockets are checked against the database, whoever ended the session."""

NOTE_SECONDS = 60.0
"""The use of a token is noted at most so often."""

log = logging.getLogger("patina.gate")


@dataclass(frozen=True)
class Visitor:
    """Who is behind a request: a person, and the session when it is a browser rather than a program."""

    person: Person
    session: Session | None = None


@dataclass(eq=False)
class _Socket:
    """An open websocket: with which role it began, and whether it has to end."""

    role: str
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class Gate:
    """ASGI middleware. `farewell` is what a websocket is sent before it is closed, so that the tab leaves."""

    def __init__(
        self,
        app: App,
        settings: Settings,
        farewell: bytes = b"",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.app = app
        self.settings = settings
        self.farewell = farewell
        self.clock = clock
        self.cookie = keys.cookie_name(settings.data)
        self.headers = _page_headers()
        self.sockets: dict[str, set[_Socket]] = {}
        self.watch: asyncio.Task[None] | None = None
        self.used: dict[str, float] = {}
        """When the use of a token was last noted, by its hash."""
        self.notes: set[asyncio.Future[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let in, or answer in place of the app."""
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        send = self._protected(scope, send)
        try:
            visitor = self._visitor(scope, headers)
            if visitor is None and not _is_open(scope["path"]):
                return await self._refuse(scope, receive, send, headers)
            if visitor is not None and visitor.session is not None and _is_foreign_write(scope, headers):
                return await problem(403, "This request came from another site and was not carried out.")(
                    scope, receive, send
                )
        except PatinaError as error:
            return await self._sorry(scope, receive, send, error)
        scope = self._handed_on(scope, visitor)
        if scope["type"] == "websocket" and visitor is not None and visitor.session is not None:
            return await self._guard(scope, receive, send, visitor.session)
        await self.app(scope, receive, send)
        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD"):
            await self.look()  # whoever signs out sees the other tabs leave at once

    async def look(self) -> None:
        """Close the websockets whose session has ended, or whose person has another role by now."""
        asked = [(hashed, socket) for hashed, sockets in self.sockets.items() for socket in sockets]
        if not asked:
            return
        alive = await run_in_threadpool(self._live, sorted({hashed for hashed, _ in asked}))
        for hashed, socket in asked:  # one that came meanwhile is looked at next time
            if alive.get(hashed) != socket.role:
                socket.ended.set()

    def _visitor(self, scope: Scope, headers: Headers) -> Visitor | None:
        """Who comes; None for a stranger. A wrong token is refused even when a cookie would do."""
        db = store.connect(self.settings.database)
        now = self.clock()
        kind, _, secret = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            if not scope["path"].startswith((REST, "/healthz")) or scope["type"] != "http":
                raise SignInNeeded("A token opens /api/ only; sign in to see the pages.")
            person = tokens.owner(db, secret.strip(), now)
            if person is None:
                raise SignInNeeded("This token is unknown, revoked or too old; make a new one in Admin.")
            hashed = keys.secret_hash(secret.strip())
            if now - self.used.get(hashed, 0.0) > NOTE_SECONDS:
                self.used[hashed] = now
                self._later(lambda db: tokens.note_use(db, secret.strip(), now))
            return Visitor(person)
        signed = cookie_parser(headers.get("cookie", "")).get(self.cookie)
        if not signed:
            return None
        try:
            secret = read_cookie(self.settings.data, signed)
        except BadData:
            return None
        session = sessions.session(db, secret, now)
        return Visitor(session.person, session) if session else None

    def _handed_on(self, scope: Scope, visitor: Visitor | None) -> Scope:
        """The scope without anything the client says of itself, with what we know."""
        name = HEADER.lower().encode()
        kept = [(k, v) for k, v in scope["headers"] if k.lower() != name]
        if visitor is not None and visitor.session is not None:
            kept.append((name, sign(self.settings.data, visitor.session).encode()))
        return dict(scope, headers=kept) | {WHO: visitor}

    async def _guard(self, scope: Scope, receive: Receive, send: Send, session: Session) -> None:
        """A websocket that lives no longer than its session."""
        socket = _Socket(session.person.role)
        self.sockets.setdefault(session.hash, set()).add(socket)
        if self.watch is None or self.watch.done():
            self.watch = asyncio.create_task(self._watch(), name="patina-gate-watch")
        ended = asyncio.ensure_future(socket.ended.wait())
        is_over = False

        async def hear() -> Message:
            nonlocal is_over
            if is_over:
                return {"type": "websocket.disconnect", "code": SIGNED_OUT}
            coming = asyncio.ensure_future(receive())
            rest = max(0.0, session.expires_at - self.clock())
            await asyncio.wait({coming, ended}, timeout=rest, return_when=asyncio.FIRST_COMPLETED)
            if coming.done() and not ended.done():
                return coming.result()
            coming.cancel()
            is_over = True
            # The tab may be gone by itself in this very moment.
            with contextlib.suppress(Exception):
                if self.farewell:
                    await send({"type": "websocket.send", "bytes": self.farewell})
                await send({"type": "websocket.close", "code": SIGNED_OUT, "reason": "signed out"})
            return {"type": "websocket.disconnect", "code": SIGNED_OUT}

        async def say(message: Message) -> None:
            if not is_over:
                await send(message)

        try:
            self._later(lambda db: sessions.seen(db, session.person.id, self.clock()))
            await self.app(scope, hear, say)
        finally:
            ended.cancel()
            mates = self.sockets.get(session.hash, set())
            mates.discard(socket)
            if not mates:
                self.sockets.pop(session.hash, None)

    async def _watch(self) -> None:
        """Look at the open websockets as long as there are any."""
        while self.sockets:
            try:
                await self.look()
            except Exception:  # a locked database must not leave the sockets unwatched for ever
                log.exception("could not check the open websockets")
            await asyncio.sleep(LOOK_SECONDS)

    def _live(self, hashes: list[str]) -> dict[str, Role]:
        return sessions.live(store.connect(self.settings.database), hashes, self.clock())

    def _later(self, note: Callable[[Database], None]) -> None:
        """Write a note that nobody has to wait for, not even while another process writes."""

        def written() -> None:
            try:
                note(store.connect(self.settings.database))
            except sqlite3.OperationalError as error:
                log.warning("a note was left out: %s", error)

        task = asyncio.ensure_future(run_in_threadpool(written))
        self.notes.add(task)  # the loop itself holds tasks only weakly
        task.add_done_callback(self.notes.discard)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        if (
            scope["type"] == "http"
            and scope["method"] in ("GET", "HEAD")
            and not scope["path"].startswith(REST)
            and "text/html" in headers.get("accept", "")
        ):
            query = scope.get("query_string", b"").decode("latin-1")
            wanted = quote(scope["path"]) + (f"?{query}" if query else "")
            there = "/signin" if wanted == "/" else f"/signin?next={quote(wanted, safe='')}"
            return await RedirectResponse(there, 303)(scope, receive, send)
        await self._sorry(scope, receive, send, SignInNeeded("Sign in first, or send a bearer token."))

    async def _sorry(self, scope: Scope, receive: Receive, send: Send, error: PatinaError) -> None:
        if scope["type"] == "websocket":
            await receive()
            return await send({"type": "websocket.close", "code": SIGNED_OUT})
        extra = {"www-authenticate": "Bearer"} if error.status == 401 else {}
        await problem(error.status, str(error), extra)(scope, receive, send)

    def _protected(self, scope: Scope, send: Send) -> Send:
        """`send` with our headers on every answer; a route's own header of the same name stays."""
        is_rest = scope["path"].startswith(REST)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                have = {k.lower() for k, _ in message["headers"]}
                ours = dict(self.headers)
                if is_rest:
                    ours[b"content-security-policy"] = b"default-src 'none'; frame-ancestors 'none'; sandbox"
                kind = next((v for k, v in message["headers"] if k.lower() == b"content-type"), b"")
                told = list(message["headers"])
                if kind.startswith(b"text/html"):
                    told = [(k, v) for k, v in told if k.lower() != b"cache-control"]
                    have.discard(b"cache-control")
                    ours[b"cache-control"] = b"no-store"
                told += [(k, v) for k, v in ours.items() if k not in have]
                message = dict(message, headers=told)
            await send(message)

        return guarded


# The word on who is there


def sign(data: Path, session: Session) -> str:
    """The value of `HEADER` for a session, as the gate hands it on."""
    person = dataclasses.asdict(session.person)
    return _signer(data, "person").dumps(  # type: ignore[no-any-return]
        {"person": person, "session": session.hash, "until": session.expires_at}
    )


def verify(data: Path, value: str, now: float) -> Session | None:
    """The session that a header's value names, None unless our gate signed it and its time is not over.

    It was true when the websocket opened; whoever is about to show or write something asks
    `sessions.session_of_hash` as well.
    """
    try:
        told = _signer(data, "person").loads(value)
        session = Session(told["session"], Person(**told["person"]), float(told["until"]))
    except (BadData, KeyError, TypeError, ValueError):
        return None
    return session if session.expires_at > now else None


def write_cookie(response: Response, data: Path, secret: str, *, is_https: bool) -> None:
    """Hand a new session's secret to the browser."""
    response.set_cookie(
        keys.cookie_name(data),
        _signer(data, "cookie").dumps(secret),
        max_age=int(sessions.SESSION_SECONDS),
        path="/",
        httponly=True,
        samesite="lax",
        secure=is_https,
    )


def cookie(data: Path, secret: str) -> dict[str, str]:
    """The cookie of a session as a client sends it; for tests and screenshots."""
    return {keys.cookie_name(data): str(_signer(data, "cookie").dumps(secret))}


def read_cookie(data: Path, value: str) -> str:
    """The secret in a cookie; `itsdangerous.BadData` when we did not sign it."""
    told = _signer(data, "cookie").loads(value)
    return str(told)


def _signer(data: Path, what: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        keys.key(data),
        salt=f"patina {what}",
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )


# Who may write


_ONE_LINK = re.compile(re.escape(LINK) + r"[A-Za-z0-9_-]{20,100}")


def _is_open(path: str) -> bool:
    return path in OPEN or _ONE_LINK.fullmatch(path) is not None


def _is_foreign_write(scope: Scope, headers: Headers) -> bool:
    """True for a change asked for by a page of another site (it would carry our cookie)."""
    if scope["type"] == "http" and scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return False
    return not is_ours(scope, headers)


def is_ours(scope: Mapping[str, Any], headers: Headers) -> bool:
    """True when Origin, or else Referer, names the host that was asked. Browsers send one of them."""
    said = headers.get("origin") or headers.get("referer")
    if not said:
        return headers.get("sec-fetch-site") in ("same-origin", "none")
    scheme = {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"])
    try:
        there, here = urlsplit(said), urlsplit(f"{scheme}://{headers.get('host', '')}")
        return (
            there.scheme in ("http", "https")
            and bool(there.hostname)
            and there.hostname == here.hostname
            and _port(there.port, there.scheme) == _port(here.port, scheme if here.port else there.scheme)
        )
    except ValueError:  # a port that is no number
        return False


def _port(port: int | None, scheme: str) -> int:
    return port if port is not None else {"https": 443}.get(scheme, 80)


# What every answer carries


def _page_headers() -> dict[bytes, bytes]:
    """Headers for the pages; the policy allows exactly the inline scripts that Streamlit's page has."""
    scripts = " ".join(f"'sha256-{h}'" for h in _inline_scripts(front.html()))
    policy = (
        "default-src 'self'; "
        # blob: is how Streamlit loads elements that are given to it as text (pages/parts/components)
        f"script-src 'self' blob: {scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
        "media-src 'self' blob:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'; "
        "form-action 'self'"
    )
    return {
        b"content-security-policy": policy.encode(),
        b"x-content-type-options": b"nosniff",
        b"x-frame-options": b"DENY",
        b"referrer-policy": b"same-origin",
        b"cross-origin-opener-policy": b"same-origin",
        b"cross-origin-resource-policy": b"same-origin",
        b"permissions-policy": b"camera=(self), geolocation=(self), microphone=(), payment=(), usb=()",
    }


def _inline_scripts(html: str) -> list[str]:
    """The sha256 of each inline script of a page, in base64, as a policy names it."""
    bodies = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", html, re.DOTALL)
    return [base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() for body in bodies]


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None, **told: object) -> Response:
    """An error as RFC 9457 writes it; `detail` is the sentence for a person, `told` goes beside it."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **told,
    }
    return Response(
        json.dumps(body, ensure_ascii=False),
        status,
        {"cache-control": "no-store", **(headers or {})},
        media_type="application/problem+json",
    )
