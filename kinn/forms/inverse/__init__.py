"""The inverse form: the equation as a boundary integral equation, unknown boundary data carried by the network."""

from kinn.forms.inverse.nystrom import Nystrom
from kinn.forms.inverse.system import InverseSystem, inverse_form
from kinn.forms.inverse.trial import BoundaryTrial

__all__ = ["BoundaryTrial", "InverseSystem", "Nystrom", "inverse_form"]
