"""The recipe of a training: which strategies it follows, resolved from what the user and the problem say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from kinn.config import Specification, from_config, to_config
from kinn.errors import InputError, unknown
from kinn.optim import Optimizer
from kinn.problem import Defaults
from kinn.train.plans import Curriculum, Ensemble, SingleStage, TimeMarching, TrainingPlan, TrialBuilder
from kinn.train.plans.curriculum import Values
from kinn.train.strategies import SAMPLINGS, WEIGHTS, Causal, Sampling, Strategy, Weighting

#: What takes a strategy of the problem's away.
NONE = "none"


@dataclass(frozen=True)
class TrainingOptions:
    """Strategies; None, or 1, for those that are not followed.

    Attributes:
        weights: How terms and points are weighted.
        sampling: How points are moved.
        causal: How early times come before late ones.
        batch: The number of interior points that a step sees.
        slabs: The number of intervals that the time is cut into.
        curriculum: The values that constants take one after the other.
        ensemble: The number of seeds.
    """

    weights: Weighting | None = None
    sampling: Sampling | None = None
    causal: Causal | None = None
    batch: int | None = None
    slabs: int = 1
    curriculum: Values | None = None
    ensemble: int = 1

    def __post_init__(self) -> None:
        for name in ("batch", "slabs", "ensemble"):
            number = getattr(self, name)
            if number is not None and (not isinstance(number, int) or isinstance(number, bool) or number < 1):
                raise InputError(f"{name} is a whole number of at least 1, not {number!r}")
        if self.curriculum is not None:
            object.__setattr__(self, "curriculum", {name: tuple(v) for name, v in self.curriculum.items()})
        if self.slabs > 1 and self.curriculum:
            raise InputError("a solve has time slabs or a curriculum, not both")

    @property
    def strategies(self) -> tuple[Strategy, ...]:
        """Those that change the objective between steps."""
        return tuple(s for s in (self.sampling, self.weights, self.causal) if s is not None)

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of `kinn.solve` that say the same, whatever the defaults of the problem."""
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        return said | {
            "weights": self.weights or NONE,
            "sampling": self.sampling or NONE,
            "causal": self.causal or False,
            "curriculum": self.curriculum or {},
        }

    def check(self, method: Optimizer) -> None:
        """Refuse mini-batches for methods that need all points at every step.

        Raises:
            InputError: If the method is one of these.
        """
        if self.batch is not None and not method.stochastic:
            raise InputError(f"mini-batches are for optimizer 'adam', not for {method.name!r}")

    def route(self, start: TrialBuilder) -> TrainingPlan:
        """Return the legs of a solve.

        Raises:
            InputError: If the problem does not allow them.
        """

        def member(offset: int) -> TrainingPlan:
            own = replace(start, seed=start.seed + offset)
            if self.curriculum:
                return Curriculum(own, self.curriculum)
            return TimeMarching(own, self.slabs) if self.slabs > 1 else SingleStage(own)

        return Ensemble(member, self.ensemble) if self.ensemble > 1 else member(0)

    def to_config(self) -> dict[str, Any]:
        """Return what is followed, as plain data for a configuration."""
        parts = {"weights": self.weights, "sampling": self.sampling, "causal": self.causal}
        out: dict[str, Any] = {name: to_config(part) for name, part in parts.items() if part is not None}
        numbers = {"batch": self.batch, "slabs": self.slabs, "ensemble": self.ensemble}
        out |= {name: number for name, number in numbers.items() if number not in (None, 1)}
        return out | ({"curriculum": dict(self.curriculum)} if self.curriculum else {})

    @staticmethod
    def from_config(config: Mapping[str, Any]) -> TrainingOptions:
        """Return the recipe that a configuration states.

        Raises:
            InputError: If it states strategies or settings that there are not.
        """
        kinds: dict[str, Mapping[str, type[Any]]] = {"weights": WEIGHTS, "sampling": SAMPLINGS, "causal": CAUSAL}
        parts = {name: from_config(known, config[name], name) for name, known in kinds.items() if name in config}
        plain = ("batch", "slabs", "curriculum", "ensemble")
        return TrainingOptions(**parts, **{name: config[name] for name in plain if name in config})


#: Causal weights by name: there is one kind.
CAUSAL: dict[str, type[Causal]] = {Causal.name: Causal}


def resolve_options(
    defaults: Defaults,
    *,
    weights: Weighting | str | None = None,
    sampling: Sampling | str | None = None,
    causal: Causal | bool | None = None,
    batch: int | None = None,
    slabs: int | None = None,
    curriculum: Values | None = None,
    ensemble: int | None = None,
) -> TrainingOptions:
    """Return the recipe that follows what is given, and where nothing is (None) the defaults of the problem.

    Raises:
        InputError: If there is no strategy of a name, or strategies exclude each other.
    """
    if causal is None:
        causal = defaults.causal
    # slabs that are asked for take the place of a curriculum of the problem's, and the other way round
    if slabs is None:
        slabs = 1 if curriculum else defaults.slabs
    if curriculum is None and slabs == 1:
        curriculum = defaults.curriculum
    return TrainingOptions(
        weights=_chosen(WEIGHTS, weights, defaults.weights, "loss weights"),
        sampling=_chosen(SAMPLINGS, sampling, defaults.sampling, "sampling"),
        causal=Causal() if causal is True else causal or None,
        batch=batch,
        slabs=slabs,
        curriculum=curriculum or None,
        ensemble=1 if ensemble is None else ensemble,
    )


def _chosen(kinds: Mapping[str, type[Any]], given: Specification | str | None, default: Any, what: str) -> Any:
    chosen = default if given is None else given
    if not isinstance(chosen, str):
        return chosen
    if chosen == NONE:
        return None
    if chosen not in kinds:
        raise unknown(what, chosen, [*kinds, NONE])
    return kinds[chosen]()
