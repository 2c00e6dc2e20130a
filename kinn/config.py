"""Configurations: plain data for TOML and JSON, its hash, and specifications as a name with settings and back.

A specification (a network, an optimizer, a strategy) is a frozen dataclass with a class variable `name`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, ClassVar, Protocol, TypeVar, get_type_hints

from kinn.errors import InputError, check_name


class Specification(Protocol):
    """A dataclass with a name."""

    name: ClassVar[str]


Kind = TypeVar("Kind", bound=Specification)


class Catalogue(Mapping[str, type[Kind]]):
    """Specifications by name, each loaded when it is looked up: classes of a package by the names of these."""

    def __init__(self, package: str, classes: Mapping[str, str]) -> None:
        self._package, self._classes = package, classes

    def __getitem__(self, name: str) -> type[Kind]:
        kind: type[Kind] = getattr(import_module(self._package), self._classes[name])
        return kind

    def __contains__(self, name: object) -> bool:
        return name in self._classes

    def __iter__(self) -> Iterator[str]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)


def to_plain(value: Any) -> Any:
    """Plain data of a value: mappings without their Nones, lists, numbers and text; specifications by their fields.

    TOML has no null: a setting that is None is left out.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return to_plain({field.name: getattr(value, field.name) for field in dataclasses.fields(value)})
    if isinstance(value, Mapping):
        return {str(k): to_plain(v) for k, v in value.items() if v is not None}
    if isinstance(value, (list, tuple)):
        return [to_plain(v) for v in value]
    if hasattr(value, "item"):  # a numpy scalar: some are floats too, but do not print as one
        return to_plain(value.item())
    return value if isinstance(value, (bool, int, float, str)) else str(value)


def nan_to_null(value: Any) -> Any:
    """Plain data with null in place of every number that JSON cannot write."""
    if isinstance(value, Mapping):
        return {k: nan_to_null(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [nan_to_null(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def config_hash(config: Mapping[str, Any]) -> str:
    """Identity of a configuration: twelve hexadecimal digits, independent of the order of its keys."""
    text = json.dumps(to_plain(config), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def setting_types(specification: type | object) -> dict[str, Any]:
    """Types of the settings of a specification, by name."""
    kind = specification if isinstance(specification, type) else type(specification)
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def to_config(specification: Specification) -> dict[str, Any]:
    """Name and all settings of a specification."""
    return {"name": specification.name} | {name: getattr(specification, name) for name in setting_types(specification)}


def from_config(kinds: Mapping[str, type[Kind]], data: Mapping[str, Any], part: str) -> Kind:
    """Specification with the name and settings that `to_config` gave, possibly read back from a file.

    The part ("network", "optimizer", ...) and the names of all kinds appear in messages.

    Raises:
        InputError: If the name is unknown, or a setting is invalid.
    """
    settings = dict(data)
    name = settings.pop("name")
    check_name(part, name, kinds)
    return kinds[name](**convert(settings, setting_types(kinds[name]), f"{part} {name!r}"))


def convert(settings: Mapping[str, Any], types: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Settings, as text or as read from a file, converted to their declared types; `where` names their owner in messages.

    Raises:
        InputError: If a setting is unknown, or its value cannot be converted.
    """
    for name in settings:
        check_name("setting", name, types, where)
    return {name: _convert_value(value, types[name], f"{name} of {where}") for name, value in settings.items()}


def _convert_value(value: Any, kind: Any, where: str) -> Any:
    """Convert a value as it stands, else its text as a list separated by commas ("8,8")."""
    from pydantic import TypeAdapter, ValidationError

    adapter = TypeAdapter(kind)
    candidates = [value]
    if isinstance(value, str):
        candidates.append([part.strip() for part in re.split(r"[,\s]+", value.strip("()[] ,"))])
    message = ""
    for candidate in candidates:
        try:
            return adapter.validate_python(candidate)
        except ValidationError as error:
            errors = error.errors()  # of a union, one per member: a number that does not parse says most
            message = message or next((e["msg"] for e in errors if e["type"].endswith("parsing")), errors[0]["msg"])
    raise InputError(f"{where} cannot be {value!r}: {message[:1].lower()}{message[1:]}")
