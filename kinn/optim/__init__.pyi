"""The names of kinn.optim, each loaded when first used; read by lazy_loader, type checkers and editors."""

from .auto import Auto as Auto
from .broyden import SelfScaledBroyden as SelfScaledBroyden
from .first_order import LBFGS as LBFGS
from .first_order import Adam as Adam
from .least_squares import LastLayerLeastSquares as LastLayerLeastSquares
from .levenberg_marquardt import LevenbergMarquardt as LevenbergMarquardt
from .objective import OPTIMIZERS as OPTIMIZERS
from .objective import Objective as Objective
from .objective import Optimizer as Optimizer
from .objective import State as State
