from __future__ import annotations

from kinn.train.state import HistoryEntry, columns, from_columns


def test_a_history_survives_as_columns() -> None:
    history = [
        HistoryEntry("lm", 1, 0.5, 2.0, None, {"damping": 0.1}, {"nu": 1.0}),
        HistoryEntry("lm", 2, 0.7, 1.0, 3.0, {}, {"nu": 0.5}),
        HistoryEntry("ssbroyden", 3, 0.9, 0.5, None, {"length": 1.0}),
    ]
    assert from_columns(columns(history)) == history
