"""The other libraries that solve for a comparison: found by name, whatever has been imported before."""

from __future__ import annotations

import pytest

import kinn.baselines
import kinn.baselines.deepxde_solver
from kinn.errors import InputError


def test_a_baseline_is_found_after_the_module_that_solves_with_it_has_been_imported() -> None:
    from kinn.baselines import get_baseline

    assert get_baseline("deepxde").module == kinn.baselines.deepxde_solver.__name__
    with pytest.raises(InputError, match="no baseline named 'deepdxe'; did you mean 'deepxde'"):
        get_baseline("deepdxe")
