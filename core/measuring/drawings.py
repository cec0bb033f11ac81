"""Cracks to take along: a drawing with their widths (DXF, SVG), a table (CSV), the mask (PNG, JPEG).

DXF is written by hand, in the form of release 12: its polylines carry a width at each vertex, which is all
that is needed, and any drawing program reads it. With a scale all is in millimetres, else in pixels.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from html import escape
from typing import Final

import numpy as np
from PIL import Image

from core import arrays, artifacts, cards, photos, sweep
from core.errors import NotFound, PatinaError
from core.inspections import Inspection
from core.measuring import certainty, traces, widths
from core.measuring.traces import Crack
from core.records import Card
from core.settings import Settings

KINDS: Final = {
    "dxf": "image/vnd.dxf",
    "svg": "image/svg+xml",
    "csv": "text/csv",
    "png": "image/png",
    "jpg": "image/jpeg",
}
"""What cracks can be taken along as, and its media type."""
COLUMNS: Final = {
    "crack": 0,
    **dict.fromkeys(("length_px", "max_width_px", "mean_width_px"), 2),
    **dict.fromkeys(("length_mm", "max_width_mm", "mean_width_mm"), 3),
    "angle_deg": 0,
    "forks": 0,
    **dict.fromkeys(("widest_x_px", "widest_y_px"), 1),
}
"""What is told of each crack, and with how many digits after the point."""


def drawn(settings: Settings, of: Inspection, kind: str) -> bytes:
    """The cracks of an inspection's newest verdict as one of `KINDS`, at its threshold and scale."""
    if kind not in KINDS:
        raise NotFound(f"Cracks come as {', '.join(KINDS)}, not as {kind!r}.")
    found = mask(settings, of)
    cracks = [] if kind in ("png", "jpg") else traces.cracks(found, grey(settings, of, found.shape))
    return encoded(kind, found, cracks, of.scale.mm_per_px if of.scale is not None else None, of.name)


def encoded(
    kind: str, said: np.ndarray, cracks: Sequence[Crack], scale_mm_per_px: float | None, name: str = ""
) -> bytes:
    """A mask (H, W) bool, or the cracks traced on it, as one of `KINDS`; a mask needs no cracks."""
    if kind == "png":
        return png(said)
    if kind == "jpg":
        return jpeg(said)
    if kind == "csv":
        return table(cracks, scale_mm_per_px).encode()
    height, width = said.shape
    return (dxf if kind == "dxf" else svg)(cracks, scale_mm_per_px, (width, height), name).encode()


def mask(settings: Settings, of: Inspection) -> np.ndarray:
    """What the newest verdict calls crack, without specks: (H, W) bool; `NotFound` without such a verdict."""
    if of.domain != "crack" or of.verdict is None or of.arrays is None or of.verdict.threshold is None:
        raise NotFound(f"Inspection {of.id} has no crack verdict to draw.")
    stored = arrays.unpack(artifacts.read(settings.artifacts, of.arrays))["p"]
    return called(stored, of.verdict.threshold, card_of(settings, of))


def card_of(settings: Settings, of: Inspection) -> Card | None:
    """The card of the model that gave the newest verdict; None without one, or when it was removed since."""
    try:
        return cards.read(settings.models, of.domain, of.verdict.model) if of.verdict else None
    except PatinaError:
        return None


def called(stored: np.ndarray, threshold: float, card: Card | None) -> np.ndarray:
    """What a verdict of this model calls crack on a stored map (H, W) uint8: bools, without specks.

    None for a model that nobody knows any more: what counts as a speck is then the same for all.
    """
    return widths.without_specks(sweep.mask(stored, threshold), certainty.smallest_of(card))


def grey(settings: Settings, of: Inspection, shape: tuple[int, ...]) -> np.ndarray | None:
    """The photo's light (H, W) uint8 to read widths from; None where the mask is of a part of it only."""
    picture, _ = photos.open(artifacts.read(settings.artifacts, of.photo), of.name)
    return photos.grey(picture) if picture.shape[:2] == tuple(shape) else None


def dxf(cracks: Sequence[Crack], scale_mm_per_px: float | None, size: tuple[int, int], name: str = "") -> str:
    """A DXF of release 12: a polyline with widths a branch, a layer a crack, y upwards as on the wall."""
    by, unit = (scale_mm_per_px, "mm") if scale_mm_per_px else (1.0, "px")
    height = size[1]
    out: list[tuple[int, object]] = [(999, _plain(f"Patina: cracks of {name}, in {unit}"))]
    out += [(0, "SECTION"), (2, "HEADER"), (9, "$ACADVER"), (1, "AC1009")]
    out += [(9, "$EXTMIN"), (10, 0.0), (20, 0.0), (9, "$EXTMAX"), (10, size[0] * by), (20, height * by)]
    out += [(0, "ENDSEC"), (0, "SECTION"), (2, "TABLES"), (0, "TABLE"), (2, "LAYER"), (70, len(cracks))]
    for i in range(1, len(cracks) + 1):
        out += [(0, "LAYER"), (2, f"CRACK-{i}"), (70, 0), (62, 6), (6, "CONTINUOUS")]
    out += [(0, "ENDTAB"), (0, "ENDSEC"), (0, "SECTION"), (2, "ENTITIES")]
    for i, one in enumerate(cracks, 1):
        layer = (8, f"CRACK-{i}")
        for line in one.lines:
            if len(line.points) < 2:
                continue
            width = np.nan_to_num(line.width_px.astype(np.float64)) * by
            out += [(0, "POLYLINE"), layer, (66, 1), (10, 0.0), (20, 0.0), (30, 0.0)]
            for k, (x, y) in enumerate(line.points):
                after = width[min(k + 1, len(width) - 1)]
                out += [(0, "VERTEX"), layer, (10, x * by), (20, (height - y) * by), (30, 0.0)]
                out += [(40, width[k]), (41, after)]
            out += [(0, "SEQEND"), layer]
    out += [(0, "ENDSEC"), (0, "EOF")]
    return "".join(f"{code}\n{_number(value)}\n" for code, value in out)


def svg(cracks: Sequence[Crack], scale_mm_per_px: float | None, size: tuple[int, int], name: str = "") -> str:
    """An SVG as large as what the photo shows: each branch an outline as wide as the crack is."""
    by, unit = (scale_mm_per_px, "mm") if scale_mm_per_px else (1.0, "px")
    width, height = (f"{n * by:.6g}" for n in size)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}{unit}" height="{height}{unit}" '
        f'viewBox="0 0 {width} {height}"><title>{escape(name)}</title>'
    ]
    for i, one in enumerate(cracks, 1):
        told = (
            f"Crack {i}: {one.length_px * by:.4g} {unit} long, up to {one.max_width_px * by:.3g} {unit} wide"
        )
        out.append(f'<g id="crack-{i}" fill="#d6249f"><title>{told}</title>')
        for line in one.lines:
            if len(line.points) > 1:
                outline = " ".join(f"{x * by:.6g},{y * by:.6g}" for x, y in _outline(line))
                out.append(f'<polygon points="{outline}"/>')
        out.append("</g>")
    return "\n".join([*out, "</svg>\n"])


def rows(cracks: Sequence[Crack], scale_mm_per_px: float | None) -> list[dict[str, float | None]]:
    """What is told of each crack by `COLUMNS`, the longest first; None in mm without a scale, and for a
    width that the mask shows no edge of.
    """
    told = []
    for i, one in enumerate(cracks, 1):
        px = (one.length_px, one.max_width_px, one.mean_width_px)
        mm = [v * scale_mm_per_px for v in px] if scale_mm_per_px else [math.nan] * 3
        row = zip(COLUMNS.items(), (i, *px, *mm, one.angle, one.forks, *one.widest), strict=True)
        told.append({name: None if math.isnan(v) else round(v, digits or None) for (name, digits), v in row})
    return told


def table(cracks: Sequence[Crack], scale_mm_per_px: float | None) -> str:
    """CSV, a line a crack, the longest first; the columns in mm are empty without a scale."""
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(COLUMNS)
    for row in rows(cracks, scale_mm_per_px):
        lines.writerow("" if v is None else f"{v:.{COLUMNS[name]}f}" for name, v in row.items())
    return out.getvalue()


def png(said: np.ndarray) -> bytes:
    """A mask (H, W) bool as a PNG of one bit a pixel, crack white."""
    out = io.BytesIO()
    Image.fromarray(said).convert("1").save(out, "PNG", optimize=True)
    return out.getvalue()


def jpeg(said: np.ndarray) -> bytes:
    """A mask (H, W) bool as a grey JPEG, crack white; cut it at 128 to have it back."""
    out = io.BytesIO()
    Image.fromarray(said.astype(np.uint8) * 255).save(out, "JPEG", quality=95)
    return out.getvalue()


def _outline(line: traces.Line) -> np.ndarray:
    """(2 k, 2): down one side of a branch and back on the other."""
    along = np.gradient(line.points, axis=0)
    along /= np.maximum(np.hypot(*along.T), 1e-9)[:, None]
    side = np.stack([-along[:, 1], along[:, 0]], axis=1) * np.nan_to_num(line.width_px)[:, None] / 2
    return np.vstack([line.points + side, (line.points - side)[::-1]])


def _number(value: object) -> str:
    return f"{value:.6f}" if isinstance(value, float) else str(value)


def _plain(text: str) -> str:
    """Text on one line without anything but ASCII, which is all that release 12 knows."""
    return " ".join(text.split()).encode("ascii", "replace").decode()
