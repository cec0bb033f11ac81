"""What a run does, for the worker and the command line alike: photos in, reports out, a card at the end.

    card = yield from work.train("rail", config, photos, folder, settings)
    card = cards.file_as(card, folder, settings.models, name="rail-1")

To cancel, stop listening: what was reported is on disk.

`answers` is the one way in which photos meet a model, whoever asks.
"""

from __future__ import annotations

import dataclasses
import json
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch

from core import cards, disk, in_force, quality, trials
from core import config as settings_of
from core import photos as files
from core.engine import checkpoint, corrosion, crack, int8, loaders, quickest, rail
from core.engine import trials as sweeping
from core.errors import ConfigError, Conflict, DataError, PatinaError
from core.few_labels.cycles import Begin
from core.grading import margins as around
from core.measuring.standards import Standard
from core.orders import rules
from core.quality import Quality
from core.records import Card, Domain, Photo, PhotoSet, Progress, Trim, Verdict
from core.services import Costs
from core.settings import Settings

T = TypeVar("T")

RUN = "run.json"
"""What a run folder was begun with; a checkpoint is taken up with nothing else."""


ENGINES: Mapping[Domain, Any] = {"rail": rail, "crack": crack, "corrosion": corrosion}
"""Who learns: train, load, predict. `core.orders.rules` says who decides."""


def ready(card: Card, folder: Path) -> Any:
    """The model in folder, loaded to judge: a crack model in the quickest arithmetic that it may answer in.

    `evaluate` takes the one that the card's figures were measured in.
    """
    model = ENGINES[card.domain].load(card, folder)
    return quickest.quickest(model) if card.domain == "crack" else model


def train(
    domain: Domain,
    config: Any,
    photos: PhotoSet,
    folder: Path,
    settings: Settings,
    *,
    command: str = "",
    begin: Begin | None = None,
) -> Generator[Progress, None, Card]:
    """Train in folder, or go on where a checkpoint there left off; returns the card of the last report.

    `begin` takes up an earlier rail experiment with people's labels.

    `Conflict` when the folder was begun with other settings or other photos. A run keeps the thread count
    that it began with: sums in another order would not be bit for bit the same.
    """
    pin(folder, begun(domain, config, photos, begin))
    card = None
    more = {} if begin is None else {"begin": begin}
    for progress in ENGINES[domain].train(config, photos, folder, settings, command, **more):
        card = progress.card or card
        yield progress
    assert card is not None, "a training's last report carries its card"
    return card


def search(
    domain: Domain, config: Any, photos: PhotoSet, folder: Path, settings: Settings, trials: int
) -> Generator[Progress, None, dict[str, Any]]:
    """Search for the best settings in folder, or go on with a search there; what was found.

    Keys: trials, best (the searched values of the best trial), f1 (what it reached on validation photos).
    """
    if domain != "corrosion":
        raise ConfigError(f"There is no search for {domain}; corrosion has one (paper 3).")
    if trials < 1:
        raise ConfigError(f"trials is {trials}; it must be at least 1.")
    from core.engine import search as searching  # Optuna takes a second, and only this needs it

    yield from searching.search(config, photos, folder, settings, searching.Plan(trials=trials))
    ended = [row for row in searching.table(folder) if row["state"] == "complete"]
    return {
        "trials": trials,
        "best": searching.best(folder),
        "f1": max(row["value"] for row in ended),
    }


def sweep(
    domain: Domain,
    config: Any,
    axes: trials.Axes,
    photos: PhotoSet,
    folder: Path,
    settings: Settings,
    command: Callable[[Mapping[str, Any]], str] = lambda changed: "",
) -> Generator[Progress, None, tuple[Card, Path]]:
    """Train every combination of the axes in folder, or go on there; the best one's card and folder.

    Best is whichever has the highest F1 on validation photos. `command` gives, from the settings in which a
    trial differs from `config`, the words that train it alone.
    """
    axes = trials.refined(config, axes)
    pin(folder, begun(domain, config, photos, sweep=axes))
    yield from sweeping.train(ENGINES[domain].train, config, axes, photos, folder, settings, command)
    return trials.model(folder, trials.table(folder)["best"])


def begun(
    domain: Domain,
    config: Any,
    photos: PhotoSet,
    begin: Begin | None = None,
    sweep: trials.Axes | None = None,
) -> dict[str, Any]:
    """What a training or a sweep is made of, as `pin` writes it down."""
    taken: dict[str, Any] = {} if sweep is None else {"sweep": sweep}
    if begin is not None:
        taken["begin"] = {**vars(begin), "run_folder": begin.run_folder.name}
    return taken | {
        "domain": domain,
        "config": settings_of.to_dict(config),
        "photos": photos.name,
        "fingerprint": photos.fingerprint,
    }


def pin(folder: Path, told: Mapping[str, Any]) -> None:
    """Write down what a run folder is begun with, or check that it is resumed with exactly that."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / RUN
    if not path.exists():
        begun = {**told, "threads": torch.get_num_threads()}
        checkpoint.put(path, json.dumps(begun, indent=1, ensure_ascii=False).encode())
        return
    begun = json.loads(path.read_text(encoding="utf-8"))
    threads = begun.pop("threads")
    differing = [key for key in {**told, **begun} if told.get(key) != begun.get(key)]
    if differing:
        what = " and ".join({"fingerprint": "photos or labels"}.get(key, key) for key in differing)
        raise Conflict(
            f"{folder.name} was begun with another {what}; go on with the same, or train in another folder."
        )
    torch.set_num_threads(threads)


@dataclass(frozen=True)
class Answer(Generic[T]):
    """What a model said of one photo, or why it could not."""

    asked: T
    arrays: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)
    quality: Quality | None = None
    grey: np.ndarray | None = None
    """(H, W) uint8, the photo's light, which crack widths are read from; of other domains None."""
    arithmetic: str = ""
    """In which a crack model answered: int8, bf16 or fp32."""
    error: PatinaError | None = None


def answers(
    domain: Domain, model: Any, asked: Iterable[T], picture_of: Callable[[T], np.ndarray]
) -> Iterator[Answer[T]]:
    """One answer for each thing asked, in order; photos are opened only as the model comes to them.

    `picture_of` gives the upright, trimmed picture; a `PatinaError` it raises is that one's answer.
    """
    waiting: deque[Answer[T]] = deque()
    arithmetic = model.machine.arithmetic if domain == "crack" else ""

    def pictures() -> Iterator[np.ndarray]:
        for one in asked:
            try:
                picture = picture_of(one)
            except PatinaError as error:
                waiting.append(Answer(one, error=error))
                continue
            grey = files.grey(picture) if domain == "crack" else None
            seen = Answer(one, quality=quality.measured(picture), grey=grey, arithmetic=arithmetic)
            waiting.append(seen)
            yield picture

    for arrays in ENGINES[domain].predict(model, pictures()):
        while waiting[0].error is not None:
            yield waiting.popleft()
        yield dataclasses.replace(waiting.popleft(), arrays=arrays)
    yield from waiting


def verdict(
    answer: Answer[Any],
    card: Card,
    threshold: float | None,
    settings: Settings,
    *,
    trim: Trim | None = None,
    scale_mm_per_px: float | None = None,
    scale_error: float = 0.0,
    is_surface: bool = False,
    focal_px: float | None = None,
    costs: Costs | None = None,
    standard: Standard | None = None,
) -> Verdict:
    """What is to be said of a photo by what a model answered, at this threshold; None: the card's.

    `costs` of mistakes are corrosion's; grey values, the `standard` (None: the one in force), whether a whole
    surface is shown and the lens (`crack.judge`) are crack's.
    """
    told: dict[str, Any] = {"quality": answer.quality, "trim": trim, "scale_mm_per_px": scale_mm_per_px}
    if card.domain == "crack":
        told |= {"grey": answer.grey, "standard": standard or in_force.standard(settings)}
        told |= {"scale_error": scale_error, "is_surface": is_surface, "focal_px": focal_px}
    if card.domain == "corrosion" and costs is not None:
        told["costs"] = np.asarray(costs)
    judged: Verdict = rules(card.domain).judge(answer.arrays, threshold, card, **told)
    if answer.arithmetic:
        judged = dataclasses.replace(judged, figures={**judged.figures, "arithmetic": answer.arithmetic})
    return judged


def picture(photo: Photo, card: Card) -> np.ndarray:
    """The picture of a photo as this model wants it: upright, cut to the metal part when it was taught so."""
    told = card.preprocessing
    return loaders.picture(photo, trimmed=bool(told.get("trimmed")), margin=float(told.get("margin", 1.0)))


def evaluate(
    card: Card, folder: Path, photos: PhotoSet, split: str, enlarge: int = 1
) -> Generator[Progress, None, dict[str, np.ndarray]]:
    """What a model says of one split of a set, stacked by its domain's `evaluation`; a report a photo.

    `enlarge` 2 has a crack model look at photos twice as large (`core.measuring.fine.rescue`).
    A photo that cannot be read is left out and named in its report's note.
    """
    part = photos.part(split)
    if not part:
        there = ", ".join(sorted({p.split for p in photos.photos if p.split})) or "none"
        raise DataError(f"{photos.name} has no photos in the split {split!r}; there is {there}, or all.")
    model = ENGINES[card.domain].load(card, folder)
    if enlarge > 1:
        model = dataclasses.replace(model, enlarge=enlarge)
    found: list[Answer[Photo]] = []
    for n, answer in enumerate(answers(card.domain, model, part, lambda p: picture(p, card)), 1):
        if not answer.error:
            found.append(answer)
        yield Progress(n, len(part), "evaluate", note=str(answer.error or ""))
    if not found:
        raise DataError(f"None of the {len(part)} photos could be read; the last one: {answer.error}")
    own = {"card": card} if card.domain == "crack" else {}  # whose verdicts know a speck from a crack
    stacked: dict[str, np.ndarray] = rules(card.domain).evaluation(
        [a.asked for a in found], [a.arrays for a in found], **own
    )
    return stacked


def margins(
    card: Card, folder: Path, photos: PhotoSet, split: str, steps: Sequence[float] = around.STEPS
) -> Generator[Progress, None, dict[str, np.ndarray]]:
    """What a corrosion model says of one split at each margin around the trim box (`core.grading.margins`).

    A photo without a box, or that cannot be read, is left out and named in its report's note; `DataError`
    where no photo has a box.
    """
    if card.domain != "corrosion":
        raise ConfigError(f"Margins are for corrosion models; {card.id} is a {card.domain} model.")
    steps, part = around.checked(steps), photos.part(split)
    if not any(around.box(p) for p in part):
        raise DataError(
            f"None of the {len(part)} photos in the split {split!r} of {photos.name} has a trim box in its "
            "surroundings; draw boxes on the Data page, or name them in labels.csv (trim_x0 … trim_y1)."
        )
    model = corrosion.load(card, folder)
    kept: list[Photo] = []
    wholes: list[str] = []
    p: list[np.ndarray] = []
    for n, photo in enumerate(part, 1):
        path, box, note = photo.whole or photo.path, around.box(photo), ""
        try:
            if box is None:
                raise DataError(f"{photo.title} has no trim box and is left out.")
            whole, _ = files.open(path, photo.title)
            views = (whole if m == around.WHOLE else files.trim(whole, box, m) for m in steps)
            p.append(np.stack([answer["p"] for answer in corrosion.predict(model, views)]))
            kept.append(photo)
            wholes.append(disk.sha256(path))
        except PatinaError as error:
            note = str(error)
        yield Progress(n, len(part), "evaluate", note=note)
    if not kept:
        raise DataError(f"None of the {len(part)} photos could be read; the last one: {note}")
    return around.stacked(kept, wholes, steps, np.stack(p, 1))


def keep_evaluation(
    card: Card,
    folder: Path,
    photos: PhotoSet,
    split: str,
    evaluation: Mapping[str, np.ndarray],
    enlarge: int = 1,
) -> Path:
    """Keep what a model said of a split beside it, for the pages' curves and live thresholds.

    For photos it was trained with it is `evaluation-test.npz` (or val …), as training leaves it; for another
    set the set's name stands before the split, and `-x2` after it where photos were looked at enlarged.
    """
    own = any(data.get("fingerprint") == photos.fingerprint for data in card.data)
    split = f"{split}-x{enlarge}" if enlarge > 1 else split
    path = folder / f"evaluation-{split if own else f'{cards.slug(photos.name)}-{split}'}.npz"
    checkpoint.put_arrays(path, evaluation)
    return path


def keep_int8(card: Card, folder: Path, photos: PhotoSet) -> Card:
    """Measure whether a crack model may answer in 8 bits, and write it into its card; the card.

    `ConfigError` for photos that it was not trained with, or on a machine that judges otherwise anyhow.
    """
    if all(data.get("fingerprint") != photos.fingerprint for data in card.data):
        names = ", ".join(str(data.get("name")) for data in card.data)
        raise ConfigError(
            f"crack/{card.id} learned from {names} and its threshold is of validation photos there; name "
            f"that set, {photos.name} holds other photos or labels."
        )
    model, parts = crack.load(card, folder), crack.split(photos, card.seed)
    if model.machine.device.type != "cpu" or not int8.runs_here():
        raise ConfigError(
            f"8 bits are for machines without a GPU whose CPU has AVX512-VNNI, and this is {model.machine}; "
            "measure on one of those."
        )
    known = crack.in_int8(model, card.weights_sha256, parts["train"], parts["val"])
    return cards.knows(card, folder, int8=known)


def changed(asked: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked for, with these settings, as a training by itself."""
    return {**asked, "set": {**asked.get("set", {}), **values}, "sweep": {}}


def command(domain: Domain, asked: Mapping[str, Any]) -> str:
    """The command that makes this training again."""
    pairs = [f"--set {key}={_word(value)}" for key, value in asked.get("set", {}).items()]
    words = [f"train {domain} --data {asked['data']}", f"--preset {asked.get('preset', 'quick')}", *pairs]
    axes = [f"{key}={_word(values)}" for key, values in (asked.get("sweep") or {}).items()]
    return " ".join(["python -m core", *words, *(["--sweep", *axes] if axes else [])])


def _word(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
