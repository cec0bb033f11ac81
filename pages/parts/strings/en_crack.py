"""English: what a crack threshold costs, the comparison of models, scales and exports."""

from __future__ import annotations

WORDS: dict[str, str | tuple[str, str]] = {
    # What a mistake costs
    "price.title": "A missed metre of crack costs …",
    "price.title_px": "1,000 px of missed crack cost …",
    "price.n": "as much as {n} false alarms",
    "price.none": "not said",
    "price.help": (
        "Moves the threshold to where both mistakes together cost least on these photos. A false alarm is a "
        "clean photo, or a clean part of one, that is said to be cracked."
    ),
    "price.elsewhere": "At this price the cheapest threshold is {threshold}; it was moved by hand since.",
    "price.scale": "mm a pixel",
    "price.no_scale": "no scale",
    "price.scale_help": (
        "How large a pixel of these photos is on the wall, where that is known: lengths are then in metres."
    ),
    "point.title": "What this threshold does on these photos",
    "point.found": "Found",
    "point.missed": "Missed",
    "point.false": "False alarm",
    "point.pixels": "Pixels",
    "point.length_m": "Crack length, m",
    "point.length_px": "Crack length, 1,000 px",
    "point.cracked": "Photos with a crack",
    "point.clean_photos": "Clean photos",
    "point.clean_parts": "Clean parts of photos",
    "point.of_called": "of what is called",
    "point.per_100": "{rate} per 100",
    "point.of": "{n} of {of}",
}
