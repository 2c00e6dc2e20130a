"""Limits of the machine: a matrix product and a copy in memory, in the precision of the step."""

from __future__ import annotations

import torch

from step_cases.sizes import Case, Sizes

#: The order of the matrices: three of them stay within a second-level cache or little more, and 2 n^3 is long enough.
ORDER = {"cpu": 768, "cuda": 8192}

#: The bytes copied: several times any cache.
COPIED = {"cpu": 2**28, "cuda": 2**31}


def build(sizes: Sizes) -> Case:
    """Return the case; its facts are the operations of the product and the bytes that the copy reads and writes."""
    kind = torch.device(sizes.device).type
    torch.backends.cuda.matmul.allow_tf32 = False
    order, count = ORDER[kind], COPIED[kind] // sizes.precision.itemsize
    a, b = (torch.randn(order, order, dtype=sizes.precision, device=sizes.device) for _ in range(2))
    product = torch.empty_like(a)
    source, target = (torch.ones(count, dtype=sizes.precision, device=sizes.device) for _ in range(2))
    timed = {"product": lambda: torch.mm(a, b, out=product), "copy": lambda: target.copy_(source)}
    return Case(timed, lambda: None, {"flops": 2 * order**3, "bytes": 2 * COPIED[kind]})
