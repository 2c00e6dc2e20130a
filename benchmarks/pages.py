"""Sections, tables and conditions that the benchmarks write into pages of the documentation."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def replace_section(page: str, name: str, text: str) -> str:
    """Return a page whose section `name` reads `text`; a missing section is appended."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    section = f"{begin}\n{text.strip()}\n{end}"
    before, mark, remainder = page.partition(begin)
    if not mark:
        return "\n\n".join(part for part in (page.rstrip(), section) if part) + "\n"
    _, mark, after = remainder.partition(end)
    if not mark:
        raise ValueError(f"the page begins the section {name!r} and does not end it")
    return before + section + after


def put_section(path: Path, name: str, text: str) -> None:
    """Write a section of a page, which is created if missing."""
    page = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(replace_section(page, name, text), encoding="utf-8")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """Return a table in Markdown: the first `left` columns aligned to the left, the others to the right."""
    lines = [heads, [*["---"] * left, *["---:"] * (len(heads) - left)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def processor() -> str:
    """Return the model of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    return next((line.split(":")[1].strip() for line in lines if "model name" in line), platform.processor())


def versions(packages: Iterable[str]) -> str:
    """Return the versions of Python and of those packages that are installed, as a list in a sentence."""
    texts = [f"Python {platform.python_version()}"]
    for package in packages:
        try:
            texts.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(texts)
