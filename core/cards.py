"""models_store/: one folder a model, `<domain>/<id>/`, with card.json, weights and evaluations.

A folder appears whole or not at all, and what is in it is what the card's sha256 says. Weights are
safetensors only and checked before anybody loads them; nothing is ever unpickled.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import itertools
import os
import platform
import re
import shutil
import zipfile
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from core import disk
from core.errors import Conflict, ModelError, NotFound
from core.records import DOMAINS, Card

WEIGHTS = "weights.safetensors"
CARD = "card.json"
MAPS = "maps"
MAPS_AT_MOST = 256 * 2**20
"""Bytes of probability maps that are kept with a model; of a larger test set only the figures stay."""

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def place(models: Path, domain: str, id: str) -> Path:
    """The folder of one model, which need not exist; `NotFound` for what cannot be a model's name."""
    if domain not in DOMAINS or not _ID.fullmatch(id):
        raise NotFound(f"There is no {domain} model {id!r}; `models list` names those there are.")
    return models / domain / id


def seal(card: Card, folder: Path) -> Card:
    """Write the card beside a finished training's weights, their sha256 in it: the folder is a model's now.

    Such a folder can be evaluated and filed, and does not serve.
    """
    weights = folder / WEIGHTS
    _check_header(weights)
    card = dataclasses.replace(card, weights_sha256=disk.sha256(weights))
    disk.put(folder / CARD, card.to_json().encode())
    return card


def knows(card: Card, folder: Path, **more: object) -> Card:
    """Add to what a card knows, on disk; the card with `known` so extended.

    `ModelError` when its weights are not those that the card names.
    """
    weights(folder, card)
    card = dataclasses.replace(card, known={**card.known, **more})
    disk.put(folder / CARD, card.to_json().encode())
    return card


def file(card: Card, folder: Path, models: Path, *, keep: bool = False) -> Card:
    """Move a finished run's weights, evaluations and maps into models/<domain>/<id>/; the filed card.

    The card comes back with the sha256 of the weights in it. Everything is gathered aside, flushed to disk
    and renamed, so a killed worker leaves no half model; filing the same weights again changes nothing.
    With `keep` the run's files stay where they are as well.
    `Conflict` when another model has this id, `ModelError` when the weights are missing or damaged.
    """
    home, weights = place(models, card.domain, card.id), folder / WEIGHTS
    _check_header(weights)
    card = dataclasses.replace(card, weights_sha256=disk.sha256(weights))
    if (home / CARD).exists():
        filed = read(models, card.domain, card.id)
        if filed.weights_sha256 != card.weights_sha256:
            raise Conflict(f"There is a {card.domain} model {card.id} already, with other weights.")
        return filed
    aside = home.with_name(f".{card.id}.{os.getpid()}")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    moved = [weights, *sorted(folder.glob("evaluation-*.npz"))]
    maps = sorted(p for p in (folder / MAPS).glob("*") if p.is_file())
    if sum(p.stat().st_size for p in maps) <= MAPS_AT_MOST:
        moved += maps
    for path in moved:
        _copy(path, aside / path.relative_to(folder))
    disk.put(aside / CARD, card.to_json().encode())
    try:
        os.replace(aside, home)
    except OSError:
        shutil.rmtree(aside)
        if (home / CARD).exists():  # another process was quicker by this moment
            return file(card, folder, models, keep=keep)
        raise
    disk.flush_folder(home.parent)
    for path in () if keep else moved:
        path.unlink()
    return card


def file_as(
    card: Card, folder: Path, models: Path, *, name: str = "", by: str = "", keep: bool = False
) -> Card:
    """`file` a finished training under `name`, else the id it gave itself; the filed card.

    Where another model has that id already, the next free one is taken: name-2, name-3 …
    The same weights filed again (a worker died in between) change nothing.
    """
    first = slug(name or card.id)
    for n in itertools.count(1):
        card = dataclasses.replace(card, id=first if n == 1 else f"{first}-{n}", made_by=by or card.made_by)
        try:
            return file(card, folder, models, keep=keep)
        except Conflict:
            continue
    raise AssertionError("count() does not end")


def slug(name: str) -> str:
    """A name as a model's id may be: small letters, digits, `-._`, at most 56 signs."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._")
    return plain[:56] or "model"


def read(models: Path, domain: str, id: str) -> Card:
    """The card of one model; `NotFound` when there is none, `ModelError` when it cannot be read."""
    folder = place(models, domain, id)
    if not (folder / CARD).is_file():
        raise NotFound(f"There is no {domain} model {id!r}; `models list` names those there are.")
    card = of_folder(folder)
    if (card.domain, card.id) != (domain, id):
        raise ModelError(f"The card in {domain}/{id} is that of {card.domain}/{card.id}; put it back there.")
    return card


def of_folder(folder: Path) -> Card:
    """The card in a model's folder, wherever that lies; `ModelError` when it cannot be read."""
    try:
        return Card.from_json((folder / CARD).read_text(encoding="utf-8"))
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise ModelError(
            f"The card of {folder.parent.name}/{folder.name} cannot be read ({error}); "
            "train or copy it again."
        ) from error


def all(models: Path, domain: str | None = None) -> list[Card]:
    """Every card that can be read, newest first; of one domain or of all. `damaged` names the others."""
    cards = []
    for found, id in _folders(models, domain):
        try:
            cards.append(read(models, found, id))
        except ModelError:
            continue  # one bad card must not hide the good ones; `damaged` tells of it
    return sorted(cards, key=lambda card: (card.made_at, card.id), reverse=True)


def damaged(models: Path, domain: str | None = None) -> list[str]:
    """One sentence for each model whose card or weights are not what they should be; reads all weights."""
    told = []
    for found, id in _folders(models, domain):
        try:
            weights(place(models, found, id), read(models, found, id))
        except ModelError as error:
            told.append(str(error))
    return told


def weights(folder: Path, card: Card) -> Path:
    """The weights file in this folder, checked: it is safetensors and its sha256 is the card's.

    Raises `ModelError` for a missing, damaged or foreign file. A card without a sha256 has not been filed
    and vouches for nothing, so it is refused as well.
    """
    path = folder / WEIGHTS
    _check_header(path)
    if not card.weights_sha256 or disk.sha256(path) != card.weights_sha256:
        raise ModelError(
            f"The weights of {card.domain}/{card.id} are not the ones its card names "
            "(sha256 differs); copy the model again or train it anew."
        )
    return path


def versions(*packages: str) -> dict[str, str]:
    """For a card, what was at work: Python and the packages that shape a result."""
    return {"python": platform.python_version()} | {one: importlib.metadata.version(one) for one in packages}


def evaluation(folder: Path, split: str) -> dict[str, np.ndarray] | None:
    """What a model said on a split, as its domain's `evaluation` stacked it; None when it was not kept."""
    path = folder / f"evaluation-{split}.npz"
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {key: stored[key] for key in stored.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path.name} of {folder.name} cannot be read ({error}); evaluate again.") from error


def _folders(models: Path, domain: str | None) -> list[tuple[str, str]]:
    wanted = DOMAINS if domain is None else (domain,)
    return [
        (name, path.parent.name)
        for name in wanted
        for path in sorted((models / name).glob(f"*/{CARD}"))
        if _ID.fullmatch(path.parent.name)
    ]


def _check_header(path: Path) -> None:
    """Refuse what is not a safetensors file; its reader checks the header and every tensor's place."""
    if not path.is_file():
        raise ModelError(
            f"{path.name} is missing in {path.parent.name}; copy the model again or train it anew."
        )
    try:
        with safe_open(str(path), "numpy"):
            pass
    except (SafetensorError, OSError) as error:
        raise ModelError(
            f"{path.parent.name}/{path.name} is no safetensors file ({error}); "
            "only those are loaded, copy the model again or train it anew."
        ) from error


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    with target.open("rb+") as content:
        os.fsync(content.fileno())
