"""Conditions: what the fields satisfy on boundaries, at the start, between subdomains, at points and on the whole.

A condition states its residual and answers what the forms ask about it (`kinn.conditions.condition.Condition`). Soft
conditions enter the loss, hard ones are built into the trial functions.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
