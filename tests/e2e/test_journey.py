"""A newcomer's first ten minutes, and what the browser alone can show: uploads, phones, signing out."""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import artifacts, batches, cards, disk, inspections, samples, store
from core.records import DOMAINS
from core.settings import ROOT, Settings
from core.store import row, writing
from tests import serving, stock
from tests.badimages import ROWS, Row, bad_photos  # noqa: F401
from tests.e2e.line import line
from tests.test_children import wait_for

SAMPLES = ROOT / "data" / "samples"
FILES = "input[type=file]:not([webkitdirectory])"
PASSWORD = "verdigris on copper"
VERDICT = {
    "rail": r"(Defect|No defect) seen",
    "crack": r"No crack seen|Crack seen|Crack, up to [\d.]+ pixels wide",
    "corrosion": r"Grade [0-3] of 3(, close to [0-3])?",
}


def sample(domain: str) -> Path:
    folder = {"rail": "", "crack": "images", "corrosion": "untrimmed"}[domain]
    return sorted(p for p in (SAMPLES / domain / folder).iterdir() if p.suffix.lower() in (".jpg", ".png"))[0]


def hand_in(window, domain: str, *files: Path) -> None:
    """Drop photos on the target of Inspect and say what they show."""
    window.page.locator(f'[data-domain="{domain}"]').click()
    window.page.locator(FILES).set_input_files([str(f) for f in files])


needs_models = pytest.mark.skipif(
    {card.domain for card in cards.all(ROOT / "models_store")} != set(DOMAINS),
    reason="models_store/ holds no starter model for every domain",
)


@needs_models
def test_from_the_printed_link_to_a_confirmed_verdict_and_out_again(tmp_path, visit):
    told = Settings(data=tmp_path / "data", models=ROOT / "models_store", weights=None)
    with serving.server(told, workers="judge") as patina:
        window = visit(url=patina.url)
        enter(window, patina)
        window.see("Nothing has been inspected yet")
        for domain in DOMAINS:
            window.go("/inspect")
            hand_in(window, domain, sample(domain))
            window.page.wait_for_url("**/inspect?batch=*")
            card = window.page.locator(".st-key-results .card .title")
            card.and_(window.page.locator(":not([data-tone=waiting])")).wait_for()
            assert card.get_attribute("data-tone") != "failed"
        card.locator("a").click()
        window.page.wait_for_url("**/photo?*")
        window.page.locator('[class*="st-key-say-"] button').first.click()
        window.see("Confirmed by admin")
        window.go("/")
        window.see("People agreed with")
        other = window.page.context.new_page()
        other.goto(patina.url)
        other.wait_for_selector("text=Can I believe it?")
        window.page.locator(".st-key-account button").click()
        window.page.get_by_role("button", name="Sign out").click()
        window.page.wait_for_url("**/signin*")
        other.wait_for_url("**/signin*", timeout=10_000)


def enter(window, patina) -> None:
    """Sign in with the link that the server prints at its first start, and set a password."""
    until = time.monotonic() + 60
    while not (link := re.search(r"http://\S+/welcome/\S+", patina.said())):
        assert time.monotonic() < until, patina.said()
        time.sleep(0.1)
    window.page.goto(link[0])
    for field in window.page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    window.page.locator("button").first.click()
    window.settle()


@needs_models
@pytest.mark.timeout(900)
def test_every_sample_photo_gets_its_verdict_from_the_shipped_models(tmp_path, visit):
    told = Settings(data=tmp_path / "data", models=ROOT / "models_store", weights=None)
    shipped = samples.every(told.samples)
    assert Counter(sample.domain for sample in shipped) == dict.fromkeys(DOMAINS, 6)
    with serving.server(told, workers="judge") as patina:
        window = visit(url=patina.url)
        enter(window, patina)
        page = window.page
        for sample in shipped:
            page.locator("[data-testid=stSidebarNavLink]", has_text="Inspect").click()
            page.wait_for_url(f"{patina.url}/inspect")
            tile = page.locator(f'.card[data-id="{sample.id}"] .title a')
            folded = page.locator("[data-testid=stExpander] summary")
            tile.or_(folded).first.wait_for()
            window.settle()  # or the fold of the page before is opened, which goes away
            if not tile.is_visible():
                folded.click()
            tile.click()
            page.wait_for_url("**/inspect?batch=*")
            window.settle()  # as a person does: a click before the page stands may be overtaken by it
        page.locator(f".st-key-results .card .foot .name >> text={shipped[-1].path.name}").wait_for()
        page.locator(".st-key-results .card .title:not([data-tone=waiting])").wait_for()
        db = store.connect(told.database)
        until = time.monotonic() + 300
        while inspections.count(db)["judged"] < len(shipped):
            assert time.monotonic() < until, inspections.count(db)
            time.sleep(0.1)
        for domain in DOMAINS:
            window.go(f"/inspect?domain={domain}")
            tiles = page.locator(".st-key-found-photos .card")
            assert tiles.count() == 6
            for one in tiles.all():
                assert re.fullmatch(VERDICT[domain], one.locator(".title").inner_text())
                one.scroll_into_view_if_needed()
                assert one.locator("img.photo").evaluate("i => i.decode().then(() => i.naturalWidth)") > 0
        shipped_models = {(card.domain, card.id) for card in cards.all(told.models)}
        assert {(i.domain, i.verdict.model) for i in inspections.find(db, limit=99)} == shipped_models


def test_verdicts_come_by_themselves_and_a_batch_is_a_link(visit, tmp_path):
    photos = []
    for seed in range(5):
        photos.append(tmp_path / f"beam-{seed}.jpg")
        photos[-1].write_bytes(stock.picture(seed + 50, "corrosion"))
    window = visit("inspector")
    window.go("/inspect")
    hand_in(window, "corrosion", *photos)
    window.see("5 judged")
    window.see("Corrosion: 5 photos")
    assert window.page.locator(".card .grade").count() == 5
    with window.page.expect_download() as taken:
        window.page.locator(".st-key-export button").click()
    table = Path(taken.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert {line.split(",")[1] for line in table[1:]} == {p.name for p in photos}
    again = visit("manager")
    again.go(window.page.url.removeprefix(window.url))
    again.see("5 judged")


def test_files_that_are_no_photos_say_why_and_the_others_are_judged(visit, bad_photos, tmp_path):  # noqa: F811
    names = "jpeg_cut_50.jpg empty.jpg text.jpg tiff_float32.tif document.pdf size_1x1.png png_bomb_11000.png"
    names = [bad_photos.names[name] for name in names.split() if name in bad_photos.names]
    good = tmp_path / "good.jpg"
    good.write_bytes(stock.picture(77, "rail"))
    window = visit("inspector")
    window.go("/inspect")
    hand_in(window, "rail", good, *[bad_photos.folder / n for n in names])
    window.see("1 judged")
    window.see(f"{len(names)} could not be judged")
    told = window.page.locator(".refused").all_inner_texts()
    assert len(told) == len(names)
    for name, sentence in zip(sorted(names), sorted(told), strict=True):
        assert name in sentence
        assert re.search(r"[.)]$", sentence.strip())
        assert "Traceback" not in sentence


@pytest.mark.slow
def test_every_file_of_the_corpus_is_judged_or_refused_by_the_page(visit, world, bad_photos):  # noqa: F811
    rows = [row for row in ROWS if row.file in bad_photos.names]
    window = visit("inspector")
    window.go("/inspect")
    hand_in(window, "rail", *[bad_photos.path(row) for row in rows])
    window.page.wait_for_url("**/inspect?batch=*")
    batch = window.page.url.partition("batch=")[2]
    shas = {row.file: hashlib.sha256(bad_photos.path(row).read_bytes()).hexdigest() for row in rows}

    def refused() -> list[Row]:
        asked = "select photo from inspections where batch = :batch"
        judged = {str(r["photo"]) for r in store.rows(world.db, asked, {"batch": batch})}
        return [row for row in rows if shas[row.file] not in judged]

    wait_for(lambda: len(batches.refused(world.db, batch)) == len(refused()), seconds=400)
    assert [row.file for row in refused() if row.is_photo and not row.either] == []
    assert [row.file for row in rows if row not in refused() and not row.allows(None)] == []
    told = batches.refused(world.db, batch)
    assert [why for _, why in told if not re.search(r"[.)]$", why)] == []


def test_the_same_photo_twice_is_recognised(visit, tmp_path):
    photo = tmp_path / "again.jpg"
    photo.write_bytes(stock.picture(91, "rail"))
    window = visit("inspector")
    for _ in range(2):
        window.go("/inspect")
        hand_in(window, "rail", photo)
        window.see("One photo handed in")
    window.see("one of them was known already")


def test_a_broken_upload_goes_on_where_it_stopped(visit, patina, world, tmp_path):
    large = tmp_path / "large.png"
    Image.fromarray(np.random.default_rng(3).integers(0, 255, (1400, 1600, 3), np.uint8)).save(large)
    with line(int(patina.url.rpartition(":")[2])) as wire:
        window = visit("inspector", url=wire.url)
        window.go("/inspect")
        sent: list[dict[str, str]] = []
        window.page.on("request", lambda r: sent.append(r.headers) if r.method == "PUT" else None)
        wire.break_at = 3 * 2**20
        hand_in(window, "rail", large)
        window.see("No connection")
        until = time.monotonic() + 60
        while (here := arrived(world)) < 2 * 2**20:
            assert time.monotonic() < until, f"{here} bytes arrived before the line broke"
            time.sleep(0.05)
        wire.mend()
        window.see("One photo handed in")
        window.see("1 judged")
    told = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", sent[-1].get("content-range", ""))
    assert told, "the last request sends the rest, not the whole"
    size = large.stat().st_size
    assert (int(told[1]), int(told[2]), int(told[3])) == (here, size - 1, size)
    assert artifacts.path(world.settings.artifacts, disk.sha256(large)).stat().st_size == size


def arrived(world) -> int:
    """How many bytes of the one upload under way are on the disk."""
    return sum(part.stat().st_size for part in world.settings.uploads.glob("*.part"))


def test_a_fault_of_ours_is_one_sentence_with_a_number_that_the_log_knows(visit, patina, world):
    asked = stock.ask(world.db, world.settings, "rail", 4711, answer=stock.verdict("rail", "normal"))
    window = visit("inspector")
    with damaged(world, asked):
        window.go(f"/photo?id={asked}")
        told = window.see("a fault of ours").inner_text()
        number = re.search(r"number ([0-9A-F]{6})", told)[1]
        assert window.page.locator("[data-testid=stException]").count() == 0
        assert "Traceback" not in window.page.locator("body").inner_text()
        assert re.search(rf"Error {number}: json\.decoder\.JSONDecodeError", patina.said())
        window.page.locator("[data-testid=stSidebarNavLink]", has_text="Home").click()
        window.page.wait_for_url(f"{window.url}/")
    window.go(f"/photo?id={asked}")
    window.see("No defect seen")


@contextlib.contextmanager
def damaged(world, inspection: int):
    """While this lasts, the figures of this inspection's verdict are no JSON: no page expects that."""
    before = row(world.db, "select figures_json from verdicts where inspection_id = :id", {"id": inspection})
    with writing(world.db):
        world.db.execute(
            "update verdicts set figures_json = '{' where inspection_id = :id", {"id": inspection}
        )
    try:
        yield
    finally:
        with writing(world.db):
            world.db.execute(
                "update verdicts set figures_json = :old where inspection_id = :id",
                {"id": inspection, "old": before["figures_json"]},
            )


def test_signing_out_ends_every_open_tab(visit, world):
    world.join("visitor", "inspector")
    one = visit("visitor")
    one.go("/")
    other = one.page.context.new_page()
    other.goto(f"{one.url}/inspect")
    other.wait_for_selector(".upload .target")
    one.page.locator(".st-key-account button").click()
    one.page.get_by_role("button", name="Sign out").click()
    one.page.wait_for_url("**/signin*")
    other.wait_for_url("**/signin*", timeout=15_000)


@pytest.mark.parametrize("path", ["/", "/inspect", "/photo?id=1", "/data", "/data?view=import", "/admin"])
def test_every_page_fits_a_phone(visit, world, path):
    if not inspections.count(world.db)["all"]:
        stock.fill(world.settings)
    window = visit("admin", width=390, color_scheme="dark")
    window.go(path)
    wide = window.page.evaluate(
        "() => document.querySelector('[data-testid=stMain]').scrollWidth - window.innerWidth"
    )
    assert wide <= 0, "nothing makes the page scroll sideways"


def test_on_a_phone_the_buttons_are_as_high_as_a_thumb(visit):
    window = visit("inspector", width=390)
    window.go("/inspect")
    window.page.locator(".upload .ways button").first.wait_for()
    heights = window.page.locator(".upload .ways button, .upload .domain").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().height)"
    )
    assert min(heights) >= 44
    assert window.page.locator(".upload input[capture]").count() == 1, "the camera is one tap away"


def test_the_menus_word_for_this_page_begins_it_anew(visit, tmp_path):
    photo = tmp_path / "mast.jpg"
    photo.write_bytes(stock.picture(131, "corrosion"))
    window = visit("inspector")
    window.go("/inspect")
    hand_in(window, "corrosion", photo)
    window.see("1 judged")
    window.page.locator("[data-testid=stSidebarNavLink]", has_text="Inspect").click()
    window.page.wait_for_url(f"{window.url}/inspect")
    window.see("Handed in lately")


def test_on_a_phone_the_menu_gives_way_to_the_page_and_is_made_for_thumbs(visit):
    window = visit("admin", width=390)
    window.go("/inspect")
    window.page.locator("[data-testid=stExpandSidebarButton]").click()
    home = window.page.locator("[data-testid=stSidebarNavLink]", has_text="Home")
    assert home.bounding_box()["height"] >= 44
    home.click()
    window.page.wait_for_url(f"{window.url}/")
    window.page.locator("[data-testid=stExpandSidebarButton]").wait_for()
    window.page.wait_for_function(
        "() => document.querySelector('[data-testid=stSidebar]').getBoundingClientRect().right < 40"
    )


def test_the_photo_zooms_moves_and_shows_its_evidence(visit, world, tmp_path):
    wall = tmp_path / "wall.jpg"
    wall.write_bytes(stock.picture(8, "crack"))
    window = visit("inspector")
    window.go("/inspect")
    hand_in(window, "crack", wall)
    window.page.locator(".st-key-results .card .title[data-tone=bad] a").click()
    window.page.wait_for_url("**/photo?*")
    stage = window.page.locator(".viewer .stage")
    stage.wait_for()
    evidence = window.page.locator(".viewer .evidence")
    evidence.wait_for()
    before = window.page.locator(".scale").inner_text()
    window.page.get_by_role("button", name="Closer").click()
    assert window.page.locator(".scale").inner_text() != before
    window.page.get_by_role("button", name="What was found").click()
    assert not evidence.is_visible()
    window.page.get_by_role("button", name="Whole photo").click()
    assert window.page.locator(".scale").inner_text() == before


def test_the_language_is_the_browsers_and_can_be_changed(visit):
    window = visit("inspector", locale="ja-JP")
    window.go("/inspect")
    window.see("何を写した写真ですか")
    window.page.locator(".st-key-account button").click()
    window.page.get_by_role("radio", name="한국어").or_(window.page.get_by_text("한국어")).first.click()
    window.see("무엇을 찍은 사진인가요?")
    window.page.reload()
    window.see("무엇을 찍은 사진인가요?")
