"""`--set`: where a setting goes."""

from __future__ import annotations

import pytest

from kinn.errors import InputError
from kinn.runs.run_options import parse_settings


def test_settings_go_to_the_part_in_front_of_the_dot() -> None:
    settings = parse_settings(["network.grid=10", "optimizer.gain_ratio=0.1", "features=tip", "network.grid = 12"])
    stated = {part: texts for part, texts in settings.items() if texts}
    expected = {"network": {"grid": "12"}, "optimizer": {"gain_ratio": "0.1"}, "problem": {"features": "tip"}}
    assert stated == expected


def test_a_text_may_hold_an_equals_sign() -> None:
    assert parse_settings(["title=a=b"])["problem"] == {"title": "a=b"}


@pytest.mark.parametrize("pair", ["grid", "=3", ""])
def test_what_is_no_pair_is_an_error(pair: str) -> None:
    with pytest.raises(InputError, match=r"--set takes NAME=VALUE"):
        parse_settings([pair])


def test_an_unknown_part_names_the_nearest() -> None:
    with pytest.raises(InputError, match=r"no part named 'netwrk' .*did you mean 'network'"):
        parse_settings(["netwrk.grid=3"])
