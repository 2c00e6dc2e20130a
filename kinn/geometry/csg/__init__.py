"""Constructive solid geometry: Boolean operations, products with an interval, motions."""
