"""Growth: a network that starts small and grows while training gains by it, with its points.

Coarse splines and narrow networks train fast and to the end; refinement keeps what they learnt, for the larger network
starts as the same function. So a solve is a row of stages: first features that are fixed, of which least squares finds the
coefficients; then short trainings of a few small networks, of which the best goes on; then, whenever the loss falls slowly,
the next lever: more points where training fits the points and not the equations, else a larger network, else fresh points.
What is kept is the best of all stages at the same points.

What a stage may cost is counted in multiplications and not in seconds: no clock decides what follows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from kinn.forms import DomainTrial, FormObjective, ResidualObjective, TrialFunctions, build_objective
from kinn.forms.input_features import InputFeatures
from kinn.networks import KAN, Architecture, RandomFeatures, TensorSplines
from kinn.optim import LevenbergMarquardt
from kinn.problem import Problem
from kinn.train.loop import StoppingCriteria
from kinn.train.plans.plan import TrainingPlan, TrialFactory
from kinn.train.state import StopReason, TrainingResult
from kinn.train.strategies.resampling import RAD
from kinn.train.strategies.strategy import interior_terms

#: Multiplications a second of one core, by which shares of the budget become shares of work.
NOMINAL_FLOPS = 1e10

#: The share of the budget for training; corrections and the estimated error have the rest.
TRAINING_SHARE = 0.87

#: The shares of the budget that each of the first stages may take.
START_SHARE = 0.06

#: A larger start wins with up to this multiple of the loss of the next smaller one: it has more to gain.
RICHNESS = 2.0

#: Fixed features are enough with this loss at validation points, of dimensionless equations; below the next one rounding is
#: reached.
FEATURES_ARE_ENOUGH = 1e-16

#: Nothing else is trained where their loss is this fraction of that of the best start, with the same weights.
FEATURES_WIN = 1e-3
ROUNDING = 1e-25

#: The first grids of tensor-product splines, by the number of inputs.
SPLINE_GRIDS = {1: 24, 2: 12, 3: 3}

#: With so many inputs splines of linear problems have another grid along each, found by a sweep.
SWEPT_INPUTS = 3

#: The factor from one size of fixed features, or of the grid of their splines, to the next.
FEATURES_GROWTH = 1.5

#: The share of the budget for the least squares of the largest features: so many multiplications times the cube of the number
#: of coefficients, and so many steps where equations are not linear.
FEATURES_SHARE, LEAST_SQUARES_WORK, NONLINEAR_STEPS = 0.12, 5.0, 5.0

#: More features are tried after those that lowered the loss to this fraction.
FEATURES_GAIN = 0.7

#: Fixes the points on which stages are compared.
COMPARISON_SEED = 86_028_121

#: The share of the budget over which the progress of a stage is measured, and the least fall of the loss over it.
PROGRESS_SHARE = 0.06
LEAST_FALL = 0.3

#: Interior points for each parameter and field: of the first stages, and of those that train on.
FIRST_POINTS_PER_PARAMETER, POINTS_PER_PARAMETER = 5.0, 8.0
FEWEST_POINTS, MOST_POINTS_PER_PARAMETER = 1500, 64

#: Training fits the points and not the equations where the loss at others is this multiple; a stage ends where it is the
#: second one.
OVERFIT = 3.0
SEVERE_OVERFIT = 10.0

#: There are points enough where it is below this one: a step of Levenberg-Marquardt costs in proportion to them.
SLIGHT_OVERFIT = 1.5

#: A lever gains where it lowers the loss at validation points to below this fraction; so many in a row that do not end it.
GAIN = 0.7
MAX_FAILURES = 3

#: The most parameters of methods of second order. One of their steps, of so many multiplications times the cube of the number
#: of parameters, must fit in the work by which progress is measured.
MAX_PARAMETERS, STEP_WORK = 3000, POINTS_PER_PARAMETER / 2

#: So many steps must fit where Levenberg-Marquardt trains: with fewer, a larger network learns less than this one would.
STEPS_OF_PROGRESS = 4

#: Draws half of the points evenly and half in proportion to the residual.
BY_RESIDUAL = RAD(power=1.0, floor=1.0, candidates=5)

#: Levers: what a stage changes.
FEATURES, START, TRAIN, POINTS, NETWORK = "features", "start", "train", "points", "network"

#: Reasons to end a stage that another may follow; any other, a user's among them, ends the solve.
PASSING = (
    StopReason.SHARE,
    StopReason.SLOW_PROGRESS,
    StopReason.POINTS_FITTED,
    StopReason.VALIDATION_RISES,
    StopReason.STAGNATION,
    StopReason.DAMPING_EXHAUSTED,
    StopReason.LINE_SEARCH_FAILED,
    StopReason.STEPS_REJECTED,
    StopReason.LAST_LAYER_OPTIMAL,
    StopReason.LEAST_SQUARES_FAILED,
)


@dataclass(frozen=True)
class Level:
    """A stage of growth.

    Attributes:
        lever: What it changes: "features", "start", "train", "points" or "network".
        architecture: Its network.
        points: The number of interior points.
        parent: The stage whose function it starts from; None for a fresh network.
    """

    lever: str
    architecture: Architecture
    points: int
    parent: int | None = None


class Growth(TrainingPlan):
    """Trains small networks first and lets the best of them grow.

    Args:
        problem: The problem.
        build_trial: Builds trial functions.
        architecture: The kind of network.
        budget: The seconds of the solve.
        points: The number of interior points, None to let them grow too.
        with_spread: Finds the spread of random features that suits the problem.
        with_grid: Finds the grid of splines, of at most so many coefficients, that suits the problem.
    """

    def __init__(
        self,
        problem: Problem,
        build_trial: TrialFactory,
        architecture: Architecture,
        *,
        budget: float,
        points: int | None,
        with_spread: Callable[[Problem, Architecture], Architecture],
        with_grid: Callable[[Problem, TensorSplines, int], TensorSplines],
    ) -> None:
        super().__init__(problem, build_trial)
        self.work, self.fixed_points = NOMINAL_FLOPS * budget, points
        self.with_spread, self.with_grid = with_spread, with_grid
        self.starts = architecture.starts()
        self.features = [InputFeatures(problem, name) for name in problem.subdomains]
        features = self._fixed_features(architecture)
        self.levels = [self._first(START, self.starts[0]) if features is None else self._first(FEATURES, features)]
        self.final = 0

    @property
    def final_stages(self) -> list[int]:
        return [self.final]

    def continues(self, results: Sequence[TrainingResult]) -> bool:
        if len(results) == len(self.levels):
            level = self._next(results)
            if level is None:
                self.final = self._best(results)
                return False
            self.levels.append(level)
        return True

    def limits(self, stopping: StoppingCriteria, results: Sequence[TrainingResult]) -> StoppingCriteria:
        budget = max(0.0, TRAINING_SHARE * stopping.budget - sum(result.seconds for result in results))
        iterations = stopping.iterations
        if iterations is not None:
            iterations = max(1, iterations - sum(len(result.history) for result in results))
        return replace(
            stopping,
            budget=budget,
            iterations=iterations,
            work=START_SHARE * self.work if self.levels[len(results)].lever in (FEATURES, START) else inf,
            progress_work=PROGRESS_SHARE * self.work,
            least_fall=LEAST_FALL,
            overfit=SEVERE_OVERFIT if self.fixed_points is None else inf,
        )

    def build(self, stage: int) -> TrialFunctions:
        level = self.levels[stage]
        first = self.trials[0] if self.trials else None
        scales = first.scales if isinstance(first, DomainTrial) else None
        if isinstance(level.architecture, RandomFeatures) and level.architecture.spread == "auto":
            level = replace(level, architecture=self.with_spread(self.problem, level.architecture))
            self.levels[stage] = level
        trial = self.build_trial(self.problem, architecture=level.architecture, scales=scales)
        if level.parent is not None:
            parent = self.trials[level.parent]
            assert isinstance(trial, DomainTrial)
            assert isinstance(parent, DomainTrial)
            trial.embed(parent)
        return trial

    def fields(self) -> TrialFunctions:
        return self.trials[self.final]

    def points(self, stage: int) -> int:
        return self.levels[stage].points

    def place_points(self, objective: FormObjective, stage: int) -> None:
        """Draw the points by the residual where the ones before were fitted and the equations were not."""
        if self.levels[stage].lever != POINTS or not isinstance(objective, ResidualObjective):
            return
        theta, generator = objective.start(), np.random.default_rng((self.seed_offset(stage), stage))
        for n in interior_terms(objective):
            drawn = BY_RESIDUAL.drawn(objective, n, objective.terms[n].points, theta, generator)
            objective.move(n, objective.trial.problem.points(drawn))

    def label(self, stage: int) -> str:
        return f"{self.levels[stage].lever} {stage + 1}"

    def seed_offset(self, stage: int) -> int:
        return 104_729 * stage

    def stopped(self, results: Sequence[TrainingResult]) -> str:
        last = results[-1].stopped
        return StopReason.GROWTH_ENDS if last in PASSING else last

    def _stages(self, *levers: str) -> list[int]:
        """Numbers of the stages of these levers."""
        return [n for n, level in enumerate(self.levels) if level.lever in levers]

    def _best(self, results: Sequence[TrainingResult]) -> int:
        """The best stage: that with the lowest loss at the same points with the same weights."""
        last = len(results) - 1
        if results[last].stopped == StopReason.TOLERANCE_MET:
            return last
        features = self._stages(FEATURES)
        if last in features:
            return min(features, key=lambda n: results[n].validation)
        trained = self._stages(TRAIN, POINTS, NETWORK) or [self._best_start(results)]
        return min((*features, *trained), key=lambda n: self._compared(n, results, trained[-1]))

    def _best_start(self, results: Sequence[TrainingResult]) -> int:
        """The start that goes on."""
        starts = [n for n in self._stages(START) if n < len(results)]
        losses = {n: self._compared(n, results, starts[0]) for n in starts}
        return min(starts, key=lambda n: losses[n] / RICHNESS ** (n - starts[0]))

    def _compared(self, stage: int, results: Sequence[TrainingResult], other: int) -> float:
        """Loss of a stage at fresh points with the weights of another."""
        trial, like = self.trials[stage], results[other].objective
        fresh = build_objective(trial, points=self._points(self.starts[-1]), seed=COMPARISON_SEED, like=like)
        return fresh.loss(results[stage].theta)

    def _next(self, results: Sequence[TrainingResult]) -> Level | None:
        """Next stage, None at the end."""
        last, level = results[-1], self.levels[-1]
        if last.stopped not in PASSING:
            return None
        if level.lever == FEATURES:
            if (more := self._more_features(results)) is not None:
                return more
            if min(result.validation for result in results) < FEATURES_ARE_ENOUGH:
                return None
        if level.lever in (FEATURES, START):
            starts = self._stages(START)
            if len(starts) < len(self.starts):
                return self._first(START, self.starts[len(starts)])
            best = self._best_start(results)
            loss = FEATURES_WIN * self._compared(best, results, best)
            if any(self._compared(n, results, best) < loss for n in self._stages(FEATURES)):
                return None
            chosen = self.levels[best].architecture
            points = (1 + self._overfits(results[best])) * self._points(chosen, _points_per_parameter(results[best]))
            return Level(TRAIN, chosen, points, best)
        return self._lever(results)

    def _lever(self, results: Sequence[TrainingResult]) -> Level | None:
        """More points, a larger network, or None where the last levers gained nothing."""
        last, level, stage = results[-1], self.levels[-1], len(results) - 1
        gains = [result.validation < GAIN * result.initial_validation for result in results[self._stages(TRAIN)[0] :]]
        if len(gains) >= MAX_FAILURES and not any(gains[-MAX_FAILURES:]):
            return None
        refused = not gains[-1] and level.lever == NETWORK
        steps = STEPS_OF_PROGRESS if _by_levenberg_marquardt(last) else 1
        larger = self._larger(level.architecture, refused=refused, steps=steps)
        crowded = level.points >= MOST_POINTS_PER_PARAMETER * self._parameters(level.architecture)
        if not crowded and self._overfits(last):
            return replace(level, lever=POINTS, points=2 * level.points, parent=stage)
        if larger is None:
            return replace(level, lever=TRAIN, parent=stage)
        points = max(level.points, self._points(larger, _points_per_parameter(last)))
        return Level(NETWORK, larger, points, stage)

    def _more_features(self, results: Sequence[TrainingResult]) -> Level | None:
        """More points for the features or more features, where the last ones gained."""
        last, level = results[-1], self.levels[-1]
        before = results[-2].validation if len(results) > 1 else inf
        if not ROUNDING < last.validation < FEATURES_GAIN * before:
            return None
        steps = 1.0 if last.objective.affine else NONLINEAR_STEPS
        most = (FEATURES_SHARE * self.work / (steps * LEAST_SQUARES_WORK)) ** (1 / 3)
        splines, inputs = level.architecture, max(self._inputs(level.architecture))
        if isinstance(splines, TensorSplines) and isinstance(splines.grid, int) and inputs >= SWEPT_INPUTS:
            coarse = replace(splines, grid=(splines.grid,) * inputs)
            return self._first(FEATURES, self.with_grid(self.problem, coarse, int(most)))
        if self._overfits(last):
            return replace(level, points=2 * level.points)
        larger = level.architecture.resized(FEATURES_GROWTH)
        return None if self._parameters(larger) > most else self._first(FEATURES, larger)

    def _overfits(self, result: TrainingResult) -> bool:
        """Whether training fits the points, whose number may grow, and not the equations."""
        return self.fixed_points is None and result.validation > OVERFIT * result.loss

    def _larger(self, architecture: Architecture, *, refused: bool, steps: int) -> Architecture | None:
        """Next larger network: by the first lever of its kind, or by the second where the first gained nothing."""
        most = min(MAX_PARAMETERS, (PROGRESS_SHARE * self.work / (steps * STEP_WORK)) ** (1 / 3))
        fits = [a for a in architecture.larger() if self._parameters(a) <= most]
        return fits[min(int(refused), len(fits) - 1)] if fits else None

    def _first(self, lever: str, architecture: Architecture) -> Level:
        """One of the first stages."""
        return Level(lever, architecture, self._points(architecture, FIRST_POINTS_PER_PARAMETER))

    def _points(self, architecture: Architecture, per_parameter: float = POINTS_PER_PARAMETER) -> int:
        """Number of interior points for a network."""
        in_proportion = int(per_parameter * self._parameters(architecture) / len(self.problem.names))
        return self.fixed_points or max(FEWEST_POINTS, in_proportion)

    def _parameters(self, architecture: Architecture) -> int:
        outputs = len(self.problem.names)
        return sum(architecture.parameter_count(inputs, outputs) for inputs in self._inputs(architecture))

    def _inputs(self, architecture: Architecture) -> list[int]:
        """Number of inputs of the network of each subdomain; splines see an angle as one."""
        merged = isinstance(architecture, TensorSplines)
        return [len(f.bounds[0]) - merged * sum(n - 1 for n in f.angles.values()) for f in self.features]

    def _fixed_features(self, architecture: Architecture) -> Architecture | None:
        """Features of the kind of a network whose coefficients least squares finds: splines for KANs, else random ones."""
        if self.problem.unknowns:
            return None
        if not isinstance(architecture, KAN):
            return RandomFeatures(400)
        inputs = max(self._inputs(TensorSplines()))
        return TensorSplines(SPLINE_GRIDS[inputs]) if inputs in SPLINE_GRIDS else None


def _by_levenberg_marquardt(result: TrainingResult) -> bool:
    """Whether the last step of a training was one of Levenberg-Marquardt."""
    return bool(result.history) and result.history[-1].stage == LevenbergMarquardt.name


def _points_per_parameter(result: TrainingResult) -> float:
    """Points for each parameter and field of the next training."""
    enough = _by_levenberg_marquardt(result) and result.validation < SLIGHT_OVERFIT * result.loss
    return FIRST_POINTS_PER_PARAMETER if enough else POINTS_PER_PARAMETER
