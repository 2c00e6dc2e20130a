"""Shapes: where a problem lives. Points inside them, named boundaries with normals, combinations, and time."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
