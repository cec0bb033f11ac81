"""What a grade is called elsewhere: by grade, by rusted share, or not at all; tables of one's own."""

from __future__ import annotations

import json

import pytest

from core.errors import ConfigError
from core.grading import terms
from core.grading.terms import TERMS, Class, Terms, named
from core.settings import Settings


@pytest.mark.parametrize(("grade", "want"), [(0, "CS1"), (1, "CS2"), (2, "CS3"), (3, "CS4")])
def test_each_grade_has_its_condition_state(grade, want):
    assert named(TERMS["aashto"], grade).classes == (want,)


def test_the_severe_state_asks_for_hands_on_and_the_others_do_not():
    assert "hands-on check" in named(TERMS["aashto"], 3).needs
    assert [named(TERMS["aashto"], grade).needs for grade in (0, 1, 2)] == ["", "", ""]


@pytest.mark.parametrize("key", ["iso-4628-3", "astm-d610"])
@pytest.mark.parametrize("grade", [0, 1, 2, 3])
def test_a_class_by_rusted_share_is_never_made_up_from_a_grade(key, grade):
    found = named(TERMS[key], grade)
    assert found.classes == ()
    assert "rusted share" in found.needs
    assert terms.in_one_line(found) == f"{found.name}: needs: {found.needs}"


@pytest.mark.parametrize(
    ("key", "percent", "want"),
    [
        ("astm-d610", 0.0, "10"),
        ("astm-d610", 0.01, "10"),
        ("astm-d610", 0.011, "9"),
        ("astm-d610", 0.1, "8"),
        ("astm-d610", 3.0, "5"),
        ("astm-d610", 16.5, "2"),
        ("astm-d610", 50.0, "1"),
        ("astm-d610", 51.0, "0"),
        ("iso-4628-3", 0.0, "Ri 0"),
        ("iso-4628-3", 0.05, "Ri 1"),
        ("iso-4628-3", 0.4, "Ri 2"),
        ("iso-4628-3", 1.0, "Ri 3"),
        ("iso-4628-3", 8.0, "Ri 4"),
        ("iso-4628-3", 9.0, "Ri 5"),
        ("iso-4628-3", 100.0, "Ri 5"),
    ],
)
def test_a_measured_share_falls_into_its_class(key, percent, want):
    found = named(TERMS[key], 1, percent / 100)
    assert (found.classes, found.needs) == ((want,), "")


def test_where_the_extent_decides_all_classes_that_are_left_are_named():
    found = named(TERMS["jp-bridge"], 1)
    assert found.classes == ("b", "c")
    assert "how far the rust spreads" in found.needs
    assert named(TERMS["jp-bridge"], 3).classes == ("d", "e")
    sound = named(TERMS["jp-bridge"], 0)
    assert (sound.classes, sound.needs) == (("a",), ""), "no rust spreads nowhere"
    assert terms.in_one_line(found).startswith("Japan, damage of road bridges: b or c, needs: how far")


def test_a_table_of_ones_own_is_read_and_chosen(tmp_path):
    own = Terms("own", "Our scale", "House rule 7", (Class("fine", "", (0, 1)), Class("act", "", (2, 3))))
    path = tmp_path / "terms.json"
    path.write_text(terms.written({"own": own} | TERMS), "utf-8")
    assert terms.read(path) == {"own": own} | TERMS
    settings = Settings.of({"PATINA_TERM": "own, aashto", "PATINA_TERMS": str(path)})
    assert [one.key for one in terms.chosen(settings)] == ["own", "aashto"]
    assert [one.key for one in terms.chosen(Settings.of({}))] == ["aashto"]
    assert terms.chosen(Settings.of({"PATINA_TERM": "none"})) == ()
    with pytest.raises(ConfigError, match="PATINA_TERM names 'korea'"):
        terms.chosen(Settings.of({"PATINA_TERM": "korea"}))


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        ([{"name": "a", "words": "", "grades": [0, 1, 2]}], "together name the grades 0 to 3"),
        ([{"name": "a", "words": "", "grades": [0, 1, 2, 3, 4]}], "together name the grades 0 to 3"),
        ([{"name": "a", "words": "", "up_to_share": 0.5}], "must rise from 0 or more to 1"),
        ([{"name": "a", "words": "", "up_to_share": 1}], "say so in needs"),
        ([{"name": "a", "words": ""}], "must name its grades"),
        ([{"name": "a"}], "no table of terms"),
        ([], "must name its grades"),
    ],
)
def test_a_table_that_does_not_hold_together_is_refused(tmp_path, classes, said):
    path = tmp_path / "terms.json"
    path.write_text(json.dumps([{"key": "k", "name": "K", "source": "s", "classes": classes}]), "utf-8")
    with pytest.raises(ConfigError, match=said):
        terms.read(path)


def test_a_grade_or_share_that_is_none_is_refused():
    with pytest.raises(ConfigError, match="grades are 0"):
        named(TERMS["aashto"], 4)
    with pytest.raises(ConfigError, match="between 0 and 1"):
        named(TERMS["astm-d610"], 1, 1.2)
