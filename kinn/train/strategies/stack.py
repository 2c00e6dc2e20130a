"""The strategies of one training at work: they change its objective between steps, all together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from kinn.forms import FormObjective, ResidualObjective
from kinn.train.strategies.batches import Batches
from kinn.train.strategies.strategy import Sampling, Strategy, StrategyState


class StrategyStack:
    """Strategies with what they remember.

    Args:
        strategies: The strategies; those that move points come before those that weight them.
        system: What they change: residuals, or an energy.
        batch: The number of interior points that a step sees; None for all.
        seed: Fixes whatever is random.
    """

    def __init__(
        self, strategies: Sequence[Strategy], system: FormObjective, *, batch: int | None = None, seed: int = 0
    ) -> None:
        self.strategies = sorted(strategies, key=lambda s: not isinstance(s, Sampling))
        self.system = system
        self._changed: Any = system  # each strategy knows one kind of system, and is given no other
        self.batch = batch
        self.seed = seed
        self.memories: list[StrategyState] = []
        self._batches: Batches | None = None

    def objective(self, iteration: int) -> FormObjective:
        """Return the residuals that a step sees."""
        if self.batch is None:
            return self.system
        if self._batches is None:
            assert isinstance(self.system, ResidualObjective)
            self._batches = Batches(self.system, self.batch, self.seed)
        return self._batches.at(iteration)

    def begin(self, theta: Tensor) -> None:
        """Change the objective as it is to be at the first step."""
        self.memories = []
        for strategy in self.strategies:
            self.memories.append(strategy.begin(self._changed, theta, self.seed))
            strategy.apply(self._changed, self.memories[-1])
        self._set_weights()

    def resume(self, memories: Sequence[StrategyState]) -> None:
        """Change the objective as it was."""
        self.memories = list(memories)
        for strategy, memory in zip(self.strategies, self.memories, strict=True):
            strategy.apply(self._changed, memory)
        self._set_weights()

    def refresh(self, theta: Tensor, iteration: int) -> bool:
        """Change the objective before a step, and return whether it did."""
        changed = moved = False
        for n, strategy in enumerate(self.strategies):
            memory = self.memories[n]
            if moved:
                memory = strategy.moved(self._changed, theta, memory, self.seed)
            refreshed = strategy.refresh(self._changed, theta, memory, iteration)
            if refreshed is not None:
                memory = refreshed
            elif not moved:
                continue
            self.memories[n] = memory
            strategy.apply(self._changed, memory)
            changed, moved = True, moved or isinstance(strategy, Sampling)
        if changed:
            self._set_weights()
        return changed

    def release(self) -> bool:
        """Let strategies that are but a means give way, as the method can go no further; return whether any did."""
        released = [s.released(memory) for s, memory in zip(self.strategies, self.memories, strict=True)]
        self.memories = [old if new is None else new for old, new in zip(self.memories, released, strict=True)]
        changed = any(new is not None for new in released)
        if changed:
            self._set_weights()
        return changed

    @property
    def concluded(self) -> Tensor | None:
        """The parameters (P,) to end with, where a strategy says so."""
        ends = (s.concluded(memory) for s, memory in zip(self.strategies, self.memories, strict=True))
        return next((theta for theta in ends if theta is not None), None)

    @property
    def unsettled(self) -> bool:
        """Whether the objective is still a means to an end."""
        return any(s.unsettled(memory) for s, memory in zip(self.strategies, self.memories, strict=True))

    def _set_weights(self) -> None:
        """Give the terms the product of all weights."""
        self._batches = None
        if not isinstance(self.system, ResidualObjective):
            return
        for n in range(len(self.system.terms)):
            factor, weights = 1.0, None
            for memory in self.memories:
                if "factors" in memory:
                    factor *= memory["factors"][n]
                own = memory.get("weights", {}).get(n)
                if own is not None:
                    weights = own if weights is None else weights * own
            self.system.set_weights(n, factor, weights)
