"""How far the code runs before the optimiser's first step, and the path of the problem from `kinn.solve` to that step.

    python benchmarks/trace.py             # functions and modules entered, and the files that the problem passes
    python benchmarks/trace.py --files     # also the functions of each file

Counts every named function and class body of the package that runs once or more, `import kinn` included, on poisson-2d with an
MLP. The path of the problem is the files whose functions take it as an argument, in the order in which they are called
from outside the file; a file returned to is one that is called with it again after another file was.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")


class FirstStepError(Exception):
    """Raised in place of the optimiser's first step."""


def package_file(code: CodeType, roots: dict[str, str]) -> str:
    """Return the file of a code object relative to the package, or "" if it belongs to another one."""
    for root, name in roots.items():
        if code.co_filename.startswith(root):
            return name + code.co_filename[len(root) :]
    return ""


def main() -> None:
    """Trace a solve up to its first step and print what ran."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", action="store_true", help="list the functions of each file")
    arguments = parser.parse_args()
    base = Path(__file__).resolve().parent.parent
    roots = {f"{base / 'kinn'}/": "kinn/", f"{base / 'problems'}/": "problems/"}
    seen: Counter[CodeType] = Counter()
    path: list[str] = []
    on_the_way = [False]

    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event != "call":
            return
        code = frame.f_code
        seen[code] += 1
        if code.co_name == "solve" and package_file(code, roots):
            on_the_way[0] = True
        if on_the_way[0] and (name := package_file(code, roots)):
            arguments_of = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
            given = [frame.f_locals.get(argument) for argument in arguments_of if argument != "self"]
            if any(type(value).__name__ == "Problem" for value in given) and path[-1:] != [name]:
                path.append(name)

    def first_step(*_: Any, **__: Any) -> None:
        sys.setprofile(None)
        raise FirstStepError

    sys.setprofile(profile)
    import kinn
    from kinn import MLP, problems
    from kinn.optim import Auto

    Auto.step = first_step  # type: ignore[method-assign]
    with contextlib.suppress(FirstStepError):
        kinn.solve(problems.get("poisson-2d"), MLP((20, 20)))
    sys.setprofile(None)

    functions: dict[str, list[str]] = {}
    for code in seen:
        name = package_file(code, roots)
        if name.startswith("kinn/") and not code.co_name.startswith("<"):
            functions.setdefault(name, []).append(code.co_qualname)
    modules = {package_file(c, roots) for c in seen if package_file(c, roots).startswith("kinn/")}
    print(
        f"{sum(map(len, functions.values()))} functions in {len(functions)} modules run; {len(modules)} modules are loaded"
    )
    repeated = [name for name, n in Counter(path).items() if n > 1]
    print(f"the problem passes {len(set(path))} files, and returns to {len(repeated)}: {' '.join(repeated)}")
    for name in path:
        print(f"  {name}")
    if arguments.files:
        for name, names in sorted(functions.items(), key=lambda item: -len(item[1])):
            print(f"{len(names):4} {name}: {' '.join(sorted(names))}")


if __name__ == "__main__":
    main()
