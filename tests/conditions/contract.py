"""What every condition must satisfy: a test class to inherit from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from kinn import MLP, Condition, Disk, InputError, Interval, Problem, Rectangle, TimeInterval
from kinn.conditions import TimeWindow
from kinn.fields import Field, Points
from kinn.forms import DomainTrial, ResidualObjective, strong_form
from kinn.forms.collocation import CollocationSampler
from kinn.forms.terms import plan_term

SQUARE = Rectangle((0, 0), (1, 1))

SPACE_TIME = Interval(0, 1) * TimeInterval(0, 1)

#: A disk in a square: the two meet on "disk".
INCLUSION = {"inside": Disk((0.5, 0.5), 0.2), "outside": SQUARE - Disk((0.5, 0.5), 0.2)}


class ConditionContract:
    """Inherited by the tests of each condition, which give one in a domain, and fields at which it holds.

    Attributes:
        condition: The condition, soft.
        domain: The domain, or the subdomains.
        fields: The names of the fields.
        hard: Whether it can be enforced hard.
        natural: Whether the minimum of an energy satisfies it unasked; None where the energy form refuses it.
    """

    condition: Condition
    domain: Any = SQUARE
    fields: tuple[str, ...] = ("u",)
    hard: bool = False
    natural: bool | None = False

    def exact(self, *coordinates: Any) -> Any:
        """The fields at which the condition holds, one or a tuple."""
        raise NotImplementedError

    def problem(self, *conditions: Condition) -> Problem:
        return Problem("p", self.domain, fields=self.fields, conditions=conditions or (self.condition,))

    def places(self, seed: int = 0) -> list[tuple[tuple[str, ...], Points]]:
        """The points of the condition, and the subdomains they belong to."""
        problem = self.problem()
        sampler = CollocationSampler(problem, torch.float64, spacing=0.1, density=100.0)
        places = []
        for group in problem.subdomain_groups(self.condition):
            points = self.condition.collocation_points(sampler, group, seed)
            places += [(group, p) for p in ([points] if isinstance(points, Points) else points or [])]
        return places

    def traces(self, group: tuple[str, ...], p: Points, perturbation: float = 0.0) -> list[Mapping[str, Field]]:
        """The exact fields, each with a polynomial added, on each side of a condition."""
        sides = []
        for number, side in enumerate(map(p.side, range(len(group)))):
            x, *others = side.coordinates
            added = ((x + 0.3) ** 3 + sum(0.2 * y * y * x + 0.1 * y for y in others)) * (perturbation * (1 + number))
            exact = self.exact(*side.coordinates)
            values = exact if isinstance(exact, tuple) else (exact,)
            named = zip(self.fields, values, strict=True)
            sides.append({name: side.field(value, name) + (n + 1) * added for n, (name, value) in enumerate(named)})
        return sides

    def largest_residual(self, perturbation: float) -> float:
        found = []
        for group, p in self.places():
            residuals = self.condition.residuals(self.traces(group, p, perturbation), p)
            found += [float(torch.as_tensor(r.value).abs().max()) for r in residuals]
        return max(found)

    def test_label_and_fields(self) -> None:
        assert self.condition.label.startswith(f"{type(self.condition).__name__}(")
        assert set(self.condition.field_names) <= set(self.fields)

    def test_residuals_vanish_where_it_holds_and_nowhere_else(self) -> None:
        assert self.largest_residual(0.0) < 1e-10
        assert self.largest_residual(0.1) > 1e-3

    def test_points_lie_in_their_subdomains(self) -> None:
        assert self.places()
        subdomains = self.problem().subdomains
        for group, p in self.places():
            for side, name in zip(map(p.side, range(len(group))), group, strict=True):
                assert subdomains[name].contains(side.tensor.numpy()).all()
                if side.normals is not None:
                    torch.testing.assert_close(side.normals.norm(dim=1), torch.ones(len(side), dtype=torch.float64))

    def test_points_follow_from_the_seed(self) -> None:
        for (_, first), (_, again) in zip(self.places(3), self.places(3), strict=True):
            assert torch.equal(first.tensor, again.tensor)

    def test_it_is_a_term_of_the_strong_form(self) -> None:
        objective = strong_form(DomainTrial(self.problem(), MLP((4,)), seed=1), points=50)
        assert {term.name.partition(" in ")[0] for term in objective.terms} == {self.condition.label}
        assert np.isfinite(objective.loss(objective.start()))

    def test_data_that_are_not_finite_are_named(self) -> None:
        for name in self.condition.data_names:
            broken = replace(self.condition, **{name: lambda *c: float("nan") * c[0]})
            (_, p), *_ = self.places()
            with pytest.raises(InputError, match=f"the {name} of {type(self.condition).__name__}.* is not finite"):
                broken.check_data(p)

    def test_hard_it_holds_for_every_network(self) -> None:
        if not self.hard:
            with pytest.raises((InputError, TypeError)):  # TypeError: the condition has no such setting
                replace(self.condition, enforce="hard")  # type: ignore[call-arg]
            return
        hard = replace(self.condition, enforce="hard")  # type: ignore[call-arg]
        assert hard.softened() == self.condition == self.condition.softened()
        trial = DomainTrial(self.problem(hard), MLP((4,)), seed=2)
        terms = [plan_term(trial, "it", group, self.condition.residuals, p) for group, p in self.places()]
        objective = ResidualObjective(trial, terms)
        assert objective.loss(objective.start()) < 1e-16

    def test_boundary_datum_is_that_of_the_residual(self) -> None:
        datum = self.condition.boundary_datum
        if datum is None:
            return
        for group, p in self.places():
            (traces,) = self.traces(group, p, 0.1)
            (name,) = self.condition.field_names
            u, n = traces[name], p.normals
            assert n is not None
            slopes = torch.stack([torch.as_tensor(u.derivative(c).value).expand(len(p)) for c in p.names], dim=1)
            alpha, beta, value = (p.field(data, "a datum").value for data in (datum.alpha, datum.beta, datum.value))
            expected = alpha * u.value + beta * (slopes * n).sum(dim=1) - value
            (residual,) = self.condition.residuals([traces], p)
            torch.testing.assert_close(residual.value, expected)
            assert datum.order == (1 if datum.beta == 0 else 2)

    def test_an_energy_takes_it_or_says_why_not(self) -> None:
        if self.natural is None:
            with pytest.raises(InputError, match="energy"):
                self.condition.essential_part()
            return
        part = self.condition.essential_part()
        assert (part is None) == self.natural
        assert part is None or part.label == self.condition.label

    def test_nodes_of_finite_elements(self) -> None:
        constraint = self.condition.nodal_constraint(self.fields)
        if constraint is not None:
            assert set(constraint.fields) <= set(self.fields)
            (group, *_) = self.problem().subdomain_groups(self.condition)
            assert constraint.tied == (len(group) == 2)

    def test_it_holds_in_the_window_of_all_time(self) -> None:
        window = TimeWindow(axis=1, span=(0.0, 2.0), last=True)
        condition = self.condition.in_window(window)
        assert condition is not None
        assert condition.label == self.condition.label
