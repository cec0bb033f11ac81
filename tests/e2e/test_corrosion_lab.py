"""The corrosion laboratory in a real browser: from a cell of the matrix to the label that is corrected."""

from __future__ import annotations

import re

import pytest

from core import cards, explore, labels, orders, sets
from core.grading import decisions
from core.people import accounts
from tests import laboratory, serving
from tests.e2e import finger
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


def boxed(dialog) -> list[float]:
    """The box as the element has it."""
    return [float(v) for v in dialog.locator(".crop").get_attribute("data-box").split(",")]


def test_a_photo_is_cropped_with_mouse_and_keys_and_the_box_is_kept(visit, world):
    sha = open_cropper(at := visit("engineer"), world, 3)
    dialog = at.page.get_by_role("dialog")
    stage = dialog.locator(".crop .stage").bounding_box()
    x, y, w, h = (stage[k] for k in ("x", "y", "width", "height"))
    at.page.mouse.move(x + 0.02 * w, y + 0.02 * h)
    at.page.mouse.down()
    at.page.mouse.move(x + 0.5 * w, y + 0.6 * h, steps=4)
    at.page.mouse.up()
    assert boxed(dialog) == pytest.approx([0.02, 0.02, 0.5, 0.6], abs=0.02)
    before = boxed(dialog)
    at.page.keyboard.press("ArrowRight")
    at.page.keyboard.press("Shift+ArrowDown")
    after = boxed(dialog)
    assert after == pytest.approx([before[0] + 0.01, before[1], before[2] + 0.01, before[3] + 0.01], abs=1e-3)
    dialog.get_by_role("button", name="Keep this box").click()
    dialog.get_by_text("engineer drew the trim box").wait_for()
    stored = labels.standing(world.db, "corrosion")[sha, "trim"].trim
    assert stored == pytest.approx(after, abs=1e-3)
    [photo] = [
        p for p in sets.load(world.db, world.settings.artifacts, "corrosion-train").photos if p.sha256 == sha
    ]
    assert photo.trim == stored


def test_a_photo_is_cropped_with_a_finger(visit, world):
    sha = open_cropper(at := visit("engineer", width=390), world, 5)
    dialog = at.page.get_by_role("dialog")
    lower_right_handle = [(0.9, 0.9), (0.8, 0.8), (0.7, 0.75)]
    finger.drag(at.page, dialog.locator(".crop .stage"), lower_right_handle)
    assert boxed(dialog) == pytest.approx([0.1, 0.1, 0.7, 0.75], abs=0.03)
    dialog.get_by_role("button", name="Keep this box").click()
    dialog.get_by_text("engineer drew the trim box").wait_for()
    assert (sha, "trim") in labels.standing(world.db, "corrosion")


def open_cropper(at, world, i: int) -> str:
    """The cropper over the i-th photo of the set, from the Data page; the photo's sha256."""
    at.go(f"/data?set=corrosion-train&name=beam-{i:02d}")
    at.page.locator(".st-key-wall article .title a").first.click()
    at.settle()
    dialog = at.page.get_by_role("dialog")
    dialog.get_by_text("Cut to the part").click()
    dialog.locator(".crop .cut").wait_for()
    at.settle()
    return str(world.evaluation["sha256"][i])


def test_a_cost_is_typed_over_and_the_counts_follow(visit, world):
    told = cards.evaluation(cards.place(world.settings.models, "corrosion", "starter-test"), "test")
    costs = decisions.costs_of(3.0, True)
    costs[3, 2] = 200
    now = decisions.decided(told["p"], told["truth"], costs, 0.6)
    at = visit("engineer")
    at.go("/corrosion?view=costs")
    cell = at.page.get_by_label("What it costs to say Grade 2 of Grade 3", exact=True)
    cell.fill("200")
    at.page.wait_for_url(re.compile("costs=.*_27_12_200_0"))
    at.settle()
    missed = at.page.locator(".st-key-cost-counts tr").filter(has_text="Grade 3 said to be less")
    assert missed.locator("td").last.inner_text() == str(now.missed_3)
    assert cell.input_value() == "200"
    cell.fill("-1")
    assert cell.get_attribute("aria-invalid") is not None
    at.settle()
    assert "_200_" in at.page.url, "what is no cost is marked and not sent"
