"""The names of kinn.networks, each loaded when first used; read by lazy_loader, type checkers and editors."""

from .growth import embed as embed
from .jacobian_tape import Tape as Tape
from .kan import KAN as KAN
from .mlp import MLP as MLP
from .network import NETWORKS as NETWORKS
from .network import Architecture as Architecture
from .network import Network as Network
from .network import coordinate_stack as coordinate_stack
from .network import match_parameters as match_parameters
from .neural_ode import KANODE as KANODE
from .neural_ode import NeuralODE as NeuralODE
from .random_features import RandomFeatures as RandomFeatures
from .resnet import ModifiedMLP as ModifiedMLP
from .resnet import PirateNet as PirateNet
from .resnet import ResidualKAN as ResidualKAN
from .resnet import ResNet as ResNet
from .tensor_splines import TensorSplines as TensorSplines
