"""An inspector cuts a photo to the part, by mouse and keys or by finger, and gets a verdict on that part."""

from __future__ import annotations

import re

import pytest

from core import inspections
from tests import stock
from tests.e2e import finger

FILES = "input[type=file][multiple]:not([webkitdirectory])"
"""The way in for photos that are there already; a phone has one for its camera beside it."""


def handed_in(visit, tmp_path, seed: int, width: int):
    """A window where a metal part was just judged, with its box ready to be drawn."""
    photo = tmp_path / f"beam-{seed}.jpg"
    photo.write_bytes(stock.picture(seed, "corrosion"))
    window = visit("inspector", width=width)
    window.go("/inspect")
    window.page.locator('[data-domain="corrosion"]').click()
    window.page.locator(FILES).set_input_files(str(photo))
    window.see("1 judged")
    window.page.locator(".st-key-results .card .crop").click()
    window.page.wait_for_url(re.compile(r"/photo\?.*crop=true"))
    window.page.locator(".crop .cut").wait_for()
    window.settle()
    window.see("Grade 2 of 3")
    return window


def boxed(window) -> list[float]:
    """The box as the element has it."""
    return [float(v) for v in window.page.locator(".crop").get_attribute("data-box").split(",")]


def judged(window, world) -> None:
    """Ask for a verdict on the box; it comes, the box is drawn in, and the verdict without it stays."""
    box = boxed(window)
    window.page.get_by_role("button", name="Judge this part").click()
    window.see("Grade 3 of 3")
    window.page.locator(".viewer .trim").wait_for()
    drawn = window.page.locator(".viewer .trim").evaluate("e => [e.style.left, e.style.top, e.style.width]")
    told = [float(v.removesuffix("%")) / 100 for v in drawn]
    assert told == pytest.approx([box[0], box[1], box[2] - box[0]], abs=1e-3)
    id = int(re.search(r"[?&]id=(\d+)", window.page.url)[1])
    both = [(v.label, v.trim) for _, _, v in inspections.verdicts(world.db, id)]
    assert both == [("3", pytest.approx(box, abs=1e-3)), ("2", None)]
    assert inspections.get(world.db, id).width_px == 480  # the photo is as it was handed in


def test_a_part_is_cropped_with_mouse_and_keys_and_judged_anew(visit, world, tmp_path):
    window = handed_in(visit, tmp_path, 811, 1400)
    page, stage = window.page, window.page.locator(".crop .stage").bounding_box()
    x, y, w, h = (stage[k] for k in ("x", "y", "width", "height"))
    page.mouse.move(x + 0.02 * w, y + 0.03 * h)
    page.mouse.down()
    page.mouse.move(x + 0.5 * w, y + 0.6 * h, steps=4)
    page.mouse.up()
    assert boxed(window) == pytest.approx([0.02, 0.03, 0.5, 0.6], abs=0.02)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    assert boxed(window) == pytest.approx([0.03, 0.03, 0.51, 0.61], abs=0.02)
    judged(window, world)


def test_a_part_is_cropped_with_a_finger_on_a_phone(visit, world, tmp_path):
    window = handed_in(visit, tmp_path, 812, 390)
    lower_right_handle = [(0.9, 0.9), (0.8, 0.8), (0.7, 0.75)]
    finger.drag(window.page, window.page.locator(".crop .stage"), lower_right_handle)
    assert boxed(window) == pytest.approx([0.1, 0.1, 0.7, 0.75], abs=0.03)
    assert not window.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    judged(window, world)
