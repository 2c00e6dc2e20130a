"""Constitutive laws: stresses against derivatives of energies, against closed forms, and their refusals."""

from __future__ import annotations

import pytest
import torch

import kinn
from kinn import InputError, Problem, Rectangle
from kinn.fields import Field, Points
from kinn.mechanics import (
    NeoHookean,
    PlaneStrain,
    PlaneStress,
    SaintVenantKirchhoff,
    Solid,
    Traction,
    deformation_gradient,
    determinant,
    pressure_work,
    symmetry,
)

NAMES = {2: ("x", "y"), 3: ("x", "y", "z")}


def affine(gradient):
    """Return a displacement with a constant gradient (d, d), and points that it is given at."""
    d = len(gradient)

    def component(i):
        def rule(a):
            if sum(a) == 0:
                return torch.zeros(4, dtype=torch.float64)
            return gradient[i, a.index(1)].expand(4) if sum(a) == 1 else 0.0

        return Field(NAMES[d], rule)

    return [component(i) for i in range(d)]


LAWS = [(PlaneStress, 2), (PlaneStrain, 2), (Solid, 3), (NeoHookean, 2), (NeoHookean, 3), (SaintVenantKirchhoff, 2)]
LAWS += [(SaintVenantKirchhoff, 3)]


@pytest.mark.parametrize(("law", "d"), LAWS)
def test_stress_is_the_derivative_of_the_energy(law, d):
    material = law(1000.0, 0.3)
    gradient = (
        0.2 * torch.randn(d, d, generator=torch.Generator().manual_seed(d), dtype=torch.float64)
    ).requires_grad_()
    (slope,) = torch.autograd.grad(torch.as_tensor(material.energy(affine(gradient)).value)[0], gradient)
    stress = torch.stack(
        [torch.stack([torch.as_tensor(e.value)[0] for e in row]) for row in material.stress(affine(gradient))]
    )
    assert torch.allclose(stress, slope, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("law", [NeoHookean, SaintVenantKirchhoff])
def test_small_strains_are_those_of_hooke(law):
    gradient = 1e-7 * torch.tensor([[1.0, 0.5], [0.2, -0.3]], dtype=torch.float64)
    large, small = (m(1000.0, 0.3).von_mises(affine(gradient)).value[0] for m in (law, PlaneStrain))
    assert float(large) == pytest.approx(float(small), rel=1e-6)


def test_uniaxial_tension():
    """In plane stress and in space eps_xx = s / E, eps_yy = -nu s / E gives the stress s alone; von Mises is s."""
    strains = torch.diag(torch.tensor([0.1, -0.03], dtype=torch.float64))
    material = PlaneStress(1000.0, 0.3)
    assert float(material.stress(affine(strains))[0][0].value[0]) == pytest.approx(100.0)
    assert float(material.von_mises(affine(strains)).value[0]) == pytest.approx(100.0)
    strains = torch.diag(torch.tensor([0.1, -0.03, -0.03], dtype=torch.float64))
    assert float(Solid(1000.0, 0.3).von_mises(affine(strains)).value[0]) == pytest.approx(100.0)


def test_nothing_has_an_energy_inside_out():
    turned = torch.diag(torch.tensor([-1.5, 0.0], dtype=torch.float64))
    assert float(determinant(deformation_gradient(affine(turned))).value[0]) < 0
    for law in (NeoHookean, SaintVenantKirchhoff):
        assert torch.isnan(law(1.0, 0.3).energy(affine(turned)).value).all()


def test_pressure_does_the_work_of_the_volume_swept():
    gradient = torch.tensor([[0.1, 0.2], [-0.05, 0.3]], dtype=torch.float64)
    drawn = Rectangle((-1, -1), (1, 1)).boundary("boundary").quadrature(5)
    x = torch.as_tensor(drawn.points)
    p = Points(("x", "y"), x, torch.as_tensor(drawn.normals))

    def component(i):
        def rule(a):
            return x @ gradient[i] if sum(a) == 0 else (gradient[i, a.index(1)].expand(len(x)) if sum(a) == 1 else 0.0)

        return Field(("x", "y"), rule)

    work = pressure_work([component(0), component(1)], p, 2.0)
    swept = float(torch.linalg.det(gradient + torch.eye(2, dtype=torch.float64)) - 1) * 4
    assert float((torch.as_tensor(drawn.weights) * work.value).sum()) == pytest.approx(-2.0 * swept)


@pytest.mark.parametrize(
    ("law", "constants"),
    [
        (PlaneStrain, (1.0, 0.5)),
        (Solid, (1.0, 0.6)),
        (NeoHookean, (1.0, 0.5)),
        (PlaneStress, (1.0, 1.0)),
        (PlaneStress, (0.0, 0.3)),
    ],
)
def test_constants_that_no_material_has(law, constants):
    with pytest.raises(InputError, match="Poisson's ratio|Young's modulus"):
        law(*constants)


def test_wrong_number_of_components():
    with pytest.raises(InputError, match="3 components, not 2"):
        Solid(1.0, 0.3).stress(affine(torch.zeros(2, 2, dtype=torch.float64)))


def test_bar_under_tension():
    """A square of 1 x 1 pulled by t: u = t x / E, v = -nu t y / E, by the energy and by the strong form."""
    material = PlaneStress(10.0, 0.25)
    pull = Traction(on="right", material=material, value=(1.0, 0.0))
    free = [Traction(on="top", material=material, value=(0.0, 0.0))]
    free += [Traction(on=on, material=material, value=v) for on, v in (("left", (None, 0.0)), ("bottom", (0.0, None)))]
    problem = Problem(
        "bar",
        Rectangle((0.0, 0.0), (1.0, 1.0)),
        fields=("u", "v"),
        strong=lambda u, v, p: [r / 10.0 for r in material.residual((u, v))],
        energy=lambda u, v, p: material.energy((u, v)),
        work={"right": pull.work},
        conditions=[symmetry("left", "u"), symmetry("bottom", "v"), pull, *free],
        exact=lambda x, y: (0.1 * x, -0.025 * y),
    )
    for form in ("energy", "strong"):
        solution = kinn.solve(problem, kinn.MLP((6,)), form=form, iterations=25, points=200)
        assert max(e.l2 for e in solution.errors.values()) < 1e-4, form
