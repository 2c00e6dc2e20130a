"""Runs: from names and settings to a solve in its run folder, and from a run folder back to the solve."""
