"""The pages in front of the app: sign in, set a password, change it, sign out; rendered here, no script.

They work before anything else does: one style sheet inside, the logo inline, nothing fetched.
"""

from __future__ import annotations

import base64
import hashlib
import html
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar
from urllib.parse import parse_qs, quote

from sqlite_utils import Database
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from core import store
from core.errors import Forbidden, PatinaError, SignInNeeded, TooMany
from core.gate import LINK, WHO, Visitor, is_ours, write_cookie
from core.people import invitations, keys, passwords, sessions
from core.settings import ROOT, Settings

MOST_BYTES = 16_384
"""Of a form; a password has at most 1,024 letters."""

Words = Mapping[str, str]
T = TypeVar("T")


def routes(settings: Settings, clock: Callable[[], float] = time.time) -> list[Route]:
    """The routes of these pages."""
    pages = _Pages(settings, clock)
    both = ["GET", "POST"]
    return [
        Route("/signin", pages.signin, methods=both),
        Route(LINK + "{secret}", pages.welcome, methods=both),
        Route("/password", pages.password, methods=both),
        Route("/signout", pages.signout, methods=both),
    ]


def link_path(secret: str) -> str:
    """The path of a one-time sign-in link; put the server's address before it."""
    return LINK + secret


def safe_next(wanted: str | None) -> str:
    """A path on this server to go to after signing in, "/" for anything else."""
    if not wanted or not wanted.startswith("/") or wanted.startswith(("//", "/signin", "/signout", LINK)):
        return "/"
    if "\\" in wanted or any(ord(c) < 33 or ord(c) == 127 for c in wanted):
        return "/"
    return wanted


def words(accept_language: str | None) -> Words:
    """These pages' words in the first language of the browser that we speak, else in English."""
    wanted = []
    for position, part in enumerate((accept_language or "").split(",")):
        tag, _, weight = part.partition(";q=")
        try:
            share = float(weight) if weight else 1.0
        except ValueError:
            share = 0.0
        if share > 0:
            wanted.append((-share, position, tag.strip().split("-")[0].lower()))
    for _, _, tongue in sorted(wanted):
        if tongue in WORDS:
            return WORDS[tongue]
    return WORDS["en"]


@dataclass(frozen=True)
class _Pages:
    settings: Settings
    clock: Callable[[], float]

    async def signin(self, request: Request) -> Response:
        """Name and password; after it where the person wanted to go."""
        told = _told(request)
        visitor: Visitor | None = request.scope.get(WHO)
        if request.method != "POST":
            wanted = safe_next(request.query_params.get("next"))
            if visitor is not None and visitor.session is not None:
                return RedirectResponse(wanted, 303)
            note = told["ended"] if "ended" in request.query_params else ""
            return _page(told, told["sign in"], _signin_form(told, wanted, note=note))
        form: dict[str, str] = {}
        try:
            form = await _form(request)
            wanted, name, password = (
                safe_next(form.get("next")),
                form.get("name", ""),
                form.get("password", ""),
            )
            address = request.client.host if request.client else ""
            secret, _ = await self._in_thread(
                lambda db, now: sessions.sign_in(db, name, password, address=address, now=now)
            )
        except PatinaError as error:
            body = _signin_form(told, safe_next(form.get("next")), form.get("name", ""), _said(told, error))
            return _sorry(told, told["sign in"], body, error)
        return self._in(request, secret, wanted)

    async def welcome(self, request: Request) -> Response:
        """A one-time link: looking at it changes nothing, sending a password uses it up."""
        told = _told(request)
        link = str(request.path_params["secret"])
        try:
            person = await self._in_thread(lambda db, now: invitations.linked(db, link, now))
        except SignInNeeded:
            return _page(told, told["link"], _wrong(told["used"]) + _button(told["sign in"], "/signin"), 410)
        action, title = LINK + quote(link, safe=""), told["welcome"].format(name=person.name)
        if request.method != "POST":
            return _page(told, title, _password_form(told, action, person.name))
        try:
            form = await _form(request)
            password = _same(told, form)
            secret, _ = await self._in_thread(
                lambda db, now: invitations.use_link(db, link, password, now=now)
            )
        except PatinaError as error:
            body = _password_form(told, action, person.name, _said(told, error))
            return _sorry(told, title, body, error)
        return self._in(request, secret, "/")

    async def password(self, request: Request) -> Response:
        """Change one's own password; the gate lets nobody here without a session."""
        told = _told(request)
        session = _session(request)
        by, title = session.person, told["change"]
        if request.method != "POST":
            body = _password_form(told, "/password", by.name, ask_old=True) + _back(told)
            return _page(told, title, body)
        try:
            form = await _form(request)
            old, new = form.get("old", ""), _same(told, form)
            address = request.client.host if request.client else ""

            def change(db: Database, now: float) -> None:
                sessions.change_password(db, by, old, new, address=address, now=now)
                sessions.end_others(db, by, session.hash, now)

            await self._in_thread(change)
        except PatinaError as error:
            said = told["old wrong"] if isinstance(error, SignInNeeded) else _said(told, error)
            body = _password_form(told, "/password", by.name, said, ask_old=True) + _back(told)
            return _sorry(told, title, body, error)
        note = f'<p class="note" role="status">{html.escape(told["changed"])}</p>'
        return _page(told, title, note + _button(told["go on"], "/"))

    async def signout(self, request: Request) -> Response:
        """Asks on GET, ends the session on POST; the gate then closes the open tabs."""
        told = _told(request)
        session = _session(request)
        if request.method != "POST":
            button = f"<button>{html.escape(told['sign out'])}</button>"
            ask = f'<form method="post" action="/signout">{button}</form>'
            return _page(told, told["sign out?"], ask + _back(told))
        await self._in_thread(lambda db, now: sessions.sign_out(db, session.hash, now=now))
        response = RedirectResponse("/signin?ended=1", 303)
        response.delete_cookie(keys.cookie_name(self.settings.data), path="/")
        return response

    async def _in_thread(self, work: Callable[[Database, float], T]) -> T:
        """Database and Argon2 away from the event loop, on that thread's own connection."""
        return await run_in_threadpool(lambda: work(store.connect(self.settings.database), self.clock()))

    def _in(self, request: Request, secret: str, wanted: str) -> Response:
        response = RedirectResponse(wanted, 303)
        write_cookie(response, self.settings.data, secret, is_https=request.url.scheme == "https")
        return response


def _told(request: Request) -> Words:
    return words(request.headers.get("accept-language"))


def _session(request: Request) -> sessions.Session:
    visitor: Visitor | None = request.scope.get(WHO)
    if visitor is None or visitor.session is None:
        raise SignInNeeded("Sign in first.")
    return visitor.session


async def _form(request: Request) -> dict[str, str]:
    """The fields of a small form; refuses one that another site sent."""
    if not is_ours(request.scope, request.headers):
        raise Forbidden("This form came from another site; open it here and try again.")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise PatinaError("This form is too long.")
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=8)
    except ValueError as error:  # a UnicodeDecodeError is one
        raise PatinaError("This form cannot be read; open it again.") from error
    return {name: values[0] for name, values in fields.items()}


def _same(told: Words, form: Mapping[str, str]) -> str:
    new = form.get("new", "")
    if new != form.get("again", ""):
        raise PatinaError(told["differ"])
    return new


def _said(told: Words, error: PatinaError) -> str:
    """An error in the words of the page; core itself speaks English."""
    if isinstance(error, TooMany):
        return told["wait"].format(minutes=math.ceil(error.seconds / 60))
    if isinstance(error, SignInNeeded):
        return told["wrong"]
    return str(error) if told is WORDS["en"] or str(error) == told["differ"] else told["rules"]


def _sorry(told: Words, title: str, body: str, error: PatinaError) -> Response:
    response = _page(told, title, body, error.status)
    if isinstance(error, TooMany):
        response.headers["retry-after"] = str(math.ceil(error.seconds))
    return response


def _page(told: Words, title: str, body: str, status: int = 200) -> Response:
    text = f"""<!doctype html>
<html lang="{told["lang"]}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="robots" content="noindex">
<title>{html.escape(title)} – Patina</title>
<link rel="icon" href="data:image/svg+xml;base64,{base64.b64encode(_MARK.encode()).decode()}">
<style>{_LOOK}</style></head>
<body><main><header>{_MARK}<p>Patina</p></header>
<h1>{html.escape(title)}</h1>
{body}
</main></body></html>"""
    return Response(text, status, {"content-security-policy": _POLICY}, media_type="text/html")


def _signin_form(told: Words, wanted: str, name: str = "", wrong: str = "", note: str = "") -> str:
    first, second = ("", " autofocus") if name else (" autofocus", "")
    return f"""{_wrong(wrong)}{f'<p class="note" role="status">{html.escape(note)}</p>' if note else ""}
<form method="post" action="/signin"><input type="hidden" name="next" value="{html.escape(wanted)}">
<label>{html.escape(told["name"])}
<input name="name" value="{html.escape(name)}" autocomplete="username" autocapitalize="none"
 spellcheck="false" maxlength="200" required{first}></label>
<label>{html.escape(told["password"])}
<input name="password" type="password" autocomplete="current-password" maxlength="1024"
 required{second}></label>
<button>{html.escape(told["sign in"])}</button></form>
<p class="small">{html.escape(told["forgot"])}</p>"""


def _password_form(told: Words, action: str, name: str, wrong: str = "", *, ask_old: bool = False) -> str:
    old = (
        f"""<label>{html.escape(told["old"])}
<input name="old" type="password" autocomplete="current-password" maxlength="1024"
 required autofocus></label>"""
        if ask_old
        else ""
    )
    return f"""{_wrong(wrong)}
<form method="post" action="{html.escape(action)}">
<input class="aside" name="name" value="{html.escape(name)}" autocomplete="username" readonly tabindex="-1"
 aria-hidden="true">{old}
<label>{html.escape(told["new"])}
<input name="new" type="password" autocomplete="new-password" minlength="{passwords.SHORTEST}"
 maxlength="1024" aria-describedby="rules" required{"" if ask_old else " autofocus"}></label>
<p class="small" id="rules">{html.escape(told["rules"])}</p>
<label>{html.escape(told["again"])}
<input name="again" type="password" autocomplete="new-password" maxlength="1024" required></label>
<button>{html.escape(told["set"])}</button></form>"""


def _wrong(text: str) -> str:
    return f'<p class="wrong" role="alert">{html.escape(text)}</p>' if text else ""


def _button(text: str, there: str) -> str:
    return f'<a class="button" href="{html.escape(there)}">{html.escape(text)}</a>'


def _back(told: Words) -> str:
    return f'<p class="small"><a href="/">{html.escape(told["back"])}</a></p>'


_MARK = (ROOT / "pages" / "parts" / "static" / "mark.svg").read_text(encoding="utf-8").replace("\n", "")

_LOOK = """
:root{--paper:#fafaf7;--card:#fff;--ink:#1e2a2e;--soft:#5a686b;--line:#d6dcd6;--green:#2a7f74;--deep:#226a61;
--on:#fff;--copper:#9a5429;--blush:#fbf1ea}
@media(prefers-color-scheme:dark){:root{--paper:#12191b;--card:#192225;--ink:#e6ecea;--soft:#9fb0ae;
--line:#2f3d40;--green:#4fae9f;--deep:#68c0b2;--on:#0d1415;--copper:#e0a27a;--blush:#2a2019}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;min-height:100dvh;display:grid;place-items:center;padding:24px 16px;
background:var(--paper);color:var(--ink);
font:16px/1.5 "Atkinson Hyperlegible Next",system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans KR",
"Noto Sans JP",sans-serif}
main{width:100%;max-width:400px;background:var(--card);border:1px solid var(--line);border-radius:16px;
padding:32px 28px}
header{display:flex;align-items:center;gap:12px;margin-bottom:24px}
header svg{width:40px;height:40px;flex:none}
header p{margin:0;font-size:1.375rem;font-weight:650;letter-spacing:-.01em}
h1{font-size:1.125rem;font-weight:600;line-height:1.35;margin:0 0 16px;overflow-wrap:anywhere}
label{display:block;font-size:.9375rem;margin-top:16px}
input{display:block;width:100%;margin-top:6px;padding:11px 12px;font:inherit;color:inherit;
background:var(--paper);border:1px solid var(--line);border-radius:8px}
input:focus-visible,button:focus-visible,a:focus-visible{outline:2px solid var(--green);outline-offset:2px}
button,.button{display:block;width:100%;margin-top:24px;padding:12px 16px;border:0;border-radius:8px;
font:inherit;font-weight:600;text-align:center;text-decoration:none;cursor:pointer;
background:var(--green);color:var(--on)}
button:hover,.button:hover{background:var(--deep)}
.small{font-size:.875rem;color:var(--soft);margin:12px 0 0}
label+.small{margin-top:6px}
.small a{color:var(--green)}
.wrong,.note{margin:0 0 8px;padding:10px 12px;border-radius:8px;border-left:3px solid var(--green);
background:var(--paper)}
.wrong{border-color:var(--copper);background:var(--blush);color:var(--copper)}
.aside{position:absolute;width:1px;height:1px;margin:0;padding:0;border:0;opacity:0;pointer-events:none}
"""

_POLICY = (
    "default-src 'none'; img-src data:; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(_LOOK.encode()).digest()).decode()
    + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

WORDS: Final[Mapping[str, Words]] = {
    "en": {
        "lang": "en",
        "sign in": "Sign in",
        "name": "Name",
        "password": "Password",
        "forgot": "Forgotten the password? An admin can make you a new sign-in link.",
        "wrong": "Name or password is wrong.",
        "wait": "Too many wrong passwords. Try again in {minutes} min.",
        "ended": "You are signed out.",
        "link": "Sign-in link",
        "used": "This link has been used or is too old. Sign in, or ask an admin for a new one.",
        "welcome": "Welcome, {name}. Choose a password.",
        "new": "New password",
        "again": "The same again",
        "rules": "At least 10 letters, not your name, nothing that anybody would try. Three words will do.",
        "set": "Set password",
        "differ": "The two passwords are not the same.",
        "change": "Change your password",
        "old": "Present password",
        "old wrong": "The present password is wrong.",
        "changed": "Your password is changed. Your other devices have to sign in again.",
        "go on": "Go on",
        "sign out?": "Sign out of Patina?",
        "sign out": "Sign out",
        "back": "Back",
    },
    "ko": {
        "lang": "ko",
        "sign in": "로그인",
        "name": "이름",
        "password": "비밀번호",
        "forgot": "비밀번호를 잊으셨나요? 관리자가 새 로그인 링크를 만들어 드릴 수 있습니다.",
        "wrong": "이름 또는 비밀번호가 올바르지 않습니다.",
        "wait": "비밀번호를 너무 많이 틀렸습니다. {minutes}분 뒤에 다시 시도하세요.",
        "ended": "로그아웃되었습니다.",
        "link": "로그인 링크",
        "used": "이미 사용했거나 기한이 지난 링크입니다. 로그인하거나 관리자에게 새 링크를 요청하세요.",
        "welcome": "{name} 님, 환영합니다. 비밀번호를 정하세요.",
        "new": "새 비밀번호",
        "again": "새 비밀번호 다시 입력",
        "rules": "10자 이상, 이름이나 쉽게 짐작할 수 있는 말은 쓸 수 없습니다. 단어 세 개면 충분합니다.",
        "set": "비밀번호 설정",
        "differ": "두 비밀번호가 서로 다릅니다.",
        "change": "비밀번호 변경",
        "old": "현재 비밀번호",
        "old wrong": "현재 비밀번호가 올바르지 않습니다.",
        "changed": "비밀번호를 변경했습니다. 다른 기기에서는 다시 로그인해야 합니다.",
        "go on": "계속",
        "sign out?": "Patina에서 로그아웃할까요?",
        "sign out": "로그아웃",
        "back": "돌아가기",
    },
    "ja": {
        "lang": "ja",
        "sign in": "サインイン",
        "name": "名前",
        "password": "パスワード",
        "forgot": "パスワードを忘れた場合は、管理者が新しいサインインリンクを発行できます。",
        "wrong": "名前またはパスワードが違います。",
        "wait": "パスワードの誤りが多すぎます。{minutes}分後にもう一度お試しください。",
        "ended": "サインアウトしました。",
        "link": "サインインリンク",
        "used": "使用済みか期限切れのリンクです。サインインするか、管理者に新しいリンクを依頼してください。",
        "welcome": "{name} さん、ようこそ。パスワードを決めてください。",
        "new": "新しいパスワード",
        "again": "新しいパスワード（確認）",
        "rules": "10文字以上。名前や、誰でも思いつくものは使えません。単語を3つ並べれば十分です。",
        "set": "パスワードを設定",
        "differ": "2つのパスワードが一致しません。",
        "change": "パスワードの変更",
        "old": "現在のパスワード",
        "old wrong": "現在のパスワードが違います。",
        "changed": "パスワードを変更しました。ほかの端末では再度サインインが必要です。",
        "go on": "続ける",
        "sign out?": "Patina からサインアウトしますか？",
        "sign out": "サインアウト",
        "back": "戻る",
    },
}
