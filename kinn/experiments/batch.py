"""The batch: hands cases to workers, keeps count, and leaves a store that it can be gone on with at any moment."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field

from kinn.experiments.execute import BUSY, FAILED, FOUND, SOLVED, UNWRITABLE, Job, JobResult, execute
from kinn.experiments.executors.errors import Unreachable
from kinn.experiments.results import DONE, FAILURE
from kinn.experiments.run_lock import claim
from kinn.experiments.run_spec import RunSpec
from kinn.experiments.store import Store, StoreError

#: Seconds after which a case that another process is at is asked for again.
PATIENCE = 2.0

#: Seconds between two looks at what goes on.
TICK = 0.5


@dataclass
class BatchProgress:
    """How far a batch has come.

    Attributes:
        total: The number of cases.
        found: How many were solved before.
        kept: How many had failed before, and are not tried again.
        solved: How many this batch solved.
        failed: The cases that failed in it, each with the reason.
        running: The cases handed to workers.
        said: What the user should know of single cases.
        began: When it began.
    """

    total: int
    found: int = 0
    kept: int = 0
    solved: int = 0
    failed: list[tuple[RunSpec, str]] = field(default_factory=list)
    running: list[RunSpec] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    @property
    def ended(self) -> int:
        """The number of cases that nothing more is done with."""
        return self.found + self.kept + self.solved + len(self.failed)

    @property
    def remaining(self) -> float | None:
        """Seconds until the end, as those so far suggest; None before the first has ended."""
        done = self.solved + len(self.failed)
        return (self.total - self.ended) * (time.monotonic() - self.began) / done if done else None


@dataclass(frozen=True)
class Batch:
    """What a batch is made of.

    Attributes:
        cases: The cases.
        store: Where their runs are.
        executor: Where they are worked on.
        window: How many are handed out at a time.
        threads: CPU threads of each.
        checkpoint: Seconds between two checkpoints.
        retry: Whether to try again what failed.
        fresh: Whether to solve again what is solved.
        figures: Whether to draw each solution.
        watch: Called now and then with how far it has come.
        work: What is called with each task.
    """

    cases: Sequence[RunSpec]
    store: Store
    executor: Executor
    window: int = 1
    threads: int | None = 1
    checkpoint: float = 10.0
    retry: bool = False
    fresh: bool = False
    figures: bool = False
    watch: Callable[[BatchProgress], None] = lambda _: None
    work: Callable[[Job], JobResult] = execute

    def run(self) -> BatchProgress:
        """Work on all cases, and return how they ended.

        Raises:
            InputError: If a run folder is of another version.
            StoreError: If the store cannot be written any more; what is solved is kept.
            Unreachable: If no more work can be handed out; what is solved is kept.
            KeyboardInterrupt: If the user ends it; what is solved is kept, and the rest resumed by another batch.
        """
        tally = BatchProgress(len(self.cases))
        waiting: deque[tuple[float, RunSpec]] = deque((0.0, case) for case in self._open(tally))
        pending: dict[Future[JobResult], RunSpec] = {}
        while waiting or pending:
            later: list[tuple[float, RunSpec]] = []
            while waiting and len(pending) < self.window:
                due, case = waiting.popleft()
                if due > time.monotonic():
                    later.append((due, case))
                    continue
                tally.running.append(case)
                pending[self.executor.submit(self.work, self._task(case))] = case
                if self.window == 1:
                    break
            waiting.extend(later)
            self.watch(tally)
            if not pending:
                time.sleep(TICK)
                continue
            for future in wait(pending, timeout=TICK, return_when=FIRST_COMPLETED).done:
                case = pending.pop(future)
                tally.running.remove(case)
                if not self._take(case, future, tally):
                    waiting.append((time.monotonic() + PATIENCE, case))
        self.watch(tally)
        return tally

    def _open(self, tally: BatchProgress) -> list[RunSpec]:
        """Return the cases to work on."""
        self.store.refresh()
        out = []
        for case in self.cases:
            known = self.store.result(case.place(self.store.root))
            if known is not None and known.status == DONE and not self.fresh:
                tally.found += 1
            elif known is not None and known.status == FAILURE and not (self.retry or self.fresh):
                tally.kept += 1
            else:
                out.append(case)
        return out

    def _task(self, case: RunSpec) -> Job:
        root = str(self.store.root.absolute())
        return Job(case.config, case.origin, root, self.threads, self.checkpoint, self.fresh, self.figures)

    def _take(self, case: RunSpec, future: Future[JobResult], tally: BatchProgress) -> bool:
        """Take note of how the work on a case ended; False where it is to be asked for again."""
        try:
            ending = future.result()
        except Unreachable:
            raise
        except Exception as error:  # noqa: BLE001 - the worker died, or could not even begin
            ending = JobResult(FAILED, self._bury(case, f"{error}" or type(error).__name__))
        tally.said += [f"{case.title}: {text}" for text in ending.said]
        if ending.state == BUSY:
            return False
        if ending.state == UNWRITABLE:
            raise StoreError(ending.reason)
        self.store.record(case.place(self.store.root))
        tally.solved += ending.state == SOLVED
        tally.found += ending.state == FOUND
        if ending.state == FAILED:
            tally.failed.append((case, ending.reason))
        return True

    def _bury(self, case: RunSpec, reason: str) -> str:
        """Leave a run folder of a case whose worker died."""
        from kinn.runs.folder import RunFolder

        root = self.store.root
        with claim(root, case.place(root)) as held:
            if held is not None:
                RunFolder(root, case.config).save_failure(reason, [])
        return reason
