"""`--set name=value`: to whom a setting goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from kinn.errors import InputError, unknown
from kinn.training_options import strategy_kinds

#: The parts of a solve whose settings carry their name in front; the others are the problem's.
PARTS = ("network", "optimizer", *strategy_kinds())


@dataclass(frozen=True)
class Settings:
    """Settings as text, by the part they go to."""

    network: dict[str, str] = field(default_factory=dict)
    optimizer: dict[str, str] = field(default_factory=dict)
    problem: dict[str, str] = field(default_factory=dict)
    strategies: dict[str, dict[str, str]] = field(default_factory=lambda: {name: {} for name in strategy_kinds()})

    @property
    def parts(self) -> dict[str, dict[str, str]]:
        """All of them, by part."""
        return {"problem": self.problem, "network": self.network, "optimizer": self.optimizer, **self.strategies}

    @property
    def named(self) -> dict[str, str]:
        """All of them, with the part in front of each name."""
        return {f"{part}.{name}": text for part, texts in self.parts.items() for name, text in texts.items()}


def split(pairs: Sequence[str]) -> Settings:
    """Return the settings of `name=value` pairs; the last of several of one name counts.

    Raises:
        InputError: If a pair has no "=", or a name in front of its dot is not a part's.
    """
    settings = Settings()
    for pair in pairs:
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not equals or not name:
            raise InputError(f"--set takes NAME=VALUE, not {pair!r}")
        part, dot, rest = name.partition(".")
        if dot and part not in PARTS:
            raise unknown("part", part, PARTS, f"--set {pair}")
        settings.parts[part if dot else "problem"][rest if dot else name] = value
    return settings
