"""Strategies: how the loss is weighted and where its points lie while training goes on; one strategy a module."""

from kinn.train.strategies.causal import Causal
from kinn.train.strategies.fixed_weights import FixedWeights, UniformWeights
from kinn.train.strategies.gradient_norm import GradientNorm
from kinn.train.strategies.multipliers import Multipliers
from kinn.train.strategies.ntk import NTK
from kinn.train.strategies.quadrature_refinement import QuadratureRefinement
from kinn.train.strategies.resampling import RAD, RARD
from kinn.train.strategies.residual_attention import ResidualAttention
from kinn.train.strategies.self_adaptive import SelfAdaptive
from kinn.train.strategies.stack import StrategyStack
from kinn.train.strategies.strategy import Sampling, Strategy, StrategyState, Weighting

#: The loss weights by their names on the command line.
WEIGHTS: dict[str, type[Weighting]] = {
    w.name: w for w in (UniformWeights, FixedWeights, NTK, GradientNorm, ResidualAttention, SelfAdaptive)
}

#: The ways of resampling by their names on the command line.
SAMPLINGS: dict[str, type[Sampling]] = {s.name: s for s in (RAD, RARD)}

#: Causal weights by name: there is one kind.
CAUSAL: dict[str, type[Causal]] = {Causal.name: Causal}

__all__ = [
    "CAUSAL",
    "NTK",
    "RAD",
    "RARD",
    "SAMPLINGS",
    "WEIGHTS",
    "Causal",
    "FixedWeights",
    "GradientNorm",
    "Multipliers",
    "QuadratureRefinement",
    "ResidualAttention",
    "Sampling",
    "SelfAdaptive",
    "Strategy",
    "StrategyStack",
    "StrategyState",
    "UniformWeights",
    "Weighting",
]
