"""Studies: many runs from one specification, solved by parallel workers, in one store with one report."""
