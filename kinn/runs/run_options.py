"""Options of runs: settings of problem, network and optimizer as text, and options common to the runs of a call."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from kinn.config import Specification, convert, setting_types
from kinn.errors import InputError, unknown
from kinn.training_options import TrainingOptions, resolve_options, strategy_kinds

if TYPE_CHECKING:
    from kinn.defaults import Defaults

Kind = TypeVar("Kind", bound=Specification)

#: The parts of a solve whose settings carry a prefix; settings without one are the problem's.
PARTS = ("network", "optimizer", *strategy_kinds())


def parse_settings(pairs: Sequence[str] | None) -> dict[str, dict[str, str]]:
    """Settings of `name=value` pairs as text, by part; of several pairs with one name the last counts.

    Raises:
        InputError: If a pair has no "=", or the prefix of its name is no part.
    """
    settings: dict[str, dict[str, str]] = {part: {} for part in ("problem", *PARTS)}
    for pair in pairs or ():
        name, equals, value = (text.strip() for text in pair.partition("="))
        if not equals or not name:
            raise InputError(f"--set takes NAME=VALUE, not {pair!r}")
        part, dot, setting = name.partition(".")
        if dot and part not in PARTS:
            raise unknown("part", part, PARTS, f"--set {pair}")
        settings[part if dot else "problem"][setting if dot else name] = value
    return settings


def with_settings(default: Kind, texts: Mapping[str, str], part: str) -> Kind:
    """Specification with some settings replaced; messages name its part, "network", "optimizer" or a strategy.

    Raises:
        InputError: If a setting is unknown, or its value is invalid.
    """
    values = convert(texts, setting_types(default), f"{part} {default.name!r}")
    return dataclasses.replace(default, **values)  # type: ignore[type-var]


def resolve_training_options(
    defaults: Defaults, values: Mapping[str, Any], texts: Mapping[str, Mapping[str, str]]
) -> TrainingOptions:
    """Training options by the defaults of a problem, the values that differ, and settings of strategies as text, by part.

    Raises:
        InputError: If a strategy or a setting is unknown.
    """
    resolved = resolve_options(defaults, values)
    strategies: dict[str, Any] = {}
    for name, kind in strategy_kinds().items():
        if settings := texts.get(name):
            strategy = getattr(resolved, name) or kind.default
            if strategy is None:
                raise InputError(f"--set {name}.{next(iter(settings))} needs --{name} NAME")
            strategies[name] = with_settings(strategy, settings, name)
    return dataclasses.replace(resolved, **strategies)


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Options common to the problems and networks of a call; None for the problem's default."""

    form: str
    out: Path
    points: int | None = None
    budget: float | None = None
    iterations: int | None = None
    dtype: str = "float64"
    threads: int | None = None
    clock: str = "wall"
    checkpoint_every: float = 10.0
    figures: bool = True

    @staticmethod
    def from_config(
        config: Mapping[str, Any], out: Path, threads: int | None, checkpoint_every: float, *, figures: bool = True
    ) -> RunOptions:
        """Options of a resolved configuration."""
        return RunOptions(
            **{name: config[name] for name in ("form", "budget", "dtype")},
            points=config.get("points"),
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

        for name, choices in (("form", FORMS), ("dtype", DTYPES), ("clock", CLOCKS)):
            if (value := getattr(self, name)) not in choices:
                raise unknown(name, value, choices)
