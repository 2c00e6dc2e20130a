"""Labels say in what runs differ, and nothing else."""

from __future__ import annotations

from typing import Any

from kinn.experiments.tables import row_labels


def config(
    network: str = "kan", seed: int = 0, form: str = "strong", problem: str = "p", **other: Any
) -> dict[str, Any]:
    nested = {"name": network, **other.pop("network_", {})}
    return {
        "problem": {"name": problem, "settings": other.pop("settings", {})},
        "network": nested, "optimizer": {"name": "auto"}, "form": form, "seed": seed, **other,
    }  # fmt: skip


def test_networks_are_enough_where_nothing_else_differs() -> None:
    labels = row_labels(
        [config("kan", network_={"width": [8]}), config("mlp", network_={"width": [20]}), config("kan", seed=1)]
    )
    assert [way for _, way in labels][1] == "mlp"
    assert {problem for problem, _ in labels} == {"p"}


def test_what_differs_between_runs_of_one_network_is_said() -> None:
    labels = row_labels([config(network_={"grid": 5}), config(network_={"grid": 10}), config("mlp")])
    assert [way for _, way in labels] == ["kan grid=5", "kan grid=10", "mlp"]


def test_widths_that_differ_between_problems_are_not() -> None:
    labels = row_labels([config(network_={"width": [5]}), config(network_={"width": [9]}, problem="q")])
    assert labels == [("p", "kan"), ("q", "kan")]


def test_forms_and_settings_of_problems() -> None:
    labels = row_labels([config(settings={"features": "none"}), config(settings={"features": "tip"}, form="energy")])
    assert labels == [("p features=none", "kan strong"), ("p features=tip", "kan energy")]
