"""The `kinn` command."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Annotated, Any, NoReturn

import typer

import kinn
from kinn.cli import analyse, batch, compare, info, report, solve
from kinn.errors import InputError, ProblemWarning, SolveError

app = typer.Typer(name="kinn", add_completion=False, pretty_exceptions_enable=False)
_COMMANDS: dict[str, Callable[..., None]] = {
    "list": info.list_,
    "show": info.show,
    "solve": solve.solve,
    "compare": compare.compare,
    "batch": batch.batch,
    "status": report.status,
    "report": report.report,
    "resume": solve.resume,
    "doctor": info.doctor,
}
for _name, _command in _COMMANDS.items():
    app.command(_name)(_command)
app.add_typer(analyse.app, name="analyse")

#: The error of typer for an invalid command line; its own message takes several lines.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    """Solve partial differential equations with physics-informed KANs, and compare them fairly with MLPs."""
    if version:
        print(f"kinn {kinn.__version__}")
    elif context.invoked_subcommand is None:
        print(context.get_help())


def _fail(message: object, status: int) -> NoReturn:
    print(f"kinn: error: {' '.join(str(message).split())}", file=sys.stderr)
    sys.exit(status)


def _print_warnings_in_one_line() -> None:
    """Print warnings about a problem as one line on stderr, without the line of code that issued them."""
    default = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *location: Any, **options: Any) -> None:
        if issubclass(category, ProblemWarning):
            print(f"kinn: warning: {' '.join(str(message).split())}", file=sys.stderr)
        else:
            default(message, category, *location, **options)

    warnings.simplefilter("always", ProblemWarning)
    warnings.showwarning = show


def main() -> None:
    """Run the command line: invalid input exits with 2, numerical failure with 3, each with one line on stderr."""
    try:
        with warnings.catch_warnings():
            _print_warnings_in_one_line()
            status = app(standalone_mode=False)
    except InputError as error:
        _fail(error, 2)
    except SolveError as error:
        _fail(error, 3)
    except (KeyboardInterrupt, typer.Abort):
        _fail("interrupted", 130)
    except _UsageError as error:
        _fail(error.format_message(), 2)  # type: ignore[attr-defined]
    sys.exit(status if isinstance(status, int) else 0)
