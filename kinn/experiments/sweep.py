"""From a study to its cases: every problem in every form, by every network and method, for every value and seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kinn.config import setting_types
from kinn.errors import InputError, unknown
from kinn.experiments.axes import PLAIN, combinations, of_part
from kinn.experiments.baseline_runs import peers
from kinn.experiments.matching import matched
from kinn.experiments.run_spec import RunSpec
from kinn.experiments.selection import Selection
from kinn.experiments.specification import Entry, Study, StudyFile
from kinn.runs.options import Options, specified
from kinn.runs.problem_loader import ProblemSource, find_problem
from kinn.runs.resolved_run import ResolvedRun
from kinn.training_options import option_kinds, strategy_kinds

if TYPE_CHECKING:
    from kinn.networks import Architecture
    from kinn.optim import Optimizer
    from kinn.problem import Problem


@dataclass(frozen=True)
class Sweep:
    """The cases of a study.

    Attributes:
        cases: Each once, the first seed of all before the second of any, so that a whole picture is there early.
        left_out: What was not made a case, and why.
    """

    cases: tuple[RunSpec, ...]
    left_out: tuple[str, ...]


@dataclass
class _Usage:
    """Which settings found someone who has them."""

    asked: dict[str, set[str]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def share(self, texts: Mapping[str, Any], types: Mapping[str, Any], part: str) -> dict[str, Any]:
        """Return those of the settings that someone of these types has."""
        for name in texts:
            self.asked.setdefault(f"{part}.{name}", set()).update(types)
        mine = {name: value for name, value in texts.items() if name in types}
        self.taken |= {f"{part}.{name}" for name in mine}
        return mine

    def check(self) -> None:
        """Refuse settings that none has.

        Raises:
            InputError: If there is one.
        """
        for name, choices in self.asked.items():
            if name not in self.taken:
                part, _, setting = name.partition(".")
                raise unknown("setting", setting, choices, f"any {part} of the study")


def matrix(study: StudyFile, *, folder: Path = Path()) -> Sweep:
    """Return the cases of a study; everything in it is checked before anything is solved.

    Args:
        study: The study.
        folder: Where paths of problem scripts begin.

    Raises:
        InputError: If something in it does not exist or cannot be.
    """
    what = study.study
    values = combinations(study.sweep, study.zip)
    swept = {name for combination in values for name in combination}
    excluded = Selection("exclude", study.exclude, swept)
    allotted = Selection("budgets", [budget.facts for budget in study.budgets], swept)
    usage = _Usage()
    left_out: list[str] = []
    by_hash: dict[str, tuple[RunSpec, dict[str, Any]]] = {}
    for entry in what.problems:
        source = _source(entry.name, folder)
        for combination in values:
            for case, facts in _cases(what, entry, source, combination, usage, left_out):
                by_hash.setdefault(case.hash, (case, facts))
    usage.check()
    cases: dict[str, RunSpec] = {}
    for seed in what.seed_list:
        for case, facts in by_hash.values():
            if case.seedless and seed != what.seed_list[0]:
                continue
            given = facts | {"seed": seed}
            if excluded.of(given):
                continue
            made = case.replaced(seed=seed)
            if found := allotted.of(given):
                made = made.replaced(budget=study.budgets[found[-1]].seconds)
            cases[made.hash] = made
    excluded.check()
    allotted.check()
    if not cases:
        raise InputError("; ".join(["the study has no cases", *dict.fromkeys(left_out)]))
    return Sweep(tuple(cases.values()), tuple(dict.fromkeys(left_out)))


def _source(name: str, folder: Path) -> ProblemSource:
    return find_problem(str(folder / name) if name.endswith(".py") else name)


def _cases(
    study: Study, entry: Entry, source: ProblemSource, values: Mapping[str, Any], usage: _Usage, left_out: list[str]
) -> Iterator[tuple[RunSpec, dict[str, Any]]]:
    """Yield the cases of one problem at one combination of values, for the first seed, with what exclusions go by."""
    from kinn.solver import check_options

    general = {**study.settings, **values}
    mine = usage.share(of_part(general, "problem"), source.defaults, "problem")
    settings, made = source.build(entry.settings | mine)
    wanted: Sequence[Entry | None] = study.optimizers or [None]
    for form in study.forms:
        options = _options(study, form, general)
        try:
            problem = made.in_form(form)
        except InputError as error:
            left_out.append(str(error))
            continue
        architectures = [_network(n, of_part(general, "network"), problem, usage) for n in study.networks]
        if study.match == "parameters":
            architectures = matched(architectures, problem)
        methods = [_method(o, of_part(general, "optimizer"), options, problem, usage) for o in wanted]
        recipe = options.recipe_for(problem)
        for architecture in architectures:
            for method in methods:
                check_options(recipe, method, form)
                work = ResolvedRun(source, settings, problem, architecture, method, recipe, study.seed_list[0], options)
                facts = {"problem": entry.name, "form": form, "network": architecture.name, "optimizer": method.name}
                yield RunSpec.of(work), facts | dict(values)
        for work in peers(study, source, settings, problem, architectures, options, left_out):
            facts = {"problem": entry.name, "form": form, "network": work.network.name, "optimizer": str(work.baseline)}
            yield RunSpec.of(work), facts | dict(values)


def _network(entry: Entry, settings: Mapping[str, Any], problem: Problem, usage: _Usage) -> Architecture:
    from kinn.solver import resolve_network

    default = resolve_network(problem, entry.name)
    return specified(default, usage.share(settings, setting_types(default), "network") | entry.settings, "network")


def _method(
    entry: Entry | None, settings: Mapping[str, Any], options: Options, problem: Problem, usage: _Usage
) -> Optimizer:
    default = replace(options, optimizer=entry.name if entry else None).optimizer_for(problem)
    own = entry.settings if entry else {}
    return specified(default, usage.share(settings, setting_types(default), "optimizer") | own, "optimizer")


def _options(study: Study, form: str, values: Mapping[str, Any]) -> Options:
    plain = {name: getattr(study, name) for name in (*PLAIN, *option_kinds())}
    plain |= {name: value for name, value in values.items() if name in PLAIN}
    return Options(
        form=form,
        optimizer=None,
        optimizer_settings={},
        points=plain["points"],
        budget=plain["budget"],
        iterations=plain["iterations"],
        dtype=plain["dtype"],
        threads=None,
        out=Path(),
        clock=plain["clock"],
        strategies={name: plain[name] for name in option_kinds()},
        strategy_settings={name: of_part(values, name) for name in strategy_kinds()},
    )


def seconds(cases: Sequence[RunSpec], workers: int = 1, cores: int = 1) -> float:
    """Return how many seconds the training of cases takes at most, on a machine that does nothing else.

    Args:
        cases: The cases.
        workers: Runs at a time.
        cores: Those of the machine: seconds of the processor pass no faster than it has cores.
    """
    total = 0.0
    for case in cases:
        budget = case.config["budget"] * (case.config.get("ensemble") or 1)  # each member has all of it
        total += budget / (min(workers, cores) if case.config["clock"] == "cpu" else workers)
    return total
