"""The command line: `python -m core train rail --data photos/ --preset quick`.

It does what the pages do, with neither the app nor a database running. With `--json` one document goes to
stdout; whatever else is said goes to stderr. Bad input ends with one sentence and code 2, Ctrl-C with 130.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import json
import os
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

from sqlite_utils import Database

from core import cards, services, sets, store, terminal
from core import config as settings_of
from core.errors import ConfigError, PatinaError
from core.records import DOMAINS, LANES, Card, Domain, Photo, Progress
from core.settings import Settings


class Words(argparse.ArgumentParser):
    """A parser whose complaint is one sentence, as every other error here."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and how to ask for help."""
        raise ConfigError(f"{message[:1].upper()}{message[1:]}. See `{self.prog} --help`.")


def parser() -> Words:
    """All commands and their options."""
    top = Words(prog="python -m core", description="Patina: inspection photos in, verdicts out.")
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    def command(do: Callable[..., Any], name: str, help: str, within: Any = commands) -> Words:
        one: Words = within.add_parser(name, help=help, description=help)
        one.set_defaults(do=do)
        one.add_argument("--json", action="store_true", help="one JSON document on stdout")
        return one

    one = command(_train, "train", "Train a model and file it in models_store.")
    one.add_argument("domain", choices=DOMAINS, metavar="DOMAIN", help="rail, crack or corrosion")
    _data(one, required=False)
    one.add_argument("--preset", help="quick (minutes), paper, … (default: quick)")
    _set(one)
    one.add_argument("--name", default="", help="the model's id (default: told by network and time)")
    where = one.add_mutually_exclusive_group()
    where.add_argument("--out", type=Path, metavar="DIR", help="run folder; goes on with what is in it")
    where.add_argument("--resume", type=Path, metavar="DIR", help="go on in this run folder, as it was begun")
    _weights(one)

    one = command(_evaluate, "evaluate", "Score a model on one split of a set.")
    _model(one)
    _data(one)
    one.add_argument("--split", default="test", help="train, val, test, pool or all (default: test)")
    one.add_argument("--threshold", type=_cut, metavar="T", help="in place of the card's")

    one = command(_predict, "predict", "Judge photos.")
    _model(one)
    one.add_argument("photos", nargs="+", metavar="PHOTO")
    one.add_argument("--masks", type=Path, metavar="DIR", help="write each crack mask as PNG, 255 is crack")
    one.add_argument("--threshold", type=_cut, metavar="T", help="in place of the one in service")
    one.add_argument("--scale", type=float, metavar="MM", help="millimetres a pixel, for widths in mm")

    models = commands.add_parser("models", help="List, show or promote models.")
    kinds = models.add_subparsers(metavar="COMMAND", required=True)
    one = command(_list, "list", "All models, newest first.", kinds)
    one.add_argument("domain", nargs="?", choices=DOMAINS, metavar="DOMAIN")
    one = command(_show, "show", "A model's card.", kinds)
    _model(one)
    one = command(_promote, "promote", "Put a model into service.", kinds)
    _model(one)
    one.add_argument("--threshold", type=_cut, metavar="T", help="serve at this one in place of the card's")
    one.add_argument("--why", default="", help="a reason to be kept with it")

    worker = commands.add_parser("worker", help="Work through the queue in one lane until stopped.")
    worker.set_defaults(do=_worker)
    worker.add_argument("lane", choices=tuple(LANES), metavar="LANE", help="judge or train")
    worker.add_argument("--alone", action="store_true", help="do not end when stdin does")
    worker.add_argument("--name", default="", help=argparse.SUPPRESS)  # the app names its children
    return top


def _data(one: Words, required: bool = True) -> None:
    one.add_argument(
        "--data", required=required, metavar="FOLDER|SET", help="folder, CSV or stored set; several by commas"
    )


def _model(one: Words) -> None:
    one.add_argument("model", metavar="MODEL", help="id, domain/id, folder, or a domain: what serves it")


def _set(one: Words) -> None:
    one.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting; many times")


def _weights(one: Words) -> None:
    one.add_argument("--weights-dir", type=Path, metavar="DIR", help="ImageNet weights (PATINA_WEIGHTS)")


def _cut(word: str) -> float:
    try:
        threshold = float(word)
    except ValueError:
        threshold = -1.0
    if not 0 < threshold < 1:
        raise argparse.ArgumentTypeError(f"{word!r} is no threshold; it lies between 0 and 1")
    return threshold


def main(words: Sequence[str], environ: Mapping[str, str] = os.environ) -> int:
    """Run one command; returns the exit code: 0, 2 for bad input, 130 when stopped with Ctrl-C."""
    wants_json = "--json" in words
    try:
        told = parser().parse_args(words)
        code = told.do(told, Settings.of(environ))
    except PatinaError as error:
        if wants_json:
            print(json.dumps({"error": str(error)}, ensure_ascii=False))
        print(str(error), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `… | head`: whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return int(code or 0)


# Commands ---------------------------------------------------------------------------------------------


def _train(told: argparse.Namespace, settings: Settings) -> None:
    from core.engine import loop, work

    began, folder = time.monotonic(), told.resume or told.out
    if told.resume:
        asked = _begun(told.resume)
        if asked["domain"] != told.domain:
            raise ConfigError(
                f"{told.resume} holds a {asked['domain']} training; say train {asked['domain']}."
            )
    else:
        if not told.data:
            raise ConfigError("Say what to learn from: --data FOLDER or --data SET.")
        asked = {"domain": told.domain, "data": told.data, "preset": told.preset or "quick"}
        asked |= {"set": settings_of.words(told.set), "name": told.name}
    domain: Domain = asked["domain"]
    if told.weights_dir:
        settings = _with_weights(settings, told.weights_dir)
    module = work.judge(domain)
    config = settings_of.preset(module.Config, module.PRESETS, asked["preset"], asked["set"])
    trimmed = getattr(config, "trimmed", True)
    photos = sets.gather(asked["data"], domain, _database(settings), settings.artifacts, trimmed=trimmed)
    folder = folder or settings.runs / f"cli-{datetime.now():%Y%m%d-%H%M%S}-{domain}"
    loop.use_threads()
    terminal.say(f"{len(photos.photos)} photos of {photos.name}; run folder {folder}")
    for problem in photos.problems:
        terminal.say(f"  {problem}")
    work.pin(folder, work.begun(domain, config, photos))
    (folder / ASKED).write_text(json.dumps(asked, ensure_ascii=False), encoding="utf-8")
    command = work.command(domain, asked)
    try:
        card = terminal.listen(work.train(domain, config, photos, folder, settings, command=command))
    except KeyboardInterrupt:
        terminal.say(f"\nStopped. Go on with: python -m core train {domain} --resume {folder}")
        raise
    filed = work.file(card, folder, settings.models, name=asked["name"], by=_me())
    place = cards.place(settings.models, domain, filed.id)
    terminal.tell(
        told.json,
        {"model": f"{domain}/{filed.id}", "folder": str(place), "run": str(folder), "figures": filed.figures}
        | {"threshold": filed.threshold, "seconds": round(time.monotonic() - began, 1)},
        lambda: [*_card_lines(filed), f"filed in {place}"],
    )


ASKED = "asked.json"


def _begun(folder: Path) -> dict[str, Any]:
    try:
        asked: dict[str, Any] = json.loads((folder / ASKED).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{folder} holds no training begun here; name the folder given as --out.") from None
    except ValueError:
        raise ConfigError(f"{folder / ASKED} cannot be read; train anew in another folder.") from None
    return asked


def _evaluate(told: argparse.Namespace, settings: Settings) -> None:
    db = _database(settings)
    serving = services.find(db, settings.models, told.model)
    card = serving.card
    from core.engine import loop, work

    loop.use_threads()
    trimmed = bool(card.preprocessing.get("trimmed", True))
    photos = sets.gather(told.data, card.domain, db, settings.artifacts, trimmed=trimmed)
    evaluation = terminal.listen(work.evaluate(card, serving.folder, photos, told.split))
    threshold = card.threshold if told.threshold is None else told.threshold
    metrics = work.judge(card.domain).score(evaluation, threshold)
    terminal.tell(
        told.json,
        {"model": f"{card.domain}/{card.id}", "data": told.data, "split": told.split}
        | {"n": len(evaluation["name"]), "metrics": metrics},
        lambda: [f"{key:20} {terminal.figure(value)}" for key, value in metrics.items()],
    )


def _predict(told: argparse.Namespace, settings: Settings) -> None:
    serving = services.find(_database(settings), settings.models, told.model)
    card, threshold = serving.card, told.threshold or serving.threshold
    if told.masks and card.domain != "crack":
        raise ConfigError(f"--masks is for crack models; {card.domain}/{card.id} finds no masks.")
    if told.scale is not None and not 0 < told.scale < 1000:
        raise ConfigError(f"--scale is {told.scale:g}; it must be between 0 and 1000 millimetres a pixel.")
    from core.engine import loop

    loop.use_threads()
    found = terminal.listen(_judged(told, serving.folder, card, threshold))
    terminal.tell(told.json, found, lambda: [_verdict_line(one) for one in found])


def _judged(
    told: argparse.Namespace, folder: Path, card: Card, threshold: float | None
) -> Generator[Progress, None, list[dict[str, Any]]]:
    from core.engine import work

    module, model = work.judge(card.domain), work.engine(card.domain).load(card, folder)
    asked = [Photo(Path(word)) for word in told.photos]
    found: list[dict[str, Any]] = []
    for answer in work.answers(card.domain, model, asked, lambda photo: work.picture(photo, card)):
        one: dict[str, Any] = {"photo": str(answer.asked.path)}
        if answer.error:
            one |= {"error": str(answer.error)}
        else:
            verdict = module.judge(
                answer.arrays, threshold, card, quality=answer.quality, scale_mm_per_px=told.scale
            )
            one |= {key: getattr(verdict, key) for key in _SAID}
            one |= {key: verdict.figures[key] for key in _MEASURED if key in verdict.figures}
            if told.masks:
                one |= {"mask": str(_write_mask(told.masks, answer.asked.path, answer.arrays["p"], verdict))}
        found.append(one)
        yield Progress(len(found), len(asked), "judge")
    return found


_SAID = ("label", "confidence", "threshold", "needs_person", "reason", "model")
_MEASURED = ("crack_fraction", "max_width_px", "max_width_mm")


def _write_mask(folder: Path, photo: Path, stored: Any, verdict: Any) -> Path:
    """The mask at the verdict's threshold as an 8-bit PNG of the photo's size; never over another one."""
    from PIL import Image

    from core import sweep

    folder.mkdir(parents=True, exist_ok=True)
    mask = sweep.mask(stored, verdict.threshold)
    path = folder / f"{photo.stem}.png"
    n = 2
    while path in _written:
        path, n = folder / f"{photo.stem}-{n}.png", n + 1
    _written.add(path)
    Image.fromarray((mask * 255).astype("uint8")).save(path)
    return path


_written: set[Path] = set()


def _list(told: argparse.Namespace, settings: Settings) -> None:
    db = _database(settings)
    known = cards.all(settings.models, told.domain)
    serving = {}
    for domain in DOMAINS:
        with contextlib.suppress(PatinaError):
            serving[domain] = services.serving(db, settings.models, domain).card.id
    rows = [
        {"model": f"{card.domain}/{card.id}", "network": card.network, "threshold": card.threshold}
        | {"in_service": serving.get(card.domain) == card.id, "made_at": card.made_at}
        | {"figures": card.figures.get("test", {})}
        for card in known
    ]
    terminal.tell(
        told.json, rows, lambda: [_model_line(row) for row in rows] or ["There are no models yet; train one."]
    )


def _show(told: argparse.Namespace, settings: Settings) -> None:
    card = services.find(_database(settings), settings.models, told.model).card
    terminal.tell(told.json, json.loads(card.to_json()), lambda: _card_lines(card))


def _promote(told: argparse.Namespace, settings: Settings) -> None:
    db = store.connect(settings.database)
    found = services.find(db, settings.models, told.model)
    cards.weights(found.folder, found.card)  # a damaged model must not go into service
    if found.folder != cards.place(settings.models, found.card.domain, found.card.id):
        raise ConfigError(f"{found.folder} is not in {settings.models}; copy it there to serve it.")
    service = services.promote(
        db, found.card, who=_me(), now=time.time(), why=told.why, threshold=told.threshold
    )
    terminal.tell(
        told.json,
        {"domain": service.domain, "model": service.model, "threshold": service.threshold},
        lambda: [f"{service.model} serves {service.domain} from now on."],
    )


def _worker(told: argparse.Namespace, settings: Settings) -> int:
    from core.engine import worker

    return worker.run(told.lane, settings, told.name, told.alone or sys.stdin is None or sys.stdin.isatty())


# What is shared ---------------------------------------------------------------------------------------


def _database(settings: Settings) -> Database | None:
    """The database where there is one; a command that can do without makes none."""
    return store.connect(settings.database) if settings.database.exists() else None


def _with_weights(settings: Settings, folder: Path) -> Settings:
    import dataclasses

    if not folder.is_dir():
        raise ConfigError(f"--weights-dir {folder} is no folder.")
    return dataclasses.replace(settings, weights=folder.resolve())


def _me() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return "command line"


def _verdict_line(one: Mapping[str, Any]) -> str:
    if "error" in one:
        return f"{one['photo']}: {one['error']}"
    person = "  → " + one["reason"] if one["needs_person"] else ""
    return f"{one['photo']}: {one['label']} ({one['confidence']:.0%} sure){person}"


def _model_line(row: Mapping[str, Any]) -> str:
    told = [f"{k} {terminal.figure(v)}" for k, v in row["figures"].items() if k in _HEADLINES]
    star = "*" if row["in_service"] else " "
    return f"{star} {row['model']:36} {row['network']:14} {row['made_at'][:10]}  {'  '.join(told)}"


_HEADLINES = ("accuracy", "f1", "mean_f1")


def _card_lines(card: Card) -> list[str]:
    lines = [f"{card.domain}/{card.id}  {card.network}, made {card.made_at} by {card.made_by or 'unknown'}"]
    lines += [f"learned from {', '.join(str(d.get('name')) for d in card.data)}"]
    if card.threshold is not None:
        lines += [f"threshold {card.threshold:g}: {card.threshold_how}"]
    for split, figures in card.figures.items():
        told = "  ".join(
            f"{k} {terminal.figure(v)}" for k, v in figures.items() if isinstance(v, int | float)
        )
        lines += [f"{split}: {told}"]
    return lines + ([card.notes] if card.notes else [])
