"""Masks: where a comparison of fields holds, point by point."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor

from kinn.errors import InputError


class PointMask(Tensor):
    """A boolean tensor (N,) that says at which points a comparison such as `p.x < 0.5` holds.

    Combine masks with `&`, `|` and `~`, choose values with `kinn.where(mask, yes, no)`, or multiply by them. They are plain
    data: no derivative can be asked of them.
    """

    # whatever else is computed from a mask is a plain tensor
    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    def __bool__(self) -> bool:
        raise InputError(
            "a comparison of fields holds at some points and not at others, so it cannot decide an `if`, `and`, `max` or "
            "a chain a < b < c; use kinn.where, kinn.maximum, & and |"
        )

    def __and__(self, other: Any) -> PointMask:
        return as_mask(torch.logical_and(self, torch.as_tensor(other)))

    def __or__(self, other: Any) -> PointMask:
        return as_mask(torch.logical_or(self, torch.as_tensor(other)))

    def __invert__(self) -> PointMask:
        return as_mask(torch.logical_not(self))

    def __neg__(self) -> Tensor:
        return -self.long()

    def __sub__(self, other: Any) -> Any:
        return self.long() - other

    def __rsub__(self, other: Any) -> Any:
        return other - self.long()

    __rand__, __ror__ = __and__, __or__


class Ordered(ABC):
    """Values at points whose comparisons are masks."""

    __slots__ = ()

    @abstractmethod
    def _compare(self, relation: str, other: object) -> PointMask:
        """Where the values stand in a relation, named as torch does."""

    def __lt__(self, other: object) -> PointMask:
        return self._compare("lt", other)

    def __le__(self, other: object) -> PointMask:
        return self._compare("le", other)

    def __gt__(self, other: object) -> PointMask:
        return self._compare("gt", other)

    def __ge__(self, other: object) -> PointMask:
        return self._compare("ge", other)


def as_mask(values: Tensor) -> PointMask:
    """A boolean tensor as a mask."""
    return values.as_subclass(PointMask)
