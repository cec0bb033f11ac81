"""Where things lie. Read once from the environment, handed on as an argument."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Settings:
    """Folders of one Patina. All of them may be elsewhere; none needs to exist yet."""

    data: Path
    """Database, artifacts, run folders, unfinished uploads (`PATINA_DATA`, else ./data)."""
    models: Path
    """One folder a model: <domain>/<id>/card.json + weights.safetensors (`PATINA_MODELS`)."""
    weights: Path | None
    """Folder with ImageNet weights, safetensors or torchvision's own .pth (`PATINA_WEIGHTS`)."""
    lanes: tuple[str, ...] = ("judge", "train")
    """The workers that the app starts (`PATINA_WORKERS`: judge,train; `none` where they start by hand)."""
    standard: str = "kr-deck"
    """By whose limits cracks are graded, a key of `core.measuring.standards` (`PATINA_STANDARD`)."""
    standards: Path | None = None
    """Tables of an organisation's own beside those that come with Patina, JSON (`PATINA_STANDARDS`)."""
    term: tuple[str, ...] = ("aashto",)
    """In whose terms grades of corrosion are told too, keys of `grading.terms` (`PATINA_TERM`: by commas)."""
    terms: Path | None = None
    """Tables of terms of an organisation's own, JSON (`PATINA_TERMS`)."""

    @classmethod
    def of(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """The settings that an environment describes."""
        weights, tables = environ.get("PATINA_WEIGHTS"), environ.get("PATINA_STANDARDS")
        term, terms = environ.get("PATINA_TERM") or "aashto", environ.get("PATINA_TERMS")
        return cls(
            data=Path(environ.get("PATINA_DATA") or ROOT / "data").resolve(),
            models=Path(environ.get("PATINA_MODELS") or ROOT / "models_store").resolve(),
            weights=Path(weights).resolve() if weights else None,
            lanes=tuple(w for w in environ.get("PATINA_WORKERS", "judge,train").split(",") if w != "none"),
            standard=environ.get("PATINA_STANDARD") or "kr-deck",
            standards=Path(tables).resolve() if tables else None,
            term=tuple(key.strip() for key in term.split(",") if key.strip() not in ("", "none")),
            terms=Path(terms).resolve() if terms else None,
        )

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.data / "patina.db"

    @property
    def artifacts(self) -> Path:
        """Files by content: artifacts/ab/cdef…"""
        return self.data / "artifacts"

    @property
    def runs(self) -> Path:
        """One folder a run: checkpoints, curves, log."""
        return self.data / "runs"

    @property
    def uploads(self) -> Path:
        """Photos still on their way in; safe to empty when nothing is uploading."""
        return self.data / "uploads"

    @property
    def cache(self) -> Path:
        """Pictures made for the browser from stored ones; safe to empty at any time."""
        return self.data / "cache"

    @property
    def samples(self) -> Path:
        """The photos shipped with Patina, six a domain; never anywhere but in the project."""
        return ROOT / "data" / "samples"

    @property
    def wake(self) -> Path:
        """A small file touched whenever a run starts waiting, so that a worker looks at once."""
        return self.data / "wake"
