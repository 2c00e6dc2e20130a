"""`kinn list`: the problems there are."""

from __future__ import annotations


def command() -> None:
    """List the problems of the library and of installed packages."""
    from kinn import problems
    from kinn.runs.sources import description, entry_points

    lines = {name: description(problems.factory(name)).partition("\n")[0] for name in problems.names()}
    lines |= {name: f"from {point.value}" for name, point in entry_points().items()}
    width = max(map(len, lines))
    for name, line in lines.items():
        print(f"{name:<{width}}  {line}")
