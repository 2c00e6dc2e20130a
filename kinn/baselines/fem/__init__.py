"""Finite elements by scikit-fem (extra `fem`), for a comparison: the peer that users should know when to prefer.

The equations come from the problem's own energy: its first and second derivative by what it asks of the fields, taken at
the quadrature points, are the residual and the tangent, so that every energy of values and first derivatives can be solved.
(scikit-fem: Gustafsson and McBain, JOSS 5, 2020, 2369.)
"""
