"""Fundamental solutions: the kernels of the single and double layer potentials of each equation."""

from __future__ import annotations

from functools import singledispatch

from kinn.boundary_integrals.kernels.elasticity import ElasticityKernel, PressureKernel
from kinn.boundary_integrals.kernels.kernel import Kernel
from kinn.boundary_integrals.kernels.scalar import HelmholtzKernel, Laplace3DKernel, LaplaceKernel
from kinn.equations import Equation, Helmholtz, Laplace, PlaneContinuum
from kinn.errors import InputError

__all__ = [
    "ElasticityKernel",
    "HelmholtzKernel",
    "Kernel",
    "Laplace3DKernel",
    "LaplaceKernel",
    "PressureKernel",
    "kernel_of",
]

#: The length scale of a logarithm by the size of the domain: above 1 single layers are positive definite.
_SCALE = 2.0


@singledispatch
def kernel_of(equation: Equation, size: float, dimension: int) -> Kernel:  # noqa: ARG001 (used by the implementations)
    """Kernels of an equation, on domains up to a size, in 2 or 3 dimensions.

    Raises:
        InputError: If none are registered for the class of the equation.
    """
    raise InputError(f"{type(equation).__name__} has no fundamental solution: register one, @kernel_of.register")


@kernel_of.register
def _(equation: Laplace, size: float, dimension: int) -> Kernel:  # noqa: ARG001 (nothing else to know of Laplace)
    return LaplaceKernel(_SCALE * size) if dimension == 2 else Laplace3DKernel()


@kernel_of.register
def _(equation: Helmholtz, size: float, dimension: int) -> Kernel:  # noqa: ARG001 (in the plane alone, at any size)
    return HelmholtzKernel(equation.wave_number)


@kernel_of.register
def _(equation: PlaneContinuum, size: float, dimension: int) -> Kernel:  # noqa: ARG001 (in the plane alone)
    return ElasticityKernel(equation.shear, equation.poisson, _SCALE * size)
