"""A real server and a real Chromium. Skipped, with the reason, where there is none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import serving
from tests.serving import Server, World

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PROGRAM = os.environ.get("PATINA_CHROMIUM") or next((p for n in NAMES if (p := shutil.which(n))), None)
SWITCHES = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage"
).split()
HARMLESS = (
    "422 (Unprocessable",
    "413 (",
    "Failed to load resource: net::ERR_",
    "when disconnected from server",
    "No response received when attempting to reach /_stcore/",
    "Streamlit server is not responding",
    "WebSocket is already in CLOSING or CLOSED state",
)
"""What a console may say: a refusal we ask for, a line we cut, a server that has ended."""
STILL = """() => {
  const main = document.querySelector('[data-testid=stMain]')
  const now = [document.querySelectorAll('*').length, main?.scrollHeight, main?.scrollTop].join()
  if (window.still?.now !== now) window.still = { now, since: performance.now() }
  return performance.now() - window.still.since > 400 && !document.querySelector('[data-testid=stSkeleton]')
}"""
IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"
PATIENCE = 120_000.0
"""Milliseconds; the machine may be busy with a training."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if PROGRAM is None:
                item.add_marker(pytest.mark.skip(reason="no Chromium: apt-get install chromium"))


@dataclass
class Visit:
    """One browser window of one person, and what its console complained of."""

    page: object
    url: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Open a page and wait until it stands."""
        self.page.goto(self.url + path)
        self.settle()

    def settle(self) -> None:
        """Wait until the script has run and what it sent is drawn: nothing comes or moves any more."""
        self.page.wait_for_selector(IDLE, timeout=PATIENCE)
        self.page.evaluate("() => { delete window.still }")
        self.page.wait_for_function(STILL, timeout=PATIENCE)

    def see(self, text: str, seconds: float = PATIENCE / 1000) -> object:
        """The place where this text is, once it is there."""
        place = self.page.get_by_text(text).first
        place.wait_for(timeout=1000 * seconds)
        return place


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    """One browser for a file; each test gets a window of its own.

    Not for the whole session: while Playwright is open, its event loop counts as running in this thread,
    and every later `asyncio.run` would be refused.
    """
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, headless=True, args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A data folder with one person a role."""
    return World.at(tmp_path_factory.mktemp("e2e"))


@pytest.fixture(scope="session")
def patina(world: World) -> Iterator[Server]:
    """The real server on that folder. Its judge's place is taken by one that answers at once."""
    with serving.server(world.settings) as running, serving.Answerer(world.settings):
        yield running


@pytest.fixture
def visit(chromium, patina: Server, world: World) -> Iterator[Callable[..., Visit]]:
    """Open a window: `visit("inspector", width=390)`. At the end no console may have complained."""
    opened: list[tuple[object, Visit]] = []

    def open_window(who: str = "", url: str = "", width: int = 1400, **told: object) -> Visit:
        is_phone = width < 600
        context = chromium.new_context(
            viewport={"width": width, "height": 844 if is_phone else 900},
            has_touch=is_phone,
            is_mobile=is_phone,
            locale=told.pop("locale", "en-US"),
            **told,
        )
        at = url or patina.url
        if who:
            cookies = [{"name": k, "value": v, "url": at} for k, v in world.cookies[who].items()]
            context.add_cookies(cookies)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        made = Visit(page, at)
        page.on("console", lambda m: made.complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: made.complaints.append(str(error)))
        opened.append((context, made))
        return made

    yield open_window
    for context, made in opened:
        context.close()
        assert [c for c in made.complaints if not any(h in c for h in HARMLESS)] == []
