"""Pieces of boundaries: parametrised curves and surfaces with outward normals."""
