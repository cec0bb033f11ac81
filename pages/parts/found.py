"""Finding inspections again: the filters of a list, kept in the address so that every list is a link."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from core.records import DOMAINS

NAMES: Final = ("batch", "domain", "found", "since", "owner", "text")
FOUND: Final[dict[str, dict[str, Any]]] = {
    "ask": {"needs_person": True, "decided": False},
    "sent": {"needs_person": True},
    "bad": {"labels": ("defect", "crack", "2", "3")},
    "fine": {"labels": ("normal", "no crack", "0", "1")},
    "failed": {"state": "failed"},
    "waiting": {"state": "waiting"},
}
"""What `found=` means: waits for a person's word, was sent to one, stands as bad, as fine, failed, waits."""


def link() -> dict[str, str]:
    """The filters in this page's address, to be carried on to the next one."""
    return {name: st.query_params[name] for name in NAMES if st.query_params.get(name)}


def filters(me: str, told: dict[str, str] | None = None) -> dict[str, Any]:
    """What the filters of an address mean to `inspections.find`; nonsense in it is passed over."""
    told = link() if told is None else told
    asked: dict[str, Any] = {"order": "batch" if "batch" in told else "newest"}
    if "batch" in told:
        asked["batch"] = told["batch"]
    if told.get("domain") in DOMAINS:
        asked["domain"] = told["domain"]
    if "since" in told and told["since"].isdigit():
        asked["since"] = float(told["since"])
    if "owner" in told:
        asked["owner"] = me if told["owner"] == "me" else told["owner"]
    if "text" in told:
        asked["text"] = told["text"]
    which = told.get("found", "")
    if which in ("ask", "sent", "bad"):
        asked["order"] = "worst"
    return asked | FOUND.get(which, {})
