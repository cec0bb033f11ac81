"""Opening a page in this process as somebody: every run of it stands inside the gate."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterator
from typing import Protocol
from unittest.mock import PropertyMock, patch

import numpy as np
import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from core import gate
from core.people.sessions import Session
from core.settings import Settings
from tests.serving import World

SAYS = ("html", "markdown", "title", "warning", "error", "info")


class Visit(Protocol):
    """Opens a page of `pages/` as a role, with words of its address; it must run without an error."""

    def __call__(
        self, page: str, role: str = "engineer", world: World | None = None, **query: str
    ) -> AppTest: ...


@contextlib.contextmanager
def visits(home: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visit]:
    """A way to open pages of a data folder, or of another one, until the test ends."""
    with contextlib.ExitStack() as stack:

        def visit(page: str, role: str = "engineer", world: World | None = None, **query: str) -> AppTest:
            stack.enter_context(signed_in(world or home, role, monkeypatch))
            at = AppTest.from_file(f"../pages/{page}.py", default_timeout=60)
            for name, value in query.items():
                at.query_params[name] = value
            at.run()
            assert not at.exception, at.exception[0].message if at.exception else ""
            return at

        yield visit


@contextlib.contextmanager
def signed_in(world: World, role: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The gate's signed word for somebody of this role, on every request inside."""
    monkeypatch.setenv("PATINA_DATA", str(world.settings.data))
    monkeypatch.setenv("PATINA_MODELS", str(world.settings.models))
    with heard(world.settings, world.session_of(role)):
        yield


@contextlib.contextmanager
def heard(settings: Settings, session: Session, locale: str = "en-US") -> Iterator[None]:
    """The gate's signed word for a session, as the script hears it from a browser of this language."""
    word = {gate.HEADER: gate.sign(settings.data, session)}
    with (
        patch.object(ContextProxy, "headers", new_callable=PropertyMock, return_value=word),
        patch.object(ContextProxy, "locale", new_callable=PropertyMock, return_value=locale),
    ):
        yield


def text(at: AppTest) -> str:
    """All that the page says."""
    return "\n".join(str(e.proto.body if kind == "html" else e.value) for kind in SAYS for e in at.get(kind))


def figure(at: AppTest, key: str) -> dict:
    """A plotly figure of the page as the browser gets it."""
    for chart in at.get("plotly_chart"):
        if key in chart.proto.id:
            return json.loads(chart.proto.spec)
    raise AssertionError(f"no figure {key}")


def element(at: AppTest, key: str) -> dict:
    """What one of our own elements is given to show."""
    return json.loads(next(e for e in at.get("bidi_component") if key in e.proto.id).proto.json)


def values(line: dict) -> np.ndarray:
    """The heights of a line of a figure, which plotly sends as bytes where there are many."""
    y = line["y"]
    return np.frombuffer(base64.b64decode(y["bdata"]), y["dtype"]) if isinstance(y, dict) else np.asarray(y)
