"""Study files: what they state, and the line and key of what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinn.errors import InputError
from kinn.experiments.reading import bundled_studies, parse_study, read_study
from kinn.experiments.sweep import Sweep

SMALLEST = """
[study]
name = "first"
problems = ["poisson-2d", "burgers"]
forms = ["strong"]
networks = ["kan", "mlp"]
seeds = 5            # a count, or a list of seeds
budget = 60          # seconds a run
"""

YAML = """
study:
  name: first
  problems: [poisson-2d, burgers]
  forms: [strong]
  networks: [kan, mlp]
  seeds: 5
  budget: 60
"""


def test_toml_and_yaml_state_the_same() -> None:
    study = parse_study(SMALLEST, Path("first.toml"))
    assert study == parse_study(YAML, Path("first.yaml"))
    assert study.study.seed_list == [0, 1, 2, 3, 4]
    assert [n.name for n in study.study.networks] == ["kan", "mlp"]


def test_one_may_stand_for_a_list_and_settings_for_a_table() -> None:
    text = '[study]\nproblems = "poisson-1d"\nnetworks = { name = "kan", grid = 4 }\nseeds = [3, 5]\n'
    study = parse_study(text, Path("s.toml")).study
    assert study.problems[0].name == "poisson-1d"
    assert study.networks[0].settings == {"grid": 4}
    assert study.seed_list == [3, 5]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SMALLEST + "budgt = 3\n", r"s.toml:9: no key named 'budgt' in \[study\]; did you mean 'budget'\?"),
        (
            SMALLEST + "[resources]\nthread = 3\n",
            r"s.toml:10: no key named 'thread' in \[resources\]; did you mean 'thr",
        ),
        ("[studdy]\nname = 'x'\n", r"s.toml: study is missing|s.toml:1: no key named 'studdy'; did you mean 'study'\?"),
        ("[study]\nname = 'x'\n", r"s.toml:1: study.problems is missing"),
        (SMALLEST.replace("seeds = 5", "seeds = 0"), r"s.toml:7: study.seeds: input should be greater than 0"),
        (SMALLEST.replace("budget = 60", "budget = -1"), r"s.toml:8: study.budget: input should be greater than 0"),
        (SMALLEST + "clock = 'cpus'\n", r"s.toml:9: study.clock: input should be 'wall' or 'cpu'"),
        (SMALLEST + "dtype = 'float16'\n", r"s.toml:9: study.dtype: input should be 'float64' or 'float32'"),
        (SMALLEST + "match = 'size'\n", r"s.toml:9: study.match: input should be 'parameters' or 'time'"),
        (
            SMALLEST + "[[zip]]\npoints = [1]\nbatch = [1, 2]\n",
            r"s.toml:9: zip: the lists of a zip group must have equal l",
        ),
        (SMALLEST + "[[budgets]]\nform = 'strong'\n", r"s.toml:9: budgets.0.seconds is missing"),
        (
            SMALLEST + "[[budgets]]\nseconds = 0\n",
            r"s.toml:10: budgets.0.seconds: input should be greater than 0",
        ),
        (SMALLEST + "points = \n", r"s.toml is not valid TOML: .*line 9"),
        (SMALLEST + "[sweep]\npoints = []\n", r"s.toml:10: sweep.points: list should have at least 1 item"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_study(text, Path("s.toml"))


def test_yaml_is_refused_with_its_line_too() -> None:
    with pytest.raises(InputError, match=r"s.yml:9: no key named 'budgt' in \[study\]; did you mean 'budget'\?"):
        parse_study(YAML + "  budgt: 3\n", Path("s.yml"))
    with pytest.raises(InputError, match=r"s.yml:3 is not valid YAML"):
        parse_study("study:\n  name: 'x\n  problems: a'b: c\n", Path("s.yml"))


def test_a_file_that_is_not_there_is_looked_up_among_the_ready_made(tmp_path: Path) -> None:
    assert read_study(Path("kinn-paper.toml")).study.name == "kinn-paper"
    assert read_study(Path("kinn-paper")).study.name == "kinn-paper"
    with pytest.raises(InputError, match=r"no study named 'kin-paper.toml' .*did you mean 'kinn-paper.toml'"):
        read_study(Path("kin-paper.toml"))
    with pytest.raises(InputError, match=r"cannot read the study .*nothing.toml: No such file"):
        read_study(tmp_path / "nothing.toml")


@pytest.mark.parametrize("name", ["grid-size.toml", "kinn-paper.toml", "optimizers.toml", "scaling-law.toml"])
def test_the_ready_made_studies_can_be_carried_out(name: str) -> None:
    text = bundled_studies()[name]
    study = parse_study(text, Path(name))
    assert study.study.name == name.removesuffix(".toml")
    assert len(study.study.seed_list) >= 3
    assert len(Sweep.from_study(study).specs) >= 2 * len(study.study.seed_list)
