"""What is to be identified from observations: constants of the equations, and coefficients that are fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from math import inf, isfinite, log
from typing import Any

from kinn.defaults import NetworkSpecification
from kinn.errors import InputError
from kinn.math import exp, sigmoid

#: The least and the largest value, None for no limit.
Bounds = tuple[float | None, float | None]


@dataclass(frozen=True)
class BoundedTransform:
    """A smooth map of all numbers onto those allowed, which takes 0 to the initial value.

    Attributes:
        initial: The initial value.
        lower: The lower bound, excluded; -inf for none.
        upper: The upper bound, excluded; inf for none.
    """

    initial: float
    lower: float = -inf
    upper: float = inf

    def __call__(self, s: Any) -> Any:
        """Return the value of a free number s, for fields, tensors and numbers alike."""
        if isfinite(self.lower) and isfinite(self.upper):
            share = (self.initial - self.lower) / (self.upper - self.lower)
            return self.lower + (self.upper - self.lower) * sigmoid(s + log(share / (1.0 - share)))
        if isfinite(self.lower):
            return self.lower + (self.initial - self.lower) * exp(s)
        if isfinite(self.upper):
            return self.upper - (self.upper - self.initial) * exp(s)
        # in units of its size, so that one damping suits it and the networks' parameters
        return self.initial + (abs(self.initial) or 1.0) * s


@dataclass(frozen=True)
class Unknown:
    """A constant to be identified; residuals and conditions call it by its name, as `p.nu`.

    Attributes:
        name: Its name.
        initial: Where the search starts.
        bounds: The least and the largest value, of which one may be None. The search stays between them: the constant
            is a smooth function of a free number.
        positive: Whether it is positive.
        exact: Its true value where it is known, to tell how good the identified one is.

    Raises:
        InputError: If the initial value or a bound is no number, or the bounds exclude the initial value.
    """

    name: str
    _: KW_ONLY
    initial: float
    bounds: Bounds | None = None
    positive: bool = False
    exact: float | None = None

    def __post_init__(self) -> None:
        _range(f"Unknown({self.name!r})", self.initial, self.bounds, self.positive)

    @property
    def range(self) -> BoundedTransform:
        """The values allowed."""
        return _range(f"Unknown({self.name!r})", self.initial, self.bounds, self.positive)


@dataclass(frozen=True)
class UnknownField:
    """A coefficient to be identified as a field with a network of its own; residuals call it as `p.K`, `p.K.x`.

    Observations and other soft conditions may be about it by its name.

    Attributes:
        name: Its name.
        network: Its network; None for that of the fields at half its width.
        initial: About what it starts at; None for 0, or 1 above the lower bound, or between both bounds.
        bounds: The least and the largest value, of which one may be None.
        positive: Whether it is positive.
        of: The coordinates that it depends on; None for all.
        exact: The true field where it is known: a function of the coordinates, all or some by name.

    Raises:
        InputError: If the initial value or a bound is no number, or the bounds exclude the initial value.
    """

    name: str
    _: KW_ONLY
    network: NetworkSpecification | None = None
    initial: float | None = None
    bounds: Bounds | None = None
    positive: bool = False
    of: str | tuple[str, ...] | None = None
    exact: Callable[..., Any] | None = None

    def __post_init__(self) -> None:
        if self.of is not None:
            object.__setattr__(self, "of", (self.of,) if isinstance(self.of, str) else tuple(self.of))
        _range(f"UnknownField({self.name!r})", self.initial, self.bounds, self.positive)

    @property
    def range(self) -> BoundedTransform:
        """The values allowed."""
        return _range(f"UnknownField({self.name!r})", self.initial, self.bounds, self.positive)


@dataclass(frozen=True)
class UnknownTerm(UnknownField):
    """A term of the equations that is to be learnt: an unknown function of the fields; residuals call it as `p.g`.

    Known laws and learnt ones in the same equations make a universal differential equation (Rackauckas et al. 2020,
    arXiv:2001.04385). A term is learnt where the solution goes; elsewhere it is what its network happens to be there.

    Attributes:
        arguments: The names of the fields that it depends on.
        within: The least and the largest value of each argument that the network is made for.
        exact: The true term where it is known: a function of the arguments, in order.

    Raises:
        InputError: If the arguments have no proper bounds.
    """

    _: KW_ONLY
    arguments: str | tuple[str, ...] = ()
    within: Sequence[tuple[float, float]] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "arguments", (self.arguments,) if isinstance(self.arguments, str) else self.arguments)
        label = f"UnknownTerm({self.name!r})"
        if not self.arguments or self.of is not None:
            raise InputError(f"{label} depends on fields, which `arguments` names, and not on coordinates")
        if len(self.within) != len(self.arguments):
            raise InputError(f"{label} has {len(self.arguments)} arguments, and `within` has {len(self.within)} bounds")
        for name, (low, high) in zip(self.arguments, self.within, strict=True):
            if not -inf < low < high < inf:
                raise InputError(f"the bounds of {name} in {label} leave nothing: {low:g} to {high:g}")


def _range(label: str, initial: float | None, bounds: Bounds | None, positive: bool) -> BoundedTransform:
    given = (None, None) if bounds is None else tuple(bounds)
    if len(given) != 2:
        raise InputError(f"the bounds of {label} are the least and the largest value, not {bounds}")
    lower, upper = (other if end is None else float(end) for end, other in zip(given, (-inf, inf), strict=True))
    if positive:
        lower = max(lower, 0.0)
    if not lower < upper:
        raise InputError(f"the bounds of {label} leave nothing: the least value is {lower:g}, the largest {upper:g}")
    if initial is None:
        middles = {(True, True): (lower + upper) / 2, (True, False): lower + 1, (False, True): upper - 1}
        initial = middles.get((isfinite(lower), isfinite(upper)), 0.0)
    if not isfinite(initial):
        raise InputError(f"the initial value of {label} is a finite number, not {initial}")
    if not lower < initial < upper:
        raise InputError(f"the initial value of {label}, {initial:g}, does not lie between {lower:g} and {upper:g}")
    return BoundedTransform(float(initial), lower, upper)
