"""A setting is said once, as a dataclass field; form, command line, search and card read it there.

    @dataclass(frozen=True)
    class Config:
        loss: str = param("relu", "loss", choices=LOSSES, source="paper 2, table 8")
        learning_rate: float = param(1e-3, "learning rate", low=1e-5, high=1e-2, log=True)

`check` refuses what lies outside, `of` reads JSON or `key=value` words, `params` feeds the forms.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import ConfigError


@dataclass(frozen=True)
class Param:
    """One setting: its name, kind, default, range, the words beside it, and where it is from."""

    name: str
    kind: type
    default: Any
    label: str
    choices: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None
    log: bool = False
    help: str = ""
    source: str = ""
    optional: bool = False
    """None is allowed and means "left to the engine"."""


def param(
    default: Any,
    label: str,
    *,
    choices: Sequence[Any] = (),
    low: float | None = None,
    high: float | None = None,
    log: bool = False,
    help: str = "",
    source: str = "ours",
) -> Any:
    """A dataclass field that knows its label, range (both ends allowed) and source."""
    told = {"label": label, "choices": tuple(choices), "low": low, "high": high, "log": log, "help": help}
    return dataclasses.field(default=default, metadata=told | {"source": source})


def params(config: type) -> tuple[Param, ...]:
    """The settings of a config class, in the order they were written."""
    kinds = typing.get_type_hints(config)
    found = []
    for f in dataclasses.fields(config):
        kind, optional = _kind(kinds[f.name])
        found.append(Param(f.name, kind, f.default, optional=optional, **f.metadata))
    return tuple(found)


def check(config: Any) -> Any:
    """The same config when every value is of its kind and in its range, else `ConfigError`.

    A class may add rules that bind several settings in a method `also(self) -> None` that raises.
    """
    for p in params(type(config)):
        value = getattr(config, p.name)
        if value is None and p.optional:
            continue
        if p.choices and value not in p.choices:
            raise ConfigError(f"{p.name} is {value!r}; choose one of {_listed(p.choices)}.")
        if not _is_kind(value, p.kind):
            raise ConfigError(f"{p.name} is {value!r}; it must be {_KINDS.get(p.kind, p.kind.__name__)}.")
        if p.kind in (int, float) and not p.choices:
            _check_range(p, value)
    if hasattr(config, "also"):
        config.also()
    return config


def of(config: type, values: Mapping[str, Any]) -> Any:
    """A checked config from JSON values or from the words of `--set key=value`.

    Words are read by the setting's kind; an unknown key is refused with the nearest known one.
    """
    known = {p.name: p for p in params(config)}
    kept = {}
    for key, value in values.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"known are {_listed(known)}."
            raise ConfigError(f"There is no setting {key!r}; {hint}")
        kept[key] = _read(known[key], value)
    return check(config(**kept))


def preset(
    config: type, presets: Mapping[str, Mapping[str, Any]], name: str, values: Mapping[str, Any]
) -> Any:
    """A checked config: the defaults, over them the preset of this name, over that the given values."""
    if name not in presets:
        raise ConfigError(f"There is no preset {name!r}; choose one of {_listed(presets)}.")
    return of(config, {**presets[name], **values})


def to_dict(config: Any) -> dict[str, Any]:
    """The values as JSON takes them; `of(type(config), to_dict(config)) == config`."""
    return json.loads(json.dumps(dataclasses.asdict(config)))


def words(pairs: Sequence[str]) -> dict[str, str]:
    """`["epochs=5", "loss=relu"]` as a dict; a word without `=` is refused."""
    found = {}
    for word in pairs:
        key, sign, value = word.partition("=")
        if not sign or not key:
            raise ConfigError(f"{word!r} is no setting; write it as key=value, for example epochs=5.")
        found[key.strip()] = value.strip()
    return found


_KINDS = {int: "a whole number", float: "a number", bool: "yes or no", str: "a word", tuple: "a list"}
_TRUE, _FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}


def _kind(hint: Any) -> tuple[type, bool]:
    """The plain type behind a hint, and whether None is allowed: `int | None` gives (int, True)."""
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        inner = [a for a in typing.get_args(hint) if a is not type(None)]
        return _kind(inner[0])[0], len(inner) < len(typing.get_args(hint))
    return typing.get_origin(hint) or hint, False


def _is_kind(value: Any, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)


def _check_range(p: Param, value: float) -> None:
    if value != value:
        raise ConfigError(f"{p.name} is not a number; give one.")
    below = p.low is not None and value < p.low
    above = p.high is not None and value > p.high
    if not (below or above):
        return
    if p.low is not None and p.high is not None:
        wanted = f"between {p.low:g} and {p.high:g}"
    else:
        wanted = f"at least {p.low:g}" if p.low is not None else f"at most {p.high:g}"
    raise ConfigError(f"{p.name} is {value:g}; it must be {wanted}.")


def _read(p: Param, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    if p.kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str) or p.kind is str:
        return value
    word = value.strip()
    if p.optional and word.lower() in ("", "none"):
        return None
    if p.kind is bool:  # any other word stays one, for `check` to refuse
        return word.lower() in _TRUE if word.lower() in _TRUE | _FALSE else value
    if p.kind is tuple:
        return tuple(_number(part) for part in word.replace(" ", "").split(",") if part)
    try:
        return p.kind(word)
    except ValueError:
        raise ConfigError(
            f"{p.name} is {value!r}; it must be {_KINDS.get(p.kind, p.kind.__name__)}."
        ) from None


def _number(word: str) -> Any:
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word


def _listed(names: Any) -> str:
    return ", ".join(str(n) for n in names)
