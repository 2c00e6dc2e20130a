"""Quadrature: rules on reference cells, the cells that shapes and boundaries are cut into, and rules put together."""
