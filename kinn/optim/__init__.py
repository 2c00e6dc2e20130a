"""Optimisers for networks of 10^2 to 10^4 parameters: one method a file, each a frozen dataclass that makes steps."""

from kinn.optim.auto import Auto
from kinn.optim.broyden import SelfScaledBroyden
from kinn.optim.first_order import LBFGS, Adam
from kinn.optim.least_squares import LastLayerLeastSquares
from kinn.optim.levenberg_marquardt import LevenbergMarquardt
from kinn.optim.objective import Objective, Optimizer, State

#: The methods by their names on the command line.
OPTIMIZERS: dict[str, type[Optimizer]] = {
    o.name: o for o in (Auto, LevenbergMarquardt, SelfScaledBroyden, LastLayerLeastSquares, LBFGS, Adam)
}

__all__ = [
    "LBFGS",
    "OPTIMIZERS",
    "Adam",
    "Auto",
    "LastLayerLeastSquares",
    "LevenbergMarquardt",
    "Objective",
    "Optimizer",
    "SelfScaledBroyden",
    "State",
]
