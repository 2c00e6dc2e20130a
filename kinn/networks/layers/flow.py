"""The flow of a trained vector field, a layer: the state at time 1 of y' = f(y, t) from y at time 0."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from kinn.errors import DivergedError, InputError
from kinn.jets import IndexSet
from kinn.networks.jacobian_tape import Tape
from kinn.networks.layers.gradient_checkpoints import checkpointed_chain
from kinn.networks.layers.layer import Layer, embed_chain, flops_of, push_forward, values
from kinn.networks.layers.runge_kutta import METHODS, Steps, adapted_steps, equal_steps

#: Inputs at which adapted steps are chosen: enough to find the fastest part of a flow, few beside collocation points.
PROBE_COUNT = 32


class Flow(Layer):
    """A lift and a neural ordinary differential equation (Chen et al. 2018, arXiv:1806.07366) behind it.

    Steps that adapt are chosen at fixed probes, not at the points asked for: a point's value depends on no other point,
    and derivatives with respect to coordinates are those of the very function that is computed.

    Args:
        lift: The layers from the inputs, in [-1, 1]^d, to the state.
        field: The layers of f.
        method: A name of `METHODS`.
        steps: The number of equal steps; the inverse of the first one, if they adapt.
        tolerance: The largest error of a step, relative to 1 + |y|; 0 for equal steps.
        autonomous: Whether f does not see the time; else it does, as a further channel -1 .. 1.
        gradient_checkpoints: How many states gradients keep beside the first, computing the others again; 0 to keep all.
        inputs: The number d of inputs.
        width: The number of channels of the state.
    """

    probes: Tensor

    def __init__(
        self,
        lift: Sequence[Layer],
        field: Sequence[Layer],
        *,
        method: str,
        steps: int,
        tolerance: float,
        autonomous: bool,
        gradient_checkpoints: int,
        inputs: int,
        width: int,
    ) -> None:
        super().__init__()
        self.width = width
        self.lift = nn.ModuleList(lift)
        self.field = nn.ModuleList(field)
        self.method, self.count, self.tolerance = METHODS[method], steps, tolerance
        self.autonomous, self.gradient_checkpoints = autonomous, gradient_checkpoints
        sobol = torch.quasirandom.SobolEngine(inputs, scramble=True, seed=0)  # type: ignore[no-untyped-call]
        self.register_buffer("probes", 2 * sobol.draw(PROBE_COUNT, dtype=torch.float64) - 1, persistent=False)
        self._adapted: tuple[Tensor, Steps] | None = None

    def steps(self) -> Steps:
        """Times at which steps begin, and their lengths.

        Raises:
            DivergedError: If no step is short enough.
        """
        if not self.tolerance:
            return equal_steps(self.count)
        present = torch.cat([p.detach().flatten() for p in self.parameters()])
        adapted = self._adapted
        if adapted is None or adapted[0].dtype != present.dtype or not torch.equal(adapted[0], present):
            with torch.no_grad():
                state = values(self.lift, self.probes)
            steps = adapted_steps(self.method, self.slope, state, self.tolerance, 1.0 / self.count)
            adapted = self._adapted = present, steps
        return adapted[1]

    def slope(self, t: float, y: Tensor) -> Tensor:
        """Vector field f(y, t) at states y (N, C)."""
        return values(self.field, torch.cat([y, self._clock(t, y)], dim=-1) if not self.autonomous else y)

    def slope_jet(self, t: float, stack: Tensor, index: IndexSet, tape: Tape | None) -> Tensor:
        """Stack of f(y, t) for that of y."""
        if not self.autonomous:
            clock = stack.new_zeros((*stack.shape[:-1], 1))
            clock[0] = self._clock(t, clock[0])
            stack = torch.cat([stack, clock], dim=-1)
        return push_forward(self.field, stack, index, tape)

    @staticmethod
    def _clock(t: float, y: Tensor) -> Tensor:
        return y.new_full((*y.shape[:-1], 1), 2.0 * t - 1.0)

    def forward(self, x: Tensor) -> Tensor:
        y = values(self.lift, x)
        for t, dt in self.steps():
            y, _ = self.method.step(self.slope, t, dt, y)
        return self._check_finite(y, x)

    def jet(self, stack: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        """Stack of the state at time 1; the layers record themselves on the tape."""
        steps = self.steps()
        begin = push_forward(self.lift, stack, index, tape)
        if self.gradient_checkpoints and torch.is_grad_enabled():

            def advance(n: int, state: Tensor, step_tape: Tape | None) -> Tensor:
                return self.step_jet(steps[n], state, index, step_tape)

            out = checkpointed_chain(
                advance, len(steps), self.gradient_checkpoints, tape, begin, list(self.field.parameters())
            )
        else:
            out = begin
            for step in steps:
                out = self.step_jet(step, out, index, tape)
        return self._check_finite(out, stack[0])

    def step_jet(self, step: tuple[float, float], state: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        """Stack of the state after one step."""

        def slope(t: float, y: Tensor) -> Tensor:
            return self.slope_jet(t, y, index, tape)

        return self.method.step(slope, *step, state)[0]

    def embed(self, smaller: Layer, channels: Tensor) -> Tensor:
        assert isinstance(smaller, Flow)
        for name in ("method", "count", "tolerance", "autonomous"):
            if getattr(self, name) != getattr(smaller, name):
                raise InputError("flows of different methods, steps or vector fields are not the same function")
        if self.tolerance and self.width != smaller.width:
            raise InputError("a flow whose steps adapt does not grow: its steps follow from all channels")
        state = embed_chain(smaller.lift, self.lift, channels)
        clock = [] if self.autonomous else [self.width]  # the time is the last channel
        embed_chain(smaller.field, self.field, torch.tensor([*state.tolist(), *clock]))
        return state

    def flops(self, index: IndexSet) -> int:
        """Operations of the lift, and of the field and the sums of slopes in every stage of every step."""
        rule = self.method
        weights = sum(bool(w) for row in (*rule.stages, rule.weights) for w in row)
        sums = 2 * self.width * weights * len(index)
        steps = len(self.steps())
        return flops_of(self.lift, index) + steps * (len(rule.nodes) * flops_of(self.field, index) + sums)

    def _check_finite(self, out: Tensor, x: Tensor) -> Tensor:
        """The state at time 1, or an error that names the time at which it diverged from inputs x (N, d).

        Raises:
            DivergedError: If the state or derivatives are not finite.
        """
        if bool(torch.isfinite(out).all()):
            return out
        with torch.no_grad():
            y = values(self.lift, x)
            for t, dt in self.steps():
                before = y
                y, _ = self.method.step(self.slope, t, dt, y)
                bad = ~torch.isfinite(y).all(dim=-1)
                if bool(bad.any()):
                    norm = float(before[bad].norm(dim=-1)[0])
                    raise DivergedError(
                        f"the state of the neural ODE is not finite in the step from time {t:.6g} to {t + dt:.6g} of 1, "
                        f"before which its norm is {norm:.3g}"
                    )
        raise DivergedError(
            f"derivatives of the state of the neural ODE are not finite at time 1, where its norm is "
            f"{float(y.norm(dim=-1).max()):.3g}"
        )
