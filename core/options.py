"""The words of the command line: every command, its options, and what is said of them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NoReturn

from core.errors import ConfigError
from core.records import DOMAINS, LANES, ROLES


class Words(argparse.ArgumentParser):
    """A parser whose complaint is one sentence, as every other error here."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and how to ask for help."""
        raise ConfigError(f"{message[:1].upper()}{message[1:]}. See `{self.prog} --help`.")


def parser() -> Words:
    """All commands; the parsed words carry the command's name in `command`."""
    top = Words(prog="python -m core", description="Patina: inspection photos in, verdicts out.")
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    one = _command(commands, "import", "Take a folder, a zip or a CSV of labelled photos into the store.")
    _domain(one)
    one.add_argument("path", type=Path, metavar="PATH", help="folder, zip or CSV")
    one.add_argument("--name", default="", help="the set's name (default: the folder's)")
    one.add_argument("--licence", default="", help="where the set does not state one")
    one.add_argument("--dry", action="store_true", help="only tell what would be kept")

    one = _command(commands, "train", "Train a model and file it in models_store.")
    _domain(one)
    _training(one)
    one.add_argument("--name", default="", help="the model's id (default: network and time)")
    one.add_argument(
        "--sweep",
        nargs="+",
        default=[],
        metavar="KEY=A,B",
        help="crack, corrosion: train every combination; weight=published takes each loss's own",
    )

    one = _command(commands, "search", "Search for the best settings, trial after trial.")
    _domain(one)
    _training(one)
    one.add_argument("--trials", type=_count, default=50, metavar="N", help="how many (default: 50)")

    one = _command(commands, "evaluate", "Score a model on one split of a set.")
    _model(one)
    _data(one)
    one.add_argument("--split", default="test", help="train, val, test, pool or all (default: test)")
    one.add_argument("--threshold", type=_cut, metavar="T", help="in place of the card's")
    one.add_argument("--scale", type=_scale, metavar="MM", help="mm a pixel, for crack widths in mm")
    price = "crack: a missed metre costs as much as N false alarms; takes the threshold that costs least"
    one.add_argument("--price", type=_price, metavar="N", help=price)
    one.add_argument("--price-on", metavar="SPLIT", help="whose photos choose that threshold (default: val)")
    one.add_argument("--rescue", action="store_true", help="crack: look at photos twice as large, too")
    one.add_argument(
        "--margins",
        type=_margins,
        nargs="?",
        const=(),
        metavar="1,1.4,…",
        help="corrosion: at margins around the trim box, 1 to 2.4, and whole (default: 1 to 2.4 by 0.2)",
    )

    one = _command(commands, "predict", "Judge photos.")
    _model(one)
    one.add_argument("photos", nargs="+", metavar="PHOTO", help="A photo, or a folder of photos.")
    one.add_argument("--threshold", type=_cut, metavar="T", help="in place of the one in service")
    _measuring(one)

    models = commands.add_parser("models", help="List, show or promote models.")
    kinds = models.add_subparsers(metavar="COMMAND", required=True)
    one = _command(kinds, "list", "All models, newest first; * serves its domain.", "models list")
    one.add_argument("domain", nargs="?", choices=DOMAINS, metavar="DOMAIN")
    _model(_command(kinds, "show", "A model's card.", "models show"))
    one = _command(kinds, "file", "File a trial of a sweep as a model.", "models file")
    one.add_argument("folder", type=Path, metavar="FOLDER", help="the trial's, for example …/trial-03")
    one.add_argument("--name", default="", help="the model's id (default: the network and its weights')")
    one = _command(kinds, "int8", "Measure whether a crack model may answer in 8 bits.", "models int8")
    _model(one)
    _data(one)
    one = _command(kinds, "promote", "Put a model into service.", "models promote")
    _model(one)
    one.add_argument("--threshold", type=_cut, metavar="T", help="serve at this one in place of the card's")
    one.add_argument("--why", default="", help="a reason to be kept with it")

    user = commands.add_parser("user", help="Add people.")
    kinds = user.add_subparsers(metavar="COMMAND", required=True)
    one = _command(kinds, "add", "Add a person; prints the link for their first sign-in.", "user add")
    one.add_argument("name", metavar="NAME")
    one.add_argument("--role", choices=ROLES, required=True)

    one = _command(commands, "worker", "Work through the queue in one lane until stopped.")
    one.add_argument("lane", choices=tuple(LANES), metavar="LANE", help="judge or train")
    one.add_argument("--alone", action="store_true", help="do not end when stdin does")
    one.add_argument("--name", default="", help=argparse.SUPPRESS)  # the app names its children

    _command(commands, "doctor", "Tell whether everything is in place; code 1 when not.")
    return top


def _command(commands: Any, name: str, help: str, command: str = "") -> Words:
    one: Words = commands.add_parser(name, help=help, description=help)
    one.set_defaults(command=command or name)
    one.add_argument("--json", action="store_true", help="one JSON document on stdout")
    return one


def _domain(one: Words) -> None:
    one.add_argument("domain", choices=DOMAINS, metavar="DOMAIN", help="rail, crack or corrosion")


def _training(one: Words) -> None:
    _data(one, required=False)
    one.add_argument("--preset", help="quick (minutes), paper, … (default: quick)")
    one.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting; many times")
    where = one.add_mutually_exclusive_group()
    where.add_argument("--out", type=Path, metavar="DIR", help="run folder; goes on with what is in it")
    where.add_argument("--resume", type=Path, metavar="DIR", help="go on in this run folder, as it was begun")
    one.add_argument("--weights-dir", type=Path, metavar="DIR", help="ImageNet weights (PATINA_WEIGHTS)")


def _data(one: Words, required: bool = True) -> None:
    one.add_argument(
        "--data", required=required, metavar="FOLDER|SET", help="folder, CSV or stored set; several by commas"
    )


def _model(one: Words) -> None:
    one.add_argument("model", metavar="MODEL", help="id, domain/id, folder, or a domain: what serves it")


def _measuring(one: Words) -> None:
    """How cracks are measured and what is written of them; one way to tell the scale, for every photo."""
    way = one.add_argument_group("crack: how large a pixel is, one way for all photos")
    way.add_argument("--scale", type=_scale, metavar="MM", help="millimetres a pixel")
    way.add_argument("--marker", type=_marker, metavar="MM", help="side of a printed marker in each, as 20mm")
    line = "a line in each, in pixels, and how long that is, as 10,20,910,20,297mm"
    way.add_argument("--line", type=_line, metavar="X0,Y0,X1,Y1,MM", help=line)
    way.add_argument(
        "--field", type=_field, metavar="MM", help="what the whole width shows, as 1200mm or 1.2m"
    )
    way.add_argument("--distance", type=_distance, metavar="M", help="from camera to wall, as 2.5m")
    focal = "the lens for --distance, for 35 mm film (default: what each photo says)"
    way.add_argument("--focal", type=_focal, metavar="MM", help=focal)
    more = one.add_argument_group("crack: the grade, and what is written")
    more.add_argument("--standard", metavar="KEY", help="by whose limits (default: PATINA_STANDARD)")
    more.add_argument("--masks", type=Path, metavar="DIR", help="write each mask as PNG, 255 is crack")
    more.add_argument("--draw", type=Path, metavar="DIR", help="write the cracks of each photo as drawings")
    more.add_argument("--as", dest="kinds", metavar="KIND,…", help="dxf,svg,csv,png,jpg (default: all)")


def _margins(word: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in word.split(",") if part.strip())
    except ValueError:
        raise argparse.ArgumentTypeError(f"{word!r} is no list of margins, such as 1,1.4,2") from None


def _cut(word: str) -> float:
    return _number(word, 0, 1, "a threshold, which lies between 0 and 1")


def _scale(word: str) -> float:
    return _number(word, 0, 1000, "a scale in millimetres a pixel, above 0 and below 1000")


UNITS = {"mm": 1.0, "cm": 10.0, "m": 1000.0}


def _marker(word: str) -> float:
    return _mm(word, "mm", 10_000, "the side of a marker in millimetres, such as 20mm")


def _field(word: str) -> float:
    return _mm(word, "mm", 1e6, "how much of the wall a photo shows across, such as 1200mm")


def _distance(word: str) -> float:
    return _mm(word, "m", 1e7, "a distance from camera to wall, such as 2.5m") / UNITS["m"]


def _focal(word: str) -> float:
    wanted = "a focal length for 35 mm film, 1 to 2000 mm, such as 26mm"
    return _number(word.strip().lower().removesuffix("mm"), 0.999, 2001, wanted)


def _line(word: str) -> tuple[float, ...]:
    wanted = "a line with its length: x0,y0,x1,y1 in pixels and millimetres, such as 10,20,910,20,297mm"
    *ends, length = word.split(",")
    if len(ends) != 4:
        raise argparse.ArgumentTypeError(f"{word!r} is not {wanted}")
    return (*(_number(end, -1, 1e5, wanted) for end in ends), _mm(length, "mm", 1e6, wanted))


def _mm(word: str, unit: str, high: float, wanted: str) -> float:
    """A length in millimetres, told in any of `UNITS`, or in `unit` where none is named."""
    told = word.strip().lower()
    unit = next((name for name in UNITS if told.endswith(name)), unit)
    return UNITS[unit] * _number(told.removesuffix(unit), 0, high / UNITS[unit], wanted)


def _price(word: str) -> float:
    return _number(word, 0, 1e6, "a price in false alarms, above 0 and below a million")


def _number(word: str, low: float, high: float, wanted: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = low
    if not low < value < high:
        raise argparse.ArgumentTypeError(f"{word!r} is not {wanted}")
    return value


def _count(word: str) -> int:
    if not word.isdecimal() or int(word) < 1:
        raise argparse.ArgumentTypeError(f"{word!r} is not a whole number from 1 on")
    return int(word)
