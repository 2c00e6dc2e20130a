"""What hard conditions make of a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from kinn.fields import Field

#: The trial function at points as a function of the network there.
Dress: TypeAlias = Callable[[Field], Field]
