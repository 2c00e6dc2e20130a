"""Networks on jets: architectures to write down, modules built from them, and the tape their Jacobians come from."""

from kinn.networks.jacobian_tape import Tape
from kinn.networks.kan import KAN
from kinn.networks.matching import match_parameters
from kinn.networks.mlp import MLP
from kinn.networks.network import Architecture, Network, coordinate_stack
from kinn.networks.neural_ode import NeuralODE
from kinn.networks.presets import KANODE, ModifiedMLP, PirateNet, ResidualKAN
from kinn.networks.resnet import ResNet

#: The architectures by their names on the command line.
NETWORKS: dict[str, type[Architecture]] = {
    a.name: a for a in (KAN, MLP, ResNet, ResidualKAN, ModifiedMLP, PirateNet, NeuralODE, KANODE)
}

__all__ = [
    "KAN",
    "KANODE",
    "MLP",
    "NETWORKS",
    "Architecture",
    "ModifiedMLP",
    "Network",
    "NeuralODE",
    "PirateNet",
    "ResNet",
    "ResidualKAN",
    "Tape",
    "coordinate_stack",
    "match_parameters",
]
