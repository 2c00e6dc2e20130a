"""`--set name=value`: to whom a setting goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from kinn.errors import InputError, unknown

#: The strategies of a training that have settings.
STRATEGIES = ("weights", "sampling", "causal")

#: The parts of a solve whose settings carry their name in front; the others are the problem's.
PARTS = ("network", "optimizer", *STRATEGIES)


@dataclass(frozen=True)
class Settings:
    """Settings as text, by the part they go to."""

    network: dict[str, str] = field(default_factory=dict)
    optimizer: dict[str, str] = field(default_factory=dict)
    problem: dict[str, str] = field(default_factory=dict)
    weights: dict[str, str] = field(default_factory=dict)
    sampling: dict[str, str] = field(default_factory=dict)
    causal: dict[str, str] = field(default_factory=dict)

    @property
    def named(self) -> dict[str, str]:
        """All of them, with the part in front of each name."""
        return {f"{part}.{name}": text for part in ("problem", *PARTS) for name, text in getattr(self, part).items()}

    @property
    def strategies(self) -> dict[str, dict[str, str]]:
        """Those of the strategies, by strategy."""
        return {name: getattr(self, name) for name in STRATEGIES}


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
        getattr(settings, part if dot else "problem")[rest if dot else name] = value
    return settings


def curriculum(texts: Sequence[str]) -> dict[str, tuple[float, ...]]:
    """Return the values of constants from `name=value,value,...`.

    Raises:
        InputError: If a text is nothing of the kind.
    """
    out = {}
    for text in texts:
        name, equals, values = (part.strip() for part in text.partition("="))
        try:
            out[name] = tuple(float(value) for value in values.split(","))
        except ValueError:
            equals = ""
        if not name or not equals:
            raise InputError(f"--curriculum takes NAME=VALUE,VALUE,..., not {text!r}")
    return out
