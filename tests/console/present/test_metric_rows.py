"""A metric's row on the board, whatever its values are."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.clock import EPOCH
from pointsman.console.present.cells import width
from pointsman.console.present.glyphs import ASCII, UNICODE
from pointsman.console.present.look import Draw
from pointsman.console.present.metrics import METRICS, MetricRow, reading, threshold_words
from pointsman.console.present.sparkline import sparkline
from pointsman.model.metrics import MetricQuery, Series, Threshold
from pointsman.model.refs import MetricRef

REF = MetricRef("Shop", "Orders", (("Region", "eu"),))
START = EPOCH - timedelta(hours=1)
HUGE = st.sampled_from([math.inf, -math.inf, 1e308, -1e308, 5e-324, -5e-324, 0.0, -0.0, 2.0**360])
VALUES = st.lists(HUGE | st.floats(allow_nan=False), max_size=20)


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
@given(values=VALUES, limits=st.lists(HUGE | st.floats(allow_nan=False), max_size=3), room=st.integers(0, 60))
@settings(max_examples=60)
def test_any_values_are_a_row(glyphs: object, values: list[float], limits: list[float], room: int) -> None:
    draw = Draw(EPOCH, glyphs=glyphs)  # type: ignore[arg-type]
    times = tuple(START.timestamp() + 60 * at for at in range(len(values)))
    series = Series(MetricQuery(REF), "", times, tuple(values))
    thresholds = tuple(Threshold("a", REF, "GreaterThanThreshold", one, "OK", "Sum", 60) for one in limits)
    row = MetricRow(REF, START, EPOCH, series=series, thresholds=thresholds, unit="Bytes", cursor=START)
    for column in METRICS:
        said = "".join(text for text, _ in column.cell(row, draw))
        assert "nan" not in said
    assert "nan" not in threshold_words(row)
    reading(row, draw)
    for some in ((), thresholds):
        assert width(sparkline(series, START, EPOCH, room, draw.glyphs, thresholds=some)) == room
