"""Grades by published limits: hand cases at every limit, bands that straddle one, tables of one's own."""

from __future__ import annotations

import json

import pytest

from core.errors import ConfigError
from core.measuring import standards
from core.measuring.standards import STANDARDS, Limit, Standard, grade

ALLOWED = {
    "aci-dry": 0.41,
    "aci-moist": 0.30,
    "aci-salt": 0.18,
    "aci-sea": 0.15,
    "aci-water": 0.10,
    "ec2-dry": 0.4,
    "ec2-rc": 0.3,
    "ec2-pc": 0.2,
}
"""The widest that each document still allows."""


@pytest.mark.parametrize(
    ("key", "width", "want"),
    [
        ("kr-deck", 0.0, "a"),
        ("kr-deck", 0.1, "b"),
        ("kr-deck", 0.299, "b"),
        ("kr-deck", 0.3, "c"),
        ("kr-deck", 0.499, "c"),
        ("kr-deck", 0.5, "d"),
        ("kr-deck", 0.999, "d"),
        ("kr-deck", 1.0, "e"),
        ("kr-deck", 12.0, "e"),
        ("aashto-rc", 0.299, "CS1 or CS2 by density"),
        ("aashto-rc", 0.30, "CS2"),
        ("aashto-rc", 1.27, "CS2"),
        ("aashto-rc", 1.271, "CS3"),
        ("aashto-pc", 0.099, "CS1 or CS2 by density"),
        ("aashto-pc", 0.10, "CS2"),
        ("aashto-pc", 0.23, "CS2"),
        ("aashto-pc", 0.231, "CS3"),
        *((key, limit, "within") for key, limit in ALLOWED.items()),
        *((key, limit + 0.001, "beyond") for key, limit in ALLOWED.items()),
    ],
)
def test_a_width_falls_into_its_grade(key, width, want):
    assert grade(STANDARDS[key], (width, width)).grades == (want,)


def test_a_band_over_a_limit_names_both_grades_and_acts_on_the_worse():
    found = grade(STANDARDS["kr-deck"], (0.26, 0.34))
    assert found.grades == ("b", "c")
    assert found.worst == "c"
    assert grade(STANDARDS["kr-deck"], (0.05, 0.6)).grades == ("a", "b", "c", "d")


def test_a_width_that_is_a_limit_but_for_rounding_is_the_limit():
    assert grade(STANDARDS["kr-deck"], (0.1 * 3, 0.1 * 3)).grades == ("c",)
    assert grade(STANDARDS["kr-deck"], (0.3 - 1e-12, 0.3)).grades == ("c",)
    assert grade(STANDARDS["ec2-rc"], (0.1 * 3, 0.1 * 3)).grades == ("within",)


def test_the_worse_of_width_and_share_wins():
    deck = STANDARDS["kr-deck"]
    found = grade(deck, (0.2, 0.2), (0.12, 0.12))
    assert (found.grades, found.by) == (("d",), "share")
    found = grade(deck, (0.6, 0.6), (0.03, 0.03))
    assert (found.grades, found.by) == (("d",), "width")
    found = grade(deck, (0.6, 0.6), (0.12, 0.12))
    assert (found.grades, found.by) == (("d",), "both")
    found = grade(deck, (0.26, 0.34), (0.05, 0.05))
    assert (found.grades, found.by) == (("c",), "share"), "the width alone would say b or c"
    found = grade(deck, (0.26, 0.34), (0.0, 0.15))
    assert (found.grades, found.by) == (("b", "c", "d"), "both")
    assert grade(deck, (0.2, 0.2), (0.015, 0.025)).grades == ("b", "c")
    assert grade(deck, (0.2, 0.2), (0.0, 0.0)).grades == ("b",)
    assert grade(STANDARDS["aci-dry"], (0.2, 0.2), (0.9, 0.9)).grades == ("within",), "it knows no share"


@pytest.mark.parametrize("band", [(0.3, 0.2), (-0.1, 0.2), (0.1, float("inf")), (float("nan"), 0.2)])
def test_a_band_that_is_none_is_refused(band):
    with pytest.raises(ConfigError, match="band"):
        grade(STANDARDS["kr-deck"], band)


def test_tables_of_one_s_own_are_read_as_they_are_written(tmp_path):
    path = tmp_path / "standards.json"
    path.write_text(standards.written(STANDARDS), "utf-8")
    assert standards.read(path) == STANDARDS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "cannot be read"),
        ('[{"key": "x"}]', "each needs key, name, source and limits"),
        (
            '[{"key": "x", "name": "X", "source": "s", "limits": [{"grade": "1", "from_mm": "w"}]}]',
            "is no table",
        ),
        (
            '[{"key": "x", "name": "X", "source": "s", "limits": '
            '[{"grade": "1", "from_mm": 0, "words": "w", "is_above": "no"}]}]',
            "is_above is 'no'",
        ),
    ],
)
def test_a_table_that_does_not_hold_together_is_refused_by_name(tmp_path, text, said):
    path = tmp_path / "ours.json"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=said) as refused:
        standards.read(path)
    assert "ours.json" in str(refused.value)


def test_limits_must_rise_from_nought():
    with pytest.raises(ConfigError, match="begin at 0"):
        Standard("x", "X", "s", (Limit("1", 0.1, ""),))
    for first in (Limit("1", 0.0, "", 0.1), Limit("1", 0.0, "", is_above=True)):
        with pytest.raises(ConfigError, match="share of 0"):
            Standard("x", "X", "s", (first, Limit("2", 0.5, "", 0.2)))
    with pytest.raises(ConfigError, match="rise"):
        Standard("x", "X", "s", (Limit("1", 0.0, ""), Limit("2", 0.5, ""), Limit("3", 0.4, "")))
    with pytest.raises(ConfigError, match="shares"):
        Standard("x", "X", "s", (Limit("1", 0.0, ""), Limit("2", 0.5, "", 2.0)))


def test_every_table_names_its_source():
    for standard in STANDARDS.values():
        assert len(standard.source) > 20
        assert json.loads(standards.written({standard.key: standard}))
