"""A finger on a touch screen, moved as a person moves it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def drag(page: Any, stage: Any, path: Sequence[tuple[float, float]]) -> None:
    """Put a finger on `stage` at the first point of the path, move it along and take it off.

    Points are (x, y) as shares of the stage, 0 to 1 from its left and upper edge.
    """
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    points = [{"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]} for x, y in path]
    touch = page.context.new_cdp_session(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [points[0]]})
    for point in points[1:]:
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
