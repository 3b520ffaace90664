"""What a query's rows say: tables, pictures, moments, traces; and what a half typed query may go on with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.clock import EPOCH
from pointsman.model.insights import (
    GIB,
    LogField,
    Query,
    Results,
    Span,
    cost,
    moment_of,
    results_of,
    trace_in,
)
from pointsman.model.insights_chart import MOST_SERIES, Bars, TimeChart, bin_of, chart_of
from pointsman.model.insights_words import aliases, offers
from pointsman.semantics.logs.insights import grammar, syntax

FIELDS = (LogField("@timestamp", 100), LogField("user.name", 40), LogField("odd name", 4), LogField("x`y", 1))
TRACE = "1-5759e988-bd862e3fe1be46a994272793"


# --- rows


def test_rows_of_different_fields_are_one_table() -> None:
    found = results_of([[("a", "1"), ("@ptr", "p")], [("b", "2"), ("a", "3")], []])
    assert found.columns == ("a", "b")
    assert found.rows == (("1", ""), ("3", "2"), ("", ""))
    assert found.pointers == ("p", "", "")
    assert found.value(1, "b") == "2"
    assert found.value(1, "c") == ""


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31 12:00:01.500", datetime(2026, 1, 31, 12, 0, 1, 500_000, UTC)),
        ("2026-01-31T12:00:00+02:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("1769860800000", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-02-31 12:00:00.000", None),
        ("12:00", None),
        ("", None),
        ("error-2026", None),
    ],
)
def test_a_moment_is_read(text: str, moment: datetime | None) -> None:
    assert moment_of(text) == moment


@pytest.mark.parametrize(
    ("texts", "trace"),
    [
        ((f"Root={TRACE};Sampled=1",), TRACE),
        (("no", f"1-1-1- {TRACE.upper()}"), TRACE),
        ((TRACE + "a",), ""),
        ((TRACE[:-1],), ""),
        ((TRACE.replace("5", "g", 1),), ""),
        ((), ""),
    ],
)
def test_a_trace_is_found_in_a_line(texts: tuple[str, ...], trace: str) -> None:
    assert trace_in(texts) == trace


def test_a_span_ends_now_or_at_its_moment() -> None:
    assert Span().bounds(EPOCH + timedelta(milliseconds=999)) == (EPOCH - timedelta(hours=1), EPOCH)
    around = Span.around(EPOCH - timedelta(minutes=5), EPOCH)
    assert around.bounds(EPOCH) == (EPOCH - timedelta(minutes=20), EPOCH), "not beyond now"
    assert Span.around(EPOCH - timedelta(days=1), EPOCH).length == timedelta(minutes=30)


def test_bytes_cost_by_the_gigabyte() -> None:
    assert cost(10 * GIB) == pytest.approx(0.05)
    assert cost(GIB, 0.0) == 0


def test_a_query_may_name_its_groups() -> None:
    assert Query("  source logGroups() | limit 1").names_its_groups
    assert not Query("fields source").names_its_groups


# --- pictures


def table(columns: str, *rows: str) -> Results:
    return Results(tuple(columns.split()), tuple(tuple(row.split(",")) for row in rows), ("",) * len(rows))


def test_bins_are_a_series_with_its_gaps() -> None:
    found = table(
        "bin(5m) errors", "2026-01-01 00:15:00.000,3", "2026-01-01 00:00:00.000,1", "2026-01-01 00:05:00.000,2"
    )
    chart = chart_of(found)
    assert isinstance(chart, TimeChart)
    assert chart.start == datetime(2026, 1, 1, tzinfo=UTC)
    assert (chart.step, chart.bins) == (timedelta(minutes=5), 4)
    assert [one.name for one in chart.series] == ["errors"]
    assert chart.series[0].values == (1, 2, None, 3)


def test_sparse_bins_keep_their_period() -> None:
    found = table("bin(5m) n", "2026-01-01 00:00:00.000,3", "2026-01-01 00:30:00.000,1")
    chart = chart_of(found, bin_of("stats count(*) as n by bin( 5m )"))
    assert isinstance(chart, TimeChart)
    assert chart.step == timedelta(minutes=5)
    assert chart.series[0].values == (3, None, None, None, None, None, 1)
    assert bin_of("stats count(*) by bin(1mo)") is None
    assert bin_of("stats count(*) by level") is None


def test_names_and_figures_are_series_each() -> None:
    found = table("bin(1h) level n avg", *(f"2026-01-01 0{at}:00:00.000,{one},{at},2" for at in (0, 1) for one in "ab"))
    chart = chart_of(found)
    assert isinstance(chart, TimeChart)
    assert [one.name for one in chart.series] == ["a n", "a avg", "b n", "b avg"]


def test_more_series_than_can_be_drawn_are_counted() -> None:
    rows = [f"2026-01-01 00:00:00.000,s{at},{at + 1}" for at in range(MOST_SERIES + 3)]
    chart = chart_of(table("bin(1h) who n", *rows))
    assert isinstance(chart, TimeChart)
    assert (len(chart.series), chart.left_out) == (MOST_SERIES, 3)
    assert chart.series[0].name == f"s{MOST_SERIES + 2}", "the largest stay"


def test_figures_by_name_are_bars_in_their_order() -> None:
    assert chart_of(table("@logStream events", "web-2,9", "web-1,30", "web-3,")) == Bars(
        "events", (("web-2", 9.0), ("web-1", 30.0))
    )


@pytest.mark.parametrize(
    "found",
    [
        Results(),
        table("n", "3"),
        table("a b", "x,y"),
        Results(("@timestamp", "n"), (("2026-01-01 00:00:00.000", "1"),), ("ptr",)),
        table("bin n", "2026-01-01 00:00:00.000,1", "2226-01-01 00:00:00.000,1", "2026-01-01 00:00:01.000,1"),
        table("a n", "x,nan"),
    ],
)
def test_what_is_no_picture(found: Results) -> None:
    assert chart_of(found) is None


@given(st.lists(st.lists(st.tuples(st.sampled_from(["a", "bin(1m)", "@ptr", "n"]), st.text(max_size=6)), max_size=4)))
def test_any_rows_are_a_table_and_perhaps_a_picture(rows: list[list[tuple[str, str]]]) -> None:
    found = results_of(rows)
    assert len(found) == len(rows) == len(found.pointers)
    assert all(len(row) == len(found.columns) for row in found.rows)
    chart_of(found)


# --- words


def texts(query: str) -> list[str]:
    place = query.index("^")
    return [one.text for one in offers(query.replace("^", ""), place, FIELDS).items]


def test_commands_begin_a_query_and_follow_a_pipe() -> None:
    assert texts("^")[:3] == ["fields ", "filter ", "stats "]
    assert texts("fields @message | so^") == ["sort ", "SOURCE "]


def test_fields_are_those_found_and_those_the_query_names() -> None:
    assert texts("fields us^") == ["user.name"]
    assert texts("fields odd^") == ["`odd name`"], "a name that is no word stands in backticks"
    assert "`xy`" in texts("fields ^")
    assert texts("fields a as total | filter tot^") == ["total"]
    assert texts("filter @mess^ like /x/") == ["@message"], "what stands behind the cursor does not matter"


def test_figures_belong_to_stats() -> None:
    assert texts("stats cou^")[:2] == ["count(", "count_distinct("]
    assert "count(" not in texts("filter cou^")
    assert texts("stats count(*) ^") == ["as ", "by "]
    assert texts("stats count(*) by ^")[0] == "bin(1m)"
    assert texts("sort @timestamp d^")[0] == "desc"
    assert texts("pattern @message | diff ^")[0] == "previousDay"


@pytest.mark.parametrize("query", ["filter a like 'x^", "filter a =~ /x^", "# a^", "fields a as b^", "fields a as ^"])
def test_nothing_is_offered_where_a_person_writes_what_they_like(query: str) -> None:
    assert texts(query) == []


def test_names_that_a_query_gives() -> None:
    query = (
        'fields a as b | parse @message /(?<c>x)/ | parse m "* *" as d, e | unnest x into y | stats count(*) as n, z'
    )
    assert aliases(query) == ("b", "c", "d", "e", "y", "n")


@given(st.text(alphabet="fields statby |@(),.'/#\n5m", max_size=50), st.integers(0, 50))
def test_whatever_is_typed_the_word_at_the_cursor_is_replaced(query: str, place: int) -> None:
    place = min(place, len(query))
    found = offers(query, place, FIELDS)
    assert 0 <= found.start <= found.end == place


def test_what_is_offered_can_be_part_of_a_query() -> None:
    """Every command, function and figure offered is one that the grammar knows."""
    for one in offers("", 0).items:
        with pytest.raises(syntax.InsightsError) as caught:
            grammar.read(one.text + "= =")
        assert f"unexpected {one.text.strip()!r}" not in str(caught.value)
