"""A set of small generated photos and the words of a training that takes seconds, exact to the last bit."""

from __future__ import annotations

import csv
import dataclasses
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core import datasets, queue, sets, store
from core.settings import Settings

COLOURS = ((150, 155, 150), (150, 130, 105), (150, 95, 60), (100, 50, 35))
SETTINGS: dict[str, Any] = {"image_size": 64, "batch_size": 8, "folds": 0, "epochs": 6}
# The last state is kept, not the best: what a resumed training learned late must show in its weights.
SETTINGS |= {"optimizer": "sgd", "learning_rate": 0.02, "choose_epoch": False}
PRESET = {"preset": "paper_cnn5", "set": SETTINGS}


def photos(folder: Path, n: int = 10) -> Path:
    """A corrosion set in a folder: n photos a grade, rust drawn by grade, places apart by split."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(7)
    rows = []
    for grade in range(4):
        for i in range(n):
            noise = rng.normal(0, 25, (64, 64, 3))
            picture = (np.array(COLOURS[grade]) + noise).clip(0, 255).astype(np.uint8)
            name = f"g{grade}_{i:02}.png"
            Image.fromarray(picture).save(folder / name)
            split = "test" if i >= n - 2 else "val" if i >= n - 4 else "train"
            rows.append({"file": name, "grade": grade, "group": f"{split}{i}", "split": split})
    with (folder / "labels.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, ["file", "grade", "group", "split"])
        table.writeheader()
        table.writerows(rows)
    return folder


def store_photos(settings: Settings, folder: Path, name: str = "tiny") -> None:
    """The same set in the store of these settings."""
    found = dataclasses.replace(datasets.read(folder, "corrosion"), name=name)
    db = store.connect(settings.database)
    for _ in sets.keep(db, settings.artifacts, found, report={}, who="mina", now=1.0):
        pass


_made: list[Settings] = []


def trained(folder: Path) -> Settings:
    """Settings of a Patina with this set in its store and the model `first`; made once, only to be copied."""
    if not _made:
        from core.engine import lanes  # torch, and only for those who ask
        from core.engine.life import Life

        told = Settings(data=folder / "data", models=folder / "models", weights=None)
        store_photos(told, photos(folder / "photos"))
        db = store.connect(told.database)
        config = {"data": "tiny", **PRESET}
        run_id = queue.submit(db, "train", "corrosion", config, owner="mina", now=1.0, name="First")
        life = Life("train", told)
        assert lanes.Train(life, told).take()
        life.close()
        assert queue.get(db, run_id).state == "done", queue.get(db, run_id).error
        _made.append(told)
    return _made[0]


def copy(told: Settings, folder: Path) -> Settings:
    """The same Patina once more, in a folder of its own."""
    shutil.copytree(told.data, folder / "data")
    shutil.copytree(told.models, folder / "models")
    return Settings(data=folder / "data", models=folder / "models", weights=None)


def words(epochs: int = SETTINGS["epochs"]) -> list[str]:
    """The same training in the words of the command line."""
    told = SETTINGS | {"epochs": epochs}
    pairs = [word for key, value in told.items() for word in ("--set", f"{key}={value}")]
    return ["--preset", PRESET["preset"], *pairs]
