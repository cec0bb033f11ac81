"""The pictures in the README, taken from a fresh Patina that has judged its sample photos.

python -m tests.e2e.screens [FOLDER]      FOLDER is data/screens unless it is named; takes about two minutes
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image

from core import inspections, samples, store
from core.people.accounts import account
from core.records import DOMAINS, Person
from core.settings import ROOT, Settings
from tests import serving
from tests.e2e.conftest import PROGRAM, SWITCHES, Visit
from tests.serving import World

FOLDER = ROOT / "data" / "screens"
PATIENCE_SECONDS = 600.0
SEEN = (
    "one => { const { top, bottom } = one.getBoundingClientRect(); return bottom > 0 && top < innerHeight }"
)


@contextmanager
def judged(folder: Path) -> Iterator[tuple[World, serving.Server]]:
    """A server that has judged every sample with the shipped models, a batch a domain, and its people."""
    world = World.at(folder)
    world.settings = Settings(data=folder / "data", models=ROOT / "models_store", weights=None)
    with serving.server(world.settings, workers="judge") as running:
        db = store.connect(world.settings.database)
        inspector: Person = account(db, "inspector").person
        shipped = samples.every(world.settings.samples)
        for domain in DOMAINS:
            own = [sample for sample in shipped if sample.domain == domain]
            samples.take(db, world.settings, inspector, own, batch=f"samples-{domain}", now=time.time())
        until = time.monotonic() + PATIENCE_SECONDS
        while inspections.count(db)["judged"] < len(shipped):
            if time.monotonic() > until:
                raise SystemExit(f"Not every sample was judged; see {running.log}.")
            time.sleep(0.5)
        yield world, running


def take(world: World, running: serving.Server, into: Path) -> None:
    """Home and the crack laboratory by day, one photo on a phone by night."""
    from playwright.sync_api import sync_playwright

    wide = next(i for i in inspections.find(world.db, batch="samples-crack") if not i.verdict.needs_person)
    shots = (
        ("home", "/", 1280, 900, "light"),
        ("crack", "/crack", 1280, 1180, "light"),
        ("photo-phone", f"/photo?id={wide.id}", 390, 844, "dark"),
    )
    into.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, headless=True, args=SWITCHES)
        for name, path, width, height, scheme in shots:
            is_phone = width < 600
            context = browser.new_context(
                viewport={"width": width, "height": height},
                device_scale_factor=2 if is_phone else 1,
                has_touch=is_phone,
                is_mobile=is_phone,
                color_scheme=scheme,
                locale="en-US",
            )
            cookies = world.cookies["manager"]
            context.add_cookies([{"name": k, "value": v, "url": running.url} for k, v in cookies.items()])
            visit = Visit(context.new_page(), running.url)
            visit.page.set_default_timeout(120_000)
            visit.go(path)
            for picture in visit.page.locator("img").all():
                if picture.evaluate(SEEN):
                    picture.evaluate("one => one.decode()")
            picture = Image.open(BytesIO(visit.page.screenshot()))
            picture.save(into / f"{name}.webp", quality=82, method=6)
            context.close()
        browser.close()


def main(folder: Path) -> None:
    """Take all pictures anew."""
    if PROGRAM is None:
        raise SystemExit("No Chromium: apt-get install chromium, or name one in PATINA_CHROMIUM.")
    with tempfile.TemporaryDirectory() as scratch, judged(Path(scratch)) as (world, running):
        take(world, running, folder)
    for picture in sorted(folder.glob("*.webp")):
        print(picture, f"{picture.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
