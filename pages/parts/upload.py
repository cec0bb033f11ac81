"""The element that takes photos in: dropped, chosen, a whole folder, or straight from the camera.

The photos go from the browser to `/api/v1/photos/` as a stream and never through this script; what comes
back here is the batch they belong to and the names of those that could not be read.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

import streamlit as st

from core.records import DOMAINS, Domain
from pages.parts.components import element
from pages.parts.strings import CATALOGUES, raw, t

_upload = element("upload")


@dataclass(frozen=True)
class Handed:
    """What the element said in this run."""

    show: str | None
    """The batch whose page wants to be shown: photos of it have begun to arrive."""
    batch: str | None
    """The batch that photos were handed in with last."""
    domain: Domain | None
    is_busy: bool
    refused: tuple[tuple[str, str], ...]
    """Files that are no photos: (name, one sentence why)."""


def heard(key: str) -> Handed:
    """What the element of this key said last; before it is drawn, so that the page can follow."""
    told = st.session_state.get(key, {}).get("told") or {}
    return Handed(
        show=told.get("show"),
        batch=told.get("batch"),
        domain=told["domain"] if told.get("domain") in DOMAINS else None,
        is_busy=bool(told.get("busy")),
        refused=tuple((str(r["name"]), str(r["why"])) for r in told.get("refused") or ()),
    )


def drop(domain: Domain | None, batch: str | None, *, key: str) -> None:
    """The target to drop photos on. `domain` is the one chosen last; `batch` is continued when given."""
    family = "upload."
    _upload(
        key=key,
        data={
            "domain": domain,
            "domains": [
                {"id": d, "name": t(f"domain.{d}"), "what": t(f"upload_domain.{d}")} for d in DOMAINS
            ],
            "batch": batch,
            "fresh": fresh_batch(time.time()),
            "words": {k.removeprefix(family): raw(k) for k in CATALOGUES["en"] if k.startswith(family)},
        },
        on_told_change=_heard,
    )


def fresh_batch(now: float) -> str:
    """A name for a new batch: the day, then six letters that nobody else has."""
    letters = "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(6))
    return f"{time.strftime('%Y%m%d', time.gmtime(now))}-{letters}"


def _heard() -> None:
    """What was said is read by `heard`; a callback must be there for it to be kept."""
