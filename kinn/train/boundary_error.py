"""Estimated errors of the inverse form: the distance to the direct solution of the equations on finer panels.

The error of trained boundary data has two parts, that of training and that of the discretisation. The Nystrom solution on
finer panels, those of validation where they are not too many, is free of the first and has far less of the second.
"""

from __future__ import annotations

import numpy as np

from kinn.forms.inverse import BoundaryTrial, Nystrom
from kinn.problem import Array
from kinn.train.field_difference import FieldDifference

#: Work of the solution of a system over the cube of the number of its equations.
SOLUTION_WORK = 1.5

#: Systems of up to this many equations are solved whatever the training took.
FEW_EQUATIONS = 2000

#: The error of a solution relative to its difference from that on panels of twice the length: between orders one and two.
REMAINING = 0.5

#: The part of the error that counts as left where no other panels tell.
UNKNOWN_PART = 0.75


def boundary_error(trial: BoundaryTrial, points: Array, *, work: float) -> tuple[FieldDifference, float] | None:
    """Estimated error of trained boundary data, and the share of the error that it may have left; None without a solution.

    It is the distance to the direct solution on the finest panels whose equations are few enough, which is compared with
    that on coarser ones. Where there are none, the share that is left is not known, and the estimate is not reliable.

    Args:
        trial: The trained boundary data.
        points: Points (N, d) at which solutions are compared.
        work: The multiplications that it may take.
    """
    fine, coarse = trial.system_pair(max(FEW_EQUATIONS, int((work / SOLUTION_WORK) ** (1 / 3))))
    if fine.solution is None:
        return None
    solution = Nystrom(trial, fine)
    error, names = FieldDifference(solution, trial), trial.problem.names
    if coarse is None or coarse.solution is None:
        return error, UNKNOWN_PART
    sizes = np.linalg.norm(solution.evaluate(points, names), axis=0)
    change, distance = (
        float(np.linalg.norm(np.linalg.norm(e.evaluate(points, names), axis=0) / np.where(sizes > 0, sizes, 1.0)))
        for e in (FieldDifference(solution, Nystrom(trial, coarse)), error)
    )
    return error, min(1.0, REMAINING * change / distance) if distance > 0 else 0.0
