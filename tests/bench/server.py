"""How the server holds up: `python tests/bench/server.py start uploads sessions pages`, one JSON document.

    start      seconds from the command to the first page in full, torch in the process or not
    uploads    500 photos through PUT, three at a time: seconds, and how much memory the app keeps
    sessions   N signed-in tabs that each move a slider once a second: milliseconds, p50 and p95
    pages      server time of each page, opened warm

The server is the real one on a free port with a data folder of its own, workers off unless `--workers`
says otherwise; sliders and pages are those of the product (`--page`, `--slider`). The tabs live in a process
of their own, so on a machine with few cores they compete with the server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median, quantiles
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import httpx
import psutil

from core.settings import ROOT, Settings
from pages.parts.places import PLACES
from tests.serving import Server, World, jpeg, server
from tests.tabs import Tab, connect, exceptions

N_PHOTOS = 500
SENDERS = 3  # as many as the page's element sends at a time


def main() -> None:
    """Run what was asked for and print what came of it."""
    ask = argparse.ArgumentParser(description=__doc__)
    everything = ("start", "uploads", "sessions", "pages")
    ask.add_argument("what", nargs="*", default=everything, metavar="|".join(everything))
    ask.add_argument("--page", default="crack", help="the page whose slider is moved")
    ask.add_argument("--query", default="", help="what stands behind the ? in its address")
    ask.add_argument("--slider", default="threshold", help="its key")
    ask.add_argument("--steps", type=float, nargs=2, default=(0.05, 0.95), help="from where to where")
    ask.add_argument("--sessions", type=int, default=30)
    ask.add_argument("--seconds", type=float, default=20.0)
    ask.add_argument("--photos", type=int, default=N_PHOTOS)
    ask.add_argument("--workers", default="none")
    told = ask.parse_args()
    if unknown := set(told.what) - set(everything):
        ask.error(f"there is no {', '.join(sorted(unknown))}; choose from {', '.join(everything)}")
    found: dict[str, Any] = {"cores": os.cpu_count(), "load_before": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory(prefix="patina-bench-") as folder:
        world = World.at(Path(folder))
        world.settings = Settings(world.settings.data, ROOT / "models_store", None, ())
        for n in range(told.sessions):
            world.join(f"tab{n}", "engineer")
        with server(world.settings, workers=told.workers) as site:
            if "start" in told.what:
                found["start"] = asyncio.run(start(site, world))
            else:
                asyncio.run(first_page(site, world))
            if "pages" in told.what:
                found["pages"] = asyncio.run(pages(site, world))
            if "uploads" in told.what:
                found["uploads"] = uploads(site, world, told.photos)
            if "sessions" in told.what:
                found["sessions"] = asyncio.run(
                    sessions(
                        site,
                        world,
                        told.page,
                        told.query,
                        told.slider,
                        told.sessions,
                        told.seconds,
                        told.steps,
                    )
                )
    print(json.dumps(found, indent=1))


async def first_page(site: Server, world: World, page: str = "") -> Tab:
    """A tab that has run its page once."""
    async with connect(site.host, world.headers("engineer", site.host)) as socket:
        tab = Tab(socket, page)
        if wrong := exceptions(await tab.run()):
            raise SystemExit(f"the page {page or 'home'} shows: {wrong}")
        return tab


async def start(site: Server, world: World) -> dict[str, Any]:
    """The first page, as the first visitor meets it."""
    process = psutil.Process(site.process.pid)
    began = time.monotonic()
    httpx.get(site.url, headers=world.headers("engineer", site.host) | {"accept": "text/html"})
    await first_page(site, world)
    spent = time.monotonic() - began
    cpu = process.cpu_times()
    await asyncio.sleep(4)  # until the warm-up is over
    return {
        "listening_after_s": round(site.started, 2),
        "first_page_after_that_s": round(spent, 2),
        "cpu_seconds_until_then": round(cpu.user + cpu.system, 2),
        "memory_mb": round(process.memory_info().rss / 2**20),
        "torch_in_process": any("/torch/" in m.path for m in process.memory_maps()),
    }


async def pages(site: Server, world: World, times: int = 5) -> dict[str, float | str]:
    """Milliseconds from asking for a page to its last message, median; the first time apart."""
    found: dict[str, float | str] = {}
    for place in PLACES:
        spent = []
        async with connect(site.host, world.headers("admin", site.host)) as socket:
            for _ in range(times + 1):
                tab = Tab(socket, "" if place.name == "home" else place.name)
                began = time.perf_counter()
                wrong = exceptions(await tab.run())
                spent.append(1000 * (time.perf_counter() - began))
            found[place.name] = "; ".join(wrong) if wrong else round(median(spent[1:]), 1)
    return found


def uploads(site: Server, world: World, n_photos: int) -> dict[str, Any]:
    """Photos of about a megabyte, sent as the page's element sends them."""
    process = psutil.Process(site.process.pid)
    photos = [jpeg(1600, 1200, seed) for seed in range(8)]

    def send(n: int) -> int:
        # A comment at the end makes each another photo without encoding it anew.
        content = photos[n % 8] + b"\xff\xfe" + n.to_bytes(4, "big")
        answer = client.put(f"/api/v1/photos/{n}.jpg", content=content)
        answer.raise_for_status()
        return len(content)

    with (
        httpx.Client(base_url=site.url, headers=world.headers("inspector", site.host), timeout=60) as client,
        ThreadPoolExecutor(SENDERS) as senders,
    ):
        list(senders.map(send, range(100_000, 100_020)))  # the decoder and its threads are there after these
        before = process.memory_info().rss
        highest, began = before, time.monotonic()
        n_bytes = 0
        for size in senders.map(send, range(n_photos)):
            n_bytes += size
            highest = max(highest, process.memory_info().rss)
        spent = time.monotonic() - began
    time.sleep(1)
    return {
        "photos": n_photos,
        "mb": round(n_bytes / 2**20),
        "seconds": round(spent, 1),
        "more_memory_mb": round((process.memory_info().rss - before) / 2**20, 1),
        "more_memory_at_most_mb": round((highest - before) / 2**20, 1),
    }


async def sessions(
    site: Server,
    world: World,
    page: str,
    query: str,
    slider: str,
    n: int,
    seconds: float,
    ends: tuple[float, float],
) -> dict[str, Any]:
    """Each tab signed in as another person, moving its slider once a second, out of step with the others."""
    spent: list[float] = []
    process = psutil.Process(site.process.pid)

    async def one(i: int, begin: asyncio.Barrier) -> None:
        async with connect(site.host, world.headers(f"tab{i}", site.host)) as socket:
            tab = Tab(socket, page, query)
            if wrong := exceptions(await tab.run(120)):
                raise SystemExit(f"the page {page} shows: {wrong}")
            if slider not in tab.widgets:
                raise SystemExit(f"the page {page} has no slider {slider!r}; it has {sorted(tab.widgets)}")
            await begin.wait()
            next_at = time.monotonic() + i / n
            step = 0
            while time.monotonic() < until[0]:
                await asyncio.sleep(max(0.0, next_at - time.monotonic()))
                began = time.perf_counter()
                step += 1
                far = (step * 0.37 + i * 0.11) % 1.0
                await tab.move(slider, round(ends[0] + (ends[1] - ends[0]) * far, 3))
                spent.append(1000 * (time.perf_counter() - began))
                next_at = max(next_at + 1.0, time.monotonic())

    until = [float("inf")]
    begin = asyncio.Barrier(n + 1)
    tabs = [asyncio.create_task(one(i, begin)) for i in range(n)]
    waiting = asyncio.create_task(begin.wait())
    done, _ = await asyncio.wait([waiting, *tabs], return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
    until[0] = time.monotonic() + seconds
    cpu = process.cpu_times()
    await asyncio.gather(*tabs)
    after = process.cpu_times()
    return {
        "page": page,
        "sessions": n,
        "moves": len(spent),
        "moves_a_second": round(len(spent) / seconds, 1),
        "p50_ms": round(median(spent), 1),
        "p95_ms": round(quantiles(spent, n=20)[-1], 1),
        "cpu_ms_a_move": round(1000 * (after.user + after.system - cpu.user - cpu.system) / len(spent), 1),
        "memory_mb": round(process.memory_info().rss / 2**20),
        "load": round(os.getloadavg()[0], 1),
    }


if __name__ == "__main__":
    main()
