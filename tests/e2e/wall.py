"""The ledger's wall of photos, as a reader meets it: what is drawn, how quickly its lines answer."""

from __future__ import annotations

import time
from typing import Any

IN_SIGHT = """(wall) => [...wall.querySelectorAll(".tile")]
  .filter((tile) => {
    const box = tile.getBoundingClientRect()
    return box.bottom > 0 && box.top < innerHeight
  })
  .map((tile) => {
    const photo = tile.querySelector("img")
    return [tile.dataset.sha, photo.complete && photo.naturalWidth > 0]
  })"""
WHAT_IF = """(e) => { const all = []
  for (let k = 0; k < 40; k++) {
    e.value = 0.3 + 0.01 * k
    const from = performance.now()
    e.dispatchEvent(new Event("input"))
    all.push(performance.now() - from)
  }
  return all.sort((a, b) => a - b)[Math.floor(all.length / 2)] }"""


def scroll(
    page: Any, *, times: int = 48, pixels: int = 600, pause_ms: int = 40, patience_s: float = 0.0
) -> tuple[set[str], list[int]]:
    """Turn the wheel down the wall: the photos that were in sight, and how many were not drawn each time.

    With patience it stays at each place until all are drawn, or for so long.
    """
    seen, holes = set(), []
    page.mouse.move(700, 600)
    for _ in range(times):
        page.mouse.wheel(0, pixels)
        page.wait_for_timeout(pause_ms)
        until = time.monotonic() + patience_s
        while True:
            now = page.locator(".ledger .wall").evaluate(IN_SIGHT)
            if all(is_there for _, is_there in now) or time.monotonic() >= until:
                break
            page.wait_for_timeout(pause_ms)
        seen |= {sha for sha, _ in now}
        holes.append(sum(not is_there for _, is_there in now))
    return seen, holes


def what_if_ms(page: Any) -> float:
    """Milliseconds that the threshold's line takes to be answered, the median of 40 moves."""
    return float(page.locator(".ledger input[data-name=threshold]").evaluate(WHAT_IF))
