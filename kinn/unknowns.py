"""Unknowns, to be identified from observations: constants of the equations, fields, and functions of the fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from math import inf, isfinite, log
from typing import Any

from kinn.defaults import NetworkSpecification
from kinn.errors import InputError
from kinn.math import exp, sigmoid

#: The smallest and the largest value, None for no limit.
Bounds = tuple[float | None, float | None]


@dataclass(frozen=True)
class BoundedTransform:
    """A smooth map of the real line onto an open interval, which takes 0 to the initial value.

    Attributes:
        initial: The initial value.
        lower: The lower bound, excluded; -inf for none.
        upper: The upper bound, excluded; inf for none.
    """

    initial: float
    lower: float = -inf
    upper: float = inf

    @property
    def size(self) -> float:
        """Change of the value with the free number at 0, in units of which that number is."""
        below, above = self.initial - self.lower, self.upper - self.initial
        if isfinite(below) and isfinite(above):
            return below * above / (self.upper - self.lower)
        return min(below, above, key=abs) if isfinite(below) or isfinite(above) else abs(self.initial) or 1.0

    def __call__(self, s: Any) -> Any:
        """Value at a free number s: a field, tensor or number."""
        if isfinite(self.lower) and isfinite(self.upper):
            share = (self.initial - self.lower) / (self.upper - self.lower)
            return self.lower + (self.upper - self.lower) * sigmoid(s + log(share / (1.0 - share)))
        if isfinite(self.lower):
            return self.lower + (self.initial - self.lower) * exp(s)
        if isfinite(self.upper):
            return self.upper - (self.upper - self.initial) * exp(s)
        # in units of its size, so that one damping suits it and the networks' parameters
        return self.initial + (abs(self.initial) or 1.0) * s


class _Bounded:
    """What unknowns have in common: a name, an initial value, and bounds that are kept by a smooth transform.

    Raises:
        InputError: If the initial value or a bound is no number, or the bounds exclude the initial value.
    """

    name: str
    initial: float | None
    bounds: Bounds | None
    positive: bool

    def __post_init__(self) -> None:
        self.transform  # noqa: B018 (contradictions are found now)

    @property
    def transform(self) -> BoundedTransform:
        """The map from a free number onto the admissible values."""
        label, initial = f"{type(self).__name__}({self.name!r})", self.initial
        ends = (None, None) if self.bounds is None else tuple(self.bounds)
        if len(ends) != 2:
            raise InputError(f"the bounds of {label} are the smallest and the largest value, not {self.bounds}")
        lower, upper = (other if end is None else float(end) for end, other in zip(ends, (-inf, inf), strict=True))
        if self.positive:
            lower = max(lower, 0.0)
        if not lower < upper:
            raise InputError(
                f"the bounds of {label} leave nothing: the smallest value is {lower:g}, the largest {upper:g}"
            )
        if initial is None:
            starts = {(True, True): (lower + upper) / 2, (True, False): lower + 1, (False, True): upper - 1}
            initial = starts.get((isfinite(lower), isfinite(upper)), 0.0)
        if not isfinite(initial):
            raise InputError(f"the initial value of {label} is a finite number, not {initial}")
        if not lower < initial < upper:
            raise InputError(f"the initial value of {label}, {initial:g}, does not lie between {lower:g} and {upper:g}")
        return BoundedTransform(float(initial), lower, upper)


@dataclass(frozen=True)
class Unknown(_Bounded):
    """A constant to be identified; residuals and conditions access it as `p.nu`.

    Attributes:
        name: Its name.
        initial: The initial value of the search.
        bounds: The smallest and the largest value, of which one may be None. The search stays between them: the constant
            is a smooth function of a free number.
        positive: Whether it is positive.
        exact: Its true value where it is known, for the error of the identified one.
    """

    name: str
    _: KW_ONLY
    initial: float
    bounds: Bounds | None = None
    positive: bool = False
    exact: float | None = None


@dataclass(frozen=True)
class UnknownField(_Bounded):
    """A field to be identified, with its own network; residuals access it as `p.K`, `p.K.x`.

    Observations and other soft conditions may name it as their field.

    Attributes:
        name: Its name.
        network: Its network; None for that of the fields at half its width.
        initial: The value about which it starts; None for 0, or 1 above the lower bound, or between both bounds.
        bounds: The smallest and the largest value, of which one may be None.
        positive: Whether it is positive.
        of: The coordinates that it depends on; None for all.
        exact: The true field where it is known: a function of the coordinates, all or some by name.
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
        super().__post_init__()


@dataclass(frozen=True)
class UnknownTerm(UnknownField):
    """A term of the equations to be learnt: an unknown function of the fields; residuals access it as `p.g`.

    Known and learnt terms in the same equations make a universal differential equation (Rackauckas et al. 2020,
    arXiv:2001.04385). A term is learnt where the solution goes; elsewhere its values are arbitrary.

    Attributes:
        arguments: The names of the fields that it depends on.
        within: The smallest and the largest value of each argument that the network is built for.
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
