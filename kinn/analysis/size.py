"""Parameters of a network, and the operations that its evaluation takes."""

from __future__ import annotations

from dataclasses import dataclass

from kinn.jets import IndexSet
from kinn.networks import Architecture


@dataclass(frozen=True)
class NetworkSize:
    """The size of a network for one problem.

    Attributes:
        parameters: The number of trainable parameters.
        value: Floating-point operations of the fields' values at one point.
        jet: Floating-point operations of the fields and their derivatives at one point.
        gradient: Floating-point operations of those and of the gradient with respect to the parameters at one point.
    """

    parameters: int
    value: int
    jet: int
    gradient: int


def network_size(network: Architecture, inputs: int, outputs: int, index: IndexSet) -> NetworkSize:
    """Number of parameters of a network, and of its operations per point for the derivatives of an index set.

    Additions and multiplications of linear and spline layers count; elementary functions do not, which are far fewer and
    whose cost depends on the machine. A reverse pass takes twice the operations of the forward pass: each product has two
    factors.
    """
    built = network.build(inputs, outputs)
    value = built.flops(IndexSet.closure(index.dimension, []))
    jet = built.flops(index)
    return NetworkSize(built.parameter_count, value, jet, 3 * jet)
