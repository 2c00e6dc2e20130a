"""The parent process: cases in separate processes, timed in turns, and their results."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from step_cases.sizes import Sizes

SCRIPT = Path(__file__).parent.parent / "step.py"

#: The cases that run under the interpreter of the baselines.
BASELINES = ("pykan", "deepxde")


@dataclass(frozen=True)
class Run:
    """One measurement.

    Attributes:
        case: The name of the case.
        sizes: The sizes.
        label: The name in the table; that of the case by default.
        backend: The back end of the spline op, or "" for the default.
        threads: The number of threads.
        names: The timings to take; the step by default.
    """

    case: str
    sizes: Sizes
    label: str = ""
    backend: str = ""
    threads: int = 1
    names: tuple[str, ...] = ("step",)


@dataclass
class Result:
    """The result of a measurement.

    Attributes:
        run: The measurement.
        cpu: Median CPU seconds by name of the timing; empty on a GPU.
        wall: Median seconds by name, of the wall clock or, on a GPU, of its events.
        memory: Growth of the memory during steps, in bytes.
        facts: The facts of the case.
        failure: Why there is no result, or "".
    """

    run: Run
    cpu: dict[str, float] = field(default_factory=dict)
    wall: dict[str, float] = field(default_factory=dict)
    memory: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict)
    failure: str = ""

    @property
    def label(self) -> str:
        """The name in the table."""
        return self.run.label or self.run.case


class Process:
    """A case in a separate process, ready to be timed.

    Args:
        run: The measurement.
        baselines: The interpreter with the baselines.
    """

    def __init__(self, run: Run, baselines: str | None) -> None:
        self.folder = tempfile.TemporaryDirectory()  # baselines write files into the working and the home folder
        self.errors = (Path(self.folder.name) / "stderr").open("w+", encoding="utf-8")
        environment = {**os.environ, **{name: str(run.threads) for name in THREAD_VARIABLES}}
        environment.pop("KINN_BACKEND", None)
        if run.backend:
            environment["KINN_BACKEND"] = run.backend
        if run.sizes.device == "cpu":
            environment["CUDA_VISIBLE_DEVICES"] = ""
        interpreter = sys.executable
        if run.case in BASELINES:
            assert baselines is not None
            interpreter = baselines
            environment |= {"HOME": self.folder.name, "DDE_BACKEND": "pytorch"}
        command = [interpreter, str(SCRIPT), "--case", run.case, "--sizes", json.dumps(asdict(run.sizes))]
        command += ["--threads", str(run.threads)]
        self.process = subprocess.Popen(
            command,
            env=environment,
            cwd=self.folder.name,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )
        try:
            self.facts = self._read()
        except ProcessError:
            self._close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.process.kill()
        self._close()

    def _close(self) -> None:
        """End the process and close its files."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.errors.close()
        self.folder.cleanup()

    def time(self, name: str, seconds: float) -> dict[str, Any]:
        """Return the samples of one turn of a timing."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"run": name, "seconds": seconds}) + "\n")
        self.process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if line:
            answer: dict[str, Any] = json.loads(line)
            return answer
        self.process.wait()
        self.errors.seek(0)
        last = self.errors.read().strip().splitlines() or [f"exit status {self.process.returncode}"]
        raise ProcessError(last[-1])


class ProcessError(RuntimeError):
    """A case ended without an answer."""


#: Variables from which libraries read their number of threads.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True)
class Bench:
    """Settings of a benchmark.

    Attributes:
        quick: Whether sizes, cases and turns are reduced to a smoke test.
        baselines: The interpreter of an environment with pykan and DeepXDE, if any.
    """

    quick: bool = False
    baselines: str | None = None

    @property
    def turns(self) -> int:
        """The number of turns of each case."""
        return 2 if self.quick else 9

    @property
    def seconds(self) -> float:
        """The duration of a turn, one step at least."""
        return 0.05 if self.quick else 0.3

    def measure(self, runs: Sequence[Run]) -> list[Result]:
        """Run cases side by side, one at a time in turns, and return the medians over all their steps.

        A case that fails has a result with the reason.
        """
        results = [Result(run) for run in runs]
        with ExitStack() as stack:
            alive: list[tuple[Result, Process]] = []
            for result in results:
                self._report(f"{result.label}, {result.run.sizes.points} points, {result.run.sizes.dtype}")
                try:
                    process = stack.enter_context(Process(result.run, self.baselines))
                except ProcessError as error:
                    result.failure = str(error)
                    self._report(f"{result.label} failed: {error}")
                    continue
                result.memory = process.facts.pop("memory")
                result.facts = process.facts
                alive.append((result, process))
            self._take_turns(alive)
        return results

    def _take_turns(self, alive: list[tuple[Result, Process]]) -> None:
        samples: dict[tuple[int, str, str], list[float]] = {}
        for turn in range(self.turns):
            for n, (result, process) in enumerate(alive):
                for name in result.run.names:
                    samples_of_turn = process.time(name, self.seconds)
                    for clock in ("cpu", "wall"):
                        samples.setdefault((n, name, clock), []).extend(samples_of_turn.pop(clock, []))
                    result.facts |= samples_of_turn
            self._report(f"turn {turn + 1} of {self.turns}")
        for (n, name, clock), values in samples.items():
            if values:
                getattr(alive[n][0], clock)[name] = statistics.median(values)

    def _report(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)
