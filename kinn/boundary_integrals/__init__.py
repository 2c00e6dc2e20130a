"""Boundary integrals in the plane: oriented curves, graded panels, fundamental solutions, singular quadrature."""
