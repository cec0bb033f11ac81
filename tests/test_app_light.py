"""The app as a process: quick to come up, without torch, under each of the three commands."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tomllib

import httpx
import psutil
import pytest

from core import opening, pictures, services, sets, store
from core.people import accounts, invitations
from core.records import DOMAINS
from core.settings import ROOT, Settings
from tests.serving import World, jpeg, server
from tests.tabs import Tab, connect, exceptions, text


@pytest.fixture
def world(tmp_path):
    return World.at(tmp_path)


def test_nothing_that_the_app_imports_brings_torch_or_optuna():
    code = (
        "import sys\n"
        "for name in ('torch', 'torchvision', 'optuna', 'sklearn'): sys.modules[name] = None\n"
        "import app\n"
        "for name in app.WARM: __import__(name)\n"
        "print(sorted(m for m in sys.modules if m.startswith('plotly'))[:1])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "plotly" in done.stdout, "the warm-up is what it says"


def test_the_app_comes_up_without_what_only_later_pages_need():
    late = ("plotly.graph_objs._figure", "scipy.stats", "skimage", "cv2")
    code = f"import sys, app; print([m for m in {late} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("how", ["streamlit", "uvicorn", "python"])
def test_each_command_serves_the_gated_app_and_says_where_it_is(world, how):
    with server(world.settings, how=how) as site:
        assert httpx.get(site.url).status_code == 401
        assert httpx.get(site.url, headers=world.headers("admin")).status_code == 200

        async def go():
            async with connect(site.host, world.headers("inspector", site.host)) as socket:
                return await Tab(socket).run()

        said = asyncio.run(go())
        assert "navigation" in text(said)
        assert exceptions(said) == []
        put = httpx.put(
            f"{site.url}/api/v1/photos/a.jpg", content=jpeg(), headers=world.headers("inspector", site.host)
        )
        assert put.status_code == 201
        libraries = {m.path for m in psutil.Process(site.process.pid).memory_maps()}
        assert not [m for m in libraries if "/torch/" in m]
        said = site.said()
        assert f"Patina is at {site.url}" in said
        assert f"One-time link for the first sign-in: {site.url}/welcome/" in said
        assert "Traceback" not in said
    assert "Traceback" not in site.said()
    assert site.process.returncode in (0, 1, -signal.SIGINT)


def test_once_an_admin_has_a_password_no_link_is_printed(world):
    link = invitations.link(world.db, accounts.PATINA, "admin", now=1e9)
    invitations.use_link(world.db, link, "copper roof rain", now=1e9)
    with server(world.settings) as site:
        httpx.get(site.url)
        asyncio.run(asyncio.sleep(0.6))
        assert "Patina is at" in site.said()
        assert "/welcome/" not in site.said()


@pytest.mark.skipif(os.name != "posix", reason="signals as on Linux and macOS")
def test_sigterm_leaves_no_process_behind(world):
    with server(world.settings, workers="judge,train") as site:
        children = psutil.Process(site.process.pid).children(recursive=True)
        assert len(children) >= 1
        site.process.send_signal(signal.SIGTERM)
        site.process.wait(15)
        _, alive = psutil.wait_procs(children, timeout=10)
        assert not alive


def test_the_settings_that_speed_and_safety_stand_on_are_set():
    told = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert told["runner"]["postScriptGC"] is False
    assert told["runner"]["magicEnabled"] is False, "or a docstring under a constant stands on the page"
    assert told["server"]["address"] == "127.0.0.1"
    assert told["server"]["fileWatcherType"] == "none"
    assert told["client"]["showErrorDetails"] == "none"
    assert told["browser"]["gatherUsageStats"] is False
    assert told["global"]["minCachedMessageSize"] > 1e9, "or an element is lost now and then"
    assert "enableAgentApi" not in told["server"]


def test_a_first_start_brings_the_samples_and_a_starter_model_once(tmp_path):
    there = Settings.of({"PATINA_DATA": str(tmp_path)})
    opening.prepare(there, 1.0)
    opening.furnish(there, 1.0)
    db = store.connect(there.database)
    for domain in DOMAINS:
        if (there.samples / domain).is_dir():
            name = f"Sample {domain} photos"
            assert sets.get(db, name).n_photos == 6
            sets.forget(db, name, who="eva", now=2.0)
        if list((there.models / domain).glob("starter-*")):
            assert services.current(db, domain).who == "Patina"
    opening.furnish(there, 3.0)
    assert sets.all_sets(db) == [], "what somebody removed stays away"
    assert all(len(services.history(db, domain)) <= 1 for domain in DOMAINS)


def test_uploads_that_nobody_went_on_with_are_swept(tmp_path):
    there = Settings.of({"PATINA_DATA": str(tmp_path)})
    there.uploads.mkdir()
    old, new = there.uploads / "a.part", there.uploads / "b.part"
    for path in (old, new):
        path.write_bytes(b"x")
    os.utime(old, (1e9, 1e9))
    now = new.stat().st_mtime
    assert opening.sweep_uploads(there, now) == 1
    assert new.exists()
    assert not old.exists()


def test_the_cache_keeps_to_its_size_and_lets_the_oldest_go(tmp_path):
    there = Settings.of({"PATINA_DATA": str(tmp_path)})
    for n in range(5):
        path = there.cache / "thumbs" / "ab" / f"{n}.webp"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 100)
        os.utime(path, (n, n))
    assert pictures.trim_cache(there, most_bytes=250) == 3
    assert sorted(p.name for p in there.cache.glob("*/*/*")) == ["3.webp", "4.webp"]
    assert pictures.trim_cache(there, most_bytes=250) == 0
