"""Tangent kernels against rows of gradients, and what they say of networks that are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kinn import KAN, MLP, Adam, InputError, LevenbergMarquardt, NeuralODE, ResNet
from kinn.analysis.ntk import TangentKernel, tangent_kernel_study, tangent_kernels
from kinn.forms import DomainTrial, strong_form
from kinn.networks import Architecture
from kinn.problems import poisson_2d, regression_two_frequency


@pytest.mark.parametrize("network", [MLP((5,)), KAN((2,), 3), ResNet(3, 2), NeuralODE(3, gradient_checkpoints=1)])
def test_kernels_are_products_of_gradients(network: Architecture) -> None:
    """K of every term, entry by entry, from gradients of single residuals by autograd."""
    trial = DomainTrial(poisson_2d.make_problem(), network, seed=1)
    system = strong_form(trial, points=12, pde_weight=1e-2)
    theta = system.start()
    found = tangent_kernels(system, theta)
    assert next(iter(found)) == "the PDE"
    assert len(found) == len(system.terms)
    for term, kernel in zip(system.terms, found.values(), strict=True):
        (p,) = term.blocks
        fields, p = trial.traces(term.subdomains, p, term.index, term.unknown_index)
        (residual,) = term.residual(fields, p)
        values = term.factors[0] * torch.as_tensor(residual.value)
        rows = torch.stack([trial.flat.gradient(r, keep=True) for r in values])
        expected = (rows @ rows.T / len(values)).numpy()
        np.testing.assert_allclose(kernel.matrix, expected, rtol=1e-8, atol=1e-10 * np.abs(expected).max())
        np.testing.assert_allclose(kernel.trace, np.trace(expected))
        top = np.linalg.eigvalsh(expected)[::-1][: len(kernel.eigenvalues)]
        np.testing.assert_allclose(kernel.eigenvalues, top, atol=1e-10 * top[0])


def test_weights_of_the_system_come_back() -> None:
    trial = DomainTrial(poisson_2d.make_problem(), MLP((4,)), seed=1)
    system = strong_form(trial, points=12, pde_weight=1e-2)
    before = system.loss(system.start())
    tangent_kernels(system, system.start())
    assert system.loss(system.start()) == before


def test_rates_of_waves_are_the_kernels_means_over_them() -> None:
    x = torch.linspace(0, 1, 41, dtype=torch.float64)[:, None]
    jacobian = torch.cat([torch.sin(2 * torch.pi * 3 * x), 0.1 * torch.cos(2 * torch.pi * 7 * x)], dim=1) / 41**0.5
    rates = TangentKernel("u", jacobian, x).rates([3, 5, 7])
    # with the window h and J = a sin / root N, |J^T h sin|^2 / |h|^2 = a^2 (1/4)^2 / (3/8) = a^2 / 6
    assert rates[0] == pytest.approx(1 / 6, rel=0.05)
    assert rates[1] < 1e-2 * rates[2]
    assert rates[2] == pytest.approx(0.01 / 6, rel=0.05)


def test_a_kan_learns_high_frequencies_at_once_and_a_tanh_network_does_not() -> None:
    """The spectral bias, by the true kernels of both at the start of the regression of two frequencies."""
    problem = regression_two_frequency.make_problem()
    ratios = {}
    for network in (KAN((1,), (90, 4)), MLP((20, 20))):
        (snapshot,) = tangent_kernel_study(problem, network, Adam(), at=[0], points=1).snapshots
        (kernel,) = snapshot.kernels.values()
        low, high = kernel.rates([1, 25])
        ratios[network.name] = high / low
    assert ratios["kan"] > 1e3 * ratios["mlp"]


def test_kernels_are_recorded_during_training() -> None:
    problem = poisson_2d.make_problem()
    found = tangent_kernel_study(problem, MLP((5,)), LevenbergMarquardt(), at=[0, 2, 5], points=40)
    assert [snapshot.iteration for snapshot in found.snapshots] == [0, 2, 5]
    losses = [snapshot.loss for snapshot in found.snapshots]
    assert losses == sorted(losses, reverse=True)
    traces = [snapshot.kernels["the PDE"].trace for snapshot in found.snapshots]
    assert len(set(traces)) == 3
    with pytest.raises(InputError, match="records after 0 or more steps"):
        tangent_kernel_study(problem, MLP((5,)), LevenbergMarquardt(), at=[-1], points=40)
