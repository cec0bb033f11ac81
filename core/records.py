"""The nouns: Photo, PhotoSet, Facts, Verdict, Run, Progress, Card, Person. Plain, frozen, JSON in and out."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from core.errors import Forbidden

Domain = Literal["rail", "crack", "corrosion"]
DOMAINS: tuple[Domain, ...] = ("rail", "crack", "corrosion")

Role = Literal["inspector", "manager", "engineer", "admin"]
ROLES: tuple[Role, ...] = ("inspector", "manager", "engineer", "admin")
"""In rising order: each may do what those before it may."""

Trim = tuple[float, float, float, float]
"""The cut to the metal part: x0, y0, x1, y1 as fractions of the upright photo, 0 to 1."""


@dataclass(frozen=True)
class Facts:
    """What a photo file says of itself. Everything may be missing; nothing is guessed."""

    width_px: int
    height_px: int
    format: str
    bytes: int
    sha256: str
    taken_at: str | None = None
    """Local time of the camera, ISO 8601 without zone, e.g. 2024-05-17T09:31:00."""
    lat: float | None = None
    lon: float | None = None
    camera: str | None = None


@dataclass(frozen=True)
class Photo:
    """One picture and what an expert says of it. Only `path` is always there."""

    path: Path
    name: str = ""
    sha256: str = ""
    label: str | None = None
    """rail: `defect` or `normal`, where a person has said so."""
    grade: int | None = None
    """corrosion: 0 (light) to 3 (severe)."""
    mask: Path | None = None
    """crack: a picture of the same size, white where the wall is cracked."""
    group: str = ""
    """Photos of one place, scene or campaign; a split never cuts through a group."""
    split: str = ""
    """train | val | test | pool, or empty."""
    fold: int | None = None
    trim: Trim | None = None
    whole: Path | None = None
    """corrosion: the part with its surroundings, where `path` is a file that was cut to the part already."""
    cut: Trim | None = None
    """corrosion: the part of `whole` that `path` shows."""
    source: str = ""
    is_marked: bool = False
    """A person asked that it be learned twice in each epoch."""

    @property
    def title(self) -> str:
        """The name to show: the given one, else the file's."""
        return self.name or self.path.name


@dataclass(frozen=True)
class PhotoSet:
    """A data set as read from a folder, a CSV or the store. `fingerprint` changes with any label."""

    name: str
    domain: Domain
    photos: tuple[Photo, ...]
    licence: str = ""
    fingerprint: str = ""
    is_synthetic: bool = False
    problems: tuple[str, ...] = ()
    """One sentence each: what was found odd while reading, worst first."""

    def part(self, split: str) -> tuple[Photo, ...]:
        """The photos of one split, in the set's order; `all` gives every photo."""
        return tuple(p for p in self.photos if split == "all" or p.split == split)


@dataclass(frozen=True)
class Verdict:
    """One answer about one photo, with everything needed to give it again."""

    domain: Domain
    label: str
    """rail: defect | normal; crack: crack | no crack; corrosion: "0" to "3"."""
    confidence: float
    """Calibrated probability that `label` is right, 0 to 1."""
    threshold: float | None
    """The cut that was used, p >= threshold; None where the domain has none."""
    needs_person: bool
    reason: str
    """Why a person should look, or why not; the inspectors' words."""
    next_step: str
    model: str
    figures: Mapping[str, float | int | str | None] = field(default_factory=dict)
    """p_defect; p_0 … p_3; crack_fraction, max_width_px, max_width_mm, length_px, …"""
    trim: Trim | None = None
    scale_mm_per_px: float | None = None


RunState = Literal["waiting", "running", "done", "failed", "cancelled"]
RunKind = Literal["judge", "train", "evaluate", "search"]
LANES: dict[str, tuple[RunKind, ...]] = {
    "judge": ("judge",),
    "train": ("train", "evaluate", "search"),
}


@dataclass(frozen=True)
class Run:
    """A job and its state in the queue. (`id`, `attempt`) is the right to write about it."""

    id: int
    kind: RunKind
    domain: Domain
    config: Mapping[str, Any]
    state: RunState
    priority: int = 0
    owner: str = ""
    name: str = ""
    created_at: float = 0.0
    started_at: float | None = None
    ended_at: float | None = None
    claimed_by: str | None = None
    attempt: int = 0
    beat_at: float | None = None
    cancel_at: float | None = None
    progress: Mapping[str, Any] = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None

    @property
    def fraction(self) -> float:
        """How far the run is, 0 to 1."""
        total = self.progress.get("total") or 0
        return min(1.0, self.progress.get("step", 0) / total) if total else 0.0


@dataclass(frozen=True)
class Progress:
    """One report from a running job. The checkpoint it stands for is on disk already."""

    step: int
    total: int
    phase: str
    """A word for what is being done: train, test, cycle 3, fold 2, trial 17 …"""
    figures: Mapping[str, float] = field(default_factory=dict)
    """Curves grow from these, keyed by name: loss, val_f1, accuracy …"""
    note: str = ""
    """One line for the log, where there is something to say."""
    card: Card | None = None
    """Only in the last report of a training: what the model is and is worth."""


@dataclass(frozen=True)
class Card:
    """What a model is and is worth; stands beside its weights as card.json."""

    id: str
    domain: Domain
    network: str
    classes: tuple[str, ...]
    config: Mapping[str, Any]
    preprocessing: Mapping[str, Any]
    """size, mean, std, trimmed, tile …: all that prediction needs to treat a photo as training did."""
    data: tuple[Mapping[str, Any], ...]
    """One entry a set: name, fingerprint, licence, n by split, is_synthetic."""
    threshold: float | None
    threshold_how: str
    """How it was chosen, e.g. "best F1 on 43 validation photos"."""
    temperature: float = 1.0
    """Divides the logits before they are shown as confidence (temperature scaling)."""
    figures: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By split, e.g. {"test": {"f1": 0.82, "f1_low": 0.77, "f1_high": 0.86, "n": 639}}."""
    known: Mapping[str, Any] = field(default_factory=dict)
    """What is needed to say "unlike the training photos": feature mean, scale, distances."""
    weights_sha256: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    command: str = ""
    seed: int = 0
    device: str = ""
    seconds: float = 0.0
    made_at: str = ""
    made_by: str = ""
    licence: str = ""
    notes: str = ""
    """What it cannot do, in the words of its makers."""

    @property
    def is_synthetic(self) -> bool:
        """True when nothing but generated photos taught it."""
        return bool(self.data) and all(d.get("is_synthetic") for d in self.data)

    def to_json(self) -> str:
        """The text of card.json: keys in the order of the fields, one line a value."""
        return json.dumps(dataclasses.asdict(self), indent=1, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a card; an unknown key is ignored (a newer Patina wrote it), a missing one raises."""
        raw = json.loads(text)
        names = {f.name for f in dataclasses.fields(cls)}
        kept = {k: v for k, v in raw.items() if k in names}
        kept["classes"] = tuple(kept["classes"])
        kept["data"] = tuple(kept["data"])
        return cls(**kept)


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in, or who acts."""

    id: int
    name: str
    role: Role

    def is_at_least(self, role: Role) -> bool:
        """True when this person may do what `role` may."""
        return ROLES.index(self.role) >= ROLES.index(role)

    def require(self, role: Role) -> None:
        """`Forbidden`, in words for this person, unless the role suffices."""
        if not self.is_at_least(role):
            raise Forbidden(f"This needs the role {role}; you are signed in as {self.name}, {self.role}.")
