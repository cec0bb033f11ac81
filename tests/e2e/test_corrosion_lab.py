"""The corrosion laboratory in a real browser: from a cell of the matrix to the label that is corrected."""

from __future__ import annotations

import re

import pytest

from core import accounts, explore, labels, orders, sets
from tests import laboratory, serving
from tests.serving import World


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> World:
    """A data folder with a corrosion model, its test photos and those it learned from."""
    folder = tmp_path_factory.mktemp("corrosion-lab")
    made = World.at(folder)
    laboratory.corrosion_model(made.settings, folder / "scratch")
    made.evaluation = laboratory.corrosion_validation(made.settings, folder / "scratch")  # type: ignore[attr-defined]
    return made


@pytest.fixture(scope="module")
def patina(world: World):
    """The real server on that folder, without workers."""
    with serving.server(world.settings) as running:
        yield running


def click_cell(page, truth: int, said: int) -> None:
    """A click in the middle of a cell of the matrix, as a mouse does it."""
    box = page.locator(".st-key-figure-corrosion-matrix .nsewdrag").first.bounding_box()
    page.mouse.click(box["x"] + box["width"] * (said + 0.5) / 4, box["y"] + box["height"] * (truth + 0.5) / 4)


def test_a_cell_leads_to_a_photo_that_is_corrected_and_learned_from(visit, world):
    told = world.evaluation
    found = explore.cell(told["truth"], told["p"], 2, 3)
    sha, name = str(told["sha256"][found[0]]), str(told["name"][found[0]])
    at = visit("engineer")
    at.go("/corrosion?split=val")
    click_cell(at.page, 2, 3)
    at.settle()
    at.see(re.compile("of Grade 2 said to be Grade 3"))
    at.page.wait_for_url(re.compile("truth=2&said=3"))
    first = at.page.locator(".st-key-cell-2-3 article").first
    assert name in first.inner_text()  # the surest mistake stands first
    first.locator(".title a").click()
    at.settle()
    dialog = at.page.get_by_role("dialog")
    dialog.get_by_text("Bright: what spoke for Grade 3").wait_for()
    assert dialog.locator(".layers img.evidence").get_attribute("src").startswith("data:image/png")
    dialog.get_by_placeholder("Why (optional)").fill("a hole at the edge")
    dialog.get_by_placeholder("Why (optional)").press("Tab")
    at.settle()
    dialog.get_by_role("button", name="Grade 3", exact=True).click()
    dialog.get_by_text("engineer: Grade 2 → Grade 3 – a hole at the edge").wait_for()
    dialog.get_by_role("button", name="Mark for retraining").click()
    dialog.get_by_role("button", name="Marked for retraining").wait_for()
    at.page.keyboard.press("Escape")
    at.settle()
    at.see("Now Grade 3 – engineer")
    at.page.get_by_role("radio", name="Labels").click()
    at.settle()
    listed = at.page.locator(".st-key-listed article")
    assert listed.count() == 1
    assert "2 → Grade 3" in listed.inner_text()
    assert "for retraining" in listed.inner_text()

    # The next training on that set learns it so, twice in each epoch.
    person = accounts.account(world.db, "engineer").person
    run_id = orders.train(
        world.db, person, "corrosion", data="corrosion-train", preset="quick", changed={}, now=1.0
    )
    assert run_id
    learned = sets.load(world.db, world.settings.artifacts, "corrosion-train", labels.newest(world.db))
    [photo] = [p for p in learned.photos if p.sha256 == sha]
    assert (photo.grade, photo.is_marked) == (3, True)


def test_a_manager_sees_who_said_what_and_changes_nothing(visit, world):
    at = visit("manager")
    at.go("/corrosion?split=val&truth=1&said=2")
    at.page.locator(".st-key-cell-1-2 article .title a").first.click()
    at.settle()
    dialog = at.page.get_by_role("dialog")
    dialog.get_by_text("Bright: what spoke for").wait_for()
    assert dialog.get_by_role("button", name="Mark for retraining").count() == 0
