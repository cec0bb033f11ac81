"""The table people take along: every photo is in it, and a spreadsheet reads it as it was meant."""

from __future__ import annotations

import csv
import dataclasses
import io

from core import inspections, opinions, report, store
from core.settings import Settings
from tests import stock


def lines(told: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(told.removeprefix("\ufeff"))))


def test_every_inspection_is_a_line_with_its_verdict_and_what_a_person_said(tmp_path):
    told = stock.settings(tmp_path)
    stock.fill(told)
    db = store.connect(told.database)
    found = inspections.find(db, limit=1000)
    table = lines(report.table(found, told))
    assert [int(one["inspection"]) for one in table] == [one.id for one in found]
    assert tuple(table[0]) == report.COLUMNS
    for line, one in zip(table, found, strict=True):
        assert line["photo"] == one.name
        assert line["answer"] == (one.verdict.label if one.verdict else "")
        assert line["person_says"] == (one.opinion.label if one.opinion else "")
        assert (line["needs_person"] == "yes") == bool(one.verdict and one.verdict.needs_person)


def test_it_opens_in_a_spreadsheet_as_text_and_in_any_language(tmp_path):
    told = stock.settings(tmp_path)
    db = store.connect(told.database)
    stock.ask(
        db,
        told,
        "rail",
        1,
        answer=stock.verdict("rail", "normal", 0.75),
        place='=HYPERLINK("x")',
        name="교각, 4.jpg",
    )
    text = report.table(inspections.find(db), told)
    assert text.startswith("\ufeff")
    [line] = lines(text)
    assert line["place"] == '\'=HYPERLINK("x")'
    assert line["photo"] == "교각, 4.jpg"
    assert (line["confidence"], line["threshold"], line["max_width_px"]) == ("0.7500", "0.5000", "")
    assert line["handed_in_at"] == "2026-09-21T14:13:20+00:00"


def test_a_grade_is_told_in_the_terms_in_force_and_a_persons_counts_first(tmp_path):
    told = dataclasses.replace(stock.settings(tmp_path), term=("aashto", "astm-d610"))
    db = store.connect(told.database)
    id = stock.ask(db, told, "corrosion", 1, answer=stock.verdict("corrosion", "2", 0.75))
    stock.ask(db, told, "rail", 2, answer=stock.verdict("rail", "normal", 0.75))
    rail, corrosion = sorted(lines(report.table(inspections.find(db), told)), key=lambda one: one["in_terms"])
    assert rail["in_terms"] == ""
    assert corrosion["in_terms"].startswith("AASHTO condition state: CS3; ASTM rust grade: needs: the rusted")
    opinions.say(db, id, "3", who="mina", now=stock.NOW)
    [line] = [one for one in lines(report.table(inspections.find(db), told)) if one["in_terms"]]
    assert "CS4, needs: a hands-on check" in line["in_terms"]


def test_nothing_found_is_a_heading_alone():
    assert report.table([], Settings.of({})) == "\ufeff" + ",".join(report.COLUMNS) + "\r\n"
