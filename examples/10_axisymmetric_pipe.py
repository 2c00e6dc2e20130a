"""
An axisymmetric pipe
====================

A viscous liquid flows through a pipe between two pressures. In cylindrical coordinates the problem is one of r and z: the
shape names its coordinates, and `Cylindrical` gives the operators with their metric. The flow rate is that of Hagen and
Poiseuille, pi R^4 (p0 - p1) / (8 mu L).
"""

from __future__ import annotations

import numpy as np

import kinn
from kinn import MLP, Cylindrical, Dirichlet, Interval, Neumann, Problem, Rectangle

RADIUS, LENGTH = 0.5, 2.0
DENSITY, VISCOSITY = 1.0, 0.1
PRESSURE = 3.2  # at the inlet; 0 at the outlet


# %%
# The Navier-Stokes equations for the radial and the axial velocity. Vectors have components along r and z. Each equation is
# multiplied by the power of r that clears its denominators: 1 / r^2 would let the neighbourhood of the axis rule the loss.
def navier_stokes(u, w, pressure, p):
    axes = Cylindrical(p)
    inertia = DENSITY * axes.convection((u, w), (u, w))
    radial, axial = inertia + axes.grad(pressure) - VISCOSITY * axes.vector_laplacian((u, w))
    return [p.r**2 * radial, p.r * axial, p.r * axes.div((u, w))]


pipe = Rectangle((0, 0), (RADIUS, LENGTH), sides={"left": "axis", "right": "wall", "bottom": "inlet", "top": "outlet"})
flow = Problem(
    "pipe",
    pipe.with_coordinates("r", "z"),
    fields=("u", "w", "pressure"),
    strong=navier_stokes,
    conditions=[
        Dirichlet("u", 0.0, on="boundary"),
        Dirichlet("w", 0.0, on="wall"),
        *(Neumann("w", 0.0, on=name) for name in ("axis", "inlet", "outlet")),
        Dirichlet("pressure", PRESSURE, on="inlet"),
        Dirichlet("pressure", 0.0, on="outlet"),
    ],
)
solution = kinn.solve(flow, MLP((12, 12)), iterations=30, seed=0)

# %%
# The flow rate, an integral with r dr.
rule = Interval(0, RADIUS).quadrature(9, points=20)
r = rule.points[:, 0]
speed = solution.evaluate("w", np.column_stack([r, np.full_like(r, 0.7 * LENGTH)]))
rate = 2 * np.pi * np.sum(rule.weights * r * speed)
exact = np.pi * RADIUS**4 * PRESSURE / (8 * VISCOSITY * LENGTH)
print(f"flow rate {rate:.6f}, exact {exact:.6f}")

# %%
# The same profile as the minimum of the dissipation in the energy form, in r alone: the volume element is r.
profile = Problem(
    "pipe-profile",
    Interval(0, RADIUS, ends=("axis", "wall")).with_coordinates("r"),
    fields="w",
    energy=lambda w, p: Cylindrical(p).volume_element() * (0.5 * VISCOSITY * w.r**2 - PRESSURE / LENGTH * w),
    conditions=[Dirichlet("w", 0.0, on="wall", enforce="hard")],
    exact=lambda r: PRESSURE / (4 * VISCOSITY * LENGTH) * (RADIUS**2 - r**2),
)
minimum = kinn.solve(profile, MLP((12,)), form="energy", iterations=30, seed=0)
print(f"energy form: relative L2 error {minimum.errors['w'].l2:.1e}")
error = max(abs(rate / exact - 1), minimum.errors["w"].l2)
solution.plot("runs/pipe")
