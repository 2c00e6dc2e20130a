"""Executors of jobs, `concurrent.futures.Executor`s all: in this process, in worker processes, on Dask, by SLURM."""

from kinn.errors import InputError


class ExecutorUnreachable(InputError):
    """A scheduler or queue that does not answer or refuses: no job can be submitted, and none has failed."""


class WorkerDied(RuntimeError):
    """A worker process that ended during a job: killed, or out of memory or time."""
