"""Documentation of the settings of networks, read from their docstrings."""

from __future__ import annotations

import dataclasses
import inspect
import re
from typing import Any, NamedTuple

from kinn.networks.network import Architecture


class SettingDoc(NamedTuple):
    """A setting of a network: its name, its default and what it does."""

    name: str
    default: Any
    text: str


def summary(kind: type[Architecture]) -> str:
    """First sentence of a network's docstring, on one line."""
    return " ".join((inspect.getdoc(kind) or "").partition("\n\n")[0].split())


def settings(kind: type[Architecture]) -> list[SettingDoc]:
    """Settings of a network; a variant's are explained where those of its base are."""
    texts: dict[str, str] = {}
    for base in kind.__mro__:
        section = (inspect.getdoc(base) or "").partition("Attributes:\n")[2]
        for name, text in re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", section, re.MULTILINE):
            texts.setdefault(name, " ".join(text.split()))
    fields = dataclasses.fields(kind)  # type: ignore[arg-type]
    return [SettingDoc(f.name, f.default, texts.get(f.name, "")) for f in fields]
