"""Batches: jobs for an executor, with a store from which a batch can be resumed at any moment."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field

from kinn.experiments.executors import ExecutorUnreachable
from kinn.experiments.jobs import BUSY, FAILED, FOUND, SOLVED, UNWRITABLE, Job, JobResult, run_job
from kinn.experiments.results import DONE, FAILURE
from kinn.experiments.run_lock import lock_run
from kinn.experiments.run_spec import RunSpec
from kinn.experiments.store import Store, StoreError

#: Seconds after which a run that another process has locked is tried again.
RETRY_AFTER = 2.0

#: Seconds between two calls of `on_progress`.
INTERVAL = 0.5


@dataclass
class BatchProgress:
    """Progress of a batch.

    Attributes:
        total: The number of runs.
        found: The number of runs that were solved before.
        failed_before: The number of runs that failed before, and are not retried.
        solved: The number of runs that this batch solved.
        failed: The runs that failed in this batch, each with the reason.
        running: The runs whose jobs are submitted.
        messages: Messages about single runs for the user.
        started: The start of the batch, by the monotonic clock.
    """

    total: int
    found: int = 0
    failed_before: int = 0
    solved: int = 0
    failed: list[tuple[RunSpec, str]] = field(default_factory=list)
    running: list[RunSpec] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    @property
    def ended(self) -> int:
        """The number of runs that are finished, well or not."""
        return self.found + self.failed_before + self.solved + len(self.failed)

    @property
    def remaining_seconds(self) -> float | None:
        """Estimated seconds until the end; None before the first run has ended."""
        count = self.solved + len(self.failed)
        return (self.total - self.ended) * (time.monotonic() - self.started) / count if count else None


@dataclass(frozen=True)
class Batch:
    """A batch of runs.

    Attributes:
        specs: The runs.
        store: The store of their run folders.
        executor: The executor of the jobs.
        window: The number of jobs submitted at a time.
        threads: CPU threads of each run.
        checkpoint: Seconds between checkpoints.
        retry: Whether to retry runs that failed before.
        fresh: Whether to solve again what is solved.
        figures: Whether to draw each solution.
        on_progress: Called periodically with the progress.
        function: Called with each job, `run_job` by default.
    """

    specs: Sequence[RunSpec]
    store: Store
    executor: Executor
    window: int = 1
    threads: int | None = 1
    checkpoint: float = 10.0
    retry: bool = False
    fresh: bool = False
    figures: bool = False
    on_progress: Callable[[BatchProgress], None] = lambda _: None
    function: Callable[[Job], JobResult] = run_job

    def run(self) -> BatchProgress:
        """Run all jobs and return the final progress.

        Raises:
            InputError: If a run folder is of another version.
            StoreError: If the store cannot be written any more; finished runs are kept.
            ExecutorUnreachable: If no more jobs can be submitted; finished runs are kept.
            KeyboardInterrupt: If the user ends it; finished runs are kept, and another batch resumes the others.
        """
        progress = BatchProgress(len(self.specs))
        waiting: deque[tuple[float, RunSpec]] = deque((0.0, spec) for spec in self._pending(progress))
        submitted: dict[Future[JobResult], RunSpec] = {}
        root = str(self.store.root.absolute())
        while waiting or submitted:
            for _ in range(len(waiting)):
                if len(submitted) >= self.window:
                    break
                due, spec = waiting.popleft()
                if due > time.monotonic():
                    waiting.append((due, spec))
                    continue
                progress.running.append(spec)
                job = Job(spec, root, self.threads, self.checkpoint, self.fresh, self.figures)
                submitted[self.executor.submit(self.function, job)] = spec
            self.on_progress(progress)
            if not submitted:
                time.sleep(INTERVAL)
                continue
            for future in wait(submitted, timeout=INTERVAL, return_when=FIRST_COMPLETED).done:
                spec = submitted.pop(future)
                progress.running.remove(spec)
                if not self._record(spec, future, progress):
                    waiting.append((time.monotonic() + RETRY_AFTER, spec))
        self.on_progress(progress)
        return progress

    def _pending(self, progress: BatchProgress) -> list[RunSpec]:
        """Runs to be solved."""
        self.store.refresh()
        out = []
        for spec in self.specs:
            result = self.store.result(spec.path(self.store.root))
            if result is not None and result.status == DONE and not self.fresh:
                progress.found += 1
            elif result is not None and result.status == FAILURE and not (self.retry or self.fresh):
                progress.failed_before += 1
            else:
                out.append(spec)
        return out

    def _record(self, spec: RunSpec, future: Future[JobResult], progress: BatchProgress) -> bool:
        """Record the result of a job; False if it is to be submitted again."""
        try:
            result = future.result()
        except ExecutorUnreachable:
            raise
        except Exception as error:  # noqa: BLE001 - the worker died, or could not start
            result = JobResult(FAILED, self._save_failure(spec, f"{error}" or type(error).__name__))
        progress.messages += [f"{spec.title}: {text}" for text in result.messages]
        if result.state == BUSY:
            return False
        if result.state == UNWRITABLE:
            raise StoreError(result.reason)
        self.store.record(spec.path(self.store.root))
        progress.solved += result.state == SOLVED
        progress.found += result.state == FOUND
        if result.state == FAILED:
            progress.failed.append((spec, result.reason))
        return True

    def _save_failure(self, spec: RunSpec, reason: str) -> str:
        """Write the run folder of a run whose worker died."""
        from kinn.runs.folder import RunFolder

        root = self.store.root
        with lock_run(root, spec.path(root)) as lock:
            if lock is not None:
                RunFolder(root, spec.config).save_failure(reason, [])
        return reason
