"""Pages of the documentation that several scripts write: each has a section, and leaves the others as they are."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def replaced(page: str, name: str, text: str) -> str:
    """Return a page whose section `name` reads `text`; a section that is not there yet goes to the end."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    section = f"{begin}\n{text.strip()}\n{end}"
    before, found, rest = page.partition(begin)
    if not found:
        return "\n\n".join(part for part in (page.rstrip(), section) if part) + "\n"
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"the page begins the section {name!r} and does not end it")
    return before + section + after


def put_section(path: Path, name: str, text: str) -> None:
    """Write a section of a page, which is made if it is not there."""
    page = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(replaced(page, name, text), encoding="utf-8")


def processor() -> str:
    """Return the model of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    return next((line.split(":")[1].strip() for line in lines if "model name" in line), platform.processor())


def versions(packages: Iterable[str]) -> str:
    """Return the versions of Python and of those packages that are installed, as a list in a sentence."""
    found = [f"Python {platform.python_version()}"]
    for package in packages:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)
