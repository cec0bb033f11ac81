"""What a request says: whatever it holds, the answer is a sentence and never a broken server."""

from __future__ import annotations

import json
import math

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from core import api
from core.errors import PatinaError
from core.gate import Gate
from core.measuring import scales
from core.rest import asked
from core.uploads import NameAside
from tests.serving import World, jpeg

SHA = "0" * 64


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    world = World.at(tmp_path_factory.mktemp("asked"))
    middleware = [Middleware(Gate, settings=world.settings), Middleware(NameAside)]
    app = Starlette(routes=api.routes(world.settings), middleware=middleware)
    headers = {"authorization": f"Bearer {world.tokens['inspector']}"}
    with TestClient(app, headers=headers, raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (json.dumps({"photo": SHA, "domain": "rail", "wait": 10**400}), 400),
        (json.dumps({"photo": SHA, "domain": "rail", "scale_mm_per_px": 10**400}), 400),
        (json.dumps({"photo": SHA, "domain": "rail", "trim": [0, 0, 10**400, 1]}), 400),
        (json.dumps({"photo": "\ud800", "domain": "rail"}), 404),
        ("[" * 60_000, 400),
    ],
    ids=["a long number", "a long scale", "a long box", "half a letter", "sixty thousand brackets"],
)
def test_a_body_nobody_would_write_is_refused_in_a_sentence(client, body, status):
    answer = client.post("/api/v1/inspections", content=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


@pytest.mark.parametrize(
    "query", ["before=1e300", "before=9223372036854775808", f"text={'a' * 51_000}", "limit=1e300"]
)
def test_a_query_nobody_would_write_is_refused_in_a_sentence(client, query):
    answer = client.get(f"/api/v1/inspections?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


@pytest.mark.parametrize("value", [10**400, "nan", "1e400", True, [1], {}])
def test_only_a_number_in_its_range_is_a_number(value):
    with pytest.raises(PatinaError, match="must be a number"):
        asked.number({"wait": value}, "wait", None, low=0)


@pytest.fixture(scope="module")
def scaled(client):
    """The address of a crack photo's scale; nobody judges it."""
    photo = client.put("/api/v1/photos/wall.jpg", content=jpeg(320, 240)).json()["photo"]
    told = client.post("/api/v1/inspections", json={"photo": photo, "domain": "crack", "wait": 0}).json()
    return f"/api/v1/inspections/{told['id']}/scale"


LONG = "1" + "0" * 400
ODD = ["0", "-1", "1e999", "NaN", "1e-320", LONG, "9" * 5000, '"wide"', '"\\ud800"', "true", "[1]", "{}"]
ODD += ["[" * 900 + "]" * 900, '[[1, {"a": 2}]]']
LINE = '"how": "line", "x0": 1, "y0": 2, "x1": 200, "y1": 2, "mm": 50'


@pytest.mark.parametrize("value", ODD, ids=lambda value: value[:12])
@pytest.mark.parametrize(
    ("told", "name"),
    [
        ('"how": "given"', "mm_per_px"),
        (LINE, "x1"),
        (LINE, "mm"),
        ('"how": "field"', "mm"),
        ('"how": "distance", "focal_px": 3000', "m"),
        ('"how": "distance", "m": 2', "focal_px"),
        ('"how": "marker"', "mm"),
        ("", "how"),
    ],
)
def test_a_scale_of_odd_numbers_is_refused_in_a_sentence(client, scaled, told, name, value):
    if (name, value) == ("x1", "0"):
        value = "1"  # a line may well begin at the left edge; this one has no length
    body = "{" + ", ".join(part for part in (told, f'"{name}": {value}') if part) + "}"
    answer = client.put(scaled, content=body)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json"), body
    assert len(answer.json()["detail"]) < 300


@pytest.mark.parametrize("value", ["0", "1e999", LONG, "300", '"wide"'])
def test_how_wide_a_photo_is_the_client_does_not_decide(client, scaled, value):
    answer = client.put(scaled, content=f'{{"how": "field", "mm": 64, "width_px": {value}}}')
    assert (answer.status_code, answer.json()["scale"]["mm_per_px"]) == (200, 64 / 320)


@pytest.mark.parametrize(
    "told", [{"mm": 10, "width_px": 0}, {"mm": 10**400, "width_px": 9}, {"mm": math.inf}]
)
def test_a_scale_told_in_impossible_numbers_is_a_sentence_whoever_tells_it(told):
    with pytest.raises(PatinaError):
        scales.of_json({"how": "field", "width_px": 10, **told})


@pytest.mark.parametrize(
    ("name", "value"), [("batch", "[[1]]"), ("extra", '{"a": 1}'), ("trim", '[0, 0, 1, {"a": 1}]')]
)
def test_nothing_nested_is_told(client, name, value):
    answer = client.post("/api/v1/inspections", content=f'{{"domain": "rail", "{name}": {value}}}')
    assert (answer.status_code, "lists in lists" in answer.json()["detail"]) == (400, True)


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("&offset=" + "9" * 5000, {}, 413),
        ("&offset=²", {}, 400),
        ("", {"content-range": f"bytes 0-9/{'9' * 5000}"}, 400),
        ("", {"content-length": "9" * 5000}, 413),
    ],
    ids=lambda value: str(value)[:30],
)
def test_more_bytes_than_there_can_be_are_refused_in_a_sentence(client, query, headers, status):
    answer = client.put(f"/api/v1/photos/x.jpg?upload=abcdefgh{query}", content=b"x" * 10, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
