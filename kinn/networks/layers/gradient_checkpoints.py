"""The discrete adjoint of a long chain of steps in little memory: some states are kept, the others computed again.

Griewank and Walther (2000, ACM Trans. Math. Softw. 26, 19): with s states kept, and none computed more than r times
again, a chain of C(s + r, s) steps can be reversed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import comb
from typing import Any, TypeAlias, TypeVar

import torch
from torch import Tensor
from torch.nn import Parameter

from kinn.networks.jacobian_tape import Tape

State = TypeVar("State")


def next_checkpoint(length: int, slots: int) -> int:
    """Number of steps to the next checkpoint of a chain of `length`, if `slots` states can be kept."""
    repeats = 1
    while comb(slots + repeats, slots) < length:
        repeats += 1
    return min(comb(slots + repeats - 1, slots), length - 1)


def first_pass_checkpoints(length: int, slots: int) -> list[int]:
    """States that a first pass over the chain keeps: those that `reverse` needs first."""
    kept, at = [], 0
    while slots and length - at > 1:
        at += next_checkpoint(length - at, slots)
        kept.append(at)
        slots -= 1
    return kept


def reverse(
    start: State,
    length: int,
    slots: int,
    forward_step: Callable[[int, State], State],
    reverse_step: Callable[[int, State], None],
    kept: dict[int, State],
) -> None:
    """Visit the steps of a chain from the last to the first, each with the state before it.

    Args:
        start: The state before step 0.
        length: The number of steps.
        slots: How many states may be kept beside the first, at least 1.
        forward_step: Returns the state after step n.
        reverse_step: Called with n and the state before step n, from the last n to 0.
        kept: States of the first pass, by the number of steps before them.
    """

    def part(state: State, low: int, high: int, slots: int) -> None:
        while high - low > 1:
            middle = low + next_checkpoint(high - low, slots)
            between = kept.get(middle, state)
            for n in range(low if middle not in kept else middle, middle):
                between = forward_step(n, between)
            part(between, middle, high, slots - 1)
            high = middle
        reverse_step(low, state)

    part(start, 0, length, slots)


#: A step of a chain: its number and the state before it to the state after it; what is trained in it is recorded on the
#: tape, if there is one.
Advance: TypeAlias = Callable[[int, Tensor, Tape | None], Tensor]


def checkpointed_chain(
    advance: Advance,
    count: int,
    gradient_checkpoints: int,
    tape: Tape | None,
    begin: Tensor,
    parameters: Sequence[Parameter],
) -> Tensor:
    """State after all steps of a chain, for whose gradient few states are kept: at least 1 beside the first.

    With a tape, adjoints add to the Jacobian of the parameters while they pass through the chain.
    """
    if tape is not None:
        # adjoints pass through the chain only on the way to something that is asked for: its beginning
        begin = begin if begin.requires_grad else begin.detach().requires_grad_()
        tape.record(begin, _no_block)
    out: Tensor = _CheckpointedChain.apply(advance, count, gradient_checkpoints, tape, begin, *parameters)  # type: ignore[no-untyped-call]
    return out


def _no_block(adjoint: Tensor, columns: Any) -> None:
    """Block of a tensor without parameters, which is recorded so that adjoints reach it."""


class _CheckpointedChain(torch.autograd.Function):
    """A chain of steps, of which only some states are kept."""

    @staticmethod
    def forward(
        ctx: Any,
        advance: Advance,
        count: int,
        gradient_checkpoints: int,
        tape: Tape | None,
        begin: Tensor,
        *parameters: Parameter,
    ) -> Tensor:
        kept, state = {}, begin
        checkpoints = set(first_pass_checkpoints(count, gradient_checkpoints))
        for n in range(count):
            if n in checkpoints:
                kept[n] = state
            state = advance(n, state, None)
        ctx.save_for_backward(begin)
        ctx.of = advance, count, gradient_checkpoints, tape, kept, parameters
        return state

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (adjoint,) = grads
        advance, count, gradient_checkpoints, tape, kept, parameters = ctx.of
        (begin,) = ctx.saved_tensors
        sums: list[Tensor | None] = [None] * len(parameters)

        def forward_step(n: int, state: Tensor) -> Tensor:
            with torch.no_grad():
                return advance(n, state, None)  # type: ignore[no-any-return]

        def reverse_step(n: int, state: Tensor) -> None:
            nonlocal adjoint
            step_tape = Tape() if tape is not None and tape.columns else None
            with torch.enable_grad():
                before = state.detach().requires_grad_()
                after = advance(n, before, step_tape)
            if step_tape is not None:
                (input_adjoint,) = step_tape.pull(after, adjoint, tape.columns, through=[before])
                assert input_adjoint is not None
                adjoint = input_adjoint
                return
            adjoint, *gradients = torch.autograd.grad(after, [before, *parameters], adjoint, allow_unused=True)
            for k, g in enumerate(gradients):
                if g is not None:
                    total = sums[k]
                    sums[k] = g if total is None else total + g

        reverse(begin, count, gradient_checkpoints, forward_step, reverse_step, kept)
        return None, None, None, None, adjoint, *sums
