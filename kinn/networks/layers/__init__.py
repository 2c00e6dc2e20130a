"""Layers on jets: what networks are stacked from."""
