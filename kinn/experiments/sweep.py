"""Parameter grid of a study: every problem, form, network, optimizer, swept value and seed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

from kinn.config import setting_types, to_plain
from kinn.errors import InputError, check_name, unknown
from kinn.experiments.run_spec import RunSpec, baseline_runs, match_sizes
from kinn.experiments.specification import Axes, Entry, Study, StudyFile
from kinn.runs.problem_loader import ProblemSource, find_problem
from kinn.runs.resolved_run import ResolvedRun
from kinn.runs.run_options import PARTS, Kind, RunOptions, resolve_training_options, with_settings
from kinn.training_options import option_kinds, strategy_kinds

_RUN_OPTIONS = ("points", "budget", "iterations", "dtype", "clock")

#: The keys of `[study]` that a sweep may set, beside the settings of parts.
STUDY_KEYS = (*_RUN_OPTIONS, *(name for name, kind in option_kinds().items() if kind.scalar))

#: The prefixes of the settings of parts.
PREFIXES = ("problem", *PARTS)

#: The keys of `[[exclude]]` and `[[budgets]]`, beside what is swept.
RUN_KEYS = ("problem", "form", "network", "optimizer", "seed")


@dataclass(frozen=True)
class Sweep:
    """The runs of a study.

    Attributes:
        specs: Each run once, the first seed of all before the second of any, so that an overview is complete early.
        omitted: What was left out, and why.
    """

    specs: tuple[RunSpec, ...]
    omitted: tuple[str, ...]

    @staticmethod
    def from_study(study: StudyFile, *, folder: Path = Path()) -> Sweep:
        """Runs of a study; everything in it is checked before anything is solved.

        Relative paths of problem scripts start at `folder`.

        Raises:
            InputError: If a name in it is unknown, or a value invalid.
        """
        table = study.study
        values = combinations(study.sweep, study.zip)
        swept = {name for combination in values for name in combination}
        exclusions = _Selection("exclude", study.exclude, swept)
        budgets = _Selection("budgets", [budget.settings for budget in study.budgets], swept)
        usage = _SettingUsage()
        omitted: list[str] = []
        by_hash: dict[str, tuple[RunSpec, dict[str, Any]]] = {}
        for entry in table.problems:
            source = find_problem(str(folder / entry.name) if entry.name.endswith(".py") else entry.name)
            for combination in values:
                for spec, labels in _first_seed_specs(table, entry, source, combination, usage, omitted):
                    by_hash.setdefault(spec.hash, (spec, labels))
        usage.check()
        specs: dict[str, RunSpec] = {}
        for seed in table.seed_list:
            for spec, labels in by_hash.values():
                if not spec.has_seed and seed != table.seed_list[0]:
                    continue
                run_labels = labels | {"seed": seed}
                if exclusions.matches(run_labels):
                    continue
                seeded = spec.replace(seed=seed)
                if matches := budgets.matches(run_labels):
                    seeded = seeded.replace(budget=study.budgets[matches[-1]].seconds)
                specs[seeded.hash] = seeded
        exclusions.check()
        budgets.check()
        if not specs:
            raise InputError("; ".join(["the study has no runs", *dict.fromkeys(omitted)]))
        return Sweep(tuple(specs.values()), tuple(dict.fromkeys(omitted)))


def combinations(sweep: Axes, groups: Iterable[Axes]) -> list[dict[str, Any]]:
    """Combinations of values by name: the Cartesian product of the lists of the sweep and of the zipped groups.

    Raises:
        InputError: If a name is no setting, or occurs twice.
    """
    groups = [*({name: values} for name, values in sweep.items()), *groups]
    names = [name for group in groups for name in group]
    for name in names:
        part, dot, _ = name.partition(".")
        if dot and part not in PREFIXES:
            raise unknown("part", part, PREFIXES, f"the sweep of {name!r}")
        if not dot and name not in STUDY_KEYS:
            raise unknown("setting", name, [*STUDY_KEYS, *(f"{prefix}.NAME" for prefix in PREFIXES)], "a sweep")
    duplicates = {name for name in names if names.count(name) > 1}
    if duplicates:
        raise InputError(f"{min(duplicates)} is swept twice")
    axes = [[dict(zip(group, values, strict=True)) for values in zip(*group.values(), strict=True)] for group in groups]
    return [{name: value for part in parts for name, value in part.items()} for parts in product(*axes)]


def training_seconds(specs: Sequence[RunSpec], workers: int = 1, cores: int = 1) -> float:
    """Upper bound of the training time of runs on an otherwise idle machine, in seconds.

    As many runs as workers are concurrent, and the cores of the machine bound the CPU time per second.
    """
    parallel = {"cpu": min(workers, cores), "wall": workers}
    total = sum(  # each member of an ensemble has the whole budget
        spec.config["budget"] * (spec.config.get("ensemble") or 1) / parallel[spec.config["clock"]] for spec in specs
    )
    return float(total)


@dataclass
class _SettingUsage:
    """Settings of a study by what they apply to, to refuse those that apply to nothing.

    Attributes:
        choices: The settings that exist, for each setting of the study.
        used: The settings of the study that apply to something.
    """

    choices: dict[str, set[str]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def select(self, settings: Mapping[str, Any], known: Mapping[str, Any], part: str) -> dict[str, Any]:
        """Those of the settings that are known."""
        for name in settings:
            self.choices.setdefault(f"{part}.{name}", set()).update(known)
        selected = {name: value for name, value in settings.items() if name in known}
        self.used |= {f"{part}.{name}" for name in selected}
        return selected

    def customise(self, default: Kind, entry: Entry, values: Mapping[str, Any], part: str) -> Kind:
        """Network or optimizer with those of the values that it knows, and the settings of its entry."""
        selected = self.select(_settings_of(values, part), setting_types(default), part)
        return with_settings(default, selected | entry.settings, part)

    def check(self) -> None:
        """Refuse settings that apply to nothing."""
        for name, choices in self.choices.items():
            if name not in self.used:
                part, _, setting = name.partition(".")
                raise unknown("setting", setting, choices, f"any {part} of the study")


class _Selection:
    """Tables of a study, of a kind such as "exclude", that select runs: those with all the values of a table.

    Raises:
        InputError: If a table has a key in which runs do not differ.
    """

    def __init__(self, kind: str, tables: Sequence[Mapping[str, Any]], swept: Collection[str]) -> None:
        names = [*RUN_KEYS, *sorted(swept)]
        for table in tables:
            for name in table:
                check_name("key", name, names, f"[[{kind}]]")
        self._kind = kind
        self._tables = tables
        self._matched: set[int] = set()

    def matches(self, labels: Mapping[str, Any]) -> list[int]:
        """Indices of the tables all of whose values a run has."""
        matched = [n for n, table in enumerate(self._tables) if all(labels.get(k) == v for k, v in table.items())]
        self._matched.update(matched)
        return matched

    def check(self) -> None:
        """Refuse tables that match no run."""
        for n, table in enumerate(self._tables):
            if n not in self._matched:
                values = ", ".join(f"{name} = {value!r}" for name, value in table.items())
                raise InputError(f"[[{self._kind}]] {values} matches no run of the study")


def _settings_of(values: Mapping[str, Any], part: str) -> dict[str, Any]:
    """Values of a part, by their names without its prefix."""
    return {name.removeprefix(f"{part}."): value for name, value in values.items() if name.startswith(f"{part}.")}


def _first_seed_specs(
    study: Study,
    entry: Entry,
    source: ProblemSource,
    values: Mapping[str, Any],
    usage: _SettingUsage,
    omitted: list[str],
) -> Iterator[tuple[RunSpec, dict[str, Any]]]:
    """Runs of one problem at one combination of values, for the first seed, with the labels for selections."""
    from kinn.arguments import (
        check_options,
        check_tolerance,
        resolve_grown_network,
        resolve_growth,
        resolve_network,
        resolve_optimizer,
    )

    common = {**study.settings, **values}
    keys = {name: getattr(study, name) for name in (*STUDY_KEYS, *option_kinds())}
    keys |= {name: value for name, value in common.items() if name in STUDY_KEYS}
    problem_settings = usage.select(_settings_of(common, "problem"), source.defaults, "problem")
    settings, problem = source.build(entry.settings | problem_settings)
    for form in study.forms:
        options = RunOptions(form=form, out=Path(), **{name: keys[name] for name in _RUN_OPTIONS})
        try:
            formulated = problem.in_form(form)
        except InputError as error:
            omitted.append(str(error))
            continue
        plain = [resolve_network(formulated, n.name) for n in study.networks]
        networks = [usage.customise(p, n, common, "network") for p, n in zip(plain, study.networks, strict=True)]
        # a network without settings grows, unless sizes are to be matched
        named = [
            n.name if p == network else network for n, p, network in zip(study.networks, plain, networks, strict=True)
        ]
        if study.match == "parameters":
            networks = match_sizes(networks, formulated)
            named = list(networks)
        optimizers = [
            usage.customise(resolve_optimizer(o.name), o, common, "optimizer")
            for o in study.optimizers or [Entry(name=formulated.defaults.optimizer)]
        ]
        training = resolve_training_options(
            formulated.defaults,
            {name: keys[name] for name in option_kinds()},
            {name: _settings_of(common, name) for name in strategy_kinds()},
        )
        check_tolerance(training, options.dtype)
        for optimizer in optimizers:
            check_options(training, optimizer, form)
        first = ResolvedRun(
            source, settings, formulated, networks[0], optimizers[0], training, study.seed_list[0], options
        )
        runs = []
        for (architecture, network), optimizer in product(zip(networks, named, strict=True), optimizers):
            grown = resolve_growth(formulated, network, optimizer, training, keys["growth"])
            architecture = resolve_grown_network(network, architecture, grown)
            runs.append(replace(first, network=architecture, optimizer=optimizer, training_options=grown))
        for run in (*runs, *baseline_runs(study, first, networks, omitted)):
            labels = {"problem": entry.name, "form": form, "network": run.network.name}
            yield (
                RunSpec(to_plain(run.config), run.origin),
                labels | {"optimizer": run.baseline or run.optimizer.name, **values},
            )
