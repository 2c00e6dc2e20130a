"""Strategies: how the loss is weighted and where its points lie while training goes on; one strategy a module."""

from kinn.training.strategies.attention import ResidualAttention
from kinn.training.strategies.base import Memory, Sampling, Strategy, Weighting
from kinn.training.strategies.causal import Causal
from kinn.training.strategies.fixed import Fixed, Measure
from kinn.training.strategies.gradient_norm import GradientNorm
from kinn.training.strategies.multipliers import Multipliers
from kinn.training.strategies.ntk import NTK
from kinn.training.strategies.refinement import Refinement
from kinn.training.strategies.regime import Regime
from kinn.training.strategies.resampling import RAD, RARD
from kinn.training.strategies.self_adaptive import SelfAdaptive

#: The loss weights by their names on the command line.
WEIGHTS: dict[str, type[Weighting]] = {
    w.name: w for w in (Measure, Fixed, NTK, GradientNorm, ResidualAttention, SelfAdaptive)
}

#: The ways of resampling by their names on the command line.
SAMPLINGS: dict[str, type[Sampling]] = {s.name: s for s in (RAD, RARD)}

__all__ = [
    "NTK",
    "RAD",
    "RARD",
    "SAMPLINGS",
    "WEIGHTS",
    "Causal",
    "Fixed",
    "GradientNorm",
    "Measure",
    "Memory",
    "Multipliers",
    "Refinement",
    "Regime",
    "ResidualAttention",
    "Sampling",
    "SelfAdaptive",
    "Strategy",
    "Weighting",
]
