"""Said is done: each command, route, page and setting stands in the README, and what stands there exists."""

from __future__ import annotations

import argparse
import importlib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import api, cli
from core import config as settings_of
from core.errors import PatinaError
from core.records import DOMAINS
from core.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands(parser: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command of the command line: ("train",), ("models", "list") …"""
    within = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not within:
        yield words
    for action in within:
        for name, one in action.choices.items():
            yield from commands(one, (*words, name))


@pytest.mark.parametrize("words", list(commands(cli.parser())), ids=" ".join)
def test_each_command_stands_in_the_readme(words: tuple[str, ...]):
    assert re.search(rf"python -m core {' '.join(words)}\b", README)


def readme_commands() -> list[str]:
    """The lines of the README that call the command line, without comments and the shell's `>`."""
    found = re.findall(r"^\s*(?:PATINA_\w+=\S+ )*python -m core (.+?)\s*(?:#.*)?$", README, re.M)
    return [re.sub(r"\s[>|].*", "", line) for line in found]


@pytest.mark.parametrize("line", readme_commands())
def test_each_command_of_the_readme_is_understood(line: str):
    words = [w for w in shlex.split(line.replace("…", "x"))]
    try:
        cli.parser().parse_args(words)
    except PatinaError as error:
        pytest.fail(f"python -m core {line}: {error}")


def test_each_route_stands_in_the_readme():
    paths = {re.sub(r":\w+}", "}", route.path) for route in api.routes(Settings.of())}
    assert not sorted(path for path in paths if f"`{path}`" not in README)


@pytest.mark.parametrize("file", sorted((ROOT / "pages").glob("*.py")), ids=lambda f: f.stem)
def test_each_page_stands_in_the_readme(file: Path):
    if file.stem != "__init__":
        assert re.search(rf"\b{file.stem}\b", README, re.I)


@pytest.mark.parametrize("domain", DOMAINS)
def test_each_setting_stands_in_the_readme_with_its_default(domain: str):
    config = importlib.import_module(f"core.{domain}").Config
    rows = [f"| `{p.name}` | {p.default} |" for p in settings_of.params(config)]
    part = README.split(f"### {domain}\n")[1].split("\n### ")[0]
    assert not [row for row in rows if row not in part]


@pytest.mark.parametrize("domain", DOMAINS)
def test_each_preset_stands_in_the_readme(domain: str):
    presets = importlib.import_module(f"core.{domain}").PRESETS
    assert not [name for name in presets if f"`{name}`" not in README]
