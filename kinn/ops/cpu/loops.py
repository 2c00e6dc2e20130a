"""How loops over points are compiled, and how they call machine code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])

#: An array of numbers, one dimension or several.
Array = np.ndarray[Any, np.dtype[Any]]


def compiled_loop(function: F) -> F:
    """Compile a function with numba, keep it on disk, and let it run without Python's lock."""
    compile_ = njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
    return cast("F", compile_(function))


def _call(_: Any, address: Any, arguments: Any) -> Any:  # noqa: ARG001
    """Call machine code: arrays go as the address of their first entry, numbers as they are."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        passed = []
        for n, kind in enumerate(signature.args[1]):
            value = builder.extract_value(values[1], n)
            is_array = isinstance(kind, types.Array)
            passed.append(context.make_array(kind)(context, builder, value).data if is_array else value)
        function = ir.FunctionType(ir.VoidType(), [p.type for p in passed])
        builder.call(builder.inttoptr(values[0], function.as_pointer()), passed)
        return context.get_dummy_value()

    return types.void(types.int64, arguments), generate


#: In compiled loops: calls the machine code at an address with a tuple of arguments.
call = cast("Callable[[int, tuple[Any, ...]], None]", intrinsic(_call))
