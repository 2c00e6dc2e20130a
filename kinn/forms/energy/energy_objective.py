"""An energy as a function of the networks' parameters: its value, its gradient and its Gauss-Newton matrix.

E(theta) = sum over the quadrature of w psi(z(theta)), z the components of the fields that the density depends on. The matrix

    G = sum w J^T psi'' J,   J = dz / dtheta, psi'' without its negative part,

is the energy's second variation in the tangent space of the trial functions; minimising the quadratic model with it is
energy natural gradient descent (Mueller and Zeinhofer 2023, ICML; Newton's method in the space of functions).

A network can exploit a quadrature: its energy falls below the true minimum between the points. So every step is checked
on a second quadrature, the guard, whose energy it may not raise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import inf, isfinite

import torch
from torch import Tensor

from kinn.errors import InputError
from kinn.forms.domain_trial import DomainTrial
from kinn.forms.energy.energy_term import EnergyTerm
from kinn.forms.energy.penalty import PenaltyTerm
from kinn.forms.objective import MAX_QUADRATURE_GAP, QuadratureCheck, SumOfTerms, format_point
from kinn.networks import Tape
from kinn.optim.objective import Curvature
from kinn.optim.sum_of_squares import add_gram, symmetric

#: How many energies are kept, so that what a method and the guard both ask for is computed once.
VALUE_CACHE_SIZE = 8

#: Relative differences of energies below this are rounding.
ROUNDING = 1e-14

#: The least progress of steps that gain anything.
MIN_PROGRESS = 0.01

#: The fraction of a step for second differences along it: neither its third order nor rounding matters much.
STEP_FRACTION = 0.1

#: How often the last layer is halved at most for a finite energy at the start.
MAX_HALVINGS = 30


class EnergyObjective(SumOfTerms):
    """The energy of trial functions, block by block of points.

    Args:
        trial: The trial functions.
        interior: The terms that are integrated over subdomains.
        others: The terms on boundaries; they all add up.
        guard: The same energy by another quadrature, which no step may raise.
        refine_interior: Gives the interior terms with the number of points multiplied by a factor.
    """

    least_squares = False
    trial: DomainTrial
    guard: EnergyObjective | None

    def __init__(
        self,
        trial: DomainTrial,
        interior: Sequence[EnergyTerm],
        others: Sequence[EnergyTerm],
        guard: EnergyObjective | None,
        refine_interior: Callable[[int], Sequence[EnergyTerm]],
    ) -> None:
        super().__init__(trial)
        self.interior = tuple(interior)
        self.others = tuple(others)
        self.guard = guard
        self.refine_interior = refine_interior
        self.refinement = 1
        #: The penalties, those of the guard last.
        self.penalties = [term for term in self.others if isinstance(term, PenaltyTerm)]
        if guard is not None:
            self.penalties += guard.penalties
        self.penalised = bool(self.penalties)
        self._values: dict[bytes, float] = {}

    @property
    def terms(self) -> tuple[EnergyTerm, ...]:
        """All terms."""
        return (*self.interior, *self.others)

    def of_trial(self, trial: DomainTrial) -> EnergyObjective:
        """The same energy, by the same quadratures and without a guard, of other trial functions of the problem."""
        return EnergyObjective(trial, self.interior, self.others, None, self.refine_interior)

    @property
    def points(self) -> int:
        """The number of points of all quadratures."""
        return sum(term.points for term in self.terms)

    @property
    def samples(self) -> int:
        return sum(term.points * len(term.derivatives) for term in self.terms)

    @property
    def affine(self) -> bool:
        """Whether the energy is quadratic in the fields, hence in the last layer."""
        return all(term.quadratic for term in self.terms)

    def start(self) -> Tensor:
        """The present parameters, the last layer scaled down as far as it takes for a finite energy."""
        theta, last = self.trial.flat.get(), self.last_layer()
        for _ in range(MAX_HALVINGS):
            if isfinite(self.loss(theta)):
                break
            theta[last] /= 2
        return theta

    def value(self, theta: Tensor) -> float:
        key = theta.numpy().tobytes()
        if key not in self._values:
            total = sum(self.term_losses(theta).values())
            self._values[key] = total if isfinite(total) else inf
            while len(self._values) > VALUE_CACHE_SIZE:
                self._values.pop(next(iter(self._values)))
        return self._values[key]

    def shares(self) -> Iterator[tuple[str, Tensor]]:
        for term, n, w in self._blocks():
            yield term.name, (w * term.at(term.components(self.trial, n), n)).sum()

    def curvature(self, theta: Tensor) -> Curvature:
        """Energy, half its gradient, and half the Gauss-Newton matrix in its own metric."""
        self.trial.flat.set(theta)
        slices = self.trial.flat.slices
        matrix = torch.zeros(self.size, self.size, dtype=torch.float64)
        gradient = torch.zeros(self.size, dtype=torch.float64)
        total = 0.0
        for term, n, w in self._blocks():
            tape = Tape()
            z = term.components(self.trial, n, tape)
            model = term.quadratic_model(z, n)
            total += float((w * model.value).sum())
            rank, rows = model.factor.shape[1], len(w)
            root = (0.5 * w).sqrt()
            jacobian = torch.zeros(rank * rows, self.size, dtype=theta.dtype)
            for k in range(rank):
                block = jacobian[k * rows : (k + 1) * rows]
                columns = {parameter: block[:, part] for parameter, part in slices.items()}
                tape.add_jacobian(root * (model.factor[:, k] * z).sum(dim=0), columns, last=False)
            if rank:
                add_gram(matrix, jacobian.double())
            gradient += self.trial.flat.gradient((w * model.gradient * z).sum()).double()
        return Curvature(total, 0.5 * gradient, symmetric(matrix))

    def geodesic_correction(self, theta: Tensor, d: Tensor) -> Tensor | None:
        """Half of sum w J^T psi'' z'' (P,), z'' the second derivative of the components along d, by differences.

        None where there are no penalties: nothing is stiff then, and three more evaluations gain little.
        """
        if not self.penalties:
            return None
        total = torch.zeros(self.size, dtype=torch.float64)
        flat = self.trial.flat
        for term, n, w in self._blocks():
            ahead, behind = (self._components(term, n, theta + s * STEP_FRACTION * d) for s in (1.0, -1.0))
            flat.set(theta)
            z = term.components(self.trial, n)
            here = z.detach()
            second = (ahead - 2.0 * here + behind) / STEP_FRACTION**2
            total += flat.gradient((w * term.hessian_vector(here, second, n) * z).sum()).double()
        return 0.5 * total

    def _components(self, term: EnergyTerm, block: int, theta: Tensor) -> Tensor:
        """Components (m, N) that a term depends on, at theta."""
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
        """Whether a step raises the energy by the second quadrature no more than by the first, which it should not at all."""
        if self.guard is None:
            return True
        slack = 2.0 * max(0.0, self.loss(after) - self.loss(before))  # of methods that now and then go uphill
        limit = self.guard.loss(before)
        return self.guard.loss(after) <= limit + slack + ROUNDING * abs(limit)

    def progress(self, losses: list[float]) -> float:
        """How much less the second half of the steps gained than the first, for the least energy is not known.

        Steps that converge gain ever less, those of a slow method about the same; 0 where nothing is gained at all.
        """
        first, middle, last = losses[0], losses[len(losses) // 2], losses[-1]
        if first - last <= ROUNDING * max(abs(first), abs(last)):
            return 0.0
        ratio = (middle - last) / (first - middle) if first > middle else inf
        return max(MIN_PROGRESS, 1.0 - ratio)

    def locate_nonfinite(self, theta: Tensor) -> str:
        """The first term that is not finite at theta, and the first point at which that is so."""
        self.trial.flat.set(theta)
        with torch.no_grad():
            for term, n, _ in self._blocks():
                z, p = term.components(self.trial, n), term.blocks[n]
                wrong = ~torch.isfinite(term.at(z, n))
                if bool(wrong.any()):
                    at = int(wrong.nonzero()[0, 0])
                    point = format_point(p.tensor[at], p.names)
                    return f"{term.name}, first at {point}{self._inverted(term, z[:, at])}"
        return "the sum of all terms overflows"

    def _inverted(self, term: EnergyTerm, z: Tensor) -> str:
        """Words on the volume ratio J at a point where a displacement turns the material inside out, or ""."""
        names, d = self.trial.problem.names, self.trial.problem.dimension
        gradients = [[(0, name, tuple(int(i == k) for i in range(d))) for k in range(d)] for name in names]
        if len(names) != d or any(entry not in term.derivatives for row in gradients for entry in row):
            return ""
        entries = [term.derivatives.index(entry) for row in gradients for entry in row]
        volume = float(torch.linalg.det(z[entries].view(d, d) + torch.eye(d, dtype=z.dtype)))
        return "" if volume > 0 else f", where the material is turned inside out: J = {volume:.3g}"

    @property
    def accumulates_multipliers(self) -> bool:
        """Whether some multipliers are sums of residuals, which grow without end where these stay."""
        return any(not term.fluxes for term in self.penalties)

    def updated_multipliers(self, theta: Tensor) -> tuple[list[list[Tensor]], float]:
        """Multipliers of all penalties after an update at theta, and the integral of their squared residuals."""
        self.trial.flat.set(theta)
        updates = [term.updated_multipliers(self.trial) for term in self.penalties]
        return [multipliers for multipliers, _ in updates], sum(squares for _, squares in updates)

    def set_multipliers(self, multipliers: Sequence[Sequence[Tensor]]) -> None:
        """Give the penalties their multipliers, which changes the energy."""
        for term, values in zip(self.penalties, multipliers, strict=True):
            term.multipliers[:] = values
        self._values.clear()
        if self.guard is not None:
            self.guard._values.clear()

    def refine(self, refinement: int) -> None:
        """Multiply the number of points in subdomains, and that of the guard, by a factor."""
        self.interior, self.refinement = tuple(self.refine_interior(refinement)), refinement
        self._values.clear()
        if self.guard is not None:
            self.guard.refine(refinement)

    def metrics(self) -> dict[str, float]:
        return {"refinement": float(self.refinement)}

    def quadrature_gap(self, theta: Tensor) -> float:
        """Difference of the energies by the two quadratures, relative to how unevenly they are spread out.

        That is the integral of the distance of each density from its mean: a density that is nearly uniform, as of a flow
        around a small body, is integrated by any quadrature, and says nothing of what varies. Loads and penalties aside.
        """
        assert self.guard is not None
        (own, spread), (other, other_spread) = (energy.interior_energy(theta) for energy in (self, self.guard))
        least = ROUNDING / MAX_QUADRATURE_GAP * max(abs(own), abs(other))
        return abs(other - own) / max(spread, other_spread, least, 1e-300)

    def interior_energy(self, theta: Tensor) -> tuple[float, float]:
        """Energy inside at theta, and the integral of the distance of its densities from their means."""
        self.trial.flat.set(theta)
        energy = spread = 0.0
        with torch.no_grad():
            for term in self.interior:
                density = torch.cat([term.at(term.components(self.trial, n), n) for n in range(len(term.blocks))])
                weights = torch.cat([torch.as_tensor(p.weights) for p in term.blocks])
                total = float(weights @ density)
                energy += total
                spread += float(weights @ (density - total / weights.sum()).abs())
        return energy, spread

    def quadrature_check(self, theta: Tensor, rejected: int) -> QuadratureCheck:
        assert self.guard is not None
        return QuadratureCheck(self.points, self.guard.points, self.quadrature_gap(theta), rejected)

    def _blocks(self) -> Iterator[tuple[EnergyTerm, int, Tensor]]:
        """Each term with the numbers of its blocks and their weights."""
        for term in self.terms:
            for n, p in enumerate(term.blocks):
                assert p.weights is not None
                yield term, n, p.weights
