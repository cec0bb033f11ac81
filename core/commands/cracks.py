"""What `predict` tells of cracks: the scale of each photo, all that is measured, drawings, and the lines."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from core import in_force, photos
from core.errors import ConfigError, PatinaError
from core.measuring import drawings, scales, shooting, sources, standards, traces
from core.measuring.scales import Scale
from core.measuring.standards import Standard
from core.records import Card, Verdict
from core.settings import Settings

WAYS: Final = ("scale", "marker", "line", "field", "distance")
"""The options that tell how large a pixel is."""
OPTIONS: Final = (*WAYS, "focal", "standard", "masks", "draw", "kinds")

REMEDIES: Final = {
    "small": "It is too small: send the original, not a preview.",
    "dark": "It is too dark: take it again with more light.",
    "bright": "It is too bright: take it again with less light, the sun kept out of it.",
    "flat": "It has almost no contrast: take it again with light from the side.",
    "blurred": "It is blurred: take it again with a still camera, focused on the wall.",
    "slanted": "It was taken from the side: take it again, the camera square-on to the wall.",
    "far": "Too far away for the finest limit of the standard: stand closer.",
}
"""What to do about a broken shooting rule, by its fault."""


@dataclass(frozen=True)
class Asked:
    """What a command asks of cracks, checked before a model is loaded."""

    way: Mapping[str, Any]
    """The scale as `sources.of_photo` takes it; {} for none."""
    focal_mm: float | None
    standard: Standard
    masks: Path | None
    draw: Path | None
    kinds: tuple[str, ...]
    is_traced: bool
    """Whether every crack is told by itself: a drawing and the JSON do, a line does not."""
    taken: set[Path] = field(default_factory=set)
    """The files written so far."""


def only(card: Card, told: Namespace, options: Sequence[str]) -> None:
    """`ConfigError` when one of these options is given for a model that is not about cracks."""
    given = [name for name in options if getattr(told, name) not in (None, False)]
    if given and card.domain != "crack":
        option = "as" if given[0] == "kinds" else given[0].replace("_", "-")
        raise ConfigError(f"--{option} is for crack models; {card.id} is a {card.domain} model.")


def asked(told: Namespace, card: Card, settings: Settings) -> Asked:
    """What the words of a command ask for; `ConfigError` for what does not go together."""
    ways = [f"--{name}" for name in WAYS if getattr(told, name) is not None]
    if len(ways) > 1:
        raise ConfigError(f"{' and '.join(ways)} each tell how large a pixel is; give one of them.")
    if told.focal is not None and told.distance is None:
        raise ConfigError("--focal is the lens for --distance; say how far away the wall was.")
    if told.kinds is not None and told.draw is None:
        raise ConfigError("--as says what --draw DIR writes; name that folder.")
    kinds = [word.strip() for word in (told.kinds or ",".join(drawings.KINDS)).split(",")]
    for kind in kinds:
        if kind not in drawings.KINDS:
            raise ConfigError(f"--as is {told.kinds!r}; cracks are drawn as {', '.join(drawings.KINDS)}.")
    return Asked(
        _way(told),
        told.focal,
        _standard(told.standard, settings),
        told.masks,
        told.draw,
        tuple(dict.fromkeys(kinds)) if told.draw else (),
        is_traced=bool(told.json or told.draw),
    )


def _way(told: Namespace) -> dict[str, Any]:
    if told.scale is not None:
        return {"how": "given", "mm_per_px": told.scale}
    if told.marker is not None:
        return {"how": "marker", "mm": told.marker}
    if told.line is not None:
        return {"how": "line", **dict(zip(("x0", "y0", "x1", "y1", "mm"), told.line, strict=True))}
    if told.field is not None:
        return {"how": "field", "mm": told.field}
    return {"how": "distance", "m": told.distance} if told.distance is not None else {}


def _standard(key: str | None, settings: Settings) -> Standard:
    """The standard of this key, None for the one in force; `ConfigError` for one that there is not."""
    if key is None:
        return in_force.standard(settings)
    known = standards.known(settings)
    if key not in known:
        raise ConfigError(f"--standard is {key!r}, which is no standard here; choose {', '.join(known)}.")
    return known[key]


def entry(
    asked: Asked, card: Card, settings: Settings, answer: Any, cut: float | None
) -> tuple[Verdict, dict[str, Any]]:
    """The verdict on a photo that was answered, and all that is told of it: verdict and figures.

    The figures are those of the verdict, then `scale_mm_per_px scale_error` and `tilt` (by a marker), or why
    there is no scale: `no_marker` or `no_scale`; `finest_asked_mm`, the finest width that the standard asks
    about; `rules_broken` with `rule fault remedy`, `rules_open`: the names of those that nobody
    can tell; where cracks are traced, `cracks` one by one, `forks` of all and `angle_deg` of the longest;
    `mask` and `drawn`: the files written.
    """
    from core.engine import work

    stored, path = answer.arrays["p"], answer.asked.path
    scale, unseen = _scale(asked, path, (stored.shape[1], stored.shape[0]))
    verdict = work.verdict(
        answer,
        card,
        cut,
        settings,
        scale_mm_per_px=scale.mm_per_px if scale else None,
        scale_error=scale.error if scale else 0.0,
        is_surface=scale.is_surface if scale else False,
        focal_px=_lens(asked, path, stored.shape),
        standard=asked.standard,
    )
    told: dict[str, Any] = {**verdict.figures, "standard_name": asked.standard.name, **unseen}
    if scale is not None:
        told |= {"scale_mm_per_px": scale.mm_per_px, "scale_error": scale.error}
        told |= {"tilt": scale.told["tilt"]} if scale.how == "marker" else {}
    told |= _shot(asked.standard, verdict, scale)
    return verdict, told | _written(asked, card, verdict, answer, scale)


def _scale(asked: Asked, path: Path, size: tuple[int, int]) -> tuple[Scale | None, dict[str, str]]:
    """The scale of a photo as the command gives it; why there is none where that photo does not allow it."""
    if not asked.way:
        return None, {}
    way = dict(asked.way)
    if asked.focal_mm is not None:
        way["focal_px"] = scales.focal_px(asked.focal_mm, *size)
    try:
        return sources.of_photo(way, path, path.name, size), {}
    except PatinaError as error:
        return None, {"no_marker" if way["how"] == "marker" else "no_scale": str(error)}


def _lens(asked: Asked, path: Path, shape: tuple[int, ...]) -> float | None:
    """The lens in pixels as the command or the photo says; None where neither does."""
    mm = asked.focal_mm or photos.focal_35mm(path)
    return scales.focal_px(mm, shape[1], shape[0]) if mm else None


def _shot(standard: Standard, verdict: Verdict, scale: Scale | None) -> dict[str, Any]:
    """How well the photo was taken: broken and open rules, and the finest width that had to be seen."""
    finest = standards.finest(standard)
    rules = shooting.rules(shooting.quality(verdict.figures), scale, finest)
    return {
        "finest_asked_mm": finest,
        "rules_broken": [
            {"rule": rule.name, "fault": rule.fault, "remedy": REMEDIES[rule.fault]}
            for rule in shooting.broken(rules)
        ],
        "rules_open": [rule.name for rule in rules if rule.is_kept is None],
    }


def _written(asked: Asked, card: Card, verdict: Verdict, answer: Any, scale: Scale | None) -> dict[str, Any]:
    """The cracks one by one, and the files that were asked for."""
    assert verdict.threshold is not None, "a crack verdict has a threshold"
    said = drawings.called(answer.arrays["p"], verdict.threshold, card)
    mm = scale.mm_per_px if scale else None
    told: dict[str, Any] = {}
    if asked.masks:
        [place] = _places(asked.masks, answer.asked.path.stem, ("png",), asked.taken)
        place.write_bytes(drawings.png(said))
        told["mask"] = str(place)
    if not asked.is_traced:
        return told
    grey = answer.grey if answer.grey is not None and answer.grey.shape == said.shape else None
    found = traces.cracks(said, grey)
    told["angle_deg"] = round(found[0].angle) if found else None
    told |= {"forks": sum(one.forks for one in found), "cracks": drawings.rows(found, mm)}
    if asked.draw:
        places = _places(asked.draw, answer.asked.path.stem, asked.kinds, asked.taken)
        for place, kind in zip(places, asked.kinds, strict=True):
            place.write_bytes(drawings.encoded(kind, said, found, mm, answer.asked.path.name))
        told["drawn"] = [str(place) for place in places]
    return told


def _places(folder: Path, stem: str, kinds: Sequence[str], taken: set[Path]) -> list[Path]:
    """Files of one name in a folder, an ending a kind; photos of one name get a number."""
    folder.mkdir(parents=True, exist_ok=True)
    n = 1
    while True:
        places = [folder / f"{stem}{f'-{n}' if n > 1 else ''}.{kind}" for kind in kinds]
        if not taken.intersection(places):
            taken.update(places)
            return places
        n += 1


def wide(one: Mapping[str, Any]) -> str:
    """ ", up to 0.42 mm wide (0.38–0.47), 120 mm long, grade c by Korea, bridge deck slab", if any."""
    if not one.get("n_cracks"):
        return ""
    unit = "mm" if one["max_width_mm"] is not None else "px"
    told = [one[f"{name}_{unit}"] for name in ("max_width", "max_width_low", "max_width_high", "length")]
    if told[0] is None:
        return ", of a width that the photo does not show"
    width, low, high, long = (f"{v:.0f}" if v >= 100 else f"{v:.3g}" for v in told)
    said = f", up to {width} {unit} wide ({low}–{high}), {long} {unit} long"
    if one.get("finer_than_mm"):
        said = f", too fine for this photo: below {one['finer_than_mm']:.2g} mm, {long} mm long"
    if unit == "px":
        return f"{said}, no scale"
    return f"{said}, grade {one['grade']} by {one['standard_name']}" if one.get("grade") else said


def warnings(one: Mapping[str, Any]) -> list[str]:
    """What is to be said besides the verdict: no scale, stand closer, broken shooting rules."""
    told = [one[key] for key in ("no_marker", "no_scale") if key in one]
    if one.get("closer_times"):
        told.append(_closer(one))
    told += [rule["remedy"] for rule in one.get("rules_broken", ()) if rule["fault"] != "far"]
    return told


def _closer(one: Mapping[str, Any]) -> str:
    how = (
        f"closer than {one['closer_m']:.2f} m"
        if "closer_m" in one
        else f"{one['closer_times']:.1f} times closer"
    )
    asked, finest = one["finest_asked_mm"], one["finest_mm"]
    return f"This photo cannot show {asked:g} mm, only {finest:.2g} mm: stand {how}."
