"""Plain data: what TOML and JSON can hold, and the identity of a configuration made of it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any


def to_plain(value: Any) -> Any:
    """Return `value` as plain data: mappings without their Nones, lists, numbers, text; specifications by their fields.

    TOML has no null, so a setting that is None is one that is not there.
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
    """Return plain data with null for every number that JSON cannot write."""
    if isinstance(value, Mapping):
        return {k: nan_to_null(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [nan_to_null(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def config_hash(config: Mapping[str, Any]) -> str:
    """Return the identity of a configuration: twelve hexadecimal digits, whatever the order of its keys."""
    text = json.dumps(to_plain(config), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
