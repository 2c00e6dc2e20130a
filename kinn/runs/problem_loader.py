"""Problems by name: of the library, of an installed package (entry point), or of a Python script."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

from kinn.config import convert
from kinn.errors import InputError, unknown

if TYPE_CHECKING:
    from kinn.problem import Problem

GROUP = "kinn.problems"


@dataclass(frozen=True)
class ProblemSource:
    """Source of a problem.

    Attributes:
        name: The name that the user gave.
        make: Builds the problem from its settings.
        script: The file that defines it, for problem scripts.
    """

    name: str
    make: Callable[..., Problem]
    script: Path | None = None

    @property
    def defaults(self) -> dict[str, Any]:
        """The settings and their default values."""
        parameters = inspect.signature(self.make).parameters.values()
        return {p.name: p.default for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)}

    @property
    def types(self) -> dict[str, Any]:
        """The types of the settings: the annotation, else that of the default value."""
        hints = get_type_hints(self.make)
        return {
            name: hints.get(name, Any if default is None else type(default)) for name, default in self.defaults.items()
        }

    @property
    def digest(self) -> str | None:
        """The SHA-256 of the script: a script that changed is another problem."""
        return hashlib.sha256(self.script.read_bytes()).hexdigest() if self.script else None

    def build(self, texts: Mapping[str, Any]) -> tuple[dict[str, Any], Problem]:
        """All settings, with the given texts or values in place of defaults, and the problem built from them.

        Raises:
            InputError: If a setting is invalid, or the script raises or returns something else.
        """
        from kinn.problem import Problem

        settings = self.defaults | convert(texts, self.types, f"problem {self.name!r}")
        for name, value in settings.items():
            if value is inspect.Parameter.empty:
                raise InputError(f"problem {self.name!r} needs the setting {name}: --set {name}=VALUE")
        with script_error(self.script):
            problem = self.make(**settings)
        if not isinstance(problem, Problem):
            raise InputError(f"{self.name}: make_problem returned a {type(problem).__name__}, not a kinn.Problem")
        return settings, problem


def find_problem(name: str) -> ProblemSource:
    """Source of a problem.

    Raises:
        InputError: If the name is unknown, or the script cannot be read.
    """
    from kinn import problems

    if name.endswith(".py") or "/" in name:
        return _load_script(Path(name))
    if name in problems.names():
        return ProblemSource(name, problems.definition(name))
    points = entry_points()
    if name in points:
        return _source(name, points[name].load())
    raise unknown("problem", name, [*problems.names(), *points])


def entry_points() -> dict[str, metadata.EntryPoint]:
    """Problems of installed packages, by name."""
    return {point.name: point for point in metadata.entry_points(group=GROUP)}


def description(make: Callable[..., Problem]) -> str:
    """Docstring of the module of a problem: equation, conditions, solution."""
    return inspect.getdoc(inspect.getmodule(make)) or ""


def _source(name: str, definition: Any, script: Path | None = None) -> ProblemSource:
    """Source for a Problem or for a function that returns one."""
    return ProblemSource(name, definition if callable(definition) else lambda: definition, script)


def _load_script(path: Path) -> ProblemSource:
    """Run a problem script; the source of its `make_problem` or `problem`."""
    if not path.is_file():
        raise InputError(f"no problem script at {path}")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))  # a script imports its neighbours, as under `python script.py`
    with script_error(path):
        spec.loader.exec_module(module)
    for attribute in ("make_problem", "problem"):
        if hasattr(module, attribute):
            return _source(path.stem, getattr(module, attribute), path)
    raise InputError(f"{path} defines neither `problem` nor `make_problem`")


@contextmanager
def script_error(script: Path | None) -> Iterator[None]:
    """Turn an exception raised in a problem script into one line with its file and line; others propagate."""
    try:
        yield
    except Exception as error:
        line = _line_in(error, script)
        if line is None:
            raise
        text = str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
        raise InputError(f"{script}:{line}: {' '.join(text.split())}") from error


def _line_in(error: Exception, script: Path | None) -> int | None:
    """Last line of the script in the traceback of an error, or None if it is not in it."""
    if script is None:
        return None
    file = str(script.absolute())  # as the import system spells it
    if isinstance(error, SyntaxError) and error.filename == file:
        return error.lineno
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    return lines[-1] if lines else None
