"""Study files: parsing, validation, and error messages with the line and the key at fault."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from importlib.resources import files
from itertools import takewhile
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from kinn.errors import InputError, unknown
from kinn.experiments.specification import Resources, Study, StudyFile

#: The suffixes of YAML files.
YAML = (".yaml", ".yml")

#: The tables of a study file and their schemas.
_TABLES: dict[str, type[BaseModel]] = {"study": Study, "resources": Resources}

#: A key of a table, or a number in a list.
Key = str | int

#: pydantic's names of the members of a union in the path of a value.
_UNION_MEMBER = re.compile(r"^(int|float)$|\[|constrained")

_HEADER = re.compile(r"^\s*(\[{1,2})\s*([^\]]+?)\s*\]{1,2}\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*((?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*=""")


def bundled_studies() -> dict[str, str]:
    """Texts of the studies that come with KINN, by file name."""
    folder = files("kinn.experiments") / "bundled"
    return {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".toml")}


def read_study(path: Path) -> StudyFile:
    """Study of a file on disk, or of one that comes with KINN.

    Raises:
        InputError: If there is no such file, or it is invalid, with the line and the key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        if not isinstance(error, FileNotFoundError) or len(path.parts) != 1:
            raise InputError(f"cannot read the study {path}: {getattr(error, 'strerror', None) or error}") from error
        bundled = bundled_studies()
        name = path.name if path.suffix else f"{path.name}.toml"
        if name not in bundled:
            raise unknown("study", path.name, bundled, "this folder or among those that come with KINN") from None
        text = bundled[name]
    return parse_study(text, path)


def parse_study(text: str, path: Path) -> StudyFile:
    """Study of a text: TOML, or YAML if the suffix of its path, which messages name, says so.

    Raises:
        InputError: If it is invalid, with the line and the key.
    """
    yaml = path.suffix in YAML

    def location(keys: Sequence[Key]) -> str:
        line = (yaml_line if yaml else toml_line)(text, keys)
        return f"{path}:{line}: " if line else f"{path}: "

    return validate_study(_yaml(text, path) if yaml else _toml(text, path), location)


def validate_study(data: Any, location: Callable[[Sequence[Key]], str] = lambda _: "") -> StudyFile:
    """Study of plain data; `location` gives the prefix of messages for the path of a key.

    Raises:
        InputError: If they are invalid, with the key.
    """
    try:
        return StudyFile.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        keys = [key for key in first["loc"] if not _UNION_MEMBER.search(str(key))]
        raise InputError(f"{location(keys)}{_reason(first, keys)}") from error


def _reason(error: Any, keys: Sequence[Key]) -> str:
    """Message of an error of pydantic, with the nearest key for an unknown one."""
    name = ".".join(str(key) for key in keys)
    if error["type"] == "extra_forbidden":
        table = _TABLES.get(str(keys[0])) if len(keys) > 1 else StudyFile
        if table is not None:
            where = f"[{keys[0]}]" if len(keys) > 1 else ""
            return str(unknown("key", keys[-1], table.model_fields, where))
    if error["type"] == "missing":
        return f"{name} is missing"
    message = error["msg"].removeprefix("Value error, ")
    return f"{name}: {message[:1].lower()}{message[1:]}"


def _toml(text: str, path: Path) -> Any:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path} is not valid TOML: {error}") from error


def _yaml(text: str, path: Path) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise InputError(f"{where} is not valid YAML: {getattr(error, 'problem', error)}") from error


def toml_line(text: str, path: Sequence[Key]) -> int | None:
    """Line of the value at a path of keys in TOML, or of its nearest enclosing table; None if there is neither."""
    nearest, depth = None, 0
    table: list[Key] = []
    counts: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = list(_split_key(header[2]))
            if header[1] == "[[":
                counts[header[2]] = counts.get(header[2], -1) + 1
                table.append(counts[header[2]])
            line_path = table
        elif key := _KEY.match(line):
            line_path = [*table, *_split_key(key[1])]
        else:
            continue
        common = len([*takewhile(lambda keys: keys[0] == keys[1], zip(line_path, path, strict=False))])
        if common > depth and common in (len(line_path), len(path)):
            nearest, depth = number, common
    return nearest


def yaml_line(text: str, path: Sequence[Key]) -> int | None:
    """Line of a value in YAML, as `toml_line`."""
    import yaml

    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    line = None
    for key in path:
        if isinstance(node, yaml.MappingNode):
            entry = next(((k, v) for k, v in node.value if k.value == str(key)), None)
            if entry is None:
                break
            line, node = entry[0].start_mark.line + 1, entry[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 1
        else:
            break
    return line


def _split_key(dotted: str) -> list[str]:
    """Parts of a dotted key."""
    return [a or b or c for a, b, c in re.findall(r""""([^"]*)"|'([^']*)'|([\w-]+)""", dotted)]
