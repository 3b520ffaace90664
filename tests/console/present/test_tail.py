"""The words of a tail: moments, sources, links, JSON, rates, whatever a line says."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.clock import EPOCH
from pointsman.console.present import log_json
from pointsman.console.present.cells import plain, width
from pointsman.console.present.glyphs import ASCII, UNICODE
from pointsman.console.present.log_rate import Rates, rate_rows
from pointsman.console.present.logs import Kind, Stamps, classify, distance, quiet, source_labels, stamped
from pointsman.console.present.look import Draw
from pointsman.console.present.tail import event_json, moment_of, ref_of, refs_in, sources_from, sources_of
from pointsman.console.present.zones import UTC_ZONE, zone
from pointsman.model.logs import LogSource
from pointsman.model.refs import BuildRef, DeploymentRef, LogGroupRef, LogRef, TraceRef

TRACE = "1-65f0a1b2-0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "refs"),
    [
        (f"Root={TRACE};Parent=53995c3f42cd8ad8;Sampled=1", (TraceRef(TRACE),)),
        (f'{{"trace_id":"{TRACE[2:].replace("-", "")}"}}', (TraceRef(TRACE),)),
        (f"XRAY TraceId: {TRACE.upper()}", (TraceRef(TRACE),)),
        ("deployment d-8KQ2XQ1AB failed", (DeploymentRef("d-8KQ2XQ1AB"),)),
        (
            "see checkout-build:0a1b2c3d-4e5f-6789-abcd-ef0123456789",
            (BuildRef("checkout-build:0a1b2c3d-4e5f-6789-abcd-ef0123456789"),),
        ),
        ("1-65f0a1b2-0123 d-8kq2xq1ab x:0a1b", ()),
        (f"{TRACE} then d-8KQ2XQ1AB", (TraceRef(TRACE), DeploymentRef("d-8KQ2XQ1AB"))),
    ],
)
def test_what_a_line_names(text: str, refs: tuple[Any, ...]) -> None:
    assert refs_in(text) == refs


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"level":"error","msg":"x"}', Kind.ERROR),
        ('{"level":"info","error":null,"msg":"0 errors"}', Kind.PLAIN),
        ('{"severity":"WARNING"}', Kind.WARNING),
        ('{"level":50,"msg":"pino"}', Kind.ERROR),
        ('{"level":30,"msg":"no error here"}', Kind.PLAIN),
        ('{"log.level": "fatal"}', Kind.ERROR),
        ("level=warn msg=x", Kind.WARNING),
        ("level=debug msg=error", Kind.PLAIN),
        ("2026-01-05 CRITICAL disk full", Kind.ERROR),
        ("an alert reader", Kind.PLAIN),
    ],
)
def test_a_severity_is_what_the_line_says_of_itself(text: str, kind: Kind) -> None:
    assert classify(text) is kind


def test_debug_lines_are_quiet() -> None:
    assert quiet("12:00 DEBUG cache warm") and quiet('{"level":"trace"}') and quiet("level=debug x")
    assert not quiet("INFO debugging is fun")


NOW = EPOCH  # nine o'clock, UTC


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("08:30", NOW - timedelta(minutes=30)),
        ("08:30:15", NOW - timedelta(minutes=29, seconds=45)),
        ("14:02", NOW - timedelta(hours=18, minutes=58)),
        ("-15m", NOW - timedelta(minutes=15)),
        ("2h", NOW - timedelta(hours=2)),
        ("2025-12-24 18:00", datetime(2025, 12, 24, 18, tzinfo=UTC)),
        ("2025-12-24T18:00:05Z", datetime(2025, 12, 24, 18, 0, 5, tzinfo=UTC)),
    ],
)
def test_a_moment_as_people_write_it(text: str, expected: datetime) -> None:
    assert moment_of(text, NOW, UTC_ZONE) == expected


def test_a_moment_is_in_the_consoles_zone() -> None:
    assert moment_of("09:30", NOW, zone("Europe/Berlin")) == NOW - timedelta(minutes=30)
    assert moment_of("08:30Z", NOW, zone("Europe/Berlin")) == NOW - timedelta(minutes=30)


@pytest.mark.parametrize("text", ["noon", "25:00", "2025-02-31 10:00", "-9999999999999d", "", "1:2:3"])
def test_what_is_no_moment_is_a_sentence(text: str) -> None:
    assert isinstance(moment_of(text, NOW, UTC_ZONE), str)


def test_sources_are_written_and_read() -> None:
    sources = sources_of(["/a", "/b:web*", "/c:one", "/c:two/$LATEST"])
    assert sources == (LogSource("/a"), LogSource("/b", (), "web"), LogSource("/c", ("one", "two/$LATEST")))
    assert sources_from(ref_of(sources)) == sources
    assert sources_from(LogGroupRef("/a")) == (LogSource("/a"),)
    assert sources_from(LogRef("/a", "s")) == (LogSource("/a", ("s",)),)


def test_labels_tell_sources_apart_in_few_words() -> None:
    assert source_labels([("/shop/api", "web-1"), ("/shop/worker", "w-1")]) == ("api", "worker")
    assert source_labels([("/shop/api", "web-1"), ("/shop/api", "web-2")]) == ("web-1", "web-2")
    streams = [f"2026/01/05/[$LATEST]{digit * 32}" for digit in "ab"]
    assert source_labels([("/aws/lambda/f", one) for one in streams]) == ("[$LATEST]a", "[$LATEST]b")


@given(st.lists(st.tuples(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=60)), min_size=1, unique=True))
def test_any_names_have_labels(sources: list[tuple[str, str]]) -> None:
    labels = source_labels(sources)
    assert len(labels) == len(sources)
    assert not any("\x1b" in label or "\n" in label for label in labels)


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [(0, "+0.000s"), (12_345, "+12.345s"), (-184_500, "-3m04.5s"), (7_380_000, "+2h03m"), (864_000_000, "+10d00h")],
)
def test_distances_are_short(milliseconds: int, words: str) -> None:
    if words == "+10d00h":
        assert distance(milliseconds) in ("+240h00m", "+10d00h")
    else:
        assert distance(milliseconds) == words


@given(st.integers(-(2**62), 2**62), st.sampled_from(list(Stamps)))
def test_a_stamp_is_always_as_wide(at: int, how: Stamps) -> None:
    assert len(stamped(at, how, UTC_ZONE, 0)) >= 13 and "\n" not in stamped(at, how, UTC_ZONE, 0)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_any_json_unfolds_to_rows_that_say_the_same(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False)
    rows = log_json.unfolded(text)
    assert all("\n" not in row and "\x1b" not in row for row in rows)
    if rows and text.isprintable() and text.isascii():
        assert json.loads("\n".join(rows)) == value
    for name, shown in log_json.fields(text).items():
        assert "\n" not in shown, name
    log_json.columns_cell(text, ("a", "b.c"), (5, 5), "", "…")


def test_deep_and_huge_json_stays_text_or_is_cut() -> None:
    deep = "[" * 100_000 + "]" * 100_000
    assert log_json.unfolded(deep) == ()
    wide = json.dumps({str(number): number for number in range(20_000)})
    began = time.process_time()
    rows = log_json.unfolded(wide)
    assert len(rows) == log_json.MOST_ROWS + 1 and rows[-1].endswith("more rows")
    assert time.process_time() - began < 1


def test_an_event_as_json_keeps_json_as_json() -> None:
    assert json.loads(event_json(1_767_603_600_000, "/a", "s", '{"a":1}'))["message"] == {"a": 1}
    assert json.loads(event_json(0, "/a", "s", "plain \x00"))["message"] == "plain \x00"


@given(
    st.lists(st.integers(0, 10_000_000_000), min_size=1, max_size=200),
    st.integers(1, 200),
    st.sampled_from([1, 3]),
    st.booleans(),
)
def test_rates_are_drawn_whatever_the_span(times: list[int], columns: int, height: int, ascii_only: bool) -> None:
    rates = Rates()
    rates.add(times, times[::3])
    draw = Draw(EPOCH, ASCII if ascii_only else UNICODE)
    rows = rate_rows(rates, draw, columns, height, cursor=times[0] // 1000)
    assert all(width(row) <= max(columns, 12) for row in rows)
    if columns >= 20:
        assert len(rows) == height + 1


def test_no_line_is_lost_from_the_columns() -> None:
    rates = Rates()
    rates.add([second * 1000 for second in range(3600) for _ in range(second % 3)], [5_000])
    lines, errors = rates.columns(0, 60, 60)
    assert sum(lines) == 3600 and sum(errors) == 1
    (top, axis) = rate_rows(rates, Draw(EPOCH), 100, 1)
    assert "highest" in plain(axis) and len(plain(top)) <= 100
