"""The browser's door: the gate before everything, sign-in and REST beside the pages, the workers as children.

Started by `streamlit run app.py`, `uvicorn app:app` or `python app.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import time
from collections.abc import AsyncIterator

# Before anything imports numpy. Pages solve small systems; with more threads these wait for each other by
# spinning where a training has the cores (the luck of 21 labels: 2 s of a core with one, minutes with two).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from streamlit import config
from streamlit.proto.AuthRedirect_pb2 import AuthRedirect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from core import addresses, api, children, opening, uploads
from core.gate import Gate
from core.people import signin
from core.settings import Settings
from pages.parts import notice, places

SETTINGS = Settings.of()
FAREWELL = ForwardMsg(auth_redirect=AuthRedirect(url="/signin?ended=1")).SerializeToString()
"""What an open tab is sent when its session ends: it goes to the sign-in page by itself."""
WARM = ("pandas", "pyarrow", "plotly.graph_objects", "plotly.subplots", "core.pictures")
"""What the pages import later; read while the first visitor still types the password."""


@contextlib.asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[None]:
    """Open the house, keep it tidy, and leave no child behind, however the server is ended."""
    link = await run_in_threadpool(opening.prepare, SETTINGS, time.time())
    workers = await run_in_threadpool(children.start, SETTINGS, SETTINGS.lanes)
    opening.freeze()
    chores = [asyncio.create_task(chore) for chore in (_welcome(link), _furnish(), _collect())]
    try:
        yield
    finally:
        for chore in chores:
            chore.cancel()
        await run_in_threadpool(workers.stop)


async def _welcome(link: str | None) -> None:
    """Say where Patina is, once it listens, and how the first admin gets in."""
    await asyncio.sleep(0.3)
    scheme = "https" if config.get_option("server.sslCertFile") else "http"
    told = f"{scheme}://{config.get_option('server.address')}:{config.get_option('server.port')}"
    address = await run_in_threadpool(opening.address, told)
    print(f"\n  Patina is at {address}", flush=True)
    if link:
        print(f"  One-time link for the first sign-in: {address}{link}\n", flush=True)


async def _furnish() -> None:
    """Samples and starter models, then the imports that the first page did not need, then a tidy house."""
    await run_in_threadpool(opening.furnish, SETTINGS, time.time())
    await asyncio.sleep(2.0)
    await run_in_threadpool(opening.warm_up, WARM)
    while True:
        await run_in_threadpool(opening.tidy, SETTINGS, time.time())
        await asyncio.sleep(opening.TIDY_SECONDS)


async def _collect() -> None:
    """Streamlit's collection after every rerun is off (.streamlit/config.toml); this one is enough."""
    while True:
        await asyncio.sleep(opening.COLLECT_SECONDS)
        await run_in_threadpool(gc.collect)


app = st.App(
    "pages/parts/main.py",
    lifespan=lifespan,
    on_script_error=notice.broken,
    routes=[
        *signin.routes(SETTINGS),
        *api.routes(SETTINGS),
        *addresses.routes({place.name: places.roles(place.name) for place in places.PLACES}),
    ],
    middleware=[
        Middleware(Gate, settings=SETTINGS, farewell=FAREWELL),
        Middleware(uploads.NameAside),
    ],
)

if __name__ == "__main__":
    # `streamlit run` and uvicorn take these as options; here Streamlit would read its file only.
    port, host = os.environ.get("STREAMLIT_SERVER_PORT"), os.environ.get("STREAMLIT_SERVER_ADDRESS")
    told = ({"server.port": int(port)} if port else {}) | ({"server.address": host} if host else {})
    with contextlib.suppress(KeyboardInterrupt):
        app.run(config=told)
