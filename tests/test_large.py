"""A large photo is looked at part by part: its run says how far it is, and it is given up in between."""

from __future__ import annotations

import dataclasses
import io
import threading
import time

import numpy as np
import pytest
from PIL import Image

from core import asking, cards, inspections, photos, queue, services, store
from core.engine import crack, lanes, tiling
from core.engine.life import Life
from core.settings import ROOT, Settings
from tests import stock, visits
from tests.serving import World
from tests.test_pages_inspector import run, signed_in

SHIPPED = Settings.of({}).models
PHOTO = sorted((ROOT / "data" / "samples" / "crack" / "images").iterdir())[0]


@pytest.fixture
def world(tmp_path):
    return World.at(tmp_path)


def ask(world: World, times: int, name: str) -> int:
    """A real crack photo, so many times beside and below itself."""
    out = io.BytesIO()
    Image.fromarray(np.tile(photos.open(PHOTO)[0], (times, times, 1))).save(out, "JPEG", quality=80)
    sha = stock.keep(world.db, world.settings, out.getvalue(), name)
    return asking.ask(world.db, sha, "crack", owner="mina", now=stock.NOW, batch="b")


def test_a_large_photo_tells_how_far_it_is_and_is_given_up_in_the_middle(world, monkeypatch):
    monkeypatch.setattr(lanes, "REPORT_SECONDS", 0.0)
    settings = dataclasses.replace(world.settings, models=SHIPPED)
    services.promote(world.db, cards.all(SHIPPED, "crack")[0], who="admin", now=1.0)
    large, small = ask(world, 3, "large.jpg"), ask(world, 1, "small.jpg")
    id, seen = inspections.get(world.db, large).run_id, []
    assert id is not None

    def give_up() -> None:
        db, until = store.connect(settings.database, fresh=True), time.monotonic() + 60
        while time.monotonic() < until:
            told = queue.get(db, id).progress
            if told.get("phase") == "parts":
                seen.append((told["step"], told["total"]))
                queue.cancel(db, id, stock.NOW)
                return
            time.sleep(0.005)

    watch = threading.Thread(target=give_up)
    watch.start()
    life = Life("judge", settings)
    try:
        judge = lanes.Judge(life, settings)
        while judge.take():
            pass
    finally:
        life.close()
        watch.join()
    [(step, total)] = seen
    assert 0 < step < total == 4
    given_up, other = (inspections.get(world.db, one) for one in (large, small))
    assert (given_up.state, given_up.verdict) == ("cancelled", None)
    assert (other.state, other.verdict is None) == ("done", False), "the next photo is judged all the same"


@pytest.mark.parametrize("shape", [(300, 400), (1000, 1501), (768, 2000), (1537, 1536), (1600, 2400)])
def test_the_parts_are_counted_as_they_are_made(shape):
    model = crack.load(*_shipped())
    picture = np.zeros((*shape, 3), np.uint8)
    assert tiling.count(model.net, picture) == sum(1 for _ in tiling.windows(model.net, picture))


def _shipped():
    card = cards.all(SHIPPED, "crack")[0]
    return card, cards.place(SHIPPED, "crack", card.id)


def test_the_photo_page_shows_how_far_it_is_and_stops_it(world, monkeypatch):
    large = ask(world, 1, "large.jpg")
    [claimed] = queue.claim(world.db, "judge", "w", stock.NOW)
    queue.report(world.db, claimed, lanes.Progress(9, 36, "parts"), time.time())
    monkeypatch.setenv("PATINA_DATA", str(world.settings.data))
    monkeypatch.setenv("PATINA_MODELS", str(world.settings.models))
    with signed_in(world.settings, name="jun"):
        at = run("photo", id=str(large))
        assert "stop" not in [b.key for b in at.button], "only its owner and engineers"
    with signed_in(world.settings, name="mina"):
        at = run("photo", id=str(large))
        assert at.get("progress")[0].proto.value == 25
        assert at.get("progress")[0].proto.text == "Part 9 of 36 looked at"
        at.button(key="stop").click().run()
        assert not at.exception, visits.text(at)
    assert queue.get(world.db, claimed.id).cancel_at is not None
