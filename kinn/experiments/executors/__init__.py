"""Where cases are worked on: in this process, in local ones, on a Dask cluster, in a SLURM queue.

Each is a `concurrent.futures.Executor`: the batch solver knows nothing else of them.
"""

from kinn.experiments.executors.errors import Unreachable, WorkerDied
from kinn.experiments.executors.local import LocalExecutor
from kinn.experiments.executors.serial import SerialExecutor

__all__ = ["LocalExecutor", "SerialExecutor", "Unreachable", "WorkerDied"]
