"""A Patina to test against: people with every role in a data folder, in this process or as a server."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

from core import arrays, artifacts, asking, gate, inspections, queue, store
from core.people import accounts, invitations, sessions, tokens
from core.people.accounts import PATINA
from core.records import ROLES, Role, Verdict
from core.settings import ROOT, Settings


@dataclass
class World:
    """A data folder with one signed-in person a role, and what each shows at the door."""

    settings: Settings
    cookies: dict[str, dict[str, str]] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    @classmethod
    def at(cls, folder: Path) -> World:
        world = cls(Settings(data=folder / "data", models=folder / "models", weights=None, lanes=()))
        for role in ROLES:
            world.join(role, role)
        return world

    @property
    def db(self):
        return store.connect(self.settings.database)

    def join(self, name: str, role: Role) -> None:
        """Add a person of this name, signed in and with a token."""
        now = time.time()
        invitations.make_person(self.db, PATINA, name, role, now=now)
        person = accounts.account(self.db, name).person
        secret, session = sessions.open_session(self.db, person.id, now=now)
        self.cookies[name] = gate.cookie(self.settings.data, secret)
        self.hashes[name] = session.hash
        self.tokens[name], _ = tokens.make(self.db, person, "test", now=now)

    def session_of(self, name: str):
        return sessions.session_of_hash(self.db, self.hashes[name], time.time())

    def headers(self, who: str, host: str = "testserver") -> dict[str, str]:
        """What a client of this person sends: `engineer` a cookie, `token engineer` a token, "" nothing."""
        if who.startswith("token "):
            return {"authorization": f"Bearer {self.tokens[who.removeprefix('token ')]}"}
        if not who:
            return {"origin": f"http://{host}"}
        told = "; ".join(f"{k}={v}" for k, v in self.cookies[who].items())
        return {"cookie": told, "origin": f"http://{host}"}


def jpeg(width: int = 160, height: int = 120, seed: int = 0, **told: object) -> bytes:
    """A small photo that no other seed gives."""
    rng = np.random.default_rng(seed)
    picture = np.kron(
        rng.integers(0, 255, (height // 8, width // 8, 3), np.uint8), np.ones((8, 8, 1), np.uint8)
    )
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=90, **told)
    return out.getvalue()


class Answerer(threading.Thread):
    """Claims judge runs and answers them as a worker does, with a fixed map in place of a network."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(daemon=True)
        self.settings = settings
        self.over = threading.Event()

    def run(self) -> None:
        db = store.connect(self.settings.database, fresh=True)
        while not self.over.wait(0.01):
            for run in queue.claim(db, "judge", "answerer", time.time(), at_most=8):
                found = inspections.get(db, run.config["inspection"])
                sha = None
                if run.domain == "crack":
                    p = np.zeros((found.height_px, found.width_px), np.uint8)
                    p[:, found.width_px // 2] = 200
                    content, kind = arrays.pack({"p": p, "unlike": np.float32(0.5)})
                    sha = artifacts.keep(db, self.settings.artifacts, content, kind, time.time())
                # Asked once more, a metal part looks worse: so a verdict that came anew can be seen.
                worse = "2" if found.verdict is None else "3"
                label = {"rail": "defect", "crack": "crack", "corrosion": worse}[run.domain]
                verdict = Verdict(
                    domain=run.domain,
                    label=label,
                    confidence=0.9,
                    threshold=0.5,
                    needs_person=False,
                    reason="",
                    next_step="Look closer.",
                    model=f"{run.domain}/test",
                    figures={"p_defect": 0.9},
                    trim=found.trim,
                )
                asking.answer(db, found.id, verdict, who="test", now=time.time(), arrays=sha, run_id=run.id)
                queue.finish(db, run, {}, time.time())

    def __enter__(self) -> Answerer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.join()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@dataclass
class Server:
    """A running `streamlit run app.py` (or another command) and its address."""

    url: str
    process: subprocess.Popen[bytes]
    started: float
    log: Path

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


@contextlib.contextmanager
def server(
    settings: Settings, *, how: str = "streamlit", script: str = "app.py", workers: str = "none"
) -> Iterator[Server]:
    """Start the real server on a free port and end it as Ctrl-C does; `how` as in the README."""
    port = free_port()
    command = {
        "streamlit": ["-m", "streamlit", "run", script, "--server.port", str(port)],
        "uvicorn": ["-m", "uvicorn", "app:app", "--port", str(port), "--log-level", "warning"],
        "python": [script],
    }[how]
    environ = dict(
        os.environ,
        PATINA_DATA=str(settings.data),
        PATINA_MODELS=str(settings.models),
        PATINA_WORKERS=workers,
        STREAMLIT_SERVER_PORT=str(port),
    )
    settings.data.mkdir(parents=True, exist_ok=True)
    log = settings.data / "server.log"
    began = time.monotonic()
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=environ, stdout=out, stderr=subprocess.STDOUT
        )
        url = f"http://127.0.0.1:{port}"
        try:
            while True:
                try:
                    httpx.get(f"{url}/healthz", timeout=5)
                    break
                except httpx.TransportError:
                    if process.poll() is not None or time.monotonic() - began > 180:
                        raise AssertionError(log.read_text()) from None
                    time.sleep(0.05)
            yield Server(url, process, time.monotonic() - began, log)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
