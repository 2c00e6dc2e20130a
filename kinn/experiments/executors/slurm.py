"""Executor on a SLURM queue, by submitit (extra `cluster`): job arrays, requeued when they are pre-empted."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from pathlib import Path
from typing import Any

from kinn.errors import InputError, check_name
from kinn.experiments.executors import ExecutorUnreachable, WorkerDied
from kinn.experiments.executors.local import THREADS
from kinn.experiments.specification import Resources

#: The queues: SLURM's, and processes on this machine for a trial.
QUEUES = ("slurm", "local")

#: Seconds between two polls of the jobs.
INTERVAL = 1.0

#: Seconds between two polls of SLURM's queue.
POLL_INTERVAL = 10.0

#: Minutes of a job beyond the budget, for imports, set-up and figures.
MARGIN = 10

#: The maximum of jobs in an array: SLURM's default limit.
ARRAY_SIZE = 1000

#: Seconds before its time limit at which a job is signalled, to be requeued.
NOTICE = 90


class Requeued:
    """A call that is repeated when its job was pre-empted; the run then resumes from its checkpoint."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        return self.function(*args, **kwargs)

    def checkpoint(self, *args: Any, **kwargs: Any) -> Any:
        """The submission with which submitit replaces a job that is about to be ended."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self, *args, **kwargs)


class SlurmExecutor(Executor):
    """Submits calls as jobs; calls in quick succession become one array.

    Args:
        root: The folder of all runs, under which the output of jobs is kept.
        queue: "slurm", or "local".
        resources: The resources of a run.
        budget: Seconds per run; None if every problem has its own.
        workers: Concurrent jobs of an array.

    Raises:
        InputError: If submitit is not installed, or the queue is unknown.
    """

    def __init__(
        self, root: Path, queue: str, resources: Resources, budget: float | None, workers: int | None = None
    ) -> None:
        try:
            import submitit
        except ImportError as error:
            raise InputError("--submit needs submitit: pip install 'kinn[cluster]'") from error
        check_name("queue", queue, QUEUES)
        minutes = resources.minutes or int((3600.0 if budget is None else budget) // 60) + MARGIN
        self._parallel = workers or resources.workers or 256
        try:
            # submitit's signal must reach Python: exec replaces the shell, which receives it
            self._queue = submitit.AutoExecutor(
                folder=root / ".jobs", cluster=queue, slurm_python=f"exec {shlex.quote(sys.executable)}"
            )
            self._queue.update_parameters(
                name="kinn",
                timeout_min=minutes,
                cpus_per_task=resources.threads,
                mem_gb=resources.memory,
                gpus_per_node=resources.gpus or None,
                slurm_array_parallelism=self._parallel,
                slurm_partition=resources.partition,
                slurm_setup=[f"export {name}={resources.threads}" for name in THREADS],
                slurm_use_srun=False,
                slurm_additional_parameters={"signal": f"B:USR2@{NOTICE}", "requeue": True},
            )
        except RuntimeError as error:
            raise InputError(f"cannot submit to {queue}: {error}") from error
        self._monitor = SlurmMonitor() if queue == "slurm" else None
        self._unsubmitted: list[tuple[Future[Any], Requeued, tuple[Any, ...], dict[str, Any]]] = []
        self._jobs: list[tuple[Future[Any], Any]] = []
        self._lock = threading.Lock()
        self._open = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Submit a call with the next array."""
        future: Future[Any] = Future()
        with self._lock:
            if not self._open:
                raise RuntimeError("the executor has been shut down")
            self._unsubmitted.append((future, Requeued(fn), args, kwargs))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Accept no more jobs; those submitted continue, or are cancelled."""
        with self._lock:
            self._open = False
            if cancel_futures:
                for future, *_ in self._unsubmitted:
                    future.cancel()
                self._unsubmitted.clear()
                for _, job in self._jobs:
                    job.cancel(check=False)  # it may have ended
                self._jobs.clear()
        if wait:
            self._thread.join()

    def _run(self) -> None:
        """Submit arrays and resolve futures until all jobs have ended."""
        count = 0
        while True:
            time.sleep(INTERVAL)
            with self._lock:
                complete = self._unsubmitted and len(self._unsubmitted) == count  # no call since the last poll
                # SLURM limits concurrent jobs within one array only
                if complete and (not self._jobs or len(self._jobs) + count <= self._parallel):
                    self._submit_array()
                count = len(self._unsubmitted)
                jobs = list(self._jobs)
            if self._monitor:
                ended = self._monitor.ended([job for _, job in jobs])
            else:
                ended = {job: None for _, job in jobs if job.done()}
            with self._lock:
                self._jobs = [(future, job) for future, job in self._jobs if job not in ended]
                finished = not (self._open or self._unsubmitted or self._jobs)
            for future, job in jobs:
                if job in ended:
                    _resolve(future, job, ended[job])
            if finished:
                return

    def _submit_array(self) -> None:
        """Submit the waiting calls, at most one array of them."""
        waiting = [call for call in self._unsubmitted[:ARRAY_SIZE] if call[0].set_running_or_notify_cancel()]
        self._unsubmitted = self._unsubmitted[ARRAY_SIZE:]
        try:
            with self._queue.batch():
                jobs = [self._queue.submit(function, *args, **kwargs) for _, function, args, kwargs in waiting]
        except Exception as error:  # noqa: BLE001 - sbatch is missing, refuses, or does not answer
            for future, *_ in waiting:
                reason = (str(error).strip() or type(error).__name__).splitlines()[-1]  # behind sbatch's command line
                message = f"cannot submit to the queue: {reason}; finished runs are kept"
                future.set_exception(ExecutorUnreachable(message))
            return
        self._jobs += [(call[0], job) for call, job in zip(waiting, jobs, strict=True)]


def _resolve(future: Future[Any], job: Any, death: WorkerDied | None) -> None:
    """Set the result of a future from its job, or the reason why there is none."""
    try:
        if death is not None:
            raise death
        future.set_result(job.result())
    except Exception as error:  # noqa: BLE001 - of the call, or of submitit about a lost job
        errors = re.findall(r"^[\w.]*(?:Error|Exception|Exit)\b.*$", str(error), re.MULTILINE)  # of the job's traceback
        text = errors[-1] if errors else str(error).partition("\n")[0]
        future.set_exception(RuntimeError(f"job {job.job_id}: {text}"))


class SlurmMonitor:
    """Polls a SLURM queue for jobs that have ended, without the accounting that some clusters lack."""

    def __init__(self) -> None:
        self._next_poll = 0.0
        self._missing: set[str] = set()

    def ended(self, jobs: Sequence[Any]) -> dict[Any, WorkerDied | None]:
        """Jobs that have ended, each with the reason why it left no result, or None if it left one."""
        out: dict[Any, WorkerDied | None] = {job: None for job in jobs if job.paths.result_pickle.exists()}
        if time.monotonic() < self._next_poll:
            return out
        self._next_poll = time.monotonic() + POLL_INTERVAL
        queued = _queued_jobs()
        if queued is None:
            return out
        missing = {job.job_id for job in jobs if job not in out and job.job_id not in queued}
        lost = missing & self._missing  # at two polls: its result may still be on the way to this machine
        self._missing = missing
        return out | {job: WorkerDied(self._reason(job)) for job in jobs if job.job_id in lost}

    def _reason(self, job: Any) -> str:
        """Reason why a job vanished: SLURM's message in its log, else the last line of the log."""
        text = ""
        with suppress(OSError):
            text = job.paths.stderr.read_text(encoding="utf-8", errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        messages = [line for line in lines if line.startswith("slurmstepd")] or lines
        return f"it left the queue without a result{': ' + messages[-1] if messages else ''} (see {job.paths.stderr})"


def _queued_jobs() -> set[str] | None:
    """Ids of the jobs in the queue, those of arrays one by one; None if the queue does not answer."""
    command = ["squeue", "--me", "--noheader", "--array", "--format=%i"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return None
    return set(answer.stdout.split())
