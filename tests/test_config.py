"""Specifications as a name with settings, and back; what the text of a setting means."""

from __future__ import annotations

from typing import Any

import pytest

from kinn.config import convert, from_config, to_config, to_plain
from kinn.errors import InputError
from kinn.networks import KAN, MLP, NETWORKS
from kinn.optim import OPTIMIZERS, Adam, Auto


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


def test_an_unknown_setting_names_the_nearest() -> None:
    with pytest.raises(InputError, match="no setting named 'gird' in network 'kan'; did you mean 'grid'"):
        convert({"gird": "3"}, {"grid": int, "degree": int}, "network 'kan'")


@pytest.mark.parametrize("kind", [int, tuple[int, ...] | int])
def test_a_text_of_the_wrong_type_says_what_it_should_be(kind: Any) -> None:
    with pytest.raises(InputError, match="grid of network 'kan' cannot be 'abc': input should be a valid integer"):
        convert({"grid": "abc"}, {"grid": kind}, "network 'kan'")


def test_what_is_described_can_be_rebuilt_from_a_file() -> None:
    for network in (KAN((8, 6), (5, 6, 7), 4, init="glorot"), MLP((20,), activation="sin", init_range=12.0)):
        assert from_config(NETWORKS, to_plain(to_config(network)), "network") == network
    for method in (Adam(lr=1 / 3), Auto(warm_up=7, min_progress=0.1)):
        assert from_config(OPTIMIZERS, to_plain(to_config(method)), "optimizer") == method


def test_what_was_described_by_another_hand_is_checked() -> None:
    with pytest.raises(InputError, match="no network named 'kam'; did you mean 'kan'"):
        from_config(NETWORKS, {"name": "kam"}, "network")
    with pytest.raises(InputError, match="no setting named 'beta' in optimizer 'adam'; did you mean 'betas'"):
        from_config(OPTIMIZERS, {"name": "adam", "beta": 1.0}, "optimizer")
