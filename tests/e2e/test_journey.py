"""A newcomer's first ten minutes, and what the browser alone can show: uploads, phones, signing out."""

from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import cards, inspections
from core.records import DOMAINS
from core.settings import ROOT, Settings
from tests import serving, stock
from tests.badimages import bad_photos  # noqa: F401

SAMPLES = ROOT / "data" / "samples"
FILES = "input[type=file]:not([webkitdirectory])"
PASSWORD = "verdigris on copper"


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
        link = re.search(r"http://\S+/welcome/\S+", wait_for(patina, "/welcome/"))
        assert link
        window = visit(url=patina.url)
        window.page.goto(link[0])
        for field in window.page.locator("input[type=password]").all():
            field.fill(PASSWORD)
        window.page.locator("button").first.click()
        window.settle()
        window.see("Nothing has been inspected yet")
        for domain in DOMAINS:
            window.go("/inspect")
            hand_in(window, domain, sample(domain))
            window.page.wait_for_url("**/inspect?batch=*")
            window.page.locator(".card .title[data-tone]:not([data-tone=waiting])").first.wait_for()
            assert window.page.locator(".title[data-tone=failed]").count() == 0
        window.page.locator(".card .title a").first.click()
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


def wait_for(patina, word: str) -> str:
    until = time.monotonic() + 30
    while word not in patina.said() and time.monotonic() < until:
        time.sleep(0.1)
    return patina.said()


def test_verdicts_come_by_themselves_and_a_batch_is_a_link(visit, tmp_path):
    photos = []
    for seed in range(5):
        photos.append(tmp_path / f"beam-{seed}.jpg")
        photos[-1].write_bytes(stock.picture(seed + 50, "corrosion"))
    window = visit("inspector")
    window.go("/inspect")
    hand_in(window, "corrosion", *photos)
    window.see("5 judged")
    assert window.page.locator(".card .grade").count() == 5
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


def test_the_same_photo_twice_is_recognised(visit, tmp_path):
    photo = tmp_path / "again.jpg"
    photo.write_bytes(stock.picture(91, "rail"))
    window = visit("inspector")
    for _ in range(2):
        window.go("/inspect")
        hand_in(window, "rail", photo)
        window.see("One photo handed in")
    window.see("one of them was known already")


@pytest.mark.slow
def test_a_broken_upload_goes_on_where_it_stopped(visit, tmp_path):
    large = tmp_path / "large.png"
    Image.fromarray(np.random.default_rng(3).integers(0, 255, (1400, 1600, 3), np.uint8)).save(large)
    window = visit("inspector")
    window.go("/inspect")
    sent: list[dict[str, str]] = []
    window.page.on("request", lambda r: sent.append(r.headers) if r.method == "PUT" else None)
    line = window.page.context.new_cdp_session(window.page)
    slow = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": 1_500_000}
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", {"offline": False, **slow})
    hand_in(window, "rail", large)
    window.page.wait_for_timeout(2500)
    line.send("Network.emulateNetworkConditions", {"offline": True, **slow})
    window.page.wait_for_timeout(1500)
    line.send("Network.emulateNetworkConditions", {"offline": False, **slow, "uploadThroughput": -1})
    window.see("One photo handed in")
    ranges = [h["content-range"] for h in sent if "content-range" in h]
    assert ranges, "the second request sends the rest, not the whole"
    assert int(re.search(r"bytes (\d+)-", ranges[-1])[1]) > 0  # type: ignore[index]


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
    window.page.wait_for_timeout(700)
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


def test_the_photo_zooms_moves_and_shows_its_evidence(visit, world, tmp_path):
    wall = tmp_path / "wall.jpg"
    wall.write_bytes(stock.picture(8, "crack"))
    window = visit("inspector")
    window.go("/inspect")
    hand_in(window, "crack", wall)
    window.page.locator(".card .title[data-tone=bad] a").first.click()
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
