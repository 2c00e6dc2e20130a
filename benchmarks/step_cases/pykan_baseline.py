"""pykan's step, in the settings its author gives for speed: no symbolic branch, nothing saved."""

from __future__ import annotations

from importlib.metadata import version

import torch
from kan import KAN

from step_cases.nested import step_at
from step_cases.sizes import Case, Sizes, case_of


def build(sizes: Sizes) -> Case:
    """Return the case."""
    torch.set_default_dtype(sizes.precision)  # pykan builds in the default precision, and refines its grids in it
    network = KAN(
        width=list(sizes.layers),
        grid=sizes.grid,
        k=sizes.degree,
        seed=sizes.seed,
        device=sizes.device,
        symbolic_enabled=False,
        save_act=False,
        auto_save=False,
    ).speed()
    # the symbolic branch is off: its parameters do not enter the output
    for p in network.symbolic_fun.parameters():
        p.requires_grad_(False)
    parameters = [p for p in network.parameters() if p.requires_grad]
    return case_of(
        sizes,
        lambda x, f: step_at(network, parameters, x, f),
        network,
        version=f"pykan {version('pykan')}",
    )
