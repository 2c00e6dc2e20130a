"""Shapes, one a module, and the domains that others bring."""
