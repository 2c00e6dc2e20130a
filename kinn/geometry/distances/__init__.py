"""Smooth functions of how far a point is from a set, in arithmetic that jets carry."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
