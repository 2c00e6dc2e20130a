"""The queue of a cluster, through submitit (extra `cluster`): job arrays, requeued where they are pre-empted."""

from __future__ import annotations

import re
import shlex
import sys
import threading
import time
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

from kinn.errors import InputError, unknown
from kinn.experiments.executors.errors import Unreachable, WorkerDied
from kinn.experiments.executors.local import THREADS
from kinn.experiments.executors.slurm_monitor import SlurmMonitor
from kinn.experiments.specification import Resources

#: The queues that there are: SLURM's, and processes on this machine, to try what would be submitted.
QUEUES = ("slurm", "local")

#: Seconds between two looks at the jobs.
TICK = 1.0

#: Minutes beyond the budget that a job may take: imports, set-up, figures.
MARGIN = 10

#: The most jobs of an array: SLURM's own limit, where its administrator has set no other.
ARRAY = 1000

#: Seconds before the end of its time at which a job is told, to be queued again.
NOTICE = 90


class Requeued:
    """A call that is made again where its job was pre-empted; a run then goes on from its checkpoint.

    Args:
        function: What is called.
    """

    def __init__(self, function: Any) -> None:
        self.function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it."""
        return self.function(*args, **kwargs)

    def checkpoint(self, *args: Any, **kwargs: Any) -> Any:
        """Return what submitit submits in place of a job that is about to be ended."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self, *args, **kwargs)


class SlurmExecutor(Executor):
    """Submits calls as jobs; those submitted shortly after one another become one array.

    Args:
        root: The folder of all runs; what jobs print is kept under it.
        queue: "slurm", or "local".
        resources: What a run may use.
        budget: Seconds of a run, None where every problem has its own.
        workers: How many jobs of an array may run at a time.

    Raises:
        InputError: If submitit is not installed, or there is no such queue.
    """

    def __init__(
        self, root: Path, queue: str, resources: Resources, budget: float | None, workers: int | None = None
    ) -> None:
        try:
            import submitit
        except ImportError as error:
            raise InputError("--submit needs submitit: pip install 'kinn[cluster]'") from error
        if queue not in QUEUES:
            raise unknown("queue", queue, QUEUES)
        minutes = resources.minutes or int((3600.0 if budget is None else budget) // 60) + MARGIN
        self._parallel = workers or resources.workers or 256
        try:
            # submitit's signal must reach Python itself: it takes the place of the shell, which is the one that is told
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
        self._gone = SlurmMonitor() if queue == "slurm" else None
        self._new: list[tuple[Future[Any], Requeued, tuple[Any, ...], dict[str, Any]]] = []
        self._jobs: list[tuple[Future[Any], Any]] = []
        self._lock = threading.Lock()
        self._open = True
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Submit a call with the next array."""
        future: Future[Any] = Future()
        with self._lock:
            if not self._open:
                raise RuntimeError("no more jobs are submitted")
            self._new.append((future, Requeued(fn), args, kwargs))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more jobs; those submitted go on, or are cancelled."""
        with self._lock:
            self._open = False
            if cancel_futures:
                for future, *_ in self._new:
                    future.cancel()
                self._new.clear()
                for _, job in self._jobs:
                    job.cancel(check=False)  # it may have ended by itself
                self._jobs.clear()
        if wait:
            self._watcher.join()

    def _watch(self) -> None:
        """Submit what has gathered, and hand on what has ended, until there is nothing left to do."""
        gathered = 0
        while True:
            time.sleep(TICK)
            with self._lock:
                settled = len(self._new) == gathered  # nothing came since the last look: the array is whole
                gathered = len(self._new)
                if settled and self._room():
                    self._submit_array()
                    gathered = len(self._new)
                jobs = list(self._jobs)
            ended = self._gone.ended([job for _, job in jobs]) if self._gone else {j: None for _, j in jobs if j.done()}
            with self._lock:
                self._jobs = [(future, job) for future, job in self._jobs if job not in ended]
                finished = not (self._open or self._new or self._jobs)
            for future, job in jobs:
                if job in ended:
                    _settle(future, job, ended[job])
            if finished:
                return

    def _room(self) -> bool:
        """Whether another array may be submitted: each counts those of its own jobs alone that run at a time."""
        return bool(self._new) and (not self._jobs or len(self._jobs) + len(self._new) <= self._parallel)

    def _submit_array(self) -> None:
        """Submit what has gathered, as far as an array goes."""
        waiting = [call for call in self._new[:ARRAY] if call[0].set_running_or_notify_cancel()]
        self._new = self._new[ARRAY:]
        try:
            with self._queue.batch():
                jobs = [self._queue.submit(function, *args, **kwargs) for _, function, args, kwargs in waiting]
        except Exception as error:  # noqa: BLE001 - sbatch is missing, refuses, or does not answer
            for future, *_ in waiting:
                future.set_exception(Unreachable(f"cannot submit to the queue: {_last_line(error)}; nothing is lost"))
            return
        self._jobs += [(call[0], job) for call, job in zip(waiting, jobs, strict=True)]


def _settle(future: Future[Any], job: Any, lost: WorkerDied | None) -> None:
    """Give a future what its job came to, or why it came to nothing."""
    try:
        if lost is not None:
            raise lost
        future.set_result(job.result())
    except Exception as error:  # noqa: BLE001 - what the call raised, or what submitit says of a job that was lost
        raised = re.findall(r"^[\w.]*(?:Error|Exception|Exit)\b.*$", str(error), re.MULTILINE)  # of the job's traceback
        text = raised[-1] if raised else str(error).partition("\n")[0]
        future.set_exception(RuntimeError(f"job {job.job_id}: {text}"))


def _last_line(error: Exception) -> str:
    """Return what sbatch says, without what submitit says of how it was called."""
    return (str(error).strip() or type(error).__name__).splitlines()[-1]
