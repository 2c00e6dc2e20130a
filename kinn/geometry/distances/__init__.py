"""Smooth functions of how far a point is from a set, in arithmetic that jets carry."""
