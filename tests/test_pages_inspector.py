"""The inspectors' pages, run as Streamlit runs them, on a store with inspections in every state."""

from __future__ import annotations

import dataclasses
import io
import json
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core import asking, datasets, inspections, labels, queue, sets, store
from core.inspections import Inspection
from core.measuring import scales
from core.people import accounts, invitations, preferences, sessions
from core.records import Role
from core.settings import ROOT, Settings
from pages.parts import bars, found, gallery, header, places, words
from tests import stock, test_scales, visits

MAIN = str(ROOT / "pages" / "parts" / "main.py")


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A Patina of its own, which the pages read from the environment."""
    settings = stock.settings(tmp_path)
    monkeypatch.setenv("PATINA_DATA", str(settings.data))
    monkeypatch.setenv("PATINA_MODELS", str(settings.models))
    return settings


@contextmanager
def signed_in(told: Settings, role: Role = "inspector", name: str = "mina", locale: str = "en-US"):
    """The gate's word on a person, as the script hears it."""
    db, now = store.connect(told.database), time.time()
    invitations.make_person(db, accounts.PATINA, name, role, now=now)
    _, session = sessions.open_session(db, accounts.account(db, name).id, now=now)
    with visits.heard(told, session, locale):
        yield


def run(page: str = "", **query: str) -> AppTest:
    """A page as it stands after one run; no exception is ever shown."""
    app = AppTest.from_file(MAIN, default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    if page:
        app.switch_page(f"../{page}.py")
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
    assert not app.exception, app.exception
    return app


def said(app: AppTest) -> str:
    """Everything a page says outside our own elements."""
    parts = [block.value for kind in (app.title, app.subheader, app.markdown, app.warning) for block in kind]
    parts += [node.proto.body for node in app.main if node.type == "html"]
    return "\n".join(str(part) for part in parts)


def cards(app: AppTest, key: str) -> list[dict]:
    """What the element of this key was given to show."""
    for node in app.get("bidi_component"):
        proto = node.proto
        if key in proto.id:
            return json.loads(proto.json)["cards"] if proto.json else []
    raise AssertionError(f"there is no element {key}")


# The states a result can be in


def states(told: Settings) -> dict[str, Inspection]:
    made = stock.fill(told)
    db = store.connect(told.database)
    return {name: inspections.get(db, id) for name, id in made.items()}


def test_a_card_says_what_became_of_the_photo_in_each_state(told):
    shown = {name: gallery.card(i, stock.NOW) for name, i in states(told).items()}
    titles = {name: card["title"] for name, card in shown.items()}
    assert titles == {
        "judged": "Crack, up to 7 pixels wide",
        "person": "Grade 3 of 3, close to 2",
        "corrected": "No defect",
        "confirmed": "Defect seen",
        "failed": "Could not be judged",
        "running": "Being judged",
        "waiting": "Waiting for its turn",
    }
    assert shown["person"]["person"], "a person is needed"
    assert shown["person"]["lines"][0] == ("ask", "It may be grade 2 or 3.")
    assert shown["confirmed"]["lines"][0] == ("done", "Confirmed by mina")
    assert shown["corrected"]["lines"][:2] == [
        ("done", "Corrected to “No defect” by mina"),
        ("", "Grease, not a defect."),
    ]
    assert shown["failed"]["lines"][0][0] == "ask"
    assert not shown["confirmed"]["person"]
    assert shown["person"]["grade"] == "3"
    assert (shown["person"]["tone"], shown["corrected"]["tone"], shown["judged"]["tone"]) == (
        "grade-3",
        "fine",
        "bad",
    )


def test_a_card_names_no_file_path_and_cuts_long_names_in_the_middle(told):
    card = gallery.card(states(told)["waiting"], stock.NOW)
    assert card["name"] == "IMG_20240517_0…face_0043.jpg"
    assert card["full_name"].endswith("north_face_0043.jpg")
    assert len(card["name"]) <= 28


def test_only_what_can_be_drawn_has_an_overlay(told):
    db = store.connect(told.database)
    stock.fill(told)
    drawn = {i.domain for i in inspections.find(db, limit=100) if gallery.has_overlay(i)}
    assert drawn <= {"crack"}


# Home


def test_an_empty_home_offers_one_sample_a_domain(told):
    with signed_in(told):
        app = run()
        assert "Nothing has been inspected yet" in said(app)
        assert [c["title"] for c in cards(app, "home-samples")] == [
            "A rail",
            "A concrete wall",
            "A steel part",
        ]


def test_home_shows_the_worst_that_waits_for_a_person_first(told):
    stock.fill(told, time.time())
    with signed_in(told):
        app = run()
        assert "One photo needs a decision" in said(app)
        assert [c["title"] for c in cards(app, "pressing")] == ["Grade 3 of 3, close to 2"]
        assert len(cards(app, "bad")) == 4


def test_home_counts_from_the_span_that_the_address_names(told):
    stock.fill(told, time.time())
    with signed_in(told):
        figures = {}
        for span in ("7", "30"):
            app = run(span=span)
            node = next(n for n in app.get("bidi_component") if "changes" in n.proto.id)
            figures[span] = json.loads(node.proto.json)["figures"]
        assert [f["number"] for f in figures["7"]] == ["17", "1", "1", "3", "1"]
        assert "domain=rail" in figures["7"][1]["href"], "a number that counts photos is a link to them"


# Inspect


def test_inspect_begins_with_the_target_and_remembers_the_domain(told):
    with signed_in(told):
        db = store.connect(told.database)
        preferences.keep(db, accounts.account(db, "mina").person, "domain", "corrosion")
        app = run("inspect")
        first = next(one for one in app.get("bidi_component") if one.key != "menu")
        assert "upload" in first.proto.id
        assert json.loads(first.proto.json)["domain"] == "corrosion"


def test_a_batch_shows_those_for_a_person_first_and_says_what_could_not_be_read(told):
    stock.fill(told, time.time())
    with signed_in(told):
        app = run("inspect", batch="b1")
        assert "notes.pdf" in said(app)
        assert cards(app, "results")[0]["person"]
        assert len(cards(app, "results")) == 7
        only = run("inspect", batch="b1", found="failed")
        assert [c["title"] for c in cards(only, "results")] == ["Could not be judged"]


def test_photos_are_found_again_by_the_filters_of_a_link(told):
    stock.fill(told, time.time())
    with signed_in(told):
        app = run("inspect", domain="corrosion", found="bad", text="pier")
        assert [c["grade"] for c in cards(app, "found-photos")] == ["3", "3", "2"]
        nothing = run("inspect", text="no such place")
        assert "No photo fits" in said(nothing)


def test_a_link_to_nothing_says_so(told):
    stock.fill(told)
    with signed_in(told):
        assert "There is nothing under this link" in said(run("inspect", batch="20200101-nobody"))


def test_a_fresh_patina_offers_all_samples_on_inspect(told):
    with signed_in(told):
        assert len(cards(run("inspect"), "samples")) == 18


# One photo


def test_a_photo_is_confirmed_with_one_click_and_keeps_its_note(told):
    made = stock.fill(told)
    with signed_in(told):
        app = run("photo", id=str(made["person"]))
        app.text_input(key="note").set_value("Seen on site.")
        app.button(key="say-3").click().run()
        assert not app.exception
        opinion = inspections.get(store.connect(told.database), made["person"]).opinion
        assert opinion is not None
        assert (opinion.label, opinion.agrees, opinion.note, opinion.who) == (
            "3",
            True,
            "Seen on site.",
            "mina",
        )
        assert "Confirmed by mina" in said(app)


def test_a_photo_is_corrected_to_another_grade(told):
    made = stock.fill(told)
    with signed_in(told):
        run("photo", id=str(made["person"])).button(key="say-2").click().run()
        opinion = inspections.get(store.connect(told.database), made["person"]).opinion
        assert opinion is not None
        assert (opinion.label, opinion.agrees) == ("2", False)


def test_a_grade_is_told_in_other_terms_and_a_share_only_where_somebody_measured_it(told, monkeypatch):
    monkeypatch.setenv("PATINA_TERM", "aashto,astm-d610")
    db = store.connect(told.database)
    id = stock.ask(db, told, "corrosion", 3, answer=stock.verdict("corrosion", "3", 0.8))
    with signed_in(told):
        app = run("photo", id=str(id))
        assert "AASHTO condition state <b>CS4</b> – severe" in said(app)
        assert "a hands-on check; a photo cannot prove section loss" in said(app)
        assert "still to be found out: the rusted share" in said(app)
        app.number_input(key=f"rusted-{id}").set_value(12.0).run()
        assert "<b>3</b> – 10 to 16 % of the surface rusted" in said(app)
        assert "still to be found out: the rusted share" not in said(app)


def test_judging_again_puts_the_photo_back_in_the_queue(told):
    made = stock.fill(told)
    with signed_in(told):
        run("photo", id=str(made["judged"])).button(key="again").click().run()
        assert inspections.get(store.connect(told.database), made["judged"]).state == "waiting"


def test_a_photo_of_something_else_is_judged_as_that(told):
    made = stock.fill(told)
    db = store.connect(told.database)
    first = inspections.get(db, made["judged"])
    other = "corrosion" if first.domain != "corrosion" else "crack"
    with signed_in(told):
        app = run("photo", id=str(first.id))
        keys = [b.key for b in app.button if b.key and b.key.startswith(f"other-{first.id}-")]
        assert f"other-{first.id}-{first.domain}" not in keys
        app.button(key=f"other-{first.id}-{other}").click().run()
        stands = inspections.get(db, first.id).instead
        assert inspections.get(db, stands).domain == other
        before = run("photo", id=str(first.id))
        assert "something else now" in said(before)
        assert not [b.key for b in before.button if b.key and b.key.startswith(("say-", "again", "other-"))]


def test_a_whole_batch_is_judged_as_something_else(told):
    stock.fill(told, time.time())
    db = store.connect(told.database)
    n = inspections.count(db, batch="b1")["all"]
    with signed_in(told):
        app = run("inspect", batch="b1").button(key="other-crack").click().run()
        assert not app.exception
        assert {i.domain for i in inspections.find(db, batch="b1")} == {"crack"}
        assert inspections.count(db, batch="b1")["all"] == n


def test_a_new_box_is_waited_for_with_the_earlier_verdict_in_sight(told):
    made = stock.fill(told)
    asking.set_trim(
        store.connect(told.database), made["person"], (0.1, 0.1, 0.6, 0.6), who="mina", now=stock.NOW
    )
    with signed_in(told):
        app = run("photo", id=str(made["person"]))
        assert "Waiting for its turn …" in said(app)
        assert "Grade 3 of 3" in said(app)


def test_previous_and_next_stay_in_the_list_the_photo_came_from(told):
    made = stock.fill(told)
    with signed_in(told):
        ids = inspections.ids(store.connect(told.database), batch="b1", order="batch")
        app = run("photo", id=str(ids[0]), batch="b1")
        assert f"1 of {len(ids)}" in said(app)
        assert app.button(key="step-left").disabled
        app.button(key="step-right").click().run()
        assert app.query_params["id"] in (str(ids[1]), [str(ids[1])])
    assert made["person"] == ids[0]


@pytest.mark.parametrize("asked", ["", "x", "999999", "1;drop"])
def test_a_photo_that_is_not_there_is_one_sentence(told, asked):
    with signed_in(told):
        app = run("photo", id=asked) if asked else run("photo")
        assert len(app.warning) == 1
        assert app.warning[0].value.endswith(".")


def test_the_bars_of_a_rail_verdict_mark_the_threshold():
    verdict = stock.verdict("rail", "defect", 0.8)
    assert bars.shares(verdict) == [("Defect", 0.8, "bad", 0.5)]
    assert [share for _, share, *_ in bars.shares(stock.verdict("corrosion", "1", 0.7))] == pytest.approx(
        [0.1, 0.7, 0.1, 0.1]
    )


# Who sees what


@pytest.mark.parametrize(
    ("role", "names"),
    [
        ("inspector", "home inspect photo lost"),
        ("manager", "home inspect photo rail crack corrosion models lost"),
        ("admin", "home inspect photo rail crack corrosion data runs run models admin lost"),
    ],
)
def test_the_menu_holds_what_a_role_may_see(role, names):
    assert [place.name for place in places.seen_by(role)] == names.split()


def test_data_and_admin_are_closed_to_inspectors_even_by_address(told):
    with signed_in(told):
        for page in ("data", "admin"):
            app = AppTest.from_file(str(ROOT / "pages" / f"{page}.py"), default_timeout=30).run()
            assert app.warning[0].value.startswith("This page is for: ")


def test_an_address_of_other_roles_says_who_can_grant_it_and_a_wrong_one_that_there_is_no_such_page(told):
    with signed_in(told, "admin", "Ada"):
        pass
    with signed_in(told):
        closed, wrong = run("lost", address="rail"), run("lost", address="rail/<b>x")
        assert closed.title[0].value == "Rail"
        assert "This page is for: Manager, Engineer, Admin." in said(closed)
        assert "Who can give you another role: Ada." in said(closed)
        assert wrong.title[0].value == "No such page"
        assert "“rail/&lt;b&gt;x”" in said(wrong)


def test_without_the_gate_the_script_shows_nothing(told):
    stock.fill(told)
    app = AppTest.from_file(MAIN, default_timeout=30).run()
    assert len(app.error) == 1
    assert not app.title
    assert not app.get("bidi_component")


# Data and Admin


def test_data_lists_a_set_and_shows_it_as_a_wall(told):
    with signed_in(told, "engineer", "edda"):
        db = store.connect(told.database)
        photos = datasets.read(ROOT / "data" / "samples" / "rail", "rail")
        report = datasets.report(photos).to_dict()
        list(sets.keep(db, told.artifacts, photos, report=report, who="edda", now=stock.NOW))
        app = run("data")
        assert [c["title"] for c in cards(app, "sets")] == [photos.name]
        assert len(cards(app, "sets")[0]["photos"]) == 4
        wall = run("data", set=photos.name, **{"class": "defect"})
        assert {c["title"] for c in cards(wall, "wall")} == {"Defect"}


def test_a_set_is_browsed_by_group_and_by_what_people_said_and_shows_its_twins(told, tmp_path):
    scratch = tmp_path / "twins"
    scratch.mkdir()
    rows = ["file,grade,group,split,fold"]
    for i in range(8):
        Image.open(io.BytesIO(stock.picture(40 + i, "corrosion", 128))).save(scratch / f"part-{i}.png")
        rows.append(
            f"part-{i}.png,{i % 4},visit {i // 4},{'test' if i // 4 else 'train'},{'' if i // 4 else 0}"
        )
    Image.open(scratch / "part-2.png").rotate(180).resize((96, 96)).save(scratch / "again.png")
    rows.append("again.png,3,visit 1,test,")
    (scratch / "labels.csv").write_text("\n".join(rows))
    with signed_in(told, "engineer", "edda"):
        db = store.connect(told.database)
        read = datasets.read(scratch, "corrosion")
        report = datasets.report(read).to_dict()
        list(sets.keep(db, told.artifacts, read, report=report, who="edda", now=stock.NOW))
        sha = next(p.sha256 for p in read.photos if p.title == "part-5.png")
        person = accounts.account(db, "edda").person
        labels.relabel(db, person, "corrosion", sha, "3", stock.NOW, "a hole")
        app = run("data", set=read.name)
        [pair] = cards(app, "twins")
        assert pair["full_name"] == "part-2.png ≈ again.png"
        assert pair["lines"][-1] == ["ask", "Grade 2 and Grade 3: two labels for one view"]
        assert len(cards(run("data", set=read.name, group="visit 1"), "wall")) == 5
        [corrected] = cards(run("data", set=read.name, said="label"), "wall")
        assert corrected["title"] == "Grade 3"
        assert ["done", "Now Grade 3 – edda"] in corrected["lines"]


def test_an_admin_adds_a_person_and_gets_a_link_to_hand_over(told):
    with signed_in(told, "admin", "ada"):
        app = run("admin")
        app.text_input(key="new-name").set_value("Noor")
        app.selectbox(key="new-role").set_value("engineer")
        next(b for b in app.button if "Add and make a link" in b.label).click().run()
        assert not app.exception
        assert "/welcome/" in app.code[0].value
        assert accounts.account(store.connect(told.database), "Noor").role == "engineer"


def test_the_health_page_names_workers_queue_and_folders(told):
    with signed_in(told, "admin", "ada"):
        assert str(told.data) in said(run("admin", tab="health"))


# Header and language


def test_the_chip_says_first_what_keeps_people_waiting():
    from core.workers import WorkerState

    run = queue.Run(7, "train", "crack", {}, "running", name="crack-7")
    ready = WorkerState("judge", "ready", since=stock.NOW)
    busy = WorkerState("train", "busy", since=stock.NOW, run_id=7, fraction=0.43, seconds_left=360)
    idle = WorkerState("train", "ready", since=stock.NOW)
    down = WorkerState("judge", "down", since=stock.NOW)
    assert header.chip([ready, idle], {}) == ("ready", "Ready")
    assert header.chip([ready, busy], {7: run}) == ("busy", "Training 43\u00a0% · 6 min left")
    ending = dataclasses.replace(busy, fraction=1.0, seconds_left=0.0)
    assert header.chip([ready, ending], {7: run}) == ("busy", "Training 100\u00a0%"), (
        "the card takes its time"
    )
    assert header.chip([WorkerState("judge", "down"), busy], {7: run})[0] == "starting"
    state, label = header.chip([down, busy], {7: run})
    assert state == "down"
    assert "restarting" in label
    assert "restarting" not in header.chip([down, busy], {7: run}, ["train"])[1], "nobody restarts that one"
    assert header.chip([WorkerState("judge", "down"), idle], {}, ["train"]) == ("off", "Judging is off")


def test_a_korean_browser_reads_korean_and_the_choice_is_remembered(told):
    stock.fill(told, time.time())
    with signed_in(told, locale="ko-KR"):
        app = run()
        assert app.title[0].value == "홈"
        assert cards(app, "pressing")[0]["title"] == "3등급(0~3), 2등급에 가까움"
        app.segmented_control(key="header-language").set_value("ja").run()
        db = store.connect(told.database)
        assert preferences.get(db, accounts.account(db, "mina").person, "language") == "ja"
        assert run().title[0].value == "ホーム"


def test_times_are_said_as_people_say_them():
    now = stock.NOW
    assert words.ago(now + 5, now) == "just now"
    assert words.ago(now - 300, now) == "5 min ago"
    assert words.ago(now - 40 * 86_400, now).endswith("2026")
    assert words.in_about(7_800) == "2 h 10 min"
    assert (words.percent(0.843), words.percent(0.999), words.percent(0.004)) == (
        "84\u00a0%",
        "99.9\u00a0%",
        "0.4\u00a0%",
    )


def test_the_filters_of_an_address_pass_nonsense_over():
    assert found.filters("mina", {"domain": "moon", "since": "x", "found": "?"}) == {"order": "newest"}
    asked = found.filters("mina", {"owner": "me", "found": "ask", "batch": "b"})
    assert asked == {"order": "worst", "batch": "b", "owner": "mina", "needs_person": True, "decided": False}


@pytest.mark.parametrize(
    ("page", "name", "told_it"),
    [("data", "set", "nope"), ("models", "model", "crack/nope"), ("photo", "id", "9999")],
)
def test_an_address_of_nothing_leaves_a_way_back(told, page, name, told_it):
    with signed_in(told, "engineer", "eva"):
        app = run(page, **{name: told_it})
    assert "There is no" in said(app)
    kinds = [node.type for node in app.main]
    assert {"page_link", "button"} & set(kinds[: kinds.index("warning")]), "a way back stands above it"


def test_a_photo_too_far_away_says_so_before_its_verdict_once_its_scale_is_known(told):
    db = store.connect(told.database)
    with signed_in(told):
        id = stock.ask(db, told, "crack", 1, answer=test_scales.wall())
        assert not run("photo", id=str(id)).warning
        asking.set_scale(db, id, scales.of_distance(4, 8000), who="mina", now=stock.NOW)
        [said] = [block.value for block in run("photo", id=str(id)).warning]
        assert "cannot show 0.1 mm, only 0.5 mm: stand closer than 0.80 m." in said
        assert "Finer cracks than this one may be hidden." in said, "what was found is wide, and stands"
