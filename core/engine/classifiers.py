"""The networks that sort whole photos: a body that describes a photo, a head that gives the logits.

    net = build("mobilenet_v2", 4, weights_dir=settings.weights)
    net(x)              # (n, 4) logits, float32, also under autocast
    features(net, x)    # (n, d) what the head sees, float32
    net.origin          # where the first weights came from, for the card

`resnet50`, `resnet18` and `mobilenet_v2` are torchvision's; `cnn5` and `alexnet` are those of paper 3.
"""

from __future__ import annotations

import itertools
import pickle
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from core import disk
from core.engine import loop
from core.engine.loop import Machine
from core.engine.vision import models
from core.errors import ConfigError, ModelError

NETWORKS = ("resnet50", "resnet18", "mobilenet_v2", "cnn5", "alexnet")
INITS = ("imagenet", "imagenet_partial", "imagenet_any", "random")

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

# ours: the first published weights of each network, the ones papers of these years start from.
PUBLISHED = {
    "resnet50": models.ResNet50_Weights.IMAGENET1K_V1,
    "resnet18": models.ResNet18_Weights.IMAGENET1K_V1,
    "mobilenet_v2": models.MobileNet_V2_Weights.IMAGENET1K_V1,
}
_HEADS = {"resnet50": "fc.", "resnet18": "fc.", "mobilenet_v2": "classifier."}


class Classifier(nn.Module):
    """A body, (n, 3, S, S) -> (n, d), and a linear head, (n, d) -> (n, n_classes) logits.

    The head computes in float32 also under autocast: bf16 logits carry two or three digits, which is too
    few for a probability near a threshold.
    """

    def __init__(self, body: nn.Module, d: int, n_classes: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.body = body
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(d, n_classes)
        self.origin = "random"

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """What the head sees of each photo: (n, d) float32."""
        return self.body(x).float()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The logits, (n, n_classes) float32; no probabilities."""
        x = self.features(x)
        with torch.autocast(x.device.type, enabled=False):
            return self.head(self.dropout(x))


class Cnn5(nn.Module):
    """The body of CNN-5, paper 3: five blocks of 32, 64, 256, 256, 256 channels, two full layers.

    ours: kernel 3 × 3, max pooling 2, ReLU after each batch norm and each full layer. Shapes are those of
    photos of 224 px; `size` must be a multiple of 32 or is rounded down by the pooling.
    """

    def __init__(
        self, fc1: int = 384, fc2: int = 231, dropout1: float = 0.15, dropout2: float = 0.16, size: int = 224
    ) -> None:
        super().__init__()
        self.d = fc2
        blocks: list[nn.Module] = []
        for before, after in itertools.pairwise((3, 32, 64, 256, 256, 256)):
            blocks += [
                nn.Conv2d(before, after, 3, padding=1, bias=False),  # batch norm brings the bias
                nn.BatchNorm2d(after),
                nn.ReLU(inplace=True),
                nn.MaxPool2d(2),
            ]
        self.blocks = nn.Sequential(*blocks)
        self.full = nn.Sequential(
            nn.Linear(256 * (size // 32) ** 2, fc1),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout1),
            nn.Linear(fc1, fc2),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout2),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, 3, 224, 224) photos in, (n, fc2) features out."""
        x = self.blocks(x)  # (n, 256, 7, 7)
        x = torch.flatten(x, 1)  # (n, 12544)
        return self.full(x)  # (n, fc2)


class AlexNet(nn.Module):
    """The body of the AlexNet variant, paper 3: convolutions of 108, 142, 462, 442, 396 channels.

    The paper keeps ReLU and dropout and says that nothing is pooled after layer 4.
    ours: kernels 11, 5, 3, 3, 3 and max pooling after layers 1, 2 and 5, as in the original.
    """

    def __init__(
        self, fc1: int = 2048, fc2: int = 844, dropout1: float = 0.35, dropout2: float = 0.5, size: int = 224
    ) -> None:
        super().__init__()
        self.d = fc2
        self.convolutions = nn.Sequential(
            nn.Conv2d(3, 108, 11, stride=4, padding=2),  # (n, 108, 55, 55)
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2),  # (n, 108, 27, 27)
            nn.Conv2d(108, 142, 5, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2),  # (n, 142, 13, 13)
            nn.Conv2d(142, 462, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(462, 442, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(442, 396, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2),  # (n, 396, 6, 6)
        )
        side = (size - 7) // 4 + 1
        for _ in range(3):
            side = (side - 3) // 2 + 1
        self.full = nn.Sequential(
            nn.Dropout(dropout1),
            nn.Linear(396 * side**2, fc1),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout2),
            nn.Linear(fc1, fc2),
            nn.ReLU(inplace=True),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n, 3, 224, 224) photos in, (n, fc2) features out."""
        x = self.convolutions(x)  # (n, 396, 6, 6)
        x = torch.flatten(x, 1)  # (n, 14256)
        return self.full(x)  # (n, fc2)


def build(
    network: str,
    n_classes: int,
    *,
    init: str = "imagenet",
    weights_dir: Path | None = None,
    size: int = 224,
    **sizes: float,
) -> Classifier:
    """The network with `n_classes` logits; `origin` says where its first weights came from.

    `init`: `imagenet` (weights as `pretrained` finds them, the head random), `imagenet_partial` (a file
    that lacks whole blocks, which stay random and are named in `origin`), `imagenet_any` (the first of these
    that `weights_dir` has), `random`. `sizes` are `fc1 fc2
    dropout1 dropout2` of `cnn5` and `alexnet`, and `dropout` before the head of the others (MobileNetV2:
    0.2 as in torchvision, ResNet: 0). Random weights come from torch's own generator.
    """
    if init not in INITS:
        raise ConfigError(f"init is {init!r}; choose one of {', '.join(INITS)}.")
    if size < 64:
        raise ConfigError(f"Photos of {size} px are too small for {network}; take at least 64 px.")
    if network in ("cnn5", "alexnet"):
        if init != "random":
            raise ConfigError(f"There are no ImageNet weights for {network}; set init to random.")
        own = Cnn5(size=size, **sizes) if network == "cnn5" else AlexNet(size=size, **sizes)  # type: ignore[arg-type]
        return Classifier(own, own.d, n_classes)
    if network not in NETWORKS:
        raise ConfigError(f"There is no network {network!r}; choose one of {', '.join(NETWORKS)}.")
    body = getattr(models, network)(weights=None)
    if network == "mobilenet_v2":
        d, dropout = body.last_channel, 0.2
        body.classifier = nn.Identity()
    else:
        d, dropout = body.fc.in_features, 0.0
        body.fc = nn.Identity()
    net = Classifier(body, d, n_classes, sizes.get("dropout", dropout))
    if init != "random":
        is_partial = init == "imagenet_partial" or (
            init == "imagenet_any" and only_partial(network, weights_dir)
        )
        weights, origin = pretrained(network, weights_dir, is_partial=is_partial)
        missing = fill(net.body, weights, network, may_lack_blocks=is_partial)
        net.origin = f"{origin}; random: {', '.join(missing)}" if missing else origin
    return net


def blocks(net: Classifier) -> list[list[nn.Module]]:
    """The body in steps from photo to features: 19 for MobileNetV2, 5 for a ResNet, the layers else."""
    body: Any = net.body
    if isinstance(body, models.MobileNetV2):
        return [[block] for block in body.features]
    if isinstance(body, models.ResNet):
        return [[body.conv1, body.bn1], [body.layer1], [body.layer2], [body.layer3], [body.layer4]]
    return [[layer] for layer in body.children()]


def layers(net: Classifier) -> nn.Sequential:
    """The layers that make the last feature map, (n, d, h, w), of MobileNetV2 (19) or a ResNet (8)."""
    body: Any = net.body
    if isinstance(body, models.MobileNetV2):
        return cast(nn.Sequential, body.features)
    return nn.Sequential(*list(body.children())[:-2])  # all but the average and the classifier


def features(net: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """What the head sees of each photo, pooled: (n, d) float32."""
    return cast(Classifier, net).features(x)


def look(
    net: nn.Module, machine: Machine, batches: Iterable[Sequence[torch.Tensor]]
) -> tuple[np.ndarray, np.ndarray]:
    """Logits (n, k) and features (n, d), float32. A batch holds the views of its photos, each (b, 3, S, S).

    Features are averaged over the views; the head is linear, so its logits are the views' mean as well.
    """
    logits, described = [], []
    with loop.judging(net):
        for views in batches:
            with machine.autocast():
                f = torch.stack([features(net, view) for view in views]).mean(0)
            described.append(f.cpu())
            logits.append(cast(Classifier, net).head(f).cpu())
    return torch.cat(logits).numpy(), torch.cat(described).numpy()


def only_partial(network: str, weights_dir: Path | None) -> bool:
    """True where a folder of weights has a partial file of this network and no whole one."""
    if weights_dir is None or not (weights_dir / f"{network}_partial.safetensors").is_file():
        return False
    return not (
        (weights_dir / f"{network}.safetensors").is_file() or any(weights_dir.glob(f"{network}-*.pth"))
    )


def pretrained(
    network: str,
    weights_dir: Path | None,
    *,
    is_partial: bool = False,
    otherwise: str = "train with init=random",
) -> tuple[dict[str, torch.Tensor], str]:
    """ImageNet weights under torchvision's names, and one line on where they came from.

    Looked for in `weights_dir` as <network>.safetensors, then under torchvision's own file names
    (`resnet50-0676ba61.pth`; the eight digits are checked), then fetched as torchvision does.
    `is_partial` asks for <network>_partial.safetensors and nothing else. `ModelError` names the file
    that is missing, where to put it, and what can be done without (`otherwise`). Nothing is unpickled but
    plain tensors (weights_only).
    """
    url = PUBLISHED[network].url
    published = url.rsplit("/", 1)[1]
    wanted = [f"{network}_partial.safetensors"] if is_partial else [f"{network}.safetensors", published]
    if weights_dir is not None:
        named = [weights_dir / name for name in wanted]
        if not is_partial:  # a later set of torchvision's weights under its own name is good too
            named += sorted(p for p in weights_dir.glob(f"{network}-*.pth") if p not in named)
        for path in named:
            if path.is_file():
                return _read(path), f"ImageNet, {path.name} (sha256 {disk.sha256(path)[:12]}…)"
    where = str(weights_dir) if weights_dir else "a folder and name it with --weights-dir or PATINA_WEIGHTS"
    ask = f"Put {' or '.join(wanted)} into {where}"
    if is_partial:
        raise ModelError(f"The partial ImageNet weights of {network} are not there. {ask}.")
    try:
        weights = torch.hub.load_state_dict_from_url(url, progress=False, check_hash=True, weights_only=True)
    except (OSError, RuntimeError) as error:  # no network, no room, or a file of another hash
        raise ModelError(
            f"The ImageNet weights of {network} are not there and could not be fetched ({error}). {ask}, "
            f"from {url}, or {otherwise}."
        ) from error
    return weights, f"ImageNet, {published} of torchvision"


def fill(
    body: nn.Module, weights: dict[str, torch.Tensor], network: str, *, may_lack_blocks: bool = False
) -> list[str]:
    """Copy ImageNet weights into a body without its head; the names of blocks that stay random.

    Only the classifier of the 1000 ImageNet classes may be missing or left over. Anything else that is
    missing, left over or of another shape is refused with its name, for a network that silently stays
    half random looks like a bad one; with `may_lack_blocks` whole blocks may be missing.
    """
    head = _HEADS[network]
    given = {key: value for key, value in weights.items() if not key.startswith(head)}
    own = body.state_dict()
    # Files from before batch norm counted its batches lack this number; it plays no part in prediction.
    wanted = {key for key in own if not key.endswith("num_batches_tracked")}
    missing = sorted(wanted - given.keys())
    strange = sorted(given.keys() - own.keys())
    bent = sorted(k for k in given.keys() & own.keys() if given[k].shape != own[k].shape)
    blocks = sorted({key.split(".")[0] for key in missing})
    whole = all(not any(k.startswith(f"{b}.") for k in given) for b in blocks)
    if strange or bent or (missing and not (may_lack_blocks and whole)):
        told = [("lack", missing), ("hold unknown", strange), ("hold, in another shape,", bent)]
        faults = "; ".join(f"{verb} {_few(names)}" for verb, names in told if names)
        raise ModelError(f"These weights do not fit {network}: they {faults}. Take torchvision's own file.")
    body.load_state_dict(given, strict=False)
    return blocks


def _read(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a safetensors file or of one of torchvision's, its hash checked by its name."""
    try:
        if path.suffix == ".safetensors":
            return load_file(str(path))
        told = re.search(r"-([0-9a-f]{8})\.pth$", path.name)
        if told and not disk.sha256(path).startswith(told[1]):
            raise ModelError(
                f"{path.name} is damaged: its content does not begin with the hash {told[1]} that its name "
                "promises. Fetch it again."
            )
        weights = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, OSError, RuntimeError, ValueError, EOFError) as error:
        raise ModelError(f"{path.name} cannot be read as weights ({error}). Fetch it again.") from error
    except pickle.UnpicklingError as error:
        raise ModelError(f"{path.name} holds more than tensors and is refused. Fetch it again.") from error
    if not isinstance(weights, dict) or not all(torch.is_tensor(v) for v in weights.values()):
        raise ModelError(f"{path.name} is no table of tensors. Take torchvision's own file.")
    return weights


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
