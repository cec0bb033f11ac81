"""The pages: where each lies, what it is called, who may see it. Navigation and links are made of this."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NoReturn
from urllib.parse import urlencode

import streamlit as st

from core.records import ROLES, Role
from pages.parts.strings import t


@dataclass(frozen=True)
class Place:
    """One page. `least` is the lowest role that sees it; `in_menu` is false for pages reached by a link."""

    name: str
    icon: str
    group: str
    least: Role
    in_menu: bool = True


HOME: Final = "home"
PLACES: Final = (
    Place("home", ":material/home:", "", "inspector"),
    Place("inspect", ":material/photo_camera:", "", "inspector"),
    Place("photo", ":material/image:", "", "inspector", in_menu=False),
    Place("rail", ":material/train:", "laboratories", "manager"),
    Place("crack", ":material/timeline:", "laboratories", "manager"),
    Place("corrosion", ":material/blur_on:", "laboratories", "manager"),
    Place("data", ":material/photo_library:", "engine_room", "engineer"),
    Place("runs", ":material/monitoring:", "engine_room", "engineer"),
    Place("run", ":material/show_chart:", "engine_room", "engineer", in_menu=False),
    Place("models", ":material/deployed_code:", "engine_room", "manager"),
    Place("admin", ":material/settings:", "admin", "admin"),
    Place("lost", ":material/wrong_location:", "", "inspector", in_menu=False),
)


def seen_by(role: Role) -> Iterator[Place]:
    """The pages that a person of this role sees, in the order of the menu."""
    rank = ROLES.index(role)
    return (place for place in PLACES if rank >= ROLES.index(place.least))


def roles(name: str) -> tuple[Role, ...]:
    """Who may see the page of this name, for `access.require`."""
    least = next(place.least for place in PLACES if place.name == name)
    return ROLES[ROLES.index(least) :]


def menu(role: Role) -> dict[str, list[st.Page]]:
    """The side bar for a role: pages under the headings of their groups."""
    groups: dict[str, list[st.Page]] = {}
    for place in seen_by(role):
        heading = t(f"group.{place.group}") if place.group else ""
        groups.setdefault(heading, []).append(_page(place))
    return groups


def page(name: str) -> st.Page:
    """The page of this name, for `st.page_link` and `st.switch_page`."""
    return _page(next(place for place in PLACES if place.name == name))


def link(name: str, label: str, icon: str | None = None, **query: str) -> None:
    """A link to another page with these query parameters."""
    st.page_link(page(name), label=label, icon=icon, query_params=query)


def go(name: str, **query: str) -> NoReturn:
    """Leave for another page, with these query parameters."""
    st.switch_page(page(name), query_params=query)


def href(name: str, **query: object) -> str:
    """The address of a page as a link writes it: "photo?id=3". Home is the root."""
    told = {k: str(v) for k, v in query.items() if v not in (None, "")}
    return ("/" if name == "home" else f"/{name}") + (f"?{urlencode(told)}" if told else "")


def _page(place: Place) -> st.Page:
    return st.Page(
        f"../{place.name}.py",
        title=t(f"page.{place.name}"),
        icon=place.icon,
        url_path=place.name,
        default=place.name == "home",
        visibility="visible" if place.in_menu else "hidden",
    )
