"""`--set`: where a setting goes, and what its text means."""

from __future__ import annotations

from typing import Any

import pytest

from kinn.errors import InputError
from kinn.runs.settings import Settings, convert, split


def test_settings_go_to_the_part_in_front_of_the_dot() -> None:
    settings = split(["network.grid=10", "optimizer.target=0.1", "features=tip", "network.grid = 12"])
    assert settings == Settings({"grid": "12"}, {"target": "0.1"}, {"features": "tip"})


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("8", int, 8),
        ("1e-3", float, 1e-3),
        ("3", float, 3.0),
        ("true", bool, True),
        ("tip", str, "tip"),
        ("8", tuple[int, ...] | int, 8),
        ("8,8", tuple[int, ...] | int, (8, 8)),
        ("(8, 8)", tuple[int, ...] | int, (8, 8)),
        ("8", tuple[int, ...], (8,)),
        ("0.5", float | None, 0.5),
        ("a=b", str, "a=b"),
    ],
)
def test_texts_read_as_the_type_declared(text: str, kind: Any, value: Any) -> None:
    assert convert({"name": text}, {"name": kind}, "a thing") == {"name": value}


def test_a_text_may_hold_an_equals_sign() -> None:
    assert split(["title=a=b"]).problem == {"title": "a=b"}


@pytest.mark.parametrize("pair", ["grid", "=3", ""])
def test_what_is_no_pair_is_an_error(pair: str) -> None:
    with pytest.raises(InputError, match=r"--set takes NAME=VALUE"):
        split([pair])


def test_an_unknown_part_names_the_nearest() -> None:
    with pytest.raises(InputError, match=r"no part named 'netwrk' .*did you mean 'network'"):
        split(["netwrk.grid=3"])


def test_an_unknown_setting_names_the_nearest() -> None:
    with pytest.raises(InputError, match="no setting named 'gird' in network 'kan'; did you mean 'grid'"):
        convert({"gird": "3"}, {"grid": int, "degree": int}, "network 'kan'")


@pytest.mark.parametrize("kind", [int, tuple[int, ...] | int])
def test_a_text_of_the_wrong_type_says_what_it_should_be(kind: Any) -> None:
    with pytest.raises(InputError, match="grid of network 'kan' cannot be 'abc': input should be a valid integer"):
        convert({"grid": "abc"}, {"grid": kind}, "network 'kan'")
