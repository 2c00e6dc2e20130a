"""The `kinn` command."""

from __future__ import annotations

import sys
import warnings
from typing import Annotated, Any, NoReturn

import typer

import kinn
from kinn.cli import analyse, batch, compare, doctor, report, resume, show, solve, status
from kinn.cli import list as list_
from kinn.errors import InputError, ProblemWarning, SolveError

app = typer.Typer(name="kinn", add_completion=False, pretty_exceptions_enable=False)
_COMMANDS = {
    "list": list_,
    "show": show,
    "solve": solve,
    "compare": compare,
    "batch": batch,
    "status": status,
    "report": report,
    "resume": resume,
    "doctor": doctor,
}
for _name, _module in _COMMANDS.items():
    app.command(_name)(_module.command)
app.add_typer(analyse.app, name="analyse")

#: What typer raises for a command line it cannot read; its own report takes several lines.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]


@app.callback(invoke_without_command=True)
def _options(
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


def _say_doubts_in_one_line() -> None:
    """Print what is doubtful about a problem as one line on stderr, without the place in the code that found it."""
    usual = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if issubclass(category, ProblemWarning):
            print(f"kinn: warning: {' '.join(str(message).split())}", file=sys.stderr)
        else:
            usual(message, category, *place, **more)

    warnings.simplefilter("always", ProblemWarning)
    warnings.showwarning = show


def main() -> None:
    """Run the command line: bad input exits 2, a solve that failed numerically 3, each with one line on stderr."""
    try:
        with warnings.catch_warnings():
            _say_doubts_in_one_line()
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
