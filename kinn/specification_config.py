"""Specifications (a network, a method, a strategy: frozen dataclasses) as a name with settings, and back."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, TypeVar, get_type_hints

from kinn.errors import InputError, unknown


class Specification(Protocol):
    """A dataclass with a name."""

    name: ClassVar[str]


Kind = TypeVar("Kind", bound=Specification)


def types_of(specification: type | object) -> dict[str, Any]:
    """Return the types of the settings of a specification, by name."""
    kind = specification if isinstance(specification, type) else type(specification)
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def to_config(specification: Specification) -> dict[str, Any]:
    """Return the name and all settings."""
    return {"name": specification.name} | {name: getattr(specification, name) for name in types_of(specification)}


def from_config(kinds: Mapping[str, type[Kind]], data: Mapping[str, Any], part: str) -> Kind:
    """Return the specification that `to_config` gave data of, be it read back from a file.

    Args:
        kinds: The specifications there are, by name.
        data: The name and settings.
        part: "network", "optimizer", ..., for messages.

    Raises:
        InputError: If there is none of this name, or a setting is no good.
    """
    settings = dict(data)
    name = settings.pop("name")
    if name not in kinds:
        raise unknown(part, name, kinds)
    return kinds[name](**convert(settings, types_of(kinds[name]), f"{part} {name!r}"))


def convert(given: Mapping[str, Any], types: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return settings as values of the types declared.

    Args:
        given: Names and values, as texts or as read from a file.
        types: The type of every setting there is.
        where: Whose settings they are, for messages.

    Raises:
        InputError: If there is no such setting, or a value does not read as one of its type.
    """
    for name in given:
        if name not in types:
            raise unknown("setting", name, types, where)
    return {name: _value(value, types[name], f"{name} of {where}") for name, value in given.items()}


def _value(given: Any, kind: Any, where: str) -> Any:
    """Return one value: as it stands, else a text as a list written with commas ("8,8")."""
    from pydantic import TypeAdapter, ValidationError

    adapter = TypeAdapter(kind)
    readings = [given]
    if isinstance(given, str):
        readings.append([part.strip() for part in re.split(r"[,\s]+", given.strip("()[] ,"))])
    message = ""
    for reading in readings:
        try:
            return adapter.validate_python(reading)
        except ValidationError as error:
            found = error.errors()  # of a union, one for each member: that a number does not parse says most
            message = message or next((e["msg"] for e in found if e["type"].endswith("parsing")), found[0]["msg"])
    raise InputError(f"{where} cannot be {given!r}: {message[:1].lower()}{message[1:]}")
