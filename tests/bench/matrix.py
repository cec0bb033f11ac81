"""A click in a cell of the confusion matrix, until the cell's first photos are drawn. Needs Chromium.

    python -m tests.bench.matrix [--times N]

The real server with a model of its own; the mouse goes from cell to cell of the matrix.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

from tests import laboratory, serving
from tests.e2e.conftest import PROGRAM, SWITCHES
from tests.serving import World

MATRIX = ".st-key-figure-corrosion-matrix .nsewdrag"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=12)
    told = parser.parse_args()
    if PROGRAM is None:
        raise SystemExit("No Chromium: apt-get install chromium, or name one in PATINA_CHROMIUM.")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        world = World.at(Path(folder))
        laboratory.corrosion_model(world.settings, Path(folder) / "scratch")
        evaluation = laboratory.corrosion_validation(world.settings, Path(folder) / "scratch")
        filled = {
            (int(t), int(p)) for t, p in zip(evaluation["truth"], evaluation["p"].argmax(1), strict=True)
        }
        with serving.server(world.settings) as running:
            took = clicked(world, running, sorted(filled), told.times)
    load = os.getloadavg()[0]
    print(json.dumps({"bench": "matrix", "load": load, "click_ms": median(took), "slowest_ms": max(took)}))


def clicked(world: World, running: serving.Server, filled: list[tuple[int, int]], times: int) -> list[int]:
    """Milliseconds from each click on a cell that has photos to its first photo being drawn."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, headless=True, args=list(SWITCHES))
        context = browser.new_context(viewport={"width": 1400, "height": 1400}, locale="en-US")
        cookies = world.cookies["engineer"]
        context.add_cookies([{"name": k, "value": v, "url": running.url} for k, v in cookies.items()])
        page: Any = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(running.url + "/corrosion?split=val")
        page.locator(MATRIX).first.wait_for(state="attached")
        page.wait_for_timeout(3000)
        took = []
        for truth, said in islice(cycle(filled), times + 1):
            box = page.locator(MATRIX).first.bounding_box()
            began = time.perf_counter()
            page.mouse.click(
                box["x"] + box["width"] * (said + 0.5) / 4, box["y"] + box["height"] * (truth + 0.5) / 4
            )
            photo = page.locator(f".st-key-cell-{truth}-{said} article img").first
            photo.wait_for()
            photo.evaluate("(photo) => photo.decode()")
            took.append(round(1000 * (time.perf_counter() - began)))
            page.wait_for_timeout(1000)
        browser.close()
    return took[1:]  # the first cell may have stood open already


if __name__ == "__main__":
    main()
