"""Worker processes on this machine, kept alive with torch imported; one that dies costs its own run and no other."""

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
from pathlib import Path
from typing import IO, Any, ParamSpec, TypeVar

from kinn.experiments.executors.errors import WorkerDied
from kinn.experiments.executors.worker import receive, send

T = TypeVar("T")
P = ParamSpec("P")

#: The libraries of which each starts threads of its own.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

#: What says which GPUs a process sees.
GPUS = "CUDA_VISIBLE_DEVICES"

#: After so many calls a worker is replaced, so that what libraries keep does not add up.
RENEWAL = 500


class LocalExecutor(Executor):
    """Calls functions in processes, each with its share of the cores.

    Args:
        workers: The number of processes.
        threads: The CPU threads of each.
        gpus: The GPUs, as `CUDA_VISIBLE_DEVICES` names them, one for each process; None to leave all to every process.
        log: A file for what they print; None for standard error.
        warm: Whether they import what every solve needs before the first call.
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
        settings = {**os.environ, **dict.fromkeys(THREADS, str(threads))}
        each = [{}] * workers if gpus is None else [{GPUS: gpu} for gpu in gpus]
        self._log = log
        self._command = [sys.executable, "-P", "-m", "kinn.experiments.executors.worker", *(["--warm"] if warm else [])]
        self._calls: queue.SimpleQueue[tuple[Future[Any], bytes] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._open = True
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._keepers = [
            threading.Thread(target=self._keep, args=(settings | own,), daemon=True) for own in each[:workers]
        ]
        for keeper in self._keepers:
            keeper.start()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call a function in the next process that is free; it and its arguments must be importable and picklable."""
        if not self._open:
            raise RuntimeError("the workers have been sent home")
        future: Future[Any] = Future()
        self._calls.put((future, pickle.dumps((fn, args, kwargs))))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes: once all calls are done, or at once where they are to be cancelled."""
        with self._lock:
            self._open = False
            if cancel_futures:
                for process in self._processes:
                    process.kill()
        while cancel_futures:
            try:
                call = self._calls.get_nowait()
            except queue.Empty:
                break
            if call is not None:
                call[0].cancel()
        for _ in self._keepers:
            self._calls.put(None)
        for keeper in self._keepers if wait else ():
            keeper.join()

    def _keep(self, settings: Mapping[str, str]) -> None:
        """Keep one process at work, in an environment of its own, until there is no more."""
        process: subprocess.Popen[bytes] | None = self._start(settings)
        calls = 0
        while (call := self._calls.get()) is not None:
            future, packed = call
            if not future.set_running_or_notify_cancel():
                continue
            if process is None or calls >= RENEWAL:
                self._stop(process)
                process, calls = self._start(settings), 0
            if process is None:
                future.set_exception(WorkerDied("the workers have been sent home"))
                continue
            calls += 1
            try:
                good, value = _exchange(process, packed)
            except (EOFError, OSError):
                future.set_exception(WorkerDied(_epitaph(process.wait())))
                self._stop(process)
                process = None
                continue
            if good:
                future.set_result(value)
            else:
                future.set_exception(value)
        self._stop(process)

    def _start(self, settings: Mapping[str, str]) -> subprocess.Popen[bytes] | None:
        """Return a new process, which begins to import what it needs; None once all are sent home."""
        with self._lock:
            if not self._open:
                return None
            log: IO[bytes] | None = self._log.open("ab") if self._log else None
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=settings,
                start_new_session=True,  # a Ctrl-C at the terminal is for the batch, which ends its workers itself
            )
            if log is not None:
                log.close()
            self._processes.add(process)
            return process

    def _stop(self, process: subprocess.Popen[bytes] | None) -> None:
        """End a process that is idle, or gone."""
        if process is None:
            return
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            try:
                stream.close()
            except BrokenPipeError:
                continue
        process.wait()
        with self._lock:
            self._processes.discard(process)


def _exchange(process: subprocess.Popen[bytes], packed: bytes) -> tuple[bool, Any]:
    """Send a call to a process and return whether it returned, and what it returned or raised."""
    assert process.stdin is not None
    assert process.stdout is not None
    send(process.stdin, packed)
    good, value = pickle.loads(receive(process.stdout))
    return good, value


def _epitaph(status: int) -> str:
    if status >= 0:
        return f"the worker process ended with status {status}"
    name = signal.Signals(-status).name
    return f"the worker process was killed by {name}" + (": out of memory?" if name == "SIGKILL" else "")


def visible_gpus() -> list[str]:
    """Return the GPUs that this process sees, as `CUDA_VISIBLE_DEVICES` names them."""
    if GPUS in os.environ:
        return [name for name in os.environ[GPUS].split(",") if name.strip()]
    from torch.cuda import device_count

    return [str(number) for number in range(device_count())]
