"""Boundary integrals on curves and surfaces: panels, fundamental solutions, singular quadrature, solutions inside."""
