"""What every test may ask for. Nothing here replaces a part of the product."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("PATINA_THREADS", "1")

SHARED = Path(os.environ.get("PATINA_SHARED") or ROOT.parent / "shared")
"""Real photos with labels for development; tests that need them skip where they are absent."""

needs_photos = pytest.mark.skipif(
    not (SHARED / "data").is_dir(), reason=f"the development photos are not at {SHARED}"
)
needs_weights = pytest.mark.skipif(
    not (SHARED / "weights").is_dir(), reason=f"the ImageNet weights are not at {SHARED}"
)


@pytest.fixture
def patina(tmp_path, capsys):
    """Run a command in this process with the shipped models: (exit code, stdout, stderr)."""
    from core.cli import main

    environ = {"PATINA_DATA": str(tmp_path / "data"), "PATINA_MODELS": str(ROOT / "models_store")}

    def patina(*words):
        code = main([str(word) for word in words], environ)
        said = capsys.readouterr()
        return code, said.out, said.err

    return patina
