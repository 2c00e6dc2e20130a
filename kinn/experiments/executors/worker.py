"""Worker process: `python -m kinn.experiments.executors.worker` reads calls from stdin and writes results to stdout.

It ends when stdin is closed, even during a call: a batch that is killed leaves no process behind.
"""

from __future__ import annotations

import ctypes
import gc
import os
import pickle
import queue
import sys
import threading
from contextlib import suppress
from importlib import import_module
from typing import IO


def main() -> None:
    """Answer calls until there are no more."""
    calls = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # output of problem scripts must not mix with the answers
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(calls, waiting), daemon=True).start()
    if "--warm" in sys.argv:
        for module in ("matplotlib.backends.backend_agg", "meshio", "kinn.io.vtu", "kinn.io.plots", "kinn.solver"):
            import_module(module)
    gc.freeze()  # imported objects stay: collecting them after every call would dominate its time
    while True:
        answer = _answer(waiting.get())
        try:
            send(answers, answer)
        except BrokenPipeError:
            os._exit(1)
        release_memory()


def _answer(message: bytes) -> bytes:
    """Whether a call returned, and its value or exception, pickled."""
    try:
        function, arguments, named = pickle.loads(message)
        return pickle.dumps((True, function(*arguments, **named)))
    except Exception as error:  # noqa: BLE001 - the caller handles it
        try:
            return pickle.dumps((False, error))
        except Exception:  # noqa: BLE001 - errors that hold locks cannot be pickled
            return pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))


def release_memory() -> None:
    """Return the memory of a call to the system: reference cycles, and what the allocator retains."""
    gc.collect()
    with suppress(OSError, AttributeError):  # the allocator is not glibc's
        ctypes.CDLL(None).malloc_trim(0)


def send(stream: IO[bytes], message: bytes) -> None:
    """Write a message, prefixed by its length."""
    stream.write(len(message).to_bytes(8, "big") + message)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes:
    """Read the next message.

    Raises:
        EOFError: If there is none, or it is incomplete.
    """
    head = stream.read(8)
    message = stream.read(int.from_bytes(head, "big"))
    if len(head) < 8 or len(message) < int.from_bytes(head, "big"):
        raise EOFError
    return message


def _listen(calls: IO[bytes], waiting: queue.SimpleQueue[bytes]) -> None:
    """Queue calls, and end the process once stdin is closed."""
    while True:
        try:
            waiting.put(receive(calls))
        except EOFError:
            os._exit(0)


if __name__ == "__main__":
    main()
