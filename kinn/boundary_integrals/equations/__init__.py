"""Equations with a known fundamental solution, as a problem names them: `inverse=Laplace()`."""

from kinn.boundary_integrals.equations.equation import Equation
from kinn.boundary_integrals.equations.scalar import Helmholtz, Laplace
from kinn.boundary_integrals.equations.solids import Elasticity, Stokes

__all__ = ["Elasticity", "Equation", "Helmholtz", "Laplace", "Stokes"]
