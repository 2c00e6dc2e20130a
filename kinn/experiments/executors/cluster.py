"""The workers of a Dask cluster (extra `cluster`)."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from importlib import import_module
from typing import Any

from kinn.errors import InputError
from kinn.experiments.executors.errors import Unreachable

#: Seconds in which a scheduler must answer.
PATIENCE = 10.0


class DaskExecutor(Executor):
    """Calls functions on the workers of a Dask cluster.

    Args:
        address: Of the scheduler, "tcp://host:8786".

    Raises:
        InputError: If Dask is not installed, or no scheduler answers.
    """

    def __init__(self, address: str) -> None:
        try:
            client: Any = import_module("distributed").Client
        except ImportError as error:
            raise InputError("--scheduler needs Dask: pip install 'kinn[cluster]'") from error
        try:
            self._client = client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise Unreachable(
                f"no Dask scheduler answers at {address}; nothing was begun, and nothing is lost"
            ) from error
        self._address = address
        # where a worker is lost, Dask begins the call anew on another: the run goes on from its checkpoint
        self._pool = self._client.get_executor(pure=False, retries=0)

    @property
    def slots(self) -> int:
        """How many calls the workers take at a time; at least one, for workers may yet come."""
        return max(1, int(sum(self._client.nthreads().values())))

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call a function on the next worker that is free; KINN must be installed there."""
        asked: Future[Any] = self._pool.submit(fn, *args, **kwargs)
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()

        def settle(_: Future[Any]) -> None:
            if asked.cancelled():  # as all calls are, once the connection is lost
                lost = f"the Dask scheduler at {self._address} answers no more; what is solved is kept"
                future.set_exception(Unreachable(lost))
            elif (error := asked.exception()) is not None:
                future.set_exception(error)
            else:
                future.set_result(asked.result())

        asked.add_done_callback(settle)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster; it goes on without us."""
        self._pool.shutdown(wait=wait and not cancel_futures)
        self._client.close()
