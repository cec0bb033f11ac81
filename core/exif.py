"""What a photo file says of itself beside its pixels: which way is up, when, where, with which camera.

Cameras and phones write nearly anything here. What makes no sense is left out; nothing is guessed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from PIL import Image

from core.records import Facts

# EXIF tags and directories
ORIENTATION, MAKE, MODEL, EXIF, GPS, TAKEN, DIGITIZED = 274, 271, 272, 34665, 34853, 36867, 36868
FOCAL_35MM = 41989

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def facts(image: Image.Image, data: bytes) -> Facts:
    """The facts of an opened file and its bytes: size as seen upright, time, place, camera."""
    exif = _exif(image, data)
    width, height = image.size
    if _orientation(image, exif) in (5, 6, 7, 8):
        width, height = height, width
    place = _directory(exif, GPS)
    camera = _directory(exif, EXIF)
    return Facts(
        width_px=width,
        height_px=height,
        format={"HEIF": "HEIC", "MPO": "JPEG"}.get(image.format or "", image.format or ""),
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        taken_at=_time(camera.get(TAKEN)) or _time(camera.get(DIGITIZED)),
        camera=_camera(exif),
        **_place(place),
    )


def turn(image: Image.Image, data: bytes) -> Image.Transpose | None:
    """How the decoded pixels are to be turned still to stand upright; None when they do."""
    return _TURNS.get(_orientation(image, _exif(image, data)))


def focal_35mm(image: Image.Image, data: bytes) -> float | None:
    """The focal length for 35 mm film in mm; None where the file names none."""
    try:
        told = float(_directory(_exif(image, data), EXIF).get(FOCAL_35MM) or 0)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return told if 1 <= told <= 2000 else None


def _orientation(image: Image.Image, exif: Mapping[int, Any]) -> int:
    """How the pixels are to be turned still, 1 to 8; 1 where EXIF says nothing sensible."""
    told = exif.get(ORIENTATION)
    if image.format == "TIFF" or not isinstance(told, int):  # Pillow turns a TIFF by itself
        return 1
    return told if told in _TURNS else 1


def _exif(image: Image.Image, data: bytes) -> Mapping[int, Any]:
    """The main EXIF directory, empty when there is none or it cannot be read."""
    if image.format == "PNG" and not any(w in data for w in (b"eXIf", b"Raw profile type")):
        return {}  # Pillow would decode the pixels to look for it behind them
    try:
        return image.getexif()
    except Exception:  # a damaged directory says nothing; the picture may be whole all the same
        return {}


def _directory(exif: Mapping[int, Any], tag: int) -> Mapping[int, Any]:
    if not isinstance(exif, Image.Exif):
        return {}
    try:
        return exif.get_ifd(tag)
    except Exception:  # see `_exif`
        return {}


def _time(value: Any) -> str | None:
    """`2024:03:05 14:30:59` in ISO 8601; None for anything that is no time of a digital camera."""
    try:
        moment = datetime.strptime(str(value).strip("\0 "), "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None
    return moment.isoformat() if moment.year >= 1990 else None  # ours: older is an unset clock


def _place(gps: Mapping[int, Any]) -> dict[str, float | None]:
    """Latitude and longitude in degrees, both or none; 0, 0 is a receiver without a fix."""
    lat, lon = _degrees(gps.get(2), gps.get(1), "NS", 90), _degrees(gps.get(4), gps.get(3), "EW", 180)
    if lat is None or lon is None or (lat == 0 and lon == 0):
        return {"lat": None, "lon": None}
    return {"lat": lat, "lon": lon}


def _degrees(parts: Any, side: Any, sides: str, most: float) -> float | None:
    try:
        d, m, s = (float(p) for p in parts)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    if not isinstance(side, str) or side.strip("\0 ") not in tuple(sides):
        return None
    degrees = d + m / 60 + s / 3600
    if not (min(d, m, s) >= 0 and m < 60 and s <= 60 and degrees <= most):  # nan fails as well
        return None
    return round(-degrees if side.strip("\0 ") == sides[1] else degrees, 7)


def _camera(exif: Mapping[int, Any]) -> str | None:
    """`Canon EOS 80D`: maker and model in at most 60 letters, the maker's name once."""
    make, model = (
        " ".join("".join(c for c in str(exif.get(tag) or "") if c.isprintable()).split())
        for tag in (MAKE, MODEL)
    )
    both = model if model.lower().startswith(make.lower()) else f"{make} {model}"
    return both.strip()[:60] or None
