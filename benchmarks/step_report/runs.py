"""The parent's side: cases in processes of their own, timed in turns, and what came of it."""

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

#: The cases that run under the peers' interpreter.
PEERS = ("pykan", "deepxde")


@dataclass(frozen=True)
class Run:
    """What to measure.

    Attributes:
        case: Its name.
        sizes: The sizes.
        label: What the table calls it; the case's name if left out.
        backend: The back end of the spline op, or "" for the default.
        threads: How many threads it may use.
        names: Which of its timings to take; the step if left out.
    """

    case: str
    sizes: Sizes
    label: str = ""
    backend: str = ""
    threads: int = 1
    names: tuple[str, ...] = ("step",)


@dataclass
class Result:
    """What came of a run.

    Attributes:
        run: What was measured.
        cpu: Median CPU seconds by name of the timing; empty on a GPU.
        wall: Median seconds by name, of the wall clock or, on a GPU, of its events.
        memory: Growth of the memory during steps, in bytes.
        facts: What the case tells.
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
        """What the table calls it."""
        return self.run.label or self.run.case


class Process:
    """A case in a process of its own, ready to be timed.

    Args:
        run: What to measure.
        peers: The interpreter that has the peers.
    """

    def __init__(self, run: Run, peers: str | None) -> None:
        self.folder = tempfile.TemporaryDirectory()  # peers write files where they stand, and in the home folder
        self.errors = (Path(self.folder.name) / "stderr").open("w+", encoding="utf-8")
        environment = {**os.environ, **{name: str(run.threads) for name in THREAD_VARIABLES}}
        environment.pop("KINN_BACKEND", None)
        if run.backend:
            environment["KINN_BACKEND"] = run.backend
        if run.sizes.device == "cpu":
            environment["CUDA_VISIBLE_DEVICES"] = ""
        interpreter = sys.executable
        if run.case in PEERS:
            assert peers is not None
            interpreter = peers
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
            self.told = self._read()
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
        """End the process and let go of its files."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.errors.close()
        self.folder.cleanup()

    def time(self, name: str, seconds: float) -> dict[str, Any]:
        """Return what one turn of a timing gave."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"run": name, "seconds": seconds}) + "\n")
        self.process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if line:
            told: dict[str, Any] = json.loads(line)
            return told
        self.process.wait()
        self.errors.seek(0)
        last = self.errors.read().strip().splitlines() or [f"exit status {self.process.returncode}"]
        raise ProcessError(last[-1])


class ProcessError(RuntimeError):
    """A case ended without an answer."""


#: What libraries read their number of threads from.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True)
class Bench:
    """How thoroughly to measure.

    Attributes:
        quick: Whether sizes, cases and turns are cut down to what shows that all of it works.
        peers: The interpreter of an environment that has pykan and DeepXDE, if any.
    """

    quick: bool = False
    peers: str | None = None

    @property
    def turns(self) -> int:
        """How often each case has its turn."""
        return 2 if self.quick else 9

    @property
    def seconds(self) -> float:
        """How long a turn lasts, one step at least."""
        return 0.05 if self.quick else 0.3

    def measure(self, runs: Sequence[Run]) -> list[Result]:
        """Run cases side by side, one at a time in turns, and return the medians over all their steps.

        A case that fails gives a result that says why.
        """
        results = [Result(run) for run in runs]
        with ExitStack() as stack:
            alive: list[tuple[Result, Process]] = []
            for result in results:
                self._tell(f"{result.label}, {result.run.sizes.points} points, {result.run.sizes.dtype}")
                try:
                    process = stack.enter_context(Process(result.run, self.peers))
                except ProcessError as error:
                    result.failure = str(error)
                    self._tell(f"{result.label} failed: {error}")
                    continue
                result.memory = process.told.pop("memory")
                result.facts = process.told
                alive.append((result, process))
            self._take_turns(alive)
        return results

    def _take_turns(self, alive: list[tuple[Result, Process]]) -> None:
        samples: dict[tuple[int, str, str], list[float]] = {}
        for turn in range(self.turns):
            for n, (result, process) in enumerate(alive):
                for name in result.run.names:
                    told = process.time(name, self.seconds)
                    for clock in ("cpu", "wall"):
                        samples.setdefault((n, name, clock), []).extend(told.pop(clock, []))
                    result.facts |= told
            self._tell(f"turn {turn + 1} of {self.turns}")
        for (n, name, clock), values in samples.items():
            if values:
                getattr(alive[n][0], clock)[name] = statistics.median(values)

    def _tell(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)
