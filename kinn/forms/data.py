"""The data of conditions: functions of coordinates have to be finite where they are needed."""

from __future__ import annotations

import torch

from kinn.conditions import BoundaryCondition, Condition, PointValue
from kinn.errors import InputError
from kinn.fields import Points

#: What conditions call their data.
NAMES = ("value", "flux", "alpha", "beta")


def check_finite(condition: Condition, p: Points) -> None:
    """Raise if a datum of a condition is not finite at points.

    Raises:
        InputError: Names the condition, the datum and the first point.
    """
    if not isinstance(condition, BoundaryCondition | PointValue):
        return
    for name in NAMES:
        data = getattr(condition, name, None)
        if not callable(data):
            continue
        what = f"the {name} of {condition.label}"
        values = torch.as_tensor(p.field(data, what).value, dtype=p.tensor.dtype).expand(len(p))
        bad = ~torch.isfinite(values)
        if bool(bad.any()):
            where = ", ".join(
                f"{c} = {float(x):.6g}" for c, x in zip(p.names, p.tensor[int(bad.nonzero()[0, 0])], strict=True)
            )
            raise InputError(f"{what} is not finite at {where}")
