"""Published errors and times of the KINN paper and its scripts, and target errors for KINN.

Source: Wang et al., "Kolmogorov-Arnold-Informed neural network", CMAME 433 (2025) 117518, and its public scripts. The CPU
times are those of these scripts on one core of a 2.5 GHz Xeon at their settings: CPU time per step times the number of steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

#: The mean square of sin 2 pi x + 0.1 cos 50 pi x on [0, 1], by which a mean square error is a relative L2 error squared.
MEAN_SQUARE = 0.505


@dataclass(frozen=True, eq=False)
class Record:
    """The published error of a problem in one form.

    Attributes:
        problem: The name of the problem.
        form: The form; data alone are the strong one.
        settings: Settings of the problem that differ from its defaults.
        of: The quantity of the error: "" for the largest relative L2 error of the fields, "displacement" for that of the fields
            as a vector, "constants" for the largest relative error of an unknown constant, or the name of a derived field.
        norm: "l2", or "linf" for the maximum.
        mlp: The published error of MLPs, None where there is none.
        kan: The published error of KANs.
        cpu: CPU time of the scripts' KAN in seconds, a lower bound.
        target: The target error for the best network of KINN.
    """

    problem: str
    form: str
    settings: Mapping[str, str] = field(default_factory=dict)
    of: str = ""
    norm: str = "l2"
    mlp: float | None = None
    kan: float | None = None
    cpu: float | None = None
    target: float | None = None

    @property
    def label(self) -> str:
        """The problem in tables."""
        return " ".join([self.problem, *(f"{k}={v}" for k, v in self.settings.items() if v != "none")])

    @property
    def what(self) -> str:
        """The error in tables."""
        return {"": "fields", "constants": "constants"}.get(self.of, self.of) + (
            ", maximum" if self.norm == "linf" else ""
        )


PLAIN, TIP = {"features": "none"}, {"features": "tip"}

RECORDS = (
    Record("heat-multifrequency", "strong", norm="linf", mlp=1.03, kan=1.5e-2, cpu=3.3 * HOUR),
    Record("heat-multifrequency", "strong", target=1e-4),
    Record(
        "regression-two-frequency",
        "strong",
        mlp=(5.0e-3 / MEAN_SQUARE) ** 0.5,
        kan=(1.1e-4 / MEAN_SQUARE) ** 0.5,
        target=(1e-8 / MEAN_SQUARE) ** 0.5,
    ),
    Record("crack", "strong", PLAIN, mlp=6.3e-2, kan=3.0e-2, cpu=28 * MINUTE, target=5e-3),
    Record("crack", "energy", PLAIN, mlp=1.9e-2, kan=6.6e-3, cpu=11 * MINUTE, target=2e-3),
    Record("crack", "inverse", PLAIN, mlp=8.73e-4, kan=8.51e-4, cpu=7 * MINUTE, target=1e-5),
    Record("crack", "strong", TIP, target=1e-5),
    Record("crack", "energy", TIP, target=1e-5),
    Record("plate-hole", "strong", of="displacement", mlp=1.23e-2, kan=6.3e-3, cpu=DAY, target=5e-4),
    Record("plate-hole", "strong", of="mises", mlp=9.2e-3, kan=4.8e-3, cpu=DAY, target=1e-3),
    Record("plate-hole", "energy", of="displacement", mlp=1.5e-3, kan=9.2e-4, cpu=14 * HOUR, target=1e-4),
    Record("plate-hole", "energy", of="mises", mlp=1.15e-2, kan=5.2e-3, cpu=14 * HOUR, target=1e-3),
    Record("plate-hole", "inverse", of="displacement", kan=2.3e-4, target=5e-5),
    Record("plate-hole-modulus", "strong", of="constants", mlp=3.5e-2, kan=5e-2, target=1e-3),
    Record("hyperelastic-beam", "energy", of="displacement", mlp=1.5e-2, kan=2.2e-3, cpu=6 * HOUR, target=2e-4),
    Record("heterogeneous", "energy", mlp=1.5e-1, kan=1.1e-2, cpu=7 * DAY, target=5e-4),
    Record("koch", "strong", mlp=1.9e-2, kan=1.2e-2, target=1e-3),
    Record("koch", "energy", mlp=1.3e-2, kan=1.6e-2, target=1e-3),
    Record("flower", "inverse", mlp=2.9e-4, kan=5.4e-3, target=1e-5),
    Record("wedge", "strong", target=1e-6),
    Record("conductivity-field", "strong", of="K", mlp=9.8e-2, kan=5.5e-2, target=1e-2),
)
