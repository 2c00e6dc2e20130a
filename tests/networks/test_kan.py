from __future__ import annotations

import subprocess
import sys

import pytest

from kinn import KAN, InputError
from kinn.networks.kan import INITIALISATIONS, SQUASH_MAPS
from kinn.networks.layers.spline import SPLINE_INITIALISATIONS, derivative_energies, glorot_fine, power_law
from kinn.ops import BOUNDED_MAPS, SplineGrid
from tests.networks.contract import NetworkContract


class TestKAN(NetworkContract):
    architecture = KAN((4, 3), grid=5, degree=6)


class TestShallowGlorotKAN(NetworkContract):
    architecture = KAN((5,), grid=(7, 4), degree=6, init="glorot", squash="softsign")


class TestUnboundedKAN(NetworkContract):
    architecture = KAN((3,), grid=6, degree=7, squash="none")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": (0,)}, "network.width"),
        ({"width": (2.5,)}, "network.width"),
        ({"grid": 0}, "network.grid"),
        ({"grid": (4, 4, 4)}, "network.grid is one number or 2"),
        ({"degree": 9}, "network.degree"),
        ({"init": "glorott"}, "did you mean 'glorot'"),
        ({"squash": "tan"}, "did you mean 'tanh'"),
    ],
)
def test_bad_settings_are_named(settings: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        KAN(**settings)  # type: ignore[arg-type]


def test_initial_scales() -> None:
    energies = derivative_energies(SplineGrid.uniform(8, 3))
    assert power_law(2, 5, energies) == ((12 * 2) ** -1.0, (12 * 2) ** -0.25)
    spline, base = glorot_fine(2, 5, energies)
    assert spline == pytest.approx(0.577 / (12 * (2 * energies.spline + 5 * energies.spline_slope)) ** 0.5)
    assert base > 0
    assert energies.spline_slope > energies.spline  # slopes are steep on a fine grid


def test_names_of_maps_and_rules_are_those_of_the_op() -> None:
    assert tuple(BOUNDED_MAPS) == SQUASH_MAPS
    assert tuple(SPLINE_INITIALISATIONS) == INITIALISATIONS


def test_a_network_without_splines_leaves_their_op_alone() -> None:
    code = "import sys; from kinn import KAN, MLP; KAN((3,)), MLP((3,)).build(1, 1); print('kinn.ops' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "False\n"
