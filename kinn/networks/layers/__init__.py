"""Layers on jets: what networks are stacked from."""

from kinn.networks.layers.layer import Layer, backend_of, flops_of, in_order, values
from kinn.networks.layers.linear import Activation, Linear, Normalise, glorot

__all__ = ["Activation", "Layer", "Linear", "Normalise", "backend_of", "flops_of", "glorot", "in_order", "values"]
