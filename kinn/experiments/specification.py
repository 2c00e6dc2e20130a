"""What a study file says: problems, forms, networks, optimisers, seeds, sweeps, exclusions, resources."""

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

#: The time of a run.
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Entry(BaseModel):
    """A problem, network or optimizer with settings: `{ name = "kan", grid = 10 }`."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str

    @property
    def settings(self) -> dict[str, Any]:
        """The settings by name."""
        return dict(self.__pydantic_extra__ or {})


class Budget(BaseModel):
    """The time of some cases: `seconds`, and the values that these have: `{ problem = "crack", seconds = 60 }`."""

    model_config = ConfigDict(extra="allow", frozen=True)

    seconds: Seconds

    @property
    def facts(self) -> dict[str, Any]:
        """The values by name."""
        return dict(self.__pydantic_extra__ or {})


def _entry(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


def _several(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Named = Annotated[Entry, BeforeValidator(_entry)]
Names = Annotated[list[Named], BeforeValidator(_several), Field(min_length=1)]
Axes = dict[str, Annotated[list[Any], Field(min_length=1)]]


class _Study(_Table):
    """The table `[study]`; the options of `TrainingOptions` belong to it.

    Attributes:
        name: What the report calls the study.
        problems: Names or scripts, each with settings if need be.
        forms: The forms of the equations; a problem that does not state one is left out of it.
        networks: The networks, each with settings if need be; the problem's own are the default.
        optimizers: The methods; the problem's own by default.
        seeds: A count, or a list of seeds.
        budget: Seconds a run; the problem's own by default.
        clock: What they are counted by: "wall", or "cpu" for the processor's, of all threads of a run together.
        iterations: The most steps a run.
        points: Collocation points.
        dtype: "float64" or "float32".
        match: "parameters" scales the networks after the first to its number of parameters; "time" leaves their sizes as
            they are, so that only the time is the same.
        settings: Settings that go to all that have them, as `--set` takes them.
        accuracies: The relative L2 errors to which seconds are told.
        against: Peers that solve the problems too: "deepxde" with an MLP, "fem" on meshes.
    """

    name: str = "study"
    problems: Names
    forms: Annotated[list[str], BeforeValidator(_several), Field(min_length=1)] = ["strong"]
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
    accuracies: list[Annotated[float, Field(gt=0)]] = [1e-2, 1e-3, 1e-4]

    against: Annotated[list[str], BeforeValidator(_several)] = []

    @field_validator("accuracies")
    @classmethod
    def _falling(cls, value: list[float]) -> list[float]:
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


class Resources(_Table):
    """The table `[resources]`: what a run may use.

    Attributes:
        threads: CPU threads of a run.
        gpus: Whether each run has a GPU of its own: 1, or 0 for none.
        workers: Runs at a time; by default as many as the cores have threads for.
        checkpoint: Seconds between two checkpoints.
        figures: Whether to draw each solution into its run folder as soon as it is there; the report draws those that it shows.
        memory: Gigabytes of a run, for a cluster's queue.
        minutes: The longest a run takes, for a cluster's queue; by default the budget and ten minutes.
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


class StudyFile(_Table):
    """A whole study file.

    Attributes:
        study: What is solved, and how.
        sweep: Lists of values by the names of settings, which are crossed.
        zip: Groups of lists that are gone through together.
        exclude: What is left out: cases that have all the values of one of these tables.
        budgets: The seconds of cases that have all the values of one of these tables, the last of several, in place of
            the study's or the problem's own.
        resources: What a run may use.
    """

    study: Study
    sweep: Axes = {}
    zip: list[Axes] = []
    exclude: list[dict[str, Any]] = []
    budgets: list[Budget] = []
    resources: Resources = Resources()

    @field_validator("zip")
    @classmethod
    def _even(cls, groups: list[Axes]) -> list[Axes]:
        for group in groups:
            if len({len(values) for values in group.values()}) > 1:
                counts = ", ".join(f"{name} {len(values)}" for name, values in group.items())
                raise ValueError(f"the lists of a zip group are equally long, not {counts}")
        return groups
