# ruff: noqa: E501  some lines are the bytes of a file
"""Writes hostile and odd photo files, and what an honest reader must say to each.

    python make_badimages.py OUT_DIR        some 280 files, 8 MB, and OUT_DIR/expected.csv; seconds

Needs numpy and Pillow; pillow-heif adds the HEIC files. Nothing here is a real photo, and the same
versions of Pillow and pillow-heif write the same bytes. README.md explains the columns.

The rows say what a reader with the limits below does with each file.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import struct
import sys
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, features

MAX_FILE_BYTES = 64 * 1024**2
MAX_PIXELS = 100_000_000
MAX_SIDE = 20_000
MIN_SIDE = 16
FORMATS = "JPEG PNG TIFF BMP GIF WebP JPEG-2000 PNM ICO AVIF HEIC"  # the first picture of a file counts

COLUMNS = (
    "file expect reason_class also either width height tl tr bl br tolerance upload_name taken_at lat lon mode_note reason"
).split()
REASON_CLASSES = {"empty", "not_an_image", "truncated", "too_large", "too_small", "unsupported", "corrupt"}

W, H = 160, 120
RED, GREEN, BLUE, YELLOW = (200, 40, 40), (40, 160, 60), (40, 70, 200), (220, 200, 50)
COLOURS = (RED, GREEN, BLUE, YELLOW)
GREYS = ((40,) * 3, (100,) * 3, (160,) * 3, (220,) * 3)
TWO = ((0,) * 3, (255,) * 3, (255,) * 3, (0,) * 3)
WHITE_BR = (RED, GREEN, BLUE, (255, 255, 255))


def scene(colours=COLOURS, width=W, height=H):
    """(H, W, 3) uint8: four quadrants, top left, top right, bottom left, bottom right."""
    a = np.zeros((height, width, 3), np.uint8)
    y, x = height // 2, width // 2
    a[:y, :x], a[:y, x:], a[y:, :x], a[y:, x:] = colours
    return a


def grey_scene(width=W, height=H):
    return scene(GREYS, width, height)[..., 0]


def picture(colours=COLOURS, width=W, height=H):
    return Image.fromarray(scene(colours, width, height))


def saved(image, format, **options):
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


@dataclass
class Case:
    file: str
    data: bytes
    expect: str = "accept"
    reason_class: str = ""
    also: str = ""
    size: tuple | None = (W, H)
    colours: tuple | None = COLOURS
    tolerance: int = 40
    note: str = ""
    reason: str = ""
    either: bool = False
    upload_name: str | None = None
    taken_at: str = ""
    lat: str = ""
    lon: str = ""
    sparse_size: int = 0
    fallback: str = ""

    def row(self, name):
        blank = {c: "" for c in COLUMNS}
        quadrants = {}
        if self.expect == "accept" and self.colours:
            for key, colour in zip(("tl", "tr", "bl", "br"), self.colours, strict=True):
                quadrants[key] = "" if colour is None else " ".join(map(str, colour))
        width, height = self.size if self.expect == "accept" and self.size else ("", "")
        return (
            blank
            | quadrants
            | {
                "file": name,
                "expect": self.expect,
                "reason_class": self.reason_class,
                "also": self.also
                or {"truncated": "corrupt", "corrupt": "truncated"}.get(self.reason_class, ""),
                "either": "yes" if self.either else "",
                "width": width,
                "height": height,
                "tolerance": self.tolerance if quadrants else "",
                "upload_name": json.dumps(self.upload_name if self.upload_name is not None else name),
                "taken_at": self.taken_at,
                "lat": self.lat,
                "lon": self.lon,
                "mode_note": self.note,
                "reason": self.reason,
            }
        )


@dataclass
class Cases:
    items: list = field(default_factory=list)

    def accept(self, file, data, note="", **more):
        self.items.append(Case(file, data, note=note, **more))

    def reject(self, file, data, reason_class, reason="", **more):
        assert reason_class in REASON_CLASSES, reason_class
        self.items.append(Case(file, data, expect="reject", reason_class=reason_class, reason=reason, **more))


# JPEG, written by hand where Pillow cannot: odd chroma sampling, restart markers, no tables.

QUANT = np.full((8, 8), 8, int)
ZIGZAG = sorted(range(64), key=lambda i: (i // 8 + i % 8, i // 8 if (i // 8 + i % 8) % 2 else -(i // 8)))
DC_BITS, DC_VALUES = [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0], list(range(12))
AC_BITS = [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125]
AC_VALUES = list(
    bytes.fromhex(
        "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435"
        "363738393a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798"
        "999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4"
        "f5f6f7f8f9fa"
    )
)


def codes(bits, values):
    out, code, k = {}, 0, 0
    for length, n in enumerate(bits, 1):
        for _ in range(n):
            out[values[k]] = (code, length)
            code, k = code + 1, k + 1
        code <<= 1
    return out


def segment(marker, payload=b""):
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def jpeg(rgb, sampling=(1, 1), restart=0, tables=True, extra=b"", bad_table=False):
    """Baseline JPEG of an (H, W, 3) array; `sampling` is how much wider and higher luma is than chroma."""
    h, v = sampling
    height, width = rgb.shape[:2]
    r, g, b = (rgb[..., i].astype(float) for i in range(3))
    luma = 0.299 * r + 0.587 * g + 0.114 * b
    planes = [luma, 128 + (b - luma) * 0.5 / 0.886, 128 + (r - luma) * 0.5 / 0.701]
    mcus_x, mcus_y = -(-width // (8 * h)), -(-height // (8 * v))
    full = [
        np.pad(p, ((0, mcus_y * 8 * v - height), (0, mcus_x * 8 * h - width)), mode="edge") for p in planes
    ]
    full[1:] = [p.reshape(mcus_y * 8, v, mcus_x * 8, h).mean((1, 3)) for p in full[1:]]
    basis = np.cos((2 * np.arange(8)[None] + 1) * np.arange(8)[:, None] * np.pi / 16) / 2
    basis[0] /= np.sqrt(2)
    dc, ac = codes(DC_BITS, DC_VALUES), codes(AC_BITS, AC_VALUES)
    bits, scan = [], bytearray()

    def put(value, length):
        bits.extend((value >> i) & 1 for i in range(length - 1, -1, -1))

    def flush():
        bits.extend([1] * (-len(bits) % 8))
        for byte in np.packbits(bits).tolist():
            scan.append(byte)
            if byte == 0xFF:
                scan.append(0)
        bits.clear()

    def block(pixels, before):
        numbers = np.rint(basis @ (pixels - 128) @ basis.T / QUANT).astype(int).ravel()[ZIGZAG].tolist()
        value = numbers[0] - before
        size = abs(value).bit_length()
        put(*dc[size])
        put(value if value > 0 else value + (1 << size) - 1, size)
        run = 0
        last = max((i for i in range(1, 64) if numbers[i]), default=0)
        for i in range(1, last + 1):
            if not numbers[i]:
                run += 1
                continue
            while run > 15:
                put(*ac[0xF0])
                run -= 16
            size = abs(numbers[i]).bit_length()
            put(*ac[run << 4 | size])
            put(numbers[i] if numbers[i] > 0 else numbers[i] + (1 << size) - 1, size)
            run = 0
        if last < 63:
            put(*ac[0])
        return numbers[0]

    before, n = [0, 0, 0], 0
    for my in range(mcus_y):
        for mx in range(mcus_x):
            if restart and n and n % restart == 0:
                flush()
                scan += bytes([0xFF, 0xD0 + (n // restart - 1) % 8])
                before = [0, 0, 0]
            for c, plane in enumerate(full):
                for j in range(v if c == 0 else 1):
                    for i in range(h if c == 0 else 1):
                        y, x = (my * v + j, mx * h + i) if c == 0 else (my, mx)
                        before[c] = block(plane[y * 8 : y * 8 + 8, x * 8 : x * 8 + 8], before[c])
            n += 1
    flush()
    out = b"\xff\xd8" + segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0") + extra
    out += segment(0xDB, b"\0" + bytes(QUANT.ravel()[ZIGZAG].tolist()))
    out += segment(
        0xC0, struct.pack(">BHHB", 8, height, width, 3) + bytes([1, h << 4 | v, 0, 2, 0x11, 0, 3, 0x11, 0])
    )
    if bad_table:
        out += segment(0xC4, b"\0" + bytes([255] * 16) + bytes(200))
    elif tables:
        out += segment(
            0xC4, b"\0" + bytes(DC_BITS) + bytes(DC_VALUES) + b"\x10" + bytes(AC_BITS) + bytes(AC_VALUES)
        )
    if restart:
        out += segment(0xDD, struct.pack(">H", restart))
    return out + segment(0xDA, bytes([3, 1, 0, 2, 0, 3, 0, 0, 63, 0])) + bytes(scan) + b"\xff\xd9"


def after_soi(data, extra):
    return data[:2] + extra + data[2:]


def exif(orientation=None, taken_at=None, gps=None, raw_orientation=None, offset=None, pad=0, thumbnail=b""):
    """An APP1 segment. `gps` is a list of (tag, type, count, payload); `raw_orientation` is (type, count, payload)."""
    ifd0, exif_ifd, data = [], [], bytearray()
    if raw_orientation:
        ifd0.append((0x0112, *raw_orientation))
    elif orientation is not None:
        ifd0.append((0x0112, 3, 1, struct.pack("<HH", orientation, 0)))
    if taken_at is not None:
        exif_ifd.append((0x9003, 2, len(taken_at) + 1, taken_at + b"\0"))
    if pad:
        exif_ifd.append((0x927C, 7, pad, bytes(pad)))
    order = [("ifd0", ifd0)] + ([("exif", exif_ifd)] if exif_ifd else []) + ([("gps", gps)] if gps else [])
    if exif_ifd:
        ifd0.append((0x8769, 4, 1, b"EXIF"))
    if gps:
        ifd0.append((0x8825, 4, 1, b"GPS_"))
    at, start = 8, {}
    for name, entries in order:
        start[name] = at
        at += 2 + 12 * len(entries) + 4
    start["thumbnail"] = at
    if thumbnail:
        at += 2 + 12 * 2 + 4
    for name, entries in order:
        data += struct.pack("<H", len(entries))
        for tag, kind, count, payload in sorted(entries):
            payload = {
                b"EXIF": struct.pack("<L", start.get("exif", 0)),
                b"GPS_": struct.pack("<L", start.get("gps", 0)),
            }.get(payload, payload)
            if len(payload) <= 4:
                data += struct.pack("<HHL4s", tag, kind, count, payload)
            else:
                data += struct.pack("<HHLL", tag, kind, count, at)
                start.setdefault("blobs", []).append(payload)
                at += len(payload)
        data += struct.pack("<L", start["thumbnail"] if thumbnail and name == "ifd0" else 0)
    if thumbnail:
        data += struct.pack("<HHHLLHHLL", 2, 0x0201, 4, 1, at, 0x0202, 4, 1, len(thumbnail)) + bytes(4)
        start.setdefault("blobs", []).append(thumbnail)
    for payload in start.get("blobs", []):
        data += payload
    return segment(0xE1, b"Exif\0\0II*\0" + struct.pack("<L", 8 if offset is None else offset) + bytes(data))


def rationals(*pairs):
    return b"".join(struct.pack("<LL", *p) for p in pairs)


def gps(lat=((51, 1), (29, 1), (5820, 100)), lon=((0, 1), (7, 1), (2928, 100)), north=b"N\0", east=b"W\0"):
    return [(1, 2, 2, north), (2, 5, 3, rationals(*lat)), (3, 2, 2, east), (4, 5, 3, rationals(*lon))]


def turned(array, orientation):
    """The stored pixels which a reader that obeys `orientation` shows as `array`."""
    undo = {
        1: lambda a: a,
        2: np.fliplr,
        3: lambda a: np.rot90(a, 2),
        4: np.flipud,
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: np.rot90(a, 2).swapaxes(0, 1),
        8: lambda a: np.rot90(a, -1),
    }
    return np.ascontiguousarray(undo[orientation](array))


def jpegs(add):
    rgb = scene()
    plain = saved(picture(), "JPEG", quality=90, subsampling=0)
    add.accept("jpeg_baseline.jpg", plain, "baseline, 4:4:4")
    add.accept("jpeg_420.jpg", saved(picture(), "JPEG", quality=85, subsampling=2), "baseline, 4:2:0")
    add.accept("jpeg_422.jpg", saved(picture(), "JPEG", quality=85, subsampling=1), "baseline, 4:2:2")
    add.accept("jpeg_411.jpg", jpeg(rgb, (4, 1)), "4:1:1, chroma a quarter as wide")
    add.accept("jpeg_440.jpg", jpeg(rgb, (1, 2)), "4:4:0, chroma half as high")
    add.accept("jpeg_restart.jpg", jpeg(rgb, (2, 2), restart=3), "restart marker every 3 blocks")
    progressive = saved(picture(), "JPEG", quality=85, progressive=True)
    add.accept("jpeg_progressive.jpg", progressive, "progressive")
    add.accept(
        "jpeg_optimized.jpg", saved(picture(), "JPEG", quality=85, optimize=True), "own Huffman tables"
    )
    add.accept("jpeg_quality1.jpg", saved(picture(), "JPEG", quality=1), "quality 1", tolerance=60)
    add.accept(
        "jpeg_grey.jpg",
        saved(Image.fromarray(grey_scene()), "JPEG", quality=90),
        "one channel",
        colours=GREYS,
    )
    cmyk = Image.merge(
        "CMYK", [Image.fromarray(255 - rgb[..., i]) for i in range(3)] + [Image.new("L", (W, H), 0)]
    )
    adobe = saved(cmyk, "JPEG", quality=95)
    add.accept("jpeg_cmyk_adobe.jpg", adobe, "CMYK, inverted as Adobe writes it")
    at = adobe.index(b"\xff\xee")
    bare = adobe[:at] + adobe[at + 2 + struct.unpack(">H", adobe[at + 2 : at + 4])[0] :]
    add.accept(
        "jpeg_cmyk_no_marker.jpg",
        bare,
        "CMYK without the Adobe marker",
        either=True,
        reason="some viewers show it inverted; Pillow takes Adobe's way for granted",
    )
    ycc = Image.fromarray(255 - rgb).convert("YCbCr").split()
    ycck = Image.merge("CMYK", [c.point(lambda v: 255 - v) for c in ycc] + [Image.new("L", (W, H), 0)])
    ycck = saved(ycck, "JPEG", quality=95)
    at = ycck.index(b"Adobe")
    add.accept("jpeg_ycck.jpg", ycck[: at + 11] + b"\2" + ycck[at + 12 :], "YCCK: Adobe marker, transform 2")
    stored_rgb = saved(
        Image.merge("RGB", [Image.fromarray(rgb[..., i]) for i in range(3)]),
        "JPEG",
        quality=95,
        keep_rgb=True,
    )
    add.accept("jpeg_rgb.jpg", stored_rgb, "stored as RGB, not YCbCr")
    add.accept(
        "jpeg_odd_size.jpg",
        saved(picture(width=161, height=119), "JPEG", quality=90),
        "size not a multiple of 8",
        size=(161, 119),
    )

    for o in range(1, 9):
        stored = Image.fromarray(turned(rgb, o))
        data = after_soi(saved(stored, "JPEG", quality=90, subsampling=0), exif(o))
        add.accept(
            f"exif_orientation_{o}.jpg", data, f"stored {stored.width} x {stored.height}, orientation {o}"
        )
    for o in (0, 9, 65535):
        add.accept(
            f"exif_orientation_{o}_invalid.jpg", after_soi(plain, exif(o)), f"orientation {o}: to be ignored"
        )
    add.accept(
        "exif_orientation_text.jpg",
        after_soi(plain, exif(raw_orientation=(2, 2, b"6\0\0\0"))),
        'orientation is the text "6": to be ignored',
        either=True,
        reason="a lenient reader may obey it",
    )
    add.accept(
        "exif_orientation_count0.jpg",
        after_soi(plain, exif(raw_orientation=(3, 0, b"\6\0\0\0"))),
        "orientation with count 0: to be ignored",
        either=True,
    )
    twice = after_soi(
        saved(Image.fromarray(turned(rgb, 6)), "JPEG", quality=90, subsampling=0), exif(6) + exif(1)
    )
    add.accept(
        "exif_two_segments.jpg",
        twice,
        "two EXIF segments, 6 then 1: the first counts",
        either=True,
        reason="which one counts is not said anywhere; ask only for no crash",
    )
    small = saved(picture(TWO, 40, 30), "JPEG", quality=80)
    add.accept(
        "exif_thumbnail.jpg", after_soi(plain, exif(1, thumbnail=small)), "another picture as EXIF thumbnail"
    )

    good_time = b"2024:03:05 14:30:59"
    add.accept(
        "exif_gps_time.jpg",
        after_soi(plain, exif(1, good_time, gps())),
        "place and time are good",
        taken_at="2024-03-05T14:30:59",
        lat="51.4995",
        lon="-0.1248",
    )
    add.accept(
        "exif_gps_south_east.jpg",
        after_soi(plain, exif(1, good_time, gps(north=b"S\0", east=b"E\0"))),
        "south and east",
        taken_at="2024-03-05T14:30:59",
        lat="-51.4995",
        lon="0.1248",
    )
    broken = {
        "zero_denominator": gps(lat=((51, 0), (29, 0), (0, 0))),
        "out_of_range": gps(lat=((200, 1), (0, 1), (0, 1))),
        "empty_ref": gps(north=b"\0\0"),
        "huge": gps(lat=((2**32 - 1, 1), (2**32 - 1, 1), (2**32 - 1, 1))),
        "one_number": [
            (1, 2, 2, b"N\0"),
            (2, 5, 1, rationals((51, 1))),
            (3, 2, 2, b"W\0"),
            (4, 5, 1, rationals((0, 1))),
        ],
        "text": [(1, 2, 2, b"N\0"), (2, 2, 9, b"fiftyone\0"), (3, 2, 2, b"W\0"), (4, 2, 5, b"zero\0")],
        "count_too_big": [(1, 2, 2, b"N\0"), (2, 5, 2**28, rationals((51, 1), (0, 1), (0, 1)))],
    }
    for name, entries in broken.items():
        add.accept(
            f"exif_gps_{name}.jpg",
            after_soi(plain, exif(1, gps=entries)),
            "place is broken: none must be shown",
        )
    times = {
        "zeros": b"0000:00:00 00:00:00",
        "no_such_day": b"2024:02:30 25:61:61",
        "words": b"yesterday at noon!!",
        "bytes": b"\xff\xfe\x80\x81\x82",
        "markup": b"<script>alert(1)</script>",
        "blank": b"    :  :     :  :  ",
        "formula": b'=HYPERLINK("x","y")',
    }
    for name, text in times.items():
        add.accept(
            f"exif_time_{name}.jpg", after_soi(plain, exif(1, text)), "time is broken: none must be shown"
        )
    add.accept(
        "exif_offset_outside.jpg",
        after_soi(plain, exif(6, offset=0x7FFFFFFF)),
        "EXIF points outside the file",
    )
    add.accept(
        "exif_offset_loop.jpg",
        after_soi(
            plain, segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\4\0\1\0\0\0\x08\0\0\0\x08\0\0\0")
        ),
        "EXIF directory that holds itself",
    )
    add.accept(
        "exif_cut.jpg",
        after_soi(plain, segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\x05")),
        "EXIF ends in the middle of a count",
    )
    add.accept(
        "exif_not_tiff.jpg",
        after_soi(plain, segment(0xE1, b"Exif\0\0" + b"garbage " * 20)),
        "EXIF without a TIFF header",
    )
    add.accept("exif_huge.jpg", after_soi(plain, exif(1, pad=65000)), "65,000 bytes of maker note")

    parts = 12
    profile = b"not an ICC profile " * 35000
    step = -(-len(profile) // parts)
    icc = b"".join(
        segment(0xE2, b"ICC_PROFILE\0" + bytes([i + 1, parts]) + profile[i * step : (i + 1) * step])
        for i in range(parts)
    )
    add.accept(
        "jpeg_icc_garbage_huge.jpg",
        after_soi(plain, icc),
        "650 KB of ICC profile that is none: to be ignored",
    )
    srgb = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    srgb[24:36] = struct.pack(">6H", 2024, 1, 1, 0, 0, 0)  # its day of birth would differ from run to run
    srgb = bytes(srgb)
    add.accept("jpeg_icc_srgb.jpg", saved(picture(), "JPEG", quality=90, icc_profile=srgb), "sRGB profile")
    add.accept(
        "jpeg_icc_missing_part.jpg",
        after_soi(plain, segment(0xE2, b"ICC_PROFILE\0\1\3" + srgb[:200])),
        "part 1 of 3 only",
    )
    add.accept(
        "jpeg_app_segments.jpg",
        after_soi(plain, segment(0xED, bytes(60000)) * 15),
        "900 KB of application segments",
    )
    add.accept(
        "jpeg_comment_php.jpg",
        after_soi(plain, segment(0xFE, b"<?php system($_GET['c']); ?>")),
        "code in a comment",
    )
    add.accept(
        "jpeg_comment_markup.jpg",
        after_soi(plain, segment(0xFE, b"<script>alert(document.cookie)</script>")),
        "markup in a comment",
    )
    add.accept(
        "jpeg_no_jfif.jpg", plain[:2] + plain[4 + struct.unpack(">H", plain[4:6])[0] :], "no JFIF segment"
    )
    add.accept("jpeg_fill_bytes.jpg", after_soi(plain, b"\xff" * 30), "fill bytes between markers")
    add.accept("jpeg_trailing_garbage.jpg", plain + noise_bytes(4000), "4,000 bytes after the end")
    add.accept(
        "jpeg_two_in_one.jpg",
        plain + saved(picture(TWO), "JPEG"),
        "a second JPEG after the first: the first counts",
    )
    add.reject(
        "jpeg_no_eoi.jpg",
        plain[:-2],
        "truncated",
        "end marker missing, all blocks there: browsers show it, Pillow refuses",
        either=True,
    )
    add.accept(
        "jpeg_no_tables.jpg",
        jpeg(rgb, tables=False),
        "no Huffman tables, as in motion JPEG",
        either=True,
        reason="libjpeg-turbo puts the standard tables in; an older reader cannot",
    )
    zip_out = io.BytesIO()
    with zipfile.ZipFile(zip_out, "w") as z:
        z.writestr(zipfile.ZipInfo("evil.sh"), "echo hello\n" * 50)
    add.accept("polyglot_jpeg_zip.jpg", plain + zip_out.getvalue(), "a JPEG and a ZIP in one file")
    add.accept(
        "mpo_two_pictures.jpg",
        saved(picture(), "MPO", save_all=True, append_images=[picture(TWO)]),
        "two pictures: the first counts",
    )
    rng = np.random.default_rng(0)
    noisy = Image.fromarray(
        np.clip(rgb.astype(int) + rng.integers(-25, 25, rgb.shape), 0, 255).astype(np.uint8)
    )
    noise = saved(noisy, "JPEG", quality=92, subsampling=0)
    for share in (10, 50, 90):
        add.reject(
            f"jpeg_cut_{share}.jpg",
            noise[: len(noise) * share // 100],
            "truncated",
            f"{share} % of the bytes are there; browsers show a part of it, Pillow refuses, and a verdict on half a photo is none",
        )
    many = saved(noisy, "JPEG", quality=92, progressive=True)
    add.reject(
        "jpeg_progressive_cut_60.jpg",
        many[: len(many) * 6 // 10],
        "truncated",
        "later scans are missing: blurred, not half",
    )
    add.reject("jpeg_header_only.jpg", plain[: plain.index(b"\xff\xda")], "truncated", "no scan at all")
    add.reject("jpeg_soi_only.jpg", b"\xff\xd8", "truncated", "two bytes", also="not_an_image corrupt")
    add.reject(
        "jpeg_bad_tables.jpg",
        jpeg(rgb, bad_table=True),
        "corrupt",
        "Huffman table with more codes than can be",
    )
    zero = segment(0xC4, b"\0" + bytes(16) + b"\x10" + bytes(16))
    add.reject(
        "jpeg_zero_tables.jpg",
        jpeg(rgb, tables=False, extra=zero),
        "corrupt",
        "Huffman tables without codes",
        either=True,
    )
    flipped = bytearray(noise)
    for i in range(len(noise) * 8 // 10, len(noise) * 8 // 10 + 40):
        flipped[i] = (
            flipped[i] ^ 0x5A if flipped[i] not in (0xFF, 0x00) and flipped[i] ^ 0x5A != 0xFF else flipped[i]
        )
    add.accept(
        "jpeg_flipped_bits.jpg",
        bytes(flipped),
        "damaged below: only the upper half is asked for",
        either=True,
        colours=(RED, GREEN, None, None),
        reason="libjpeg warns and goes on; rejecting as corrupt is as good",
    )
    sof = plain.index(b"\xff\xc0")
    size_at = sof + 5
    add.reject(
        "jpeg_says_65535.jpg",
        plain[:size_at] + b"\xff\xff\xff\xff" + plain[size_at + 4 :],
        "too_large",
        "says 65,535 x 65,535",
    )
    add.reject(
        "jpeg_says_twice_as_high.jpg",
        plain[:size_at] + struct.pack(">H", H * 2) + plain[size_at + 2 :],
        "truncated",
        "half of what it says is there",
        either=True,
    )
    add.reject(
        "jpeg_zero_height.jpg",
        plain[:size_at] + b"\0\0" + plain[size_at + 2 :],
        "corrupt",
        "height 0",
        also="too_small truncated not_an_image",
    )
    add.reject(
        "jpeg_12_bit.jpg",
        plain[: sof + 4] + b"\x0c" + plain[sof + 5 :],
        "unsupported",
        "says 12 bits a sample",
        also="corrupt not_an_image",
    )
    add.reject("jpeg_no_quantization.jpg", without(plain, 0xDB), "corrupt", "quantization tables missing")


def without(data, marker):
    """A JPEG less its segments of one kind."""
    out, at = data[:2], 2
    while data[at + 1] != 0xDA:
        end = at + 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
        if data[at + 1] != marker:
            out += data[at:end]
        at = end
    return out + data[at:]


def noise_bytes(n, seed=0):
    return np.random.default_rng(seed).integers(0, 256, n, dtype=np.uint8).tobytes()


# PNG


def chunk(kind, data=b"", crc=None):
    return (
        struct.pack(">L", len(data))
        + kind
        + data
        + struct.pack(">L", zlib.crc32(kind + data) if crc is None else crc)
    )


ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def packed(samples, depth):
    """(H, N) unsigned samples to PNG rows without filter."""
    if depth == 16:
        rows = samples.astype(">u2").view(np.uint8).reshape(len(samples), -1)
    elif depth == 8:
        rows = samples.astype(np.uint8)
    else:
        bits = (samples[..., None] >> np.arange(depth - 1, -1, -1)) & 1
        rows = np.packbits(bits.reshape(len(samples), -1).astype(np.uint8), axis=1)
    return b"".join(b"\0" + r.tobytes() for r in rows)


def png(
    samples,
    depth=8,
    colour=2,
    before=b"",
    after=b"",
    interlaced=False,
    size=None,
    idat=None,
    crc=None,
    ihdr_crc=None,
    end=True,
):
    """`samples` is (H, W, channels). Colour types: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA."""
    height, width = samples.shape[:2] if size is None else size[::-1]
    if idat is None:
        parts = [samples[y::dy, x::dx] for x, y, dx, dy in ADAM7] if interlaced else [samples]
        idat = zlib.compress(b"".join(packed(p.reshape(len(p), -1), depth) for p in parts if p.size), 9)
    header = struct.pack(">LLBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header, ihdr_crc) + before + chunk(b"IDAT", idat, crc) + after
    return out + (chunk(b"IEND") if end else b"")


def zeros_compressed(n):
    squeeze, left, out = zlib.compressobj(9), n, []
    block = bytes(1 << 20)
    while left:
        out.append(squeeze.compress(block[: min(left, len(block))]))
        left -= min(left, len(block))
    return b"".join(out) + squeeze.flush()


def index_scene(values=(0, 1, 2, 3)):
    return scene(tuple((v,) * 3 for v in values))[..., :1]


def pngs(add):
    rgb = scene()
    for depth in (1, 2, 4, 8, 16):
        top = (1 << depth) - 1
        levels = (0, top, top, 0) if depth == 1 else tuple(round(g[0] / 255 * top) for g in GREYS)
        shown = tuple((round(v / top * 255),) * 3 for v in levels)
        samples = np.kron(
            np.array([[levels[0], levels[1]], [levels[2], levels[3]]]), np.ones((H // 2, W // 2), int)
        )[..., None]
        add.accept(
            f"png_grey_{depth}.png",
            png(samples, depth, 0),
            f"{depth} bits grey" + ("; scale by 1/257, do not clip" if depth == 16 else ""),
            colours=shown,
            tolerance=20,
        )
    deep = rgb.astype(int) * 257
    add.accept("png_rgb_8.png", png(rgb), "8 bits RGB", tolerance=2)
    add.accept("png_rgb_16.png", png(deep, 16), "16 bits RGB", tolerance=10)
    white = scene(WHITE_BR)
    alpha = np.full((H, W, 1), 255, int)
    alpha[H // 2 :, W // 2 :] = 0
    soft = alpha.copy()
    soft[H // 2 :, W // 2 :] = 128
    add.accept(
        "png_rgba_8.png",
        png(np.concatenate([white, alpha], 2), 8, 6),
        "bottom right is transparent white: flatten on white",
        colours=WHITE_BR,
        tolerance=2,
    )
    add.accept(
        "png_rgba_half.png",
        png(np.concatenate([white, soft], 2), 8, 6),
        "bottom right is half transparent white",
        colours=WHITE_BR,
        tolerance=2,
    )
    add.accept(
        "png_rgba_16.png",
        png(np.concatenate([white.astype(int) * 257, alpha * 257], 2), 16, 6),
        "16 bits RGBA",
        colours=WHITE_BR,
        tolerance=10,
    )
    grey = scene(((40,) * 3, (100,) * 3, (160,) * 3, (255,) * 3))[..., :1]
    add.accept(
        "png_grey_alpha_8.png",
        png(np.concatenate([grey, alpha], 2), 8, 4),
        "grey and alpha",
        colours=((40,) * 3, (100,) * 3, (160,) * 3, (255,) * 3),
        tolerance=2,
    )
    add.accept(
        "png_grey_alpha_16.png",
        png(np.concatenate([grey.astype(int) * 257, alpha * 257], 2), 16, 4),
        "16 bits grey and alpha",
        colours=((40,) * 3, (100,) * 3, (160,) * 3, (255,) * 3),
        tolerance=20,
    )
    plte = chunk(b"PLTE", bytes(sum(COLOURS, ())))
    for depth in (2, 4, 8):
        add.accept(
            f"png_palette_{depth}.png",
            png(index_scene(), depth, 3, plte),
            f"{depth} bits palette",
            tolerance=2,
        )
    clear = chunk(b"PLTE", bytes(sum(WHITE_BR, ()))) + chunk(b"tRNS", bytes([255, 255, 255, 0]))
    add.accept(
        "png_palette_transparent.png",
        png(index_scene(), 8, 3, clear),
        "palette with a transparent white entry",
        colours=WHITE_BR,
        tolerance=2,
    )
    add.accept(
        "png_rgb_trns.png",
        png(white, before=chunk(b"tRNS", struct.pack(">HHH", 255, 255, 255))),
        "RGB, white is transparent",
        colours=WHITE_BR,
        tolerance=2,
    )
    add.accept("png_interlaced.png", png(rgb, interlaced=True), "Adam7", tolerance=2)
    add.accept(
        "png_interlaced_grey_1.png",
        png(scene(TWO)[..., :1] // 255, 1, 0, interlaced=True),
        "Adam7, 1 bit",
        colours=TWO,
        tolerance=2,
    )
    stored = turned(rgb, 6)
    add.accept(
        "png_exif_orientation_6.png",
        png(stored, before=chunk(b"eXIf", exif(6)[10:])),
        "eXIf chunk, orientation 6",
        tolerance=2,
    )
    add.accept(
        "png_gamma.png", png(rgb, before=chunk(b"gAMA", struct.pack(">L", 45455))), "gAMA 1/2.2", tolerance=20
    )
    add.accept(
        "png_unknown_chunk.png",
        png(rgb, before=chunk(b"prVt", noise_bytes(300))),
        "private chunk",
        tolerance=2,
    )
    add.accept(
        "png_text_markup.png",
        png(rgb, before=chunk(b"tEXt", b"Comment\0<img src=x onerror=alert(1)>")),
        "markup in a text chunk",
        tolerance=2,
    )
    add.accept("png_trailing_garbage.png", png(rgb) + noise_bytes(3000), "bytes after the end", tolerance=2)
    half = zlib.compress(packed(rgb.reshape(H, -1), 8), 9)
    many = b"".join(chunk(b"IDAT", half[i : i + 1]) for i in range(len(half)))
    one = png(rgb, idat=b"")
    at = one.index(b"IDAT") - 4
    add.accept(
        "png_idat_one_byte_each.png", one[:at] + many + one[at + 12 :], "one byte a data chunk", tolerance=2
    )
    frames = [picture(), picture(TWO)]
    add.accept(
        "apng_two_frames.png",
        saved(frames[0], "PNG", save_all=True, append_images=frames[1:], duration=100),
        "animated: the first frame counts",
        tolerance=2,
    )
    add.accept(
        "png_crc_idat_wrong.png",
        png(rgb, crc=0xDEADBEEF),
        "checksum of the data chunk is wrong, the zlib stream is whole",
        tolerance=2,
        either=True,
        reason="zlib's own checksum proves the pixels and Pillow reads it; libpng refuses",
    )
    add.accept(
        "png_no_iend.png",
        png(rgb, end=False),
        "end chunk missing, all rows there",
        either=True,
        tolerance=2,
        reason="every row can be decoded; a strict reader may call it truncated",
    )
    add.reject(
        "png_crc_ihdr_wrong.png",
        png(rgb, ihdr_crc=1),
        "corrupt",
        "checksum of the header is wrong",
        also="not_an_image",
    )
    noise = png(np.frombuffer(noise_bytes(H * W * 3), np.uint8).reshape(H, W, 3))
    for share in (10, 50, 90):
        add.reject(
            f"png_cut_{share}.png",
            noise[: len(noise) * share // 100],
            "truncated",
            f"{share} % of the bytes are there",
        )
    body = zlib.compress(packed(rgb.reshape(H, -1), 8), 9)
    add.reject(
        "png_idat_short.png",
        png(rgb, idat=body[: len(body) // 2]),
        "truncated",
        "chunks are whole, the zlib stream stops half-way",
    )
    add.reject("png_idat_garbage.png", png(rgb, idat=noise_bytes(500)), "corrupt", "the data is not zlib")
    add.reject(
        "png_bad_filter.png",
        png(rgb, idat=zlib.compress(b"\x09" * (H * (W * 3 + 1)))),
        "corrupt",
        "filter 9 does not exist",
    )
    add.reject("png_no_data.png", one[:at] + one[at + 12 :], "corrupt", "no data chunk")
    add.reject(
        "png_palette_missing.png",
        png(index_scene(), 8, 3),
        "corrupt",
        "palette picture without a palette",
        either=True,
    )
    add.reject(
        "png_zero_width.png", png(rgb, size=(0, H)), "corrupt", "width 0", also="too_small not_an_image"
    )
    add.reject(
        "png_bad_depth.png",
        png(rgb, 3, 0, idat=body),
        "corrupt",
        "3 bits a sample do not exist",
        also="unsupported not_an_image",
    )
    add.reject(
        "png_bomb_50000.png",
        png(rgb, 1, 0, size=(50000, 50000), idat=zeros_compressed(50000 * 6251)),
        "too_large",
        "2,500 megapixels in 300 KB",
    )
    add.reject(
        "png_bomb_11000.png",
        png(rgb, 1, 0, size=(11000, 11000), idat=zeros_compressed(11000 * 1376)),
        "too_large",
        "121 megapixels: past 100, under Pillow's own limit",
    )
    add.reject(
        "png_says_2_31.png",
        png(rgb, size=(2**31 - 1, 2**31 - 1), idat=body),
        "too_large",
        "sides of 2,147,483,647",
    )
    add.reject(
        "png_wide_20001.png",
        png(rgb, 8, 0, size=(20001, 16), idat=zlib.compress(bytes(16 * 20002), 9)),
        "too_large",
        "one side past 20,000",
    )
    text = zeros_compressed(300_000_000)
    add.reject(
        "png_ztxt_bomb.png",
        png(rgb, before=chunk(b"zTXt", b"Comment\0\0" + text)),
        "too_large",
        also="corrupt",
        either=True,
        reason="300 MB of text in 300 KB; Pillow raises ValueError on opening, skipping the text and accepting is as good",
    )
    add.reject(
        "png_itxt_bomb.png",
        png(rgb, before=chunk(b"iTXt", b"Comment\0\1\0\0\0" + text)),
        "too_large",
        also="corrupt",
        either=True,
        reason="the same in iTXt",
    )
    add.reject(
        "png_ztxt_bomb_after.png",
        png(rgb, after=chunk(b"zTXt", b"Comment\0\0" + text)),
        "too_large",
        also="corrupt",
        either=True,
        reason="the same after the pixels: raised on decoding, not on opening",
    )
    add.reject(
        "png_iccp_bomb.png",
        png(rgb, before=chunk(b"iCCP", b"p\0\0" + text)),
        "too_large",
        also="corrupt",
        either=True,
        reason="the same as a colour profile",
    )


# TIFF


def tiff(
    samples,
    kind="u1",
    photometric=2,
    compression=1,
    tile=None,
    planar=1,
    big=False,
    order="<",
    extra=(),
    tail=0,
    size=None,
    rows_per_strip=None,
    more_pages=(),
):
    """`samples` is (H, W, channels); `tail` is the next directory's offset, "self" for a loop."""
    height, width, channels = samples.shape
    dtype = np.dtype(order + kind)
    stored = samples.astype(dtype)
    pieces = []
    for plane in [stored] if planar == 1 else [stored[..., i : i + 1] for i in range(channels)]:
        if tile:
            for y in range(0, height, tile):
                for x in range(0, width, tile):
                    t = np.zeros((tile, tile, plane.shape[2]), dtype)
                    cut = plane[y : y + tile, x : x + tile]
                    t[: cut.shape[0], : cut.shape[1]] = cut
                    pieces.append(t.tobytes())
        else:
            step = rows_per_strip or height
            pieces += [np.ascontiguousarray(plane[y : y + step]).tobytes() for y in range(0, height, step)]
    if compression == 8:
        pieces = [zlib.compress(p, 9) for p in pieces]
    elif compression == 32773:
        pieces = [packbits(p) for p in pieces]
    word, count_type, head = ("Q", 16, 16) if big else ("L", 4, 8)
    shown_w, shown_h = size or (width, height)
    fmt = {"u": 1, "i": 2, "f": 3}[kind[0]]
    offsets, at = [], head
    for p in pieces:
        offsets.append(at)
        at += len(p)
    at += at % 2
    tags = {
        256: (4, [shown_w]),
        257: (4, [shown_h]),
        258: (3, [dtype.itemsize * 8] * channels),
        259: (3, [compression]),
        262: (3, [photometric]),
        277: (3, [channels]),
        284: (3, [planar]),
        339: (3, [fmt] * channels),
    }
    if tile:
        tags |= {
            322: (3, [tile]),
            323: (3, [tile]),
            324: (count_type, offsets),
            325: (count_type, [len(p) for p in pieces]),
        }
    else:
        tags |= {
            273: (count_type, offsets),
            278: (4, [rows_per_strip or shown_h]),
            279: (count_type, [len(p) for p in pieces]),
        }
    tags |= dict(extra)
    directory = at
    entry = 20 if big else 12
    blob_at = directory + (8 if big else 2) + entry * len(tags) + (8 if big else 4)
    body, blobs = b"", b""
    letters = {3: "H", 4: "L", 16: "Q"}
    room = 8 if big else 4
    for tag in sorted(tags):
        t, values = tags[tag]
        raw = (
            values if isinstance(values, bytes) else struct.pack(f"{order}{len(values)}{letters[t]}", *values)
        )
        n = len(raw) // {3: 2, 4: 4, 16: 8, 7: 1, 5: 8}[t]
        body += struct.pack(f"{order}HH{word}", tag, t, n)
        if len(raw) <= room:
            body += raw.ljust(room, b"\0")
        else:
            body += struct.pack(order + word, blob_at + len(blobs))
            blobs += raw + b"\0" * (len(raw) % 2)
    tail = directory if tail == "self" else tail
    body = (
        struct.pack(order + ("Q" if big else "H"), len(tags)) + body + struct.pack(order + word, tail) + blobs
    )
    magic = (b"II" if order == "<" else b"MM") + (
        struct.pack(order + "HHHQ", 43, 8, 0, directory) if big else struct.pack(order + "HL", 42, directory)
    )
    data = magic + b"".join(pieces)
    return data.ljust(directory, b"\0") + body


def packbits(data):
    out = bytearray()
    for i in range(0, len(data), 128):
        part = data[i : i + 128]
        out += (
            bytes([257 - len(part), part[0]])
            if len(set(part)) == 1 and len(part) > 1
            else bytes([len(part) - 1]) + part
        )
    return bytes(out)


def tiffs(add):
    rgb = scene()
    grey = grey_scene()[..., None]
    flat = {"tolerance": 2}
    add.accept("tiff_plain.tif", tiff(rgb), "uncompressed, little endian", **flat)
    add.accept("tiff_big_endian.tif", tiff(rgb, order=">"), "big endian", **flat)
    add.accept("tiff_strips.tif", tiff(rgb, rows_per_strip=7), "strips of 7 rows", **flat)
    add.accept("tiff_tiled.tif", tiff(rgb, tile=64), "tiles of 64", **flat)
    add.accept("tiff_tiled_deflate.tif", tiff(rgb, tile=48, compression=8), "tiles of 48, deflate", **flat)
    add.accept("tiff_planar.tif", tiff(rgb, planar=2), "one plane a colour", **flat)
    add.accept("tiff_bigtiff.tif", tiff(rgb, big=True), "BigTIFF", **flat)
    for name, option in {"lzw": "tiff_lzw", "deflate": "tiff_adobe_deflate", "packbits": "packbits"}.items():
        add.accept(f"tiff_{name}.tif", saved(picture(), "TIFF", compression=option), name, **flat)
    add.accept("tiff_jpeg.tif", saved(picture(), "TIFF", compression="jpeg", quality=90), "JPEG inside")
    two = Image.fromarray(scene(TWO)).convert("1")
    add.accept(
        "tiff_fax4.tif", saved(two, "TIFF", compression="group4"), "1 bit, fax group 4", colours=TWO, **flat
    )
    add.accept(
        "tiff_white_is_zero.tif", tiff(255 - grey, photometric=0), "white is zero", colours=GREYS, **flat
    )
    add.accept("tiff_palette.tif", saved(picture().quantize(16), "TIFF"), "palette", tolerance=20)
    cmyk = Image.merge(
        "CMYK", [Image.fromarray(255 - rgb[..., i]) for i in range(3)] + [Image.new("L", (W, H), 0)]
    )
    add.accept("tiff_cmyk.tif", saved(cmyk, "TIFF"), "CMYK", tolerance=40)
    alpha = Image.fromarray(
        np.dstack([scene(WHITE_BR), np.where(scene(TWO)[..., 0] > 300, 0, 255).astype(np.uint8)])
    )
    add.accept("tiff_rgba.tif", saved(alpha, "TIFF"), "RGBA, all opaque", colours=WHITE_BR, **flat)
    add.accept(
        "tiff_two_pages.tif",
        saved(picture(), "TIFF", save_all=True, append_images=[picture(TWO)]),
        "two pages: the first counts",
        **flat,
    )
    for o in (3, 6):
        add.accept(
            f"tiff_orientation_{o}.tif",
            tiff(turned(rgb, o), extra={274: (3, [o])}),
            f"orientation tag {o}: turn once, not twice",
            **flat,
        )
    add.accept(
        "tiff_uint16.tif",
        tiff(grey.astype(int) * 257, "u2", 1),
        "16 bits grey: scale by 1/257, do not clip",
        colours=GREYS,
        tolerance=20,
    )
    add.accept(
        "tiff_uint16_rgb.tif",
        tiff(rgb.astype(int) * 257, "u2"),
        "16 bits RGB",
        tolerance=20,
        either=True,
        reason="not every reader takes 48 bits a pixel",
    )
    add.accept(
        "tiff_self_loop.tif",
        tiff(rgb, tail="self"),
        "the next page is this page: do not count for ever",
        **flat,
    )
    add.accept(
        "tiff_next_outside.tif", tiff(rgb, tail=0x7FFFFFF0), "the next page lies outside the file", **flat
    )
    add.accept("tiff_unknown_tag.tif", tiff(rgb, extra={65000: (7, noise_bytes(64))}), "private tag", **flat)
    ramp = grey.astype(float)
    no_white = "no agreed white: a number of this kind is not a photo's grey; say so rather than guess"
    add.reject("tiff_float32.tif", tiff(ramp / 255, "f4", 1), "unsupported", no_white)
    add.reject("tiff_float64.tif", tiff(ramp, "f8", 1), "unsupported", no_white, also="not_an_image")
    holes = ramp.copy()
    holes[:10], holes[10:20], holes[20:30] = np.nan, np.inf, -np.inf
    add.reject("tiff_float_nan_inf.tif", tiff(holes, "f4", 1), "unsupported", no_white)
    add.reject("tiff_int16.tif", tiff(grey.astype(int) - 128, "i2", 1), "unsupported", no_white)
    add.reject("tiff_int32.tif", tiff(grey.astype(int) * 1000 - 5, "i4", 1), "unsupported", no_white)
    add.reject("tiff_uint32.tif", tiff(grey.astype(np.int64) * 16843009, "u4", 1), "unsupported", no_white)
    add.reject(
        "tiff_bomb_100000.tif", tiff(rgb, size=(100000, 100000)), "too_large", "says 10,000 megapixels"
    )
    add.reject(
        "tiff_bomb_one_strip.tif",
        tiff(grey, photometric=1, size=(15000, 15000), compression=8),
        "too_large",
        "says 225 megapixels",
    )
    whole = tiff(rgb)
    add.reject(
        "tiff_cut_50.tif",
        whole[: len(whole) // 2],
        "truncated",
        "the directory lies behind the cut",
        also="corrupt not_an_image",
    )
    late = saved(picture(), "TIFF")
    add.reject(
        "tiff_strip_cut.tif",
        late[: len(late) // 2],
        "truncated",
        "the directory is there, half of the pixels are not",
    )
    add.reject(
        "tiff_strip_outside.tif",
        tiff(rgb, extra={273: (4, [0x7FFFFF00])}),
        "truncated",
        "the pixels lie outside the file",
    )
    add.reject(
        "tiff_header_only.tif", b"II*\0\x08\0\0\0", "truncated", "eight bytes", also="corrupt not_an_image"
    )
    add.reject(
        "tiff_no_tags.tif",
        b"II*\0\x08\0\0\0\0\0\0\0\0\0",
        "corrupt",
        "a directory without tags",
        also="truncated not_an_image",
    )
    add.reject(
        "tiff_bad_compression.tif",
        tiff(rgb, compression=60000),
        "unsupported",
        "compression 60000 is nobody's",
        also="corrupt not_an_image",
    )
    add.reject(
        "tiff_huge_count.tif",
        tiff(rgb, extra={258: (3, struct.pack("<H", 8) * 3), 273: (4, [8] * 3000), 279: (4, [2**31] * 3000)}),
        "corrupt",
        "3,000 strips of 2 GB each",
        either=True,
    )


# The smaller formats


def bmp(rows, width, height, bits, compression=0, palette=b"", masks=b""):
    header = struct.pack(
        "<LllHHLLllLL", 40, width, height, 1, bits, compression, len(rows), 2835, 2835, len(palette) // 4, 0
    )
    start = 14 + 40 + len(masks) + len(palette)
    return b"BM" + struct.pack("<LHHL", start + len(rows), 0, 0, start) + header + masks + palette + rows


def bmps(add):
    rgb, flat = scene(), {"tolerance": 2}
    flipped = rgb[::-1]
    bgr = np.ascontiguousarray(flipped[..., ::-1])
    add.accept("bmp_24.bmp", bmp(bgr.tobytes(), W, H, 24), "24 bits", **flat)
    add.accept(
        "bmp_top_down.bmp",
        bmp(np.ascontiguousarray(rgb[..., ::-1]).tobytes(), W, -H, 24),
        "negative height: first row on top",
        **flat,
    )
    zero = np.zeros((H, W, 1), np.uint8)
    add.accept(
        "bmp_32.bmp",
        bmp(np.concatenate([bgr, zero], 2).tobytes(), W, H, 32),
        "32 bits, fourth byte 0: not transparent",
        **flat,
    )
    r, g, b = (flipped[..., i].astype("<u2") for i in range(3))
    masks565 = struct.pack("<LLL", 0xF800, 0x07E0, 0x001F)
    add.accept(
        "bmp_16_565.bmp",
        bmp(((r >> 3) << 11 | (g >> 2) << 5 | b >> 3).astype("<u2").tobytes(), W, H, 16, 3, masks=masks565),
        "16 bits 5-6-5",
        tolerance=12,
    )
    add.accept(
        "bmp_16_555.bmp",
        bmp(((r >> 3) << 10 | (g >> 3) << 5 | b >> 3).astype("<u2").tobytes(), W, H, 16),
        "16 bits 5-5-5",
        tolerance=12,
    )
    palette = b"".join(bytes([*c[::-1], 0]) for c in COLOURS)
    index = index_scene()[::-1, :, 0]
    add.accept(
        "bmp_8.bmp",
        bmp(np.ascontiguousarray(index).tobytes(), W, H, 8, palette=palette + bytes(1008)),
        "8 bits palette",
        **flat,
    )
    add.accept(
        "bmp_4.bmp",
        bmp(
            np.ascontiguousarray(index[:, ::2] << 4 | index[:, 1::2]).tobytes(),
            W,
            H,
            4,
            palette=palette + bytes(48),
        ),
        "4 bits palette",
        **flat,
    )
    one = scene(TWO)[::-1, :, 0] // 255
    add.accept(
        "bmp_1.bmp",
        bmp(np.packbits(one, axis=1).tobytes(), W, H, 1, palette=bytes(4) + b"\xff\xff\xff\0"),
        "1 bit",
        colours=TWO,
        **flat,
    )
    rle = b"".join(bytes([W // 2, int(row[0]), W // 2, int(row[-1]), 0, 0]) for row in index) + b"\0\1"
    add.accept("bmp_rle8.bmp", bmp(rle, W, H, 8, 1, palette + bytes(1008)), "run lengths", **flat)
    rle4 = (
        b"".join(bytes([W // 2, int(row[0]) * 17, W // 2, int(row[-1]) * 17, 0, 0]) for row in index)
        + b"\0\1"
    )
    add.accept("bmp_rle4.bmp", bmp(rle4, W, H, 4, 2, palette + bytes(48)), "run lengths, 4 bits", **flat)
    add.reject(
        "bmp_negative_width.bmp",
        bmp(bgr.tobytes(), -W, H, 24),
        "corrupt",
        "negative width",
        also="too_large not_an_image",
        either=True,
    )
    add.reject(
        "bmp_says_huge.bmp", bmp(bgr.tobytes(), 60000, 60000, 24), "too_large", "says 3,600 megapixels"
    )
    add.reject(
        "bmp_cut_50.bmp", bmp(bgr.tobytes(), W, H, 24)[:30000], "truncated", "half of the rows are there"
    )
    add.reject(
        "bmp_rle_overrun.bmp",
        bmp(b"\xff\0" * 20 + b"\0\2\xff\xff" * 50, W, H, 8, 1, palette + bytes(1008)),
        "corrupt",
        "run lengths that run out of the picture",
        either=True,
    )
    add.reject("bmp_header_only.bmp", bmp(b"", W, H, 24), "truncated", "no rows")


def gifs(add):
    flat = {"tolerance": 12}
    still = saved(picture().quantize(8), "GIF")
    add.accept("gif_still.gif", still, "palette", **flat)
    other = picture(TWO).quantize(8)
    moving = saved(
        picture().quantize(8), "GIF", save_all=True, append_images=[other, other], duration=50, loop=0
    )
    add.accept("gif_animated.gif", moving, "three frames: the first counts", **flat)
    clear = index_scene()
    image = Image.fromarray(clear[..., 0])
    image = image.convert("P")
    image.putpalette(bytes(sum(WHITE_BR, ())))
    add.accept(
        "gif_transparent.gif",
        saved(image, "GIF", transparency=3),
        "bottom right is transparent white: flatten on white",
        colours=WHITE_BR,
        **flat,
    )
    add.accept(
        "gif_interlaced.gif", saved(picture().quantize(8), "GIF", interlace=True), "interlaced", **flat
    )
    add.accept("gif_trailing_garbage.gif", still + noise_bytes(500), "bytes after the end", **flat)
    busy = saved(Image.fromarray(np.frombuffer(noise_bytes(W * H), np.uint8).reshape(H, W)), "GIF")
    add.reject("gif_cut_50.gif", busy[: len(busy) // 2], "truncated", "half of the bytes are there")
    add.reject(
        "gif_huge_screen.gif",
        still[:6] + b"\xff\xff\xff\xff" + still[10:],
        "too_large",
        "says a screen of 65,535 x 65,535",
    )
    add.reject("gif_header_only.gif", still[:13], "truncated", "no picture", also="corrupt not_an_image")


def webps(add):
    rgb = picture()
    lossy = saved(rgb, "WEBP", quality=85)
    add.accept("webp_lossy.webp", lossy, "lossy")
    add.accept("webp_lossless.webp", saved(rgb, "WEBP", lossless=True), "lossless", tolerance=2)
    clear = np.dstack([scene(WHITE_BR), 255 - scene((TWO[0], TWO[0], TWO[0], TWO[1]))[..., 0]])
    add.accept(
        "webp_alpha.webp",
        saved(Image.fromarray(clear), "WEBP", lossless=True, exact=True),
        "bottom right is transparent white: flatten on white",
        colours=WHITE_BR,
        tolerance=2,
    )
    add.accept(
        "webp_animated.webp",
        saved(rgb, "WEBP", save_all=True, append_images=[picture(TWO)], duration=100, lossless=True),
        "two frames: the first counts",
    )
    stored = Image.fromarray(turned(scene(), 8))
    add.accept(
        "webp_exif_orientation_8.webp",
        saved(stored, "WEBP", lossless=True, exif=exif(8)[10:]),
        "EXIF orientation 8",
        tolerance=2,
    )
    noise = saved(
        Image.fromarray(np.frombuffer(noise_bytes(W * H * 3), np.uint8).reshape(H, W, 3)), "WEBP", quality=80
    )
    add.reject("webp_cut_50.webp", noise[: len(noise) // 2], "truncated", "half of the bytes are there")
    add.reject(
        "webp_riff_only.webp", b"RIFF\x24\0\0\0WEBPVP8 ", "truncated", "a header", also="corrupt not_an_image"
    )


def others(add):
    rgb = scene()
    flat = {"tolerance": 2}
    add.accept(
        "ico_picture.ico",
        saved(picture(width=64, height=64), "ICO", sizes=[(64, 64)]),
        "an icon",
        size=(64, 64),
        tolerance=2,
        either=True,
        reason="an icon is no photo: unsupported is as good",
    )
    if features.check("jpg_2000"):
        jp2 = saved(picture(), "JPEG2000", quality_mode="dB", quality_layers=[45])
        add.accept("jpeg2000.jp2", jp2, "JPEG 2000", either=True, reason="not every reader has it")
        add.accept(
            "jpeg2000_codestream.j2k",
            saved(picture(), "JPEG2000", no_jp2=True),
            "JPEG 2000 without its box",
            either=True,
            tolerance=2,
            reason="not every reader has it",
        )
        add.reject(
            "jpeg2000_cut_30.jp2",
            jp2[: len(jp2) * 3 // 10],
            "truncated",
            "30 % of the bytes are there",
            also="corrupt unsupported",
        )
    grey = grey_scene()
    add.accept("ppm_p6.ppm", b"P6\n# a comment\n160 120\n255\n" + rgb.tobytes(), "PPM", **flat)
    add.accept(
        "ppm_p3_text.ppm",
        b"P3 160 120 255\n" + " ".join(map(str, rgb.ravel())).encode(),
        "PPM in words",
        **flat,
    )
    add.accept("pgm_p5.pgm", b"P5 160 120 255\n" + grey.tobytes(), "PGM", colours=GREYS, **flat)
    add.accept(
        "pgm_p5_16.pgm",
        b"P5 160 120 65535\n" + (grey.astype(">u2") * 257).tobytes(),
        "PGM, 16 bits: scale by 1/257, do not clip",
        colours=GREYS,
        tolerance=20,
    )
    add.accept(
        "pbm_p4.pbm",
        b"P4 160 120\n" + np.packbits(scene(TWO)[..., 0] == 0, axis=1).tobytes(),
        "PBM: 1 is black",
        colours=TWO,
        **flat,
    )
    add.reject(
        "pam_p7.pam",
        b"P7\nWIDTH 160\nHEIGHT 120\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n" + rgb.tobytes(),
        "unsupported",
        "PAM; a reader that has it may take it",
        also="not_an_image",
        either=True,
    )
    add.reject(
        "pfm_float.pfm",
        b"Pf\n160 120\n-1.0\n" + grey.astype("<f4").tobytes(),
        "unsupported",
        "floating point: no agreed white",
        also="not_an_image",
    )
    add.reject(
        "ppm_cut_50.ppm",
        b"P6 160 120 255\n" + rgb.tobytes()[:20000],
        "truncated",
        "half of the pixels are there",
    )
    add.reject(
        "ppm_says_huge.ppm", b"P6 99999 99999 255\n" + rgb.tobytes(), "too_large", "says 10,000 megapixels"
    )
    add.reject(
        "ppm_negative.ppm",
        b"P6 -160 120 255\n" + rgb.tobytes(),
        "corrupt",
        "negative width",
        also="truncated not_an_image",
    )
    if features.check("avif"):
        avif = saved(picture(), "AVIF", quality=85)
        add.accept("avif_lossy.avif", avif, "AVIF", either=True, reason="not every reader has it")
        add.reject(
            "avif_cut_50.avif",
            avif[: len(avif) // 2],
            "truncated",
            "half of the bytes are there",
            also="corrupt unsupported not_an_image",
        )
    try:
        import pillow_heif
    except ImportError:
        return
    pillow_heif.register_heif_opener()
    heic = saved(picture(), "HEIF", quality=90)
    add.accept(
        "heic_phone.heic",
        heic,
        "HEIC, as phones send it",
        either=True,
        reason="a reader without HEIC says unsupported, never 'not an image'",
    )
    add.accept(
        "heic_named_jpg.jpg", heic, "HEIC named .jpg, as some phones send it", either=True, reason="the same"
    )
    add.reject(
        "heic_cut_50.heic",
        heic[: len(heic) // 2],
        "truncated",
        "half of the bytes are there",
        also="corrupt unsupported",
    )


def not_photos(add):
    add.reject("empty.jpg", b"", "empty")
    add.reject("one_byte.jpg", b"\xff", "not_an_image", also="truncated")
    add.reject("text.jpg", b"Dies ist kein Bild.\n" * 40, "not_an_image", "text")
    add.reject(
        "html.jpg",
        b"<!doctype html><html><script>alert(1)</script><body>404</body></html>",
        "not_an_image",
        "a web page saved as a photo",
    )
    zip_out = io.BytesIO()
    with zipfile.ZipFile(zip_out, "w") as z:
        z.writestr(zipfile.ZipInfo("photo.jpg"), saved(picture(), "JPEG"))
    add.reject("zip.jpg", zip_out.getvalue(), "not_an_image", "a ZIP with a photo in it")
    add.reject(
        "program.jpg",
        b"MZ" + bytes(58) + struct.pack("<L", 128) + bytes(64) + b"PE\0\0" + noise_bytes(400),
        "not_an_image",
        "a Windows program",
    )
    add.reject(
        "elf.png", b"\x7fELF\2\1\1" + bytes(57) + noise_bytes(400, 1), "not_an_image", "a Linux program"
    )
    add.reject("random.jpg", noise_bytes(20000, 7), "not_an_image", "random bytes")
    add.reject("zeros.png", bytes(20000), "not_an_image", "zeros")
    pdf = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    )
    add.reject("document.pdf", pdf, "unsupported", "PDF", also="not_an_image")
    add.reject("pdf_named_jpg.jpg", pdf, "unsupported", "PDF", also="not_an_image")
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="160" height="120"><script>alert(1)</script><rect width="80" height="60" fill="red"/></svg>'
    add.reject("drawing.svg", svg, "unsupported", "SVG with a script", also="not_an_image")
    add.reject("svg_named_png.png", svg, "unsupported", "SVG", also="not_an_image")
    laughs = (
        b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
        + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9))
        + b']><svg xmlns="http://www.w3.org/2000/svg">&j;</svg>'
    )
    add.reject("svg_entities.svg", laughs, "unsupported", "entities that grow to 10^9", also="not_an_image")
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 160 120\n%%EndComments\n1 0 0 setrgbcolor 0 0 80 60 rectfill\n%%EOF\n"
    add.reject(
        "postscript.eps",
        eps,
        "unsupported",
        "a program for a printer: never hand it to Ghostscript",
        also="not_an_image",
    )
    add.reject("eps_named_jpg.jpg", eps, "unsupported", "the same, named .jpg", also="not_an_image")
    add.reject(
        "playlist.m3u8",
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n",
        "not_an_image",
        "a playlist that names a local file",
    )
    add.reject("gif_signature_only.gif", b"GIF89a", "truncated", "six bytes", also="corrupt not_an_image")
    add.reject(
        "png_signature_only.png",
        b"\x89PNG\r\n\x1a\n",
        "truncated",
        "eight bytes",
        also="corrupt not_an_image",
    )


def sizes(add):
    def plain(width, height):
        return saved(picture(width=width, height=height), "PNG")

    add.reject("size_1x1.png", saved(Image.new("RGB", (1, 1), RED), "PNG"), "too_small")
    add.reject("size_15x15.png", plain(15, 15), "too_small", f"one less than {MIN_SIDE}")
    add.accept("size_16x16.png", plain(16, 16), f"{MIN_SIDE} is enough", size=(16, 16), tolerance=2)
    add.reject(
        "size_1x10000.png", saved(Image.new("RGB", (1, 10000), RED), "PNG"), "too_small", "one pixel wide"
    )
    add.reject(
        "size_10000x1.png", saved(Image.new("RGB", (10000, 1), RED), "PNG"), "too_small", "one pixel high"
    )
    add.accept("size_20000x16.png", plain(20000, 16), f"{MAX_SIDE} is allowed", size=(20000, 16), tolerance=2)
    add.accept(
        "size_16x20000.jpg",
        saved(picture(width=16, height=20000), "JPEG", quality=60),
        "a long strip",
        size=(16, 20000),
    )
    add.accept(
        "size_40_megapixels.png",
        plain(8000, 5000),
        f"40 megapixels, under {MAX_PIXELS:,}: 120 MB when decoded",
        size=(8000, 5000),
        tolerance=2,
    )
    add.accept(
        "size_40_megapixels.jpg",
        saved(picture(width=8000, height=5000), "JPEG", quality=50, optimize=False),
        "the same as JPEG",
        size=(8000, 5000),
    )
    add.accept(
        "size_100_megapixels_1_bit.png",
        png(scene(), 1, 0, size=(10000, 10000), idat=zeros_compressed(10000 * 1251)),
        "exactly 100 megapixels, 1 bit; Pillow warns from 89 on",
        size=(10000, 10000),
        colours=(TWO[0],) * 4,
        tolerance=2,
    )
    add.accept(
        "all_black.jpg",
        saved(Image.new("RGB", (W, H)), "JPEG"),
        "black: a photo, if a poor one",
        colours=(TWO[0],) * 4,
        tolerance=2,
    )
    add.accept(
        "all_white.jpg",
        saved(Image.new("RGB", (W, H), "white"), "JPEG"),
        "white",
        colours=(TWO[1],) * 4,
        tolerance=2,
    )
    add.accept(
        "no_contrast_grey.png",
        saved(Image.new("L", (W, H), 127), "PNG"),
        "one grey: no division by its spread",
        colours=((127,) * 3,) * 4,
        tolerance=2,
    )
    add.reject(
        "file_65_MiB.jpg",
        saved(picture(), "JPEG"),
        "too_large",
        "a sparse file: 65 MiB long, a few KB on disk",
        sparse_size=65 * 1024**2,
    )


def names(add):
    plain = saved(picture(), "JPEG", quality=90)
    add.accept("png_named_jpg.jpg", png(scene()), "PNG named .jpg: the bytes count", tolerance=2)
    add.accept("jpeg_named_png.png", plain, "JPEG named .png: the bytes count")
    add.accept(
        "jpeg_named_txt.txt",
        plain,
        "JPEG named .txt",
        either=True,
        reason="an upload form may ask for a photo's ending",
    )
    add.accept(
        "no_ending", plain, "no ending", either=True, reason="an upload form may ask for a photo's ending"
    )
    add.accept("UPPER.JPG", plain, "ending in capitals")
    add.accept("photo.jpeg", plain, ".jpeg")
    add.accept("photo.jpg.exe.jpg", plain, "two endings")
    add.accept("photo.php.jpg", plain, "two endings")
    odd = {
        "name_unicode": "Brücke Fuß 測試 🌉.jpg",
        "name_combining": "e\u0301tude.jpg",
        "name_rtl": "photo_\u202egpj.exe.jpg",
        "name_newline": "two\nlines.jpg",
        "name_quotes": "a'b\"c`d.jpg",
        "name_markup": "<img src=x onerror=alert(1)>.jpg",
        "name_markdown": "[click](javascript:alert(1)) **bold**.jpg",
        "name_formula": "=1+1,@SUM(A1)|cmd.jpg",
        "name_dash": "-rf.jpg",
        "name_percent": "%2e%2e%2f%00.jpg",
        "name_spaces": "  two  spaces  .jpg",
        "name_dots": "...jpg",
        "name_shell": "$(touch x);&|`id`.jpg",
        "name_sql": "x'); drop table photos;--.jpg",
        "name_tab": "a\tb.jpg",
        "name_long": "l" * 240 + ".jpg",
        "name_reserved": "CON.jpg",
        "name_braces": "{0.__class__}{{7*7}}%s.jpg",
    }
    for key, name in odd.items():
        add.accept(
            name,
            plain,
            f"{key}: shown as it is, never run, never a path",
            fallback=f"{key}.jpg",
            upload_name=name,
        )
    # names that no disk takes: they come from the browser only
    for key, name in {
        "name_up": "../../../../tmp/x.jpg",
        "name_up_windows": "..\\..\\windows\\x.jpg",
        "name_absolute": "/etc/passwd.jpg",
        "name_drive": "C:\\Users\\x\\photo.jpg",
        "name_nul": "photo.jpg\0.exe",
        "name_1000": "n" * 1000 + ".jpg",
        "name_empty": "",
        "name_slash_markup": "</title><script>alert(1)</script>.jpg",
        "name_control": "a\x07\x1b[31mred.jpg",
    }.items():
        add.accept(
            f"{key}.jpg",
            plain,
            "the name that the browser gives is upload_name: keep its last part, cleaned",
            upload_name=name,
        )


def all_cases():
    add = Cases()
    for part in (jpegs, pngs, tiffs, bmps, gifs, webps, others, not_photos, sizes, names):
        part(add)
    return add.items


def write(folder, cases):
    """Writes the files and expected.csv; a name that the disk refuses is replaced by a plain one."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for case in cases:
        name = case.file
        try:
            (folder / name).write_bytes(case.data)
        except (OSError, ValueError):
            name = case.fallback
            (folder / name).write_bytes(case.data)
        if case.sparse_size:
            os.truncate(folder / name, case.sparse_size)
        rows.append(case.row(name))
    with open(folder / "expected.csv", "w", newline="", encoding="utf-8") as f:
        table = csv.DictWriter(f, COLUMNS)
        table.writeheader()
        table.writerows(rows)
    return rows


def main():
    limits = f"{MAX_FILE_BYTES // 1024**2} MiB a file, {MAX_PIXELS:,} pixels, sides {MIN_SIDE} to {MAX_SIDE:,}; {FORMATS}"
    parser = argparse.ArgumentParser(
        description=f"{__doc__}\n{limits}", formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out_dir", type=Path)
    rows = write(parser.parse_args().out_dir, all_cases())
    accepted = sum(r["expect"] == "accept" for r in rows)
    print(
        f"{len(rows)} files, {accepted} to accept, {len(rows) - accepted} to reject, {sum(bool(r['either']) for r in rows)} where both are fine"
    )


if __name__ == "__main__":
    sys.exit(main())
