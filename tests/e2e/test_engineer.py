"""The engineers' pages in a real browser: threshold and mask, a training from its form on, a promotion."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import signal
import time

import numpy as np
import pytest
from PIL import Image

from core import cards, datasets, queue, services, sets, store, sweep
from core.synthetic import demo
from tests import laboratory, serving
from tests.serving import World

SLIDER = ".st-key-threshold input[type=range]"


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> World:
    """A data folder with models, their answers and some of their photos."""
    folder = tmp_path_factory.mktemp("laboratories")
    made = World.at(folder)
    laboratory.fill(made.settings, folder / "scratch")
    laboratory.rail_model(made.settings, folder / "scratch", "second", seed=5, gap=2.5)
    return made


@pytest.fixture(scope="module")
def patina(world: World):
    """The real server on that folder, without workers."""
    with serving.server(world.settings) as running:
        yield running


def slide(page, value: float) -> None:
    """Move the threshold as a person does with the keyboard, in steps of a thousandth."""
    slider = page.locator(SLIDER)
    slider.focus()
    steps = round((value - float(slider.input_value())) * 1000)
    for _ in range(abs(steps)):
        page.keyboard.press("ArrowRight" if steps > 0 else "ArrowLeft")


def shown(page) -> dict[str, float]:
    """The numbers that the mask explorer shows of its photo."""
    told = page.locator(".st-key-mask .told").inner_text().replace(",", "")
    return {k: float(v) for k, v in re.findall(r"(found|missed|false alarm|precision|recall) ([\d.]+)", told)}


def counts(world: World, sha: str, threshold: float):
    """What numpy counts on the stored map of a photo."""
    folder = cards.place(world.settings.models, "crack", "starter-test")
    stored = np.asarray(Image.open(folder / cards.MAPS / f"{sha}.png"))
    evaluation = cards.evaluation(folder, "test")
    i = list(evaluation["sha256"]).index(sha)
    assert stored.shape == tuple(evaluation["size"][i])
    return sweep.query(evaluation["histogram"][i], threshold)


@contextlib.contextmanager
def stopped(patina):
    """The server stands still, like one that is far away."""
    patina.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        patina.process.send_signal(signal.SIGCONT)


def until_equal(look, want, seconds: float = 20.0) -> None:
    """Look until it is as wanted; a browser draws when it gets round to it."""
    deadline = time.monotonic() + seconds
    while (found := look()) != want and time.monotonic() < deadline:
        time.sleep(0.05)
    assert found == want


def test_the_mask_follows_the_threshold_and_counts_as_the_server_does(visit, patina, world):
    window = visit("engineer")
    evaluation = cards.evaluation(cards.place(world.settings.models, "crack", "starter-test"), "test")
    sha = str(evaluation["sha256"][2])
    window.go(f"/crack?threshold=0.45&photo={sha[:12]}")
    page = window.page
    page.wait_for_function("document.querySelector('.st-key-mask') !== null")
    page.locator(".st-key-mask .told .key").first.wait_for()
    with stopped(patina):  # the browser alone does it
        for threshold in (0.45, 0.46, 0.439):
            slide(page, threshold)
            want = counts(world, sha, threshold)
            until_equal(
                lambda: tuple(shown(page)[what] for what in ("found", "missed", "false alarm")),
                (want.tp, want.fn, want.fp),
            )
    page.wait_for_url("**threshold=0.439**")
    window.settle()
    window.see("At 0.439, ")
    want, got = counts(world, sha, 0.439), shown(page)
    assert got["found"] == want.tp


def pixels(page) -> int:
    """How many pixels the explorer's canvas has painted."""
    return page.locator(".st-key-mask canvas").first.evaluate(
        """c => { const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height)
                  let n = 0
                  for (let i = 3; i < data.length; i += 4) n += data[i] > 0
                  return n }"""
    )


def test_what_is_painted_is_what_is_counted(visit, world):
    window = visit("engineer")
    evaluation = cards.evaluation(cards.place(world.settings.models, "crack", "starter-test"), "test")
    sha = str(evaluation["sha256"][0])
    window.go(f"/crack?threshold=0.5&photo={sha[:12]}")
    page = window.page
    page.locator(".st-key-mask .told .key").first.wait_for()
    page.locator(".st-key-mask button[data-view=mask]").click()
    want = counts(world, sha, 0.5)
    until_equal(lambda: pixels(page), int(want.tp + want.fp))
    page.locator(".st-key-mask button[data-view=truth]").click()
    until_equal(lambda: pixels(page), int(want.tp + want.fn))


def test_the_explorer_is_moved_by_wheel_keys_and_fingers(visit):
    window = visit("engineer")
    window.go("/crack")
    page = window.page
    pane = page.locator(".st-key-mask .pane").first
    pane.scroll_into_view_if_needed()
    where = "e => e.querySelector('.layers').style.transform"
    page.locator(".st-key-mask .told .key").first.wait_for()
    before = pane.evaluate(where)
    pane.focus()
    page.keyboard.press("+")
    closer = pane.evaluate(where)
    assert closer != before
    page.keyboard.press("ArrowLeft")
    assert pane.evaluate(where) != closer
    page.keyboard.press("0")
    assert pane.evaluate(where) == before
    before_threshold = float(page.locator(SLIDER).input_value())
    page.keyboard.press("]")
    page.wait_for_url("**threshold=**")
    page.wait_for_function(
        "([slider, want]) => Math.abs(document.querySelector(slider).value - want) < 1e-6",
        arg=[SLIDER, before_threshold + 0.01],
    )


def test_a_clicked_cell_shows_its_photos_and_one_opens(visit):
    window = visit("engineer")
    window.go("/corrosion")
    page = window.page
    figure = page.locator(".st-key-figure-corrosion-matrix")
    figure.scroll_into_view_if_needed()
    figure.locator(".nsewdrag").wait_for(state="attached")
    window.settle()
    box = figure.locator(".nsewdrag").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 3.5 / 4, box["y"] + box["height"] * 3.5 / 4)
    page.wait_for_url("**truth=3**")
    window.see("of Grade 3, rightly graded")
    page.locator(".st-key-cell-3-3 .title a").first.click()
    page.get_by_role("dialog").get_by_text("Expert: Grade 3").wait_for()


def test_a_figure_is_taken_along_as_numbers_picture_and_drawing(visit, tmp_path):
    window = visit("engineer")
    window.go("/rail")
    page = window.page
    page.locator(".st-key-figure-rail-curve .js-plotly-plot").wait_for()
    menu = page.locator(".st-key-rail-curve-menu")
    found = {}
    for i, kind in enumerate(("csv", "png", "svg")):
        menu.locator(".menu > button").click()
        with page.expect_download() as download:
            menu.locator("[role=menuitem]").nth(i).click()
        path = tmp_path / f"figure.{kind}"
        download.value.save_as(path)
        found[kind] = path
        assert download.value.suggested_filename == f"rail-curve.{kind}"
    lines = found["csv"].read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "Threshold (probability),Precision,Recall,F1,Balanced accuracy"
    assert len(lines) == 1000
    assert Image.open(found["png"]).size == (1800, 1080)
    drawing = found["svg"].read_text(encoding="utf-8")
    assert "A higher threshold" in drawing
    # Taking it along leaves the figure on the page as it was.
    assert page.locator(".st-key-figure-rail-curve .gtitle").count() == 0


def test_a_model_is_promoted_and_the_page_says_so(visit, world):
    window = visit("engineer")
    window.go("/models?model=rail/second")
    page = window.page
    page.get_by_role("button", name="Put into service").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Both answered the same test photos").wait_for()
    confirm = dialog.get_by_role("button", name="Put into service")
    assert confirm.is_disabled()
    dialog.get_by_label("Why?").fill("finds more")
    dialog.get_by_label("Why?").press("Enter")
    confirm.click()
    page.get_by_text("since just now, by engineer").first.wait_for()
    service = services.current(world.db, "rail")
    assert (service.model, service.why) == ("second", "finds more")
    window.go("/models")
    assert page.locator(".st-key-models-rail tr.marked").inner_text().startswith("second")


def test_the_laboratories_are_used_on_a_phone(visit):
    window = visit("engineer", width=390)
    page = window.page
    for path in ("/rail", "/crack", "/corrosion", "/runs?new=crack", "/models", "/models?model=rail/second"):
        window.go(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        wide = page.evaluate(
            "[...document.querySelectorAll('[data-testid=stMainBlockContainer] *')]"
            ".filter(e => e.getBoundingClientRect().right > 392 && getComputedStyle(e).position !== 'fixed'"
            " && !e.closest('[data-testid=stButtonGroup]')).length"
        )
        assert wide == 0, path


def test_the_threshold_stays_in_sight(visit):
    window = visit("engineer")
    window.go("/crack")
    page = window.page
    page.locator(".st-key-crack-strip").scroll_into_view_if_needed()
    window.settle()
    top = page.locator(SLIDER).evaluate(
        "e => e.closest('[data-testid=stSlider]').getBoundingClientRect().top"
    )
    assert 0 <= top < 200


def stands_as(page, state: str) -> None:
    """Wait until the page of a run says that it is in this state; its log may say the word long before."""
    page.locator(".lead b").get_by_text(state, exact=True).wait_for(timeout=240_000)


@pytest.mark.timeout(900)
def test_a_training_is_started_followed_stopped_and_resumed(visit, tmp_path_factory):
    """With a real worker, on made-up walls: again with changes, stopped on the way, resumed, done."""
    folder = tmp_path_factory.mktemp("training")
    world = World.at(folder)
    db = store.connect(world.settings.database)
    walls = dataclasses.replace(
        datasets.read(demo.write("crack", folder / "walls", 10), "crack"), name="walls"
    )
    for _ in sets.keep(db, world.settings.artifacts, walls, report={}, who="engineer", now=time.time()):
        pass
    small = {"filters": 4, "levels": 4, "crop_px": 64, "batch": 2, "steps": 40, "validate_every": 20}
    before = queue.submit(
        db, "train", "crack", {"data": "walls", "preset": "quick", "set": small}, owner="engineer", now=1.0
    )
    queue.cancel(db, before, 2.0)
    with serving.server(world.settings, workers="train") as running:
        window = visit("", url=running.url)
        cookies = [{"name": k, "value": v, "url": running.url} for k, v in world.cookies["engineer"].items()]
        window.page.context.add_cookies(cookies)
        page = window.page
        window.go(f"/runs?again={before}")
        steps = page.get_by_label("Steps", exact=True)
        assert steps.input_value() == "40"
        steps.fill("4000")
        steps.press("Enter")
        window.see("6 settings differ from the preset")
        page.get_by_role("button", name="Start", exact=True).click()
        page.wait_for_url("**/run?id=*")
        stands_as(page, "Running")
        page.locator(".st-key-figure-run-chart-True .js-plotly-plot").first.wait_for(timeout=240_000)
        page.get_by_role("button", name="Stop").click()
        stands_as(page, "Cancelled")
        run = queue.latest(db)[0]
        told = queue.reports(db, run.id)
        assert (run.state, run.config["set"]) == ("cancelled", small | {"steps": 4000})
        assert told
        page.get_by_role("button", name="Resume").click()
        deadline = time.monotonic() + 240
        while len(queue.reports(db, run.id)) < len(told) + 2:
            assert time.monotonic() < deadline
            time.sleep(0.5)
        later = queue.reports(db, run.id)[len(told) :]
        assert later[0]["step"] > told[-1]["step"]  # it went on, it did not begin again
        page.get_by_role("button", name="Stop").click()
        stands_as(page, "Cancelled")
