"""The strong form: residuals at points in the mean square, and how well data fix unknown constants."""
