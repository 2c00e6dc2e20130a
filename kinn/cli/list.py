"""`kinn list`: the problems there are."""

from __future__ import annotations


def command() -> None:
    """List the problems of the library and of installed packages."""
    from rich.console import Console
    from rich.table import Table

    from kinn import problems
    from kinn.cli.problems import entry_points

    table = Table("problem", "what it is", box=None)
    for name, title in problems.titles().items():
        table.add_row(name, title)
    for name, point in entry_points().items():
        table.add_row(name, f"from {point.value}")
    Console().print(table)
