"""Training: the loop, its records, and the run folder it leaves behind."""
