"""The table of accuracy: its rows, the runs behind them, and the page."""
