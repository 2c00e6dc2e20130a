"""Executor on a Dask cluster (extra `cluster`)."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from importlib import import_module
from typing import Any

from kinn.errors import InputError
from kinn.experiments.executors import ExecutorUnreachable

#: Seconds in which a scheduler must answer.
TIMEOUT = 10.0


class DaskExecutor(Executor):
    """Calls functions on the workers of a Dask cluster.

    Args:
        address: The address of the scheduler, "tcp://host:8786".

    Raises:
        InputError: If Dask is not installed, or no scheduler answers.
    """

    def __init__(self, address: str) -> None:
        try:
            client: Any = import_module("distributed").Client
        except ImportError as error:
            raise InputError("--scheduler needs Dask: pip install 'kinn[cluster]'") from error
        try:
            self._client = client(address, timeout=TIMEOUT, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise ExecutorUnreachable(f"no Dask scheduler answers at {address}; no run was started") from error
        self._address = address
        # when a worker is lost, Dask repeats the call on another, which resumes the run from its checkpoint
        self._pool = self._client.get_executor(pure=False, retries=0)

    @property
    def slots(self) -> int:
        """Concurrent calls of the workers; at least one, since workers may join later."""
        return max(1, int(sum(self._client.nthreads().values())))

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call a function on the next free worker, where KINN must be installed."""
        remote: Future[Any] = self._pool.submit(fn, *args, **kwargs)
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()

        def settle(_: Future[Any]) -> None:
            if remote.cancelled():  # as all calls are once the connection is lost
                message = f"the Dask scheduler at {self._address} no longer answers; finished runs are kept"
                future.set_exception(ExecutorUnreachable(message))
            elif (error := remote.exception()) is not None:
                future.set_exception(error)
            else:
                future.set_result(remote.result())

        remote.add_done_callback(settle)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Disconnect from the cluster, which keeps running."""
        self._pool.shutdown(wait=wait and not cancel_futures)
        self._client.close()
