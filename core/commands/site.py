"""`user add`, `worker` and `doctor`: the people, the processes and the health of one Patina."""

from __future__ import annotations

import dataclasses
import sys
import time
from argparse import Namespace

from core import store, terminal
from core.doctor import Finding, examine
from core.people import accounts, invitations, signin
from core.settings import Settings


def add_person(told: Namespace, settings: Settings) -> None:
    """`user add`: a person and the link for their first sign-in."""
    db = store.connect(settings.database)
    by = dataclasses.replace(accounts.PATINA, name=terminal.me())
    secret = invitations.make_person(db, by, told.name, told.role, now=time.time())
    link = signin.link_path(secret)
    terminal.tell(
        told.json,
        {"name": told.name, "role": told.role, "link": link},
        lambda: [
            f"{told.name} is added as {told.role}. One-time link for the first sign-in: "
            f"http://127.0.0.1:8501{link}"
        ],
    )


def worker(told: Namespace, settings: Settings) -> int:
    """`worker`: work through the queue; ends with its parent, a signal, or when stdin ends."""
    from core.engine import worker as process

    alone = told.alone or sys.stdin is None or sys.stdin.isatty()
    return process.run(told.lane, settings, told.name, alone)


def doctor(told: Namespace, settings: Settings) -> int:
    """`doctor`: look at everything; 1 when something needs a hand."""
    found = [*examine(settings, time.time()), _engine_finding()]
    terminal.tell(
        told.json,
        [dataclasses.asdict(one) for one in found],
        lambda: [_finding_line(one) for one in found],
    )
    return int(not all(one.is_fine for one in found))


def _engine_finding() -> Finding:
    try:
        from core.engine import loop, vision

        loop.use_threads()
        return Finding("engine", f"{loop.Machine.here()}; {len(vision.OPERATORS)} operators known")
    except (ImportError, OSError, RuntimeError) as error:
        told = str(error).strip().splitlines()[0]
        return Finding("engine", told, False, "Install torch and torchvision as requirements.txt pins them.")


def _finding_line(one: Finding) -> str:
    remedy = f"  → {one.remedy}" if one.remedy else ""
    return f"{'ok' if one.is_fine else '!!'} {one.what}: {one.found}{remedy}"
