"""Boundary integrals in space: closed surfaces of smooth patches, panels, singular quadrature in polar coordinates."""
