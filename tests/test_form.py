"""A form made from a Config: every setting is there, and only what was changed comes back."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core import config, corrosion, crack, rail
from core.config import params
from core.records import Run
from pages.parts import form, pick, training

DOMAINS = {"rail": rail, "crack": crack, "corrosion": corrosion}
CASES = [(domain, preset) for domain, module in DOMAINS.items() for preset in module.PRESETS]


def drawn(domain: str, preset: str, changed: dict | None = None):
    import importlib

    import streamlit as st

    from pages.parts import form as parts

    module = importlib.import_module(f"core.{domain}")
    told, wrong = parts.settings(module.Config, module.PRESETS[preset], key="f", changed=changed)
    st.session_state["told"], st.session_state["wrong"] = told, wrong


def page(domain: str, preset: str, changed: dict | None = None) -> AppTest:
    return AppTest.from_function(drawn, args=(domain, preset, changed), default_timeout=60).run()


def widget(at: AppTest, name: str):
    kinds = (at.number_input, at.selectbox, at.toggle, at.text_input)
    return next(w for kind in kinds for w in kind if w.key == f"f-{name}")


@pytest.mark.parametrize(("domain", "preset"), CASES)
def test_every_setting_is_there_and_an_untouched_form_changes_nothing(domain, preset):
    at = page(domain, preset)
    assert not at.exception
    assert at.session_state["told"] == {}
    assert at.session_state["wrong"] == ""
    shown = {w.key for kind in (at.number_input, at.selectbox, at.toggle, at.text_input) for w in kind}
    assert shown == {f"f-{p.name}" for p in params(DOMAINS[domain].Config)}


def test_only_changed_values_come_back():
    at = page("crack", "quick")
    widget(at, "steps").set_value(900)
    widget(at, "loss").set_value("mse").run()
    assert at.session_state["told"] == {"steps": 900, "loss": "mse"}
    widget(at, "steps").set_value(600).run()
    assert at.session_state["told"] == {"loss": "mse"}


def test_a_value_that_cannot_be_gives_the_sentence_of_the_config():
    at = page("crack", "quick")
    widget(at, "loss").set_value("balanced_step")
    widget(at, "weight").set_value(1.2).run()
    assert "below 1" in at.session_state["wrong"]


def test_a_setting_left_open_stays_open():
    at = page("corrosion", "paper_cnn5")
    assert widget(at, "init").value is None
    widget(at, "fc1").set_value(500).run()
    assert at.session_state["told"] == {"fc1": 500}


def test_again_with_changes_begins_where_the_run_was():
    at = page("rail", "quick", {"epochs": 4, "seed": 3})
    assert widget(at, "epochs").value == 4
    assert at.session_state["told"] == {"epochs": 4, "seed": 3}


def test_a_small_learning_rate_moves_in_small_steps():
    at = page("corrosion", "paper")
    assert widget(at, "learning_rate").step == pytest.approx(1e-6)
    assert widget(at, "epochs").step == 10


@pytest.mark.parametrize("domain", list(DOMAINS))
def test_what_the_form_gives_is_what_the_config_takes(domain):
    module = DOMAINS[domain]
    told = form.changes(module.Config, {}, {p.name: p.default for p in params(module.Config)})
    assert told == {}
    assert config.of(module.Config, told) == module.Config()


def test_a_number_and_a_yes_are_never_the_same():
    assert form.changes(corrosion.Config, {"half": True}, {"half": False}) == {"half": False}
    assert form.changes(corrosion.Config, {"folds": 1}, {"folds": 0}) == {"folds": 0}


@pytest.mark.parametrize("domain", list(DOMAINS))
def test_every_setting_stands_under_exactly_one_heading(domain):
    found = list(params(DOMAINS[domain].Config))
    members = [p.name for _, group in form.grouped(found) for p in group]
    assert sorted(members) == sorted(p.name for p in found)


def test_hovering_says_what_it_does_its_range_and_where_it_is_from():
    by_name = {p.name: p for p in params(crack.Config)}
    assert form.explained(by_name["weight"]) == "From 0 to 2. Source: paper 2, tables 4 to 7."
    assert "fifth" in form.explained(by_name["kernel"])


def test_the_other_languages_name_every_setting():
    names = {p.name for module in DOMAINS.values() for p in params(module.Config)}
    for tongue, told in form.SETTINGS.items():
        assert names <= set(told), f"{tongue}: {sorted(names - set(told))}"


def test_a_run_is_called_by_the_one_setting_that_was_changed():
    def name(told: dict) -> str:
        return pick.run_name(
            Run(1, "train", "rail", {"data": "rails", "preset": "table3", "set": told}, "done")
        )

    assert name({}) == "rails · table3"
    assert name({"n0": 21}) == "rails · table3, Labels at the start: 21"
    assert name({"n0": 21, "seed": 3}) == "rails · table3, 2 changes"
    assert name({"no_longer_known": 1}) == "rails · table3, one change"


def test_a_run_says_what_it_does_and_that_its_end_takes_time():
    def doing(**told: object) -> str:
        return training.phase_words(Run(1, "train", "crack", {}, "running", progress=told))

    assert doing() == "preparing"
    assert doing(phase="train", step=3, total=12) == "learning"
    assert doing(phase="trial 17", step=3, total=12) == "trial 17"
    assert doing(phase="train", step=12, total=12) == "working out the last figures"
