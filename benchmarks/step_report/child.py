"""The measuring process: builds one case, and times it whenever the parent asks.

The parent writes one JSON object a line, `{"run": NAME, "seconds": S}`, and reads one back. So several cases, each in
a separate process, can be timed in turns: other load on the machine affects all of them.
"""

from __future__ import annotations

import ctypes
import gc
import itertools
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from step_cases import load
from step_cases.sizes import Case, Sizes, Step

#: Warm-up steps of a case, over which its peak memory is taken.
WARM_UP = 2

#: The maximum number of steps in one turn.
MAX_STEPS = 100


def serve(name: str, sizes: Sizes, threads: int) -> None:
    """Build a case, report its facts and memory, then time it until the input ends."""
    # libraries print when they are imported; the parent reads answers alone
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def answer(content: dict[str, Any]) -> None:
        print(json.dumps(content), file=answers, flush=True)

    torch.set_num_threads(threads)
    case = load(name)(sizes)
    if torch.device(sizes.device).type == "cuda":
        memory, timer = device_memory(case), device_times
    else:
        memory, timer = host_memory(case), host_times
    answer({"memory": memory, **case.facts})
    for line in sys.stdin:
        command = json.loads(line)
        times = timer(case.timed[command["run"]], command["seconds"])
        answer({**times, **case.late_facts()})


def host_times(step: Step, seconds: float) -> dict[str, list[float]]:
    """Return CPU and wall-clock seconds of steps, at least one, for the given number of seconds.

    CPU seconds are those of all threads of the process, the kernel's work for it included.
    """
    began = time.perf_counter()
    step()  # other processes have had the caches in the meantime
    if time.perf_counter() - began > seconds:
        began = time.perf_counter()
    times: dict[str, list[float]] = {"cpu": [], "wall": []}
    while not times["wall"] or (time.perf_counter() - began < seconds and len(times["wall"]) < MAX_STEPS):
        before = time.process_time(), time.perf_counter()
        step()
        times["cpu"].append(time.process_time() - before[0])
        times["wall"].append(time.perf_counter() - before[1])
    return times


def device_times(step: Step, seconds: float) -> dict[str, list[float]]:
    """Return seconds of steps by CUDA events, as they follow one another in the stream."""
    began = time.perf_counter()
    step()
    torch.cuda.synchronize()
    count = max(1, min(MAX_STEPS, int(seconds / max(time.perf_counter() - began, 1e-6))))
    events = [torch.cuda.Event(enable_timing=True) for _ in range(count + 1)]
    events[0].record()
    for event in events[1:]:
        step()
        event.record()
    torch.cuda.synchronize()
    return {"wall": [a.elapsed_time(b) / 1e3 for a, b in itertools.pairwise(events)]}


def host_memory(case: Case) -> float:
    """Return the growth of the resident memory during the first steps, in bytes.

    The base is the resident memory after imports, after building network and points, and after a step at a few points,
    which compiles and loads what is compiled or loaded late; freed memory has been returned to the system before. Then
    the kernel's high-water mark is reset (5 into clear_refs) and read again after the steps. Where it cannot be reset, the high-water mark of the whole process (ru_maxrss) is used, which an earlier peak can hide.
    """
    case.tiny()
    case.tiny()
    gc.collect()
    _trim_heap()
    base = _status("VmRSS")
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        base = None
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _warm(case)
    peak = _status("VmHWM")
    if base is None or peak is None:
        return 1024.0 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    return max(0.0, peak - base)


def device_memory(case: Case) -> float:
    """Return the growth of the device memory allocated by torch during the first steps."""
    case.tiny()
    torch.cuda.synchronize()
    torch.cuda.empty_cache()
    base = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    _warm(case)
    torch.cuda.synchronize()
    return float(torch.cuda.max_memory_allocated() - base)


def _warm(case: Case) -> None:
    step: Callable[[], Any] = next(iter(case.timed.values()))
    for _ in range(WARM_UP):
        step()


def _trim_heap() -> None:
    """Return free memory to the system where possible: steps would reuse it and seem to need none."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _status(name: str) -> float | None:
    """Return an entry of /proc/self/status in bytes, or None where there is none."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((1024.0 * float(line.split()[1]) for line in lines if line.startswith(f"{name}:")), None)
