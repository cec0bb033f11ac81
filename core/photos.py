"""Photos: bytes in, upright 8-bit RGB and facts out, or one plain sentence why not.

A file is known by its first bytes, never by its name. Size and pixels are limited before anything is
decoded. What follows after: 16 bits scaled by 1/257, CMYK and palette to RGB, transparent parts on white,
turned as EXIF says, the first picture of several. Numbers without an agreed white (float, signed, 32 bits)
are refused. Colour profiles are ignored, as the public sets our models learned from carry none.
"""

from __future__ import annotations

import io
import math
import unicodedata
import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pillow_heif
from PIL import Image, UnidentifiedImageError

from core import exif
from core.errors import PhotoError
from core.records import Facts, Trim

MAX_BYTES = 64 * 1024**2
MAX_PIXELS = 100_000_000
MAX_SIDE = 20_000
MIN_SIDE = 16

SUFFIXES = frozenset(
    ".jpg .jpeg .jpe .jfif .png .tif .tiff .webp .heic .heif .hif .avif .bmp .dib .gif "
    ".jp2 .j2k .jpx .ppm .pgm .pbm .pnm".split()
)
"""File endings that make a file in a folder worth a look; what it is, its bytes say."""

FITTING = "Send it as JPEG, PNG, TIFF, WebP or HEIC."

pillow_heif.register_heif_opener(thumbnails=False)
# Pillow warns from its limit on and raises from twice that; `_check_size` refuses in between.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings(
    "ignore", module=r"PIL\.TiffImagePlugin"
)  # damaged EXIF: it gives no facts, that is all


def open(source: Path | bytes | BinaryIO, name: str = "") -> tuple[np.ndarray, Facts]:
    """The upright picture, (H, W, 3) uint8 RGB, and what the file says of itself.

    `name` is what the sentence of a `PhotoError` calls the photo; a path brings its own.
    """
    data, name = _bytes_of(source, name)
    image = _opened(data, name)
    facts = exif.facts(image, data)
    try:
        picture = _decoded(image, exif.turn(image, data))
    except Exception as error:  # decoders of ten formats raise nearly anything on damaged bytes
        raise _refusal(error, name) from error
    if picture.shape[:2] != (facts.height_px, facts.width_px):
        raise PhotoError(
            f"{name} holds {picture.shape[1]} × {picture.shape[0]} pixels but says "
            f"{facts.width_px} × {facts.height_px}. Export it again from the original.",
            "corrupt",
        )
    return picture, facts


def probe(source: Path | bytes | BinaryIO, name: str = "") -> Facts:
    """What the file says of itself, from its header and its bytes; no pixel is decoded.

    Refuses what `open` refuses by header or size; damage further down shows only in `open`.
    """
    data, name = _bytes_of(source, name)
    return exif.facts(_opened(data, name), data)


def check(source: Path | bytes | BinaryIO, name: str = "") -> Facts:
    """What `probe` tells; a file whose end looks cut off is decoded as well, and refused if it is.

    Nearly as fast as `probe`; damage in the middle of a file shows only in `open`.
    """
    data, name = _bytes_of(source, name)
    facts = exif.facts(_opened(data, name), data)
    end = _ENDS.get(facts.format)
    if end is None or end not in data[-1024:]:
        open(data, name)
    return facts


def focal_35mm(source: Path | bytes | BinaryIO, name: str = "") -> float | None:
    """The focal length for 35 mm film that a photo names in its EXIF, in mm; None where it names none."""
    data, name = _bytes_of(source, name)
    return exif.focal_35mm(_opened(data, name), data)


_ENDS = {"JPEG": b"\xff\xd9", "PNG": b"IEND"}


def trim(picture: np.ndarray, trim: Trim, margin: float = 1.0) -> np.ndarray:
    """The part of a picture inside a trim box, (h, w, 3) uint8, a view; at least one pixel a side.

    `margin` stretches the box about its middle: 1.0 is the box as drawn, 1.1 a tenth more a side.
    What lies outside the photo is cut off. A box that is empty, upside down or wholly outside raises
    `PhotoError`.
    """
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = trim
    if not (
        all(map(math.isfinite, trim)) and x0 < x1 and y0 < y1 and x0 < 1 and y0 < 1 and x1 > 0 and y1 > 0
    ):
        raise PhotoError(
            f"The trim box {_box(trim)} holds nothing of the photo; it must run from the upper left to the "
            "lower right inside 0 to 1. Draw it again."
        )
    (left, right), (top, bottom) = _stretched(x0, x1, margin, width), _stretched(y0, y1, margin, height)
    return picture[top:bottom, left:right]


def thumbnail(picture: np.ndarray, side: int) -> bytes:
    """The picture as WebP, its longer side at most `side` pixels; never enlarged."""
    small = Image.fromarray(picture)
    small.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    out = io.BytesIO()
    small.save(out, "WEBP", quality=80, method=2)
    return out.getvalue()


def grey(picture: np.ndarray) -> np.ndarray:
    """The light (H, W) uint8 of an (H, W, 3) uint8 picture, ITU-R 601."""
    return np.asarray(Image.fromarray(picture).convert("L"))


def safe_name(name: str) -> str:
    """A name to show and to keep for the photo that a browser calls `name`; never a path, never empty.

    The part after the last slash or backslash, without control characters, direction marks and other
    invisible ones; at most 200 bytes, cut in its middle so that the ending stays. `photo` when nothing
    is left. Markup, quotes and the like stay: whoever shows it escapes it. On disk, photos are named by
    their hash.
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(" " if c in "\t\n\r" else c for c in last if c in "\t\n\r" or not _is_invisible(c))
    shown = unicodedata.normalize("NFC", shown).strip()
    if not shown.strip("."):
        return "photo"
    stem, dot, ending = shown.rpartition(".")
    if not stem or len(ending.encode()) > 16:
        stem, dot, ending = shown, "", ""
    room = 200 - len((dot + ending).encode())
    if len(stem.encode()) > room:
        half = (room - len("…".encode())) // 2
        raw = stem.encode()
        stem = raw[:half].decode(errors="ignore") + "…" + raw[-half:].decode(errors="ignore")
    return stem + dot + ending


def _bytes_of(source: Path | bytes | BinaryIO, name: str) -> tuple[bytes, str]:
    """The bytes of a photo file, at most `MAX_BYTES`, and what to call it."""
    if isinstance(source, Path):
        name = name or source.name
        try:
            n_bytes = source.stat().st_size
            if n_bytes > MAX_BYTES:
                raise _too_many_bytes(n_bytes, name)
            data = source.read_bytes()
        except OSError as error:
            raise PhotoError(f"{name} cannot be read: {error.strerror}.", "not_an_image") from error
    elif isinstance(source, bytes):
        data = source
    else:
        data = source.read(MAX_BYTES + 1)
    name = name or "The photo"
    if len(data) > MAX_BYTES:
        raise _too_many_bytes(len(data), name)
    if not data:
        raise PhotoError(f"{name} is empty. Send it again.", "empty")
    return data, name


def _too_many_bytes(n_bytes: int, name: str) -> PhotoError:
    return PhotoError(
        f"{name} has more than {min(n_bytes, MAX_BYTES) // 1024**2} MiB; {MAX_BYTES // 1024**2} MiB is the "
        "most. Save it as JPEG.",
        "too_large",
    )


# First bytes, what a file with them is, and the reason it is refused for.
_NO_PHOTOS: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF document", "unsupported"),
    (b"%!PS", "a PostScript file", "unsupported"),
    (b"\xc5\xd0\xd3\xc6", "a PostScript file", "unsupported"),
    (b"8BPS", "a Photoshop file", "unsupported"),
    (b"\0\0\1\0", "an icon", "unsupported"),
    (b"P7", "a PAM picture", "unsupported"),
    (b"Pf", "a picture of floating-point numbers", "unsupported"),
    (b"PF", "a picture of floating-point numbers", "unsupported"),
    (b"FUJIFILMCCD-RAW", "a camera's raw file", "unsupported"),
    (b"\xff\x0a", "a JPEG XL picture", "unsupported"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture", "unsupported"),
    (b"PK\3\4", "a ZIP archive", "not_an_image"),
    (b"MZ", "a program", "not_an_image"),
    (b"\x7fELF", "a program", "not_an_image"),
)
_HEIF_BRANDS = frozenset(b"heic heix heim heis hevc hevx hevm hevs mif1 msf1 avif avis MiHE".split())


def _formats_of(data: bytes, name: str) -> tuple[str, ...]:
    """Pillow's names for what the first bytes announce; refuses everything else by what it is.

    PostScript, PDF, SVG and icons never reach a reader.
    """
    if data[:2] == b"\xff\xd8":
        return ("JPEG",)
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return ("PNG",)
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return ("TIFF",)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ("WEBP",)
    if data[4:8] == b"ftyp":
        brands = {data[8:12], *(data[i : i + 4] for i in range(16, min(64, len(data)), 4))}
        if brands & _HEIF_BRANDS:
            return ("AVIF", "HEIF") if brands & {b"avif", b"avis"} else ("HEIF",)
        what = "a camera's raw file" if data[8:12] == b"crx " else "a video"
        raise PhotoError(f"{name} is {what}, not a photo. {FITTING}", "unsupported")
    if data[:4] == b"GIF8":
        return ("GIF",)
    if data[:12] == b"\0\0\0\x0cjP  \r\n\x87\n" or data[:4] == b"\xff\x4f\xff\x51":
        return ("JPEG2000",)
    if data[:1] == b"P" and data[1:2] in b"123456" and data[2:3].isspace():
        return ("PPM",)
    if data[:2] == b"BM":
        return ("BMP",)
    for first, what, reason in _NO_PHOTOS:
        if data.startswith(first):
            raise PhotoError(f"{name} is {what}, not a photo. {FITTING}", reason)
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<svg", b"<?xml")) and b"<svg" in data[:65536].lower():
        raise PhotoError(f"{name} is a drawing (SVG), not a photo. {FITTING}", "unsupported")
    if head.startswith((b"<!doctype html", b"<html")):
        raise PhotoError(f"{name} is a web page, not a photo. Send the photo itself.", "not_an_image")
    raise PhotoError(f"{name} is not a photo: its bytes are of no known kind. {FITTING}", "not_an_image")


def _opened(data: bytes, name: str) -> Image.Image:
    """The picture with its header read and its size allowed; nothing is decoded yet."""
    formats = _formats_of(data, name)
    try:
        image = Image.open(io.BytesIO(data), formats=formats)
    except UnidentifiedImageError as error:
        raise _refusal(_first_error(data, formats) or error, name) from error
    except Exception as error:  # see `open`
        raise _refusal(error, name) from error
    _check_size(image.size, name)
    _check_numbers(image, name)
    return image


def _first_error(data: bytes, formats: tuple[str, ...]) -> Exception | None:
    """What the reader of the announced format says, which `Image.open` keeps to itself."""
    try:
        Image.OPEN[formats[0]][0](io.BytesIO(data), "")
    except Exception as error:  # it is the error that is asked for
        return error
    return None


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if width * height > MAX_PIXELS or max(size) > MAX_SIDE:
        raise PhotoError(
            f"{name}: {width} × {height} pixels; at most {MAX_PIXELS // 10**6} megapixels and {MAX_SIDE:,} "
            "pixels a side can be judged. Cut it into parts or save it smaller.",
            "too_large",
        )
    if min(size) < MIN_SIDE:
        raise PhotoError(
            f"{name}: {width} × {height} pixels; the shorter side must be at least {MIN_SIDE}. "
            "Send the original, not the preview.",
            "too_small",
        )


def _check_numbers(image: Image.Image, name: str) -> None:
    """Refuse pixels whose white nobody agreed on, and previews in place of a camera's raw picture."""
    tags = getattr(image, "tag_v2", {})
    if image.format == "TIFF" and (DNG_VERSION in tags or int(tags.get(NEW_SUBFILE_TYPE) or 0) & 1):
        raise PhotoError(f"{name} is a camera's raw file with a small preview. {FITTING}", "unsupported")
    signs = tags.get(SAMPLE_FORMAT) or (1,)
    if (
        image.mode == "F"
        or any(s in (2, 3, 5, 6) for s in signs)
        or (image.mode == "I" and image.format != "PPM")
    ):
        raise PhotoError(
            f"{name} holds floating-point, signed or 32-bit numbers, which have no agreed white. "
            "Save it with 8 or 16 bits a channel.",
            "unsupported",
        )
    if image.mode == "LAB":
        raise PhotoError(f"{name} is in Lab colours. Save it as RGB.", "unsupported")


NEW_SUBFILE_TYPE, BITS_PER_SAMPLE, SAMPLE_FORMAT, DNG_VERSION = 254, 258, 339, 50706  # TIFF tags


def _decoded(image: Image.Image, turn: Image.Transpose | None) -> np.ndarray:
    """The pixels upright, (H, W, 3) uint8; a stripe at a time, so that a large photo is in memory once."""
    image.load()
    bits = (getattr(image, "tag_v2", {}).get(BITS_PER_SAMPLE) or (16,))[0]
    upright = image.transpose(turn) if turn is not None else image
    width, height = upright.size
    picture = np.empty((height, width, 3), np.uint8)
    rows = max(1, 2**22 // width)
    for top in range(0, height, rows):
        low = min(top + rows, height)
        picture[top:low] = np.asarray(_flat(upright.crop((0, top, width, low)), bits))
    return picture


def _flat(image: Image.Image, bits: int) -> Image.Image:
    """An 8-bit RGB picture: grey of more bits scaled, transparent parts on white."""
    if image.mode.startswith("I"):
        grey = np.asarray(image).astype(np.float32) * (255 / (2**bits - 1))  # 16 bits: 1/257
        return Image.fromarray(np.rint(grey).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        clear = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("RGB")
    return image.convert("RGB")


def _refusal(error: Exception, name: str) -> PhotoError:
    """The sentence for what a reader raised."""
    told = str(error).lower()
    if isinstance(error, Image.DecompressionBombError | MemoryError) or "too large" in told:
        return PhotoError(
            f"{name} unpacks to more than {MAX_PIXELS // 10**6} megapixels or more memory than allowed. "
            "Save it smaller.",
            "too_large",
        )
    if any(
        w in told
        for w in (
            "unknown pixel mode",
            "unsupported",
            "not supported",
            "cannot handle",
            "unknown compression",
        )
    ):
        return PhotoError(f"{name} is of a kind that cannot be read. {FITTING}", "unsupported")
    if isinstance(error, EOFError) or any(
        w in told for w in ("truncated", "eof", "unexpected end", "not enough")
    ):
        return PhotoError(f"{name} is cut short: a part of the file is missing. Send it again.", "truncated")
    return PhotoError(f"{name} is damaged and cannot be decoded. Send it again, or the original.", "corrupt")


def _stretched(low: float, high: float, margin: float, n: int) -> tuple[int, int]:
    """Pixel bounds of a stretch low to high of n pixels, inside 0 to n, at least one pixel wide."""
    middle, half = (low + high) / 2, (high - low) / 2 * margin
    first = min(max(math.floor((middle - half) * n + 0.5), 0), n - 1)
    return first, min(max(math.floor((middle + half) * n + 0.5), first + 1), n)


def _box(trim: Trim) -> str:
    return "(" + ", ".join(f"{v:g}" for v in trim) + ")"


def _is_invisible(letter: str) -> bool:
    """Control characters, direction marks and broken halves; the joiners of scripts and emoji are kept."""
    return (
        unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
        and letter not in "\u200c\u200d"
    )
