"""Fundamental solutions, with the kernels that their boundary integrals are made of."""

from kinn.boundary_integrals.kernels.elasticity import ElasticityKernel
from kinn.boundary_integrals.kernels.helmholtz import HelmholtzKernel
from kinn.boundary_integrals.kernels.kernel import Kernel
from kinn.boundary_integrals.kernels.laplace import LaplaceKernel
from kinn.boundary_integrals.kernels.laplace_3d import Laplace3DKernel
from kinn.boundary_integrals.kernels.pressure import PressureKernel

__all__ = ["ElasticityKernel", "HelmholtzKernel", "Kernel", "Laplace3DKernel", "LaplaceKernel", "PressureKernel"]
