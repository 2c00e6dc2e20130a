"""Executors of jobs: in this process, in worker processes, on a Dask cluster, in a SLURM queue.

Each is a `concurrent.futures.Executor`, all that a batch relies on.
"""
