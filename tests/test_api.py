"""REST in one process: the real routes behind the real gate; a thread answers as the judge worker does."""

from __future__ import annotations

import io
import json
import time
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from core import api, artifacts, cards, opinions, photos, pictures, store
from core.gate import Gate
from core.people import signin
from core.rest import openapi
from core.uploads import NameAside
from tests.badimages import ROWS, Row, bad_photos  # noqa: F401
from tests.serving import Answerer, World, jpeg

SHA = "0" * 64


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return World.at(tmp_path_factory.mktemp("api"))


@pytest.fixture(scope="module")
def client(world):
    app = Starlette(
        routes=[*signin.routes(world.settings), *api.routes(world.settings)],
        middleware=[Middleware(Gate, settings=world.settings), Middleware(NameAside)],
    )
    headers = {"authorization": f"Bearer {world.tokens['inspector']}"}
    with TestClient(app, headers=headers, raise_server_exceptions=False) as client, Answerer(world.settings):
        yield client


def put(client, content, name="wall.jpg", **told):
    return client.put(f"/api/v1/photos/{quote(name, safe='')}", content=content, **told)


def is_problem(answer, status, *words):
    told = answer.json()
    assert answer.status_code == told["status"] == status, told
    assert answer.headers["content-type"] == "application/problem+json"
    assert told["detail"].endswith((".", ")")), "a sentence"
    for word in words:
        assert word in told["detail"]
    return told


# Photos


def test_a_photo_goes_in_and_its_pictures_come_out(client, world):
    whole = jpeg(640, 480, seed=1)
    answer = put(client, whole, "Brücke 7.jpg")
    told = answer.json()
    assert answer.status_code == 201
    assert (told["known"], told["width_px"], told["height_px"], told["name"]) == (
        False,
        640,
        480,
        "Brücke 7.jpg",
    )
    assert answer.headers["location"] == f"/api/v1/photos/{told['photo']}"
    again = put(client, whole)
    assert (again.status_code, again.json()["known"]) == (200, True)

    stored = client.get(f"/api/v1/artifacts/{told['photo']}")
    assert (stored.content, stored.headers["content-type"]) == (whole, "image/jpeg")
    for side, wanted in ((320, 320), (1, 160), (5000, 640), ("", 320)):
        thumb = client.get(f"/api/v1/thumbs/{told['photo']}?side={side}")
        assert thumb.headers["content-type"] == "image/webp"
        assert max(Image.open(io.BytesIO(thumb.content)).size) == wanted


def test_the_photo_for_the_browser_is_upright_and_says_nothing_of_its_maker(client):
    exif = Image.Exif()
    exif[274], exif[271] = 6, "SecretCam"
    told = put(client, jpeg(640, 480, seed=2, exif=exif)).json()
    assert (told["width_px"], told["height_px"]) == (480, 640)
    shown = client.get(f"/api/v1/photos/{told['photo']}")
    picture = Image.open(io.BytesIO(shown.content))
    assert (picture.size, picture.format, len(picture.getexif())) == ((480, 640), "JPEG", 0)
    assert b"SecretCam" not in shown.content
    thumb = Image.open(io.BytesIO(client.get(f"/api/v1/thumbs/{told['photo']}?side=160").content))
    assert thumb.size == (120, 160)


def test_a_lossless_photo_stays_lossless_in_the_browser(client):
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (64, 96, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    told = put(client, out.getvalue(), "x.png").json()
    shown = client.get(f"/api/v1/photos/{told['photo']}")
    assert shown.headers["content-type"] == "image/png"
    assert (np.asarray(Image.open(io.BytesIO(shown.content))) == picture).all()


def test_what_is_named_by_its_content_is_fetched_once(client):
    told = put(client, jpeg(seed=3)).json()
    for path in (f"artifacts/{told['photo']}", f"thumbs/{told['photo']}", f"photos/{told['photo']}"):
        first = client.get(f"/api/v1/{path}")
        assert first.headers["cache-control"] == "private, max-age=31536000, immutable"
        assert first.headers["content-encoding"] == "identity"
        again = client.get(f"/api/v1/{path}", headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        head = client.head(f"/api/v1/{path}")
        assert (head.status_code, head.content) == (200, b"")
    assert client.get(f"/api/v1/artifacts/{told['photo']}", headers={"range": "bytes=0-9"}).status_code == 206


def test_a_fraction_of_a_large_jpeg_is_decoded_for_its_thumbnail(client, world):
    rng = np.random.default_rng(4)
    noise = Image.fromarray(rng.integers(0, 255, (12, 16, 3), np.uint8)).resize((4000, 3000))
    out = io.BytesIO()
    noise.save(out, "JPEG", quality=85)
    sha = put(client, out.getvalue()).json()["photo"]
    for path in world.settings.cache.glob(f"thumbs/*/{sha}*"):
        path.unlink()
    got = np.asarray(Image.open(pictures.thumbnail(world.settings, sha, 320)).convert("RGB"), int)
    slowly = photos.thumbnail(np.asarray(Image.open(io.BytesIO(out.getvalue()))), 320)
    want = np.asarray(Image.open(io.BytesIO(slowly)).convert("RGB"), int)
    assert np.abs(got - want).mean() < 2


def test_an_upload_in_parts_is_asked_how_far_it_came(client):
    whole, word = jpeg(640, 480, seed=5), {"upload": "resume-me-1234"}
    n, half = len(whole), len(whole) // 2
    url = "/api/v1/photos/part.jpg"
    is_problem(client.get(url, params=word), 404, "Nothing of this upload")
    first = client.put(
        url, params=word, content=whole[:half], headers={"content-range": f"bytes 0-{half - 1}/{n}"}
    )
    assert (first.status_code, first.json()) == (202, {"received": half, "total": n})
    assert client.head(url, params=word).headers["upload-offset"] == str(half)
    assert client.get(url, params=word).json() == {"received": half}
    gap = client.put(url, params=word, content=b"x", headers={"content-range": f"bytes {n - 1}-{n - 1}/{n}"})
    is_problem(gap, 409, f"{half} bytes")
    last = client.put(url, params=word | {"offset": half}, content=whole[half:])
    assert last.status_code == 201
    assert client.get(f"/api/v1/artifacts/{last.json()['photo']}").content == whole
    is_problem(client.get(url, params=word), 404)


def test_an_unfinished_upload_can_be_given_up(client, world):
    url, word = "/api/v1/photos/part.jpg", {"upload": "give-me-up-1234"}
    client.put(url, params=word, content=b"x" * 10, headers={"content-range": "bytes 0-9/20"})
    assert client.delete(url, params=word).status_code == 204
    is_problem(client.get(url, params=word), 404)
    is_problem(client.delete(url), 400, "Stored photos are not deleted")


def test_a_stream_without_an_end_is_cut_off_at_the_limit_and_leaves_nothing(client, world):
    endless = (bytes(2**20) for _ in range(70))
    is_problem(client.put("/api/v1/photos/x.jpg", content=endless), 413, "64 MiB")
    assert not list(world.settings.uploads.glob("*"))


def test_a_zip_goes_in_by_parts_for_engineers_only(client, world):
    url, word = "/api/v1/archives", {"upload": "zip-of-photos-1"}
    part = {"content-range": "bytes 0-9/20"}
    is_problem(client.put(url, params=word, content=b"x" * 10, headers=part), 403, "role engineer")
    engineer = {"authorization": f"Bearer {world.tokens['engineer']}"}
    assert client.get(url, params=word, headers=engineer).json() == {"received": 0}
    first = client.put(url, params=word, content=b"x" * 10, headers=engineer | part)
    assert (first.status_code, first.json()) == (202, {"received": 10, "total": 20})
    rest = engineer | {"content-range": "bytes 10-19/20"}
    assert client.put(url, params=word, content=b"y" * 10, headers=rest).status_code == 201
    assert client.head(url, params=word, headers=engineer).headers["upload-offset"] == "20"
    assert client.delete(url, params=word, headers=engineer).status_code == 204
    is_problem(
        client.put(
            url, params=word, content=b"x" * 10, headers=engineer | {"content-range": f"bytes 0-9/{2**45}"}
        ),
        413,
    )
    is_problem(client.put(url, content=b"x", headers=engineer), 400, "which upload")


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({"content-range": "bytes 0-9/20"}, "", 400),
        ({"content-range": "nonsense"}, "?upload=abcdefgh", 400),
        ({"content-range": f"bytes 0-9/{2**40}"}, "?upload=abcdefgh", 413),
        ({"content-length": str(2**40)}, "", 413),
        ({}, "?upload=x", 400),
        ({}, "?upload=abcdefgh&offset=x", 400),
    ],
)
def test_an_upload_that_makes_no_sense_is_refused(client, headers, query, status):
    is_problem(client.put(f"/api/v1/photos/x.jpg{query}", content=b"x" * 10, headers=headers), status)


# Inspections


def ask(client, **told):
    return client.post("/api/v1/inspections", json=told)


@pytest.fixture(scope="module")
def photo(client):
    return put(client, jpeg(320, 240, seed=10), "pier.jpg").json()["photo"]


def test_an_inspection_waits_for_its_verdict(client, photo):
    answer = ask(client, photo=photo, domain="rail", batch="b1", place="Pier 4", trim=[0, 0, 0.5, 1])
    told = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == told["links"]["self"] == f"/api/v1/inspections/{told['id']}"
    assert (told["state"], told["verdict"]["label"], told["verdict"]["model"]) == (
        "done",
        "defect",
        "rail/test",
    )
    assert (told["owner"], told["batch"], told["place"], told["name"]) == (
        "inspector",
        "b1",
        "Pier 4",
        "pier.jpg",
    )
    assert told["verdict"]["trim"] == [0, 0, 0.5, 1]
    shown = client.get(answer.headers["location"]).json()
    assert shown["verdicts"][0]["label"] == "defect"
    assert {k: v for k, v in shown.items() if k not in ("verdicts", "opinions")} == told


def test_one_who_does_not_wait_gets_a_link(client, photo, world):
    answer = ask(client, photo=photo, domain="rail", wait=0)
    assert answer.status_code == 202
    assert answer.json()["verdict"] is None
    until = time.monotonic() + 5
    while (told := client.get(answer.headers["location"]).json())["state"] != "done":
        assert time.monotonic() < until
        time.sleep(0.02)
    assert told["verdict"]["label"] == "defect"


def test_the_photo_itself_can_be_sent_bare_or_in_a_form(client):
    bare = client.post(
        "/api/v1/inspections?domain=corrosion&name=a.jpg&batch=b2&trim=0.1,0.1,0.9,0.9",
        content=jpeg(seed=20),
        headers={"content-type": "image/jpeg"},
    ).json()
    form = client.post(
        "/api/v1/inspections",
        data={"domain": "corrosion", "batch": "b2", "trim": "0.1,0.1,0.9,0.9"},
        files={"file": ("a.jpg", jpeg(seed=21), "image/jpeg")},
    ).json()
    for told in (bare, form):
        assert (told["name"], told["batch"], told["verdict"]["label"]) == ("a.jpg", "b2", "2")
        assert told["trim"] == [0.1, 0.1, 0.9, 0.9]
        assert [(one["key"], one["classes"]) for one in told["terms"]] == [("aashto", ["CS3"])]


def test_a_form_that_cannot_be_read_is_one_sentence(client):
    broken = {"content-type": "multipart/form-data; boundary=x"}
    answer = client.post("/api/v1/inspections", content=b"no part of a form", headers=broken)
    is_problem(answer, 400, "The form cannot be read")
    many = client.post("/api/v1/inspections", files={f"photo{i}": b"x" for i in range(2)})
    is_problem(many, 400, "The form cannot be read", "Too many files")


@pytest.mark.parametrize(
    ("told", "status", "word"),
    [
        ({}, 400, "no photo"),
        ({"photo": SHA}, 400, "domain is missing"),
        ({"photo": SHA, "domain": "bridge"}, 400, "choose one of rail, crack, corrosion"),
        ({"photo": SHA, "domain": "rail"}, 404, "upload it first"),
        ({"photo": "x", "domain": "rail"}, 404, "upload it first"),
        ({"photo": SHA, "domain": "rail", "trim": [0, 0, 1]}, 400, "four numbers"),
        ({"photo": SHA, "domain": "rail", "trim": [0.5, 0, 0.4, 1]}, 422, "upper left"),
        ({"photo": SHA, "domain": "rail", "trim": [0.5, 0, 1.2, 1]}, 422, "(0.5, 0, 1.2, 1) does not lie in"),
        ({"photo": SHA, "domain": "rail", "trim": [0.5, 0, 0.51, 1]}, 422, "Draw a larger one"),
        ({"photo": SHA, "domain": "rail", "trim": "no"}, 400, "four numbers"),
        ({"photo": SHA, "domain": "rail", "trim": 7}, 400, "four numbers"),
        ({"photo": SHA, "domain": "rail", "scale_mm_per_px": 0}, 400, "scale_mm_per_px is 0"),
        ({"photo": SHA, "domain": "rail", "scale_mm_per_px": "wide"}, 400, "a number"),
        ({"photo": SHA, "domain": "rail", "wait": -1}, 400, "wait is -1"),
        ({"photo": SHA, "domain": "rail", "batch": "x" * 201}, 400, "at most 200"),
        ({"photo": SHA, "domain": "rail", "batch": ["x"]}, 400, "batch must be a text"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(client, told, status, word):
    is_problem(ask(client, **told), status, word)


@pytest.mark.parametrize("body", [b"[]", b"{", b'"x"', b"\xff", b"x" * 70_000])
def test_a_body_that_is_no_question_is_refused(client, body):
    is_problem(
        client.post("/api/v1/inspections", content=body, headers={"content-type": "application/json"}), 400
    )


@pytest.mark.parametrize("box", ["0.5,0,1.2,1", "0.6,0,0.5,1", "0,0,nan,1", "0,0,0.01,1"])
def test_a_photo_with_a_box_outside_it_leaves_nothing_behind(client, world, box):
    """Neither the photo nor an inspection of it, whichever way it comes."""
    held = [store.rows(world.db, f"select 1 from {table}") for table in ("photos", "inspections")]
    told = {"domain": "corrosion", "trim": box}
    bare = client.post(
        "/api/v1/inspections",
        params=told,
        content=jpeg(seed=98),
        headers={"content-type": "image/jpeg"},
    )
    form = client.post(
        "/api/v1/inspections", data=told, files={"file": ("a.jpg", jpeg(seed=98), "image/jpeg")}
    )
    for answer in (bare, form):
        is_problem(answer, 422, "Draw")
    assert [store.rows(world.db, f"select 1 from {table}") for table in ("photos", "inspections")] == held


def test_a_bare_photo_without_a_domain_is_refused_and_not_kept(client, world):
    before = len(store.rows(world.db, "select 1 from photos"))
    is_problem(
        client.post("/api/v1/inspections", content=jpeg(seed=99), headers={"content-type": "image/jpeg"}),
        400,
        "domain is missing",
    )
    assert len(store.rows(world.db, "select 1 from photos")) == before
    assert not list(world.settings.uploads.glob("*"))


def test_inspections_are_turned_page_by_page_while_others_come_in(client, photo):
    ids = [ask(client, photo=photo, domain="crack", batch="many").json()["id"] for _ in range(7)]
    seen, path = [], "/api/v1/inspections?batch=many&limit=3"
    while path:
        page = client.get(path).json()
        seen += [i["id"] for i in page["inspections"]]
        path = page["next"]
        ask(client, photo=photo, domain="crack", batch="many")
    assert seen == ids[::-1]


def test_inspections_are_found_by_what_they_are(client, photo, world):
    def found(**told):
        return {
            i["id"]
            for i in client.get("/api/v1/inspections", params=told | {"limit": 200}).json()["inspections"]
        }

    a = ask(client, photo=photo, domain="rail", batch="f", name="left 50%.jpg").json()["id"]
    b = ask(client, photo=photo, domain="crack", batch="f", place="Tunnel").json()["id"]
    assert found(batch="f") == {a, b}
    assert found(batch="f", domain="crack") == {b}
    assert found(batch="f", label="defect") == {a}
    assert found(batch="f", text="50%") == {a}
    assert found(batch="f", text="tunnel") == {b}
    assert found(batch="f", needs_person="true") == set()
    assert found(batch="f", decided="no") == {a, b}
    assert found(batch="f", since="2020-01-01T00:00:00+02:00") == {a, b}
    assert found(batch="f", since=str(time.time() + 10)) == set()
    assert found(batch="f", owner="nobody") == set()
    opinions.say(world.db, a, "normal", who="eva", now=time.time())
    assert found(batch="f", decided="1") == {a}
    assert client.get(f"/api/v1/inspections/{a}").json()["opinions"][0]["label"] == "normal"


@pytest.mark.parametrize(
    "query",
    [
        "domain=x",
        "limit=0",
        "limit=201",
        "limit=x",
        "before=-1",
        "since=yesterday",
        "since=nan",
        "since=9999999-01-01",
        "decided=maybe",
    ],
)
def test_a_search_that_makes_no_sense_is_refused(client, query):
    is_problem(client.get(f"/api/v1/inspections?{query}"), 400)


# Maps and overlays


def test_the_overlay_is_magenta_where_the_map_says_crack_and_nothing_elsewhere(client, photo):
    told = ask(client, photo=photo, domain="crack").json()
    overlay = client.get(told["links"]["overlay"])
    assert (overlay.headers["content-type"], overlay.headers["cache-control"]) == (
        "image/webp",
        "private, no-cache",
    )
    drawn = np.asarray(Image.open(io.BytesIO(overlay.content)).convert("RGBA"))
    assert drawn.shape == (240, 320, 4)
    assert (drawn[:, 160] == (*pictures.CRACK, 255)).all()
    assert (np.delete(drawn[..., 3], 160, axis=1) == 0).all()
    # 200/255 is 0.784: at a higher threshold there is nothing to see
    higher = client.get(told["links"]["overlay"] + "?threshold=0.79")
    assert not np.asarray(Image.open(io.BytesIO(higher.content)).convert("RGBA"))[..., 3].any()


def test_a_crack_one_pixel_wide_is_still_a_line_in_a_small_overlay(client, photo):
    told = ask(client, photo=photo, domain="crack").json()
    small = client.get(told["links"]["overlay"] + "?side=160")
    alpha = np.asarray(Image.open(io.BytesIO(small.content)).convert("RGBA"))[..., 3]
    assert alpha.shape == (120, 160)
    assert (alpha[:, 80] == 255).all()
    assert np.count_nonzero(alpha) == 120


def test_the_map_is_the_stored_one(client, photo):
    told = ask(client, photo=photo, domain="crack").json()
    stored = np.asarray(Image.open(io.BytesIO(client.get(told["links"]["map"]).content)))
    assert (stored.dtype, stored.shape, stored[0, 160]) == (np.uint8, (240, 320), 200)


def test_cracks_are_taken_along_as_drawing_table_and_mask(client, photo):
    told = ask(client, photo=photo, domain="crack").json()
    got = {kind: client.get(told["links"][kind]) for kind in ("dxf", "svg", "csv", "png", "jpg")}
    assert {answer.status_code for answer in got.values()} == {200}
    assert got["dxf"].text.count("POLYLINE") == 1
    number, length, *_ = got["csv"].text.splitlines()[1].split(",")
    assert number == "1"
    assert float(length) == pytest.approx(240, rel=0.03)
    assert got["csv"].headers["content-disposition"] == (
        f'attachment; filename="patina-{told["id"]}-cracks.csv"'
    )
    said = np.asarray(Image.open(io.BytesIO(got["png"].content)))
    assert said[:, 160].all()
    assert said.sum() == 240
    is_problem(client.get(f"/api/v1/inspections/{told['id']}/cracks.dwg"), 404)
    other = ask(client, photo=photo, domain="rail").json()
    is_problem(client.get(f"/api/v1/inspections/{other['id']}/cracks.csv"), 404)


def test_where_there_is_no_map_there_is_no_overlay(client, photo):
    told = ask(client, photo=photo, domain="rail").json()
    assert set(told["links"]) == {"self", "photo", "thumb"}
    for path in ("overlays/{}.webp", "maps/{}"):
        is_problem(client.get("/api/v1/" + path.format(told["id"])), 404)
        is_problem(client.get("/api/v1/" + path.format("x")), 404)
        is_problem(client.get("/api/v1/" + path.format("9" * 30)), 404)


def test_a_models_map_is_found_and_nothing_beside_it(client, world, tmp_path):
    folder = world.settings.models / "crack" / "m1"
    (folder / cards.MAPS).mkdir(parents=True)
    (folder / cards.MAPS / f"{SHA}.png").write_bytes(b"png")
    (folder / "card.json").write_text(
        json.dumps(
            {
                "id": "m1", "domain": "crack", "network": "unet", "classes": ["crack"], "config": {},
                "preprocessing": {}, "data": [], "threshold": 0.5, "threshold_how": "",
                "weights_sha256": "ab",
            }
        )
    )  # fmt: skip
    assert client.get(f"/api/v1/models/crack/m1/maps/{SHA}").content == b"png"
    for path in (
        f"crack/m1/maps/{'1' * 64}",
        f"crack/m2/maps/{SHA}",
        f"rail/m1/maps/{SHA}",
        "crack/m1/maps/card",
    ):
        is_problem(client.get(f"/api/v1/models/{path}"), 404)
    for path in (f"crack/..%2Fm1/maps/{SHA}", f"crack/m1/maps/..%2F..%2F{SHA}"):
        assert client.get(f"/api/v1/models/{path}").status_code == 404


# Errors


def test_paths_and_methods_that_are_not_there_are_said_so(client):
    is_problem(client.get("/api/v1/nothing"), 404, "openapi.json")
    wrong = client.patch("/api/v1/inspections")
    is_problem(wrong, 405, "GET, POST, HEAD can")
    assert wrong.headers["allow"] == "GET, POST, HEAD"
    for path in (
        f"artifacts/{SHA}",
        f"thumbs/{SHA}",
        f"photos/{SHA}",
        "photos/x",
        "inspections/0",
        "thumbs/XX",
    ):
        is_problem(client.get(f"/api/v1/{path}"), 404)


def test_a_stored_file_that_is_gone_is_a_sentence_not_a_trace(client, world):
    sha = put(client, jpeg(seed=30)).json()["photo"]
    artifacts.path(world.settings.artifacts, sha).unlink()
    for path in ("artifacts", "photos"):
        is_problem(client.get(f"/api/v1/{path}/{sha}"), 404)


def test_an_unexpected_error_is_a_500_that_gives_nothing_away(client, world):
    store.connect(world.settings.database)
    world.db.conn.execute("alter table opinions rename to opinions_gone")
    try:
        told = is_problem(client.get("/api/v1/inspections"), 500, "Something went wrong in Patina itself")
    finally:
        world.db.conn.execute("alter table opinions_gone rename to opinions")
    assert "opinions" not in json.dumps(told)
    assert "Trace" not in json.dumps(told)


# Description


def described():
    document = openapi.document("1")
    return {(path, method.upper()) for path, told in document["paths"].items() for method in told}


def test_every_route_is_described_and_every_description_is_a_route(world):
    routes = {
        (route.path, method)
        for route in api.routes(world.settings)
        for method in route.endpoint.handlers
        if route.path != "/api/{rest:path}"
    }
    assert routes == described()


def test_the_description_names_only_what_it_has():
    document = openapi.document("1")
    text = json.dumps(document)
    for kind in ("schemas", "responses"):
        for word in text.split(f"#/components/{kind}/")[1:]:
            assert word.partition('"')[0] in document["components"][kind]
    for path, told in document["paths"].items():
        for method in told.values():
            named = {p["name"] for p in method.get("parameters", []) if p["in"] == "path"}
            assert named == {part.partition("}")[0] for part in path.split("{")[1:]}


def fits(value, schema, document):
    """A small check of JSON against a schema: types, enums, required and known keys."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        return any(fits(value, s, document) for s in schema["anyOf"])
    if "enum" in schema:
        return value in schema["enum"]
    kinds = schema.get("type", [])
    names = {
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "object": dict,
        "array": list,
    }
    names["null"] = type(None)
    if kinds and not any(isinstance(value, names[k]) for k in ([kinds] if isinstance(kinds, str) else kinds)):
        return False
    if isinstance(value, dict) and "properties" in schema:
        known = schema["properties"]
        return set(schema["required"]) <= set(value) <= set(known) and all(
            fits(v, known[k], document) for k, v in value.items()
        )
    return not isinstance(value, list) or all(fits(v, schema.get("items", {}), document) for v in value)


def test_answers_are_as_described(client, photo):
    document = openapi.document("1")
    schemas = document["components"]["schemas"]
    one = ask(client, photo=photo, domain="crack").json()
    assert fits(one, schemas["Inspection"], document)
    assert fits(client.get(one["links"]["self"]).json(), schemas["Inspection"], document)
    assert fits(client.get("/api/v1/inspections?limit=200").json(), schemas["Page"], document)
    assert fits(put(client, jpeg(seed=40)).json(), schemas["Kept"], document)
    assert fits(client.get("/api/v1/nothing").json(), schemas["Problem"], document)
    assert not fits(one | {"extra": 1}, schemas["Inspection"], document)
    assert not fits(one | {"id": "1"}, schemas["Inspection"], document)


# The corpus of odd and hostile files


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_every_file_of_the_corpus_is_answered_as_expected(client, world, row: Row, bad_photos):  # noqa: F811
    content = bad_photos.path(row).read_bytes()
    name = row.upload_name.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    answer = put(client, content, name)
    told = answer.json()
    if answer.status_code in (200, 201):
        assert row.allows(None), told
        if row.is_photo and row.size:
            assert (told["width_px"], told["height_px"]) == row.size
        assert told["name"].isprintable()
        assert not set(told["name"]) & set("/\\")
        thumb = client.get(f"/api/v1/thumbs/{told['photo']}")
        assert thumb.headers["content-type"] == "image/webp"
        assert client.get(f"/api/v1/photos/{told['photo']}").status_code == 200
    else:
        assert answer.status_code in (413, 422)
        is_problem(answer, answer.status_code)
        assert row.allows(told["reason"]), told
    bare = client.post(
        "/api/v1/inspections?wait=0&domain=rail", content=content, headers={"content-type": "image/jpeg"}
    )
    form = client.post(
        "/api/v1/inspections?wait=0",
        data={"domain": "rail"},
        files={"file": (name or "x", content, "image/jpeg")},
    )
    wanted = {201, 202} if answer.is_success else {answer.status_code}
    assert {bare.status_code, form.status_code} <= wanted
    assert not list(world.settings.uploads.glob("*")), "nothing half taken in is left"
