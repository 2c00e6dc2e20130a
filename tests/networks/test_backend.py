"""Networks know which back end evaluates their layers."""

from __future__ import annotations

import pytest

from kinn.jets import IndexSet
from kinn.networks import KAN, MLP

INDEX = IndexSet.full(2, 2)


def test_splines_are_evaluated_by_the_default_back_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KINN_BACKEND", raising=False)
    assert KAN(width=(3,)).build(2, 1).backend(INDEX) == "numba"


def test_the_environment_overrides_the_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINN_BACKEND", "torch")
    assert KAN(width=(3,)).build(2, 1).backend(INDEX) == "torch"


def test_a_network_without_splines_is_left_to_torch() -> None:
    assert MLP(width=(3,)).build(2, 1).backend(INDEX) == "torch"
