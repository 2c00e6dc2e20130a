"""Numbers and lines of the sections."""

from __future__ import annotations

from pages import processor, versions


def milliseconds(seconds: float) -> str:
    """Return a time in milliseconds with three digits."""
    return digits(1e3 * seconds)


def megabytes(count: float) -> str:
    """Return a number of bytes in megabytes with two or three digits."""
    return digits(count / 1e6)


def digits(value: float) -> str:
    """Return a number with three digits, the integer part in full."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def conditions() -> str:
    """Return the processor and the versions of a measurement."""
    return f"{processor()}, {versions(('torch', 'numpy', 'numba', 'llvmlite'))}"
