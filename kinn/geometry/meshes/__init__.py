"""Meshes: read from files or made by gmsh, checked, and used as shapes."""
