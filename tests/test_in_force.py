"""By whose limits cracks are graded: the setting, a choice in the store, who may make it, what follows it."""

from __future__ import annotations

import dataclasses
import json

import pytest

from core import asking, in_force, inspections, store
from core.errors import ConfigError, Forbidden
from core.measuring import scales, standards
from core.records import ROLES, Person
from core.settings import Settings
from pages.parts import in_standard
from tests import stock, test_scales
from tests.serving import World
from tests.visits import text, visits

ADA = Person(1, "ada", "admin")


@pytest.fixture
def told(tmp_path) -> Settings:
    return stock.settings(tmp_path)


def test_nothing_chosen_is_what_the_setting_says_with_a_store_or_without(told):
    dry = dataclasses.replace(told, standard="ec2-dry")
    assert not dry.database.exists()
    assert in_force.standard(dry).key == "ec2-dry"
    assert not dry.database.exists(), "a command that needs none makes none"
    store.connect(told.database)
    assert in_force.standard(dry).key == "ec2-dry"


def test_what_was_chosen_last_counts_and_is_written_down(told):
    db = store.connect(told.database)
    for at, key in ((1.0, "aci-sea"), (2.0, "aashto-pc")):
        in_force.choose_standard(db, ADA, told, key, now=at)
    assert in_force.standard(told).key == "aashto-pc"
    assert in_force.chosen(db) == in_force.Choice("aashto-pc", "ada", 2.0)
    event = store.rows(db, "select who, what, about, told_json from events order by id desc limit 1")[0]
    assert tuple(event)[:3] == ("ada", "chose the standard", "standard/aashto-pc")
    assert json.loads(event["told_json"]) == {"before": "aci-sea"}


@pytest.mark.parametrize("role", ROLES)
def test_an_engineer_or_an_admin_chooses_and_nobody_else(told, role):
    db, by = store.connect(told.database), Person(2, "mina", role)
    if by.is_at_least("engineer"):
        in_force.choose_standard(db, by, told, "aci-sea", now=1.0)
        return
    with pytest.raises(Forbidden):
        in_force.choose_standard(db, by, told, "aci-sea", now=1.0)
    assert in_force.chosen(db) is None


def own(told: Settings) -> Settings:
    """The same house with a table of its own: Korea's, exported and given another key and name."""
    [table] = json.loads(standards.written({"kr-deck": standards.STANDARDS["kr-deck"]}))
    path = told.data.parent / "ours.json"
    path.write_text(json.dumps([table | {"key": "ours", "name": "Bridges of Seoul"}]), "utf-8")
    return dataclasses.replace(told, standards=path)


def test_a_table_of_ones_own_is_chosen_and_one_that_is_gone_says_so(told):
    db, with_own = store.connect(told.database), own(told)
    with pytest.raises(ConfigError, match="no standard 'ours'"):
        in_force.choose_standard(db, ADA, told, "ours", now=1.0)
    in_force.choose_standard(db, ADA, with_own, "ours", now=1.0)
    assert in_force.standard(with_own).limits == standards.STANDARDS["kr-deck"].limits
    with pytest.raises(ConfigError, match="'ours' was chosen, and no table here"):
        in_force.standard(told)


def test_the_admin_page_chooses_and_the_next_scale_is_graded_by_it(tmp_path, monkeypatch):
    world = World.at(tmp_path)
    monkeypatch.setenv("PATINA_STANDARDS", str(own(world.settings).standards))
    with visits(world, monkeypatch) as visit:
        at = visit("admin", "admin", tab="standard")
        assert "Korea, bridge deck slab; nobody has chosen" in text(at)
        assert at.button(key="choose-standard").disabled
        at.selectbox(key="standard").set_value("ours").run()
        at.button(key="choose-standard").click().run()
        assert not at.exception
        assert "Bridges of Seoul, as" in text(at)
    db = store.connect(world.settings.database)
    settings = Settings.of()
    id = stock.ask(db, world.settings, "crack", 1, answer=test_scales.wall())
    asking.set_scale(
        db, id, scales.given(0.1), who="mina", now=stock.NOW, standard=in_force.standard(settings)
    )
    verdict = inspections.get(db, id).verdict
    assert verdict is not None
    assert verdict.figures["standard"] == "ours"
    assert "– Bridges of Seoul" in in_standard.line(verdict), "its name, not its key"
