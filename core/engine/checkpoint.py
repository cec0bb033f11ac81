"""Checkpoints without pickle: a tree of tensors and plain values in one safetensors file.

Written aside, flushed to disk, then renamed: a reader sees the old state or the new one, never half.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from core.disk import put as put
from core.errors import ModelError


def write(path: Path, tree: Any) -> None:
    """Put a tree (dict, list, tuple, tensor, number, str, bool, None) at `path`, whole or not at all.

    Dict keys may be str or int (optimisers use ints); numbers keep their exact bits.
    """
    tensors: dict[str, torch.Tensor] = {}
    text = json.dumps(_flat(tree, tensors))
    put(path, save(tensors, metadata={"tree": text}))


def read(path: Path) -> Any:
    """The tree that `write` put there; `ModelError` when the file is damaged or foreign."""
    try:
        with safe_open(str(path), "pt") as file:
            told = file.metadata() or {}
            keys = file.keys()  # safe_open is no mapping: it cannot be iterated
            tensors = {key: file.get_tensor(key) for key in keys}
        return _tree(json.loads(told["tree"]), tensors)
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise ModelError(
            f"{path.name} is no checkpoint of Patina ({error}). Remove it to start this run anew."
        ) from error


def put_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write an .npz at `path`, compressed and without pickle, whole or not at all."""
    out = io.BytesIO()
    np.savez_compressed(out, allow_pickle=False, **arrays)
    put(path, out.getvalue())


def _flat(node: Any, tensors: dict[str, torch.Tensor]) -> Any:
    if isinstance(node, torch.Tensor):
        key = str(len(tensors))
        # A clone: two entries may share memory, which safetensors refuses.
        tensors[key] = node.detach().to("cpu", copy=True).contiguous()
        return {"t": key}
    if isinstance(node, dict):
        return {"d": [[k, _flat(v, tensors)] for k, v in node.items()]}
    if isinstance(node, list | tuple):
        return {"l": [_flat(v, tensors) for v in node], "tuple": isinstance(node, tuple)}
    if node is None or isinstance(node, bool | int | float | str):
        return {"v": node}
    raise TypeError(f"a checkpoint cannot hold {type(node).__name__}")


def _tree(node: Any, tensors: dict[str, torch.Tensor]) -> Any:
    if "t" in node:
        return tensors[node["t"]]
    if "d" in node:
        return {k: _tree(v, tensors) for k, v in node["d"]}
    if "l" in node:
        values = [_tree(v, tensors) for v in node["l"]]
        return tuple(values) if node["tuple"] else values
    return node["v"]
