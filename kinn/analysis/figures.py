"""Figures of tangent kernels: their spectra over training, and how quickly waves are learnt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from kinn.analysis.ntk import TangentKernelStudy

#: Eigenvalues below this fraction of the largest are rounding.
ROUNDING = 1e-16


def spectra(studies: Sequence[TangentKernelStudy], title: str) -> Figure:
    """Return a figure of the eigenvalues of each term's kernel, a column a network and a line a stage."""
    names = list(studies[0].stages[0].kernels)
    figure = Figure(figsize=(3.8 * len(studies) + 0.6, 2.8 * len(names) + 0.6), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=11)
    axes = figure.subplots(len(names), len(studies), squeeze=False, sharey="row")
    for column, found in enumerate(studies):
        for row, name in enumerate(names):
            ax = axes[row, column]
            for stage, colour in zip(found.stages, _colours(len(found.stages)), strict=True):
                values = stage.kernels[name].eigenvalues
                kept = values[values > ROUNDING * values[0]]
                ax.loglog(np.arange(1, len(kept) + 1), kept, color=colour, label=f"step {stage.iteration}")
            ax.set_title(f"{found.network.name.upper()}, {found.parameters} parameters: {name}", fontsize=8)
            ax.set_xlabel("number")
            ax.grid(alpha=0.3)
        axes[0, column].legend(frameon=False, fontsize=7)
    for row in range(len(names)):
        axes[row, 0].set_ylabel("eigenvalue")
    return figure


def waves(studies: Sequence[TangentKernelStudy], frequencies: Sequence[float], title: str) -> Figure:
    """Return a figure of the rate at which each frequency is learnt, for problems of one coordinate and one term."""
    figure = Figure(figsize=(3.8 * len(studies) + 0.6, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=11)
    axes = figure.subplots(1, len(studies), squeeze=False, sharey=True)
    for ax, found in zip(axes[0], studies, strict=True):
        for stage, colour in zip(found.stages, _colours(len(found.stages)), strict=True):
            (kernel,) = stage.kernels.values()
            ax.semilogy(list(frequencies), kernel.rates(frequencies), color=colour, label=f"step {stage.iteration}")
        ax.set_title(f"{found.network.name.upper()}, {found.parameters} parameters", fontsize=8)
        ax.set_xlabel("frequency (waves a unit)")
        ax.grid(alpha=0.3)
        ax.legend(frameon=False, fontsize=7)
    axes[0, 0].set_ylabel("rate of learning")
    return figure


def _colours(count: int) -> list[tuple[float, float, float, float]]:
    return [colormaps["viridis"](0.9 * n / max(1, count - 1)) for n in range(count)]
