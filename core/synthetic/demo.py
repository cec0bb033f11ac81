"""Synthetic photos of rails, concrete and steel with known truth, for where no real ones are at hand.

    from core.synthetic import demo
    demo.write("rail", Path("made"), 200, seed=0)

Everything is painted (`painted.py`): no photo stands behind it. What a model learns from these shows that the
way works, not what it is worth; sets are marked synthetic.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from core.errors import ConfigError, Conflict
from core.records import DOMAINS, Domain
from core.synthetic.painted import RAIL_KINDS, RAIL_TRAPS, concrete, rail, steel

SYNTHETIC = "SYNTHETIC"
"""The marker file; `datasets.read` knows a set by it."""


def write(domain: Domain, folder: Path, n: int, seed: int = 0) -> Path:
    """A folder with n synthetic photos, `labels.csv` and the marker `SYNTHETIC`; one seed, the same bytes.

    Four photos share a place (`group`), its colours and its light, and stay in one split: rail `pool` and
    `test`, a quarter defects; crack `train`, `val`, `test` with masks, an eighth without a crack; corrosion
    `train` with five folds and `test`, the grades in turn, whole photos with trim boxes. `Conflict` when
    the folder exists already, `ConfigError` for an unknown domain or n below 1.
    """
    if domain not in DOMAINS:
        raise ConfigError(f"There is no domain {domain!r}; choose one of {', '.join(DOMAINS)}.")
    if n < 1:
        raise ConfigError(f"{n} photos cannot be made; ask for at least 1.")
    if folder.exists() and any(folder.iterdir()):
        raise Conflict(f"{folder.name} holds files already; name a new folder.")
    folder.mkdir(parents=True, exist_ok=True)
    rows = {"rail": _write_rail, "crack": _write_crack, "corrosion": _write_corrosion}[domain](
        folder, n, seed
    )
    (folder / SYNTHETIC).write_text(
        "These photos are drawn by core/synthetic/demo.py; none was taken.\n", encoding="utf-8"
    )
    (folder / "LICENSE").write_text("CC0: Public Domain\n", encoding="utf-8")
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    return folder


def _write_rail(folder: Path, n: int, seed: int) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for i, place, rng in _numbered(n, seed):
        is_defect = i % 4 == place % 4
        kind = RAIL_KINDS[rng.integers(5)] if is_defect else rng.choice(RAIL_TRAPS, p=[0.15, 0.05, 0.8])
        name = f"rail_{i:04}.jpg"
        _save(folder / name, rail(rng, str(kind), place=seed * 100_000 + place))
        split = "test" if place % 3 == 2 else "pool"
        label = "defect" if is_defect else "normal"
        rows.append({"file": name, "label": label, "group": f"made{place:03}", "split": split, "kind": kind})
    return rows


def _write_crack(folder: Path, n: int, seed: int) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    (folder / "masks").mkdir()
    for i, place, rng in _numbered(n, seed):
        picture, mask = concrete(rng, cracked=i % 8 != 7, place=seed * 100_000 + place)
        file, mask_file = f"images/wall_{i:04}.jpg", f"masks/wall_{i:04}.png"
        _save(folder / file, picture)
        Image.fromarray(mask).save(folder / mask_file)
        split = ("train", "train", "val", "train", "train", "test", "train")[place % 7]
        rows.append({"file": file, "mask": mask_file, "group": f"made{place:03}", "split": split})
    return rows


def _write_corrosion(folder: Path, n: int, seed: int) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for i, place, rng in _numbered(n, seed):
        picture, trim = steel(rng, i % 4, place=seed * 100_000 + place)
        name = f"part_{i:04}.jpg"
        _save(folder / name, picture)
        is_test = place % 6 == 5
        row: dict[str, object] = {"file": name, "grade": i % 4, "group": f"made{place:03}"}
        row |= {"split": "test" if is_test else "train", "fold": "" if is_test else place % 6}
        rows.append(row | dict(zip(("trim_x0", "trim_y0", "trim_x1", "trim_y1"), trim, strict=True)))
    return rows


def _numbered(n: int, seed: int) -> Sequence[tuple[int, int, np.random.Generator]]:
    """Number, place and chance of each photo; a photo does not depend on how many come after it."""
    return [(i, i // 4, np.random.default_rng([seed, i])) for i in range(n)]


def _save(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(exist_ok=True)
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=86)
    path.write_bytes(out.getvalue())
