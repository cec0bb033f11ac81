"""What a model looked at, as a light on the photo: bright where it spoke for the answer, dark elsewhere."""

from __future__ import annotations

import base64
import io
from typing import Final

import numpy as np
from PIL import Image

from core import arrays, artifacts
from core.errors import PatinaError
from core.inspections import Inspection
from core.records import Trim
from core.settings import Settings

SIDE: Final = 192
"""Pixels of the longer side: the map itself has seven or nine."""
DARKEST: Final = 0.68


def overlay(looked: np.ndarray, width_px: int, height_px: int, box: Trim | None = None) -> str:
    """A picture of the photo's shape to lie over it, as a data address: black, the less so the more was seen.

    `looked` (h, w) uint8 covers `box` of the photo, else all of it; outside, the model saw nothing.
    """
    scale = SIDE / max(width_px, height_px)
    width, height = max(1, round(width_px * scale)), max(1, round(height_px * scale))
    x0, y0, x1, y1 = box or (0.0, 0.0, 1.0, 1.0)
    left, top = int(x0 * width), int(y0 * height)
    right, bottom = max(left + 1, round(x1 * width)), max(top + 1, round(y1 * height))
    seen = np.zeros((height, width), np.float32)
    part = Image.fromarray(looked).resize((right - left, bottom - top), Image.Resampling.BICUBIC)
    seen[top:bottom, left:right] = np.asarray(part, np.float32)[: height - top, : width - left] / 255
    picture = np.zeros((height, width, 2), np.uint8)
    picture[..., 1] = np.round(255 * DARKEST * (1 - seen))
    out = io.BytesIO()
    Image.fromarray(picture, "LA").save(out, "PNG")
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"


def window(box: Trim, width_px: int, height_px: int) -> str:
    """A picture of the photo's shape to lie over it, as a data address: dark but for the box."""
    x0, x1 = (round(v * width_px, 1) for v in box[::2])
    y0, y1 = (round(v * height_px, 1) for v in box[1::2])
    part = f"M{x0} {y0}H{x1}V{y1}H{x0}Z"
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width_px}" height="{height_px}" '
        f'viewBox="0 0 {width_px} {height_px}"><path fill-rule="evenodd" fill-opacity="{DARKEST}" '
        f'd="M0 0H{width_px}V{height_px}H0Z{part}"/><path d="{part}" fill="none" stroke="#fff" '
        f'stroke-width="{max(width_px, height_px) / 110:.1f}"/></svg>'
    )
    return f"data:image/svg+xml;base64,{base64.b64encode(drawn.encode()).decode()}"


def of_inspection(inspection: Inspection) -> str:
    """What the judge looked at in an inspected part, as an overlay; "" where its answer keeps no such map."""
    if inspection.domain != "corrosion" or inspection.arrays is None or inspection.verdict is None:
        return ""
    try:
        told = arrays.unpack(artifacts.read(Settings.of().artifacts, inspection.arrays))
    except PatinaError:
        return ""  # the verdict stands without it
    if "looked" not in told:
        return ""
    return overlay(told["looked"], inspection.width_px, inspection.height_px, inspection.verdict.trim)


def grown(trim: Trim, margin: float) -> Trim:
    """The box stretched about its middle as training photos were (`core.photos.trim`), inside the photo."""
    x0, y0, x1, y1 = trim
    w, h = (x1 - x0) / 2 * margin, (y1 - y0) / 2 * margin
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return max(0.0, x - w), max(0.0, y - h), min(1.0, x + w), min(1.0, y + h)
