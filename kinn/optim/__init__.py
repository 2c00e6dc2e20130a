"""Optimisers for networks of 10^2 to 10^4 parameters: one method a file, each a frozen dataclass that makes steps."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
