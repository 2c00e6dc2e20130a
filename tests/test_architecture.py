"""The structure of the package: no circles of imports, one meaning a name, modules of a size that can be read."""

from __future__ import annotations

import ast
import re
import statistics
from collections import defaultdict
from functools import cache
from pathlib import Path

import kinn

ROOT = Path(kinn.__file__).parent
LARGEST_MODULE = 400
MOST_MODULES = 335
MOST_LINES = 46_145


@cache
def modules() -> dict[str, Path]:
    """Return the files of the package by dotted name."""

    def name(path: Path) -> str:
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    return {name(path): path for path in sorted(ROOT.rglob("*.py"))}


@cache
def tree(name: str) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse(modules()[name].read_text(encoding="utf-8"))


@cache
def imports(name: str) -> frozenset[str]:
    """Return the modules that one imports: at its top, inside functions, and for annotations alone.

    The face of a package (`__init__.py`) hands names on; whoever imports a name from it imports the module that defines it.
    """
    found = set()
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name in modules()}
        elif isinstance(node, ast.ImportFrom) and node.module in modules():
            found |= {home(str(node.module), alias.name) for alias in node.names}
    return frozenset(found - {name})


@cache
def face(package: str) -> dict[str, tuple[str, str]]:
    """Return the names that a package hands on: for each the module it is imported from, and its name there."""
    path = modules()[package]
    if path.name != "__init__.py":
        return {}
    stub = path.with_suffix(".pyi")
    syntax = ast.parse(stub.read_text(encoding="utf-8")) if stub.exists() else tree(package)
    out = {}
    for node in ast.walk(syntax):
        if isinstance(node, ast.ImportFrom):
            module = f"{package}.{node.module}" if node.level else str(node.module)
            out |= {alias.asname or alias.name: (module, alias.name) for alias in node.names if module in modules()}
    return out


def home(module: str, symbol: str) -> str:
    """Return the module in which a name that can be imported from one is defined."""
    if f"{module}.{symbol}" in modules():
        return f"{module}.{symbol}"
    return home(*face(module)[symbol]) if symbol in face(module) else module


def circles() -> list[list[str]]:
    """Return the groups of modules that import each other in a circle (Tarjan 1972)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    out: list[list[str]] = []

    def visit(name: str) -> None:
        number[name] = low[name] = len(number)
        stack.append(name)
        for other in sorted(imports(name)):
            if other not in number:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], number[other])
        if low[name] == number[name]:
            group = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(group) > 1:
                out.append(sorted(group))

    for name in modules():
        if name not in number:
            visit(name)
    return out


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circles() == []


def test_a_class_name_has_one_meaning() -> None:
    owners = defaultdict(list)
    for name in modules():
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.ClassDef):
                owners[node.name.removeprefix("_")].append(name)
    assert {name: places for name, places in owners.items() if len(places) > 1} == {}


def test_modules_can_be_told_apart_by_name() -> None:
    """A name such as `base.py` or `system.py` says nothing beside its twins in other folders."""
    named = defaultdict(list)
    for name, path in modules().items():
        if path.name not in ("__init__.py", "__main__.py"):
            named[path.name].append(name)
    assert not {"base.py", "checks.py", "system.py", "made.py", "utils.py", "helpers.py"} & set(named)


def test_modules_are_few_and_of_a_readable_size() -> None:
    sizes = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in modules().items()}
    assert {name: n for name, n in sizes.items() if n > LARGEST_MODULE} == {}
    assert len(sizes) <= MOST_MODULES
    assert sum(sizes.values()) <= MOST_LINES
    written = [n for name, n in sizes.items() if modules()[name].name != "__init__.py"]
    assert 90 <= statistics.median(written) <= 150


def test_folders_are_at_most_three_deep() -> None:
    assert max(len(path.relative_to(ROOT.parent).parts) - 1 for path in modules().values()) <= 3


def test_the_public_names_are_listed_by_subject() -> None:
    """Each once, under a heading; `kinn.__all__` is read from the same list."""
    stub = Path(kinn.__file__).with_suffix(".pyi").read_text(encoding="utf-8")
    listed = re.findall(r"^from \.[\w.]+ import (\w+) as \1$", stub, re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == set(kinn.__all__)
    assert len(re.findall(r"^# \w", stub, re.MULTILINE)) >= 8


def test_every_public_method_has_a_docstring_or_inherits_one() -> None:
    """What a base class says once, its subclasses need not repeat; bases from elsewhere (torch.nn.Module) count, too."""
    classes = {node.name: node for name in modules() for node in ast.walk(tree(name)) if isinstance(node, ast.ClassDef)}

    def documented(owner: ast.ClassDef, method: str) -> bool:
        own = [node for node in owner.body if isinstance(node, ast.FunctionDef) and node.name == method]
        if any(ast.get_docstring(node) for node in own):
            return True
        bases = [ast.unparse(base).split("[")[0] for base in owner.bases]
        return any(
            documented(classes[base], method) if base in classes and classes[base] is not owner else "." in base
            for base in bases
        )

    missing = [
        f"{owner.name}.{node.name}"
        for owner in classes.values()
        for node in owner.body
        if isinstance(node, ast.FunctionDef)
        and not (node.name.startswith("_") or owner.name.startswith("_") or documented(owner, node.name))
    ]
    assert missing == []
