"""Options of runs: settings of problem, network and optimizer as text, and options common to the runs of a call."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from kinn.config import Specification, convert, setting_types
from kinn.errors import InputError, unknown
from kinn.training_options import TrainingOptions, resolve_options, strategy_kinds

if TYPE_CHECKING:
    from kinn.optim import Optimizer
    from kinn.problem import Problem

Kind = TypeVar("Kind", bound=Specification)

#: The parts of a solve whose settings carry a prefix; settings without one are the problem's.
PARTS = ("network", "optimizer", *strategy_kinds())


@dataclass(frozen=True)
class Settings:
    """Settings as text, by the part that they belong to."""

    network: dict[str, str] = field(default_factory=dict)
    optimizer: dict[str, str] = field(default_factory=dict)
    problem: dict[str, str] = field(default_factory=dict)
    strategies: dict[str, dict[str, str]] = field(default_factory=lambda: {name: {} for name in strategy_kinds()})

    @property
    def parts(self) -> dict[str, dict[str, str]]:
        """All settings, by part."""
        return {"problem": self.problem, "network": self.network, "optimizer": self.optimizer, **self.strategies}

    @property
    def prefixed(self) -> dict[str, str]:
        """All settings, with the part as prefix of each name."""
        return {f"{part}.{name}": text for part, texts in self.parts.items() for name, text in texts.items()}


def parse_settings(pairs: Sequence[str]) -> Settings:
    """Settings of `name=value` pairs; of several pairs with one name the last counts.

    Raises:
        InputError: If a pair has no "=", or the prefix of its name is no part.
    """
    settings = Settings()
    for pair in pairs:
        name, equals, value = (text.strip() for text in pair.partition("="))
        if not equals or not name:
            raise InputError(f"--set takes NAME=VALUE, not {pair!r}")
        part, dot, setting = name.partition(".")
        if dot and part not in PARTS:
            raise unknown("part", part, PARTS, f"--set {pair}")
        settings.parts[part if dot else "problem"][setting if dot else name] = value
    return settings


def with_settings(default: Kind, texts: Mapping[str, str], part: str) -> Kind:
    """Specification with some settings replaced.

    Args:
        default: The specification, a dataclass.
        texts: Names and texts of settings.
        part: "network", "optimizer" or a strategy, for messages.

    Raises:
        InputError: If a setting is unknown, or its value is invalid.
    """
    values = convert(texts, setting_types(default), f"{part} {default.name!r}")
    return dataclasses.replace(default, **values)  # type: ignore[type-var]


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Options common to the problems and networks of a call; None for the problem's default."""

    form: str
    out: Path
    optimizer: str | None = None
    optimizer_settings: Mapping[str, str] = field(default_factory=dict)
    points: int | None = None
    budget: float | None = None
    iterations: int | None = None
    dtype: str = "float64"
    threads: int | None = None
    clock: str = "wall"
    checkpoint_every: float = 10.0
    figures: bool = True
    strategies: Mapping[str, Any] = field(default_factory=dict)
    strategy_settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @staticmethod
    def from_config(
        config: Mapping[str, Any], out: Path, threads: int | None, checkpoint_every: float, *, figures: bool = True
    ) -> RunOptions:
        """Options of a resolved configuration."""
        return RunOptions(
            **{name: config[name] for name in ("form", "points", "budget", "dtype")},
            iterations=config.get("iterations"),
            clock=config.get("clock", "wall"),
            out=out,
            threads=threads,
            checkpoint_every=checkpoint_every,
            figures=figures,
        )

    def __post_init__(self) -> None:
        from kinn.problem import FORMS
        from kinn.solver import DTYPES
        from kinn.train.loop import CLOCKS

        if self.form not in FORMS:
            raise unknown("form", self.form, FORMS)
        if self.dtype not in DTYPES:
            raise unknown("dtype", self.dtype, DTYPES)
        if self.clock not in CLOCKS:
            raise unknown("clock", self.clock, CLOCKS)

    def optimizer_for(self, problem: Problem) -> Optimizer:
        """Optimizer with its settings, by default the problem's.

        Raises:
            InputError: If the optimizer or a setting is unknown.
        """
        from kinn.solver import resolve_optimizer

        optimizer = resolve_optimizer(self.optimizer or problem.defaults.optimizer)
        return with_settings(optimizer, self.optimizer_settings, "optimizer")

    def training_options_for(self, problem: Problem) -> TrainingOptions:
        """Training options with their settings, by default the problem's.

        Raises:
            InputError: If a strategy or a setting is unknown.
        """
        resolved = resolve_options(problem.defaults, self.strategies)
        kinds = strategy_kinds()
        strategies: dict[str, Any] = {}
        for name, texts in self.strategy_settings.items():
            if not texts:
                continue
            strategy = getattr(resolved, name) or kinds[name].default
            if strategy is None:
                raise InputError(f"--set {name}.{next(iter(texts))} needs --{name} NAME")
            strategies[name] = with_settings(strategy, texts, name)
        return dataclasses.replace(resolved, **strategies)
