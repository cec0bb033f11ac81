"""torchvision beside any torch build: `from core.engine.vision import models, transforms`.

The wheel from the package index is built for CUDA. Beside a CPU-only torch its extension cannot load,
so its operators are unknown and `import torchvision` fails while it registers their shapes
("operator torchvision::nms does not exist"). We use none of these operators, only networks and their
weights; so when the extension cannot load, the names are declared first and the import goes through.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import torch

# The names in torchvision/_meta_registrations.py; any schema does, none is ever called.
OPERATORS = (
    "nms qnms roi_align qroi_align _roi_align_backward roi_pool _roi_pool_backward "
    "ps_roi_align _ps_roi_align_backward ps_roi_pool _ps_roi_pool_backward "
    "deform_conv2d _deform_conv2d_backward"
).split()


def _declare_missing_operators() -> torch.library.Library | None:
    """Declare torchvision's operators unless its extension loads; the library must be kept alive."""
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        return None
    for extension in sorted(Path(spec.origin).parent.glob("_C.*")):
        try:
            torch.ops.load_library(str(extension))
            return None
        except OSError:
            continue
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in OPERATORS:
        library.define(f"{name}(Tensor x) -> Tensor")
    return library


_library = _declare_missing_operators()

from torchvision import models  # noqa: E402  the operators must be known first

__all__ = ["OPERATORS", "models"]
