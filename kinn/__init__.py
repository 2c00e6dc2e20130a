"""KINN: physics-informed Kolmogorov-Arnold networks for partial differential equations.

The public names are listed in `__init__.pyi` and loaded when first used: `import kinn` alone brings in neither torch nor
scipy.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
