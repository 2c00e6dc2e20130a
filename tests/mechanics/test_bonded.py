from __future__ import annotations

import torch

from kinn.forms.diagnostics import well_posedness_issues
from kinn.mechanics import Bonded
from kinn.problems.inclusion import INSIDE, OUTSIDE, TENSION, exact, make_problem


def test_bonded_solids_share_displacement_and_traction() -> None:
    problem = make_problem()
    (bond,) = (c for c in problem.conditions if isinstance(c, Bonded))
    assert problem.subdomain_groups(bond) == (("inside", "outside"),)
    drawn = problem.subdomains["inside"].boundary("joint").sample(20)
    p = problem.points(torch.as_tensor(drawn.points), torch.as_tensor(drawn.normals))

    def traces(radius: float) -> dict[str, object]:
        near = problem.points(torch.as_tensor(radius * drawn.points))
        return dict(zip("uv", exact(*near.coordinates), strict=True))

    (doubt,) = well_posedness_issues(problem)  # a traction all around says nothing of where the body is
    assert "leaves a motion free: 'u', 'v' may be shifted at will" in doubt
    assert list(well_posedness_issues(problem.in_form("inverse"))) == []
    held = bond.residuals([traces(1 - 1e-9), traces(1 + 1e-9)], p)
    assert len(held) == 4
    assert max(float(r.value.abs().max()) for r in held) < 1e-8
    torn = bond.residuals([traces(1 - 1e-9), traces(1 - 1e-9)], p)
    # the same strain in both: displacements agree, tractions do not
    assert max(float(r.value.abs().max()) for r in torn[:2]) == 0
    assert max(float(r.value.abs().max()) for r in torn[2:]) > 1e-3


def test_the_load_is_taken() -> None:
    problem = make_problem()
    drawn = problem.subdomains["outside"].boundary("rim").sample(10)
    p = problem.points(torch.as_tensor(drawn.points), torch.as_tensor(drawn.normals))
    pulled = OUTSIDE.traction(exact(*p.coordinates), p.n)
    for t, n in zip(pulled, drawn.normals.T, strict=True):
        torch.testing.assert_close(t.value, TENSION * torch.as_tensor(n))
    assert INSIDE.young > OUTSIDE.young
