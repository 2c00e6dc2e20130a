"""The fundamental solution of every equation, and equations without one."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from kinn import Elasticity, Helmholtz, InputError, Laplace, Stokes
from kinn.boundary_integrals.kernels import (
    ElasticityKernel,
    HelmholtzKernel,
    Kernel,
    Laplace3DKernel,
    LaplaceKernel,
    kernel_of,
)
from kinn.equations import Equation


@pytest.mark.parametrize(
    ("equation", "dimension", "kernel"),
    [
        (Laplace(), 2, LaplaceKernel(6.0)),
        (Laplace(), 3, Laplace3DKernel()),
        (Helmholtz(2.5), 2, HelmholtzKernel(2.5)),
        (Elasticity(2.6, 0.3, "strain"), 2, ElasticityKernel(1.0, 0.3, 6.0)),
        (Stokes(0.7), 2, ElasticityKernel(0.7, 0.5, 6.0)),
    ],
)
def test_kernels_of_equations(equation: Equation, dimension: int, kernel: Kernel) -> None:
    assert kernel_of(equation, 3.0, dimension) == kernel


@dataclass(frozen=True)
class Biharmonic(Equation):
    name = "the biharmonic equation"
    components = 1

    def homogeneous_solutions(self, x: Any, y: Any, *z: Any) -> list[tuple[Any, ...]]:
        return [(x * x * x,)]


def test_equations_without_a_kernel_are_refused() -> None:
    with pytest.raises(InputError, match="Biharmonic has no fundamental solution: register one"):
        kernel_of(Biharmonic(), 1.0, 2)


def test_a_problem_loads_no_boundary_integrals() -> None:
    code = "import sys, kinn.problem, kinn.equations; print([m for m in sys.modules if 'boundary_integrals' in m])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
