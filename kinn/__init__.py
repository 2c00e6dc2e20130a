"""KINN: physics-informed Kolmogorov-Arnold networks for partial differential equations.

The names below are loaded when first used: `import kinn` alone brings in neither torch nor scipy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kinn.boundary_integrals.equations import Elasticity, Helmholtz, Laplace, Stokes
    from kinn.calculus import div, grad, hessian, laplacian, strain
    from kinn.conditions import (
        Dirichlet,
        Initial,
        Integral,
        Interface,
        Neumann,
        Observation,
        Periodic,
        PointValue,
        ResidualCondition,
        Robin,
    )
    from kinn.errors import InputError, SolveError
    from kinn.fields import Field, Points
    from kinn.frames import MovingCoordinate
    from kinn.geometry import (
        ArcPolygon,
        Ball,
        Box,
        Cuboid,
        CurveDomain,
        Cylinder,
        Disk,
        Ellipse,
        Extrusion,
        Geometry,
        Interval,
        Mesh,
        PointCloud,
        Polygon,
        Rectangle,
        Sphere,
        TimeInterval,
        TriangulatedSolid,
    )
    from kinn.math import (
        abs,
        arctan,
        arctan2,
        cos,
        cosh,
        erf,
        exp,
        log,
        maximum,
        minimum,
        sigmoid,
        sign,
        sin,
        sinh,
        sqrt,
        tan,
        tanh,
        where,
    )
    from kinn.networks import (
        KAN,
        KANODE,
        MLP,
        ModifiedMLP,
        NeuralODE,
        PirateNet,
        ResidualKAN,
        ResNet,
        match_parameters,
    )
    from kinn.optim import LBFGS, Adam, Auto, LastLayerLeastSquares, LevenbergMarquardt, SelfScaledBroyden
    from kinn.problem import Defaults, Postprocess, Problem
    from kinn.runs.resume import resume
    from kinn.solution import Solution
    from kinn.solver import solve
    from kinn.train.strategies import (
        NTK,
        RAD,
        RARD,
        Causal,
        FixedWeights,
        GradientNorm,
        ResidualAttention,
        SelfAdaptive,
        UniformWeights,
    )
    from kinn.unknowns import Unknown, UnknownField, UnknownTerm

__version__ = "0.1.0"

#: Where the public names live, read by `__getattr__` and, as the imports above, by type checkers and editors.
_NAMES = {
    "kinn.calculus": "div grad hessian laplacian strain",
    "kinn.conditions": "Dirichlet ResidualCondition Initial Integral Interface Neumann Observation Periodic PointValue Robin",
    "kinn.boundary_integrals.equations": "Elasticity Helmholtz Laplace Stokes",
    "kinn.errors": "InputError SolveError",
    "kinn.fields": "Field Points",
    "kinn.frames": "MovingCoordinate",
    "kinn.geometry": "ArcPolygon Ball Box Cuboid CurveDomain Cylinder Disk Ellipse Extrusion Geometry Interval Mesh PointCloud Polygon Rectangle Sphere TriangulatedSolid TimeInterval",
    "kinn.math": "abs arctan arctan2 cos cosh erf exp log maximum minimum sigmoid sign sin sinh sqrt tan tanh where",
    "kinn.networks": "KAN KANODE MLP ModifiedMLP NeuralODE PirateNet ResNet ResidualKAN match_parameters",
    "kinn.optim": "LBFGS Adam Auto LastLayerLeastSquares LevenbergMarquardt SelfScaledBroyden",
    "kinn.problem": "Defaults Postprocess Problem",
    "kinn.runs.resume": "resume",
    "kinn.solution": "Solution",
    "kinn.solver": "solve",
    "kinn.train.strategies": "NTK RAD RARD Causal FixedWeights GradientNorm UniformWeights ResidualAttention SelfAdaptive",
    "kinn.unknowns": "Unknown UnknownField UnknownTerm",
}
_HOME = {name: module for module, names in _NAMES.items() for name in names.split()}

__all__ = [
    "KAN",
    "KANODE",
    "LBFGS",
    "MLP",
    "NTK",
    "RAD",
    "RARD",
    "Adam",
    "ArcPolygon",
    "Auto",
    "Ball",
    "Box",
    "Causal",
    "Cuboid",
    "CurveDomain",
    "Cylinder",
    "Defaults",
    "Dirichlet",
    "Disk",
    "Elasticity",
    "Ellipse",
    "Extrusion",
    "Field",
    "FixedWeights",
    "Geometry",
    "GradientNorm",
    "Helmholtz",
    "Initial",
    "InputError",
    "Integral",
    "Interface",
    "Interval",
    "Laplace",
    "LastLayerLeastSquares",
    "LevenbergMarquardt",
    "Mesh",
    "ModifiedMLP",
    "MovingCoordinate",
    "Neumann",
    "NeuralODE",
    "Observation",
    "Periodic",
    "PirateNet",
    "PointCloud",
    "PointValue",
    "Points",
    "Polygon",
    "Postprocess",
    "Problem",
    "Rectangle",
    "ResNet",
    "ResidualAttention",
    "ResidualCondition",
    "ResidualKAN",
    "Robin",
    "SelfAdaptive",
    "SelfScaledBroyden",
    "Solution",
    "SolveError",
    "Sphere",
    "Stokes",
    "TimeInterval",
    "TriangulatedSolid",
    "UniformWeights",
    "Unknown",
    "UnknownField",
    "UnknownTerm",
    "__version__",
    "abs",
    "arctan",
    "arctan2",
    "cos",
    "cosh",
    "div",
    "erf",
    "exp",
    "grad",
    "hessian",
    "laplacian",
    "log",
    "match_parameters",
    "maximum",
    "minimum",
    "resume",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "solve",
    "sqrt",
    "strain",
    "tan",
    "tanh",
    "where",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'kinn' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
