"""Truncated Taylor arithmetic: functions that carry their partial derivatives.

`index` names partial derivatives, `univariate` streams the derivatives of elementary functions, `jet` combines and
composes lazily, `functions` are the elementary functions users write formulas with, and `stack` pushes all components
of a batch through a network layer at once.
"""

from kinn.jets.component import Component
from kinn.jets.index import Index, IndexSet
from kinn.jets.jet import Jet, constant, coordinate
from kinn.jets.stack import compose

__all__ = ["Component", "Index", "IndexSet", "Jet", "compose", "constant", "coordinate"]
