"""What a threshold of a crack model costs: the price that moves it, and its operating point in counts."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core import explore
from core.explore import Counts
from core.measuring.stakes import LENGTH_PX, Stakes
from pages.parts import tables, words
from pages.parts.strings import t
from pages.parts.tables import Column, Row

PRICES: Final = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)
"""False alarms that a missed length may cost; 0: nobody has said."""
PARTS: Final = 100


def slider(stakes: Stakes, threshold: float, *, moves: str) -> float | None:
    """Ask how many false alarms a missed length may cost, and for the scale of the photos, which is returned.

    The price moves the slider `moves` to where mistakes cost least. The scale is in mm a pixel, None while
    nobody has given one: lengths are then in thousand pixels.
    """
    left, right = st.columns([5, 2], gap="medium", vertical_alignment="bottom")
    scale = right.number_input(
        t("price.scale"),
        min_value=0.001,
        max_value=100.0,
        value=None,
        step=0.01,
        format="%.3f",
        key="set-scale",
        placeholder=t("price.no_scale"),
        help=t("price.scale_help"),
    )

    def weigh() -> None:
        price = st.session_state["price"]
        if price:
            st.session_state[moves] = stakes.cheapest(price, unit(scale))

    with left:
        price = st.select_slider(
            t("price.title" if scale else "price.title_px"),
            PRICES,
            key="price",
            format_func=lambda n: t("price.n", n=f"{n:g}") if n else t("price.none"),
            on_change=weigh,
            help=t("price.help"),
        )
    cheapest = stakes.cheapest(price, unit(scale)) if price else threshold
    if abs(cheapest - threshold) > 5e-4:
        st.html(f'<p class="note">{t("price.elsewhere", threshold=f"{cheapest:.3f}")}</p>')
    return scale


def unit(scale_mm_per_px: float | None) -> float:
    """How many pixels of crack a price is for: a metre of it, or a thousand where nobody knows a metre."""
    return 1000 / scale_mm_per_px if scale_mm_per_px else LENGTH_PX


def operating_point(
    pooled: Counts, each: Counts, stakes: Stakes | None, threshold: float, scale_mm_per_px: float | None
) -> None:
    """The confusion at this threshold: in pixels, in length, in cracked photos, in clean ones."""
    rows = [_pixels(pooled)]
    if stakes is not None and stakes.length_px:
        rows.append(_lengths(stakes, threshold, scale_mm_per_px))
    rows.append(_cracked(each))
    if stakes is not None and stakes.n_clean:
        rows.append(_clean(stakes, threshold))
    heads = [
        Column("", bare=True, wide=True),
        Column(t("point.found"), "number"),
        Column(t("point.missed"), "number"),
        Column(t("point.false"), "number"),
    ]
    tables.show(heads, rows, key="operating-point", caption=t("point.title"))


def _pixels(pooled: Counts) -> Row:
    n_true, n_called = pooled.tp + pooled.fn, pooled.tp + pooled.fp
    called = _part(pooled.fp, n_called, t("point.of_called"))
    return Row("pixels", [t("point.pixels"), _part(pooled.tp, n_true), _part(pooled.fn, n_true), called])


def _lengths(stakes: Stakes, threshold: float, scale_mm_per_px: float | None) -> Row:
    missed, _ = stakes.at(threshold)
    parts = [
        _cell(length(px, scale_mm_per_px), px / stakes.length_px)
        for px in (stakes.length_px - missed, missed)
    ]
    return Row("length", [t("point.length_m" if scale_mm_per_px else "point.length_px"), *parts, None])


def _cracked(each: Counts) -> Row:
    found = explore.in_photos(each)
    parts = [_part(n, found.n_cracked) for n in (found.found, found.overlooked)]
    return Row("photos", [t("point.cracked"), *parts, None])


def _clean(stakes: Stakes, threshold: float) -> Row:
    _, alarms = stakes.at(threshold)
    told = {
        "text": t("point.per_100", rate=f"{PARTS * alarms / stakes.n_clean:.1f}"),
        "sub": t("point.of", n=alarms, of=stakes.n_clean),
    }
    name = t("point.clean_photos" if stakes.of == "photos" else "point.clean_parts")
    return Row("clean", [name, None, None, told])


def length(px: float, scale_mm_per_px: float | None) -> str:
    """A length along cracks: in metres with a scale, else in thousand pixels."""
    return f"{px * scale_mm_per_px / 1000:.2f}" if scale_mm_per_px else f"{px / 1000:.1f}"


def _part(part: object, whole: object, of: str = "") -> tables.Cell:
    """A count with its share beneath."""
    n, total = int(part), int(whole)  # type: ignore[call-overload]
    return _cell(f"{n:,}", n / total if total else None, of)


def _cell(told: str, share: float | None, of: str = "") -> tables.Cell:
    return {"text": told, "sub": "–" if share is None else f"{words.percent(share)} {of}".strip()}
