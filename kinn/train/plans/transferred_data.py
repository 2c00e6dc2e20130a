"""Initial data of a time window: the state at the end of the window before."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from hashlib import blake2b

import numpy as np
import torch
from torch import Tensor

from kinn.conditions import Condition, TimeWindow
from kinn.errors import InputError
from kinn.fields import TIME, Field
from kinn.forms import DomainTrial
from kinn.forms.trial_functions import parse_expression
from kinn.jets import Component, Index
from kinn.jets.components import as_tensor
from kinn.jets.index import add, trace_axes, unit
from kinn.problem import SINGLE_DOMAIN, Array, Problem

#: The number of blocks of points at which a terminal state is cached: those that one evaluation goes through.
STATE_CACHE_SIZE = 64


class TerminalState:
    """State at the end of a window; its values at a block of points are computed once.

    The functions of a window start from the state before, which starts from the one before that: without a cache for
    several fields the work would grow like a power of the number of windows.
    """

    def __init__(self, trial: DomainTrial, instant: float) -> None:
        self.trial, self.instant = trial, instant
        self._cache: OrderedDict[bytes, dict[str, Tensor]] = OrderedDict()

    def __call__(self, x: Array, expression: str) -> Tensor:
        """Field or derivative (N,) at points (N, d), whose time is the instant."""
        key = blake2b(np.ascontiguousarray(x).tobytes()).digest()
        values = self._cache.setdefault(key, {})
        self._cache.move_to_end(key)
        if len(self._cache) > STATE_CACHE_SIZE:
            self._cache.popitem(last=False)
        if expression not in values:
            subdomain = SINGLE_DOMAIN if list(self.trial.problem.subdomains) == [SINGLE_DOMAIN] else None
            column = self.trial.evaluate(x, expression, subdomain=subdomain)
            values[expression] = torch.as_tensor(column, dtype=self.trial.dtype)
        return values[expression]


class TransferredInitialData:
    """Field "u" of a terminal state, or its derivative "u.t": data of an initial condition, with all derivatives."""

    def __init__(self, state: TerminalState, expression: str) -> None:
        self.state, self.expression = state, expression
        self.field, self.order = parse_expression(state.trial.problem, expression)

    def __repr__(self) -> str:
        return f"{self.expression} at t = {self.state.instant:g}"

    def __call__(self, *coordinates: Field) -> Field:
        """Field at points whose coordinates are the independent ones, or constants (on a face)."""
        problem, dtype = self.state.trial.problem, self.state.trial.dtype
        time = problem.coordinates.index(TIME)
        free = [n != time and _is_independent(x, n) for n, x in enumerate(coordinates)]
        values = [as_tensor(x.value) for x in coordinates]
        values[time] = torch.tensor(self.state.instant, dtype=dtype)
        lengths = [len(v) for v in values if v.dim()]
        points = torch.stack([v.to(torch.float64).expand(lengths[:1]) for v in values], dim=-1)
        x = points.reshape(-1, len(coordinates)).numpy()

        def single(a: Index) -> Component:
            """Ordinary derivative: zero along constant coordinates."""
            if any(n and not free[axis] for axis, n in enumerate(a)):
                return 0.0
            letters = "".join(c * n for c, n in zip(problem.coordinates, add(a, self.order), strict=True))
            values = self.state(x, f"{self.field}.{letters}" if letters else self.field)
            return values if lengths else values[0]

        def component(a: Index) -> Component:
            axes = trace_axes(a)
            if not axes:
                return single(a)
            first, *others = (single(add(unit(len(a), i), unit(len(a), i))) for i in axes)
            return sum(others, first)

        return Field(problem.coordinates, component, repr(self))


def _is_independent(x: Field, axis: int) -> bool:
    """Whether a field is the coordinate of an axis, not a constant.

    Raises:
        InputError: If it is neither.
    """
    slopes = [x[unit(x.dimension, n)] for n in range(x.dimension)]
    if not any(isinstance(s, Tensor) for s in slopes):
        if slopes == [float(n == axis) for n in range(x.dimension)]:
            return True
        if not any(slopes):
            return False
    raise InputError("initial data of a time window are evaluated at points, not at functions of them")


def conditions_of(
    problem: Problem, span: tuple[float, float], *, last: bool, previous: DomainTrial | None
) -> list[Condition]:
    """Conditions of a problem as they hold in a window of time; `previous` has the functions of the window before.

    Raises:
        InputError: If a condition on the initial state cannot be transferred.
    """
    initial = None if previous is None else partial(TransferredInitialData, TerminalState(previous, span[0]))
    window = TimeWindow(problem.coordinates.index(TIME), span, last, initial)
    return [c for condition in problem.conditions if (c := condition.in_window(window)) is not None]
