"""The problems of the KINN paper: published errors, and runs of KINN."""
