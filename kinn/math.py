"""Elementary functions that act alike on jets, tensors, arrays and numbers.

An exact solution or a coefficient written with these is one formula for every use: values on an array, derivatives on
a jet, gradients through a tensor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special
import torch

from kinn.errors import InputError
from kinn.jets import jet, univariate
from kinn.jets.jet import Jet
from kinn.jets.univariate import Univariate

#: What the functions below take and return: the result has the type of the argument.
Values = Any


#: Functions of arrays that numpy lacks.
_OF_ARRAYS: dict[str, Callable[..., Any]] = {
    "erf": scipy.special.erf,
    "sigmoid": scipy.special.expit,
    "silu": lambda x: x * scipy.special.expit(x),
    "gelu": lambda x: x * scipy.special.ndtr(x),
}


def _elementary(name: str) -> Callable[[Values], Values]:
    stream: Univariate = getattr(univariate, name)
    on_tensor: Callable[..., Any] = getattr(torch, name) if hasattr(torch, name) else getattr(torch.nn.functional, name)
    on_array = _OF_ARRAYS[name] if name in _OF_ARRAYS else getattr(np, name)

    def function(x: Values) -> Values:
        if isinstance(x, Jet):
            return x.compose(stream)
        return on_tensor(x) if isinstance(x, torch.Tensor) else on_array(x)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{name}(x) of a field, tensor, array or number x."
    return function


exp = _elementary("exp")
log = _elementary("log")
sin = _elementary("sin")
cos = _elementary("cos")
tan = _elementary("tan")
arctan = _elementary("arctan")
sinh = _elementary("sinh")
cosh = _elementary("cosh")
tanh = _elementary("tanh")
sqrt = _elementary("sqrt")
erf = _elementary("erf")
sigmoid = _elementary("sigmoid")
silu = _elementary("silu")
gelu = _elementary("gelu")
abs = _elementary("abs")
sign = _elementary("sign")
floor = _elementary("floor")


def where(condition: Values, yes: Values, no: Values) -> Values:
    """The values of `yes` where the condition holds and of `no` elsewhere, derivatives included.

    Args:
        condition: A comparison, such as `p.y > 0`: a boolean array or tensor over the points.
        yes: A field, tensor, array or number.
        no: Likewise.
    """
    if any(isinstance(v, Jet | torch.Tensor) for v in (condition, yes, no)):
        return jet.where(condition, yes, no)
    if np.asarray(condition).dtype != np.bool_:
        raise InputError(jet.NO_COMPARISON)
    return np.where(condition, yes, no)


def locally_constant(values: Values, beside: Values) -> Values:
    """Values (N, ...) of a function that is constant around each point: beside a field, one whose derivatives are zero.

    Without this arrays are plain data, of which no derivative can be asked.
    """
    return beside.locally_constant(values) if isinstance(beside, Jet) else values


def arctan2(y: Values, x: Values) -> Values:
    """The angle of (x, y) in (-pi, pi], for fields, tensors, arrays or numbers."""
    if isinstance(x, Jet) or isinstance(y, Jet):
        return jet.arctan2(y, x)
    return torch.atan2(y, x) if isinstance(x, torch.Tensor) or isinstance(y, torch.Tensor) else np.arctan2(y, x)


maximum, minimum = jet.maximum, jet.minimum


def complementarity(a: Values, b: Values) -> Values:
    """Residual a + b - sqrt(a^2 + b^2) of the complementarity of two: zero where a >= 0, b >= 0 and a b = 0.

    The function of Fischer and Burmeister (Fischer 1992, Optimization 24, 269-284) is smooth but where both are zero; there its
    derivative is that of a + b. Both must be of the same units and of similar size: `complementarity(k * (u - psi), -u.xx - f)`.

    Args:
        a: A field, tensor, array or number.
        b: Likewise.
    """
    squared = a * a + b * b
    positive = squared > 0
    return a + b - where(positive, sqrt(where(positive, squared, 1.0)), 0.0)
