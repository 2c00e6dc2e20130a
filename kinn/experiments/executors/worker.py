"""A worker process: `python -m kinn.experiments.executors.worker` reads calls from stdin and writes results to stdout.

It ends when stdin does, in the middle of a call too: a batch that is killed leaves no process behind.
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
    os.dup2(2, 1)  # what a problem script prints must not get between the answers
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(calls, waiting), daemon=True).start()
    if "--warm" in sys.argv:
        _warm_up()
    gc.freeze()  # what is imported stays: looking through it after every call would take longer than the rest
    while True:
        answer = _answer(waiting.get())
        try:
            send(answers, answer)
        except BrokenPipeError:
            os._exit(1)
        give_back()


def _answer(packed: bytes) -> bytes:
    """Return whether a call returned, and what it returned or raised."""
    try:
        function, arguments, named = pickle.loads(packed)
        return pickle.dumps((True, function(*arguments, **named)))
    except Exception as error:  # noqa: BLE001 - it is the caller's
        try:
            return pickle.dumps((False, error))
        except Exception:  # noqa: BLE001 - there are errors that cannot be pickled, with locks in them
            return pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))


def give_back() -> None:
    """Give the memory of a call back to the system: what stands in cycles, and what the allocator keeps for the next."""
    gc.collect()
    with suppress(OSError, AttributeError):  # the allocator is not glibc's
        ctypes.CDLL(None).malloc_trim(0)


def send(stream: IO[bytes], packed: bytes) -> None:
    """Write a message with its length in front."""
    stream.write(len(packed).to_bytes(8, "big") + packed)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes:
    """Return the next message.

    Raises:
        EOFError: If there is none, or it is cut short.
    """
    head = stream.read(8)
    packed = stream.read(int.from_bytes(head, "big"))
    if len(head) < 8 or len(packed) < int.from_bytes(head, "big"):
        raise EOFError
    return packed


def _listen(calls: IO[bytes], waiting: queue.SimpleQueue[bytes]) -> None:
    """Hand on calls, and end the process once whoever makes them is gone."""
    while True:
        try:
            waiting.put(receive(calls))
        except EOFError:
            os._exit(0)


def _warm_up() -> None:
    """Import what every solve needs, while there is nothing to do yet."""
    for module in ("matplotlib.backends.backend_agg", "meshio", "kinn.io.vtu", "kinn.io.plots", "kinn.solver"):
        import_module(module)


if __name__ == "__main__":
    main()
