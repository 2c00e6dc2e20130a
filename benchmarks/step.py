"""One training step, compared with other libraries.

    python benchmarks/step.py                                    # everything without baselines, about 15 minutes
    python benchmarks/step.py --baselines /tmp/baselines/bin/python  # also pykan and DeepXDE
    python benchmarks/step.py --quick                            # two minutes; prints and writes nothing
    python benchmarks/step.py --sections comparison threads

A step is the residual u_xx + u_yy - f of the 2D Poisson equation at N points, its mean square, and the gradient of that
with respect to all parameters. The baselines need a separate environment:

    python3 -m venv /tmp/baselines
    /tmp/baselines/bin/pip install torch==2.13.0 deepxde==1.15.0 pykan==0.2.8 pandas tqdm

Each case runs in a separate process, on the number of threads that the section names. The processes of one table are timed
in turns, so that a change in the load of the machine affects all of them; values are medians over the steps of all turns.
Each section replaces the text between its marks in docs/performance.md.

`make_step` returns the step for measurements elsewhere.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
PAGE = FOLDER.parent / "docs" / "performance.md"


def make_step(
    *,
    network: str = "kan",
    width: tuple[int, ...] = (16, 16),
    grid: int = 10,
    degree: int = 3,
    points: int = 4096,
    dtype: Any = "float32",
) -> Callable[[], tuple[Any, Any]]:
    """Return a callable that performs one step of KINN on the CPU, on the default back end.

    Args:
        network: "kan", or "mlp" (tanh), for which `grid` and `degree` mean nothing.
        width: The hidden widths.
        grid: The number of grid intervals.
        degree: The degree of the splines.
        points: The number of points.
        dtype: "float32", "float64", or the torch dtype.

    Returns:
        A function without arguments. It returns the loss, a tensor without dimensions, and its gradient with respect to
        all parameters, a tensor (P,) in the order of `network.parameters()`.
    """
    _import_siblings()
    from step_cases import load
    from step_cases.sizes import Sizes

    if network not in ("kan", "mlp"):
        raise ValueError(f"network is 'kan' or 'mlp', not {network!r}")
    sizes = Sizes(tuple(width), grid, degree, points, str(dtype).removeprefix("torch."))
    return load(network)(sizes).timed["step"]


def _import_siblings() -> None:
    """Make the modules beside this file importable where it was not started as a script."""
    if str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))


def main() -> None:
    """Parse the command line, measure, write the sections."""
    _import_siblings()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes; prints the sections and writes nothing")
    parser.add_argument("--baselines", metavar="PYTHON", help="an interpreter with pykan and DeepXDE")
    parser.add_argument("--sections", nargs="+", metavar="SECTION", help="only these (default: all)")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page to write the sections into")
    for hidden in ("--case", "--sizes"):  # a process that measures one case
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    parser.add_argument("--threads", type=int, default=1, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        from step_cases.sizes import Sizes
        from step_report.child import serve

        settings = json.loads(options.sizes)
        serve(options.case, Sizes(**{**settings, "width": tuple(settings["width"])}), options.threads)
        return

    from pages import put_section
    from step_report import SECTIONS
    from step_report.runs import Bench

    unknown = sorted(set(options.sections or ()) - set(SECTIONS))
    if unknown:
        parser.error(f"no section is called {unknown[0]!r}; there are {', '.join(SECTIONS)}")
    bench = Bench(options.quick, options.baselines)
    for name in options.sections or SECTIONS:
        text = SECTIONS[name](bench)
        print(text, flush=True)
        if not options.quick:
            put_section(options.page, f"step-{name}", text)


if __name__ == "__main__":
    main()
