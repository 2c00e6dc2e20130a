"""Elementary functions that act alike on jets, tensors, arrays and numbers.

An exact solution or a coefficient written with these is one formula for every use: values on an array, derivatives on
a jet, gradients through a tensor.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special
import torch

from kinn.errors import InputError
from kinn.jets import univariate
from kinn.jets.component import as_tensor
from kinn.jets.index import add, first_axis, subtract, trace_axes, unit
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
    function.__doc__ = f"Return {name}(x) for a field, tensor, array or number x."
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
    """Return `yes` where the condition holds and `no` elsewhere, derivatives included.

    Args:
        condition: A boolean array or tensor over the points, such as `p.y.value > 0`.
        yes: A field, tensor, array or number.
        no: Likewise.
    """
    jet = next((v for v in (yes, no) if isinstance(v, Jet)), None)
    if jet is None:
        tensors = any(isinstance(v, torch.Tensor) for v in (condition, yes, no))
        return torch.where(condition, yes, no) if tensors else np.where(condition, yes, no)
    chosen, rejected = jet._lift(yes), jet._lift(no)
    if chosen is None or rejected is None:
        raise InputError("where takes fields, tensors, arrays or numbers")
    mask = torch.as_tensor(condition)
    return jet._like(lambda a: torch.where(mask, as_tensor(chosen[a]), as_tensor(rejected[a])))


def arctan2(y: Values, x: Values) -> Values:
    """Return the angle of (x, y) in (-pi, pi], for fields, tensors, arrays or numbers."""
    if not isinstance(x, Jet) and not isinstance(y, Jet):
        on_tensors = isinstance(x, torch.Tensor) or isinstance(y, torch.Tensor)
        return torch.atan2(y, x) if on_tensors else np.arctan2(y, x)
    jet = x if isinstance(x, Jet) else y
    if (lifted := jet._lift(x)) is None or (other := jet._lift(y)) is None:
        raise InputError("arctan2 takes fields, tensors, arrays or numbers")
    x, y = lifted, other
    squared = x * x + y * y

    def component(a: tuple[int, ...]) -> Any:
        if not any(a):
            return torch.atan2(as_tensor(y.value), as_tensor(x.value))
        if axes := trace_axes(a):
            return sum(component(add(unit(len(a), i), unit(len(a), i))) for i in axes)
        e = unit(len(a), first_axis(a))
        slope = (x * y.derivative(e) - y * x.derivative(e)) / squared
        return slope[subtract(a, e)]

    return jet._like(component)


def maximum(x: Values, y: Values) -> Values:
    """Return the larger of two, with the derivatives of the larger (of the mean, where they are equal)."""
    return 0.5 * (x + y + abs(x - y))


def minimum(x: Values, y: Values) -> Values:
    """Return the smaller of two, with the derivatives of the smaller (of the mean, where they are equal)."""
    return 0.5 * (x + y - abs(x - y))


#: Functions that numpy's and torch's dispatch may hand to a jet, by their names there.
_BY_NAME: dict[str, Callable[..., Any]] = {
    "exp": exp, "log": log, "sin": sin, "cos": cos, "tan": tan, "arctan": arctan, "atan": arctan, "sinh": sinh,
    "cosh": cosh, "tanh": tanh, "sqrt": sqrt, "erf": erf, "sigmoid": sigmoid, "expit": sigmoid, "silu": silu,
    "gelu": gelu, "absolute": abs, "abs": abs, "fabs": abs, "sign": sign, "arctan2": arctan2,
    "atan2": arctan2, "maximum": maximum, "minimum": minimum, "where": where,
    "square": lambda x: x * x, "negative": operator.neg, "neg": operator.neg, "positive": operator.pos,
    "reciprocal": lambda x: 1.0 / x,
}  # fmt: skip

_BINARY: dict[str, str] = {
    "add": "add",
    "subtract": "sub",
    "sub": "sub",
    "multiply": "mul",
    "mul": "mul",
    "divide": "truediv",
    "true_divide": "truediv",
    "div": "truediv",
    "power": "pow",
    "pow": "pow",
}


def by_name(name: str, operands: tuple[Any, ...]) -> Any:
    """Apply the function that numpy or torch calls `name` to operands of which at least one is a jet.

    Raises:
        InputError: If jets do not know the function.
    """
    if name in _BINARY and len(operands) == 2:
        left, right = operands
        if isinstance(left, Jet):
            return getattr(left, f"__{_BINARY[name]}__")(right)
        return getattr(right, f"__r{_BINARY[name]}__")(left)
    function = _BY_NAME.get(name.removeprefix("special_"))
    if function is None:
        raise InputError(f"fields do not know the function {name!r}; they know: {', '.join(sorted(_BY_NAME))}")
    return function(*operands)
