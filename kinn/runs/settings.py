"""`--set name=value`: to whom a setting goes, and its text as a value of the type that they declare."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kinn.errors import InputError, unknown

#: The parts of a solve whose settings carry their name in front; the others are the problem's.
PARTS = ("network", "optimizer")


@dataclass(frozen=True)
class Settings:
    """Settings as text, by the part they go to."""

    network: dict[str, str] = field(default_factory=dict)
    optimizer: dict[str, str] = field(default_factory=dict)
    problem: dict[str, str] = field(default_factory=dict)


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


def convert(texts: Mapping[str, str], types: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the settings as values.

    Args:
        texts: Names and texts.
        types: The type of every setting there is.
        where: Whose settings they are, for messages.

    Raises:
        InputError: If there is no such setting, or the text does not read as a value of its type.
    """
    for name in texts:
        if name not in types:
            raise unknown("setting", name, types, where)
    return {name: _value(text, types[name], f"{name} of {where}") for name, text in texts.items()}


def _value(text: str, kind: Any, where: str) -> Any:
    """Return one text as a value: as it stands, else as a list written with commas ("8,8")."""
    from pydantic import TypeAdapter, ValidationError

    adapter = TypeAdapter(kind)
    message = ""
    for reading in (text, [part.strip() for part in re.split(r"[,\s]+", text.strip("()[] ,"))]):
        try:
            return adapter.validate_python(reading)
        except ValidationError as error:
            found = error.errors()  # of a union, one for each member: that a number does not parse says most
            message = message or next((e["msg"] for e in found if e["type"].endswith("parsing")), found[0]["msg"])
    raise InputError(f"{where} cannot be {text!r}: {message[:1].lower()}{message[1:]}")
