"""Executors on this machine: this process, and worker processes that stay alive with torch imported."""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from kinn.experiments.executors import WorkerDied
from kinn.experiments.executors.worker import receive, send

T = TypeVar("T")
P = ParamSpec("P")

#: The environment variables for the threads of libraries.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

#: The environment variable for the GPUs that a process sees.
GPUS = "CUDA_VISIBLE_DEVICES"

#: Calls after which a worker is replaced, to bound the memory that libraries retain.
MAX_CALLS = 500


class SerialExecutor(Executor):
    """Calls functions in this process, before `submit` returns."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call a function and return a future that is done."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - the caller handles it
            future.set_exception(error)
        return future


class LocalExecutor(Executor):
    """Calls functions in worker processes; one that dies costs its own call only.

    Args:
        workers: The number of processes.
        threads: CPU threads of each process.
        gpus: The GPUs, as `CUDA_VISIBLE_DEVICES` names them, one per process; None to show all to every process.
        log: A file for the output of the processes; None for standard error.
        warm: Whether they import the modules of a solve before the first call.
    """

    def __init__(
        self,
        workers: int,
        threads: int = 1,
        log: Path | None = None,
        *,
        gpus: Sequence[str] | None = None,
        warm: bool = True,
    ) -> None:
        environment = {**os.environ, **dict.fromkeys(THREADS, str(threads))}
        variables = [{}] * workers if gpus is None else [{GPUS: gpu} for gpu in gpus]
        self._log = log
        self._command = [sys.executable, "-P", "-m", "kinn.experiments.executors.worker", *(["--warm"] if warm else [])]
        self._calls: queue.SimpleQueue[tuple[Future[Any], bytes] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._open = True
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._threads = [
            threading.Thread(target=self._serve, args=(environment | extra,), daemon=True)
            for extra in variables[:workers]
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call a function in the next free process; it and its arguments must be importable and picklable."""
        if not self._open:
            raise RuntimeError("the executor has been shut down")
        future: Future[Any] = Future()
        self._calls.put((future, pickle.dumps((fn, args, kwargs))))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes once all calls are done, or at once if they are to be cancelled."""
        with self._lock:
            self._open = False
            if cancel_futures:
                for process in self._processes:
                    process.kill()
        with suppress(queue.Empty):
            while cancel_futures:
                if call := self._calls.get_nowait():
                    call[0].cancel()
        for _ in self._threads:
            self._calls.put(None)
        for thread in self._threads if wait else ():
            thread.join()

    def _serve(self, environment: Mapping[str, str]) -> None:
        """Send calls to one process after another until there are no more."""
        process: subprocess.Popen[bytes] | None = self._start(environment)
        calls = 0
        while (call := self._calls.get()) is not None:
            future, message = call
            if not future.set_running_or_notify_cancel():
                continue
            if process is None or calls >= MAX_CALLS:
                self._stop(process)
                process, calls = self._start(environment), 0
            if process is None:
                future.set_exception(WorkerDied("the executor has been shut down"))
                continue
            calls += 1
            try:
                returned, value = _exchange(process, message)
            except (EOFError, OSError):
                future.set_exception(WorkerDied(_exit_reason(process.wait())))
                self._stop(process)
                process = None
                continue
            if returned:
                future.set_result(value)
            else:
                future.set_exception(value)
        self._stop(process)

    def _start(self, environment: Mapping[str, str]) -> subprocess.Popen[bytes] | None:
        """A new worker process; None once the executor is shut down."""
        with self._lock:
            if not self._open:
                return None
            with self._log.open("ab") if self._log else nullcontext() as log:
                process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    env=environment,
                    start_new_session=True,  # Ctrl-C at the terminal is for the batch, which ends its workers
                )
            self._processes.add(process)
            return process

    def _stop(self, process: subprocess.Popen[bytes] | None) -> None:
        """End a process that is idle or dead."""
        if process is None:
            return
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            with suppress(BrokenPipeError):
                stream.close()
        process.wait()
        with self._lock:
            self._processes.discard(process)


def _exchange(process: subprocess.Popen[bytes], message: bytes) -> tuple[bool, Any]:
    """Send a call to a process; whether it returned, and its value or exception."""
    assert process.stdin
    assert process.stdout
    send(process.stdin, message)
    answer: tuple[bool, Any] = pickle.loads(receive(process.stdout))
    return answer


def _exit_reason(status: int) -> str:
    if status >= 0:
        return f"the worker process ended with status {status}"
    name = signal.Signals(-status).name
    return f"the worker process was killed by {name}" + (": out of memory?" if name == "SIGKILL" else "")


def visible_gpus() -> list[str]:
    """GPUs that this process sees, as `CUDA_VISIBLE_DEVICES` names them."""
    if GPUS in os.environ:
        return [name for name in os.environ[GPUS].split(",") if name.strip()]
    from torch.cuda import device_count

    return [str(number) for number in range(device_count())]
