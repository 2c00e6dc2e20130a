"""Tables and lines that the sections share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pages import processor, versions


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown, its first column to the left and the others to the right."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def milliseconds(seconds: float) -> str:
    """Return a time in milliseconds with three digits."""
    return digits(1e3 * seconds)


def megabytes(count: float) -> str:
    """Return a number of bytes in megabytes with two or three digits."""
    return digits(count / 1e6)


def digits(value: float) -> str:
    """Return a number with three digits, the integer part whole."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def conditions() -> str:
    """Return the line that says on what was measured."""
    return f"{processor()}, {versions(('torch', 'numpy', 'numba', 'llvmlite'))}"
