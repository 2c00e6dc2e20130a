"""Race of methods from one start: the one with the lowest loss for its work goes on, and where it stalls, the others race.

Levenberg-Marquardt is the best where a problem is linear or needs resolution at once, Broyden from a multiple of the identity
where it is nonlinear and long; which of them cannot be told from the equations. Work is counted in multiplications
(`Optimizer.step_flops`) and never in seconds, so that a seed gives the same run whatever else the machine does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, log2
from typing import Any, ClassVar, TypeAlias

from torch import Tensor

from kinn.optim.broyden import SelfScaledBroyden
from kinn.optim.levenberg_marquardt import LevenbergMarquardt
from kinn.optim.objective import ALL_REJECTED, Objective, Optimizer, State

#: The methods by the names of candidates.
METHODS: dict[str, Optimizer] = {
    "lm": LevenbergMarquardt(),
    "identity": SelfScaledBroyden(gauss_newton_start=False),
    "gauss_newton": SelfScaledBroyden(),
}

#: The candidates at the start: the Gauss-Newton matrix of a fresh network gives directions that are much too long.
FIRST = ("lm", "identity")

#: The race is decided by the loss after this multiple of its work, by the power law of its second half: Broyden starts
#: slowly, as its matrix takes as many steps as there are parameters to learn.
FORECAST_RATIO = 4.0

#: Each candidate makes this many steps before another one's lead can end the race early.
MIN_STEPS = 5

#: Broyden's methods are slow where the loss falls by less than this fraction over `BROYDEN_PATIENCE` steps, which cost less
#: than those of Levenberg-Marquardt.
MIN_BROYDEN_PROGRESS = 0.02
BROYDEN_PATIENCE = 60

#: The part of a candidate in the memory of a race: its "state", the "work" that it used, its "steps" and last "losses".
Candidate: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Race(Optimizer):
    """Levenberg-Marquardt and self-scaled Broyden side by side; then the better, and where it stalls a race of the others.

    A step of the race is one of the most expensive candidate and as much work of the others; the parameters are those of the
    lowest loss. An energy is
    not raced for, as the method that exploits its quadrature would win: Levenberg-Marquardt, then Broyden from the
    Gauss-Newton matrix.

    Attributes:
        work: The multiplications that each candidate may use before the worse is dropped, some 1e10 a second; 0: no race.
        decisive_ratio: A candidate is dropped earlier where the leader's loss is below this fraction of its own.
        patience: The number of steps over which the progress of Levenberg-Marquardt is measured.
        min_progress: Another method follows Levenberg-Marquardt when the loss falls by less than this fraction over those steps.
        min_energy_progress: The same for the progress of an energy, whose minimum is not known; see `Objective.progress`.
    """

    name: ClassVar[str] = "race"

    work: float = 2e10
    decisive_ratio: float = 1e-3
    patience: int = 30
    min_progress: float = 0.2
    min_energy_progress: float = 0.5

    def start(self, objective: Objective, theta: Tensor) -> State:
        names = FIRST if objective.least_squares and self.work > 0 else FIRST[:1]
        return self._state(self._enter(names, objective, theta), idle=0)

    def step(self, objective: Objective, state: State) -> State:
        """State after the next step of the most expensive candidate and as much work of the others."""
        candidates: dict[str, Candidate] = state.memory["candidates"]
        idle: int = state.memory["idle"]
        if len(candidates) > 1:
            advanced = self._advance_together(objective, candidates)
            work = sum(c["work"] - candidates[name]["work"] for name, c in advanced.items())
            return self._state(self._remaining(advanced), idle=idle, work=work)
        ((name, candidate),) = candidates.items()
        candidate = self._advance(name, objective, candidate)
        candidates = {name: candidate}
        inner: State = candidate["state"]
        # another method would fail alike: first the objective has to change (more points of a quadrature)
        if isfinite(inner.loss) and inner.stalled != ALL_REJECTED and self._is_slow(name, objective, candidate):
            gained = objective.progress([candidate["first_loss"], inner.loss]) >= self.min_progress
            idle = 0 if gained else idle + 1
            if successors := self._successors(name, objective, idle):
                return self._state(self._enter(successors, objective, inner.theta), idle=idle)
        return self._state(candidates, idle=idle, stalled=inner.stalled)

    def reset(self, objective: Objective, state: State) -> State:
        """State after the objective changed: the race goes on with what the candidates have used so far."""
        candidates = {}
        for name, candidate in state.memory["candidates"].items():
            inner = METHODS[name].reset(objective, candidate["state"])
            candidates[name] = {**candidate, "state": inner, "losses": [inner.loss]}
            candidates[name] |= {"first_loss": inner.loss, "halfway_loss": inner.loss}
        return self._state(candidates, idle=0)

    def step_flops(self, objective: Objective, state: State) -> float:
        candidates: dict[str, Candidate] = state.memory["candidates"]
        # of all candidates of the last step, those dropped since among them
        work: float = state.memory.get("work", 0.0)
        return work or len(candidates) * max(
            METHODS[name].step_flops(objective, c["state"]) for name, c in candidates.items()
        )

    def may_stagnate(self, state: State) -> bool:
        """Whether all methods have been tried."""
        return len(state.memory["candidates"]) == 1 and state.memory["idle"] >= len(METHODS) - 1

    def _successors(self, name: str, objective: Objective, idle: int) -> tuple[str, ...]:
        """Methods that race where one has stalled; none where the last ones gained nothing."""
        if not objective.least_squares:
            return ("gauss_newton",) if name == "lm" else ()
        others = tuple(other for other in METHODS if other != name)
        return () if idle >= len(METHODS) else others if self.work > 0 else others[-1:]

    def _enter(self, names: Sequence[str], objective: Objective, theta: Tensor) -> dict[str, Candidate]:
        """Candidates at the start of a race."""
        states = {name: METHODS[name].start(objective, theta) for name in names}
        return {
            name: {
                "state": s,
                "work": 0.0,
                "steps": 0,
                "losses": [s.loss],
                "first_loss": s.loss,
                "halfway_loss": s.loss,
            }
            for name, s in states.items()
        }

    def _advance_together(self, objective: Objective, candidates: dict[str, Candidate]) -> dict[str, Candidate]:
        """Candidates after steps of the one that has used the least work, until all have used as much as the first."""
        first = min(candidates, key=lambda n: candidates[n]["work"])
        candidates = {**candidates, first: self._advance(first, objective, candidates[first])}
        work = max(c["work"] for c in candidates.values())
        for name in candidates:
            while candidates[name]["work"] < work and _can_advance(candidates[name]):
                candidates[name] = self._advance(name, objective, candidates[name])
        return candidates

    def _advance(self, name: str, objective: Objective, candidate: Candidate) -> Candidate:
        inner = METHODS[name].step(objective, candidate["state"])
        work = candidate["work"] + METHODS[name].step_flops(objective, inner)
        return {
            **candidate,
            "state": inner,
            "work": work,
            "halfway_loss": inner.loss if work <= self.work / 2 else candidate["halfway_loss"],
            "steps": candidate["steps"] + 1,
            "losses": [*candidate["losses"], inner.loss][-self._patience(name) - 1 :],
        }

    def _remaining(self, candidates: dict[str, Candidate]) -> dict[str, Candidate]:
        """Candidates without those that have lost the race."""
        finite = {n: c for n, c in candidates.items() if isfinite(c["state"].loss)} or candidates
        first = _leader(finite)
        leader = finite[first]
        if leader["state"].stalled:
            return {first: leader}
        if min(c["work"] for c in finite.values()) >= self.work:
            winner = min(finite, key=lambda n: _forecast(finite[n]))
            return {winner: finite[winner]}
        tried = all(c["steps"] >= MIN_STEPS for c in finite.values())
        bound = leader["state"].loss / self.decisive_ratio
        return {
            n: c
            for n, c in finite.items()
            if c is leader or not (c["state"].stalled or (tried and c["state"].loss > bound))
        }

    def _is_slow(self, name: str, objective: Objective, candidate: Candidate) -> bool:
        """Whether a method has stalled or hardly makes progress."""
        if candidate["state"].stalled:
            return True
        least = self.min_progress if objective.least_squares else self.min_energy_progress
        least = least if name == "lm" else MIN_BROYDEN_PROGRESS
        return len(candidate["losses"]) > self._patience(name) and objective.progress(candidate["losses"]) < least

    def _patience(self, name: str) -> int:
        return self.patience if name == "lm" else BROYDEN_PATIENCE

    def _state(self, candidates: dict[str, Candidate], *, idle: int, work: float = 0.0, stalled: str = "") -> State:
        """State with the parameters of the leader."""
        name = _leader(candidates)
        leader: State = candidates[name]["state"]
        memory = {"candidates": candidates, "idle": idle, "work": work}
        return State(leader.theta, leader.loss, memory, stalled, leader.detail, METHODS[name].name)


def _can_advance(candidate: Candidate) -> bool:
    state: State = candidate["state"]
    return not state.stalled and isfinite(state.loss)


def _forecast(candidate: Candidate) -> float:
    """Loss of a candidate after `FORECAST_RATIO` times its work, where doubling it gains what the last doubling gained."""
    loss: float = candidate["state"].loss
    halfway: float = candidate["halfway_loss"]
    return loss * (loss / halfway) ** log2(FORECAST_RATIO) if 0 < loss <= halfway else loss


def _leader(candidates: dict[str, Candidate]) -> str:
    """Name of the candidate with the lowest loss."""
    return min(candidates, key=lambda name: candidates[name]["state"].loss)
