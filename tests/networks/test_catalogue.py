from __future__ import annotations

import dataclasses

import pytest

from kinn.networks import KAN, NETWORKS, Architecture
from kinn.networks.settings_docs import settings, summary


@pytest.mark.parametrize("kind", NETWORKS.values(), ids=list(NETWORKS))
def test_every_setting_is_explained(kind: type[Architecture]) -> None:
    assert summary(kind).endswith(".")
    listed = settings(kind)
    assert [s.name for s in listed] == [f.name for f in dataclasses.fields(kind)]  # type: ignore[arg-type]
    for setting in listed:
        assert len(setting.text.split()) > 2, setting.name
        assert getattr(kind(), setting.name) in (setting.default, (setting.default,))


def test_an_explanation_of_several_lines_is_one() -> None:
    degree = next(s for s in settings(KAN) if s.name == "degree")
    assert degree.default == 5
    assert degree.text.startswith("The degree of the splines; 5 and more for second-order equations")
    assert degree.text.endswith("is only piecewise constant).")


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_have_the_parameters_that_they_say(name: str) -> None:
    architecture = NETWORKS[name]()
    for factor in (0.3, 1.0, 1.7):
        resized = architecture.resized(factor)
        assert type(resized) is NETWORKS[name]
        assert resized.build(2, 3).parameter_count == resized.parameter_count(2, 3)
