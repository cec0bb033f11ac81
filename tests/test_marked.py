"""A scale given after the fact by REST, and one read from a marker: in the worker, the page, the command."""

from __future__ import annotations

import dataclasses
import io
import json

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from core import api, arrays, asking, cards, in_force, inspections, opinions, photos, services, store
from core.cli import main
from core.engine.lanes import Judge
from core.engine.life import Life
from core.errors import PatinaError
from core.gate import Gate
from core.measuring import standards
from core.measuring.scales import Scale, focal_px
from core.records import Person
from core.settings import ROOT, Settings
from tests import stock, visits, walls_seen
from tests.serving import World
from tests.test_pages_inspector import run, signed_in
from tests.test_scales import wall

SHIPPED = Settings.of({}).models
MODEL = cards.all(SHIPPED, "crack")[0]
PAGE = walls_seen.tag()
SIDE = 110
PHOTO = sorted((ROOT / "data" / "samples" / "crack" / "images").iterdir())[0]


def picture(is_marked: bool = True) -> bytes:
    """A real photo of a crack, with or without a marker 110 pixels wide beside it."""
    grey = photos.grey(photos.open(PHOTO)[0])
    if is_marked:
        wide = SIDE * PAGE.shape[1] / (PAGE.shape[1] - 160)
        grey = walls_seen.seen(grey, PAGE, wide, at=(0.25, 0.7), turned=9, blur=0.5, noise=1, rays=2)
    out = io.BytesIO()
    Image.fromarray(np.repeat(grey[..., None], 3, 2)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def world(tmp_path):
    return World.at(tmp_path)


@pytest.fixture
def client(world):
    gate = [Middleware(Gate, settings=world.settings)]
    with TestClient(Starlette(routes=api.routes(world.settings), middleware=gate)) as client:
        yield client


def judged(world: World, domain: str = "crack") -> int:
    answer = wall() if domain == "crack" else stock.verdict("rail", "normal")
    return stock.ask(world.db, world.settings, domain, 1, answer=answer)


def put(client, world, id: int, who: str = "inspector", **told):
    return client.put(f"/api/v1/inspections/{id}/scale", json=told, headers=world.headers(f"token {who}"))


@pytest.mark.parametrize("who", ["inspector", "manager", "engineer", "admin"])
def test_whoever_may_inspect_sets_a_scale_by_rest_and_is_named(client, world, who):
    id = judged(world)
    opinions.say(world.db, id, "crack", who="mina", now=stock.NOW)
    answer = put(client, world, id, who, how="given", mm_per_px=0.2, error=0.03)
    told = answer.json()
    assert answer.status_code == 200, told
    assert told["scale"] | {"at": ""} == {
        "mm_per_px": 0.2, "error": 0.03, "how": "given", "told": {}, "by": who, "at": "",
    }  # fmt: skip
    assert told["verdict"]["figures"]["max_width_mm"] == pytest.approx(1.2, abs=0.05)
    assert told["verdict"]["figures"]["scale_error"] == 0.03
    assert told["verdict"]["figures"]["standard"] == standards.chosen(world.settings).key
    assert told["opinion"]["who"] == "mina", "a person's word goes along"
    [event] = [e for e in world.db.query("select * from events where what = 'set the scale'")]
    assert (event["who"], event["about"]) == (who, f"inspection/{id}")


def test_two_points_and_their_distance_are_a_scale_and_the_newest_counts(client, world):
    id = judged(world)
    put(client, world, id, how="given", mm_per_px=0.2)
    told = put(client, world, id, how="line", x0=10, y0=20, x1=210, y1=20, mm=100).json()
    assert (told["scale"]["mm_per_px"], told["scale"]["how"]) == (0.5, "line")
    assert told["scale"]["told"]["x1"] == 210
    assert told["scale_mm_per_px"] == 0.5
    assert put(client, world, id, how="field", mm=480).json()["scale"]["mm_per_px"] == 1.0
    said = client.get(f"/api/v1/inspections/{id}", headers=world.headers("token inspector")).json()
    assert len(said["verdicts"]) == 4, "what was said before stays"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({}, "not by None"),
        ({"how": "given"}, "lacks a number"),
        ({"how": "given", "mm_per_px": -1}, "cannot be"),
        ({"how": "given", "mm_per_px": 0.2, "error": 1}, "error is 1; give it as a share"),
        (
            {"how": "line", "x0": 0, "y0": 0, "x1": 9000, "y1": 0, "mm": 9},
            "leaves the photo, which is 480 × 360",
        ),
        ({"how": "line", "x0": 0, "y0": 0, "x1": "wide", "y1": 0, "mm": 9}, "x1 is 'wide'"),
        ({"how": "marker"}, "mm is missing"),
        ({"how": "marker", "mm": 20}, "No marker is seen"),
    ],
)
def test_a_scale_that_cannot_be_is_refused_and_nothing_is_kept(client, world, told, why):
    id = judged(world)
    answer = put(client, world, id, **told)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert why in answer.json()["detail"]
    assert inspections.get(world.db, id).scale is None


def test_a_scale_on_what_has_no_cracks_or_is_not_there_is_refused(client, world):
    assert (
        "only cracks are measured" in put(client, world, judged(world, "rail"), how="given", mm_per_px=1).text
    )
    assert put(client, world, 4711, how="given", mm_per_px=1).status_code == 404
    assert client.put("/api/v1/inspections/1/scale", json={}).status_code == 401
    with pytest.raises(PatinaError, match="only cracks"):
        asking.set_scale(world.db, 1, walls_seen.Scale(1, 0), who="mina", now=1.0)


def keep(world: World, is_marked: bool = True) -> str:
    return stock.keep(world.db, world.settings, picture(is_marked), "pier.png")


def ask(client, world: World, photo: str, **told):
    asked = {"photo": photo, "domain": "crack", "wait": 0} | told
    return client.post("/api/v1/inspections", json=asked, headers=world.headers("token inspector"))


def test_the_worker_reads_the_marker_that_a_photo_was_handed_in_with(client, world):
    marked, bare = (ask(client, world, keep(world, m), marker_mm=20).json()["id"] for m in (True, False))
    settings = dataclasses.replace(world.settings, models=SHIPPED)
    services.promote(world.db, MODEL, who="admin", now=1.0)
    life = Life("judge", settings)
    judge = Judge(life, settings)
    while judge.take():
        pass
    life.close()
    found = inspections.get(world.db, marked)
    assert found.scale is not None
    assert (found.scale.how, found.scale_by) == ("marker", "inspector")
    assert found.scale.mm_per_px == pytest.approx(20 / SIDE, rel=0.005)
    assert found.verdict is not None
    assert found.verdict.figures["max_width_mm"] > 0  # type: ignore[operator]
    assert found.verdict.scale_mm_per_px == found.scale.mm_per_px
    other = inspections.get(world.db, bare)
    assert (other.scale, other.state) == (None, "done"), "judged all the same"
    assert other.verdict is not None
    assert str(other.verdict.figures["no_marker"]).startswith("No marker is seen")


def test_worker_and_rest_grade_by_the_standard_chosen_and_say_how_close_by_the_photo_s_lens(client, world):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[41989] = 26
    out = io.BytesIO()
    Image.open(io.BytesIO(picture(False))).save(out, "JPEG", exif=exif, quality=95)
    photo = stock.keep(world.db, world.settings, out.getvalue(), "pier.jpg")
    ada = Person(1, "ada", "admin")
    in_force.choose_standard(world.db, ada, world.settings, "ec2-rc", now=1.0)
    services.promote(world.db, MODEL, who="admin", now=1.0)
    id = ask(client, world, photo, scale_mm_per_px=1.0).json()["id"]
    life = Life("judge", dataclasses.replace(world.settings, models=SHIPPED))
    assert Judge(life, life.settings).take()
    life.close()
    found = inspections.get(world.db, id)
    assert found.verdict is not None
    lens = focal_px(26, found.width_px, found.height_px)
    assert found.verdict.figures["standard"] == "ec2-rc"
    assert found.verdict.figures["closer_m"] == pytest.approx(lens * 0.3 / 1000, abs=0.001)
    in_force.choose_standard(world.db, ada, world.settings, "aci-water", now=2.0)
    figures = put(client, world, id, how="given", mm_per_px=0.5).json()["verdict"]["figures"]
    assert figures["standard"] == "aci-water"
    assert (figures["closer_times"], figures["closer_m"]) == (
        5.0,
        pytest.approx(lens * 0.1 / 1000, abs=0.001),
    )


@pytest.mark.parametrize("is_marked", [True, False])
def test_a_scale_that_a_person_gives_while_the_photo_is_judged_stands(client, world, monkeypatch, is_marked):
    """Widths take seconds to measure; what is said meanwhile is neither lost nor overwritten by a marker."""
    id = ask(client, world, keep(world), **({"marker_mm": 20} if is_marked else {})).json()["id"]
    services.promote(world.db, MODEL, who="admin", now=1.0)
    pack = arrays.pack

    def slow(told):
        person = store.connect(world.settings.database, fresh=True)
        asking.set_scale(person, id, Scale(0.25, 0.02, "given", {}), who="mina", now=2.0)
        return pack(told)

    monkeypatch.setattr(arrays, "pack", slow)
    life = Life("judge", dataclasses.replace(world.settings, models=SHIPPED))
    assert Judge(life, life.settings).take()
    life.close()
    found = inspections.get(world.db, id)
    assert found.scale is not None
    assert found.verdict is not None
    assert (found.scale.mm_per_px, found.scale_by) == (0.25, "mina")
    assert found.verdict.scale_mm_per_px == 0.25
    assert found.verdict.figures["scale_error"] == 0.02


def test_a_marker_too_small_to_be_is_refused_with_the_question(client, world):
    answer = ask(client, world, keep(world), marker_mm=0)
    assert (answer.status_code, "marker_mm is 0" in answer.json()["detail"]) == (400, True)


def test_the_photo_page_reads_a_marker_and_tells_millimetres_and_the_slant(world, monkeypatch):
    id = asking.ask(world.db, keep(world), "crack", owner="mina", now=stock.NOW, batch="b")
    asking.answer(world.db, id, wall(), who="Patina", now=stock.NOW)
    monkeypatch.setenv("PATINA_DATA", str(world.settings.data))
    monkeypatch.setenv("PATINA_MODELS", str(world.settings.models))
    with signed_in(world.settings, name="jun"):
        at = run("photo", id=str(id))
        assert at.number_input(key="marker-mm").value == 20
        at.number_input(key="marker-mm").set_value(40.0)
        [button] = [b for b in at.button if b.proto.form_id == "scale"]
        button.click().run()
        assert not at.exception
        said = visits.text(at)
    found = inspections.get(world.db, id)
    assert found.scale is not None
    assert found.scale_by == "jun"
    assert found.scale.mm_per_px == pytest.approx(40 / SIDE, rel=0.005)
    assert "by a printed marker" in said
    assert "0° from square-on" in said


def test_the_command_reads_a_marker_in_each_photo_and_says_where_it_saw_none(tmp_path, capsys):
    for name, is_marked in (("a.png", True), ("b.png", False)):
        (tmp_path / name).write_bytes(picture(is_marked))
    environ = {"PATINA_DATA": str(tmp_path / "data"), "PATINA_MODELS": str(SHIPPED)}
    words = ["predict", f"crack/{MODEL.id}", str(tmp_path), "--marker", "20mm", "--json"]
    assert main(words, environ) == 0
    seen, unseen = json.loads(capsys.readouterr().out)
    assert seen["scale_mm_per_px"] == pytest.approx(20 / SIDE, rel=0.005)
    assert (seen["tilt"], seen["scale_error"] < 0.01, seen["max_width_mm"] > 0) == (0, True, True)
    assert unseen["no_marker"].startswith("No marker is seen")
    assert unseen["max_width_mm"] is None
    for words, why in (
        (["--marker", "big"], "is not the side of a marker"),
        (["--marker", "20", "--scale", "1"], "--scale and --marker each tell"),
    ):
        assert main(["predict", f"crack/{MODEL.id}", str(tmp_path), *words], environ) == 2
        assert why in capsys.readouterr().err
