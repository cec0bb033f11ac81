"""A search for settings in a real browser, with a real worker: begun, watched, stopped, gone on with."""

from __future__ import annotations

import re
import time

import pytest

from core import queue
from pages.parts import searches
from tests import laboratory, serving
from tests.serving import World

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
TRIALS = 6
WAIT_S = 400
"""For a worker that shares its machine."""


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> World:
    """A data folder with a corrosion model and 32 photos to learn from."""
    folder = tmp_path_factory.mktemp("search")
    made = World.at(folder)
    laboratory.corrosion_model(made.settings, folder / "scratch")
    laboratory.corrosion_validation(made.settings, folder / "scratch")
    return made


@pytest.fixture(scope="module")
def patina(world: World):
    """The real server with its worker for trainings."""
    with serving.server(world.settings, workers="train") as running:
        yield running


def begin(at) -> None:
    """A search of a few short trials, from the form."""
    at.go("/corrosion?view=search")
    form = at.page.locator("[data-testid=stExpander]").filter(has_text="Begin a search")
    form.get_by_role("radio", name="CNN-5").click()
    at.settle()
    for label, number in (("Trials", TRIALS), ("Epochs of a trial", 2), ("Folds", 2)):
        field = form.get_by_label(label, exact=True)
        field.fill(str(number))
        field.press("Tab")
        at.settle()
    form.get_by_role("button", name="Start the search").click()


def epochs(world: World, run_id: int) -> int:
    """Epochs that the study has, counted once where a trial was gone on with."""
    study = searches.study_of(world.settings.runs / str(run_id))
    trials = study.get_trials(deepcopy=False) if study is not None else []
    own: dict[str, int] = {}
    for trial in trials:
        known = repr(sorted(trial.params.items()))
        own[known] = max(own.get(known, 0), len(trial.intermediate_values))
    return sum(own.values())


def ended(at, n: int):
    """The line above the figures, once at least n trials have ended; found without a reload."""
    some = "|".join(str(i) for i in range(n, TRIALS + 1))
    return at.see(re.compile(f"(?:{some}) of {TRIALS} trials have ended"), WAIT_S)


def until(holds, what: str) -> None:
    """Wait until something holds."""
    since = time.monotonic()
    while not holds():
        assert time.monotonic() - since < WAIT_S, what
        time.sleep(0.5)


def test_a_search_is_begun_watched_stopped_gone_on_with_and_its_winner_trained(visit, world):
    at = visit("engineer")
    begin(at)
    at.see("What each trial had reached, epoch by epoch", WAIT_S)  # before the first trial has ended
    ended(at, 1)
    [search] = queue.latest(world.db, ("search",))

    at.page.get_by_role("button", name="Stop").click()
    until(lambda: queue.get(world.db, search.id).state == "cancelled", "the search never stopped")
    at.page.get_by_role("button", name="Continue").wait_for()
    before = epochs(world, search.id)
    assert 0 < before < TRIALS * 4

    at.page.get_by_role("button", name="Continue").click()
    ended(at, 2)
    assert epochs(world, search.id) >= before
    at.page.get_by_role("radio", name="Together").click()
    at.see("Every trial as a line through its settings")
    at.page.get_by_role("button", name="Stop").click()
    until(lambda: queue.get(world.db, search.id).state == "cancelled", "the search never stopped again")

    best = searches.study_of(world.settings.runs / str(search.id)).best_trial
    at.page.get_by_role("button", name="Train the winner on all folds").click()
    at.page.wait_for_url(re.compile("/run"))
    [training] = queue.latest(world.db, ("train",))
    assert {k: training.config["set"][k] for k in best.params} == best.params
    assert training.config["set"]["folds"] == 2
    until(lambda: queue.get(world.db, training.id).state in ("done", "failed"), "the winner never ended")
    assert queue.get(world.db, training.id).state == "done"
