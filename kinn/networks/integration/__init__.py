"""Vector fields integrated from time 0 to 1: the flow of a neural ODE, its steps and their gradients."""

from kinn.networks.integration.flow import Flow

__all__ = ["Flow"]
