"""Networks on jets: architectures to write down, modules built from them, and the tape their Jacobians come from."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
