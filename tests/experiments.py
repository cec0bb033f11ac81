"""A few-label experiment as a training leaves it, with probabilities drawn by chance in place of a network's.

Division, draw, selection, ledger, scores and files are made by the same functions as in a real run.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core import config as settings_of
from core import disk, queue, rail, store
from core.few_labels import cycles, divisions, selection
from core.metrics import plain
from core.records import Photo
from core.settings import Settings
from tests import laboratory

NOW = laboratory.NOW


def photos(
    settings: Settings, scratch: Path, n_pool: int, n_test: int, *, name: str
) -> tuple[list[Photo], list[Photo]]:
    """Small photos of a pool and a test set, imported under this name; every fourth is a defect."""
    scratch.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(5)
    made = []
    for i in range(n_pool + n_test):
        path = scratch / f"tile-{i:04d}.jpg"
        Image.fromarray(rng.integers(0, 255, (48, 48), np.uint8)).save(path, quality=80)
        split = "pool" if i < n_pool else "test"
        told = {"label": rail.CLASSES[int(i % 4 == 0)], "group": f"place {i // 3}", "split": split}
        made.append(Photo(path=path, name=path.name, sha256=disk.sha256(path), **told))
    laboratory.keep(settings, name, "rail", made)
    return made[:n_pool], made[n_pool:]


def run(
    settings: Settings,
    pool: list[Photo],
    tested: list[Photo],
    *,
    data: str,
    preset: str = "text",
    repeats: int = 2,
    seed: int = 0,
    gain: float = 0.3,
    name: str = "",
    **changed: Any,
) -> int:
    """A finished run of these photos; its answers get better by `gain` with each cycle. The run's id."""
    config = settings_of.preset(
        rail.Config, rail.PRESETS, preset, {"repeats": repeats, "seed": seed, **changed}
    )
    db = store.connect(settings.database)
    told = {"data": data, "preset": preset, "set": {"repeats": repeats, "seed": seed, **changed}}
    run_id = queue.submit(db, "train", "rail", told, owner="engineer", now=NOW, name=name)
    [claimed] = queue.claim(db, "train", "worker", NOW + 1)
    folder = settings.runs / str(run_id)
    truth, test_truth = rail.truths(pool), rail.truths(tested)
    first, groups = divisions.sizes(config.division, config.n0, len(pool), int((truth >= 0).sum()))
    sizes = divisions.columns(first, groups)
    folder.mkdir(parents=True)
    sides = {"pool": (pool, truth), "test": (tested, test_truth)}
    np.savez(
        folder / cycles.PHOTOS,
        **{f"{k}_sha256": np.array([p.sha256 for p in own]) for k, (own, _) in sides.items()},
        **{f"{k}_group": np.array([p.group for p in own]) for k, (own, _) in sides.items()},
        **{f"{k}_truth": truths for k, (_, truths) in sides.items()},
    )
    rows = []
    for repeat in range(1, repeats + 1):
        rng = np.random.default_rng([seed, repeat])
        drawn = divisions.draw(truth, first, groups, config.start, rng)
        entries = cycles.first_entries(pool, drawn.start, config.start, NOW)
        learned, labels, counts = drawn.start, truth[drawn.start] == 1, []
        for number, group in enumerate([*drawn.groups, np.zeros(0, np.int64)], 1):
            p, test_p = (_answers(t, number, gain, rng) for t in (truth[group], test_truth))
            chosen = selection.select(p, config.threshold, config.share, config.rule)
            stored = {"learned": learned, "labels": labels, "group": group, "group_p": p, "selected": chosen}
            stored |= {"test_p": test_p, "left": np.zeros(len(group), bool)}
            stored |= {"pool_p": _answers(truth, number, gain, rng), "share_used": np.asarray(config.share)}
            stored["pool_p"][group] = p
            stored["share"] = np.full(3, np.nan)
            path = cycles.cycle_file(folder, repeat, number)
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savez(path, **stored)
            if len(group):
                entries += cycles.cycle_entries(pool, group, p, chosen, config.rule, number, NOW + number)
                counts.append(selection.mistakes(chosen, truth[group]))
            test = {"truth": test_truth, "p": np.stack([1 - test_p, test_p], 1)}
            test["group"] = np.asarray([photo.group for photo in tested])
            row = {"repeat": repeat, "training": number, "labels": len(learned)}
            row |= {"learned_defects": int(labels.sum())}
            row |= {"learned_wrong": selection.mistakes(labels, truth[learned])["wrong"]}
            rows.append(row | rail.score(test, 0.5, draws=0))
            learned, labels = np.concatenate([learned, group]), np.concatenate([labels, chosen])
        head = {"repeat": repeat, "seed": seed, "division": config.division, "rule": config.rule}
        head |= {"threshold": config.threshold, "share": config.share, "note": drawn.note, "cycles": counts}
        (folder / f"repeat-{repeat}" / "ledger.json").write_text(cycles.ledger_json(entries, **head))
    found = {
        "config": settings_of.to_dict(config),
        "set": data,
        "columns": list(sizes),
        "n_table_columns": divisions.DIVISIONS[config.division].n_columns,
        "table": cycles.table(rows),
        "rows": rows,
        "notes": [],
        "pool": [photo.title for photo in pool],
        "test": [photo.title for photo in tested],
    }
    (folder / cycles.EXPERIMENT).write_text(json.dumps(plain(found), allow_nan=False))
    queue.finish(db, claimed, {"model": ""}, NOW + 60)
    return run_id


def _answers(truth: np.ndarray, number: int, gain: float, rng: np.random.Generator) -> np.ndarray:
    z = rng.normal(0, 1.2, len(truth)) + np.where(truth == 1, 1, -1) * (0.5 + gain * number)
    return (1 / (1 + np.exp(-z))).astype(np.float32)
