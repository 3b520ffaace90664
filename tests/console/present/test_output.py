"""How lean the output is, in words."""

from __future__ import annotations

import pytest

from pointsman.clock import EPOCH
from pointsman.console.output.report import OutputReport
from pointsman.console.present.cells import plain
from pointsman.console.present.header import HeaderFacts, header_line
from pointsman.console.present.look import Draw
from pointsman.console.present.output import output_words, rate_word


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 B/s"), (312.6, "313 B/s"), (4210, "4.2 kB/s"), (1_320_000, "1.3 MB/s")]
)
def test_a_rate_is_short(count: float, said: str) -> None:
    assert rate_word(count) == said


def test_a_report_says_what_went_out_and_what_did_not() -> None:
    report = OutputReport(120, 48_300, 312, 7, 2, 0.104, 14_000)
    assert output_words(report) == (
        "120 B/s now, 48.3 kB in 312 frames, 7 left out for newer ones, 2 passed through unread, 104 ms there and back"
    )
    assert output_words(OutputReport(0, 900, 3, 0, 0, None, None)) == "0 B/s now, 900 B in 3 frames"


def test_the_header_shows_the_traffic_only_where_it_is_asked_for() -> None:
    quiet = HeaderFacts(region="eu-west-1", calls_per_minute=4)
    loud = HeaderFacts(region="eu-west-1", calls_per_minute=4, traffic=lambda: 420.0)
    assert "B/s" not in plain(header_line(quiet, Draw(EPOCH), 120))
    assert "420 B/s  api 4/min" in plain(header_line(loud, Draw(EPOCH), 120))
    assert "B/s" not in plain(header_line(loud, Draw(EPOCH), 30))
