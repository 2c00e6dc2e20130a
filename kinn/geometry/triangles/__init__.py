"""Triangles: of polygons, and of closed surfaces."""
