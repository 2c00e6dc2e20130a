"""The names of kinn.conditions, each loaded when first used; read by lazy_loader, type checkers and editors."""

from .boundary import Dirichlet as Dirichlet
from .boundary import Initial as Initial
from .boundary import Interface as Interface
from .boundary import Neumann as Neumann
from .boundary import Robin as Robin
from .condition import BoundaryCondition as BoundaryCondition
from .condition import Condition as Condition
from .condition import subdomains_with as subdomains_with
from .integral import Integral as Integral
from .periodic import Periodic as Periodic
from .points import Observation as Observation
from .points import PointCondition as PointCondition
from .points import PointValue as PointValue
from .residual import ResidualCondition as ResidualCondition
from .types import INTERIOR as INTERIOR
from .types import BoundaryDatum as BoundaryDatum
from .types import NodalConstraint as NodalConstraint
from .types import Periodicity as Periodicity
from .types import Sampler as Sampler
from .types import TimeWindow as TimeWindow
from .types import Traces as Traces
