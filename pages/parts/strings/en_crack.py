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
    # The mask explorer and the comparison of models
    "crack.view_compare": "Compare models",
    "mask.one": "One",
    "mask.swipe": "Swipe",
    "mask.own": "Own thresholds",
    "mask.own_help": "Each other model at the threshold it was filed with",
    "mask.left": "Left of the line",
    "mask.right": "Right of the line",
    "mask.brightness": "Brightness",
    "mask.contrast": "Contrast",
    "mask.drawing": "Drawing",
    "mask.plain": "As it is",
    "mask.tool_light": "Brightness and contrast",
    "mask.no_map": "no map of this photo",
    "mask.threshold": "threshold",
    "compare.alone": (
        "No other model here kept its maps of these photos. Train another one on the same set, and both "
        "stand side by side."
    ),
    "compare.with": "Beside it",
    "compare.choose": "Choose up to five models",
    "compare.f1_title": "Each model has its own best threshold",
    "compare.pr_title": "What more found crack costs, model by model",
    "compare.best": "Best F1",
    "compare.at": "{f1} at {threshold}",
    "compare.caption": "All photos of the set, pooled over pixels, at {threshold}",
    "loss.bce": "BCE",
    "loss.dice": "Dice",
    "loss.focal": "Focal",
    "loss.tversky": "Tversky",
    "loss.cldice": "clDice",
    # The scale of a photo
    "ruler.draw": "Draw a scale",
    "ruler.first": "Tap one end of something whose length you know: a ruler, a sheet of paper, a form tie.",
    "ruler.second": "Now its other end.",
    "ruler.adjust": (
        "Drag the ends to the place; the arrow keys move the marked one by a pixel, x takes the other."
    ),
    "ruler.length": "How long is it?",
    "ruler.save": "Use this scale",
    "ruler.result": "{scale} mm a pixel, within {error} %.",
    "ruler.widest": "The crack: up to {width} mm.",
    "ruler.short": "Too short to be sure: take something longer, or zoom in.",
    "ruler.px": "{px} pixels long",
    "ruler.known_a4": "A4, long side",
    "ruler.known_card": "Bank card",
    "ruler.known_coin": "1 euro",
    "scale.none": "no scale",
    "scale.stands": "{scale} mm a pixel, within {error} %, {how}",
    "scale.how_given": "as given",
    "scale.how_line": "by a line drawn on the photo",
    "scale.how_field": "by the width it shows",
    "scale.how_distance": "by distance and lens",
    "scale.draw_hint": "Best: draw it on the photo, along something whose length you know.",
    "scale.way": "Or say it",
    "scale.way_field": "Width shown",
    "scale.way_given": "mm a pixel",
    "scale.way_distance": "Distance",
    "scale.mm_a_pixel": "Millimetres a pixel",
    "scale.distance": "Metres from the camera to the wall",
    "scale.focal": "Focal length for 35 mm film, in mm",
    "scale.focal_read": "Focal length for 35 mm film, in mm (read from the photo)",
    "scale.square": (
        "A scale holds for a wall seen square-on, at the depth where it was taken; a photo alone cannot tell "
        "whether that was so."
    ),
    "scale.closer_m": "This photo cannot show {mm} mm, only {finest} mm: stand closer than {m} m.",
    "scale.closer_times": "This photo cannot show {mm} mm, only {finest} mm: stand {times} times closer.",
}
