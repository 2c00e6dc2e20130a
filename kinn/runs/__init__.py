"""Runs: a solve from names and settings, its run folder, and its resumption."""
