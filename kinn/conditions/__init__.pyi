"""The names of kinn.conditions, each loaded when first used; read by lazy_loader, type checkers and editors."""

from .boundary import Dirichlet as Dirichlet
from .boundary import Initial as Initial
from .boundary import Interface as Interface
from .boundary import Neumann as Neumann
from .boundary import Robin as Robin
from .condition import BoundaryCondition as BoundaryCondition
from .condition import BoundaryDatum as BoundaryDatum
from .condition import Condition as Condition
from .condition import NodalConstraint as NodalConstraint
from .condition import Periodicity as Periodicity
from .condition import Sampler as Sampler
from .condition import TimeWindow as TimeWindow
from .condition import Traces as Traces
from .condition import subdomains_with as subdomains_with
from .integral import Integral as Integral
from .periodic import Periodic as Periodic
from .points import Observation as Observation
from .points import PointCondition as PointCondition
from .points import PointValue as PointValue
from .residual import INTERIOR as INTERIOR
from .residual import ResidualCondition as ResidualCondition
