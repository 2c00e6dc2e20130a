"""Shapes made of shapes: set operations, motions, products with an interval and with time."""
