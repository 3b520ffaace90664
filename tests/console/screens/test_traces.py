"""What the trace screens do with snapshots and keys."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from console import samples, tracing
from console.driving import console
from pointsman.console.screens.trace import TracePlace
from pointsman.console.screens.traces import Traces
from pointsman.console.screens.wishes import CommandAsked
from pointsman.console.widgets.duration_band import DurationBand
from pointsman.console.widgets.filter_bar import FilterBar
from pointsman.console.widgets.lines import CellLines
from pointsman.console.widgets.table import LineTable
from pointsman.console.widgets.waterfall import Waterfall
from pointsman.model.refs import TraceRef
from pointsman.model.snapshot import Snapshot
from pointsman.model.trace_logs import TraceLine, TraceLines
from pointsman.model.traces import RANGES, TraceList, TraceQuery
from pointsman.services.reads.traces import opened

HOUR = TraceQuery(timedelta(hours=1))


def ids(user: Any) -> list[TraceRef]:
    return [row.ref for row in user.app.screen.query_one("#list", LineTable).rows]


# --- the list


async def test_the_list_says_how_long_what_and_what_went_wrong() -> None:
    async with console(size=(80, 24)) as user:
        await user.press("5")
        line = next(line for line in user.lines if "/checkout" in line)
        for words in ("✗!T", "812ms", "500", "POST", "/checkout?basket=4711"):
            assert words in line
        assert "last 5m  8  214 scanned" in user.text
        assert "nightly-report" in user.text, "without a URL the service it came in at stands there"


async def test_problems_only() -> None:
    async with console() as user:
        await user.press("5", "ctrl+z")
        assert ids(user) == [tracing.ref(1), tracing.ref(5), tracing.ref(8)]
        assert "3 of 8 shown" in user.text


async def test_sorting_is_by_duration_as_time_goes() -> None:
    async with console() as user:
        await user.press("5", "o", "o", "O")
        assert user.app.screen.query_one("#list", LineTable).order.column == "duration"
        assert ids(user)[:3] == [tracing.ref(6), tracing.ref(4), tracing.ref(1)]


async def test_another_range_is_another_feed() -> None:
    async with console() as user:
        user.world.fresh("traces", HOUR, value=tracing.listed(HOUR))
        await user.press("5")
        assert ("traces", TraceQuery()) in user.world.feeds.heard()
        await user.press("t", "down", "enter")
        assert ("traces", HOUR) in user.world.feeds.heard()
        assert "last 1h" in user.text


async def test_a_filter_is_asked_of_x_ray_when_it_is_an_expression() -> None:
    async with console() as user:
        await user.press("5", "slash")
        await user.type("fault")
        assert not any("fault" in str(key) for key in user.world.feeds.heard()), "nothing half typed is asked for"
        await user.press("enter")
        assert ("traces", TraceQuery(expression="fault")) in user.world.feeds.heard()
        assert "/fault" in user.text
        await user.press("escape")
        assert ("traces", TraceQuery()) in user.world.feeds.heard()


async def test_a_mistake_is_shown_with_its_column_and_asks_nothing() -> None:
    async with console() as user:
        place = user.app.screen
        await user.press("5", "slash")
        place = user.app.screen
        assert isinstance(place, Traces)
        await user.press(*"fault=durration", "enter")
        assert "column 7" in user.text
        bar = place.query_one(FilterBar)
        assert bar.is_open
        assert bar.value == "fault=durration"
        assert place.query_of == TraceQuery()
        await user.press("escape")
        assert "column 7" not in user.text
        assert place.is_current, "escape closed the filter, not the screen"


async def test_the_command_line_filters_and_opens() -> None:
    async with console() as user:
        await user.press("colon")
        await user.type("traces error")
        await user.press("enter")
        assert ("traces", TraceQuery(expression="error")) in user.world.feeds.heard()


async def test_what_was_scanned_is_said_of_an_empty_list_and_of_a_partial_one() -> None:
    async with console() as user:
        user.world.fresh("traces", TraceQuery(), value=TraceList(TraceQuery(), scanned=31))
        await user.press("5")
        assert "no traces  in the last 5m, 31 scanned: t looks further" in user.text
        cut = replace(tracing.listed(), more=True)
        user.world.fresh("traces", TraceQuery(), value=cut, partial="8 traces read, 214 scanned: narrow the range")
        await user.settle()
        assert "8 traces read, 214 scanned: narrow the range" in user.text


async def test_a_trace_is_copied_as_id_and_command() -> None:
    async with console() as user:
        await user.press("5", "C")
        for words in (tracing.CHECKOUT.id, "aws xray batch-get-traces --trace-ids", "console URL", "request URL"):
            assert words in user.text


# --- completion, history, groups, durations, moments


async def test_a_filter_completes_with_what_was_seen_and_comes_back_later() -> None:
    async with console() as user:
        await user.press("5", "slash")
        await user.type("serv")
        assert "tab service(" in user.text
        await user.press("tab")
        bar = user.app.screen.query_one(FilterBar)
        assert bar.value == "service("
        await user.press("quotation_mark", "l", "e")
        assert 'tab "ledger"' in user.text, "X-Ray's own graph named it"
        await user.press("tab", "right_parenthesis", "enter")
        wanted = TraceQuery(expression='service("ledger")')
        assert ("traces", wanted) in user.world.feeds.heard()
        await user.press("slash", "ctrl+u", "up")
        assert bar.value == 'service("ledger")'
        await user.press("down")
        assert bar.value == ""
        await user.press("escape")
        assert user.world.services.typed.lines("traces-filters") == ('service("ledger")',)
        assert "tab " not in user.text


async def test_tab_goes_through_what_is_proposed_and_back() -> None:
    async with console() as user:
        await user.press("5", "slash", "tab")
        bar = user.app.screen.query_one(FilterBar)
        assert bar.value == "ok"
        await user.press("tab")
        assert bar.value == "error"
        await user.press("shift+tab", "shift+tab")
        assert bar.value not in ("", "ok", "error")


async def test_completion_does_without_a_graph_that_is_denied() -> None:
    async with console() as user:
        user.world.services.traces.named = samples.DENIED
        await user.press("5", "slash")
        await user.type("service(")
        assert '"gateway"' in user.text
        assert not user.toasts


async def test_groups_narrow() -> None:
    async with console() as user:
        await user.press("5", "b")
        table = user.app.screen.query_one("#groups", LineTable)
        assert table.has_focus
        assert "by URL" in user.text
        line = next(line for line in user.lines if line.rstrip().endswith("shop.example/cart"))
        for words in ("2", "0%", "39ms", "42ms"):
            assert words in line
        await user.press("b", "b")
        assert "by root cause" in user.text
        assert "no root cause" in user.text
        await user.press("enter")
        assert any("X-Ray has no filter" in one for one in user.toasts)
        await user.press("b", "b", "enter")
        wanted = 'http.url BEGINSWITH "https://shop.example/checkout"'
        assert ("traces", TraceQuery(expression=wanted)) in user.world.feeds.heard()
        assert "by URL" not in user.text


async def test_a_range_of_durations_narrows() -> None:
    async with console(size=(80, 24)) as user:
        await user.press("5")
        band = user.app.screen.query_one(DurationBand)
        assert not band.display
        await user.press("h")
        assert band.has_focus
        assert "1 trace   enter filters" in user.text
        assert "enter only these" in user.text
        await user.press("G", "shift+left", "shift+left")
        assert len(band.chosen) == 3
        low, high = band.buckets[-3].low, band.buckets[-1].high
        await user.press("enter")
        wanted = TraceQuery(expression=f"responsetime >= {low:.15g} AND responsetime <= {high:.15g}")
        assert ("traces", wanted) in user.world.feeds.heard()


async def test_a_moment_is_the_middle_of_the_range_until_now_is_asked_for() -> None:
    async with console() as user:
        at = samples.ago(minutes=60)
        user.app.screen.post_message(CommandAsked("traces", "fault", at))
        await user.settle()
        around = TraceQuery(RANGES[0], "fault", at + RANGES[0] / 2)
        assert ("traces", around) in user.world.feeds.heard()
        assert "07:57Z to 08:02Z" in user.text or "07:57 to 08:02" in user.text
        await user.press("t", "down", "enter")
        assert ("traces", replace(around, span=RANGES[1], until=at + RANGES[1] / 2)) in user.world.feeds.heard()
        await user.press("t", "end", "enter")
        assert ("traces", TraceQuery(RANGES[1], "fault")) in user.world.feeds.heard()


# --- the overview


async def test_the_overview_has_faults_first_and_opens_them() -> None:
    async with console(size=(200, 50)) as user:
        table = user.app.screen.query_one("#newest", LineTable)
        assert [row.ref for row in table.rows][:3] == [tracing.ref(1), tracing.ref(5), tracing.ref(8)]
        assert ("traces", TraceQuery()) in user.world.feeds.heard()


async def test_a_small_overview_counts_them() -> None:
    async with console(size=(80, 24)) as user:
        assert "5 Traces: 8 in 5m  1 fault  3 errors  6 Alarms: 2 in ALARM" in user.text
        user.world.feeds.push("traces", TraceQuery(), snapshot=Snapshot(fault=samples.DENIED, failures=1))
        await user.settle()
        assert "5 Traces: ✗ access denied" in user.text


# --- one trace


def details(user: Any) -> str:
    return str(user.app.screen.query_one("#details", CellLines).text())


async def test_a_trace_opens_with_what_it_was_and_what_is_not_known() -> None:
    async with console(size=(80, 24)) as user:
        await user.press("5", "enter")
        assert getattr(user.app.screen, "ref", None) == tracing.CHECKOUT
        assert "500  812ms" in user.lines[1]
        for words in ("✗ 6 faults", "T 1 throttled", "● 1 in progress", "? 1 orphan", "may still grow"):
            assert words in user.lines[2]
        assert ("trace", tracing.CHECKOUT.id) in user.world.feeds.heard()


async def test_the_selected_span_has_its_details_below() -> None:
    async with console() as user:
        await user.press("5", "enter", "e", "e", "e", "e", "e")
        assert "DynamoDB UpdateItem" in details(user)
        assert "table_name=ledger" in details(user)
        await user.press("e")
        said = details(user)
        for words in ("BankError: the bank answered 502 to authorise", "authorise  payments/bank.py:88", "critical"):
            assert words in said
        await user.press("g", "j", "j")
        assert "tenant=gold release=d-8KQ2XW1AA retries=3" in details(user)
        assert "/shop/checkout" in details(user)
        await user.press("G")
        assert "What it belongs to is not there" in details(user)


async def test_searching_counts_and_goes_on() -> None:
    async with console() as user:
        await user.press("5", "enter", "n")
        assert any("nothing was searched for" in one for one in user.toasts)
        await user.press("slash")
        await user.type("stock")
        assert "12 spans" in user.text
        await user.press("enter", "n")
        assert "/stock: 12 spans, 2 of 12" in user.text
        await user.press("N", "N")
        assert "12 of 12" in user.text
        await user.press("escape")
        assert "/stock" not in user.text
        assert user.app.screen.query_one(Waterfall).matches == ()
        await user.press("escape")
        assert isinstance(user.app.screen, Traces)


async def test_its_documents_can_be_read_and_copied() -> None:
    async with console() as user:
        user.world.services.raw.documents[tracing.CHECKOUT] = {"Traces": [{"Id": "from X-Ray"}]}
        await user.press("5", "enter", "J")
        assert "from X-Ray" in user.text
        await user.press("escape", "j", "d")
        assert '"namespace": "remote"' in user.text
        await user.press("escape", "C")
        for words in (tracing.CHECKOUT.id, "span id", "span name"):
            assert words in user.text


async def test_the_command_line_opens_a_trace_and_what_is_denied_says_so() -> None:
    async with console() as user:
        user.world.feeds.push("trace", "1-x", snapshot=Snapshot(fault=samples.DENIED, failures=1))
        await user.press("colon")
        await user.type("trace 1-x")
        await user.press("enter")
        assert "access denied" in user.text
        await user.press("e", "n", "d", "plus", "enter")
        assert isinstance(user.app.screen, TracePlace)


async def test_a_trace_that_is_old_news_stays_and_says_why() -> None:
    async with console() as user:
        await user.press("5", "enter")
        stale = Snapshot(tracing.checkout(), samples.ago(minutes=3), samples.THROTTLED, 3)
        user.world.feeds.push("trace", tracing.CHECKOUT.id, snapshot=stale)
        await user.settle()
        assert "as of 3m ago" in user.lines[2]
        assert "gateway" in user.text


# --- pages, views, leaving out


async def test_the_details_have_pages_and_the_next_span_shows_the_same_one() -> None:
    async with console() as user:
        await user.press("5", "enter", "j", "j", "right_square_bracket")
        assert "[annotations 3]" in user.text
        assert "release" in details(user)
        await user.press("right_square_bracket")
        assert '"total": "118.40"' in details(user)
        await user.press("e")
        assert "[overview]" in user.text, "a span without metadata shows what it has"
        await user.press("g", "j", "j", "left_square_bracket")
        assert "[annotations 3]" in user.text
        await user.press("left_square_bracket", "left_square_bracket")
        assert "[JSON]" in user.text
        assert '"user": "ada"' in details(user)


async def test_the_operations_of_the_trace_and_back_to_the_longest_span() -> None:
    async with console() as user:
        await user.press("5", "enter", "v")
        table = user.app.screen.query_one("#operations", LineTable)
        assert table.has_focus
        assert "by operation" in user.text
        line = next(line for line in user.lines if "SELECT stock" in line)
        assert " 12 " in line
        row = next(row for row in table.rows if row.stats.operation.name == "SELECT stock")
        table.move_to(row.stats.operation)
        await user.press("enter")
        assert user.app.screen.query_one(Waterfall).has_focus
        assert "SELECT stock" in details(user)


async def test_spans_are_left_out_and_a_match_brings_them_back() -> None:
    async with console() as user:
        await user.press("5", "enter", "s")
        assert "under 100ms" in user.text
        await user.press("down", "down", "enter")
        assert "spans left out" in user.text
        assert "SELECT stock" not in user.text
        await user.press("slash")
        await user.type("stock")
        assert "SELECT stock" in user.text
        assert "left out" not in user.text


async def test_levels_fold_and_the_cursor_goes_up_to_what_shows() -> None:
    async with console() as user:
        await user.press("5", "enter", "e", "e", "e", "e", "e")
        view = user.app.screen.query_one(Waterfall)
        for _ in range(9):
            await user.press("left_parenthesis")
        spans = tracing.checkout().trace.spans
        assert [spans[place].depth for place in view.rows] == [0, 0]
        assert view.place == 0
        await user.press("right_parenthesis")
        assert {spans[place].depth for place in view.rows} == {0, 1}
        for _ in range(9):
            await user.press("right_parenthesis")
        assert len(view.rows) == len(spans)


async def test_what_was_logged_of_the_trace_is_read_from_the_groups_it_names() -> None:
    async with console() as user:
        logs = user.world.services.traces.logs
        logs.told = TraceLines(
            (TraceLine(samples.ago(minutes=1), "/shop/checkout", "i-1", "pay failed"),), ("/shop/checkout",)
        )
        await user.press("5", "enter", "l")
        assert "lines of this trace" in user.text
        assert "/shop/checkout" in user.text
        await user.press("enter")
        assert logs.asked == [(tracing.CHECKOUT, ("/shop/checkout",))]
        assert "pay failed" in user.text


async def test_a_trace_is_saved_and_opens_as_the_same_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    async with console() as user:
        await user.press("5", "enter", "ctrl+s")
        assert any("saved 22 spans" in one for one in user.toasts)
    (file,) = (tmp_path / "pointsman" / "saved").iterdir()
    (found,) = json.loads(file.read_text())["Traces"]
    again = opened(
        tracing.CHECKOUT, [one["Document"] for one in found["Segments"]], limit_exceeded=False, settled=False
    )
    assert again.trace == tracing.checkout().trace


async def test_keys_that_need_a_trace_say_so() -> None:
    async with console() as user:
        user.world.feeds.push("trace", "1-x", snapshot=Snapshot(fault=samples.DENIED, failures=1))
        await user.press("colon")
        await user.type("trace 1-x")
        await user.press("enter")
        for key in ("v", "l", "s", "p", "ctrl+s", "right_square_bracket", "left_parenthesis"):
            await user.press(key)
        assert any("has not been read" in one for one in user.toasts)
        assert "access denied" in user.text
