"""Taylor-mode automatic differentiation: functions that carry their partial derivatives (jets).

`index` names partial derivatives, `univariate` streams the derivatives of elementary functions, `jet` combines and
composes lazily, and `stack` pushes all components of a batch through a network layer at once.
"""

from kinn.jets.components import Component
from kinn.jets.index import Index, IndexSet
from kinn.jets.jet import Jet, constant, coordinate
from kinn.jets.stack import compose

__all__ = ["Component", "Index", "IndexSet", "Jet", "compose", "constant", "coordinate"]
