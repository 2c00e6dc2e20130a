"""Studies: many solves from one specification, on many workers, kept in one store, told in one report."""
