"""The command line: `python -m core train rail --data photos/ --preset quick`.

It does what the pages do, with neither the app nor a database running. With `--json` one document goes to
stdout; whatever else is said goes to stderr. Bad input ends with one sentence and code 2, Ctrl-C with 130.
Only what needs the engine loads torch.
"""

from __future__ import annotations

import contextlib
import dataclasses
import getpass
import json
import os
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from core import cards, markers, scales, services, store, terminal
from core import config as settings_of
from core.doctor import Finding, examine
from core.errors import ConfigError, DataError, PatinaError
from core.metrics import plain
from core.options import parser
from core.records import DOMAINS, Card, Domain, Photo, PhotoSet, Progress, Verdict
from core.scales import Scale
from core.settings import Settings

ASKED = "asked.json"
"""What a run folder was asked for here, in the words of the command line: `--resume` reads it."""


def main(words: Sequence[str], environ: Mapping[str, str] = os.environ) -> int:
    """Run one command; the exit code: 0, 2 for bad input, 130 when stopped, 1 when the doctor is worried."""
    try:
        told = parser().parse_args(words)
        return COMMANDS[told.command](told, Settings.of(environ)) or 0
    except PatinaError as error:
        return _complain(str(error), error.exit_code, "--json" in words)
    except BrokenPipeError:  # `… | head`: whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # a full disk, a folder that may not be written
        return _complain(f"{error.filename or 'A file'}: {error.strerror or error}.", 2, "--json" in words)
    except KeyboardInterrupt:
        return _complain("Stopped.", 130, "--json" in words)


def _complain(sentence: str, code: int, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"error": sentence}, ensure_ascii=False))
    terminal.say(sentence)
    return code


# Sets -------------------------------------------------------------------------------------------------


def bring(told: Namespace, settings: Settings) -> None:
    """`import`: read, look at every photo, tell what was found, keep it whole."""
    from core import archives, datasets, sets

    with contextlib.ExitStack() as stack:
        path = told.path
        if path.is_file() and path.suffix.lower() in archives.ARCHIVES:
            settings.data.mkdir(parents=True, exist_ok=True)
            aside = stack.enter_context(tempfile.TemporaryDirectory(prefix="import-", dir=settings.data))
            path = archives.unpack(path, Path(aside) / path.stem)
        found = datasets.read(path, told.domain, licence=told.licence)
        found = dataclasses.replace(found, name=told.name or found.name)
        db = _database(settings) if told.dry else store.connect(settings.database)
        if db is not None:
            sets.refuse_known(db, found.name)  # before all photos are looked at
        report = terminal.listen(_looked(found))
        kept = datasets.without(found, report.unreadable)
        if db is not None and not told.dry:
            terminal.listen(_kept(db, settings, kept, report.to_dict()))
    terminal.tell(
        told.json,
        report.to_dict() | {"kept": not told.dry},
        lambda: [
            f"{found.name}: {len(kept.photos)} photos, {'only looked at' if told.dry else 'kept'}",
            "  ".join(f"{name} {n}" for name, n in report.counts.items()),
            *report.problems,
        ],
    )


def _looked(found: PhotoSet) -> Generator[Progress, None, Any]:
    from core import datasets

    seen = []
    for one in datasets.looks(found):
        seen.append(one)
        yield Progress(len(seen), len(found.photos), "look")
    return datasets.report(found, seen)


def _kept(
    db: Database, settings: Settings, found: PhotoSet, report: Mapping[str, Any]
) -> Generator[Progress, None, None]:
    from core import sets

    for done, n in sets.keep(db, settings.artifacts, found, report=report, who=_me(), now=time.time()):
        yield Progress(done, n, "keep")


# Models -----------------------------------------------------------------------------------------------


def train(told: Namespace, settings: Settings) -> None:
    """`train`: learn in a run folder, file the model."""
    from core.engine import work

    began = time.monotonic()
    asked, config, photos, folder, settings = _begin(told, settings)
    domain: Domain = asked["domain"]
    if asked.get("sweep"):
        return _swept(told, asked, config, photos, folder, settings)
    training = work.train(domain, config, photos, folder, settings, command=work.command(domain, asked))
    with _resumable("train", domain, folder):
        card = terminal.listen(training)
    filed = cards.file_as(card, folder, settings.models, name=asked["name"], by=_me())
    place = cards.place(settings.models, domain, filed.id)
    terminal.tell(
        told.json,
        {"model": f"{domain}/{filed.id}", "folder": str(place), "run": str(folder), "figures": filed.figures}
        | {"threshold": filed.threshold, "seconds": round(time.monotonic() - began, 1)},
        lambda: [*_card_lines(filed), f"filed in {place}"],
    )


def _swept(
    told: Namespace, asked: dict[str, Any], config: Any, photos: PhotoSet, folder: Path, settings: Settings
) -> None:
    """`train --sweep`: train every combination, file the best; the table."""
    from core import trials
    from core.engine import work

    began = time.monotonic()
    domain: Domain = asked["domain"]

    def command(changed: Mapping[str, Any]) -> str:
        return work.command(domain, work.changed(asked, changed))

    with _resumable("train", domain, folder):
        training = work.sweep(domain, config, asked["sweep"], photos, folder, settings, command)
        card, place = terminal.listen(training)
    filed = cards.file_as(card, place, settings.models, name=asked["name"], by=_me(), keep=True)
    table = trials.table(folder)
    terminal.tell(
        told.json,
        {"model": f"{domain}/{filed.id}", "run": str(folder), **table}
        | {"seconds": round(time.monotonic() - began, 1)},
        lambda: [*trials.lines(table), f"the best one is filed as {domain}/{filed.id}"],
    )


def search(told: Namespace, settings: Settings) -> None:
    """`search`: trial after trial; tells the best values and the command that trains with them."""
    from core.engine import work

    asked, config, photos, folder, settings = _begin(told, settings)
    domain: Domain = asked["domain"]
    with _resumable("search", domain, folder):
        found = terminal.listen(work.search(domain, config, photos, folder, settings, asked["trials"]))
    command = work.command(domain, asked | {"set": asked["set"] | found["best"]})
    terminal.tell(
        told.json,
        found | {"run": str(folder), "command": command},
        lambda: [f"mean validation F1 {found['f1']:.4f} after {found['trials']} trials; train with", command],
    )


def _begin(told: Namespace, settings: Settings) -> tuple[dict[str, Any], Any, PhotoSet, Path, Settings]:
    """What is asked for, as a checked config, its photos, and the run folder that knows it all."""
    from core import sets
    from core.engine import loop, work
    from core.orders import rules

    asked = _resumed(told) if told.resume else _asked(told)
    if asked.get("weights_dir"):
        settings = dataclasses.replace(settings, weights=Path(asked["weights_dir"]))
    module = rules(asked["domain"])
    config = settings_of.preset(module.Config, module.PRESETS, asked["preset"], asked["set"])
    loop.use_threads()
    photos = sets.gather(asked["data"], asked["domain"], _database(settings), settings.artifacts)
    folder = told.resume or told.out
    folder = folder or settings.runs / f"cli-{datetime.now():%Y%m%d-%H%M%S}-{asked['domain']}"
    axes = None
    if asked.get("sweep"):
        from core import trials

        axes = trials.refined(config, asked["sweep"])
    work.pin(folder, work.begun(asked["domain"], config, photos, sweep=axes))
    (folder / ASKED).write_text(json.dumps(asked, ensure_ascii=False, indent=1), encoding="utf-8")
    terminal.say(f"{len(photos.photos)} photos of {photos.name}; run folder {folder}")
    for problem in photos.problems:
        terminal.say(f"  {problem}")
    return asked, config, photos, folder, settings


def _asked(told: Namespace) -> dict[str, Any]:
    from core import trials

    if not told.data:
        raise ConfigError("Say what to learn from: --data FOLDER or --data SET.")
    if told.weights_dir and not told.weights_dir.is_dir():
        raise ConfigError(f"--weights-dir {told.weights_dir} is no folder.")
    asked = {"command": told.command, "domain": told.domain, "data": told.data}
    asked |= {"preset": told.preset or "quick", "set": settings_of.words(told.set)}
    asked |= {"name": getattr(told, "name", ""), "trials": getattr(told, "trials", 0)}
    asked |= {"sweep": trials.axes(getattr(told, "sweep", []))}
    return asked | {"weights_dir": str(told.weights_dir.resolve()) if told.weights_dir else None}


def _resumed(told: Namespace) -> dict[str, Any]:
    """What the run in `--resume` was asked for; it is gone on with just that."""
    if told.data or told.preset or told.set or told.weights_dir or getattr(told, "sweep", None):
        raise ConfigError("--resume goes on as the run was begun; leave the other options out.")
    try:
        asked: dict[str, Any] = json.loads((told.resume / ASKED).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{told.resume} is no run folder of the command line; name one.") from None
    except ValueError:
        raise ConfigError(f"{told.resume / ASKED} cannot be read; begin anew in another folder.") from None
    if (asked["command"], asked["domain"]) != (told.command, told.domain):
        raise ConfigError(f"{told.resume} holds another run: {asked['command']} {asked['domain']}.")
    return asked


@contextlib.contextmanager
def _resumable(command: str, domain: Domain, folder: Path) -> Generator[None]:
    """Ctrl-C says how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        terminal.say(f"\nGo on with: python -m core {command} {domain} --resume {folder}")
        raise


def evaluate(told: Namespace, settings: Settings) -> None:
    """`evaluate`: score a model on a split."""
    db = _database(settings)
    found = services.find(db, settings.models, told.model)
    if (told.scale or told.rescue) and found.card.domain != "crack":
        raise ConfigError(f"--scale and --rescue are for crack models; {told.model} is none.")
    if told.margins is not None:
        return _margins(told, settings, db, found)
    from core import sets
    from core.engine import loop, work  # torch only once the model is known to be there
    from core.orders import rules

    loop.use_threads()
    card = found.card
    photos = sets.gather(told.data, card.domain, db, settings.artifacts)
    evaluation = terminal.listen(work.evaluate(card, found.folder, photos, told.split))
    scale = {"scale_mm_per_px": told.scale} if told.scale else {}
    metrics = rules(card.domain).score(evaluation, told.threshold or card.threshold, **scale)
    if told.rescue:
        twice = terminal.listen(work.evaluate(card, found.folder, photos, told.split, enlarge=2))
        from core import fine

        metrics["rescue"] = plain(fine.rescue(evaluation, metrics["threshold"], twice, told.scale))
    terminal.tell(
        told.json,
        {"model": f"{card.domain}/{card.id}", "data": told.data, "split": told.split}
        | {"n": len(evaluation["name"]), "metrics": metrics},
        lambda: terminal.figures(metrics),
    )


def _margins(told: Namespace, settings: Settings, db: Database | None, found: services.Serving) -> None:
    """`evaluate --margins`: a split at margins around the trim box, kept beside the model; the curve."""
    from core import margins, sets

    steps = margins.checked(told.margins or margins.STEPS)  # what cannot be asked for loads no torch
    from core.engine import loop, work

    loop.use_threads()
    card = found.card
    photos = sets.gather(told.data, card.domain, db, settings.artifacts)
    evaluation = terminal.listen(work.margins(card, found.folder, photos, told.split, steps))
    kept = work.keep_evaluation(card, found.folder, photos, margins.name(told.split), evaluation)
    rows = margins.curve(evaluation)
    terminal.tell(
        told.json,
        {"model": f"{card.domain}/{card.id}", "data": told.data, "split": told.split}
        | {"n": len(evaluation["name"]), "kept": str(kept), "margins": rows},
        lambda: [*margins.lines(rows), f"{len(evaluation['name'])} photos; kept as {kept}"],
    )


def predict(told: Namespace, settings: Settings) -> None:
    """`predict`: judge photos, one entry each; a photo that cannot be read is an entry with an error."""
    found = services.find(_database(settings), settings.models, told.model)
    if told.masks and found.card.domain != "crack":
        raise ConfigError(f"--masks is for crack models; {told.model} finds no masks.")
    if told.marker and (told.scale or found.card.domain != "crack"):
        raise ConfigError("--marker is for crack models, and in place of --scale.")
    judged = terminal.listen(_judged(told, found, settings))
    terminal.tell(told.json, judged, lambda: [_verdict_line(one) for one in judged])


SAID = ("label", "confidence", "threshold", "needs_person", "reason", "model")
MEASURED = ("crack_fraction", "max_width_px", "max_width_mm", "standard", "grade")


def _judged(
    told: Namespace, found: services.Serving, settings: Settings
) -> Generator[Progress, None, list[dict[str, Any]]]:
    from core.engine import loop, work

    loop.use_threads()
    card, threshold = found.card, told.threshold or found.threshold
    model = work.ENGINES[card.domain].load(card, found.folder)
    asked, taken = [Photo(path) for word in told.photos for path in _photos_in(word)], set[Path]()
    judged: list[dict[str, Any]] = []
    for answer in work.answers(card.domain, model, asked, lambda photo: work.picture(photo, card)):
        one: dict[str, Any] = {"photo": str(answer.asked.path)}
        if answer.error:
            one |= {"error": str(answer.error)}
        else:
            scale, unseen = _scale(told, answer.asked.path)
            verdict = work.verdict(
                answer,
                card,
                threshold,
                settings,
                scale_mm_per_px=scale.mm_per_px if scale else None,
                scale_error=scale.error if scale and told.marker else 0.0,
                costs=found.costs,
            )
            one |= {key: getattr(verdict, key) for key in SAID}
            one |= {key: verdict.figures[key] for key in MEASURED if key in verdict.figures} | unseen
            if scale and told.marker:
                one |= {"scale_mm_per_px": scale.mm_per_px, "scale_error": scale.error}
                one |= {"tilt": scale.told["tilt"]}
            if told.masks:
                one |= {"mask": str(_write_mask(told.masks, answer, verdict, taken))}
        judged.append(one)
        yield Progress(len(judged), len(asked), "judge")
    return judged


def _scale(told: Namespace, path: Path) -> tuple[Scale | None, dict[str, str]]:
    """The scale of a photo as the command gives it; why there is none, where no marker was seen in it."""
    if told.marker is None:
        return (scales.given(told.scale) if told.scale else None), {}
    try:
        return markers.of_photo(path, path.name, told.marker), {}
    except PatinaError as error:
        return None, {"no_marker": str(error)}


def _photos_in(word: str) -> list[Path]:
    """The photo of that name, or all photos of a folder by name, those below it too, without their masks."""
    from core import tables

    folder = Path(word)
    if not folder.is_dir():
        return [folder]
    found = tables.photos_in(folder)
    if not found:
        raise DataError(f"There is no photo in {word}; name photos, or a folder that holds some.")
    return found


def _write_mask(folder: Path, answer: Any, verdict: Verdict, taken: set[Path]) -> Path:
    """The mask at the verdict's threshold as a PNG of the photo's size; photos of one name get a number."""
    from PIL import Image

    from core import sweep

    assert verdict.threshold is not None, "a crack verdict has a threshold"
    folder.mkdir(parents=True, exist_ok=True)
    stem, n = answer.asked.path.stem, 1
    while (path := folder / f"{stem}{f'-{n}' if n > 1 else ''}.png") in taken:
        n += 1
    taken.add(path)
    Image.fromarray(sweep.mask(answer.arrays["p"], verdict.threshold)).save(path)
    return path


def models_list(told: Namespace, settings: Settings) -> None:
    """`models list`: what there is, and which serves."""
    db = _database(settings)
    serving = {}
    for domain in DOMAINS:
        with contextlib.suppress(PatinaError):
            serving[domain] = services.serving(db, settings.models, domain).card.id
    listed = [
        {"model": f"{card.domain}/{card.id}", "network": card.network, "threshold": card.threshold}
        | {"in_service": serving.get(card.domain) == card.id, "made_at": card.made_at}
        | {"figures": card.figures.get("test", {})}
        for card in cards.all(settings.models, told.domain)
    ]
    none = ["There are no models yet; train one."]
    terminal.tell(told.json, listed, lambda: [_model_line(one) for one in listed] or none)


def models_show(told: Namespace, settings: Settings) -> None:
    """`models show`: a card."""
    card = services.find(_database(settings), settings.models, told.model).card
    terminal.tell(told.json, json.loads(card.to_json()), lambda: _card_lines(card))


def models_file(told: Namespace, settings: Settings) -> None:
    """`models file`: a trial of a sweep among the models; it stays where it is as well."""
    if not (told.folder / cards.CARD).is_file():
        raise ConfigError(f"{told.folder} holds no finished training; name a trial's folder.")
    card = cards.of_folder(told.folder)
    cards.weights(told.folder, card)
    filed = cards.file_as(card, told.folder, settings.models, name=told.name, by=_me(), keep=True)
    terminal.tell(
        told.json,
        {"model": f"{filed.domain}/{filed.id}"},
        lambda: [f"filed as {filed.domain}/{filed.id}"],
    )


def models_promote(told: Namespace, settings: Settings) -> None:
    """`models promote`: into service, when its weights are what its card says."""
    from core import accounts, orders

    db = store.connect(settings.database)
    found = services.find(db, settings.models, told.model)
    if found.folder != cards.place(settings.models, found.card.domain, found.card.id):
        raise ConfigError(f"{found.folder} does not lie in {settings.models}; copy it there to serve it.")
    cards.weights(found.folder, found.card)
    by = dataclasses.replace(accounts.PATINA, name=_me())
    service = orders.promote(db, by, found.card, now=time.time(), why=told.why, threshold=told.threshold)
    terminal.tell(
        told.json,
        {"domain": service.domain, "model": service.model, "threshold": service.threshold},
        lambda: [f"{service.model} serves {service.domain} from now on."],
    )


# People, workers, health ------------------------------------------------------------------------------


def user_add(told: Namespace, settings: Settings) -> None:
    """`user add`: a person and the link for their first sign-in."""
    from core import accounts, signin

    db = store.connect(settings.database)
    by = dataclasses.replace(accounts.PATINA, name=_me())
    secret = accounts.make_person(db, by, told.name, told.role, now=time.time())
    link = signin.link_path(secret)
    terminal.tell(
        told.json,
        {"name": told.name, "role": told.role, "link": link},
        lambda: [f"{told.name} is in as {told.role}. First sign-in, good once: http://127.0.0.1:8501{link}"],
    )


def worker(told: Namespace, settings: Settings) -> int:
    """`worker`: work through the queue; ends with its parent, a signal, or when stdin ends."""
    from core.engine import worker as process

    alone = told.alone or sys.stdin is None or sys.stdin.isatty()
    return process.run(told.lane, settings, told.name, alone)


def doctor(told: Namespace, settings: Settings) -> int:
    """`doctor`: look at everything; 1 when something needs a hand."""
    found = [*examine(settings, time.time()), _engine_finding()]
    terminal.tell(
        told.json,
        [dataclasses.asdict(one) for one in found],
        lambda: [_finding_line(one) for one in found],
    )
    return int(not all(one.is_fine for one in found))


def _engine_finding() -> Finding:
    try:
        from core.engine import loop, vision

        loop.use_threads()
        return Finding("engine", f"{loop.Machine.here()}; {len(vision.OPERATORS)} operators known")
    except (ImportError, OSError, RuntimeError) as error:
        told = str(error).strip().splitlines()[0]
        return Finding("engine", told, False, "Install torch and torchvision as requirements.txt pins them.")


COMMANDS: Mapping[str, Callable[[Namespace, Settings], int | None]] = {
    "import": bring,
    "train": train,
    "search": search,
    "evaluate": evaluate,
    "predict": predict,
    "models list": models_list,
    "models show": models_show,
    "models file": models_file,
    "models promote": models_promote,
    "user add": user_add,
    "worker": worker,
    "doctor": doctor,
}


# Words for a person -----------------------------------------------------------------------------------


def _database(settings: Settings) -> Database | None:
    """The database where there is one; a command that can do without makes none."""
    return store.connect(settings.database) if settings.database.exists() else None


def _me() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return "command line"


def _verdict_line(one: Mapping[str, Any]) -> str:
    if "error" in one:
        return f"{one['photo']}: {one['error']}"
    person = f"  → {one['reason']}" if one["needs_person"] else ""
    wide = f", up to {one['max_width_mm']:g} mm wide" if one.get("max_width_mm") else ""
    unseen = f"  {one['no_marker']}" if "no_marker" in one else ""
    return f"{one['photo']}: {one['label']}{wide} ({one['confidence']:.0%} sure){person}{unseen}"


def _finding_line(one: Finding) -> str:
    remedy = f"  → {one.remedy}" if one.remedy else ""
    return f"{'ok' if one.is_fine else '!!'} {one.what}: {one.found}{remedy}"


HEADLINES = ("accuracy", "f1", "mean_f1")


def _model_line(one: Mapping[str, Any]) -> str:
    told = [f"{k} {terminal.figure(v)}" for k, v in one["figures"].items() if k in HEADLINES]
    star = "*" if one["in_service"] else " "
    return f"{star} {one['model']:36} {one['network']:14} {one['made_at'][:10]}  {'  '.join(told)}"


def _card_lines(card: Card) -> list[str]:
    lines = [f"{card.domain}/{card.id}  {card.network}, made {card.made_at} by {card.made_by or 'unknown'}"]
    lines += [f"learned from {', '.join(str(d.get('name')) for d in card.data)}"]
    if card.threshold is not None:
        lines += [f"threshold {card.threshold:g}: {card.threshold_how}"]
    for split, figures in card.figures.items():
        told = [f"{k} {terminal.figure(v)}" for k, v in figures.items() if isinstance(v, int | float)]
        lines += [f"{split}: {'  '.join(told)}"]
    return lines + ([card.notes] if card.notes else [])
