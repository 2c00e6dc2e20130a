"""The accuracy table: its rows, their runs, and the page."""
