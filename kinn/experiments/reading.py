"""Study files: read, checked, and refused with the line and the key that are wrong."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from kinn.errors import InputError, unknown
from kinn.experiments.source_location import Key, toml_line, yaml_line
from kinn.experiments.specification import Resources, Study, StudyFile

#: What a file name ends with, for each language.
YAML = (".yaml", ".yml")

#: The tables of a study file and what they hold.
_TABLES: dict[str, type[BaseModel]] = {"study": Study, "resources": Resources}


def ready_made() -> dict[str, str]:
    """Return the texts of the studies that come with KINN, by file name."""
    folder = files("kinn.experiments") / "ready"
    return {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".toml")}


def read_study(path: Path) -> tuple[StudyFile, str]:
    """Return a study and the text of its file: one on disk, or one that comes with KINN.

    Raises:
        InputError: If there is none, or it is no good; with the line and the key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        ready = ready_made()
        if isinstance(error, FileNotFoundError) and len(path.parts) == 1:
            name = path.name if path.suffix else f"{path.name}.toml"
            if name not in ready:
                raise unknown("study", path.name, ready, "this folder or among those that come with KINN") from None
            text = ready[name]
        else:
            raise InputError(f"cannot read the study {path}: {getattr(error, 'strerror', None) or error}") from error
    return parsed(text, path), text


def parsed(text: str, path: Path) -> StudyFile:
    """Return the study that a text states.

    Args:
        text: TOML, or YAML where the name ends so.
        path: The file, for messages.

    Raises:
        InputError: If it is no good; with the line and the key.
    """
    yaml = path.suffix in YAML

    def place(where: Sequence[Key]) -> str:
        line = (yaml_line if yaml else toml_line)(text, where)
        return f"{path}:{line}: " if line else f"{path}: "

    return checked(_yaml(text, path) if yaml else _toml(text, path), place)


def checked(data: Any, place: Callable[[Sequence[Key]], str] = lambda _: "") -> StudyFile:
    """Return the study that data state.

    Args:
        data: What a file holds.
        place: Returns what messages have in front of a key, given where it is.

    Raises:
        InputError: If they are no good; with the key.
    """
    try:
        return StudyFile.model_validate(data)
    except ValidationError as error:
        found = error.errors()[0]
        where = _keys(found["loc"])
        raise InputError(f"{place(where)}{_reason(found, where)}") from error


def _reason(found: Any, where: Sequence[Key]) -> str:
    """Return what is wrong, with the nearest key where it is an unknown one."""
    name = ".".join(str(key) for key in where)
    if found["type"] == "extra_forbidden":
        table = _TABLES.get(str(where[0])) if len(where) > 1 else StudyFile
        if table is not None:
            place = f"[{where[0]}]" if len(where) > 1 else ""
            return str(unknown("key", where[-1], table.model_fields, place))
    if found["type"] == "missing":
        return f"{name} is missing"
    message = found["msg"].removeprefix("Value error, ")
    return f"{name}: {message[:1].lower()}{message[1:]}"


def _keys(location: Sequence[Key]) -> list[Key]:
    """Return the path of a value, without what pydantic puts in it of the members of a union."""
    return [
        k for k in location if not (isinstance(k, str) and (k in ("int", "float") or "[" in k or "constrained" in k))
    ]


def _toml(text: str, path: Path) -> Any:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path} is no TOML: {error}") from error


def _yaml(text: str, path: Path) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}" if mark else str(path)
        raise InputError(f"{place} is no YAML: {getattr(error, 'problem', error)}") from error
