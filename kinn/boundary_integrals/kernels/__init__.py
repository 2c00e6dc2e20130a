"""Fundamental solutions, with the kernels that their boundary integrals are made of."""

from kinn.boundary_integrals.kernels.base import Kernel
from kinn.boundary_integrals.kernels.helmholtz import HelmholtzKernel
from kinn.boundary_integrals.kernels.kelvin import KelvinKernel
from kinn.boundary_integrals.kernels.laplace import LaplaceKernel
from kinn.boundary_integrals.kernels.newton import NewtonKernel
from kinn.boundary_integrals.kernels.pressure import PressureKernel

__all__ = ["HelmholtzKernel", "KelvinKernel", "Kernel", "LaplaceKernel", "NewtonKernel", "PressureKernel"]
