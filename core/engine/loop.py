"""What every training shares: the machine, the chances, the state on disk, one optimiser step."""

from __future__ import annotations

import contextlib
import math
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import psutil
import torch
from torch import nn

from core.engine import checkpoint

Net = TypeVar("Net", bound=nn.Module)


@dataclass(frozen=True)
class Machine:
    """What a training or a prediction runs on, and the fast path that pays there."""

    device: torch.device
    bf16: bool
    """True where bf16 arithmetic is in the hardware: CUDA from Ampere on, CPUs with AVX512-BF16 or AMX."""
    int8: bool = False
    """True where a network was brought into 8 bits (`core.engine.int8`); what was left is as above."""

    @classmethod
    def here(cls, fast: bool = True) -> Machine:
        """CUDA when there is one, else the CPU. `fast=False`: the plain fp32 loop, the peer in benchmarks."""
        if torch.cuda.is_available():
            torch.backends.cuda.matmul.allow_tf32 = fast
            torch.backends.cudnn.allow_tf32 = fast
            return cls(torch.device("cuda"), fast and torch.cuda.is_bf16_supported())
        known = [getattr(torch.cpu, f"_is_{name}_supported", lambda: False) for name in _BF16]
        return cls(torch.device("cpu"), fast and any(is_there() for is_there in known))

    @property
    def memory_format(self) -> torch.memory_format:
        """Channels last goes with bf16: measured 2.6 × for a U-Net step; alone it gains little."""
        return torch.channels_last if self.bf16 else torch.contiguous_format

    @contextlib.contextmanager
    def autocast(self) -> Iterator[None]:
        """bf16 inside where the hardware has it, fp32 elsewhere. Losses are computed outside, in fp32."""
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bf16):
            yield

    @property
    def arithmetic(self) -> str:
        """int8, bf16 or fp32."""
        return "int8" if self.int8 else "bf16" if self.bf16 else "fp32"

    def put(self, net: Net) -> Net:
        """The network on this machine, in its memory format."""
        return net.to(self.device, memory_format=self.memory_format)  # type: ignore[call-overload]

    def __str__(self) -> str:
        name = torch.cuda.get_device_name() if self.device.type == "cuda" else platform.processor() or "CPU"
        threads = "" if self.device.type == "cuda" else f", {torch.get_num_threads()} threads"
        return f"{name}{threads}, {self.arithmetic}"


_BF16 = ("avx512_bf16", "amx_tile")


def use_threads(share: float = 1.0, at_most: int | None = None) -> int:
    """Give torch its share of the physical cores and return the count.

    More threads than free cores are worse than fewer: a U-Net step with two threads on one shared core
    took four times as long. `PATINA_THREADS` overrides.
    """
    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cores = min(cores, len(os.sched_getaffinity(0)))
    count = max(1, int(cores * share))
    count = min(count, at_most or count)
    count = int(os.environ.get("PATINA_THREADS") or count)
    torch.set_num_threads(count)
    return count


@dataclass
class State(Generic[Net]):
    """All that a training is made of. Saved and resumed, it goes on bit for bit as if never stopped (CPU).

    Every random choice comes from `rng` (numpy: order, crops, augmentation) or from torch's own generator
    (dropout, initial weights); both are in the checkpoint.
    """

    net: Net
    optimizer: torch.optim.Optimizer
    rng: np.random.Generator
    step: int = 0
    """Counts what the training counts in: epochs or optimiser steps done."""
    memory: dict[str, Any] = field(default_factory=dict)
    """What else must survive: curves so far, best state, the ledger. Tensors and plain values."""

    FILE = "checkpoint.safetensors"

    def save(self, folder: Path) -> None:
        """Write everything aside, then rename."""
        tree = {
            "net": dict(self.net.state_dict()),
            "optimizer": self.optimizer.state_dict(),
            "rng": self.rng.bit_generator.state,
            "torch": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state() if torch.cuda.is_available() else None,
            "step": self.step,
            "memory": self.memory,
        }
        checkpoint.write(folder / self.FILE, tree)

    def resume(self, folder: Path) -> bool:
        """Take up the checkpoint in `folder`; False when there is none and nothing was changed."""
        path = folder / self.FILE
        if not path.exists():
            return False
        tree = checkpoint.read(path)
        self.net.load_state_dict(tree["net"])
        self.optimizer.load_state_dict(tree["optimizer"])
        for weights, kept in self.optimizer.state.items():
            for name, value in kept.items():
                if torch.is_tensor(value) and value.shape == weights.shape:
                    # Fused steps pair the numbers in memory order; a file has them contiguous, the
                    # weights may be channels last.
                    kept[name] = torch.empty_like(weights, dtype=value.dtype).copy_(value)
        self.rng.bit_generator.state = tree["rng"]
        torch.set_rng_state(tree["torch"])
        if tree["cuda"] is not None and torch.cuda.is_available():
            torch.cuda.set_rng_state(tree["cuda"])
        self.step, self.memory = tree["step"], tree["memory"]
        return True


def chances(seed: int) -> np.random.Generator:
    """Seed torch (weights, dropout) and return the generator for everything else."""
    torch.manual_seed(seed)
    return np.random.default_rng(seed)


def optimizer(
    net: nn.Module, name: str, learning_rate: float, *, weight_decay: float = 0.0, momentum: float = 0.9
) -> torch.optim.Optimizer:
    """adam, adamw, sgd or rmsprop; fused where torch has it. Momentum is for sgd and rmsprop only."""
    weights = [p for p in net.parameters() if p.requires_grad]
    told: dict[str, Any] = {"lr": learning_rate, "weight_decay": weight_decay}
    match name:
        case "adam":
            return torch.optim.Adam(weights, fused=True, **told)
        case "adamw":
            return torch.optim.AdamW(weights, fused=True, **told)
        case "sgd":
            return torch.optim.SGD(weights, momentum=momentum, fused=True, **told)
        case "rmsprop":
            return torch.optim.RMSprop(weights, momentum=momentum, **told)
    raise ValueError(name)


def cosine(step: int, steps: int, warm_up: int = 0) -> float:
    """The factor on the learning rate at `step` of `steps`: a linear warm-up, then half a cosine to 0."""
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up)))


def set_learning_rate(opt: torch.optim.Optimizer, learning_rate: float) -> None:
    """Use this learning rate from the next step on."""
    for group in opt.param_groups:
        group["lr"] = learning_rate


def descend(opt: torch.optim.Optimizer, loss: torch.Tensor) -> float:
    """One step down this loss (a fp32 scalar); returns its value."""
    opt.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    opt.step()
    return float(loss.detach())


@contextlib.contextmanager
def judging(net: nn.Module) -> Iterator[None]:
    """The network in evaluation mode without gradients; its mode is put back afterwards."""
    was = net.training
    net.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        net.train(was)
