"""How large a pixel of a crack photo is: what is known, the ways to say it, what it cannot show."""

from __future__ import annotations

import html
import time
from collections.abc import Callable, Mapping

import streamlit as st

from core import artifacts, asking, in_force, photos, store
from core.inspections import Inspection
from core.measuring import markers, scales, standards
from core.measuring.scales import Closer, Scale
from core.settings import Settings
from pages.parts import access, notice, words
from pages.parts.strings import t

WAYS = ("marker", "field", "given", "distance")

PRINTED_MM = 20.0
"""ours: the marker that is offered to print; at 0.1 mm a pixel it is 200 pixels wide."""


def keep(of: Inspection, make: Callable[[], Scale]) -> None:
    """Keep a scale with its author, have the widths told in millimetres, and draw the page anew."""
    settings = Settings.of()
    with notice.instead():
        asking.set_scale(
            store.connect(settings.database),
            of.id,
            make(),
            who=access.me().name,
            now=time.time(),
            standard=in_force.standard(settings),
        )
        st.rerun()


def drawn(of: Inspection, line: Mapping[str, float] | None) -> None:
    """Keep the line that was just drawn on the photo, if one was."""
    if line is not None:
        keep(of, lambda: scales.of_json({**line, "how": "line"}))


def finest() -> float | None:
    """The finest width in mm that the standard in force asks for."""
    return standards.finest(in_force.standard(Settings.of()))


def short_of(of: Inspection) -> Closer | None:
    """What the photo is too far away for: the finest limit of the standard in force; None without a scale."""
    wanted = finest()
    if of.scale is None or wanted is None:
        return None
    return scales.closer(of.scale, wanted, _lens(of))


def too_far(short: Closer) -> str:
    """ "This photo cannot show 0.1 mm: stand closer than 0.4 m.", safe as text."""
    told = {"mm": f"{short.mm:g}", "finest": f"{short.finest_mm:.2g}"}
    if short.m is None:
        return t("scale.closer_times", **told, times=f"{short.times:.1f}")
    return t("scale.closer_m", **told, m=f"{short.m:.2f}")


def panel(of: Inspection, now: float) -> None:
    """The scale that stands, with who said it and when, and the ways to give another one."""
    if of.scale is not None:
        by = f" – {html.escape(of.scale_by)}, {words.ago(of.scale_at, now)}" if of.scale_at else ""
        told = t(
            "scale.stands",
            scale=f"{of.scale.mm_per_px:.3g}",
            error=f"{100 * of.scale.error:.1f}",
            how=t(f"scale.how_{of.scale.how}"),
        )
        st.html(f'<p class="line">{html.escape(told)}{by}</p>')
        if of.scale.how == "marker":
            seen = {name: of.scale.told.get(name, 0) for name in ("markers", "mm", "tilt")}
            told = t(
                "scale.marker_seen", n=int(seen["markers"]), mm=f"{seen['mm']:g}", tilt=f"{seen['tilt']:.0f}"
            )
            st.html(f'<p class="note">{html.escape(told)}</p>')
    elif of.verdict is not None and of.verdict.figures.get("no_marker"):
        st.html(f'<p class="line ask">{html.escape(words.said(str(of.verdict.figures["no_marker"])))}</p>')
    st.html(f'<p class="note">{t("scale.draw_hint")}</p>')
    way = st.segmented_control(
        t("scale.way"),
        WAYS,
        default=WAYS[0],
        format_func=lambda name: t(f"scale.way_{name}"),
        key="scale-way",
        required=True,
    )
    with st.form("scale", border=False):
        make = {"marker": _by_marker, "field": _by_field, "given": _by_number, "distance": _by_distance}[
            str(way)
        ](of)
        is_asked = st.form_submit_button(t("photo.measure"), icon=":material/straighten:")
    if is_asked:
        keep(of, make)
    if way == "marker":
        st.download_button(
            t("scale.print"),
            lambda: markers.sheet(PRINTED_MM),
            file_name=f"patina-marker-{PRINTED_MM:g}mm.svg",
            mime="image/svg+xml",
            icon=":material/print:",
            type="tertiary",
            on_click="ignore",
            key="print-marker",
        )
    st.html(f'<p class="note">{t("scale.square")}</p>')


def _number(key: str, label: str, hint: str, value: float | None = None) -> float:
    said = st.number_input(label, min_value=0.0, value=value, key=key, placeholder=hint, step=None)
    return float(said or 0.0)


def _by_marker(of: Inspection) -> Callable[[], Scale]:
    side = _number("marker-mm", t("scale.marker_mm"), "20", of.marker_mm or PRINTED_MM)
    return lambda: markers.of_photo(artifacts.read(Settings.of().artifacts, of.photo), of.name, side)


def _by_field(of: Inspection) -> Callable[[], Scale]:
    wide = _number("wide", t("photo.wide"), "1200")
    st.html(f'<p class="note">{t("scale.field_share")}</p>')
    return lambda: scales.of_field(wide, of.width_px)


def _by_number(of: Inspection) -> Callable[[], Scale]:
    size = _number("mm-a-pixel", t("scale.mm_a_pixel"), "0.25")
    return lambda: scales.given(size)


def _by_distance(of: Inspection) -> Callable[[], Scale]:
    lens = _lens(of)
    mm = None if lens is None else lens / scales.focal_px(1.0, of.width_px, of.height_px)
    m = _number("distance", t("scale.distance"), "1.5")
    focal = _number("focal", t("scale.focal_read" if mm else "scale.focal"), "26", mm and round(mm, 1))
    return lambda: scales.of_distance(m, scales.focal_px(focal, of.width_px, of.height_px))


@st.cache_data(max_entries=512, show_spinner=False)
def _focal(place: str, sha: str) -> float | None:
    return photos.focal_35mm(artifacts.read(Settings.of().artifacts, sha))


def _lens(of: Inspection) -> float | None:
    """The lens in pixels, as the photo says; None where it does not."""
    mm = _focal(str(Settings.of().artifacts), of.photo)
    return scales.focal_px(mm, of.width_px, of.height_px) if mm else None
