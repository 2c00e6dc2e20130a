"""The solution of the Gray-Scott problem, by a Fourier method in two dimensions.

u_t = e_1 (u_xx + u_yy) + b (1 - u) - u v^2, v_t = e_2 (v_xx + v_yy) - d v + u v^2 on (-1, 1)^2, periodic,
t in (0, 200), b = 0.04, d = 0.1, e_1 = 1e-5, e_2 = 5e-6,
u = 1 - exp(-80 ((x + 0.05)^2 + (y + 0.02)^2)), v = exp(-80 ((x - 0.05)^2 + (y - 0.02)^2)) at t = 0
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from kinn.geometry.types import Array
from kinn.problems.references.etdrk4 import Spectrum, march
from kinn.problems.references.low_rank import LowRank, subspaces
from kinn.problems.references.series import Axis, chebyshev_coefficients, chebyshev_points

#: b and d, e_1 and e_2, and when it ends.
REACTION, DIFFUSION, END = (0.04, 0.1), (1e-5, 5e-6), 200.0

#: What is stored: modes in space, polynomials in time, the error allowed for u and for v.
MODES, DEGREES, TOLERANCES = 128, 96, (1e-4, 3e-4)

#: The largest difference from the solution with half the points and twice the step, relative, in the root mean square.
CONVERGED = 6e-4

#: Where it is stored.
FILE = Path(__file__).parent / "gray_scott.npz"


def samples(times: Array, points: int = 512, step: float = 0.5) -> Array:
    """Return u and v on a grid, an array (2, points, points, len(times)).

    Args:
        times: Increasing times from 0 on.
        points: The number of grid points along x and along y.
        step: The largest step in time.
    """
    x = -1 + 2 * np.arange(points) / points
    x, y = x[:, None], x[None]
    waves = np.pi * np.fft.fftfreq(points, 1 / points)[:, None], np.pi * np.arange(points // 2 + 1)
    squared = waves[0] ** 2 + waves[1] ** 2
    linear = np.stack([-e * squared - r for e, r in zip(DIFFUSION, REACTION, strict=True)])

    def nonlinear(s: Spectrum) -> Spectrum:
        u, v = np.fft.irfft2(s, (points, points))
        reaction = np.fft.rfft2(u * v**2)
        out = np.stack([-reaction, reaction])
        out[0, 0, 0] += REACTION[0] * points**2
        return out

    u = 1 - np.exp(-80 * ((x + 0.05) ** 2 + (y + 0.02) ** 2))
    v = np.exp(-80 * ((x - 0.05) ** 2 + (y - 0.02) ** 2))
    spectra = march(linear, nonlinear, np.fft.rfft2(np.stack([u, v])), times.tolist(), step)
    return np.moveaxis(np.fft.irfft2(spectra, (points, points)), 0, -1)


def compute(points: int = 512, step: float = 0.5) -> tuple[LowRank, LowRank]:
    """Return u and v; the arguments are those of `samples`."""
    axes = (Axis("half", -1.0, 1.0), Axis("half", -1.0, 1.0), Axis("chebyshev", 0.0, END))
    out = []
    for values, tolerance in zip(samples(chebyshev_points(0.0, END, DEGREES), points, step), TOLERANCES, strict=True):
        core, (along_x, along_y, in_time) = subspaces(values, tolerance)
        modes = [np.fft.rfft(columns, axis=0)[:MODES] / points for columns in (along_x, along_y)]
        out.append(LowRank(axes, core, (*modes, chebyshev_coefficients(in_time.T).T)))
    return out[0], out[1]


def save(u: LowRank, v: LowRank) -> None:
    """Write both in single precision."""
    arrays: dict[str, Any] = {}
    for name, field in {"u": u, "v": v}.items():
        arrays[f"{name}_core"] = field.core.astype(np.float32)
        for n, factor in enumerate(field.factors):
            arrays[f"{name}_{n}"] = factor.astype(np.complex64 if np.iscomplexobj(factor) else np.float32)
    np.savez_compressed(FILE, **arrays)


@cache
def load() -> tuple[LowRank, LowRank]:
    """Return u and v as stored."""
    axes = (Axis("half", -1.0, 1.0), Axis("half", -1.0, 1.0), Axis("chebyshev", 0.0, END))
    with np.load(FILE, allow_pickle=False) as data:
        u, v = (
            LowRank(axes, data[f"{name}_core"].astype(np.float64), tuple(data[f"{name}_{n}"] for n in range(3)))
            for name in "uv"
        )
    return u, v


def reference(points: Array) -> Array:
    """Return u and v (N, 2) at points (N, 3) of (x, y, t)."""
    return np.stack([field(points) for field in load()], axis=1)
