"""How a browser takes a gallery of 600 pseudo-labels: first paint, what if, scrolling. Needs Chromium.

    python -m tests.bench.gallery [--photos N] [--times N]

The real server with an experiment of its own. First paint: from the address being opened in a new tab, by
somebody who has been here before, until the curve stands and every photo in sight is drawn.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from tests import experiments, serving
from tests.e2e import wall
from tests.e2e.conftest import PROGRAM, SWITCHES
from tests.serving import World

WHOLE = "/rail?view=cycles&run=1&cycle=0"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=600)
    parser.add_argument("--times", type=int, default=5)
    told = parser.parse_args()
    if PROGRAM is None:
        raise SystemExit("No Chromium: apt-get install chromium, or name one in PATINA_CHROMIUM.")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        world = World.at(Path(folder))
        pool, tested = experiments.photos(
            world.settings, Path(folder) / "scratch", told.photos + 21, 60, name="tiles"
        )
        experiments.run(world.settings, pool, tested, data="tiles", preset="text", repeats=1)
        with serving.server(world.settings) as running:
            print(
                json.dumps(
                    {"bench": "gallery", "load": os.getloadavg()[0], **measured(world, running, told.times)}
                )
            )


def painted(page: Any) -> None:
    """Wait until the curve stands and the first photo, and every other one in sight, is drawn."""
    page.locator(".ledger .plot svg").wait_for()
    page.locator(".ledger .tile img").first.evaluate("(photo) => photo.decode()")
    while not all(is_there for _, is_there in page.locator(".ledger .wall").evaluate(wall.IN_SIGHT)):
        page.wait_for_timeout(10)


def measured(world: World, running: serving.Server, times: int) -> dict[str, Any]:
    """Milliseconds and counts, as a browser window of 1400 × 900 sees them."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, headless=True, args=list(SWITCHES))
        context = browser.new_context(viewport={"width": 1400, "height": 900}, locale="en-US")
        cookies = world.cookies["engineer"]
        context.add_cookies([{"name": k, "value": v, "url": running.url} for k, v in cookies.items()])
        first = []
        for _ in range(times + 1):  # the first visit brings the app itself
            page = context.new_page()
            page.set_default_timeout(120_000)
            began = time.perf_counter()
            page.goto(running.url + WHOLE, wait_until="commit")
            painted(page)
            first.append(round(1000 * (time.perf_counter() - began)))
            if len(first) <= times:
                page.close()
        what_if = wall.what_if_ms(page)
        page.wait_for_timeout(3000)  # the rest is fetched ahead
        seen, holes = wall.scroll(page)
        browser.close()
    return {
        "first_visit_ms": first[0],
        "first_paint_ms": median(first[1:]),
        "what_if_ms": round(what_if, 1),
        "scrolled_past": len(seen),
        "not_drawn_in_time": sum(holes),
    }


if __name__ == "__main__":
    main()
