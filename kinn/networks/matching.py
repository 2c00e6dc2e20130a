"""Fair comparison begins with equal sizes: the architecture of a kind whose parameter count comes nearest to another's."""

from __future__ import annotations

from kinn.errors import InputError
from kinn.networks.network import Architecture


def match_parameters(architecture: Architecture, parameters: int, inputs: int, outputs: int) -> Architecture:
    """Return `architecture` with its hidden widths scaled so that its parameter count comes nearest to `parameters`.

    Args:
        architecture: What to scale; its other settings stay.
        parameters: The count to come near to.
        inputs: The number of coordinates.
        outputs: The number of fields.

    Raises:
        InputError: If `parameters` is not positive.
    """
    if parameters < 1:
        raise InputError(f"a parameter count to match is at least 1, not {parameters}")

    def count(factor: float) -> int:
        return architecture.resized(factor).parameter_count(inputs, outputs)

    high = 1.0
    while count(high) < parameters:
        high *= 2.0
    low = 0.0
    for _ in range(60):  # bisection to the two neighbouring sizes
        middle = (low + high) / 2
        low, high = (middle, high) if count(middle) < parameters else (low, middle)
    return min(
        (architecture.resized(factor) for factor in (low, high)),
        key=lambda a: abs(a.parameter_count(inputs, outputs) - parameters),
    )
