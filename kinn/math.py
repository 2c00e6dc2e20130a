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

from kinn.jets import jet, univariate
from kinn.jets.jet import Jet
from kinn.jets.univariate import Univariate

#: What the functions below take and return: the result has the type of the argument.
Values = Any


def _elementary(name: str, stream: Univariate, array: Callable[..., Any]) -> Callable[[Values], Values]:
    on_tensor: Callable[..., Any] = getattr(torch, name) if hasattr(torch, name) else getattr(torch.nn.functional, name)

    def function(x: Values) -> Values:
        if isinstance(x, Jet):
            return x.compose(stream)
        return on_tensor(x) if isinstance(x, torch.Tensor) else array(x)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{name}(x) of a field, tensor, array or number x."
    return function


def _silu(x: Values) -> Values:
    return x * scipy.special.expit(x)


def _gelu(x: Values) -> Values:
    return x * scipy.special.ndtr(x)


exp = _elementary("exp", univariate.exp, np.exp)
log = _elementary("log", univariate.log, np.log)
sin = _elementary("sin", univariate.sin, np.sin)
cos = _elementary("cos", univariate.cos, np.cos)
tan = _elementary("tan", univariate.tan, np.tan)
arctan = _elementary("arctan", univariate.arctan, np.arctan)
sinh = _elementary("sinh", univariate.sinh, np.sinh)
cosh = _elementary("cosh", univariate.cosh, np.cosh)
tanh = _elementary("tanh", univariate.tanh, np.tanh)
sqrt = _elementary("sqrt", univariate.sqrt, np.sqrt)
erf = _elementary("erf", univariate.erf, scipy.special.erf)
sigmoid = _elementary("sigmoid", univariate.sigmoid, scipy.special.expit)
silu = _elementary("silu", univariate.silu, _silu)
gelu = _elementary("gelu", univariate.gelu, _gelu)
abs = _elementary("abs", univariate.abs, np.absolute)
sign = _elementary("sign", univariate.sign, np.sign)


def where(condition: Values, yes: Values, no: Values) -> Values:
    """The values of `yes` where the condition holds and of `no` elsewhere, derivatives included.

    Args:
        condition: A boolean array or tensor over the points, such as `p.y.value > 0`.
        yes: A field, tensor, array or number.
        no: Likewise.
    """
    if isinstance(yes, Jet) or isinstance(no, Jet):
        return jet.where(condition, yes, no)
    tensors = any(isinstance(v, torch.Tensor) for v in (condition, yes, no))
    return torch.where(condition, yes, no) if tensors else np.where(condition, yes, no)


def arctan2(y: Values, x: Values) -> Values:
    """The angle of (x, y) in (-pi, pi], for fields, tensors, arrays or numbers."""
    if isinstance(x, Jet) or isinstance(y, Jet):
        return jet.arctan2(y, x)
    return torch.atan2(y, x) if isinstance(x, torch.Tensor) or isinstance(y, torch.Tensor) else np.arctan2(y, x)


def maximum(x: Values, y: Values) -> Values:
    """The larger of two, with the derivatives of the larger (of the mean, where they are equal)."""
    return 0.5 * (x + y + abs(x - y))


def minimum(x: Values, y: Values) -> Values:
    """The smaller of two, with the derivatives of the smaller (of the mean, where they are equal)."""
    return 0.5 * (x + y - abs(x - y))
