"""Every word on the screen is in the catalogue, in all three languages, and every word in it is used."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from pages.parts import words
from pages.parts.strings import CATALOGUES, LANGUAGES, say, spoken

ROOT = Path(__file__).resolve().parents[1]
ASKERS = {"t", "say", "raw"}
FAMILY = re.compile(r"[a-z_]+(\.[a-z_]+)*\.")
ENGLISH = CATALOGUES["en"]
OTHERS = [tongue for tongue in LANGUAGES if tongue != "en"]
SHOWN = {"st.title", "st.header", "st.subheader", "st.caption", "st.button", "st.text_input", "st.selectbox"}


@cache
def trees() -> list[tuple[Path, ast.Module]]:
    files = sorted((ROOT / "pages").rglob("*.py"))
    return [(f, ast.parse(f.read_text(encoding="utf-8"))) for f in files if f.parent.name != "strings"]


def asked() -> Iterator[tuple[Path, str, bool]]:
    """(file, key or the beginning of keys, is it whole) wherever words are asked for."""
    for file, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ASKERS and node.args:
                place = 1 if node.func.id == "say" else 0  # type: ignore[attr-defined]
                for part in ast.walk(node.args[place]) if len(node.args) > place else ():
                    if isinstance(part, ast.JoinedStr) and isinstance(part.values[0], ast.Constant):
                        yield file, str(part.values[0].value), False
                yield from ((file, key, True) for key in _whole(node.args[place]))
            elif isinstance(node, ast.Constant) and FAMILY.fullmatch(str(node.value)):
                yield file, str(node.value), False  # named where it is put together


def _whole(node: ast.expr) -> Iterator[str]:
    """The keys an argument can be: a text, or one of two."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _whole(node.body)
        yield from _whole(node.orelse)


def names(text: str | tuple[str, str]) -> set[str]:
    told = text if isinstance(text, str) else text[1]
    return set(re.findall(r"\{(\w+)\}", told))


def test_every_word_asked_for_is_in_the_catalogue():
    missing = [
        f"{file.name}: {key}"
        for file, key, is_whole in asked()
        if not (key in ENGLISH if is_whole else any(k.startswith(key) for k in ENGLISH))
    ]
    assert not missing


def test_every_word_in_the_catalogue_is_asked_for():
    told = list(asked())
    whole = {key for _, key, is_whole in told if is_whole}
    families = tuple({key for _, key, is_whole in told if not is_whole and "." in key})
    assert not [key for key in ENGLISH if key not in whole and not key.startswith(families)]


@pytest.mark.parametrize("tongue", OTHERS)
def test_every_language_says_everything(tongue: str):
    theirs = CATALOGUES[tongue]
    assert not sorted(set(ENGLISH) - set(theirs)), "not yet said"
    assert not sorted(set(theirs) - set(ENGLISH)), "said in no other language"


@pytest.mark.parametrize("tongue", OTHERS)
def test_every_language_fills_in_the_same_names(tongue: str):
    theirs = CATALOGUES[tongue]
    assert not {k: (names(ENGLISH[k]), names(v)) for k, v in theirs.items() if names(ENGLISH[k]) != names(v)}


@pytest.mark.parametrize("tongue", OTHERS)
def test_no_text_was_left_in_english(tongue: str):
    """The same words in two languages are names, units and numbers, never a sentence."""
    theirs = CATALOGUES[tongue]
    same = [k for k, v in theirs.items() if v == ENGLISH[k] and isinstance(v, str) and len(v.split()) > 4]
    assert not [k for k in same if re.search(r"[a-z]{3,} [a-z]{3,} [a-z]{3,}", str(ENGLISH[k]))]


def test_one_and_many_are_told_apart_and_thousands_kept_apart():
    assert say("en", "data.photos", n=1) == "one photo"
    assert say("en", "data.photos", n=1204) == "1,204 photos"


def test_a_browser_gets_its_language_where_we_speak_it():
    assert [spoken(locale) for locale in ("ko-KR", "ja", "de-DE", "", None)] == ["ko", "ja", "en", "en", "en"]


def test_a_stored_sentence_is_said_in_the_readers_language_clause_by_clause(monkeypatch):
    monkeypatch.setattr(words, "language", lambda: "ko")
    monkeypatch.setattr(words, "t", lambda key, **told: say("ko", key, **told))
    told = words.said("The photo is blurred, and it may be grade 3.")
    assert re.search("[가-힣]", told)
    assert not re.search("[A-Za-z]{3}", told)
    for key, text in CATALOGUES["en"].items():
        if key.startswith("said.clause.") and "{" not in text:
            assert not re.search("[a-z]{3}", words.why_ask(f"{text[0].upper()}{text[1:]}.")), text
    strange = "Nobody has ever written this sentence."
    assert words.said(strange) == strange, "better English than nothing"


def test_no_page_speaks_without_the_catalogue():
    """What is shown is asked for by key: no English sentence stands in a page."""
    loose = []
    for file, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in SHOWN and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and re.search(r"[A-Za-z]{2,} [a-z]{2,}", str(first.value)):
                    loose.append(f"{file.name}: {first.value}")
    assert not loose
