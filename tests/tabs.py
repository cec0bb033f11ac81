"""A browser tab without a browser: Streamlit's websocket spoken by hand, to run pages and move widgets."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg


def connect(host: str, headers: dict[str, str], **told: Any) -> websockets.connect:
    """The websocket of a tab at `host`; `headers` with the origin that a browser would send."""
    headers = dict(headers)
    origin = told.pop("origin", headers.pop("origin", None))
    return websockets.connect(
        f"ws://{host}/_stcore/stream",
        additional_headers=headers,
        origin=origin,
        subprotocols=["streamlit"],
        max_size=None,
        **told,
    )


@dataclass
class Tab:
    """An open tab: what it was told, and the widgets it shows."""

    socket: Any
    page: str = ""
    query: str = ""
    widgets: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Key of a slider → its id and its fragment's."""
    n_bytes: int = 0

    async def run(self, seconds: float = 60.0) -> list[ForwardMsg]:
        """Open the page and return all that it sent."""
        return await self._ask(BackMsg(), seconds)

    async def move(self, key: str, value: float, seconds: float = 30.0) -> list[ForwardMsg]:
        """Move a slider as a drag does when it is let go, and return what came of it."""
        id, fragment = self.widgets[key]
        message = BackMsg()
        state = message.rerun_script.widget_states.widgets.add()
        state.id = id
        state.double_array_value.data.append(value)
        message.rerun_script.fragment_id = fragment
        return await self._ask(message, seconds)

    async def end(self, seconds: float = 6.0) -> tuple[int, ForwardMsg]:
        """Listen until the server closes: (its code, the last message before)."""
        last = ForwardMsg()
        async with asyncio.timeout(seconds):
            try:
                while True:
                    last.ParseFromString(await self.socket.recv())
            except websockets.ConnectionClosed as closed:
                return (closed.rcvd.code if closed.rcvd else 1006), last

    async def _ask(self, message: BackMsg, seconds: float) -> list[ForwardMsg]:
        message.rerun_script.query_string = self.query
        message.rerun_script.page_name = self.page
        await self.socket.send(message.SerializeToString())
        said = []
        async with asyncio.timeout(seconds):
            while True:
                content = await self.socket.recv()
                self.n_bytes += len(content)
                got = ForwardMsg()
                got.ParseFromString(content)
                said.append(got)
                self._note(got)
                if got.WhichOneof("type") == "script_finished":
                    return said

    def _note(self, message: ForwardMsg) -> None:
        if message.WhichOneof("type") == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            if element.WhichOneof("type") == "slider":
                key = element.slider.id.rpartition("-")[2]  # $$ID-<hash>-<key>
                self.widgets[key] = (element.slider.id, message.delta.fragment_id)


def text(messages: list[ForwardMsg]) -> str:
    """All that a run sent, as text to look for words in."""
    return "\n".join(str(message) for message in messages)


def exceptions(messages: list[ForwardMsg]) -> list[str]:
    """The errors that a run showed."""
    return [
        f"{m.delta.new_element.exception.type}: {m.delta.new_element.exception.message}"
        for m in messages
        if m.WhichOneof("type") == "delta"
        and m.delta.WhichOneof("type") == "new_element"
        and m.delta.new_element.WhichOneof("type") == "exception"
    ]
