"""Training options (loss weights, sampling, time windows, ...), each described once, as a field of `TrainingOptions`.

`kinn.solve`, `Defaults`, the command line and the study files read these fields: a new option is one new field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from importlib import import_module
from math import inf
from typing import Any, ClassVar

from kinn.config import Specification, from_config, to_config
from kinn.errors import InputError, unknown

#: Switches off a strategy that is the problem's default.
NONE = "none"

#: Options of which a solve has one at most.
EXCLUSIVE = ("time_windows", "curriculum")


@dataclass(frozen=True)
class OptionKind:
    """Which values an option takes in a script, on the command line, in a study file and in a configuration.

    Attributes:
        help: The help text of the command line.
        strong_only: Whether only the strong form knows the option.
    """

    #: The type of a value on the command line, and its placeholder in the help; a switch has none.
    command_line: ClassVar[tuple[Any, str | None]]
    #: The type of a value in a study file, and whether a sweep can go through several.
    study: ClassVar[Any]
    scalar: ClassVar[bool] = True
    #: The value that switches the option off, whatever the default of the problem.
    off: ClassVar[Any]

    help: str
    strong_only: bool = False

    def resolve(self, name: str, value: Any) -> Any:
        """Value as training uses it, None where the option is off.

        Raises:
            InputError: If the option does not take the value.
        """
        raise NotImplementedError

    def parse(self, name: str, value: Any) -> Any:
        """Value from what the command line gave."""
        return value

    def to_config(self, value: Any) -> Any:
        """Resolved value as plain data."""
        return value

    def from_config(self, name: str, value: Any) -> Any:
        """Resolved value from plain data."""
        return self.resolve(name, value)


@dataclass(frozen=True)
class StrategyKind(OptionKind):
    """A strategy: an object of its class, or a name.

    Attributes:
        catalogue: The module and the name of the dictionary of strategies, which is imported when a name is looked up.
        title: What messages call the strategies.
    """

    command_line: ClassVar[tuple[Any, str | None]] = (str, "NAME")
    study: ClassVar[Any] = str
    off: ClassVar[Any] = NONE

    catalogue: str = ""
    title: str = ""

    @property
    def classes(self) -> Mapping[str, type[Any]]:
        """The strategies by name."""
        module, _, name = self.catalogue.partition(":")
        classes: Mapping[str, type[Any]] = getattr(import_module(module), name)
        return classes

    @property
    def default(self) -> Any:
        """The strategy that settings alone switch on; None where a name is needed."""
        return None

    def resolve(self, name: str, value: Any) -> Any:
        """Strategy of a name with its default settings; an object is taken as it is."""
        if value is None or value == NONE:
            return None
        if not isinstance(value, str):
            return self._strategy(name, value)
        if value not in self.classes:
            raise unknown(self.title, value, [*self.classes, NONE])
        return self.classes[value]()

    def _strategy(self, name: str, value: Any) -> Any:
        """Value that is a strategy, and none of the library's that belongs to another option."""
        if isinstance(value, type) or not hasattr(value, "refresh"):
            raise InputError(f"{name} takes a strategy or the name of one, not {value!r}")
        kinds = {option: kind for option, kind in option_kinds().items() if isinstance(kind, StrategyKind)}
        owners = [option for option, kind in kinds.items() if isinstance(value, tuple(kind.classes.values()))]
        if owners and name not in owners:
            raise InputError(f"{value!r} is a value of {owners[0]}, not of {name}")
        return value

    def to_config(self, value: Any) -> Any:
        return to_config(value)

    def from_config(self, name: str, value: Any) -> Any:
        return from_config(self.classes, value, name)


@dataclass(frozen=True)
class SwitchKind(StrategyKind):
    """The only strategy of its kind: an object, or True for the one with default settings."""

    command_line: ClassVar[tuple[Any, str | None]] = (bool, None)
    study: ClassVar[Any] = bool
    off: ClassVar[Any] = False

    @property
    def default(self) -> Any:
        (kind,) = self.classes.values()
        return kind()

    def resolve(self, name: str, value: Any) -> Any:
        return self.default if value is True else self._strategy(name, value) if value else None


@dataclass(frozen=True)
class FlagKind(OptionKind):
    """True or False; False where it is not stated, or where the solve decides so."""

    command_line: ClassVar[tuple[Any, str | None]] = (bool, None)
    study: ClassVar[Any] = bool
    off: ClassVar[Any] = False

    def resolve(self, name: str, value: Any) -> Any:
        if value is not None and not isinstance(value, bool):
            raise InputError(f"{name} is True or False, not {value!r}")
        return None if value == self.off else value


@dataclass(frozen=True)
class DefaultFlagKind(FlagKind):
    """True or False; True where it is not stated."""

    off: ClassVar[Any] = True


@dataclass(frozen=True)
class CountKind(OptionKind):
    """A whole number of at least 1; False, or 1 where that means the same, switches the option off."""

    command_line: ClassVar[tuple[Any, str | None]] = (int, "N")
    study: ClassVar[Any] = int
    off: ClassVar[Any] = False

    one_is_off: bool = True

    def resolve(self, name: str, value: Any) -> Any:
        if value is None or value is False:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise InputError(f"{name} is a whole number of at least 1, not {value!r}")
        return None if value == 1 and self.one_is_off else value


@dataclass(frozen=True)
class MaximumKind(OptionKind):
    """A whole number, 0 for none; None where the solve decides."""

    command_line: ClassVar[tuple[Any, str | None]] = (int, "N")
    study: ClassVar[Any] = int
    off: ClassVar[Any] = None

    def resolve(self, name: str, value: Any) -> Any:
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            raise InputError(f"{name} is a whole number of at least 0, not {value!r}")
        return value


@dataclass(frozen=True)
class NumberKind(OptionKind):
    """A positive number; None for that of the problem."""

    command_line: ClassVar[tuple[Any, str | None]] = (float, "X")
    study: ClassVar[Any] = float
    off: ClassVar[Any] = None

    def resolve(self, name: str, value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < inf:
            raise InputError(f"{name} is positive and finite, not {value!r}")
        return float(value)


@dataclass(frozen=True)
class CurriculumKind(OptionKind):
    """Sequences of values by the name of a coefficient."""

    command_line: ClassVar[tuple[Any, str | None]] = (list[str], "NAME=V,V,...")
    study: ClassVar[Any] = dict[str, list[float]]
    scalar: ClassVar[bool] = False
    off: ClassVar[Any] = {}

    def resolve(self, name: str, value: Any) -> Any:
        return {coefficient: tuple(values) for coefficient, values in value.items()} if value else None

    def parse(self, name: str, value: Any) -> Any:
        out = {}
        for text in value or ():
            coefficient, _, values = (part.strip() for part in text.partition("="))
            try:
                out[coefficient] = tuple(float(number) for number in values.split(","))
            except ValueError:
                coefficient = ""
            if not coefficient:
                raise InputError(f"--{name} takes NAME=VALUE,VALUE,..., not {text!r}")
        return out or None


def option(kind: OptionKind) -> Any:
    """Field of an option, None where it is not stated."""
    return field(default=None, metadata={"kind": kind})


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """How a solve is trained; None for what is not stated.

    Attributes:
        pde_weight: The factor of the mean square of the equations' dimensionless residuals in the loss; conditions have 1.
        weights: How terms and points are weighted: `NTK()`, `GradientNorm()`, `ResidualAttention()`, `SelfAdaptive()`,
            `FixedWeights(...)`, another `Weighting` or the name of one; "uniform" for mean squares alone.
        sampling: How points move during training: `RAD()`, `RARD()`, another `Sampling` or a name; "none" for points
            that stay.
        causal: Whether late times count only once early ones are learnt: `Causal(...)`, or True.
        batch: The number of interior points of a step of Adam; False for all.
        time_windows: Cuts the time into this number of windows, each solved with a new network from the state at the end
            of the last one.
        curriculum: The values that a coefficient of the problem takes in turn, `{"re": (100, 400, 1000)}`, each training
            starting from the weights of the last.
        ensemble: Solves with this number of seeds, each for the whole budget, and returns the mean; the standard
            deviation is `solution.std`.
        corrections: The most corrections of the trained fields by random features, each added where it reduces the residuals
            to a quarter at least (multi-stage training); by default two after growth, else none.
        tolerance: The relative L2 error of every field, as estimated, at which training ends; see `Solution.converged`.
        growth: Whether the network starts small and grows with its points while training gains by it; by default where it
            is named without settings.
        estimate: False to leave out `solution.estimate`, the estimated error.
    """

    pde_weight: float | None = option(
        NumberKind("Weight of the equations in the loss; conditions have 1.", strong_only=True)
    )
    weights: Specification | str | None = option(
        StrategyKind(
            "Loss weights: uniform, fixed, ntk, gradient-norm, rba or sa.",
            strong_only=True, catalogue="kinn.train.strategies.weights:WEIGHTS", title="loss weights",
        )
    )  # fmt: skip
    sampling: Specification | str | None = option(
        StrategyKind(
            "How collocation points are moved: rad, rar-d or none.",
            strong_only=True, catalogue="kinn.train.strategies.resampling:SAMPLINGS", title="sampling",
        )
    )  # fmt: skip
    causal: Specification | bool | None = option(
        SwitchKind("Learn early times before late ones.", True, catalogue="kinn.train.strategies.causal:CAUSAL")
    )
    batch: int | None = option(CountKind("Interior points that each step of Adam sees.", True, one_is_off=False))
    time_windows: int | None = option(CountKind("Intervals of time that are solved one after the other.", True))
    curriculum: Mapping[str, Sequence[float]] | None = option(
        CurriculumKind("Values that a coefficient of the problem takes in turn.")
    )
    ensemble: int | None = option(CountKind("Solve with N seeds and return the mean."))
    corrections: int | None = option(MaximumKind("Corrections by random features after training, at most N.", True))
    tolerance: float | None = option(NumberKind("Estimated relative L2 error of every field at which training ends."))
    growth: bool | None = option(
        FlagKind("Let the network start small and grow with its points. By default where it has no settings.", True)
    )
    estimate: bool | None = option(DefaultFlagKind("Estimate the error of the solution."))

    @property
    def stated(self) -> dict[str, Any]:
        """The options that are stated, by name."""
        return {name: value for name in option_kinds() if (value := getattr(self, name)) is not None}

    @property
    def strategies(self) -> tuple[Any, ...]:
        """The strategies that change the objective between steps, of resolved options."""
        return tuple(value for name in strategy_kinds() if (value := getattr(self, name)) is not None)

    @property
    def arguments(self) -> dict[str, Any]:
        """Arguments of `kinn.solve` that resolve to these options, whatever the defaults of the problem."""
        return {name: kind.off for name, kind in option_kinds().items()} | self.stated

    def to_config(self) -> dict[str, Any]:
        """Resolved options as plain data."""
        kinds = option_kinds()
        return {name: kinds[name].to_config(value) for name, value in self.stated.items()}

    @staticmethod
    def from_config(config: Mapping[str, Any]) -> TrainingOptions:
        """Resolved options of a configuration.

        Raises:
            InputError: If there is no such strategy or setting.
        """
        kinds = option_kinds().items()
        return TrainingOptions(**{name: kind.from_config(name, config[name]) for name, kind in kinds if name in config})


def option_kinds() -> dict[str, OptionKind]:
    """Kind of each training option, by name."""
    return {f.name: f.metadata["kind"] for f in fields(TrainingOptions)}


def strategy_kinds() -> dict[str, StrategyKind]:
    """Kind of each option that is a strategy with settings, by name."""
    return {name: kind for name, kind in option_kinds().items() if isinstance(kind, StrategyKind)}


def resolve_options(defaults: TrainingOptions, options: Mapping[str, Any]) -> TrainingOptions:
    """Options with names as objects, and the problem's defaults for those that are None or not stated.

    Raises:
        InputError: If there is no strategy of a name, a value is not valid, or options exclude each other.
    """
    kinds = option_kinds()
    values = {name: kind.resolve(name, options.get(name)) for name, kind in kinds.items()}
    for name, kind in kinds.items():
        # time windows that are stated replace a curriculum of the problem, and the other way round
        replaced = name in EXCLUSIVE and any(values[other] for other in EXCLUSIVE)
        if options.get(name) is None and not replaced:
            values[name] = kind.resolve(name, getattr(defaults, name))
    if all(values[name] for name in EXCLUSIVE):
        raise InputError("a solve has time windows or a curriculum, not both")
    return TrainingOptions(**values)
