"""What `benchmarks/untuned.py` measures: problems, their runs, and the page."""
