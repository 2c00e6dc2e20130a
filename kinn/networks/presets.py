"""Networks known by names of their own: residual networks and neural ODEs with other defaults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kinn.networks.neural_ode import NeuralODE
from kinn.networks.resnet import ResNet


@dataclass(frozen=True)
class ResidualKAN(ResNet):
    """A residual network whose branches are KAN layers."""

    name: ClassVar[str] = "residual-kan"

    width: int = 6
    depth: int = 2
    branch: str = "kan"


@dataclass(frozen=True)
class ModifiedMLP(ResNet):
    """The modified MLP: every layer mixes two encoders of the input (Wang, Teng and Perdikaris 2021)."""

    name: ClassVar[str] = "modified-mlp"

    width: int = 16
    gate: str = "replace"
    encoders: bool = True


@dataclass(frozen=True)
class PirateNet(ResNet):
    """A PirateNet: residual blocks of mixed encoders that start as the identity (Wang et al. 2024, arXiv:2402.00326)."""

    name: ClassVar[str] = "pirate-net"

    depth: int = 2
    layers_per_block: int = 2
    gate: str = "adaptive"
    encoders: bool = True


@dataclass(frozen=True)
class KANODE(NeuralODE):
    """A neural ODE whose vector field is a KAN (Koenig et al. 2024, arXiv:2407.04192)."""

    name: ClassVar[str] = "kan-ode"

    width: int = 6
    field: str = "kan"
