"""The problem library: one module per problem, each a specification with its reference solution.

Nothing is imported before a problem is requested: `kinn list` stays quick.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from importlib import import_module
from importlib.resources import files
from inspect import signature
from typing import TYPE_CHECKING, Any

from kinn.errors import unknown

if TYPE_CHECKING:
    from kinn.problem import Problem

#: The problems by name: the module of each.
_MODULES = {
    "advection": "advection",
    "allen-cahn": "allen_cahn",
    "annulus-robin": "annulus_robin",
    "biharmonic": "biharmonic",
    "biharmonic-plate": "biharmonic_plate",
    "burgers": "burgers",
    "burgers-viscosity": "burgers_viscosity",
    "cantilever-3d": "cantilever_3d",
    "conductivity-field": "conductivity_field",
    "cooks-membrane": "cooks_membrane",
    "crack": "crack",
    "disk-compression": "disk_compression",
    "eikonal": "eikonal",
    "flower": "flower",
    "heat-anisotropic": "heat_anisotropic",
    "heat-conductivity": "heat_conductivity",
    "heat-inverse": "heat_inverse",
    "heat-multifrequency": "heat_multifrequency",
    "helmholtz": "helmholtz",
    "heterogeneous": "heterogeneous",
    "hyperelastic-beam": "hyperelastic_beam",
    "inclusion": "inclusion",
    "koch": "koch",
    "korteweg-de-vries": "korteweg_de_vries",
    "kovasznay": "kovasznay",
    "kuramoto-sivashinsky": "kuramoto_sivashinsky",
    "l-shape-elasticity": "l_shape_elasticity",
    "laplace-ball": "laplace_ball",
    "lid-driven-cavity": "lid_driven_cavity",
    "lorenz": "lorenz",
    "lotka-volterra": "lotka_volterra",
    "pendulum": "pendulum",
    "plate-hole": "plate_hole",
    "plate-hole-modulus": "plate_hole_modulus",
    "poisson-1d": "poisson_1d",
    "poisson-2d": "poisson_2d",
    "poisson-5d": "poisson_5d",
    "poisson-holes": "poisson_holes",
    "poisson-lshape": "poisson_lshape",
    "reaction-diffusion": "reaction_diffusion",
    "regression-two-frequency": "regression_two_frequency",
    "robertson": "robertson",
    "scattering-disk": "scattering_disk",
    "schroedinger": "schroedinger",
    "stokes-cavity": "stokes_cavity",
    "two-holes": "two_holes",
    "van-der-pol": "van_der_pol",
    "wall-layers": "wall_layers",
    "wave-1d": "wave_1d",
    "wedge": "wedge",
}


def names() -> tuple[str, ...]:
    """Names of all problems."""
    return tuple(sorted(_MODULES))


def title(name: str) -> str:
    """First line of the docstring of a problem's module, which is parsed but not imported."""
    source = (files(__name__) / f"{_MODULES[name]}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]


def get(name: str, /, **settings: Any) -> Problem:
    """Problem of the library.

    Args:
        name: Its name.
        **settings: Its settings, the others at their defaults: `kinn show NAME` lists them.

    Raises:
        InputError: If there is no problem or setting of a name, or a setting is out of range.
    """
    make = definition(name)
    for setting in settings:
        if setting not in (valid := signature(make).parameters):
            raise unknown("setting", setting, valid, f"problem {name!r}")
    return make(**settings)


def definition(name: str) -> Callable[..., Problem]:
    """Function that states a problem of the library from its settings.

    Raises:
        InputError: If there is no problem of that name.
    """
    if name not in _MODULES:
        raise unknown("problem", name, _MODULES)
    make: Callable[..., Problem] = import_module(f"kinn.problems.{_MODULES[name]}").make_problem
    return make
