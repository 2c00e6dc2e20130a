"""Boundary integrals in space: panels of closed surfaces and their singular quadrature."""
