"""A store with inspections in every state they can be in, made of real rows and real small photos."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from sqlite_utils import Database

from core import artifacts, asking, batches, opinions, photos, queue, store, stored_photos
from core.records import Domain, Trim, Verdict
from core.settings import Settings

NOW = 1_790_000_000.0


def settings(folder: Path) -> Settings:
    """Settings of a Patina that lives in this folder alone."""
    return Settings(data=folder / "data", models=folder / "models", weights=None)


def picture(seed: int, domain: Domain = "rail", side: int = 480) -> bytes:
    """A small JPEG, another one for each seed: a grey plane with something drawn on it."""
    rng = np.random.default_rng(seed)
    base = rng.normal(128, 18, (side * 3 // 4, side, 3)).clip(0, 255).astype(np.uint8)
    drawn = Image.fromarray(base)
    pen = ImageDraw.Draw(drawn)
    if domain == "crack":
        points = [(x, int(side * 0.35 + rng.normal(0, 9) + x * 0.2)) for x in range(0, side, 12)]
        pen.line(points, fill=(40, 38, 36), width=4)
    elif domain == "corrosion":
        for _ in range(25):
            x, y, r = rng.integers(0, side), rng.integers(0, side * 3 // 4), rng.integers(4, 40)
            pen.ellipse((x - r, y - r, x + r, y + r), fill=(150, 84, 40))
    else:
        pen.rectangle((side * 0.3, 0, side * 0.7, side), fill=(150, 152, 156))
        pen.ellipse((side * 0.45, side * 0.3, side * 0.55, side * 0.42), fill=(70, 60, 55))
    out = io.BytesIO()
    drawn.save(out, "JPEG", quality=88)
    return out.getvalue()


def verdict(domain: Domain, label: str, confidence: float = 0.9, **other: object) -> Verdict:
    """A verdict as a domain's `judge` makes it."""
    figures: dict[str, float | int | str | None]
    if domain == "rail":
        p = confidence if label == "defect" else 1 - confidence
        figures = {"p_defect": p}
    elif domain == "crack":
        figures = (
            {"crack_fraction": 0.01, "max_width_px": 7.0} if label == "crack" else {"crack_fraction": 0.0}
        )
    else:
        rest = (1 - confidence) / 3
        figures = {f"p_{g}": confidence if str(g) == label else rest for g in range(4)}
    told = Verdict(
        domain=domain,
        label=label,
        confidence=confidence,
        threshold=0.5,
        needs_person=False,
        reason="Clear of the limit, and like the photos it has learned from.",
        next_step="Nothing to do until the next round.",
        model="starter-test",
        figures=figures,
    )
    return dataclasses.replace(told, **other)  # type: ignore[arg-type]


def keep(
    db: Database, told: Settings, content: bytes, name: str, *, who: str = "mina", now: float = NOW
) -> str:
    """Store a photo as an upload does; returns its sha256."""
    facts = photos.probe(content, name)
    artifacts.keep(db, told.artifacts, content, "image/jpeg", now)
    stored_photos.keep(db, facts, name, who=who, now=now)
    return facts.sha256


def ask(
    db: Database,
    told: Settings,
    domain: Domain,
    seed: int,
    *,
    answer: Verdict | None = None,
    batch: str = "b1",
    who: str = "mina",
    place: str = "",
    at: float = NOW,
    name: str = "",
    trim: Trim | None = None,
) -> int:
    """An inspection of a new photo, judged when an answer is given; returns its id."""
    name = name or f"{domain}-{seed:03d}.jpg"
    sha = keep(db, told, picture(seed, domain), name, who=who, now=at)
    asked = asking.ask(db, sha, domain, owner=who, now=at, batch=batch, place=place, trim=trim)
    if answer is not None:
        run = queue.claim(db, "judge", "w", at)[0]
        asking.answer(db, asked, answer, who="Patina", now=at + 1, run_id=run.id)
        queue.finish(db, run, {}, at + 1)
    return asked


def fill(told: Settings, now: float = NOW) -> dict[str, int]:
    """The seven states, one inspection each, by name; and some ordinary ones around them."""
    db = store.connect(told.database)
    day = 86_400.0
    made = {}
    for i in range(6):
        ask(
            db,
            told,
            "rail",
            100 + i,
            answer=verdict("rail", "normal", 0.97),
            batch="b0",
            at=now - 3 * day + i,
        )
    for i in range(4):
        ask(
            db, told, "corrosion", 120 + i, answer=verdict("corrosion", str(i), 0.86),
            batch="b0", at=now - 2 * day + i, place="Pier 4",
        )  # fmt: skip
    made["judged"] = ask(db, told, "crack", 1, answer=verdict("crack", "crack", 0.93), at=now - 600)
    made["person"] = ask(
        db, told, "corrosion", 2, at=now - 590, place="Pier 4",
        answer=verdict(
            "corrosion", "3", 0.62, needs_person=True,
            reason="A person should look: it may be grade 2 or 3.",
            next_step="Have a second person grade it.",
            figures={"p_0": 0.01, "p_1": 0.03, "p_2": 0.34, "p_3": 0.62},
        ),
    )  # fmt: skip
    made["corrected"] = ask(db, told, "rail", 3, answer=verdict("rail", "defect", 0.71), at=now - 580)
    opinions.say(db, made["corrected"], "normal", who="mina", now=now - 100, note="Grease, not a defect.")
    made["confirmed"] = ask(db, told, "rail", 4, answer=verdict("rail", "defect", 0.97), at=now - 570)
    opinions.say(db, made["confirmed"], "defect", who="mina", now=now - 90)
    made["failed"] = ask(db, told, "crack", 5, at=now - 560)
    run = queue.claim(db, "judge", "w", now - 550)[0]
    queue.fail(db, run, "There is no crack model in service; train one, or promote one on Models.", now - 540)
    made["running"] = ask(db, told, "rail", 6, at=now - 5)
    queue.claim(db, "judge", "w", now - 4)
    made["waiting"] = ask(
        db, told, "corrosion", 7, at=now - 3, name="IMG_20240517_093101_burst_overview_north_face_0043.jpg"
    )
    batches.refuse(db, "b1", "notes.pdf", "notes.pdf: this is a PDF; hand in the photos themselves.",
                       who="mina", now=now)  # fmt: skip
    return made
