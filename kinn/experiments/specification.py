"""Schema of a study file: problems, forms, networks, optimizers, seeds, sweeps, exclusions, resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    create_model,
    field_validator,
)

from kinn.training_options import option_kinds

#: The training time of a run.
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _TomlTable(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _OpenTable(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    @property
    def settings(self) -> dict[str, Any]:
        """The values beside the keys of the schema, by name."""
        return dict(self.__pydantic_extra__ or {})


class Entry(_OpenTable):
    """A problem, network or optimizer with settings: `{ name = "kan", grid = 10 }`."""

    name: str


class Budget(_OpenTable):
    """The training time of the runs with given settings: `{ problem = "crack", seconds = 60 }`."""

    seconds: Seconds


def _as_entry(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Named = Annotated[Entry, BeforeValidator(_as_entry)]
Names = Annotated[list[Named], BeforeValidator(_as_list), Field(min_length=1)]
Axes = dict[str, Annotated[list[Any], Field(min_length=1)]]


class _Study(_TomlTable):
    """The table `[study]`; the options of `TrainingOptions` belong to it.

    Attributes:
        name: The title of the report.
        problems: Names or scripts, optionally with settings.
        forms: The forms of the equations; a problem is omitted from a form that it does not state.
        networks: The networks, optionally with settings in place of the problem's.
        optimizers: The optimizers; the problem's by default.
        seeds: A count, or a list of seeds.
        budget: Seconds per run; the problem's by default.
        clock: "wall" for wall-clock time, "cpu" for the CPU time of all threads of a run.
        iterations: The maximum of iterations per run.
        points: Collocation points.
        dtype: "float64" or "float32".
        match: "parameters" scales all but the first network to its number of parameters; "time" keeps the sizes, so that
            only the time is equal.
        settings: Settings of everything that has them, by their names for `--set`.
        thresholds: The relative L2 errors for which the report states the time to threshold.
        against: Baselines that solve the problems too: "deepxde" with an MLP, "fem" on meshes.
    """

    name: str = "study"
    problems: Names
    forms: Annotated[list[str], BeforeValidator(_as_list), Field(min_length=1)] = ["strong"]
    networks: Names = [Entry(name="kan"), Entry(name="mlp")]
    optimizers: Names | None = None
    seeds: PositiveInt | Annotated[list[NonNegativeInt], Field(min_length=1)] = 3
    budget: Seconds | None = None
    clock: Literal["wall", "cpu"] = "wall"
    iterations: PositiveInt | None = None
    points: PositiveInt | None = None
    dtype: Literal["float64", "float32"] = "float64"
    match: Literal["parameters", "time"] = "time"
    settings: dict[str, Any] = {}
    thresholds: list[Annotated[float, Field(gt=0)]] = [1e-2, 1e-3, 1e-4]
    against: Annotated[list[str], BeforeValidator(_as_list)] = []

    @field_validator("thresholds")
    @classmethod
    def _descending(cls, value: list[float]) -> list[float]:
        return sorted(set(value), reverse=True)

    @property
    def seed_list(self) -> list[int]:
        """The seeds."""
        return list(range(self.seeds)) if isinstance(self.seeds, int) else list(dict.fromkeys(self.seeds))


if TYPE_CHECKING:
    Study = _Study
else:
    Study = create_model(
        "Study",
        __base__=_Study,
        __doc__=_Study.__doc__,
        **{
            name: ((PositiveInt if kind.study is int else kind.study) | None, None)
            for name, kind in option_kinds().items()
        },
    )


class Resources(_TomlTable):
    """The table `[resources]`: the resources of a run.

    Attributes:
        threads: CPU threads of a run.
        gpus: GPUs per run, 0 or 1.
        workers: Concurrent runs; by default as many as the cores allow.
        checkpoint: Seconds between checkpoints.
        figures: Whether to draw every solution into its run folder; otherwise the report draws those that it shows.
        memory: Gigabytes per run, for a cluster's queue.
        minutes: Time limit of a run, for a cluster's queue; by default the budget and ten minutes.
        partition: The queue of a cluster.
    """

    threads: PositiveInt = 1
    gpus: Literal[0, 1] = 0
    workers: PositiveInt | None = None
    checkpoint: Annotated[float, Field(ge=0)] = 10.0
    figures: bool = False
    memory: Annotated[float, Field(gt=0)] = 4.0
    minutes: PositiveInt | None = None
    partition: str | None = None


class StudyFile(_TomlTable):
    """A study file.

    Attributes:
        study: The problems and how to solve them.
        sweep: Lists of values by the names of settings, of which all combinations are solved.
        zip: Groups of lists that vary together.
        exclude: Tables of values; runs with all the values of one of them are omitted.
        budgets: Tables of values with the budget in seconds of the runs that have them all; the last of several counts.
        resources: The resources of a run.
    """

    study: Study
    sweep: Axes = {}
    zip: list[Axes] = []
    exclude: list[dict[str, Any]] = []
    budgets: list[Budget] = []
    resources: Resources = Resources()

    @field_validator("zip")
    @classmethod
    def _equal_lengths(cls, groups: list[Axes]) -> list[Axes]:
        for group in groups:
            if len({len(values) for values in group.values()}) > 1:
                counts = ", ".join(f"{name} {len(values)}" for name, values in group.items())
                raise ValueError(f"the lists of a zip group must have equal lengths, not {counts}")
        return groups
