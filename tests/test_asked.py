"""What a request says: whatever it holds, the answer is a sentence and never a broken server."""

from __future__ import annotations

import json

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from core import api
from core.errors import PatinaError
from core.gate import Gate
from core.rest import asked
from tests.serving import World

SHA = "0" * 64


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    world = World.at(tmp_path_factory.mktemp("asked"))
    app = Starlette(routes=api.routes(world.settings), middleware=[Middleware(Gate, settings=world.settings)])
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
