"""Models of all three domains with answers worked out by chance, and a store that holds some of their photos.

The photos, masks, maps, cards, evaluations and runs are real files and rows; only what a network would have
said is drawn from a generator.
"""

from __future__ import annotations

import dataclasses
import io
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors.numpy import save_file

from core import cards, corrosion, crack, disk, queue, rail, sets, store, sweep, trials
from core.grading import decisions
from core.records import Card, Photo, PhotoSet, Progress
from core.settings import Settings
from tests import stock
from tests.serving import World

NOW = stock.NOW
N_RAIL, N_RAIL_HERE = 60, 16
SIDE = (96, 128)
"""Height and width of the crack photos."""


def fill(settings: Settings, scratch: Path) -> dict[str, Card]:
    """A model a domain, filed and evaluated; the cards by domain. `scratch` is for files on their way."""
    return {
        "rail": rail_model(settings, scratch / "rail", "starter-test"),
        "crack": crack_model(settings, scratch / "crack"),
        "corrosion": corrosion_model(settings, scratch / "corrosion"),
    }


def rail_model(settings: Settings, scratch: Path, id: str, seed: int = 1, gap: float = 1.6) -> Card:
    """A rail model with 60 test photos, 16 of which are in the store."""
    rng = np.random.default_rng(seed)
    drawn = [_photo(scratch, f"rail-{i:03d}.jpg", i, "rail") for i in range(N_RAIL)]
    truth = np.arange(N_RAIL) % 3 == 0
    photos = [
        dataclasses.replace(p, label=rail.CLASSES[int(t)], group=f"place {i // 3}", split="test")
        for i, (p, t) in enumerate(zip(drawn, truth, strict=True))
    ]
    z = rng.normal(0, 1.2, N_RAIL) + np.where(truth, gap, -gap)
    p = 1 / (1 + np.exp(-z))
    answers = [{"p": np.array([1 - v, v], np.float32), "unlike": np.float32(0.5)} for v in p]
    evaluation = rail.evaluation(photos, answers)
    if id == "starter-test":
        keep(settings, "rail-test", "rail", photos[:N_RAIL_HERE])
    figures = {"test": rail.score(evaluation, 0.5, draws=200)}
    return _file(settings, scratch / id, evaluation, _card("rail", id, rail.CLASSES, 0.5, figures))


def crack_model(
    settings: Settings, scratch: Path, id: str = "starter-test", seed: int = 2, loss: str = "relu"
) -> Card:
    """A crack model with six test photos, masks and maps, all in the store; one photo is clean."""
    rng = np.random.default_rng(seed)
    photos, answers = [], []
    for i in range(6):
        photo = _photo(scratch, f"wall-{i}.jpg", 200 + i, "crack", SIDE)
        mask = np.zeros(SIDE, bool)
        if i < 5:
            mask[20 + 8 * i : 24 + 8 * i, 10:110] = True
        path = scratch / f"wall-{i}-mask.png"
        Image.fromarray(mask.astype(np.uint8) * 255).save(path)
        photos.append(dataclasses.replace(photo, mask=path, group=f"wall {i}", split="test"))
        sure = 0.75 - 0.1 * i
        p = np.where(mask, sure, 0.1) + rng.normal(0, 0.12, SIDE)
        answers.append({"p": sweep.store(p), "unlike": np.float32(0.3)})
    if id == "starter-test":
        keep(settings, "crack-test", "crack", photos)
    folder = scratch / id
    (folder / cards.MAPS).mkdir(parents=True)
    for photo, answer in zip(photos, answers, strict=True):
        Image.fromarray(answer["p"]).save(folder / cards.MAPS / f"{photo.sha256}.png")
    evaluation = crack.evaluation(photos, answers)
    score = crack.score(evaluation, 0.45, draws=50)
    card = _card("crack", id, ("no crack", "crack"), 0.45, {"test": score}, network="unet")
    card = dataclasses.replace(card, config=dict(card.config) | {"loss": loss, "weight": 0.97})
    return _file(settings, folder, evaluation, card)


def loss_sweep(settings: Settings, run: str) -> Path:
    """A finished sweep of three trainings that answered a little worse than the model they are made of."""
    filed = cards.read(settings.models, "crack", "starter-test")
    home = cards.place(settings.models, "crack", "starter-test")
    folder = settings.runs / run
    folder.mkdir(parents=True)
    planned = trials.plan(crack.Config(steps=4), {"loss": ["mse", "relu"], "weight": [0.5, 0.97]})
    (folder / trials.PLAN).write_bytes(trials.to_json(planned))
    for trial in planned:
        place = folder / trial.folder
        place.mkdir()
        told = dict(cards.evaluation(home, "test") or {})
        told["histogram"] = np.roll(told["histogram"], -10 * (3 - trial.number), axis=1)
        np.savez(place / "evaluation-test.npz", **told)
        shutil.copytree(home / cards.MAPS, place / cards.MAPS)
        save_file({"w": np.full(4, trial.number, np.float32)}, str(place / cards.WEIGHTS))
        score = crack.score(told, 0.45, draws=0)
        known = {"curves": {"step": [2, 4], "loss": [0.2, 0.1], "val_f1": [0.4, 0.1 * trial.number]}}
        figures = {"test": score, "val": {"f1": 0.1 * trial.number, "n": 6}}
        card = _card(
            "crack", f"unet-{trial.number}", filed.classes, 0.45, figures, network="unet", known=known
        )
        cards.seal(card, place)
    return folder


def corrosion_model(settings: Settings, scratch: Path) -> Card:
    """A corrosion model with 24 test photos, all in the store."""
    rng = np.random.default_rng(3)
    photos = []
    for i in range(24):
        photo = _photo(scratch, f"part-{i:02d}.jpg", 300 + i, "corrosion")
        photos.append(dataclasses.replace(photo, grade=i % 4, group=f"visit {i // 4}", split="test"))
    far = np.abs(corrosion.truths(photos)[:, None] - np.arange(4))
    p = decisions.probabilities(1.5 * (rng.normal(0, 1, (24, 4)) - far))
    keep(settings, "corrosion-test", "corrosion", photos)
    evaluation = corrosion.evaluation(photos, [{"p": row, "unlike": np.float32(0.4)} for row in p])
    figures = {"test": corrosion.score(evaluation, draws=50)}
    card = _card("corrosion", "starter-test", corrosion.CLASSES, 0.6, figures)
    card = dataclasses.replace(card, preprocessing={"trimmed": True})
    return _file(settings, scratch / "starter-test", evaluation, card)


def corrosion_validation(settings: Settings, scratch: Path, n: int = 32) -> dict[str, np.ndarray]:
    """What the corrosion model said of the photos it learns from, in two folds, and where it looked.

    Each grade is said twice for each other; all photos are in the store, as the set `corrosion-train`.
    """
    photos = []
    for i in range(n):
        photo = _photo(scratch, f"beam-{i:02d}.jpg", 600 + i, "corrosion")
        grade = i % 4
        photos.append(
            dataclasses.replace(photo, grade=grade, group=f"year {i // 4}", split="train", fold=i // 4 % 2)
        )
    keep(settings, "corrosion-train", "corrosion", photos)
    said = [(i // 4) % 4 for i in range(n)]
    rng = np.random.default_rng(9)
    answers = []
    for i, g in enumerate(said):
        p = 0.05 + rng.random(4) * 0.05
        p[g] += 0.5 + 0.3 * i / n
        looked = np.zeros((7, 7), np.uint8)
        looked[2:5, 1 + g : 3 + g] = 255
        answers.append({"p": (p / p.sum()).astype(np.float32), "unlike": np.float32(0.4), "looked": looked})
    evaluation = corrosion.evaluation(photos, answers)
    evaluation["fold"] = np.asarray([p.fold for p in photos], np.int8)
    np.savez(cards.place(settings.models, "corrosion", "starter-test") / "evaluation-val.npz", **evaluation)
    return evaluation


@dataclass
class Validated(World):
    """People, and a corrosion model in service that has answered 24 test photos and `evaluation`."""

    evaluation: dict[str, np.ndarray] = field(default_factory=dict)
    """What `corrosion_validation` gives: 32 validation photos, eight a grade."""

    @classmethod
    def at(cls, folder: Path) -> Validated:
        made = cls(**vars(World.at(folder)))
        corrosion_model(made.settings, folder / "scratch")
        made.evaluation = corrosion_validation(made.settings, folder / "scratch")
        return made


def run(
    settings: Settings, state: str, *, name: str = "", n: int = 12, preset: str = "quick", **given
) -> int:
    """A rail training that has reported `n` times and is in this state."""
    db = store.connect(settings.database)
    told = {"data": "rail-test", "preset": preset, "set": given}
    run_id = queue.submit(db, "train", "rail", told, owner="engineer", now=NOW, name=name)
    if state == "waiting":
        return run_id
    [claimed] = queue.claim(db, "train", "worker", NOW + 1)
    folder = settings.runs / str(run_id)
    folder.mkdir(parents=True)
    for i in range(n):
        figures = {"loss": 1 / (i + 1), "val_f1": i / n}
        note = "the curve is half way" if i == n // 2 else ""
        queue.report(db, claimed, Progress(i + 1, 20, "train", figures, note), NOW + 2 + i)
    lines = [f"2026-09-21 10:00:{i:02d}  train {i + 1}/20  loss {1 / (i + 1):.6g}" for i in range(n)]
    (folder / "log.txt").write_text("\n".join(lines), encoding="utf-8")
    match state:
        case "done":
            queue.finish(db, claimed, {"model": "rail/starter-test"}, NOW + 60)
        case "failed":
            queue.fail(db, claimed, "The pool has labels of one class only.", NOW + 60)
        case "cancelled":
            queue.cancel(db, run_id, NOW + 60)
            queue.stop(db, claimed, NOW + 61)
    return run_id


def _photo(scratch: Path, name: str, seed: int, domain: str, size: tuple[int, int] | None = None) -> Photo:
    scratch.mkdir(parents=True, exist_ok=True)
    content = stock.picture(seed, domain, 128)  # type: ignore[arg-type]
    if size is not None:
        out = io.BytesIO()
        Image.open(io.BytesIO(content)).resize(size[::-1]).save(out, "JPEG", quality=90)
        content = out.getvalue()
    path = scratch / name
    path.write_bytes(content)
    return Photo(path=path, name=name, sha256=disk.sha256(path))


def keep(settings: Settings, name: str, domain: str, photos: list[Photo]) -> None:
    """Import photos into the store as a set of this name."""
    told = PhotoSet(name, domain, tuple(photos), licence="CC0", fingerprint=name)  # type: ignore[arg-type]
    db = store.connect(settings.database)
    for _ in sets.keep(db, settings.artifacts, told, report={"problems": []}, who="engineer", now=NOW):
        pass


def _card(domain: str, id: str, classes: tuple[str, ...], threshold: float, figures: dict, **other) -> Card:
    told = {
        "id": id,
        "domain": domain,
        "network": "mobilenet_v2",
        "classes": classes,
        "config": {"epochs": 3, "seed": 7},
        "preprocessing": {"size": 224},
        "data": ({"name": f"{domain}-test", "licence": "CC0", "n": {"test": 6}, "is_synthetic": False},),
        "threshold": threshold,
        "threshold_how": "best F1 on 20 validation photos",
        "figures": figures,
        "versions": {"patina": "0.1.0"},
        "command": f"python -m core train {domain} --data {domain}-test --preset quick",
        "made_at": "2026-09-21T10:00:00",
        "made_by": "engineer",
        "licence": "CC0",
        "notes": "Has seen one camera only.",
    }
    return Card(**(told | other))  # type: ignore[arg-type]


def _file(settings: Settings, folder: Path, evaluation: dict[str, np.ndarray], card: Card) -> Card:
    folder.mkdir(parents=True, exist_ok=True)
    save_file({"w": np.arange(4, dtype=np.float32)}, str(folder / cards.WEIGHTS))
    np.savez(folder / "evaluation-test.npz", **evaluation)
    return cards.file(card, folder, settings.models)
