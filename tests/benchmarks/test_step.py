"""The benchmark of the step times the same step everywhere, and its pages keep what they do not own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the benchmark's modules be imported, as they are when it runs as a script."""
    monkeypatch.syspath_prepend(str(FOLDER))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_our_step_and_the_nested_one_agree(dtype: str) -> None:
    from step_cases import nested
    from step_cases.jets import build, kan_architecture, step_at
    from step_cases.nested_kan import NestedKAN
    from step_cases.sizes import Sizes, draw

    sizes = Sizes(width=(5, 3), grid=6, points=40, dtype=dtype)
    ours = build(sizes, kan_architecture(sizes))
    theirs = NestedKAN(sizes)
    theirs.copy_from(ours)
    x, source = draw(sizes)
    loss, gradient = step_at(ours, x, source, block=16)()  # three blocks
    expected, slope = nested.step_at(theirs, list(theirs.parameters()), x, source)()
    digits = 1e-4 if dtype == "float32" else 1e-11
    torch.testing.assert_close(loss, expected, rtol=digits, atol=0)
    torch.testing.assert_close(
        gradient, theirs.in_kinn_order(slope), rtol=digits, atol=digits * float(slope.abs().max())
    )


@pytest.mark.parametrize("dtype", ["float32", torch.float64])
@pytest.mark.parametrize("network", ["kan", "mlp"])
def test_make_step_gives_the_loss_and_its_gradient(network: str, dtype: Any) -> None:
    from step import make_step

    step = make_step(network=network, width=(4, 4), grid=5, degree=3, points=32, dtype=dtype)
    loss, gradient = step()
    again, repeated = step()
    assert loss.dim() == 0
    assert gradient.dim() == 1
    assert str(loss.dtype).endswith(str(dtype)[-7:])
    assert float(loss) == float(again)
    assert torch.equal(gradient, repeated)
    assert float(gradient.norm()) > 0


def test_make_step_names_a_network_it_does_not_have() -> None:
    from step import make_step

    with pytest.raises(ValueError, match="'kan' or 'mlp', not 'gan'"):
        make_step(network="gan")


def test_a_case_is_measured_in_a_process_of_its_own() -> None:
    from step_cases.sizes import Sizes
    from step_report.runs import Bench, Run

    small = Sizes(width=(4,), grid=5, points=64)
    ours, nobody = Bench(quick=True).measure([Run("kan", small), Run("kan", Sizes(width=(0,)), "impossible")])
    assert ours.cpu["step"] > 0
    assert ours.wall["step"] > 0
    assert ours.facts == {"parameters": 4 * (2 + 1) * 9, "backend": "numba"}
    assert "at least 1" in nobody.failure


def test_a_section_replaces_its_own_text_alone() -> None:
    from pages import replace_section

    page = replace_section("# Title\n\nBy hand.\n", "first", "one")
    page = replace_section(page, "second", "two")
    assert replace_section(replace_section(page, "first", "ONE"), "first", "one") == page
    assert page.startswith("# Title\n\nBy hand.")
    assert page.index("one") < page.index("two")
    with pytest.raises(ValueError, match="does not end"):
        replace_section("<!-- first: begin -->", "first", "one")


def test_the_operations_of_a_step_are_counted_from_the_formulas() -> None:
    from step_cases.sizes import Sizes
    from step_report.roofline import work_of

    one, two = work_of(Sizes(width=(3,), points=10)), work_of(Sizes(width=(3,), points=20))
    assert two.operations == 2 * one.operations
    assert two.bytes == 2 * one.bytes
    # k = 3: 3 + 2 + 1 for three Taylor coefficients, 3 for silu, 4 + 1 for value, slopes and Laplacian
    assert one.forward == 14
