"""A form made from a Config: every setting with its label, range, choices and source; only changes come back.

What a domain's Config says (core/config.py: param) is all there is to it: a new setting appears by itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from core import config as settings_of
from core.config import Param
from core.errors import ConfigError
from pages.parts import words
from pages.parts.strings import ja_lab, ko_lab, language, t

SETTINGS: Final = {"ko": ko_lab.SETTINGS, "ja": ja_lab.SETTINGS}
"""Settings' names in other languages than the one their Config is written in."""

FIRST: Final = (
    "network division n0 start repeats loss weight levels kernel epochs steps folds trimmed init seed".split()
)
"""Shown at once; the others are one click away."""

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "network": (
        "method",
        "network",
        "encoder",
        "init",
        "pretrain",
        "pretrain_epochs",
        "levels",
        "kernel",
        "filters",
        "fc1",
        "fc2",
        "dropout1",
        "dropout2",
        "head",
        "frozen",
        "keep_norm",
    ),
    "cycle": (
        "division",
        "n0",
        "start",
        "rule",
        "threshold",
        "share",
        "ratio",
        "sure",
        "portion",
        "agreement",
        "trust",
        "unlabelled",
        "repeats",
        "restart",
    ),
    "loss": ("loss", "weight", "label_smoothing", "soft", "focus"),
    "length": ("epochs", "steps", "batch", "batch_size", "folds", "validate_every", "choose_epoch"),
    "descent": (
        "optimizer",
        "learning_rate",
        "schedule",
        "warm_up",
        "weight_decay",
        "momentum",
        "head_rate",
        "ema",
        "smoothing",
    ),
    "photos": (
        "trimmed",
        "stripes",
        "margin",
        "image_size",
        "crop_px",
        "longest_px",
        "near_crack",
        "augment",
        "angle",
        "scale",
        "zoom",
        "colour",
        "jitter",
        "erase",
        "mixup",
        "views",
    ),
}
"""Which settings stand together; what is in none stands at the end."""


def settings(
    config: type, preset: Mapping[str, Any], *, key: str, changed: Mapping[str, Any] | None = None
) -> tuple[dict[str, Any], str]:
    """Draw the form; what differs from the preset, and "" or the sentence that says what cannot be.

    `changed` are values to begin with ("again with changes"). Keys of the widgets begin with `key`, so
    another preset draws a fresh form.
    """
    found = settings_of.params(config)
    begin = {p.name: (changed or {}).get(p.name, preset.get(p.name, p.default)) for p in found}
    first = [p for name in FIRST for p in found if p.name == name]
    told = _grid(first, begin, key)
    with st.expander(t("form.more", n=len(found) - len(first)), icon=":material/tune:"):
        for group, members in grouped([p for p in found if p not in first]):
            st.markdown(f"**{t(f'form.{group}')}**")
            told |= _grid(members, begin, key)
    differing = changes(config, preset, told)
    try:
        settings_of.of(config, {**preset, **differing})
    except ConfigError as error:
        return differing, str(error)
    return differing, ""


def changes(config: type, preset: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are not those of the preset over the defaults, as JSON takes them."""
    found = {}
    for p in settings_of.params(config):
        if p.name not in told:
            continue
        value, usual = told[p.name], preset.get(p.name, p.default)
        same = value == usual and isinstance(value, bool) == isinstance(usual, bool)
        if not (
            same or (_is_number(value) and _is_number(usual) and math.isclose(value, usual, rel_tol=1e-9))
        ):
            found[p.name] = list(value) if isinstance(value, tuple) else value
    return found


def grouped(found: Sequence[Param]) -> list[tuple[str, list[Param]]]:
    """Settings under the headings they belong to, in the order of `GROUPS`; empty headings are left out."""
    known = {name for members in GROUPS.values() for name in members}
    groups = [
        (group, [p for name in names for p in found if p.name == name]) for group, names in GROUPS.items()
    ]
    groups.append(("other", [p for p in found if p.name not in known]))
    return [(group, members) for group, members in groups if members]


def value_words(p: Param, value: Any) -> str:
    """A setting's value as a table shows it."""
    if value is None:
        return t("form.left_open")
    if isinstance(value, bool):
        return t("form.yes") if value else t("form.no")
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(value_words(p, v) for v in value)
    return words.NETWORKS.get(value, str(value)) if p.name == "network" else str(value)


def explained(p: Param) -> str:
    """What hovering over a setting says: what it does, its range, where it is from."""
    told = [p.help] if p.help else []
    if p.low is not None and p.high is not None:
        told.append(t("form.range", low=f"{p.low:,g}", high=f"{p.high:,g}"))
    if p.source and p.source != "ours":
        told.append(t("form.source", source=p.source))
    return " ".join(told)


def label(p: Param) -> str:
    """A setting's name in the reader's language; English, as its Config says it, where that has none."""
    name = SETTINGS.get(language(), {}).get(p.name, p.label)
    return name[:1].upper() + name[1:].replace("`", "")


def _grid(members: Sequence[Param], begin: Mapping[str, Any], key: str) -> dict[str, Any]:
    told = {}
    with st.grid("auto", min_column_width=230, gap="small", vertical_alignment="bottom"):
        for p in members:
            told[p.name] = _widget(p, begin[p.name], f"{key}-{p.name}")
    return told


def _widget(p: Param, value: Any, key: str) -> Any:
    """One setting as the widget that fits it; what it is set to."""
    told: dict[str, Any] = {"key": key, "help": explained(p) or None}
    name = label(p)
    if p.choices:
        options = [None, *p.choices] if p.optional else list(p.choices)
        return st.selectbox(
            name, options, index=options.index(value), format_func=lambda v: value_words(p, v), **told
        )
    if p.kind is bool:
        return st.toggle(name, value, **told)
    if p.kind is tuple:
        return _tuple(st.text_input(name, ", ".join(str(v) for v in value or ()), **told))
    if p.kind is str:
        return st.text_input(name, value or "", **told)
    number: Any = int if p.kind is int else float
    chosen = st.number_input(
        name,
        min_value=None if p.low is None else number(p.low),
        max_value=None if p.high is None else number(p.high),
        value=None if value is None else number(value),
        step=_step(p, value),
        format="%d" if p.kind is int else "%g",
        placeholder=t("form.left_open") if p.optional else None,
        **told,
    )
    return value if chosen is None and not p.optional else chosen  # an emptied field means what it was


def _step(p: Param, value: Any) -> Any:
    """How far one press of plus goes: a tenth of the order of magnitude for numbers that spread over many."""
    if p.kind is int:
        return max(1, 10 ** (len(str(int(value or p.low or 1))) - 2))
    if p.log and value:
        return 10.0 ** (math.floor(math.log10(abs(value))) - 1)
    return 0.01


def _tuple(text: str) -> tuple[Any, ...]:
    found: list[Any] = []
    for word in text.replace(" ", "").split(","):
        if word:
            try:
                found.append(int(word) if word.lstrip("-").isdecimal() else float(word))
            except ValueError:
                found.append(word)
    return tuple(found)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
