"""Who gets where: every path with nobody, each role and tokens, on the real server; websockets included."""

from __future__ import annotations

import asyncio
import json
import re
import time
from urllib.parse import urlencode

import httpx
import pytest
import websockets

from core import gate, store
from core.people import accounts, invitations, keys, sessions, signin, tokens
from core.people.accounts import PATINA
from core.settings import ROOT
from tests import tabs
from tests.serving import World, jpeg, server
from tests.tabs import Tab

PASSWORD = "copper roof rain"
SHA = "0" * 64


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return World.at(tmp_path_factory.mktemp("gate"))


@pytest.fixture(scope="module")
def site(world):
    with server(world.settings) as running:
        yield running


def ask(site, world, who, method, path, **told):
    headers = world.headers(who, site.host) | told.pop("headers", {})
    return httpx.request(method, site.url + path, headers=headers, timeout=20, follow_redirects=False, **told)


# For each path what nobody gets, then what every role gets with a session, then with a token.
PAGES = ["/", "/home", "/crack", "/admin", "/nothing/here"]
STREAMLIT = [
    "/_stcore/health",
    "/_stcore/host-config",
    "/_stcore/metrics",
    "/_stcore/agent",
    "/_stcore/upload_file/x/y",
    "/static/js/index.js",
    "/media/x.png",
    "/component/x/index.html",
    "/app/static/mark.svg",
    "/favicon.png",
]
REST = {
    "/api/v1/openapi.json": 200,
    "/api/v1/inspections": 200,
    "/api/v1/inspections/1": 404,
    "/api/v1/inspections/1/scale": 405,
    f"/api/v1/photos/{SHA}": 404,
    f"/api/v1/thumbs/{SHA}": 404,
    f"/api/v1/artifacts/{SHA}": 404,
    "/api/v1/overlays/1.webp": 404,
    "/api/v1/maps/1": 404,
    f"/api/v1/models/crack/x/maps/{SHA}": 404,
    f"/api/v1/sweeps/7/1/maps/{SHA}": 404,
    "/api/v1/nothing": 404,
    "/api/other": 404,
}
PEOPLE = ["inspector", "manager", "engineer", "admin"]


@pytest.mark.parametrize("path", [*PAGES, *STREAMLIT, *REST, "/password", "/signout"])
def test_nobody_gets_nothing_without_a_session(site, world, path):
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
        answer = ask(site, world, "", method, path)
        assert answer.status_code == 401, f"{method} {path}"
        assert "csp" not in answer.text.lower()
    for cookie in ("x", world.cookies["admin"].copy().popitem()[1] + "x", ".." * 50):
        name = keys.cookie_name(world.settings.data)
        answer = httpx.get(site.url + path, headers={"cookie": f"{name}={cookie}"})
        assert answer.status_code == 401


@pytest.mark.parametrize("path", PAGES)
def test_a_browser_without_a_session_is_sent_to_sign_in_and_back_again(site, world, path):
    answer = ask(site, world, "", "GET", path, headers={"accept": "text/html,*/*"})
    assert answer.status_code == 303
    wanted = httpx.URL(answer.headers["location"])
    assert wanted.path == "/signin"
    assert wanted.params.get("next", "/") == path


@pytest.mark.parametrize("who", PEOPLE)
def test_with_a_session_pages_files_and_rest_are_there(site, world, who):
    closed = {"inspector": ["/crack", "/admin"], "manager": ["/admin"], "engineer": ["/admin"], "admin": []}
    for path in PAGES:
        answer = ask(site, world, who, "GET", path, headers={"accept": "text/html"})
        there = answer.headers.get("location")
        if path == "/home":
            assert there == "/"
        elif path == "/nothing/here" or path in closed[who]:
            assert there == f"/lost?{urlencode({'address': path.strip('/')})}"
        else:
            assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store"), path
    for path in ("/_stcore/health", "/_stcore/host-config", "/app/static/mark.svg"):
        assert ask(site, world, who, "GET", path).status_code == 200, path
    for path, status in REST.items():
        answer = ask(site, world, who, "GET", path)
        assert answer.status_code == status, path
        if status >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
    for path in ("/password", "/signout"):
        assert ask(site, world, who, "GET", path).status_code == 200


@pytest.mark.parametrize("who", PEOPLE)
def test_a_token_opens_rest_and_nothing_else(site, world, who):
    for path, status in REST.items():
        assert ask(site, world, f"token {who}", "GET", path).status_code == status, path
    for path in [*PAGES, *STREAMLIT, "/password", "/signout", "/signin"]:
        assert ask(site, world, f"token {who}", "GET", path).status_code == 401, path
    headers = world.headers(who, site.host) | {"authorization": "Bearer patina_wrong"}
    assert httpx.get(f"{site.url}/api/v1/inspections", headers=headers).status_code == 401


def test_health_tells_everybody_that_it_lives_and_engineers_how(site, world):
    for who in ("", "inspector", "manager", "token inspector"):
        assert ask(site, world, who, "GET", "/healthz").json() == {"status": "ok"}
    for who in ("engineer", "admin", "token engineer"):
        assert {"workers", "waiting", "disk", "version"} <= ask(
            site, world, who, "GET", "/healthz"
        ).json().keys()


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"origin": "http://127.0.0.1.evil.example"},
        {"origin": "file://"},
        {"origin": "http://[::1"},
        {"referer": "https://evil.example/127.0.0.1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {},
    ],
    ids=str,
)
def test_a_write_from_another_site_is_not_carried_out(site, world, headers):
    cookie = {"cookie": world.headers("admin")["cookie"]}
    for method, path in (
        ("PUT", "/api/v1/photos/a.jpg"),
        ("POST", "/api/v1/inspections"),
        ("PUT", "/api/v1/inspections/1/scale"),
        ("POST", "/signout"),
        ("POST", "/password"),
        ("DELETE", "/_stcore/upload_file/x/y"),
    ):
        answer = httpx.request(method, site.url + path, headers=cookie | headers, content=b"x")
        assert answer.status_code == 403, (method, path)
    assert world.session_of("admin") is not None


@pytest.mark.parametrize(
    "told", [{"sec-fetch-site": "same-origin"}, {"referer": "SITE/inspect"}, {"origin": "SITE"}]
)
def test_a_write_from_here_is_carried_out(site, world, told):
    headers = {k: v.replace("SITE", site.url) for k, v in told.items()}
    answer = httpx.put(
        f"{site.url}/api/v1/photos/a.jpg",
        headers={"cookie": world.headers("inspector")["cookie"]} | headers,
        content=jpeg(),
    )
    assert answer.status_code in (200, 201)


def test_every_answer_carries_the_protecting_headers(site, world):
    for who, path in (("", "/signin"), ("admin", "/"), ("admin", "/api/v1/inspections"), ("", "/crack")):
        got = ask(site, world, who, "GET", path).headers
        policy = got["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-eval" not in policy
        assert "'unsafe-inline'" not in policy.partition("style-src")[0]
        assert (got["x-content-type-options"], got["x-frame-options"]) == ("nosniff", "DENY")
        assert got["referrer-policy"] == "same-origin"


def test_the_page_policy_allows_exactly_the_inline_script_of_the_page_that_is_served(site, world):
    answer = ask(site, world, "admin", "GET", "/")
    allowed = set(re.findall(r"'sha256-([^']+)'", answer.headers["content-security-policy"]))
    assert allowed == set(gate._inline_scripts(answer.text))
    assert len(allowed) == 2, "Streamlit's own, and where the server is (core/front.py)"


@pytest.mark.parametrize("path", ["/", "/rail", "/photo"])
def test_a_page_is_ours_before_its_script_has_run(site, world, path):
    answer = ask(site, world, "engineer", "GET", path)
    assert "<title>Patina</title>" in answer.text
    assert "BACKEND_BASE_URL: location.origin" in answer.text, "or a link's page looks below itself first"
    wanted = re.findall(r'href="\.(/app/static/[^"]+)"', answer.text)
    assert len(wanted) == 2
    for own in wanted:
        assert ask(site, world, "engineer", "GET", own).status_code == 200


# Websockets


def connect(site, world, who, **told):
    headers = world.headers(who, site.host) | told.pop("headers", {})
    return tabs.connect(site.host, headers, **told)


@pytest.mark.parametrize(
    "told",
    [
        {"who": ""},
        {"who": "token admin"},
        {"who": "admin", "origin": "https://evil.example"},
        {"who": "admin", "origin": None},
        {"who": "", "headers": {gate.HEADER: "forged"}},
    ],
    ids=str,
)
def test_a_websocket_without_a_session_or_from_another_site_is_refused(site, world, told):
    async def go():
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with connect(site, world, **told):
                pass
        assert refused.value.response.status_code == 403

    asyncio.run(go())


@pytest.mark.parametrize("who", PEOPLE)
def test_a_websocket_with_a_session_runs_the_script_for_that_person(site, world, who):
    async def go():
        async with connect(site, world, who, headers={gate.HEADER: "forged"}) as socket:
            said = tabs.text(await Tab(socket).run())
        assert "navigation" in said
        assert ('url_pathname: "admin"' in said) == (who == "admin"), "the list of pages is the role's"

    asyncio.run(go())


@pytest.mark.parametrize("how", ["by form", "by role", "disabled", "in the database"])
def test_an_open_tab_ends_with_its_session(site, world, how):
    name = how.replace(" ", "-")
    world.join(name, "engineer")

    async def go():
        async with connect(site, world, name) as socket:
            await Tab(socket).run()
            began = time.monotonic()
            if how == "by form":
                answer = await asyncio.to_thread(ask, site, world, name, "POST", "/signout")
                assert answer.status_code == 303
            elif how == "by role":
                accounts.change_role(world.db, PATINA, name, "inspector", now=time.time())
            elif how == "disabled":
                accounts.disable(world.db, PATINA, name, now=time.time())
            else:
                sessions.sign_out(world.db, world.hashes[name], now=time.time())
            code, last = await Tab(socket).end()
            assert code == gate.SIGNED_OUT
            assert last.auth_redirect.url == "/signin?ended=1", "the tab goes to the sign-in page by itself"
            assert time.monotonic() - began < 3
        if how != "by role":
            with pytest.raises(websockets.InvalidStatus):
                async with connect(site, world, name):
                    pass

    asyncio.run(go())


def test_an_open_tab_ends_when_its_time_is_over(site, world):
    world.join("late", "engineer")
    world.db.conn.execute(
        "update sessions set expires_at = :until where hash = :hash",
        {"until": time.time() + 2.0, "hash": world.hashes["late"]},
    )

    async def go():
        async with connect(site, world, "late") as socket:
            await Tab(socket).run()
            code, _ = await Tab(socket).end()
        assert code == gate.SIGNED_OUT

    asyncio.run(go())


def test_the_script_alone_shows_nothing(world):
    """`streamlit run pages/parts/main.py` has no gate; whatever a client claims, the script refuses."""
    with server(world.settings, script="pages/parts/main.py") as bare:

        async def go(headers):
            async with connect(bare, world, "admin", headers=headers) as socket:
                return tabs.text(await Tab(socket).run())

        for headers in (
            {},
            {gate.HEADER: "forged"},
            {gate.HEADER: gate.sign(ROOT / "tests", world.session_of("admin"))},
        ):
            said = asyncio.run(go(headers))
            assert "Patina is not reached this way" in said
            assert "page_name" not in said or "Inspect" not in said
            assert said.count("delta {") <= 2
    (ROOT / "tests" / "key").unlink()


# The pages in front


def client(site):
    return httpx.Client(base_url=site.url, headers={"origin": site.url}, follow_redirects=False)


def test_a_first_user_comes_by_link_sets_a_password_and_comes_again_by_it(site, world):
    link = signin.link_path(invitations.make_person(world.db, PATINA, "newcomer", "manager", now=time.time()))
    with client(site) as browser:
        assert "Welcome, newcomer" in browser.get(link).text
        assert browser.post(link, data={"new": PASSWORD, "again": "x"}).status_code == 400
        there = browser.post(link, data={"new": PASSWORD, "again": PASSWORD})
        assert (there.status_code, there.headers["location"]) == (303, "/")
        set_cookie = there.headers["set-cookie"].lower()
        assert "httponly" in set_cookie
        assert "samesite=lax" in set_cookie
        assert "secure" not in set_cookie, "over plain http the browser would drop it"
        assert browser.get("/").status_code == 200
        assert browser.get(link).status_code == 410
        assert browser.post("/signout").headers["location"] == "/signin?ended=1"
        assert browser.get("/").status_code == 401
        told = {"name": "newcomer", "password": PASSWORD, "next": "/crack?x=1"}
        assert browser.post("/signin", data=told).headers["location"] == "/crack?x=1"
        assert browser.get("/signin").headers["location"] == "/"


def test_a_wrong_password_is_refused_politely_and_too_many_for_a_while(site, world):
    with client(site) as browser:
        for _ in range(sessions.MOST_BY_NAME):
            answer = browser.post("/signin", data={"name": "guessed", "password": "<b>wrong"})
            assert answer.status_code == 401
            assert "Name or password is wrong." in answer.text
            assert "<b>wrong" not in answer.text
        answer = browser.post("/signin", data={"name": "guessed", "password": "x"})
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 900


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ("/crack?x=1", "/crack?x=1"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\n/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/signout", "/"),
        ("", "/"),
        (None, "/"),
    ],
)
def test_after_signing_in_one_stays_on_this_server(wanted, there):
    assert signin.safe_next(wanted) == there


def test_a_form_sent_by_another_site_signs_nobody_in(site, world):
    answer = httpx.post(
        f"{site.url}/signin",
        data={"name": "newcomer", "password": PASSWORD},
        headers={"origin": "https://evil.example"},
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_what_a_person_types_comes_back_as_text(site):
    name = '"><script>alert(1)</script>'
    with client(site) as browser:
        text = browser.post("/signin", data={"name": name, "password": "x", "next": f"/{name}"}).text
        text += browser.get("/signin", params={"next": f"/{name}"}).text
        text += browser.get(f"/welcome/{name}").text
    assert "<script" not in text


@pytest.mark.parametrize(
    ("languages", "lang"),
    [
        ("ko-KR,ko;q=0.9,en;q=0.8", "ko"),
        ("ja", "ja"),
        ("de,en;q=0.5,ja;q=0.7", "ja"),
        ("de", "en"),
        ("", "en"),
        ("en;q=0,ko", "ko"),
        (";;q=x,,ko;q=1", "ko"),
    ],
)
def test_the_pages_speak_the_browsers_language(languages, lang):
    assert signin.words(languages)["lang"] == lang


def test_every_language_has_every_word():
    assert {frozenset(words) for words in signin.WORDS.values()} == {frozenset(signin.WORDS["en"])}


def test_the_sign_in_page_fetches_nothing_and_runs_nothing(site):
    answer = httpx.get(f"{site.url}/signin")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert not re.findall(r"<script|https?://(?!www\.w3\.org)|<link(?![^>]*data:)|style=", answer.text)


def test_two_patinas_on_one_host_keep_their_cookies_apart(tmp_path):
    assert keys.cookie_name(tmp_path / "a") != keys.cookie_name(tmp_path / "b")


def test_problems_are_told_in_json_with_one_sentence(site, world):
    told = ask(site, world, "", "GET", "/api/v1/inspections")
    assert told.headers["www-authenticate"] == "Bearer"
    assert json.loads(told.text).keys() >= {"type", "title", "status", "detail"}


def test_who_writes_into_the_database_holds_up_no_visitor(site, world):
    world.join("nightly", "inspector")  # a token whose first use is still to be noted
    with store.writing(store.connect(world.settings.database, fresh=True)):
        assert ask(site, world, "token nightly", "GET", "/api/v1/inspections").status_code == 200

        async def go():
            async with connect(site, world, "nightly") as socket:
                await Tab(socket).run()

        asyncio.run(go())
    [token] = tokens.all(world.db, accounts.account(world.db, "nightly").person)
    until = time.monotonic() + 30
    while token.used_at is None and time.monotonic() < until:
        [token] = tokens.all(world.db, accounts.account(world.db, "nightly").person)
    assert token.used_at is not None


def test_a_strangers_websocket_to_an_open_path_is_left_to_the_app(world):
    heard = []

    async def app(scope, receive, send):
        heard.append(scope["path"])

    scope = {"type": "websocket", "scheme": "ws", "path": "/signin", "headers": []}
    asyncio.run(gate.Gate(app, world.settings)(scope, None, None))
    assert heard == ["/signin"]
