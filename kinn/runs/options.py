"""How to solve, the same for all problems and networks of a call: what the command line or a study says of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
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


def specified(default: Kind, texts: Mapping[str, str], part: str) -> Kind:
    """Return a specification, a dataclass, with settings replaced by what their texts say.

    Args:
        default: The specification.
        texts: Names and texts of settings.
        part: "network", "optimizer" or a strategy, for messages.

    Raises:
        InputError: If it has no such setting, or a value is no good.
    """
    values = convert(texts, setting_types(default), f"{part} {default.name!r}")
    return dataclasses.replace(default, **values)  # type: ignore[type-var]


@dataclass(frozen=True)
class Options:
    """What the command line says of how to solve, the same for all problems and networks; None is the default's."""

    form: str
    optimizer: str | None
    optimizer_settings: Mapping[str, str]
    points: int | None
    budget: float | None
    iterations: int | None
    dtype: str
    threads: int | None
    out: Path
    clock: str = "wall"
    checkpoint_every: float = 10.0
    figures: bool = True
    strategies: Mapping[str, Any] = field(default_factory=dict)
    strategy_settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @staticmethod
    def of(
        config: Mapping[str, Any], out: Path, threads: int | None, checkpoint_every: float, *, figures: bool = True
    ) -> Options:
        """Return what a resolved configuration says."""
        return Options(
            form=config["form"],
            optimizer=None,
            optimizer_settings={},
            points=config["points"],
            budget=config["budget"],
            clock=config.get("clock", "wall"),
            iterations=config.get("iterations"),
            dtype=config["dtype"],
            threads=threads,
            out=out,
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
        """Return the method, by default the problem's, with the settings given.

        Raises:
            InputError: If there is no such method or setting.
        """
        from kinn.solver import resolve_optimizer

        return specified(
            resolve_optimizer(self.optimizer or problem.defaults.optimizer), self.optimizer_settings, "optimizer"
        )

    def recipe_for(self, problem: Problem) -> TrainingOptions:
        """Return the strategies, by default the problem's, with the settings given.

        Raises:
            InputError: If there is no such strategy or setting.
        """
        chosen = resolve_options(problem.defaults, self.strategies)
        kinds = strategy_kinds()
        parts: dict[str, Any] = {}
        for name, texts in self.strategy_settings.items():
            if not texts:
                continue
            part = getattr(chosen, name) or kinds[name].default
            if part is None:
                raise InputError(f"--set {name}.{next(iter(texts))} needs --{name} NAME")
            parts[name] = specified(part, texts, name)
        return dataclasses.replace(chosen, **parts)
