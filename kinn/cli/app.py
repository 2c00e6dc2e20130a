"""The `kinn` command."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

import kinn
from kinn.errors import InputError, SolveError

app = typer.Typer(name="kinn", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"kinn {kinn.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Solve partial differential equations with physics-informed KANs, and compare them fairly with MLPs."""


def main() -> None:
    """Run the command line: bad input exits 2, a solve that failed numerically 3, each with one line on stderr."""
    try:
        app()
    except InputError as error:
        print(f"kinn: error: {error}", file=sys.stderr)
        sys.exit(2)
    except SolveError as error:
        print(f"kinn: error: {error}", file=sys.stderr)
        sys.exit(3)
