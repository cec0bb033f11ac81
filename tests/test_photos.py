"""Photos: every odd file gets a clear answer, every good one comes out upright, 8-bit and on white."""

from __future__ import annotations

import io
import math
import time

import numpy as np
import pillow_heif
import pytest
from PIL import Image, features

from core import disk, photos, quality
from core.errors import PhotoError
from tests.badimages import ROWS, Row, bad_photos, make_badimages  # noqa: F401
from tests.conftest import SHARED, needs_photos

REASONS = {"empty", "not_an_image", "truncated", "too_large", "too_small", "unsupported", "corrupt"}


def coloured(height=60, width=80):
    """Red, green, blue and grey quadrants, so that a turn or a swap shows."""
    picture = np.zeros((height, width, 3), np.uint8)
    y, x = height // 2, width // 2
    picture[:y, :x], picture[:y, x:], picture[y:, :x], picture[y:, x:] = (
        (200, 40, 40),
        (40, 160, 60),
        (40, 70, 200),
        (128, 128, 128),
    )
    return picture


def file_of(picture, format="PNG", **options):
    out = io.BytesIO()
    (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).save(out, format, **options)
    return out.getvalue()


# The corpus


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_every_file_of_the_corpus_is_answered_as_expected(row: Row, bad_photos):  # noqa: F811
    path = bad_photos.path(row)
    start = time.process_time()  # of this process: other tests and trainings may be running
    refusal = None
    try:
        picture, facts = photos.open(path)
    except PhotoError as error:
        refusal = error
    assert time.process_time() - start < 5
    if refusal is not None:
        assert row.allows(refusal.reason), f"{refusal.reason}: {refusal}"
        assert refusal.reason in REASONS
        assert str(refusal).startswith(path.name)
        assert str(refusal).endswith(".")
        return
    assert row.allows(None), "it should be refused"
    assert photos.probe(path) == facts
    assert picture.dtype == np.uint8
    assert picture.flags.writeable
    assert picture.shape == (facts.height_px, facts.width_px, 3)
    if not row.is_photo:
        return
    assert (facts.width_px, facts.height_px) == row.size
    for (y, x), colour in row.colours.items():
        there = picture[facts.height_px * y // 4, facts.width_px * x // 4].astype(int)
        assert np.abs(there - colour).max() <= row.tolerance, f"{there} instead of {colour} at {y}, {x}"
    assert facts.taken_at == row.taken_at
    for told, wanted in ((facts.lat, row.lat), (facts.lon, row.lon)):
        assert (told is None) == (wanted is None)
        assert wanted is None or told == pytest.approx(wanted, abs=1e-3)


def test_the_table_beside_the_generator_is_the_one_it_writes(bad_photos):  # noqa: F811
    known = {bad_photos.names.get(row.file): row for row in ROWS}
    for told in bad_photos.written:
        row = known[told["file"]]
        assert row.is_photo == (told["expect"] == "accept"), row
        assert row.reasons[0] == told["reason_class"], row
        assert row.either == (told["either"] == "yes"), row


# Opening


def test_a_path_bytes_and_an_open_file_give_the_same(tmp_path):
    data = file_of(coloured())
    (tmp_path / "a.png").write_bytes(data)
    first, facts = photos.open(tmp_path / "a.png")
    for source in (data, io.BytesIO(data)):
        again, same = photos.open(source)
        assert (again == first).all()
        assert same == facts
    assert facts.sha256 == disk.sha256(tmp_path / "a.png")
    assert facts.bytes == len(data)


def test_a_refusal_names_the_file_what_was_found_and_what_to_do():
    with pytest.raises(PhotoError) as caught:
        photos.open(file_of(coloured(15, 90)), "span 3.png")
    assert str(caught.value) == (
        "span 3.png: 90 × 15 pixels; the shorter side must be at least 16. "
        "Send the original, not the preview."
    )


def test_a_missing_file_is_a_photo_error(tmp_path):
    with pytest.raises(PhotoError, match=r"gone\.jpg cannot be read"):
        photos.open(tmp_path / "gone.jpg")
    with pytest.raises(PhotoError, match="cannot be read"):
        photos.open(tmp_path)


def test_the_limits_hold_before_anything_is_decoded():
    """A reader that decoded this stream first would need minutes or gigabytes."""
    endless = io.BytesIO(bytes(photos.MAX_BYTES + 10))
    with pytest.raises(PhotoError) as caught:
        photos.open(endless)
    assert caught.value.reason == "too_large"
    assert endless.tell() == photos.MAX_BYTES + 1


def test_121_megapixels_are_refused_though_pillow_only_warns(bad_photos):  # noqa: F811
    with pytest.raises(PhotoError, match="11000 × 11000 pixels; at most 100 megapixels"):
        photos.open(bad_photos.folder / "png_bomb_11000.png")


def test_white_16_bit_grey_is_not_the_same_as_clipped_grey():
    ramp = np.linspace(0, 65535, 64 * 32, dtype=np.uint16).reshape(32, 64)
    picture, _ = photos.open(file_of(Image.fromarray(ramp)))
    assert (picture[..., 0] == np.rint(ramp / 257)).all()


def test_12_bit_tiff_grey_runs_to_white():
    """Pillow keeps 12 bits as 0 to 4,095 in a 16-bit picture."""
    samples = np.full((32, 32, 1), 4095)
    pairs = samples.reshape(-1, 2)
    packed = np.stack(
        [pairs[:, 0] >> 4, (pairs[:, 0] & 15) << 4 | pairs[:, 1] >> 8, pairs[:, 1] & 255], 1
    ).astype(np.uint8)
    tags = {258: (3, [12]), 273: (4, [8]), 279: (4, [packed.size])}
    data = make_badimages.tiff(samples, "u2", photometric=1, extra=tags.items())
    data = data[:8] + packed.tobytes() + data[8 + packed.size :]
    picture, _ = photos.open(data)
    assert (picture == 255).all()


def test_half_transparent_black_becomes_middle_grey_on_white():
    clear = np.zeros((32, 32, 4), np.uint8)
    clear[..., 3] = 128
    picture, _ = photos.open(file_of(clear))
    assert (picture == 127).all()


def test_a_camera_raw_file_is_not_judged_by_its_preview():
    raw = make_badimages.tiff(coloured(), extra={50706: (3, [1, 4])}.items())
    preview = make_badimages.tiff(coloured(), extra={254: (4, [1])}.items())
    for data in (raw, preview):
        with pytest.raises(PhotoError, match="raw file") as caught:
            photos.open(data)
        assert caught.value.reason == "unsupported"


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"\0\0\0\x20ftypisom\0\0\0\0isomavc1", "a video"),
        (b"\0\0\0\x20ftypcrx \0\0\0\0crx isom", "a camera's raw file"),
        (b"8BPS\0\1", "a Photoshop file"),
        (b"\0\0\1\0\1\0", "an icon"),
        (b"\xff\x0a\0\0", "a JPEG XL picture"),
        (b"PK\3\4", "a ZIP archive"),
        (b"  <html><body>", "a web page"),
    ],
)
def test_what_is_no_photo_is_called_by_its_name(head, what):
    with pytest.raises(PhotoError, match=what):
        photos.open(head + bytes(400), "IMG_1")


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_turned_heic_webp_and_avif_come_out_upright(turn):
    stored = Image.fromarray(make_badimages.turned(coloured(), turn))
    exif = Image.Exif()
    exif[274] = turn
    for format in ("HEIF", "WEBP", "AVIF") if features.check("avif") else ("HEIF", "WEBP"):
        picture, facts = photos.open(file_of(stored, format, quality=95, exif=exif.tobytes()))
        assert (facts.width_px, facts.height_px) == (80, 60)
        assert facts.format == {"HEIF": "HEIC"}.get(format, format)
        middles = np.ix_((15, 45), (20, 60))
        assert np.abs(picture[middles].astype(int) - coloured()[middles]).max() < 30


def test_a_phone_s_ten_bit_heic_is_read_as_eight_bits():
    deep = np.full((64, 64, 3), 1023 << 6, np.uint16)
    heif = pillow_heif.from_bytes("RGB;16", (64, 64), deep.tobytes())
    out = io.BytesIO()
    heif.save(out, quality=90)
    picture, facts = photos.open(out.getvalue())
    assert picture.min() > 250
    assert facts.format == "HEIC"


def test_an_orientation_beside_damaged_exif_still_turns_the_photo():
    """Pillow's own turning writes the EXIF again and fails where a value cannot be written."""
    stored = file_of(Image.fromarray(make_badimages.turned(coloured(), 6)), "JPEG", quality=95)
    text_for_a_number = [(1, 2, 2, b"N\0"), (2, 2, 9, b"fiftyone\0")]
    picture, facts = photos.open(
        make_badimages.after_soi(stored, make_badimages.exif(6, gps=text_for_a_number))
    )
    assert picture.shape == (60, 80, 3)
    assert facts.lat is None


# Facts


def with_exif(**tags):
    exif = Image.Exif()
    gps = tags.pop("gps", None)
    taken = tags.pop("taken", None)
    for name, value in tags.items():
        exif[{"make": 271, "model": 272}[name]] = value
    if taken is not None:
        exif.get_ifd(34665)[36867] = taken
    if gps is not None:
        exif.get_ifd(34853).update(gps)
    return photos.probe(file_of(coloured(), "JPEG", exif=exif))


def test_the_camera_is_named_once():
    assert with_exif(make="Canon", model="Canon EOS 80D").camera == "Canon EOS 80D"
    assert with_exif(make="DJI", model="FC6310").camera == "DJI FC6310"
    assert with_exif(model="Pixel\x07 7\n").camera == "Pixel 7"
    assert with_exif(make="x" * 500).camera == "x" * 60
    assert with_exif().camera is None


def test_a_clock_that_was_never_set_gives_no_time():
    assert with_exif(taken="2024:05:17 09:31:00").taken_at == "2024-05-17T09:31:00"
    assert with_exif(taken="1970:01:01 00:00:00").taken_at is None


def test_a_receiver_without_a_fix_gives_no_place():
    no_fix = {1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)}
    assert with_exif(gps=no_fix).lat is None
    seoul = {1: "N", 2: (37.0, 33.0, 59.0), 3: "E", 4: (126.0, 58.0, 41.0)}
    facts = with_exif(gps=seoul)
    assert (facts.lat, facts.lon) == pytest.approx((37.5664, 126.9781), abs=1e-4)
    assert with_exif(gps={k: v for k, v in seoul.items() if k < 3}).lat is None


# Trim, thumbnail, name


def test_a_trim_box_is_cut_to_whole_pixels():
    picture = np.arange(100 * 200 * 3, dtype=np.uint32).reshape(100, 200, 3).astype(np.uint8)
    assert (photos.trim(picture, (0.25, 0.5, 0.75, 1.0)) == picture[50:100, 50:150]).all()
    assert photos.trim(picture, (0, 0, 1, 1)).shape == picture.shape


def test_a_margin_stretches_about_the_middle_and_stops_at_the_edge():
    picture = np.zeros((100, 100, 3), np.uint8)
    assert photos.trim(picture, (0.4, 0.4, 0.6, 0.6), 1.5).shape == (30, 30, 3)
    assert photos.trim(picture, (0.0, 0.4, 0.2, 0.6), 2.0).shape == (40, 30, 3)


def test_a_trim_box_thinner_than_a_pixel_still_holds_one():
    assert photos.trim(np.zeros((16, 16, 3), np.uint8), (0.999, 0.2, 0.9999, 0.2001)).shape == (1, 1, 3)


@pytest.mark.parametrize(
    "box", [(0.5, 0, 0.5, 1), (0.6, 0, 0.4, 1), (1.1, 0, 1.2, 1), (-1, 0, -0.5, 1), (math.nan, 0, 1, 1)]
)
def test_a_trim_box_without_any_photo_is_refused(box):
    with pytest.raises(PhotoError, match="holds nothing of the photo"):
        photos.trim(np.zeros((16, 16, 3), np.uint8), box)


def test_a_thumbnail_fits_its_side_and_never_grows():
    small = Image.open(io.BytesIO(photos.thumbnail(coloured(600, 800), 200)))
    assert small.size == (200, 150)
    assert small.format == "WEBP"
    assert Image.open(io.BytesIO(photos.thumbnail(coloured(60, 80), 200))).size == (80, 60)
    assert min(Image.open(io.BytesIO(photos.thumbnail(coloured(16, 20000), 200))).size) == 1


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_name_from_a_browser_becomes_one_that_can_be_shown(row: Row):
    name = photos.safe_name(row.upload_name)
    assert name.strip() == name != ""
    assert len(name.encode()) <= 200
    assert not set(name) & set("/\\\0\n\r\t\u202e\x07\x1b")
    assert name not in (".", "..")
    assert photos.safe_name(name) == name


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../../../tmp/x.jpg", "x.jpg"),
        ("C:\\Users\\x\\photo.jpg", "photo.jpg"),
        ("", "photo"),
        ("...", "photo"),
        ("/", "photo"),
        ("photo_\u202egpj.exe.jpg", "photo_gpj.exe.jpg"),
        ("two\nlines.jpg", "two lines.jpg"),
        ("Bru\u0308cke Fuß 測試 🌉.jpg", "Brücke Fuß 測試 🌉.jpg"),
        ("👩\u200d🔧.jpg", "👩\u200d🔧.jpg"),
        ("x'); drop table photos;--.jpg", "x'); drop table photos;--.jpg"),
        ("half \ud800.jpg", "half .jpg"),
    ],
)
def test_a_name_keeps_its_letters_and_loses_its_path(given, shown):
    assert photos.safe_name(given) == shown


def test_a_long_name_is_cut_in_its_middle_and_keeps_its_ending():
    name = photos.safe_name("first" + "ü" * 1000 + "last.jpeg")
    assert name.startswith("first")
    assert name.endswith("last.jpeg")
    assert "…" in name
    assert len(name.encode()) <= 200


# Quality


def texture(seed=0, side=256):
    rng = np.random.default_rng(seed)
    grey = rng.normal(128, 40, (side, side)).clip(0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, 2)


def test_quality_says_dark_bright_flat_and_small():
    assert quality.measured(texture()).fault is None
    assert quality.measured((texture() * 0.1).astype(np.uint8)).fault == "too dark"
    assert quality.measured(np.full((99, 99, 3), 250, np.uint8)).fault == "too bright"
    assert quality.measured(np.full((99, 99, 3), 120, np.uint8)).fault == "almost without contrast"
    small = quality.measured(texture(side=40))
    assert small.fault == "too small, 40 pixels on its shorter side"
    assert small.shorter_side_px == 40


@needs_photos
@pytest.mark.parametrize("part", ["rail", "crack/uavcc0/images", "corrosion/trimmed"])
def test_real_photos_pass_and_their_blurred_copies_do_not(part):
    paths = sorted((SHARED / "data" / part).glob("*.jpg"))[::10]
    sharp, blurred = 0, 0
    for path in paths:
        picture, _ = photos.open(path)
        sharp += quality.measured(picture).fault is None
        soft = Image.fromarray(picture).resize((picture.shape[1] // 8, picture.shape[0] // 8))
        soft = np.array(soft.resize((picture.shape[1], picture.shape[0]), Image.Resampling.BICUBIC))
        blurred += quality.measured(soft).fault == "blurred"
    assert sharp >= 0.95 * len(paths)
    assert blurred >= 0.9 * len(paths)
