"""An energy as a function of the networks' parameters: its value, its gradient, and Gauss and Newton's matrix.

E(theta) = sum over the quadrature of w psi(z(theta)), z the components of the fields that the density asks for. The matrix

    G = sum w J^T psi'' J,   J = dz / dtheta, psi'' without its negative part,

is the energy's second variation in the tangent space of the trial functions; minimising the quadratic model with it is
energy natural gradient descent (Mueller and Zeinhofer 2023, ICML; Newton's method in the space of functions).

A network can exploit a quadrature: its energy falls below the true minimum between the points. So a second rule guards
every step, which may not raise the energy there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import inf, isfinite

import torch
from torch import Tensor

from kinn.errors import InputError
from kinn.forms.domain_trial import DomainTrial
from kinn.forms.energy.functional import EnergyTerm
from kinn.forms.energy.penalty import PenaltyTerm
from kinn.forms.objective import FormObjective, QuadratureCheck, located
from kinn.networks import Tape
from kinn.optim.objective import Curvature
from kinn.optim.sum_of_squares import add_gram, symmetric

#: How many energies are remembered, so that what a method and the guard both ask for is computed once.
REMEMBERED = 8

#: Relative differences of energies below this are rounding.
ROUNDING = 1e-14

#: What counts as the progress of steps that gain ever more: little, and not nothing.
CREEPING = 0.01

#: The share of a step over which second derivatives along it are taken: its third order hardly tells, nor does rounding.
DIFFERENCE = 0.1

#: How often the last layer is halved before a start is given up whose energy is not finite.
HALVINGS = 30


class EnergyObjective(FormObjective):
    """The energy of trial functions, block by block of points.

    Args:
        trial: The trial functions.
        inside: The terms that are integrated over subdomains.
        others: The terms on boundaries; they all add up.
        guard: The same energy by another quadrature, which no step may raise.
        finer: Makes the terms inside anew with so many times the points.
    """

    least_squares = False
    trial: DomainTrial
    guard: EnergyObjective | None

    def __init__(
        self,
        trial: DomainTrial,
        inside: Sequence[EnergyTerm],
        others: Sequence[EnergyTerm],
        guard: EnergyObjective | None,
        finer: Callable[[int], Sequence[EnergyTerm]],
    ) -> None:
        super().__init__(trial)
        self.inside = tuple(inside)
        self.others = tuple(others)
        self.guard = guard
        self.finer = finer
        self._times = 1
        self._known: dict[bytes, float] = {}

    @property
    def terms(self) -> tuple[EnergyTerm, ...]:
        """All terms."""
        return (*self.inside, *self.others)

    @property
    def points(self) -> int:
        """The number of points of all quadratures."""
        return sum(term.points for term in self.terms)

    @property
    def samples(self) -> int:
        """The number of rows whose products make the matrix."""
        return sum(term.points * len(term.leaves) for term in self.terms)

    @property
    def affine(self) -> bool:
        """Whether the energy is quadratic in the fields, hence in the last layer."""
        return all(term.quadratic for term in self.terms)

    def start(self) -> Tensor:
        """Return the present parameters, the last layer scaled down as far as it takes for a finite energy."""
        theta, last = self.trial.flat.get(), self.last_layer()
        for _ in range(HALVINGS):
            if isfinite(self.loss(theta)):
                break
            theta[last] /= 2
        return theta

    def value(self, theta: Tensor) -> float:
        """Return the energy at theta; infinite where it is not finite."""
        key = theta.numpy().tobytes()
        if key not in self._known:
            total = sum(self.term_losses(theta).values())
            self._known[key] = total if isfinite(total) else inf
            while len(self._known) > REMEMBERED:
                self._known.pop(next(iter(self._known)))
        return self._known[key]

    def term_losses(self, theta: Tensor) -> dict[str, float]:
        """Return each term's share of the energy at theta, by name."""
        self.trial.flat.set(theta)
        shares: dict[str, float] = {}
        with torch.no_grad():
            for term, n, w in self._blocks():
                density = term.at(term.components(self.trial, n), n)
                shares[term.name] = shares.get(term.name, 0.0) + float((w * density).sum())
        return shares

    def value_and_gradient(self, theta: Tensor) -> tuple[float, Tensor]:
        """Return the energy and its gradient (P,) at theta."""
        self.trial.flat.set(theta)
        total, gradient = 0.0, torch.zeros_like(theta)
        for term, n, w in self._blocks():
            energy = (w * term.at(term.components(self.trial, n), n)).sum()
            gradient += self.trial.flat.gradient(energy)
            total += float(energy.detach())
        return total, gradient

    def curvature(self, theta: Tensor) -> Curvature:
        """Return half the gradient and half the matrix of Gauss and Newton in the energy's own metric."""
        self.trial.flat.set(theta)
        slices = self.trial.flat.slices
        matrix = torch.zeros(self.size, self.size, dtype=torch.float64)
        gradient = torch.zeros(self.size, dtype=torch.float64)
        total = 0.0
        for term, n, w in self._blocks():
            tape = Tape()
            z = term.components(self.trial, n, tape)
            local = term.local(z, n)
            total += float((w * local.value).sum())
            rank, rows = local.factor.shape[1], len(w)
            root = (0.5 * w).sqrt()
            jacobian = torch.zeros(rank * rows, self.size, dtype=theta.dtype)
            for k in range(rank):
                own = jacobian[k * rows : (k + 1) * rows]
                columns = {parameter: own[:, place] for parameter, place in slices.items()}
                tape.add_jacobian(root * (local.factor[:, k] * z).sum(dim=0), columns, last=False)
            if rank:
                add_gram(matrix, jacobian.double())
            gradient += self.trial.flat.gradient((w * local.slope * z).sum()).double()
        return Curvature(total, 0.5 * gradient, symmetric(matrix))

    def geodesic_correction(self, theta: Tensor, d: Tensor) -> Tensor | None:
        """Return half of sum w J^T psi'' z'' (P,), z'' the second derivative of the components along d, by differences.

        None where no condition is held by a penalty: nothing is stiff then, and three evaluations more buy little.
        """
        if not self.penalties:
            return None
        total = torch.zeros(self.size, dtype=torch.float64)
        flat = self.trial.flat
        for term, n, w in self._blocks():
            ahead, behind = (self._components(term, n, theta + s * DIFFERENCE * d) for s in (1.0, -1.0))
            flat.set(theta)
            z = term.components(self.trial, n)
            here = z.detach()
            second = (ahead - 2.0 * here + behind) / DIFFERENCE**2
            total += flat.gradient((w * term.hessian_vector(here, second, n) * z).sum()).double()
        return 0.5 * total

    def _components(self, term: EnergyTerm, block: int, theta: Tensor) -> Tensor:
        """Return the components (m, N) that a term asks for at theta."""
        self.trial.flat.set(theta)
        with torch.no_grad():
            return term.components(self.trial, block)

    def blocks(self, theta: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Refuse: an energy is no sum of squares.

        Raises:
            InputError: Always.
        """
        raise InputError("the energy form is no sum of squares, which this method needs: use optimizer 'lm'")

    def accepts(self, before: Tensor, after: Tensor) -> bool:
        """Whether a step raises the energy by the second rule no more than it may by the first, which is not at all."""
        if self.guard is None:
            return True
        slack = 2.0 * max(0.0, self.loss(after) - self.loss(before))  # of methods that now and then go uphill
        held = self.guard.loss(before)
        return self.guard.loss(after) <= held + slack + ROUNDING * abs(held)

    def progress(self, losses: list[float]) -> float:
        """Return how much less the second half of the steps gained than the first, for the least energy is not known.

        Steps that converge gain ever less, those of a method that creeps about the same; 0 where nothing is gained at all.
        """
        first, middle, last = losses[0], losses[len(losses) // 2], losses[-1]
        if first - last <= ROUNDING * max(abs(first), abs(last)):
            return 0.0
        ratio = (middle - last) / (first - middle) if first > middle else inf
        return max(CREEPING, 1.0 - ratio)

    def locate_nonfinite(self, theta: Tensor) -> str:
        """Return which terms are not finite at theta, and the first point at which that is so."""
        self.trial.flat.set(theta)
        with torch.no_grad():
            for term, n, _ in self._blocks():
                z, p = term.components(self.trial, n), term.blocks[n]
                wrong = ~torch.isfinite(term.at(z, n))
                if bool(wrong.any()):
                    at = int(wrong.nonzero()[0, 0])
                    return f"{term.name}, first at {located(p.tensor[at], p.names)}{self._turned(term, z[:, at])}"
        return "the sum of all terms overflows"

    def _turned(self, term: EnergyTerm, z: Tensor) -> str:
        """Return what a displacement does to the material at a point where that is why it has no energy, or ""."""
        names, d = self.trial.problem.names, self.trial.problem.dimension
        gradients = [[(0, name, tuple(int(i == k) for i in range(d))) for k in range(d)] for name in names]
        if len(names) != d or any(leaf not in term.leaves for row in gradients for leaf in row):
            return ""
        deformation = torch.stack([torch.stack([z[term.leaves.index(leaf)] for leaf in row]) for row in gradients])
        volume = float(torch.linalg.det(deformation + torch.eye(d, dtype=z.dtype)))
        return "" if volume > 0 else f", where the material is turned inside out: J = {volume:.3g}"

    @property
    def penalties(self) -> list[PenaltyTerm]:
        """The conditions that are not built in, those of the guard's rule after its own."""
        own = [term for term in self.terms if isinstance(term, PenaltyTerm)]
        return own if self.guard is None else own + self.guard.penalties

    @property
    def penalised(self) -> bool:  # type: ignore[override]
        """Whether some conditions are not built in."""
        return bool(self.penalties)

    @property
    def accumulates_multipliers(self) -> bool:
        """Whether some multipliers are sums of what was left over, which grow without end where it stays."""
        return any(not term.fluxes for term in self.penalties)

    def updated_multipliers(self, theta: Tensor) -> tuple[list[list[Tensor]], float]:
        """Return the multipliers of all penalties after an update at theta, and the squares of what is left over."""
        self.trial.flat.set(theta)
        found = [term.updated_multipliers(self.trial) for term in self.penalties]
        return [multipliers for multipliers, _ in found], sum(squares for _, squares in found)

    def set_multipliers(self, multipliers: Sequence[Sequence[Tensor]]) -> None:
        """Give the penalties their multipliers; what was computed of the energy before no longer holds."""
        for term, own in zip(self.penalties, multipliers, strict=True):
            term.multipliers[:] = own
        self._known.clear()
        if self.guard is not None:
            self.guard._known.clear()

    def refine(self, finer: int) -> None:
        """Integrate over subdomains by so many times the points that there were at first, and so does the guard."""
        self.inside, self._times = tuple(self.finer(finer)), finer
        self._known.clear()
        if self.guard is not None:
            self.guard.refine(finer)

    def metrics(self) -> dict[str, float]:
        """Return how many times the first points are taken inside."""
        return {"finer": float(self._times)}

    def quadrature_gap(self, theta: Tensor) -> float:
        """Return by how much the energy of the guard is the larger, relative to it, loads and penalties aside."""
        assert self.guard is not None
        names = {term.name for term in self.inside}
        own, other = (
            sum(share for name, share in system.term_losses(theta).items() if name in names)
            for system in (self, self.guard)
        )
        return abs(other - own) / max(abs(own), abs(other), 1e-300)

    def quadrature_check(self, theta: Tensor, rejected: int) -> QuadratureCheck:
        """Comparison of the energies at theta by its quadrature and the guard's."""
        assert self.guard is not None
        return QuadratureCheck(self.points, self.guard.points, self.quadrature_gap(theta), rejected)

    def _blocks(self) -> Iterator[tuple[EnergyTerm, int, Tensor]]:
        """Yield each term with the numbers of its blocks and their weights."""
        for term in self.terms:
            for n, p in enumerate(term.blocks):
                assert p.weights is not None
                yield term, n, p.weights
