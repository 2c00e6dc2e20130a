"""What may happen to a call on its way: the one that is at it ends, or nobody answers any more."""

from __future__ import annotations

from kinn.errors import InputError


class WorkerDied(RuntimeError):
    """A process ended in the middle of its work: it was killed, or ran out of memory or time."""


class Unreachable(InputError):
    """Those who would hand out work do not answer, or refuse: no call can be made, and none has failed."""
