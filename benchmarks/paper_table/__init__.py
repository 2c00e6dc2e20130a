"""The problems of the KINN paper: what its scripts recorded, and what runs of ours reach."""
