"""On which line of a text a value stands: neither reader says so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

#: A key of a table, or a number in a list.
Key = str | int

_HEADER = re.compile(r"^\s*(\[{1,2})\s*([^\]]+?)\s*\]{1,2}\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*((?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*=""")


def toml_line(text: str, where: Sequence[Key]) -> int | None:
    """Return the line of a value in TOML, or of the nearest thing around it; None where there is nothing.

    Args:
        text: The file.
        where: The keys that lead to the value.
    """
    best, depth = None, 0
    table: list[Key] = []
    counts: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = list(_parts(header[2]))
            if header[1] == "[[":
                counts[header[2]] = counts.get(header[2], -1) + 1
                table.append(counts[header[2]])
            path = table
        elif key := _KEY.match(line):
            path = [*table, *_parts(key[1])]
        else:
            continue
        common = next(
            (n for n, (a, b) in enumerate(zip(path, where, strict=False)) if a != b), min(len(path), len(where))
        )
        if common > depth and common in (len(path), len(where)):
            best, depth = number, common
    return best


def yaml_line(text: str, where: Sequence[Key]) -> int | None:
    """Return what `toml_line` does, in YAML."""
    import yaml

    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    line = None
    for key in where:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(key)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 1
        else:
            break
    return line


def _parts(dotted: str) -> list[str]:
    """Return the keys of a dotted key."""
    return [a or b or c for a, b, c in re.findall(r""""([^"]*)"|'([^']*)'|([\w-]+)""", dotted)]
